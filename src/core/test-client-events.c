/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The life of a client: checks, secrets, enabling, disabling and removing (SRV-LIFE-10 to -20,
 * SRV-CHK-8 to -13), with the order of changes of DBUS-CHG-4.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/test-life.h"

#define T0 SEC(1000)

/* SRV-LIFE-10, SRV-CHK-10; DBUS-CHG-4 "it exits 0" */
static void test_client_step__checker_exits_0__vouches(void **state)
{
	struct client_life life = checking(T0);

	assert_step(&life, EVENT(CHECKER_EXITED, .status = 0), T0 + SEC(3),
		    "CheckerRunning LastCheckerStatus soon LastCheckedOK Expires");
	assert_false(life.checker_running);
	assert_int_equal(life.last_checker_status, 0);
	assert_int_equal(life.last_checked_ok, T0 + SEC(3) + REAL_MINUS_BOOT);
	assert_int_equal(life.expires, T0 + SEC(3) + MIN(5));

	step(&life, EVENT(TICK), T0 + MIN(2));
	assert_step(&life, EVENT(CHECKER_EXITED, .status = 0), T0 + MIN(2) + SEC(1),
		    "CheckerRunning LastCheckedOK soon Expires");
}

/* SRV-LIFE-11; DBUS-CHG-4 "it exits n" */
static void test_client_step__checker_exits_n__only_the_status(void **state)
{
	struct client_life life = checking(T0);
	usec_t expires = life.expires;

	assert_step(&life, EVENT(CHECKER_EXITED, .status = 255), T0 + SEC(3),
		    "CheckerRunning LastCheckerStatus soon");
	assert_int_equal(life.last_checker_status, 255);
	assert_int_equal(life.last_checked_ok, USEC_NEVER);
	assert_int_equal(life.expires, expires);

	step(&life, EVENT(TICK), T0 + MIN(2));
	assert_step(&life, EVENT(CHECKER_EXITED, .status = 255), T0 + MIN(3), "CheckerRunning");
}

/* SRV-LIFE-12, SRV-LIFE-1 */
static void test_client_step__checker_killed__status_is_minus_1(void **state)
{
	struct client_life life = checking(T0);

	assert_step(&life, EVENT(CHECKER_EXITED, .status = CHECKER_STATUS_SIGNALLED), T0 + SEC(3),
		    "CheckerRunning LastCheckerStatus soon");
	assert_int_equal(life.last_checker_status, -1);
	assert_int_equal(life.last_checked_ok, USEC_NEVER);
}

/*
 * SRV-STATE-14 keeps a client over a downtime because its last check was good. That it no longer
 * is must survive a crash.
 */
static void test_client_step__first_bad_check_after_good__is_saved_at_once(void **state)
{
	struct client_life life = checking(T0);

	step(&life, EVENT(CHECKER_EXITED, .status = 0), T0);
	step(&life, EVENT(TICK), T0 + MIN(2));
	assert_step(&life, EVENT(CHECKER_EXITED, .status = 1), T0 + MIN(2) + SEC(1),
		    "CheckerRunning LastCheckerStatus save");
	step(&life, EVENT(TICK), T0 + MIN(4));
	assert_step(&life, EVENT(CHECKER_EXITED, .status = 2), T0 + MIN(4) + SEC(1),
		    "CheckerRunning LastCheckerStatus soon");
}

/* SRV-CHK-12: the outcome of an aborted checker is ignored */
static void test_client_step__exit_when_none_runs__nothing(void **state)
{
	struct client_life life = started(T0);
	struct client_life before = life;

	assert_step(&life, EVENT(CHECKER_EXITED, .status = 0), T0 + SEC(1), "");
	assert_step(&life, EVENT(CHECKER_CANCELLED), T0 + SEC(1), "");
	assert_memory_equal(&life, &before, sizeof(life));
}

/* SRV-CHK-6, SRV-CHK-13: no status, no trust; the check timer goes on. */
static void test_client_step__checker_cancelled__timer_goes_on(void **state)
{
	struct client_life life = checking(T0);

	assert_step(&life, EVENT(CHECKER_CANCELLED), T0, "CheckerRunning");
	assert_int_equal(life.last_checker_status, CHECKER_STATUS_NONE);
	assert_int_equal(life.check_due, T0 + MIN(2));
	assert_step(&life, EVENT(TICK), T0 + MIN(2), "CheckerRunning start");
}

