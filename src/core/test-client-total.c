/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * client_step() is total: every event in every state that DEPTH events can reach, with clocks that
 * stand still, go on, jump over deadlines or are set. Shape and bounds are checked after each.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/policy.h"
#include "core/test-life.h"

#define T0    SEC(1000)
#define DEPTH 3

static const struct client_event events[] = {
	EVENT(START, .usec = SEC(1)),
	EVENT(TICK),
	EVENT(CHECKER_EXITED, .status = 0),
	EVENT(CHECKER_EXITED, .status = 1),
	EVENT(CHECKER_EXITED, .status = CHECKER_STATUS_SIGNALLED),
	EVENT(CHECKER_CANCELLED),
	EVENT(CHECKED_OK),
	EVENT(SECRET_SENT),
	EVENT(ENABLE),
	EVENT(DISABLE, .cause = DISABLE_ADMINISTRATOR),
	EVENT(REMOVE),
	EVENT(CHECKER_START),
	EVENT(CHECKER_STOP),
	EVENT(APPROVE),
	EVENT(DENY),
	EVENT(SESSION_BEGIN),
	EVENT(SESSION_END),
	EVENT(ASKED),
	EVENT(SET_TIMEOUT, .usec = 0),
	EVENT(SET_TIMEOUT, .usec = MIN(3)),
	EVENT(SET_TIMEOUT, .usec = USEC_NEVER),
	EVENT(SET_INTERVAL, .usec = 0),
	EVENT(SET_INTERVAL, .usec = USEC_NEVER),
	EVENT(SET_EXTENDED_TIMEOUT, .usec = USEC_NEVER),
	EVENT(SET_APPROVAL_DELAY, .usec = 0),
	EVENT(SET_APPROVAL_DURATION, .usec = 0),
	EVENT(SET_APPROVED_BY_DEFAULT, .flag = true),
};

/* how far the clock goes on before each event */
static const usec_t pauses[] = { 0, MIN(2), MIN(5) };

static unsigned int longest;

static unsigned int count(const struct client_effects *e, enum client_effect_type type)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < e->n; i++)
		n += e->list[i].type == type;
	return n;
}

static unsigned int count_changed(const struct client_effects *e, enum client_property property)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < e->n; i++)
		n += e->list[i].type == EFFECT_CHANGED && e->list[i].property == property;
	return n;
}

/* SRV-LIFE-2: the shape that every reachable state has */
static void assert_shape(const struct client_life *life, usec_t now)
{
	if (!life->enabled || life->removed) {
		assert_false(life->enabled);
		assert_int_equal(life->expires, USEC_NEVER);
		assert_int_equal(life->check_due, USEC_NEVER);
		assert_false(policy_may_send(life, at(now)));
	} else {
		assert_true(life->expires <= CLIENT_DEADLINE_MAX);
		assert_true(life->check_due <= CLIENT_DEADLINE_MAX);
		assert_int_equal(life->disable_cause, DISABLE_NONE);
	}
	assert_true((life->decision == DECISION_NONE) == (life->decision_until == USEC_NEVER));
	assert_false(life->removed && life->checker_running);
}

/* What the caller is told agrees with what has changed. */
static void assert_told(const struct client_life *before, const struct client_life *after,
			const struct client_effects *e)
{
	unsigned int n_start = count(e, EFFECT_START_CHECKER);
	unsigned int n_stop = count(e, EFFECT_STOP_CHECKER);

	assert_true(count(e, EFFECT_SAVE) + count(e, EFFECT_SAVE_SOON) <= 1);
	assert_true(n_start <= 1 && n_stop <= 1);
	if (before->enabled && !after->enabled)
		assert_true(count(e, EFFECT_SAVE) == 1 && count(e, EFFECT_DECIDE) >= 1);
	if (after->expires < before->expires && before->enabled)
		assert_int_equal(count(e, EFFECT_SAVE), 1);
	if (after->enabled && !before->enabled)
		assert_int_equal(count(e, EFFECT_SAVE), 1);
	if (!after->removed) {
		/* an even number of changes is none in the end */
		assert_int_equal(count_changed(e, CLIENT_ENABLED) & 1U,
				 before->enabled != after->enabled);
		assert_int_equal(count_changed(e, CLIENT_CHECKER_RUNNING) & 1U,
				 before->checker_running != after->checker_running);
		assert_true(before->expires == after->expires ||
			    count_changed(e, CLIENT_EXPIRES) > 0);
	} else {
		assert_int_equal(count(e, EFFECT_CHANGED), 0);
	}
	if (after->checker_running && !before->checker_running)
		assert_int_equal(n_start, 1);
	if (n_stop > n_start)
		assert_true(before->checker_running && !after->checker_running);
}

/* A tick serves all deadlines that have come; a loop that waits for the next one does not spin. */
static void assert_tick_serves(const struct client_life *life, usec_t now)
{
	struct client_life copy = *life;

	step(&copy, EVENT(TICK), now);
	assert_true(client_next_deadline(&copy) > now);
}

static void explore(const struct client_life *life, usec_t now, unsigned int depth)
{
	for (size_t p = 0; p < ARRAY_SIZE(pauses); p++) {
		usec_t then = now + pauses[p];

		for (size_t i = 0; i < ARRAY_SIZE(events); i++) {
			struct client_life after = *life;
			struct client_effects e = { .n = CLIENT_EFFECTS_MAX };

			client_step(&after, &events[i], at(then), &e);
			longest = MAX_OF(longest, e.n);
			assert_shape(&after, then);
			assert_told(life, &after, &e);
			if (depth == 1)
				assert_tick_serves(&after, then);
			else
				explore(&after, then, depth - 1);
		}
	}
}

static void test_client_step__any_order_of_events__keeps_shape_and_bound(void **state)
{
	const struct client_event histories[][3] = {
		{ EVENT(START, .usec = MIN(2)), EVENT(SESSION_BEGIN), EVENT(APPROVE) },
		{ EVENT(START, .usec = 0), EVENT(TICK), EVENT(SECRET_SENT) },
		{ EVENT(START, .usec = 0), EVENT(TICK), EVENT(CHECKED_OK) },
		{ EVENT(START, .usec = 0), EVENT(TICK), EVENT(REMOVE) },
		{ EVENT(START, .usec = 0), EVENT(SESSION_BEGIN), EVENT(REMOVE) },
	};
	struct client_life life = new_life(false, T0);

	explore(&life, T0, DEPTH);
	for (size_t i = 0; i < ARRAY_SIZE(histories); i++) {
		life = new_life(true, T0);
		for (size_t k = 0; k < ARRAY_SIZE(histories[i]); k++)
			step(&life, histories[i][k], T0);
		explore(&life, T0, DEPTH);
	}
	/* reached, never exceeded */
	assert_int_equal(longest, CLIENT_EFFECTS_MAX);
}

/* The longest list there is */
static void test_client_step__enable_after_unserved_expiry__fills_the_bound(void **state)
{
	struct client_life life = checking(T0);
	struct client_event enable = EVENT(ENABLE);
	struct client_effects e;

	client_step(&life, &enable, at(T0 + MIN(5)), &e);
	assert_int_equal(e.n, CLIENT_EFFECTS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_client_step__any_order_of_events__keeps_shape_and_bound),
		cmocka_unit_test(test_client_step__enable_after_unserved_expiry__fills_the_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
