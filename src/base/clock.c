/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/clock.h"

#include <time.h>

static usec_t read_clock(clockid_t id)
{
	struct timespec ts;

	/* Both clocks exist on every kernel this runs on; the call cannot fail with valid
	 * arguments. */
	(void)clock_gettime(id, &ts);
	return (usec_t)ts.tv_sec * USEC_PER_SEC + (usec_t)ts.tv_nsec / 1000;
}

struct instant instant_now(void)
{
	return (struct instant){
		.boot = read_clock(CLOCK_BOOTTIME),
		.real = read_clock(CLOCK_REALTIME),
	};
}

usec_t monotonic_now(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

usec_t instant_to_real(struct instant now, usec_t boot)
{
	if (boot == USEC_NEVER)
		return USEC_NEVER;
	if (boot >= now.boot)
		return usec_add(now.real, boot - now.boot);
	return usec_sub(now.real, now.boot - boot);
}

usec_t instant_to_boot(struct instant now, usec_t real)
{
	if (real == USEC_NEVER)
		return USEC_NEVER;
	if (real >= now.real)
		return usec_add(now.boot, real - now.real);
	return usec_sub(now.boot, now.real - real);
}