/* SRV-LIFE-13; DBUS-CHG-4 "CheckedOK": the status comes between the two others here. */
static void test_client_step__checked_ok__vouches_beside_a_running_checker(void **state)
{
	struct client_life life = checking(T0);

	assert_step(&life, EVENT(CHECKED_OK), T0 + SEC(3),
		    "LastCheckedOK soon LastCheckerStatus Expires");
	assert_true(life.checker_running);
	assert_int_equal(life.last_checker_status, 0);
	assert_int_equal(life.last_checked_ok, T0 + SEC(3) + REAL_MINUS_BOOT);
	assert_int_equal(life.expires, T0 + SEC(3) + MIN(5));
	assert_step(&life, EVENT(CHECKED_OK), T0 + SEC(4), "LastCheckedOK soon Expires");
}

/* DBUS-CHG-1: no signal if the value is the same; two calls in one turn have one moment. */
static void test_client_step__checked_ok_twice_in_a_moment__one_change(void **state)
{
	struct client_life life = started(T0);

	step(&life, EVENT(CHECKED_OK), T0 + SEC(3));
	assert_step(&life, EVENT(CHECKED_OK), T0 + SEC(3), "");
}

/* SRV-LIFE-14 */
static void test_client_step__secret_sent__extends(void **state)
{
	struct client_life life = started(T0);

	assert_step(&life, EVENT(SECRET_SENT), T0 + SEC(9), "Expires soon");
	assert_int_equal(life.expires, T0 + SEC(9) + MIN(15));
	assert_int_equal(life.last_checked_ok, USEC_NEVER);
	assert_int_equal(life.last_checker_status, CHECKER_STATUS_NONE);
}

/* SRV-LIFE-14: an extended timeout that is the shorter one takes trust, so it may not be lost. */
static void test_client_step__secret_sent_with_short_extension__is_saved_at_once(void **state)
{
	struct client_life life = started(T0);

	life.rules.extended_timeout = SEC(10);
	assert_step(&life, EVENT(SECRET_SENT), T0 + SEC(9), "Expires save");
	assert_int_equal(life.expires, T0 + SEC(19));
}

/* SRV-LIFE-14 */
static void test_client_step__secret_sent_when_disabled__nothing(void **state)
{
	struct client_life life = new_life(false, T0);

	assert_step(&life, EVENT(SECRET_SENT), T0 + SEC(9), "");
	assert_false(life.enabled);
	assert_int_equal(life.expires, USEC_NEVER);
}

/* SRV-LIFE-14, Fix; W-19 */
static void test_client_step__good_check_in_the_extension__does_not_cancel_it(void **state)
{
	struct client_life life = checking(T0);

	step(&life, EVENT(SECRET_SENT), T0 + SEC(9));
	assert_step(&life, EVENT(CHECKER_EXITED, .status = 0), T0 + SEC(10),
		    "CheckerRunning LastCheckerStatus soon LastCheckedOK");
	assert_int_equal(life.expires, T0 + SEC(9) + MIN(15));
	/* ... but may add to it */
	assert_step(&life, EVENT(CHECKED_OK), T0 + MIN(14), "LastCheckedOK soon Expires");
	assert_int_equal(life.expires, T0 + MIN(19));
}

/* SRV-LIFE-14, Fix: only "until the extended expiry has passed" */
static void test_client_step__good_check_after_the_extension__is_an_ordinary_one(void **state)
{
	struct client_life life = started(T0);

	step(&life, EVENT(SECRET_SENT), T0);
	step(&life, EVENT(CHECKED_OK), T0 + MIN(14));
	life.rules.timeout = MIN(1); /* as if read from a file; no shift */
	assert_step(&life, EVENT(CHECKED_OK), T0 + MIN(15), "LastCheckedOK save Expires");
	assert_int_equal(life.expires, T0 + MIN(16));
}

