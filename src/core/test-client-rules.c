/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The life of a client: settings changed at run time (SRV-LIFE-30 to -38) and what approval needs
 * of it (SRV-APR-1, SRV-APR-4, SRV-APR-5), with the order of changes of DBUS-CHG-4.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/test-life.h"

#define T0 SEC(1000)

/* SRV-LIFE-30, SRV-LIFE-37: the example of the specification */
static void test_client_step__set_timeout__expiry_moves_by_the_difference(void **state)
{
	struct client_life life = started(T0);

	assert_step(&life, EVENT(SET_TIMEOUT, .usec = MIN(6)), T0 + MIN(5) - SEC(100),
		    "Timeout save Expires");
	assert_int_equal(life.rules.timeout, MIN(6));
	assert_int_equal(life.expires, T0 + MIN(5) + SEC(60));
	assert_step(&life, EVENT(SET_TIMEOUT, .usec = MIN(5)), T0 + MIN(5) - SEC(100),
		    "Timeout save Expires");
	assert_int_equal(life.expires, T0 + MIN(5));
}

/* SRV-LIFE-37, K-09: an extended expiry moves as well. */
static void test_client_step__set_timeout_in_the_extension__moves_it_too(void **state)
{
	struct client_life life = started(T0);

	step(&life, EVENT(SECRET_SENT), T0);
	step(&life, EVENT(SET_TIMEOUT, .usec = MIN(2)), T0);
	assert_int_equal(life.expires, T0 + MIN(12));
}

/* SRV-LIFE-30; DBUS-CHG-4 "Timeout set" */
static void test_client_step__set_timeout_to_now_or_before__disables(void **state)
{
	struct client_life life = checking(T0);

	assert_step(&life, EVENT(SET_TIMEOUT, .usec = MIN(2)), T0 + MIN(2),
		    "Timeout save Expires Expires CheckerRunning stop Enabled decide");
	assert_false(life.enabled);
	assert_int_equal(life.disable_cause, DISABLE_TIMEOUT);
	assert_int_equal(life.expires, USEC_NEVER);

	life = started(T0);
	step(&life, EVENT(SET_TIMEOUT, .usec = MIN(2) + 1), T0 + MIN(2));
	assert_true(life.enabled);
	assert_step(&life, EVENT(SET_TIMEOUT, .usec = 0), T0 + MIN(2),
		    "Timeout save Expires Expires Enabled decide");
}

/* SRV-LIFE-30: a longer timeout that is set after the expiry comes too late. */
static void test_client_step__set_timeout_after_unserved_expiry__does_not_revive(void **state)
{
	struct client_life life = started(T0);

	assert_step(&life, EVENT(SET_TIMEOUT, .usec = MIN(60)), T0 + MIN(5),
		    "Expires Enabled save decide Timeout");
	assert_false(life.enabled);
	assert_int_equal(life.rules.timeout, MIN(60));
}

/* DBUS-CHG-1 */
static void test_client_step__set_to_the_same_value__nothing(void **state)
{
	const struct client_event events[] = {
		EVENT(SET_TIMEOUT, .usec = rules_usual.timeout),
		EVENT(SET_INTERVAL, .usec = rules_usual.interval),
		EVENT(SET_EXTENDED_TIMEOUT, .usec = rules_usual.extended_timeout),
		EVENT(SET_APPROVAL_DELAY, .usec = rules_usual.approval_delay),
		EVENT(SET_APPROVAL_DURATION, .usec = rules_usual.approval_duration),
		EVENT(SET_APPROVED_BY_DEFAULT, .flag = rules_usual.approved_by_default),
	};
	struct client_life life = started(T0);
	struct client_life before = life;

	for (size_t i = 0; i < ARRAY_SIZE(events); i++) {
		assert_step(&life, events[i], T0 + SEC(1), "");
		assert_memory_equal(&life, &before, sizeof(life));
	}
}

/* SRV-DUR-6, W-08: a timeout beyond all reckoning is served as a very late expiry, never as none.
 */
