/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * SIGINT, SIGHUP and SIGTERM: remembered while the program works, and died of when it has cleaned
 * up.
 *
 * They are blocked except while the loop sleeps, so that none slips in between a look at
 * signals_caught() and the sleep. Processes that the program makes begin with signals_default().
 */

#include <signal.h>

#include "base/util.h"

/**
 * signals_start() - blocks and catches the three, except those that are ignored already
 *
 * SIGPIPE is ignored from here on. Errors: errno of sigaction(2) or sigprocmask(2).
 * Source: CLI-SIG-1, CLI-SIG-4.
 */
int signals_start(void);

/** signals_caught() - the first signal that came, or 0 */
int signals_caught(void);

/** signals_sleep_mask() - for ppoll(2): the mask the program was started with */
const sigset_t *signals_sleep_mask(void);

/**
 * signals_default() - in a child of ours: everything as the program was started
 *
 * Also before it executes another program: until then our handlers would swallow what is to end it.
 */
void signals_default(void);

/** signals_die() - dies of @signal by its default action (CLI-SIG-2) */
void signals_die(int signal) _noreturn_;