/* SRV-LIFE-15; DBUS-CHG-4 "enable" */
static void test_client_step__enable__two_intervals_or_the_timeout(void **state)
{
	struct client_life life = new_life(false, T0);

	assert_step(&life, EVENT(ENABLE), T0 + SEC(5), "Enabled save LastEnabled Expires decide");
	assert_true(life.enabled);
	assert_int_equal(life.disable_cause, DISABLE_NONE);
	assert_int_equal(life.last_enabled, T0 + SEC(5) + REAL_MINUS_BOOT);
	assert_int_equal(life.check_due, T0 + SEC(5) + MIN(2));
	assert_int_equal(life.expires, T0 + SEC(5) + MIN(5));

	life = new_life(false, T0);
	life.rules.interval = MIN(3);
	step(&life, EVENT(ENABLE), T0);
	assert_int_equal(life.expires, T0 + MIN(6));
	/* The first-check raise is the server's start only. */
	assert_step(&life, EVENT(TICK), T0 + MIN(5), "CheckerRunning start");
}

/* SRV-LIFE-16 */
static void test_client_step__enable_when_enabled__nothing_at_all(void **state)
{
	struct client_life life = checking(T0);
	struct client_life before = life;

	assert_step(&life, EVENT(ENABLE), T0 + MIN(1), "");
	assert_memory_equal(&life, &before, sizeof(life));
}

/* SRV-LIFE-17, SRV-CHK-12; DBUS-CHG-4 "disable" */
static void test_client_step__disable_while_checking__aborts_the_checker(void **state)
{
	struct client_life life = checking(T0);

	assert_step(&life, EVENT(DISABLE, .cause = DISABLE_ADMINISTRATOR), T0 + SEC(1),
		    "Expires CheckerRunning stop Enabled save decide");
	assert_false(life.enabled);
	assert_false(life.checker_running);
	assert_int_equal(life.disable_cause, DISABLE_ADMINISTRATOR);
	assert_int_equal(life.last_checker_status, CHECKER_STATUS_NONE);
	assert_int_equal(client_next_deadline(&life), USEC_NEVER);
	/* Its outcome, if it comes after all, neither counts nor enables. */
	assert_step(&life, EVENT(CHECKER_EXITED, .status = 0), T0 + SEC(2), "");
}

/* SRV-LIFE-18: also a checker that runs on request is left alone. */
static void test_client_step__disable_when_disabled__nothing_at_all(void **state)
{
	struct client_life life = new_life(false, T0);
	struct client_life before;

	step(&life, EVENT(CHECKER_START), T0);
	before = life;
	assert_step(&life, EVENT(DISABLE, .cause = DISABLE_ADMINISTRATOR), T0 + SEC(1), "");
	assert_memory_equal(&life, &before, sizeof(life));
}

/* SRV-LIFE-17, SRV-LIFE-15: nothing of the old life is left. */
static void test_client_step__enable_again__has_no_extension_from_before(void **state)
{
	struct client_life life = started(T0);

	step(&life, EVENT(SECRET_SENT), T0);
	step(&life, EVENT(DISABLE, .cause = DISABLE_ADMINISTRATOR), T0 + SEC(1));
	life.rules.interval = MIN(10);
	step(&life, EVENT(ENABLE), T0 + SEC(2));
	assert_int_equal(life.expires, T0 + SEC(2) + MIN(20));
	assert_step(&life, EVENT(CHECKED_OK), T0 + SEC(3),
		    "LastCheckedOK save LastCheckerStatus Expires");
	assert_int_equal(life.expires, T0 + SEC(3) + MIN(5));
}

/* SRV-LIFE-19, SRV-LIFE-17 Fix; DBUS-SRV-1: no property changes */
static void test_client_step__remove__stops_everything_without_a_change(void **state)
{
	struct client_life life = checking(T0);

	step(&life, EVENT(APPROVE), T0);
	assert_step(&life, EVENT(REMOVE), T0 + SEC(1), "stop save decide");
	assert_true(life.removed);
	assert_false(life.enabled);
	assert_false(life.checker_running);
	assert_int_equal(life.decision, DECISION_NONE);
	assert_int_equal(client_next_deadline(&life), USEC_NEVER);
}

