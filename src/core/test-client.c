/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The life of a client: its start, its check timer and its expiry (SRV-LIFE-1 to -5, -38).
 * Other events are in test-client-events.c, settings and approval in test-client-rules.c, all
 * orders of events in test-client-total.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/test-life.h"

#define T0 SEC(1000)

/* SRV-LIFE-1, section 5.1 */
static void test_client_life_init__enabled__has_the_initial_values(void **state)
{
	struct client_life life = new_life(true, T0);

	assert_true(life.enabled);
	assert_false(life.removed);
	assert_int_equal(life.disable_cause, DISABLE_NONE);
	assert_int_equal(life.created, T0 + REAL_MINUS_BOOT);
	assert_int_equal(life.last_enabled, T0 + REAL_MINUS_BOOT);
	assert_int_equal(life.last_checked_ok, USEC_NEVER);
	assert_int_equal(life.last_approval_request, USEC_NEVER);
	assert_int_equal(life.last_checker_status, CHECKER_STATUS_NONE);
	assert_int_equal(life.decision, DECISION_NONE);
	assert_int_equal(life.n_pending, 0);
	assert_false(life.checker_running);
}

/* section 5.1 */
static void test_client_life_init__disabled__was_never_enabled(void **state)
{
	struct client_life life = new_life(false, T0);

	assert_false(life.enabled);
	assert_int_equal(life.disable_cause, DISABLE_CONFIGURED);
	assert_int_equal(life.created, T0 + REAL_MINUS_BOOT);
	assert_int_equal(life.last_enabled, USEC_NEVER);
	assert_int_equal(life.expires, USEC_NEVER);
	assert_int_equal(client_next_deadline(&life), USEC_NEVER);
}

/* SRV-LIFE-2, SRV-LIFE-3 */
static void test_client_step__start_of_a_disabled_client__nothing(void **state)
{
	struct client_life life = new_life(false, T0);

	assert_step(&life, EVENT(START, .usec = SEC(1)), T0, "");
	assert_int_equal(client_next_deadline(&life), USEC_NEVER);
}

/* SRV-LIFE-3 */
static void test_client_step__start_with_short_interval__expiry_is_the_timeout(void **state)
{
	struct client_life life = new_life(true, T0);

	assert_step(&life, EVENT(START, .usec = SEC(7)), T0, "Expires soon");
	assert_int_equal(life.check_due, T0 + SEC(7));
	assert_int_equal(life.expires, T0 + MIN(5));
	assert_int_equal(client_next_deadline(&life), T0 + SEC(7));
}

/* SRV-LIFE-3 */
static void test_client_step__start_with_long_interval__expiry_waits_for_the_check(void **state)
{
	struct client_life life = new_life(true, T0);

	life.rules.interval = MIN(10);
	assert_step(&life, EVENT(START, .usec = MIN(10)), T0, "Expires soon");
	assert_int_equal(life.check_due, T0 + MIN(10));
	assert_int_equal(life.expires, T0 + MIN(20));
}

/* SRV-LIFE-3, Fix: what was granted before the restart is not cut short. */
static void test_client_step__start_with_later_restored_expiry__is_kept(void **state)
{
	struct client_life life = new_life(true, T0);

	life.expires = T0 + MIN(14);
	assert_step(&life, EVENT(START, .usec = SEC(7)), T0, "Expires soon");
	assert_int_equal(life.expires, T0 + MIN(14));
}

/* SRV-LIFE-3 */
static void test_client_step__start_with_past_restored_expiry__does_not_count(void **state)
{
	struct client_life life = new_life(true, T0);

	life.expires = T0;
	assert_step(&life, EVENT(START, .usec = SEC(7)), T0, "Expires soon");
	assert_true(life.enabled);
	assert_int_equal(life.expires, T0 + MIN(5));
}

/*
 * SRV-LIFE-3 with -14: a client that is booting while the server restarts keeps its extension also
 * when a check of its initramfs still succeeds.
 */
static void test_client_step__good_check_after_restart__keeps_a_restored_extension(void **state)
{
	struct client_life life = new_life(true, T0);

	life.expires = T0 + MIN(14);
	step(&life, EVENT(START, .usec = 0), T0);
	step(&life, EVENT(TICK), T0);
	assert_step(&life, EVENT(CHECKER_EXITED, .status = 0), T0 + SEC(1),
		    "CheckerRunning LastCheckerStatus soon LastCheckedOK");
	assert_int_equal(life.expires, T0 + MIN(14));
}

