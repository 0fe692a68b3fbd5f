/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * What the tests of client.c and policy.c share: a clock in seconds, a life, effects as text.
 *
 * Bound: STEP_TEXT_MAX bytes of text for one step's effects.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "core/client.h"

#define STEP_TEXT_MAX 256
#define SEC(n)	      ((usec_t)(n)*USEC_PER_SEC)
#define MIN(n)	      SEC((n)*60)

/* The wall clock is far from the boot clock, so that a mix-up of the two cannot pass. */
#define REAL_MINUS_BOOT SEC(1700000000)

static inline struct instant at(usec_t boot)
{
	return (struct instant){ .boot = boot, .real = boot + REAL_MINUS_BOOT };
}

/* Debian's defaults, but with an approval delay. */
static const struct client_rules rules_usual = {
	.timeout = MIN(5),
	.extended_timeout = MIN(15),
	.interval = MIN(2),
	.approval_delay = SEC(30),
	.approval_duration = SEC(1),
	.approved_by_default = false,
};

static inline struct client_life new_life(bool enabled, usec_t now)
{
	struct client_life life;

	client_life_init(&life, &rules_usual, enabled, at(now));
	return life;
}

static const char *const property_names[] = {
	[CLIENT_ENABLED] = "Enabled",
	[CLIENT_LAST_ENABLED] = "LastEnabled",
	[CLIENT_EXPIRES] = "Expires",
	[CLIENT_LAST_CHECKED_OK] = "LastCheckedOK",
	[CLIENT_LAST_CHECKER_STATUS] = "LastCheckerStatus",
	[CLIENT_CHECKER_RUNNING] = "CheckerRunning",
	[CLIENT_APPROVAL_PENDING] = "ApprovalPending",
	[CLIENT_LAST_APPROVAL_REQUEST] = "LastApprovalRequest",
	[CLIENT_TIMEOUT] = "Timeout",
	[CLIENT_INTERVAL] = "Interval",
	[CLIENT_EXTENDED_TIMEOUT] = "ExtendedTimeout",
	[CLIENT_APPROVAL_DELAY] = "ApprovalDelay",
	[CLIENT_APPROVAL_DURATION] = "ApprovalDuration",
	[CLIENT_APPROVED_BY_DEFAULT] = "ApprovedByDefault",
};

static const char *const effect_names[] = {
	[EFFECT_CHANGED] = NULL,	[EFFECT_START_CHECKER] = "start",
	[EFFECT_STOP_CHECKER] = "stop", [EFFECT_DECIDE] = "decide",
	[EFFECT_SAVE] = "save",		[EFFECT_SAVE_SOON] = "soon",
};

/** step() - client_step(), with the effects as words in their order, valid until the next call */
static inline const char *step(struct client_life *life, struct client_event event, usec_t now)
{
	static char text[STEP_TEXT_MAX];
	struct client_effects effects = { .n = CLIENT_EFFECTS_MAX };

	text[0] = '\0';
	client_step(life, &event, at(now), &effects);
	assert_true(effects.n <= CLIENT_EFFECTS_MAX);
	for (unsigned int i = 0; i < effects.n; i++) {
		const struct client_effect *e = &effects.list[i];
		const char *word = e->type == EFFECT_CHANGED ? property_names[e->property]
							     : effect_names[e->type];

		assert_true(strlen(text) + strlen(word) + 2 < sizeof(text));
		if (i > 0)
			strcat(text, " ");
		strcat(text, word);
	}
	return text;
}

#define EVENT(t, ...) ((struct client_event){ .type = CLIENT_EVENT_##t, ##__VA_ARGS__ })

#define assert_step(life, event, now, words) assert_string_equal(step(life, event, now), words)

/** started() - an enabled client whose server started at @now and whose first check comes at once
 */
static inline struct client_life started(usec_t now)
{
	struct client_life life = new_life(true, now);

	assert_step(&life, EVENT(START, .usec = 0), now, "Expires soon");
	return life;
}

/** checking() - as started(), with its first checker running */
static inline struct client_life checking(usec_t now)
{
	struct client_life life = started(now);

	assert_step(&life, EVENT(TICK), now, "CheckerRunning start");
	return life;
}
