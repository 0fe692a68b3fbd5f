/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An expiry that comes while the server is behind: it checks before it judges, gives nothing and
 * refuses nothing meanwhile, and the judging has an end (SRV-LIFE-5, SRV-APR-9).
 */
#include "core/test-life.h"

#include "core/policy.h"

#define LATE (SEC(1) + 1)

/* Enabled at 0, started, its first check is over and was good; expires at MIN(5). */
static struct client_life life_that_expires_at_five(void)
{
	struct client_life life = new_life(true, 0);

	(void)step(&life, EVENT(START, .usec = 0), 0);
	(void)step(&life, EVENT(TICK), 0);
	(void)step(&life, EVENT(CHECKER_LAUNCHED), 0);
	(void)step(&life, EVENT(CHECKER_EXITED, .status = 0), 0);
	assert_int_equal(life.expires, MIN(5));
	assert_false(life.checker_running);
	return life;
}

static enum policy_verdict verdict(const struct client_life *life, usec_t now)
{
	return policy_decide(life, at(now), false, false);
}

static void test_client_step__expiry_noticed_in_time__disables(void **state)
{
	struct client_life life = life_that_expires_at_five();

	life.check_due = USEC_NEVER;
	(void)step(&life, EVENT(TICK), MIN(5) + SEC(1));
	assert_false(life.enabled);
}

static void test_client_step__expiry_noticed_late__checks_first(void **state)
{
	struct client_life life = life_that_expires_at_five();

	(void)step(&life, EVENT(TICK), MIN(5) + LATE);
	assert_true(life.enabled);
	assert_true(life.checker_running);
	assert_false(policy_may_send(&life, at(MIN(5) + LATE)));
	assert_int_equal(verdict(&life, MIN(5) + LATE), POLICY_HOLD);
	/* The interval is two minutes: so long the check may take. */
	assert_true(client_next_deadline(&life) > MIN(5) + LATE);
	assert_true(client_next_deadline(&life) <= MIN(5) + LATE + MIN(2));
}

static void test_client_step__judged_alive__lives_on_and_is_decided(void **state)
{
	struct client_life life = life_that_expires_at_five();
	const char *effects;

	(void)step(&life, EVENT(TICK), MIN(60));
	(void)step(&life, EVENT(CHECKER_LAUNCHED), MIN(60));
	effects = step(&life, EVENT(CHECKER_EXITED, .status = 0), MIN(60) + SEC(1));
	assert_non_null(strstr(effects, "decide"));
	assert_true(life.enabled);
	assert_int_equal(life.expires, MIN(65) + SEC(1));
	assert_int_equal(verdict(&life, MIN(60) + SEC(1)), POLICY_ASK);
}

static void test_client_step__judged_dead__is_disabled(void **state)
{
	struct client_life life = life_that_expires_at_five();

	(void)step(&life, EVENT(TICK), MIN(60));
	(void)step(&life, EVENT(CHECKER_EXITED, .status = 1), MIN(60) + SEC(1));
	assert_false(life.enabled);
	assert_int_equal(life.disable_cause, DISABLE_TIMEOUT);
	assert_int_equal(verdict(&life, MIN(60) + SEC(1)), POLICY_REFUSE_DISABLED);
}

static void test_client_step__no_outcome_in_time__is_disabled(void **state)
{
	struct client_life life = life_that_expires_at_five();

	(void)step(&life, EVENT(TICK), MIN(60));
	(void)step(&life, EVENT(TICK), MIN(62) - 1);
	assert_true(life.enabled);
	(void)step(&life, EVENT(TICK), MIN(62));
	assert_false(life.enabled);
	assert_false(life.checker_running);
}

