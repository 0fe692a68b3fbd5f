/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Durations as configuration files write them.
 *
 * Bounds: DURATION_TEXT_MAX bytes of text, DURATION_MAX_DAYS, DURATION_MAX_USEC.
 */

#include "base/clock.h"

#define DURATION_TEXT_MAX 128
/* SRV-DUR-6. */
#define DURATION_MAX_DAYS 999999999
/* 213503982 days (584542 years) are what a usec_t holds in whole days. Longer durations, up to
 * DURATION_MAX_DAYS, are accepted and become this one: no timer lives to tell the difference. */
#define DURATION_MAX_USEC ((usec_t)213503982 * 86400 * USEC_PER_SEC)

enum duration_result {
	DURATION_OK = 0,
	DURATION_MALFORMED,
	DURATION_OVERFLOW, /* more than DURATION_MAX_DAYS */
	DURATION_NEGATIVE, /* legacy form whose total is below zero */
};

/**
 * duration_parse() - RFC 3339 duration, or the older "1d 12h" form, to microseconds
 * @text:     NUL-terminated; longer than DURATION_TEXT_MAX is malformed
 * @ret_usec: microseconds; unchanged unless DURATION_OK is returned
 *
 * Owner:   nothing changes hands.
 * Errors:  the results above; never negative.
 * Source:  RFC 3339 appendix A; mandos-clients.conf(5), timeout; SRV-DUR-1 to -6.
 */
enum duration_result duration_parse(const char *text, usec_t *ret_usec);
