/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Signals as results: between interrupt_init() and the end of the program, SIGHUP, SIGINT, SIGQUIT
 * and SIGTERM do not end the process but make every wait return -ECANCELED.
 *
 * So one way out, the ordinary unwinding, removes the temporary directory and restores the
 * terminal. The signals are caught, not blocked: a blocked signal would be inherited by GnuPG and
 * ssh-keyscan, which must die of it. One pipe, one byte a signal; a full pipe is as good as a
 * readable one.
 */

#include "base/clock.h"
#include "base/util.h"

/** interrupt_init() - once, before anything exists that has to be removed; errno of pipe2(2) */
int interrupt_init(void);

/** interrupt_signal() - the first ending signal caught so far, or 0 */
int interrupt_signal(void);

/** interrupt_fd() - readable when a signal was caught; for a poll(2) of the caller's */
int interrupt_fd(void);

/**
 * interrupt_wait() - until @fd has one of @events (poll(2)), or is at its end
 * @deadline: on CLOCK_BOOTTIME; USEC_NEVER for people, who may take as long as they like
 *
 * Errors: -ECANCELED once a signal was caught, -EINTR for SIGTSTP after interrupt_catch_stop(),
 *         -ETIMEDOUT, errno of poll(2).
 */
int interrupt_wait(int fd, short events, usec_t deadline);

/** interrupt_ms_left() - until @deadline as a poll(2) time-out: -1 for USEC_NEVER, at most INT_MAX
 */
int interrupt_ms_left(usec_t now, usec_t deadline);

/**
 * interrupt_catch_stop() - from now on the terminal's stop key makes interrupt_wait() return -EINTR
 *
 * Unless it was ignored. The caller tidies up and calls interrupt_stop().
 */
void interrupt_catch_stop(void);

/** interrupt_stop() - stops as SIGTSTP does by default; returns when the process is continued */
void interrupt_stop(void);

/** interrupt_default_stop() - ends interrupt_catch_stop() */
void interrupt_default_stop(void);

/** interrupt_raise() - dies of the signal that was caught, as the caller's shell expects */
void interrupt_raise(void) _noreturn_;
