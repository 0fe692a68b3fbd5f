/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/signals.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/util.h"

static bool is_ignored(int signal)
{
	struct sigaction action;

	assert_int_equal(sigaction(signal, NULL, &action), 0);
	return action.sa_handler == SIG_IGN;
}

static void test_signals_for_loop__what_a_starter_had_set__is_gone(void **state)
{
	const int wanted[] = { SIGCHLD, SIGTERM };
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	sigset_t mask;

	(void)sigemptyset(&mask);
	(void)sigaddset(&mask, SIGUSR1);
	assert_int_equal(sigprocmask(SIG_SETMASK, &mask, NULL), 0);
	assert_int_equal(sigaction(SIGCHLD, &ignore, NULL), 0);
	assert_false(is_ignored(SIGPIPE));

	assert_int_equal(signals_for_loop(wanted, ARRAY_SIZE(wanted)), 0);
	assert_false(is_ignored(SIGCHLD));
	assert_true(is_ignored(SIGPIPE));
	assert_int_equal(sigprocmask(SIG_SETMASK, NULL, &mask), 0);
	for (int signal = 1; signal < 32; signal++)
		assert_int_equal(sigismember(&mask, signal),
				 signal == SIGCHLD || signal == SIGTERM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_signals_for_loop__what_a_starter_had_set__is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