static void test_client_step__timeout_for_ever__still_has_an_expiry(void **state)
{
	struct client_life life = checking(T0);

	assert_step(&life, EVENT(SET_TIMEOUT, .usec = USEC_NEVER), T0, "Timeout save Expires");
	assert_int_equal(life.expires, CLIENT_DEADLINE_MAX);
	step(&life, EVENT(CHECKER_EXITED, .status = 0), T0 + SEC(1));
	assert_int_equal(life.expires, CLIENT_DEADLINE_MAX);
	assert_int_equal(client_next_deadline(&life), T0 + MIN(2));
}

/*
 * SRV-LIFE-30, SRV-DUR-6: the way back. What such an expiry was counted from is not known any more,
 * so it is counted from now: neither immortal nor disabled on the spot.
 */
static void test_client_step__timeout_back_from_for_ever__counts_from_now(void **state)
{
	struct client_life life = started(T0);

	step(&life, EVENT(SET_TIMEOUT, .usec = USEC_NEVER), T0);
	assert_step(&life, EVENT(SET_TIMEOUT, .usec = MIN(5)), T0 + MIN(60),
		    "Timeout save Expires");
	assert_int_equal(life.expires, T0 + MIN(65));
	step(&life, EVENT(TICK), T0 + MIN(65));
	assert_false(life.enabled);
}

/* SRV-DUR-6: likewise an interval beyond all reckoning. */
static void test_client_step__interval_for_ever__has_deadlines(void **state)
{
	struct client_life life = new_life(true, T0);

	life.rules.interval = USEC_NEVER;
	step(&life, EVENT(START, .usec = USEC_NEVER), T0);
	assert_int_equal(life.check_due, CLIENT_DEADLINE_MAX);
	assert_int_equal(life.expires, CLIENT_DEADLINE_MAX);
	step(&life, EVENT(SET_INTERVAL, .usec = MIN(1)), T0);
	assert_int_equal(life.check_due, T0 + MIN(1));
}

/* SRV-LIFE-31; DBUS-CHG-4 "Interval set" */
static void test_client_step__set_interval__restarts_the_timer_and_checks_now(void **state)
{
	struct client_life life = started(T0);
	usec_t expires = life.expires;

	assert_step(&life, EVENT(SET_INTERVAL, .usec = MIN(3)), T0 + SEC(1),
		    "Interval save CheckerRunning start");
	assert_int_equal(life.check_due, T0 + SEC(1) + MIN(3));
	assert_int_equal(life.expires, expires);
	assert_step(&life, EVENT(SET_INTERVAL, .usec = 0), T0 + SEC(2), "Interval save");
	assert_int_equal(life.check_due, T0 + SEC(2) + CLIENT_INTERVAL_MIN);
}

/* SRV-LIFE-31: "expires is unchanged", also by the first check that was still to come. */
static void test_client_step__set_interval_before_first_check__no_raise_later(void **state)
{
	struct client_life life = new_life(true, T0);

	step(&life, EVENT(START, .usec = MIN(1)), T0);
	step(&life, EVENT(SET_INTERVAL, .usec = MIN(4)), T0 + SEC(1));
	assert_step(&life, EVENT(TICK), T0 + SEC(1) + MIN(4), "");
	assert_int_equal(life.expires, T0 + MIN(5));
}

/* SRV-LIFE-32, SRV-LIFE-33, SRV-LIFE-34 */
static void test_client_step__set_other_rules__stored_and_saved_only(void **state)
{
	struct client_life life = started(T0);
	usec_t expires = life.expires;
	usec_t check_due = life.check_due;

	assert_step(&life, EVENT(SET_EXTENDED_TIMEOUT, .usec = MIN(1)), T0, "ExtendedTimeout save");
	assert_step(&life, EVENT(SET_APPROVAL_DELAY, .usec = 0), T0, "ApprovalDelay save");
	assert_step(&life, EVENT(SET_APPROVAL_DURATION, .usec = 0), T0, "ApprovalDuration save");
	assert_step(&life, EVENT(SET_APPROVED_BY_DEFAULT, .flag = true), T0,
		    "ApprovedByDefault save");
	assert_int_equal(life.rules.extended_timeout, MIN(1));
	assert_int_equal(life.rules.approval_delay, 0);
	assert_int_equal(life.rules.approval_duration, 0);
	assert_true(life.rules.approved_by_default);
	assert_int_equal(life.expires, expires);
	assert_int_equal(life.check_due, check_due);
}

