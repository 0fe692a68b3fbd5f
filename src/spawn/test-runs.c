/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of runs with real children: its bound, its deadlines, and what it signals. */
#include "spawn/runs.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/util.h"

#define TEST_MAX 3

struct fixture {
	struct launcher launcher;
	struct runs runs;
};

static int set_up(void **state)
{
	static struct fixture f;

	if (launcher_init(&f.launcher, false) < 0)
		return -1;
	runs_init(&f.runs, &f.launcher, TEST_MAX);
	*state = &f;
	return 0;
}

/* Every test leaves no child behind, whatever happened in it. */
static int tear_down(void **state)
{
	struct fixture *f = *state;

	runs_kill_all(&f->runs, 0);
	runs_expire(&f->runs, USEC_NEVER - 1);
	while (f->runs.n_alive > 0)
		runs_reap(&f->runs);
	runs_deinit(&f->runs);
	launcher_deinit(&f->launcher);
	return 0;
}

static int start(struct runs *r, uint64_t id, const char *command)
{
	return runs_start(r, id, command, strlen(command));
}

/* Waits in the kernel, without a signal handler: the child stays waitable. */
static struct spawn_msg wait_report(struct runs *r)
{
	struct spawn_msg m = { .type = SPAWN_MSG_RUN };

	while (!runs_first_report(r, &m)) {
		siginfo_t info;

		assert_int_equal(waitid(P_ALL, 0, &info, WEXITED | WNOWAIT), 0);
		runs_reap(r);
	}
	runs_drop_report(r);
	return m;
}

/* SRV-CHK-10 */
static void test_runs_start__shell_exits__reports_status(void **state)
{
	struct runs *r = &((struct fixture *)*state)->runs;
	struct spawn_msg m;

	assert_int_equal(start(r, 7, "exit 5"), 0);
	assert_int_equal(r->n_alive, 1);
	m = wait_report(r);
	assert_int_equal(m.type, SPAWN_MSG_EXITED);
	assert_int_equal(m.run, 7);
	assert_int_equal(m.exited.outcome, SPAWN_EXITED);
	assert_int_equal(m.exited.value, 5);
	assert_int_equal(r->n_runs, 0);
	assert_false(runs_first_report(r, &m));
}

static void test_runs_start__number_used_before__is_refused(void **state)
{
	struct runs *r = &((struct fixture *)*state)->runs;

	assert_int_equal(start(r, 0, "exit 0"), -EPROTO);
	assert_int_equal(start(r, 2, "exit 0"), 0);
	assert_int_equal(start(r, 2, "exit 0"), -EPROTO);
	assert_int_equal(start(r, 1, "exit 0"), -EPROTO);
	assert_int_equal(r->n_runs, 1);
}

static void test_runs_start__command_at_its_bound__runs(void **state)
{
	struct runs *r = &((struct fixture *)*state)->runs;
	static char command[EXPAND_MAX + 1];

	memset(command, ' ', sizeof(command));
	memcpy(command + EXPAND_MAX - 6, "exit 9x", 7);
	assert_int_equal(runs_start(r, 1, command, EXPAND_MAX), 0);
	assert_int_equal(wait_report(r).exited.value, 9);
	assert_int_equal(runs_start(r, 2, command, EXPAND_MAX + 1), -EPROTO);
}

/* SRV-CHK-13: the bound of the table */
static void test_runs_start__table_full__is_not_started_and_pauses(void **state)
{
	struct runs *r = &((struct fixture *)*state)->runs;
	struct spawn_msg m;

	for (uint64_t id = 1; id <= TEST_MAX; id++)
		assert_int_equal(start(r, id, "exec sleep 60"), 0);
	assert_true(runs_may_start(r));
	assert_int_equal(start(r, TEST_MAX + 1, "exit 0"), 0);
	assert_false(runs_may_start(r));
	assert_int_equal(r->n_alive, TEST_MAX);
	assert_true(runs_first_report(r, &m));
	assert_int_equal(m.run, TEST_MAX + 1);
	assert_int_equal(m.exited.outcome, SPAWN_NOT_STARTED);
	assert_int_equal(m.exited.value, EAGAIN);
	runs_drop_report(r);
	assert_true(runs_may_start(r));
}

