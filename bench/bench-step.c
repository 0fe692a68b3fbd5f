/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How many steps of client lives one core takes in a second (wanted: five million).
 *
 * The mix is that of a server in a normal year: mostly ticks that start a checker and checkers that
 * end well, some that fail, now and then a boot with approval, an administrator, an expiry. Lives
 * are visited in turn, so that with N_LIVES of them the caches see what a large server's would.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/util.h"
#include "core/client.h"

#define N_LIVES ((size_t)10000)
#define N_STEPS UINT64_C(20000000)
#define WANTED	5e6

static const struct client_rules rules = {
	.timeout = 300 * USEC_PER_SEC,
	.extended_timeout = 900 * USEC_PER_SEC,
	.interval = 120 * USEC_PER_SEC,
	.approval_delay = 30 * USEC_PER_SEC,
	.approval_duration = USEC_PER_SEC,
};

#define EVENT(t, ...)                                   \
	{                                               \
		.type = CLIENT_EVENT_##t, ##__VA_ARGS__ \
	}

static const struct client_event round_usual[] = {
	EVENT(TICK),
	EVENT(CHECKER_EXITED, .status = 0),
};
static const struct client_event round_failing[] = {
	EVENT(TICK),
	EVENT(CHECKER_EXITED, .status = 1),
};
static const struct client_event round_boot[] = {
	EVENT(SESSION_BEGIN), EVENT(ASKED),	  EVENT(APPROVE), EVENT(SECRET_SENT),
	EVENT(SESSION_END),   EVENT(SESSION_END), EVENT(TICK),	  EVENT(CHECKER_EXITED),
};
static const struct client_event round_administrator[] = {
	EVENT(SET_TIMEOUT, .usec = 400 * USEC_PER_SEC),
	EVENT(SET_TIMEOUT, .usec = 300 * USEC_PER_SEC),
	EVENT(DISABLE, .cause = DISABLE_ADMINISTRATOR),
	EVENT(ENABLE),
	EVENT(CHECKED_OK),
};

struct round {
	const struct client_event *events;
	size_t n;
	unsigned int out_of_100;
};

static const struct round rounds[] = {
	{ round_usual, ARRAY_SIZE(round_usual), 90 },
	{ round_failing, ARRAY_SIZE(round_failing), 6 },
	{ round_boot, ARRAY_SIZE(round_boot), 2 },
	{ round_administrator, ARRAY_SIZE(round_administrator), 2 },
};

static const struct round *pick(uint64_t n)
{
	uint64_t lot = (n * UINT64_C(0x9e3779b97f4a7c15) >> 32) % 100;
	const struct round *r = rounds;

	while (lot >= r->out_of_100) {
		lot -= r->out_of_100;
		r++;
	}
	return r;
}

int main(void)
{
	struct client_life *lives = calloc(N_LIVES, sizeof(*lives));
	struct instant now = instant_now();
	struct instant began;
	struct client_effects effects;
	uint64_t n_steps = 0;
	uint64_t n_effects = 0;
	usec_t elapsed;
	double rate;

	if (lives == NULL)
		return EXIT_FAILURE;
	for (size_t i = 0; i < N_LIVES; i++) {
		const struct client_event start = EVENT(START, .usec = i * USEC_PER_MSEC);

		client_life_init(&lives[i], &rules, true, now);
		client_step(&lives[i], &start, now, &effects);
	}
	began = instant_now();
	for (uint64_t n = 0; n_steps < N_STEPS; n++) {
		struct client_life *life = &lives[n % N_LIVES];
		const struct round *r = pick(n);

		now.boot += rules.interval / N_LIVES;
		now.real += rules.interval / N_LIVES;
		for (size_t i = 0; i < r->n; i++) {
			client_step(life, &r->events[i], now, &effects);
			n_effects += effects.n;
		}
		n_steps += r->n;
	}
	elapsed = instant_now().boot - began.boot;
	free(lives);
	rate = (double)n_steps * (double)USEC_PER_SEC / (double)MAX_OF(elapsed, 1);
	printf("client_step: %" PRIu64 " steps, %" PRIu64 " effects, %.3f s, %.1f million/s\n",
	       n_steps, n_effects, (double)elapsed / (double)USEC_PER_SEC, rate / 1e6);
	if (rate < WANTED) {
		fprintf(stderr, "bench-step: slower than %.0f million steps a second\n",
			WANTED / 1e6);
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