/* SRV-LIFE-10: what is too far away to be an extension is not taken for one. */
static void test_client_step__good_check_after_restart__replaces_a_longer_expiry(void **state)
{
	struct client_life life = new_life(true, T0);

	life.expires = T0 + MIN(16);
	step(&life, EVENT(START, .usec = 0), T0);
	step(&life, EVENT(TICK), T0);
	assert_step(&life, EVENT(CHECKER_EXITED, .status = 0), T0 + SEC(1),
		    "CheckerRunning LastCheckerStatus save LastCheckedOK Expires");
	assert_int_equal(life.expires, T0 + SEC(1) + MIN(5));
}

/* SRV-DUR-6: the end of reckoning, as seen after a restart, is still the end of reckoning. */
static void test_client_step__good_check_after_restart__keeps_an_endless_extension(void **state)
{
	struct client_life life = new_life(true, T0);

	life.rules.extended_timeout = USEC_NEVER;
	life.expires = CLIENT_DEADLINE_MAX + SEC(5);
	step(&life, EVENT(START, .usec = 0), T0);
	assert_int_equal(life.expires, CLIENT_DEADLINE_MAX);
	step(&life, EVENT(CHECKED_OK), T0 + SEC(1));
	assert_int_equal(life.expires, CLIENT_DEADLINE_MAX);
}

/* A server starts once; a second start would be a gift of trust. */
static void test_client_step__second_start__nothing(void **state)
{
	struct client_life life = started(T0);

	assert_step(&life, EVENT(START, .usec = 0), T0 + MIN(4), "");
	assert_int_equal(life.expires, T0 + MIN(5));
}

/* SRV-LIFE-3 */
static void test_client_step__first_check_due__starts_a_checker_and_raises_expiry(void **state)
{
	struct client_life life = new_life(true, T0);

	life.rules.interval = MIN(10);
	step(&life, EVENT(START, .usec = MIN(2)), T0);
	assert_int_equal(life.expires, T0 + MIN(12));
	/* An hour of settings later the timer is served late, and the raise makes up for it. */
	assert_step(&life, EVENT(TICK), T0 + MIN(3), "CheckerRunning start Expires soon");
	assert_int_equal(life.expires, T0 + MIN(13));
	assert_int_equal(life.check_due, T0 + MIN(12));
	/* only the first check does that */
	step(&life, EVENT(CHECKER_EXITED, .status = 1), T0 + MIN(4));
	assert_step(&life, EVENT(TICK), T0 + MIN(12), "CheckerRunning start");
	assert_int_equal(life.expires, T0 + MIN(13));
}

/* SRV-LIFE-3: a checker is started "if none runs" */
static void test_client_step__first_check_due_while_one_runs__only_raises_expiry(void **state)
{
	struct client_life life = new_life(true, T0);

	life.rules.interval = MIN(10);
	step(&life, EVENT(START, .usec = MIN(2)), T0);
	assert_step(&life, EVENT(CHECKER_START), T0 + MIN(1), "CheckerRunning start");
	assert_step(&life, EVENT(TICK), T0 + MIN(3), "Expires soon");
}

/* SRV-LIFE-4, SRV-CHK-8: a hanging checker is left alone, and the timer goes on. */
static void test_client_step__check_due_while_one_runs__leaves_it_alone(void **state)
{
	struct client_life life = checking(T0);

	assert_step(&life, EVENT(TICK), T0 + MIN(2), "");
	assert_true(life.checker_running);
	assert_int_equal(life.check_due, T0 + MIN(4));
	assert_step(&life, EVENT(TICK), T0 + MIN(4), "");
	assert_int_equal(life.check_due, T0 + MIN(6));
}

/* section 5.2: the check timer is periodic, it does not drift by the lateness of each tick. */
static void test_client_step__check_tick_a_little_late__keeps_the_rhythm(void **state)
{
	struct client_life life = started(T0);

	step(&life, EVENT(TICK), T0 + SEC(1));
	assert_int_equal(life.check_due, T0 + MIN(2));
}