/* A good outcome from before the pause may be as old as the pause: it proves nothing. */
static void test_client_step__old_check_was_good__another_decides(void **state)
{
	struct client_life life = life_that_expires_at_five();

	(void)step(&life, EVENT(TICK), MIN(2));
	(void)step(&life, EVENT(CHECKER_LAUNCHED), MIN(2));
	(void)step(&life, EVENT(CHECKER_EXITED, .status = 0), MIN(3 * 24 * 60));
	assert_true(life.enabled);
	assert_true(life.checker_running);
	assert_int_equal(life.expires, MIN(5));
	assert_int_equal(verdict(&life, MIN(3 * 24 * 60)), POLICY_HOLD);
	(void)step(&life, EVENT(CHECKER_EXITED, .status = 1), MIN(3 * 24 * 60) + SEC(1));
	assert_false(life.enabled);
}

/* And a bad one may be the server's own doing, as when the whole machine was suspended. */
static void test_client_step__old_check_was_bad__another_decides(void **state)
{
	struct client_life life = life_that_expires_at_five();

	(void)step(&life, EVENT(TICK), MIN(2));
	(void)step(&life, EVENT(CHECKER_LAUNCHED), MIN(2));
	(void)step(&life, EVENT(TICK), MIN(60));
	(void)step(&life, EVENT(CHECKER_EXITED, .status = 1), MIN(60) + SEC(1));
	assert_true(life.enabled);
	assert_true(life.checker_running);
	(void)step(&life, EVENT(CHECKER_EXITED, .status = 0), MIN(60) + SEC(2));
	assert_int_equal(life.expires, MIN(65) + SEC(2));
}

/* The check that should have prevented the expiry was still waiting for its turn to start. */
static void test_client_step__check_still_waits_to_start__it_decides(void **state)
{
	struct client_life life = life_that_expires_at_five();

	(void)step(&life, EVENT(TICK), MIN(4));
	assert_true(life.checker_waiting);
	(void)step(&life, EVENT(TICK), MIN(5));
	assert_true(life.enabled);
	(void)step(&life, EVENT(CHECKER_LAUNCHED), MIN(5) + SEC(1));
	(void)step(&life, EVENT(CHECKER_EXITED, .status = 0), MIN(5) + SEC(2));
	assert_int_equal(life.expires, MIN(10) + SEC(2));
}

static void test_client_step__disabled_while_judged__stays_disabled(void **state)
{
	struct client_life life = life_that_expires_at_five();

	(void)step(&life, EVENT(TICK), MIN(60));
	(void)step(&life, EVENT(DISABLE, .cause = DISABLE_ADMINISTRATOR), MIN(60));
	(void)step(&life, EVENT(CHECKER_EXITED, .status = 0), MIN(60) + SEC(1));
	assert_false(life.enabled);
	assert_int_equal(life.disable_cause, DISABLE_ADMINISTRATOR);
	assert_int_equal(client_next_deadline(&life), USEC_NEVER);
}

static void test_client_step__vouched_for_while_judged__lives_on(void **state)
{
	struct client_life life = life_that_expires_at_five();

	(void)step(&life, EVENT(TICK), MIN(60));
	(void)step(&life, EVENT(CHECKED_OK), MIN(60) + SEC(1));
	assert_int_equal(life.expires, MIN(65) + SEC(1));
	assert_int_equal(life.judging, JUDGING_NOT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_client_step__expiry_noticed_in_time__disables),
		cmocka_unit_test(test_client_step__expiry_noticed_late__checks_first),
		cmocka_unit_test(test_client_step__judged_alive__lives_on_and_is_decided),
		cmocka_unit_test(test_client_step__judged_dead__is_disabled),
		cmocka_unit_test(test_client_step__no_outcome_in_time__is_disabled),
		cmocka_unit_test(test_client_step__old_check_was_good__another_decides),
		cmocka_unit_test(test_client_step__old_check_was_bad__another_decides),
		cmocka_unit_test(test_client_step__check_still_waits_to_start__it_decides),
		cmocka_unit_test(test_client_step__disabled_while_judged__stays_disabled),
		cmocka_unit_test(test_client_step__vouched_for_while_judged__lives_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
