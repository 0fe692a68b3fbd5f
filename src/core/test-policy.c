/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The verdict on one session (SRV-APR-2, SRV-APR-5, SRV-APR-6, SRV-APR-7, SRV-APR-9). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/policy.h"
#include "core/test-life.h"

#define T0 SEC(1000)

#define assert_verdict(life, now, waited_out, verdict) \
	assert_int_equal(policy_decide((life), at(now), (waited_out), false), (verdict))

/* SRV-LIFE-2, SRV-APR-2 step 1 */
static void test_policy_decide__disabled__refuses_whatever_else(void **state)
{
	struct client_life life = new_life(false, T0);

	step(&life, EVENT(APPROVE), T0);
	assert_verdict(&life, T0, false, POLICY_REFUSE_DISABLED);
	life.rules.approval_delay = 0;
	assert_verdict(&life, T0, false, POLICY_REFUSE_DISABLED);
	assert_false(policy_may_send(&life, at(T0)));
}

/* Before everything but a disabling, which is what the client is told after the lockdown as well.
 */
static void test_policy_decide__lockdown__refuses_whatever_else(void **state)
{
	struct client_life life = started(T0);

	step(&life, EVENT(APPROVE), T0);
	assert_int_equal(policy_decide(&life, at(T0), false, true), POLICY_REFUSE_LOCKDOWN);
	assert_int_equal(policy_decide(&life, at(T0), true, true), POLICY_REFUSE_LOCKDOWN);
	life.judging = JUDGING_CHECK;
	assert_int_equal(policy_decide(&life, at(T0), false, true), POLICY_REFUSE_LOCKDOWN);
	step(&life, EVENT(DISABLE, .cause = DISABLE_ADMINISTRATOR), T0);
	assert_int_equal(policy_decide(&life, at(T0), false, true), POLICY_REFUSE_DISABLED);
}

/* SRV-APR-1: no delay, no approval */
static void test_policy_decide__no_delay__gives(void **state)
{
	struct client_life life = started(T0);

	life.rules.approval_delay = 0;
	assert_verdict(&life, T0, false, POLICY_GIVE);
	assert_true(policy_may_send(&life, at(T0)));
}

/* SRV-APR-6, K-08 */
static void test_policy_decide__denied_without_delay__gives(void **state)
{
	struct client_life life = started(T0);

	life.rules.approval_delay = 0;
	step(&life, EVENT(DENY), T0);
	assert_verdict(&life, T0, false, POLICY_GIVE);
}

/* SRV-APR-2 step 4 */
static void test_policy_decide__undecided__asks(void **state)
{
	struct client_life life = started(T0);

	assert_verdict(&life, T0, false, POLICY_ASK);
}

/* SRV-APR-2 step 5, SRV-LIFE-34 */
static void test_policy_decide__waited_out__the_default_decides(void **state)
{
	struct client_life life = started(T0);

	assert_verdict(&life, T0 + SEC(30), true, POLICY_REFUSE_TIMED_OUT);
	step(&life, EVENT(SET_APPROVED_BY_DEFAULT, .flag = true), T0 + SEC(30));
	assert_verdict(&life, T0 + SEC(30), true, POLICY_GIVE);
}

/*
 * SRV-APR-2, -6: a delay that is set to zero lets a waiting session through when something wakes it
 * (step 2), but when its wait is over the default decides (step 5).
 */
static void test_policy_decide__delay_zeroed_during_the_wait__step_2_then_5(void **state)
{
	struct client_life life = started(T0);

	assert_step(&life, EVENT(SET_APPROVAL_DELAY, .usec = 0), T0, "ApprovalDelay save");
	assert_verdict(&life, T0, false, POLICY_GIVE);
	assert_verdict(&life, T0, true, POLICY_REFUSE_TIMED_OUT);
}

/* SRV-APR-5, SRV-APR-2 steps 2 and 3 */
static void test_policy_decide__decided__for_all_sessions_of_that_time(void **state)
{
	struct client_life life = started(T0);

	step(&life, EVENT(APPROVE), T0);
	assert_verdict(&life, T0, false, POLICY_GIVE);
	assert_verdict(&life, T0 + SEC(1), false, POLICY_GIVE);
	assert_verdict(&life, T0, true, POLICY_GIVE);
	step(&life, EVENT(DENY), T0);
	assert_verdict(&life, T0, false, POLICY_REFUSE_DENIED);
	assert_verdict(&life, T0 + SEC(1), false, POLICY_REFUSE_DENIED);
	life.rules.approved_by_default = true;
	assert_verdict(&life, T0, true, POLICY_REFUSE_DENIED);
}

/* SRV-APR-5, -11: a decision whose time is over does not count even before its timer is served. */
static void test_policy_decide__decision_over_but_not_served__asks(void **state)
{
	struct client_life life = started(T0);

	step(&life, EVENT(APPROVE), T0);
	assert_verdict(&life, T0 + SEC(1) + 1, false, POLICY_ASK);
	step(&life, EVENT(DENY), T0);
	assert_verdict(&life, T0 + SEC(1) + 1, false, POLICY_ASK);
}