static void test_client_step__check_tick_intervals_late__one_check_only(void **state)
{
	struct client_life life = started(T0);

	life.rules.timeout = life.expires = MIN(6000);
	assert_step(&life, EVENT(TICK), T0 + MIN(9), "CheckerRunning start");
	assert_int_equal(life.check_due, T0 + MIN(11));
	assert_step(&life, EVENT(TICK), T0 + MIN(9), "");
}

/* SRV-LIFE-38: also a late tick leaves a second before the next one. */
static void test_client_step__check_tick_almost_an_interval_late__keeps_apart(void **state)
{
	struct client_life life = started(T0);

	step(&life, EVENT(TICK), T0 + MIN(2) - 1);
	assert_int_equal(life.check_due, T0 + MIN(2) - 1 + CLIENT_INTERVAL_MIN);
}

/* SRV-LIFE-38, W-46 */
static void test_client_check_interval__zero__is_a_second(void **state)
{
	struct client_life life = new_life(true, T0);

	life.rules.interval = 0;
	assert_int_equal(client_check_interval(&life), USEC_PER_SEC);
	step(&life, EVENT(START, .usec = 0), T0);
	step(&life, EVENT(TICK), T0);
	assert_int_equal(life.check_due, T0 + USEC_PER_SEC);
	life.rules.interval = USEC_PER_SEC + 1;
	assert_int_equal(client_check_interval(&life), USEC_PER_SEC + 1);
}

static void test_client_step__tick_before_any_deadline__nothing(void **state)
{
	struct client_life life = checking(T0);
	struct client_life before = life;

	assert_step(&life, EVENT(TICK), T0 + MIN(2) - 1, "");
	assert_memory_equal(&life, &before, sizeof(life));
}

/* SRV-LIFE-5, SRV-LIFE-17; DBUS-CHG-4 "disable, expiry" */
static void test_client_step__expiry__disables_at_exactly_that_moment(void **state)
{
	struct client_life life = checking(T0);

	step(&life, EVENT(CHECKER_EXITED, .status = 1), T0 + SEC(1));
	life.check_due = T0 + MIN(6);
	assert_int_equal(client_next_deadline(&life), T0 + MIN(5));
	assert_step(&life, EVENT(TICK), T0 + MIN(5) - 1, "");
	assert_true(life.enabled);
	assert_step(&life, EVENT(TICK), T0 + MIN(5), "Expires Enabled save decide");
	assert_false(life.enabled);
	assert_int_equal(life.disable_cause, DISABLE_TIMEOUT);
	assert_int_equal(life.expires, USEC_NEVER);
	assert_int_equal(client_next_deadline(&life), USEC_NEVER);
}

/* SRV-LIFE-5: a check that is due at the same time does not come first. */
static void test_client_step__expiry_and_check_due__no_checker_is_started(void **state)
{
	struct client_life life = started(T0);

	assert_step(&life, EVENT(TICK), T0 + MIN(5), "Expires Enabled save decide");
}

/*
 * SRV-LIFE-5, SRV-APR-9: the order in which a busy server serves what happened since decides
 * nothing: at its expiry the client is disabled, and a good check that is seen after it is late.
 */
static void test_client_step__good_check_after_expiry__does_not_revive(void **state)
{
	struct client_life life = checking(T0);

	assert_step(&life, EVENT(CHECKER_EXITED, .status = 0), T0 + MIN(5),
		    "CheckerRunning Expires Enabled save decide LastCheckerStatus LastCheckedOK");
	assert_false(life.enabled);
	assert_int_equal(life.expires, USEC_NEVER);
}

/* What has ended is not stopped, and what never ran does not end anything. */
static void test_client_step__cancelled_after_expiry__leaves_it_to_the_tick(void **state)
{
	struct client_life life = checking(T0);

	assert_step(&life, EVENT(CHECKER_CANCELLED), T0 + MIN(5), "CheckerRunning");
	assert_step(&life, EVENT(CHECKER_EXITED, .status = 0), T0 + MIN(5), "");
	assert_step(&life, EVENT(TICK), T0 + MIN(5), "Expires Enabled save decide");
}