/* SRV-LIFE-32: used the next time they are needed, not for what is under way */
static void test_client_step__set_extended_timeout_in_the_extension__next_time(void **state)
{
	struct client_life life = started(T0);

	step(&life, EVENT(SECRET_SENT), T0);
	step(&life, EVENT(SET_EXTENDED_TIMEOUT, .usec = MIN(1)), T0);
	assert_int_equal(life.expires, T0 + MIN(15));
	step(&life, EVENT(SECRET_SENT), T0);
	assert_int_equal(life.expires, T0 + MIN(1));
}

/* section 5.4: "On a disabled client every change is only stored." */
static void test_client_step__set_rules_of_a_disabled_client__only_stored(void **state)
{
	struct client_life life = new_life(false, T0);

	assert_step(&life, EVENT(SET_TIMEOUT, .usec = 0), T0, "Timeout save");
	assert_step(&life, EVENT(SET_INTERVAL, .usec = SEC(9)), T0, "Interval save");
	assert_int_equal(life.rules.timeout, 0);
	assert_int_equal(life.rules.interval, SEC(9));
	assert_false(life.enabled);
	assert_false(life.checker_running);
	assert_int_equal(client_next_deadline(&life), USEC_NEVER);
}

/* SRV-APR-1, W-20: true while the count is not zero, announced at its edges only */
static void test_client_step__sessions__pending_changes_at_the_edges(void **state)
{
	struct client_life life = started(T0);

	assert_step(&life, EVENT(SESSION_BEGIN), T0, "ApprovalPending");
	assert_step(&life, EVENT(SESSION_BEGIN), T0, "");
	assert_int_equal(life.n_pending, 2);
	assert_step(&life, EVENT(SESSION_END), T0, "");
	assert_step(&life, EVENT(SESSION_END), T0, "ApprovalPending");
	assert_int_equal(life.n_pending, 0);
}

/* SRV-APR-1: the count is exact; what never began cannot end. */
static void test_client_step__session_end_without_a_session__nothing(void **state)
{
	struct client_life life = started(T0);

	assert_step(&life, EVENT(SESSION_END), T0, "");
	assert_int_equal(life.n_pending, 0);
	assert_step(&life, EVENT(SESSION_BEGIN), T0, "ApprovalPending");
}

/* SRV-APR-1: sessions of a removed client are counted to their end, without a word. */
static void test_client_step__session_end_after_remove__counted_silently(void **state)
{
	struct client_life life = started(T0);

	step(&life, EVENT(SESSION_BEGIN), T0);
	step(&life, EVENT(REMOVE), T0);
	assert_step(&life, EVENT(SESSION_BEGIN), T0, "");
	assert_int_equal(life.n_pending, 1);
	assert_step(&life, EVENT(SESSION_END), T0, "");
	assert_int_equal(life.n_pending, 0);
}

/* SRV-APR-9: a claim that meets an unserved expiry has it made durable before it is refused. */
static void test_client_step__session_begin_after_unserved_expiry__disables_first(void **state)
{
	struct client_life life = started(T0);

	assert_step(&life, EVENT(SESSION_BEGIN), T0 + MIN(5),
		    "Expires Enabled save decide ApprovalPending");
}

/* A session's end is served while sessions are being decided; it must not ask for that again. */
static void test_client_step__session_end_after_unserved_expiry__is_only_counted(void **state)
{
	struct client_life life = started(T0);

	step(&life, EVENT(SESSION_BEGIN), T0);
	assert_step(&life, EVENT(SESSION_END), T0 + MIN(5), "ApprovalPending");
}