/* SRV-APR-7, W-44 */
static void test_policy_decide__decision_without_duration__reaches_those_who_wait(void **state)
{
	struct client_life life = started(T0);

	life.rules.approval_duration = 0;
	assert_step(&life, EVENT(APPROVE), T0, "decide");
	assert_verdict(&life, T0, false, POLICY_GIVE);
	assert_step(&life, EVENT(DENY), T0, "decide");
	assert_verdict(&life, T0, false, POLICY_REFUSE_DENIED);
	assert_verdict(&life, T0 + 1, false, POLICY_ASK);
}

/* SRV-APR-9, W-01: disabled or removed during the wait, with a default that would approve */
static void test_policy_decide__disabled_during_the_wait__refuses(void **state)
{
	struct client_life life = started(T0);
	struct client_life other = started(T0);

	life.rules.approved_by_default = other.rules.approved_by_default = true;
	assert_verdict(&life, T0, false, POLICY_ASK);
	step(&life, EVENT(DISABLE, .cause = DISABLE_ADMINISTRATOR), T0);
	assert_verdict(&life, T0 + SEC(30), true, POLICY_REFUSE_DISABLED);
	step(&other, EVENT(REMOVE), T0);
	assert_verdict(&other, T0 + SEC(30), true, POLICY_REFUSE_DISABLED);
	assert_false(policy_may_send(&other, at(T0)));
}

/* SRV-APR-9, SRV-LIFE-5: at its expiry a client is disabled, whoever is served first. */
static void test_policy_may_send__at_the_expiry__no(void **state)
{
	struct client_life life = started(T0);

	life.rules.approval_delay = 0;
	assert_true(policy_may_send(&life, at(T0 + MIN(5) - 1)));
	assert_false(policy_may_send(&life, at(T0 + MIN(5))));
	assert_verdict(&life, T0 + MIN(5) - 1, false, POLICY_GIVE);
	assert_verdict(&life, T0 + MIN(5), false, POLICY_REFUSE_DISABLED);
}

/* SRV-LIFE-2: until the server has started, no expiry has been set, and nobody is served. */
static void test_policy_may_send__before_the_start__no(void **state)
{
	struct client_life life = new_life(true, T0);

	assert_false(policy_may_send(&life, at(T0)));
}

/* SRV-LIFE-39, SRV-APR-11: a wall clock that is set changes no verdict. */
static void test_policy_decide__wall_clock_set__does_not_matter(void **state)
{
	struct client_life life = started(T0);
	struct instant past = { .boot = T0 + SEC(1), .real = 0 };
	struct instant future = { .boot = T0 + SEC(1), .real = USEC_NEVER - 1 };

	step(&life, EVENT(APPROVE), T0);
	assert_int_equal(policy_decide(&life, past, false, false), POLICY_GIVE);
	assert_int_equal(policy_decide(&life, future, false, false), POLICY_GIVE);
}

/* SRV-APR-2: the reasons as D-Bus has them */
static void test_policy_reason__refusals__have_words(void **state)
{
	assert_string_equal(policy_reason(POLICY_REFUSE_DISABLED), "Disabled");
	assert_string_equal(policy_reason(POLICY_REFUSE_DENIED), "Denied");
	assert_string_equal(policy_reason(POLICY_REFUSE_TIMED_OUT), "Approval timed out");
	assert_string_equal(policy_reason(POLICY_REFUSE_UNSAVED), "State cannot be saved");
	assert_null(policy_reason(POLICY_GIVE));
	assert_null(policy_reason(POLICY_ASK));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_policy_decide__disabled__refuses_whatever_else),
		cmocka_unit_test(test_policy_decide__lockdown__refuses_whatever_else),
		cmocka_unit_test(test_policy_decide__no_delay__gives),
		cmocka_unit_test(test_policy_decide__denied_without_delay__gives),
		cmocka_unit_test(test_policy_decide__undecided__asks),
		cmocka_unit_test(test_policy_decide__waited_out__the_default_decides),
		cmocka_unit_test(test_policy_decide__delay_zeroed_during_the_wait__step_2_then_5),
		cmocka_unit_test(test_policy_decide__decided__for_all_sessions_of_that_time),
		cmocka_unit_test(test_policy_decide__decision_over_but_not_served__asks),
		cmocka_unit_test(
			test_policy_decide__decision_without_duration__reaches_those_who_wait),
		cmocka_unit_test(test_policy_decide__disabled_during_the_wait__refuses),
		cmocka_unit_test(test_policy_may_send__at_the_expiry__no),
		cmocka_unit_test(test_policy_may_send__before_the_start__no),
		cmocka_unit_test(test_policy_decide__wall_clock_set__does_not_matter),
		cmocka_unit_test(test_policy_reason__refusals__have_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
