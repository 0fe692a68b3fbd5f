/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Time as the project counts it: microseconds, given to functions as an argument.
 *
 * Only event loops and program starts read a clock (style.md, sentence 3); everything below takes a
 * struct instant. Deadlines live on CLOCK_BOOTTIME, which nobody can set and which goes on during
 * suspend; the wall clock is only carried along to stamp what people and the state file see.
 */

#include <stdint.h>

typedef uint64_t usec_t;

#define USEC_PER_MSEC ((usec_t)1000)
#define USEC_PER_SEC  ((usec_t)1000000)
#define USEC_NEVER    UINT64_MAX

/** struct instant - one moment on both clocks */
struct instant {
	usec_t boot; /* CLOCK_BOOTTIME: what deadlines are compared with */
	usec_t real; /* CLOCK_REALTIME: what people are told */
};

/** instant_now() - reads both clocks; for event loops and main() only */
struct instant instant_now(void);

/** monotonic_now() - CLOCK_MONOTONIC, in which systemd counts; for event loops and main() only */
usec_t monotonic_now(void);

/**
 * usec_add() - sum that stays at USEC_NEVER instead of wrapping
 *
 * Durations reach the end of the range (SRV-DUR-6), where a wrap would turn "never" into "long
 * ago".
 */
static inline usec_t usec_add(usec_t a, usec_t b)
{
	return a > USEC_NEVER - b ? USEC_NEVER : a + b;
}

/** usec_sub() - difference that stays at zero instead of wrapping; USEC_NEVER stays USEC_NEVER */
static inline usec_t usec_sub(usec_t a, usec_t b)
{
	if (a == USEC_NEVER)
		return USEC_NEVER;
	return a > b ? a - b : 0;
}

/**
 * instant_to_real() - a boot-time deadline as wall-clock microseconds, as seen from @now
 *
 * USEC_NEVER stays USEC_NEVER.
 */
usec_t instant_to_real(struct instant now, usec_t boot);

/**
 * instant_to_boot() - a stored wall-clock time as a boot-time deadline, as seen from @now
 *
 * A time before this machine's boot becomes 0, which is past. USEC_NEVER stays USEC_NEVER.
 */
usec_t instant_to_boot(struct instant now, usec_t real);
