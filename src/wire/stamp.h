/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* Times as D-Bus has them: text in UTC, always with six digits of a second's fraction. */

#include "base/clock.h"

#define STAMP_SIZE sizeof("YYYY-MM-DDTHH:MM:SS.ffffff")

/**
 * stamp_format() - wall-clock microseconds as "YYYY-MM-DDTHH:MM:SS.ffffff"; USEC_NEVER as ""
 *
 * What lies behind the year 9999 becomes its last microsecond.
 * Source: DBUS-PROP-30.
 */
void stamp_format(usec_t real, char ret_text[STAMP_SIZE]);
