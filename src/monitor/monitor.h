/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The event loop: keys and the server's words change the model, and the screen follows.
 *
 * A key is answered at once, before whatever the server says. What the server changes is shown
 * MONITOR_PAINT_USEC after the last time at the earliest, so that a storm of signals costs twenty
 * paintings a second and no more.
 */

#include "monitor/options.h"

#define MONITOR_PAINT_USEC (50 * USEC_PER_MSEC)
#define MONITOR_TICK_USEC  USEC_PER_SEC

/** monitor_run() - until the user has enough; returns the exit status of the program */
int monitor_run(const struct options *o);
