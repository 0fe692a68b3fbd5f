/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Texts of a server: times read, and anything made fit to be shown on a terminal. Pure.
 *
 * Bound: ADMIN_SHOWN_SIZE.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"

/** ADMIN_SHOWN_SIZE() - room for what admin_show() makes of so many bytes, with the NUL */
#define ADMIN_SHOWN_SIZE(length) (4 * (length) + 1)

/**
 * admin_time_parse() - "2024-05-06T07:08:09.123456" to microseconds since 1970, UTC
 * @text: NUL-terminated; one to six digits of a fraction, or none
 *
 * Returns false for anything else, also for "none" (the empty text), times before 1970 and days no
 * month has; @ret_usec is then unchanged.
 * Source: DBUS-PROP-30, MON-23.
 */
bool admin_time_parse(const char *text, usec_t *ret_usec);

/**
 * admin_show() - a text as a terminal may get it
 * @ret: ADMIN_SHOWN_SIZE(strlen(@text)) bytes of room
 *
 * Control characters, characters that change the direction or the line, and bytes that are no UTF-8
 * become \n, \t, \xHH or \uHHHH; all else stays, a backslash included: this is for eyes only.
 * Returns the number of bytes without the NUL.
 * Source: CTL-TAB-8.
 */
size_t admin_show(const char *text, char *ret);

/**
 * admin_disabled_words() - why a client is disabled, as half a sentence
 * @reason: DisabledReason of docs/dbus-api.md; empty from a server of 1.8.16
 *
 * Returns NULL for one that is not known.
 */
const char *admin_disabled_words(const char *reason);

/** admin_characters() - how many there are in a text of UTF-8 (CTL-TAB-3) */
size_t admin_characters(const char *text);