/* SRV-CHK-12 */
static void test_runs_kill__term_is_enough__ends_by_it(void **state)
{
	struct runs *r = &((struct fixture *)*state)->runs;
	struct spawn_msg m;

	assert_int_equal(start(r, 1, "exec sleep 60"), 0);
	assert_int_equal(runs_kill(r, 1, 1000), 0);
	assert_int_equal(runs_deadline(r), 1000 + RUNS_GRACE_USEC);
	m = wait_report(r);
	assert_int_equal(m.exited.outcome, SPAWN_SIGNALLED);
	assert_int_equal(m.exited.value, SIGTERM);
	assert_int_equal(runs_deadline(r), USEC_NEVER);
}

static void test_runs_kill__repeated__does_not_prolong_the_grace(void **state)
{
	struct runs *r = &((struct fixture *)*state)->runs;

	assert_int_equal(start(r, 1, "trap '' TERM; while :; do sleep 60; done"), 0);
	assert_int_equal(runs_kill(r, 1, 1000), 0);
	assert_int_equal(runs_kill(r, 1, 5000), 0);
	assert_int_equal(runs_deadline(r), 1000 + RUNS_GRACE_USEC);
}

static void test_runs_kill__ended_or_never_started__is_told_apart(void **state)
{
	struct runs *r = &((struct fixture *)*state)->runs;

	assert_int_equal(start(r, 5, "exit 0"), 0);
	(void)wait_report(r);
	assert_int_equal(runs_kill(r, 5, 0), 0);
	assert_int_equal(runs_kill(r, 6, 0), -EPROTO);
	assert_int_equal(runs_kill(r, 0, 0), -EPROTO);
}

/* The shell says when it ignores SIGTERM, by closing a pipe; SIGSTOP would do as well. */
static void test_runs_expire__term_ignored__kills_at_the_deadline_and_not_before(void **state)
{
	struct runs *r = &((struct fixture *)*state)->runs;
	struct spawn_msg m;

	assert_int_equal(start(r, 1, "trap '' TERM; kill -STOP $$; sleep 60"), 0);
	{
		siginfo_t info;

		assert_int_equal(waitid(P_ALL, 0, &info, WSTOPPED), 0);
		assert_int_equal(kill(-info.si_pid, SIGCONT), 0);
	}
	assert_int_equal(runs_kill(r, 1, 0), 0);
	runs_expire(r, RUNS_GRACE_USEC - 1);
	assert_int_equal(runs_deadline(r), RUNS_GRACE_USEC);
	runs_reap(r);
	assert_int_equal(r->n_alive, 1);
	runs_expire(r, RUNS_GRACE_USEC);
	assert_int_equal(runs_deadline(r), USEC_NEVER);
	m = wait_report(r);
	assert_int_equal(m.exited.outcome, SPAWN_SIGNALLED);
	assert_int_equal(m.exited.value, SIGKILL);
}

static void test_runs_reap__many_runs__each_is_reported_once(void **state)
{
	struct fixture *f = *state;
	struct runs *r = &f->runs;
	uint8_t seen[201] = { 0 };

	runs_init(r, &f->launcher, 200);
	for (uint64_t id = 1; id <= 200; id++)
		assert_int_equal(start(r, id, id % 2 ? "exit 1" : "exit 0"), 0);
	for (int i = 0; i < 200; i++) {
		struct spawn_msg m = wait_report(r);

		assert_int_equal(m.exited.value, m.run % 2);
		assert_int_equal(seen[m.run]++, 0);
	}
	assert_int_equal(r->n_runs, 0);
	assert_int_equal(r->n_alive, 0);
}

static void test_runs_reap__child_that_is_no_run__is_reaped_and_ignored(void **state)
{
	struct runs *r = &((struct fixture *)*state)->runs;
	struct spawn_msg m;
	siginfo_t info;
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	assert_true(pid > 0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	runs_reap(r);
	assert_false(runs_first_report(r, &m));
	assert_int_equal(waitpid(pid, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_runs_start__shell_exits__reports_status),
		TEST(test_runs_start__number_used_before__is_refused),
		TEST(test_runs_start__command_at_its_bound__runs),
		TEST(test_runs_start__table_full__is_not_started_and_pauses),
		TEST(test_runs_kill__term_is_enough__ends_by_it),
		TEST(test_runs_kill__repeated__does_not_prolong_the_grace),
		TEST(test_runs_kill__ended_or_never_started__is_told_apart),
		TEST(test_runs_expire__term_ignored__kills_at_the_deadline_and_not_before),
		TEST(test_runs_reap__many_runs__each_is_reported_once),
		TEST(test_runs_reap__child_that_is_no_run__is_reaped_and_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