/* SRV-APR-4, W-45; DBUS-CHG-4 "connection needing approval" */
static void test_client_step__asked__stamped_once(void **state)
{
	struct client_life life = started(T0);

	assert_step(&life, EVENT(ASKED), T0 + SEC(1), "LastApprovalRequest soon");
	assert_int_equal(life.last_approval_request, T0 + SEC(1) + REAL_MINUS_BOOT);
	assert_step(&life, EVENT(ASKED), T0 + SEC(1), "");
}

/* SRV-APR-5 */
static void test_client_step__approve__lasts_for_the_duration(void **state)
{
	struct client_life life = started(T0);

	assert_step(&life, EVENT(APPROVE), T0 + SEC(1), "decide");
	assert_int_equal(life.decision, DECISION_APPROVED);
	life.check_due = T0 + MIN(1);
	assert_int_equal(client_next_deadline(&life), T0 + SEC(2));
	step(&life, EVENT(TICK), T0 + SEC(2) - 1);
	assert_int_equal(life.decision, DECISION_APPROVED);
	assert_step(&life, EVENT(TICK), T0 + SEC(2), "");
	assert_int_equal(life.decision, DECISION_NONE);
	assert_int_equal(client_next_deadline(&life), T0 + MIN(1));
}

/* SRV-APR-5, Fix; W-44: only the latest call's timer counts */
static void test_client_step__deny_after_approve__has_its_own_time(void **state)
{
	struct client_life life = started(T0);

	step(&life, EVENT(APPROVE), T0);
	assert_step(&life, EVENT(DENY), T0 + SEC(1) - 1, "decide");
	step(&life, EVENT(TICK), T0 + SEC(1));
	assert_int_equal(life.decision, DECISION_DENIED);
	step(&life, EVENT(TICK), T0 + SEC(2) - 1);
	assert_int_equal(life.decision, DECISION_NONE);
}

/* SRV-LIFE-32: a decision in force keeps its time */
static void test_client_step__set_approval_duration__next_decision(void **state)
{
	struct client_life life = started(T0);

	step(&life, EVENT(APPROVE), T0);
	step(&life, EVENT(SET_APPROVAL_DURATION, .usec = MIN(1)), T0);
	assert_int_equal(life.decision_until, T0 + SEC(1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_client_step__set_timeout__expiry_moves_by_the_difference),
		cmocka_unit_test(test_client_step__set_timeout_in_the_extension__moves_it_too),
		cmocka_unit_test(test_client_step__set_timeout_to_now_or_before__disables),
		cmocka_unit_test(
			test_client_step__set_timeout_after_unserved_expiry__does_not_revive),
		cmocka_unit_test(test_client_step__set_to_the_same_value__nothing),
		cmocka_unit_test(test_client_step__timeout_for_ever__still_has_an_expiry),
		cmocka_unit_test(test_client_step__timeout_back_from_for_ever__counts_from_now),
		cmocka_unit_test(test_client_step__interval_for_ever__has_deadlines),
		cmocka_unit_test(test_client_step__set_interval__restarts_the_timer_and_checks_now),
		cmocka_unit_test(test_client_step__set_interval_before_first_check__no_raise_later),
		cmocka_unit_test(test_client_step__set_other_rules__stored_and_saved_only),
		cmocka_unit_test(
			test_client_step__set_extended_timeout_in_the_extension__next_time),
		cmocka_unit_test(test_client_step__set_rules_of_a_disabled_client__only_stored),
		cmocka_unit_test(test_client_step__sessions__pending_changes_at_the_edges),
		cmocka_unit_test(test_client_step__session_end_without_a_session__nothing),
		cmocka_unit_test(test_client_step__session_end_after_remove__counted_silently),
		cmocka_unit_test(
			test_client_step__session_begin_after_unserved_expiry__disables_first),
		cmocka_unit_test(
			test_client_step__session_end_after_unserved_expiry__is_only_counted),
		cmocka_unit_test(test_client_step__asked__stamped_once),
		cmocka_unit_test(test_client_step__approve__lasts_for_the_duration),
		cmocka_unit_test(test_client_step__deny_after_approve__has_its_own_time),
		cmocka_unit_test(test_client_step__set_approval_duration__next_decision),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
