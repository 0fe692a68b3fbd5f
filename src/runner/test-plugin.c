/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CLI-RUN-23, CLI-RUN-24, CLI-RUN-31: what a plugin's end means, in time that the test makes. */
#include "runner/plugin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"

#define START	       ((usec_t)1000 * USEC_PER_SEC)
#define EXITED(status) ((status) << 8)

/* Running, with an open output, without a process that a test could hit. */
static struct plugin running(void)
{
	struct plugin p;
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	plugin_init(&p, "p");
	p.state = PLUGIN_RUNNING;
	p.out_fd = fds[0];
	(void)fd_close(fds[1]);
	return p;
}

static void test_plugin_judge__ended_well_and_closed__succeeded(void **state)
{
	struct plugin p = running();

	plugin_on_end(&p, EXITED(0), START);
	plugin_judge(&p, START);
	assert_int_equal(p.state, PLUGIN_RUNNING);
	plugin_read_output(&p, START);
	plugin_judge(&p, START);
	assert_int_equal(p.state, PLUGIN_SUCCEEDED);
	plugin_deinit(&p);
}

static void test_plugin_judge__output_kept_open__taken_at_the_bound(void **state)
{
	struct plugin p = running();

	plugin_on_end(&p, EXITED(0), START);
	assert_int_equal(plugin_deadline(&p), START + PLUGIN_OPEN_USEC);
	plugin_judge(&p, START + PLUGIN_OPEN_USEC - 1);
	assert_int_equal(p.state, PLUGIN_RUNNING);
	plugin_judge(&p, START + PLUGIN_OPEN_USEC);
	assert_int_equal(p.state, PLUGIN_SUCCEEDED);
	plugin_deinit(&p);
}

static void test_plugin_judge__failed_with_open_output__failed_at_once(void **state)
{
	static const int statuses[] = { EXITED(1), EXITED(EX_OSERR), 9 };

	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
		struct plugin p = running();

		plugin_on_end(&p, statuses[i], START);
		plugin_judge(&p, START);
		assert_int_equal(p.state, PLUGIN_FAILED);
		assert_int_equal(p.out_fd, -1);
		assert_int_equal(plugin_deadline(&p), USEC_NEVER);
		plugin_deinit(&p);
	}
}

static void test_plugin_judge__tempfail__restarts_later_and_later(void **state)
{
	usec_t expected = PLUGIN_RESTART_MIN_USEC;

	struct plugin p = running();
	for (int i = 0; i < 40; i++) {
		p.state = PLUGIN_RUNNING;
		plugin_on_end(&p, EXITED(EX_TEMPFAIL), START);
		plugin_judge(&p, START);
		assert_int_equal(p.state, PLUGIN_RESTARTING);
		assert_int_equal(plugin_deadline(&p), START + expected);
		expected = MIN_OF(2 * expected, PLUGIN_RESTART_MAX_USEC);
	}
	plugin_deinit(&p);
}

static void test_plugin_judge__closed_and_lives_on__ended_at_the_bound(void **state)
{
	struct plugin p = running();

	p.pid = fork();
	assert_true(p.pid >= 0);
	if (p.pid == 0) {
		(void)pause();
		_exit(0);
	}
	plugin_read_output(&p, START);
	assert_int_equal(p.out_fd, -1);
	assert_int_equal(plugin_deadline(&p), START + PLUGIN_CLOSED_USEC);
	plugin_judge(&p, START + PLUGIN_CLOSED_USEC - 1);
	assert_int_equal(p.state, PLUGIN_RUNNING);
	plugin_judge(&p, START + PLUGIN_CLOSED_USEC);
	assert_int_equal(p.state, PLUGIN_FAILED);
	assert_int_equal(waitpid(p.pid, &p.status, 0), p.pid);
	assert_true(WIFSIGNALED(p.status) && WTERMSIG(p.status) == SIGTERM);
	p.pid = 0;
	plugin_deinit(&p);
}

static void test_plugin_signal__collected__nobody(void **state)
{
	struct plugin p = running();

	/* A signal to process 0 would end this test. */
	plugin_on_end(&p, EXITED(0), START);
	plugin_signal(&p, SIGKILL);
	plugin_deinit(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plugin_judge__ended_well_and_closed__succeeded),
		cmocka_unit_test(test_plugin_judge__output_kept_open__taken_at_the_bound),
		cmocka_unit_test(test_plugin_judge__failed_with_open_output__failed_at_once),
		cmocka_unit_test(test_plugin_judge__tempfail__restarts_later_and_later),
		cmocka_unit_test(test_plugin_judge__closed_and_lives_on__ended_at_the_bound),
		cmocka_unit_test(test_plugin_signal__collected__nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