static void test_client_step__good_check_just_before_expiry__counts(void **state)
{
	struct client_life life = checking(T0);

	assert_step(&life, EVENT(CHECKER_EXITED, .status = 0), T0 + MIN(5) - 1,
		    "CheckerRunning LastCheckerStatus soon LastCheckedOK Expires");
	assert_int_equal(life.expires, T0 + MIN(10) - 1);
}

static void test_client_step__checked_ok_after_expiry__does_not_revive(void **state)
{
	struct client_life life = started(T0);

	assert_step(&life, EVENT(CHECKED_OK), T0 + MIN(5),
		    "Expires Enabled save decide LastCheckedOK LastCheckerStatus");
	assert_false(life.enabled);
}

static void test_client_step__secret_sent_after_expiry__does_not_revive(void **state)
{
	struct client_life life = started(T0);

	assert_step(&life, EVENT(SECRET_SENT), T0 + MIN(5), "Expires Enabled save decide");
	assert_false(life.enabled);
}

/* An enable that comes after the expiry is one of a disabled client, not of an enabled one. */
static void test_client_step__enable_after_unserved_expiry__enables(void **state)
{
	struct client_life life = checking(T0);

	assert_step(&life, EVENT(ENABLE), T0 + MIN(5),
		    "Expires CheckerRunning stop Enabled save decide "
		    "Enabled LastEnabled Expires decide");
	assert_true(life.enabled);
	assert_int_equal(life.expires, T0 + MIN(10));
}

/* A removed client changes no more, expired or not (DBUS-SRV-1). */
static void test_client_step__remove_after_unserved_expiry__announces_nothing(void **state)
{
	struct client_life life = checking(T0);

	assert_step(&life, EVENT(REMOVE), T0 + MIN(5), "stop save decide");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_client_life_init__enabled__has_the_initial_values),
		cmocka_unit_test(test_client_life_init__disabled__was_never_enabled),
		cmocka_unit_test(test_client_step__start_of_a_disabled_client__nothing),
		cmocka_unit_test(
			test_client_step__start_with_short_interval__expiry_is_the_timeout),
		cmocka_unit_test(
			test_client_step__start_with_long_interval__expiry_waits_for_the_check),
		cmocka_unit_test(test_client_step__start_with_later_restored_expiry__is_kept),
		cmocka_unit_test(test_client_step__start_with_past_restored_expiry__does_not_count),
		cmocka_unit_test(
			test_client_step__good_check_after_restart__keeps_a_restored_extension),
		cmocka_unit_test(
			test_client_step__good_check_after_restart__replaces_a_longer_expiry),
		cmocka_unit_test(
			test_client_step__good_check_after_restart__keeps_an_endless_extension),
		cmocka_unit_test(test_client_step__second_start__nothing),
		cmocka_unit_test(
			test_client_step__first_check_due__starts_a_checker_and_raises_expiry),
		cmocka_unit_test(
			test_client_step__first_check_due_while_one_runs__only_raises_expiry),
		cmocka_unit_test(test_client_step__check_due_while_one_runs__leaves_it_alone),
		cmocka_unit_test(test_client_step__check_tick_a_little_late__keeps_the_rhythm),
		cmocka_unit_test(test_client_step__check_tick_intervals_late__one_check_only),
		cmocka_unit_test(test_client_step__check_tick_almost_an_interval_late__keeps_apart),
		cmocka_unit_test(test_client_check_interval__zero__is_a_second),
		cmocka_unit_test(test_client_step__tick_before_any_deadline__nothing),
		cmocka_unit_test(test_client_step__expiry__disables_at_exactly_that_moment),
		cmocka_unit_test(test_client_step__expiry_and_check_due__no_checker_is_started),
		cmocka_unit_test(test_client_step__good_check_after_expiry__does_not_revive),
		cmocka_unit_test(test_client_step__cancelled_after_expiry__leaves_it_to_the_tick),
		cmocka_unit_test(test_client_step__good_check_just_before_expiry__counts),
		cmocka_unit_test(test_client_step__checked_ok_after_expiry__does_not_revive),
		cmocka_unit_test(test_client_step__secret_sent_after_expiry__does_not_revive),
		cmocka_unit_test(test_client_step__enable_after_unserved_expiry__enables),
		cmocka_unit_test(test_client_step__remove_after_unserved_expiry__announces_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
