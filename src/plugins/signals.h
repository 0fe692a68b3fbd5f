/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The signals that end a plugin: remembered while it works, and died of when it has cleaned up.
 *
 * They are blocked except in signals_wait(), so that none slips in between a look and a sleep.
 */

#include <stdbool.h>

#include "base/util.h"

/**
 * signals_start() - catches SIGINT, SIGHUP, SIGTERM and SIGQUIT, except those that are ignored
 * @stop_key: SIGTSTP too; see signals_take_stop()
 *
 * SIGPIPE is ignored from here on. Errors: errno of sigaction(2) or sigprocmask(2).
 * Source: CLI-PP-4.
 */
int signals_start(bool stop_key);

/** signals_caught() - the first ending signal that came, or 0 */
int signals_caught(void);

/** signals_take_stop() - whether the stop key was pressed since the last call */
bool signals_take_stop(void);

/**
 * signals_wait() - for @events of @fd (poll(2); -1: of none), or @msec (-1: for ever)
 *
 * Returns the events, 0 when the time is over. Errors: -EINTR when a signal has come, at any time;
 * errno of ppoll(2).
 */
int signals_wait(int fd, short events, int msec);

/** signals_restore() - in a child before exec */
void signals_restore(void);

/** signals_die() - dies of @signal by its default action */
void signals_die(int signal) _noreturn_;
