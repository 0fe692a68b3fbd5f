/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* An event of the server as a line, for --events. Pure but for the writing. */

#include <stdbool.h>
#include <stdio.h>

#include "admin/events.h"
#include "base/clock.h"

/**
 * stream_print() - one event as one line
 * @now:     when it was received
 * @is_json: as an object of JSON, else as text: time, client, what, and details
 *
 * Source: mandos-ctl(8), EVENTS.
 */
void stream_print(FILE *out, const struct admin_event *event, usec_t now, bool is_json);