/* SRV-LIFE-19 */
static void test_client_step__remove_when_disabled__is_saved_too(void **state)
{
	struct client_life life = new_life(false, T0);

	assert_step(&life, EVENT(REMOVE), T0 + SEC(1), "save decide");
	assert_step(&life, EVENT(REMOVE), T0 + SEC(1), "");
	assert_step(&life, EVENT(ENABLE), T0 + SEC(1), "");
	assert_false(life.enabled);
}

/* SRV-LIFE-20, K-07 */
static void test_client_step__checker_of_a_disabled_client__records_only(void **state)
{
	struct client_life life = new_life(false, T0);

	assert_step(&life, EVENT(CHECKER_START), T0, "CheckerRunning start");
	assert_step(&life, EVENT(CHECKER_EXITED, .status = 0), T0 + SEC(1),
		    "CheckerRunning LastCheckerStatus soon LastCheckedOK");
	assert_int_equal(life.last_checker_status, 0);
	assert_int_equal(life.last_checked_ok, T0 + SEC(1) + REAL_MINUS_BOOT);
	assert_false(life.enabled);
	assert_int_equal(life.expires, USEC_NEVER);
	assert_int_equal(client_next_deadline(&life), USEC_NEVER);
}

/* SRV-CHK-8, SRV-CHK-9: a request while one runs has no effect */
static void test_client_step__checker_start_while_one_runs__nothing(void **state)
{
	struct client_life life = checking(T0);

	assert_step(&life, EVENT(CHECKER_START), T0 + SEC(1), "");
}

/* SRV-CHK-12 */
static void test_client_step__checker_stop__status_and_timer_stay(void **state)
{
	struct client_life life = checking(T0);

	assert_step(&life, EVENT(CHECKER_STOP), T0 + SEC(1), "CheckerRunning stop");
	assert_false(life.checker_running);
	assert_int_equal(life.last_checker_status, CHECKER_STATUS_NONE);
	assert_int_equal(life.check_due, T0 + MIN(2));
	assert_step(&life, EVENT(CHECKER_STOP), T0 + SEC(1), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_client_step__checker_exits_0__vouches),
		cmocka_unit_test(test_client_step__checker_exits_n__only_the_status),
		cmocka_unit_test(test_client_step__checker_killed__status_is_minus_1),
		cmocka_unit_test(test_client_step__first_bad_check_after_good__is_saved_at_once),
		cmocka_unit_test(test_client_step__exit_when_none_runs__nothing),
		cmocka_unit_test(test_client_step__checker_cancelled__timer_goes_on),
		cmocka_unit_test(test_client_step__checked_ok__vouches_beside_a_running_checker),
		cmocka_unit_test(test_client_step__checked_ok_twice_in_a_moment__one_change),
		cmocka_unit_test(test_client_step__secret_sent__extends),
		cmocka_unit_test(
			test_client_step__secret_sent_with_short_extension__is_saved_at_once),
		cmocka_unit_test(test_client_step__secret_sent_when_disabled__nothing),
		cmocka_unit_test(test_client_step__good_check_in_the_extension__does_not_cancel_it),
		cmocka_unit_test(
			test_client_step__good_check_after_the_extension__is_an_ordinary_one),
		cmocka_unit_test(test_client_step__enable__two_intervals_or_the_timeout),
		cmocka_unit_test(test_client_step__enable_when_enabled__nothing_at_all),
		cmocka_unit_test(test_client_step__disable_while_checking__aborts_the_checker),
		cmocka_unit_test(test_client_step__disable_when_disabled__nothing_at_all),
		cmocka_unit_test(test_client_step__enable_again__has_no_extension_from_before),
		cmocka_unit_test(test_client_step__remove__stops_everything_without_a_change),
		cmocka_unit_test(test_client_step__remove_when_disabled__is_saved_too),
		cmocka_unit_test(test_client_step__checker_of_a_disabled_client__records_only),
		cmocka_unit_test(test_client_step__checker_start_while_one_runs__nothing),
		cmocka_unit_test(test_client_step__checker_stop__status_and_timer_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
