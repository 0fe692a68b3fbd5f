/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * TIME, as the command line has it. Pure.
 *
 * Bound: that of wire/duration.h, for text and value.
 */

#include <stdint.h>

enum interval_result {
	INTERVAL_OK = 0,
	INTERVAL_OLD, /* understood, in the form of before 1.6.1: worth a warning */
	INTERVAL_MALFORMED,
	INTERVAL_OVERFLOW,
};

/**
 * interval_parse() - RFC 3339 duration, or the older "1h30m" form, to milliseconds
 * @text:             NUL-terminated
 * @ret_milliseconds: unchanged unless INTERVAL_OK or INTERVAL_OLD is returned
 *
 * The older form is digits directly followed by d, s, m, h or w, or digits alone, which are
 * milliseconds; several are added, with or without blanks between them. The reference searches a
 * text for such items and ignores all else, so that a slip of the finger was a time-out of 0.
 *
 * Errors: the results above; never negative.
 * Source: CTL-TIME-1 to CTL-TIME-4.
 */
enum interval_result interval_parse(const char *text, uint64_t *ret_milliseconds);
