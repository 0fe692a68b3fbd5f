/* SPDX-License-Identifier: GPL-3.0-or-later */
/* D23, D24, CLI-PROMPT-3. */
#include "plugins/processes.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Nobody is found, so nobody is ended: least of all everybody, which is what -1 means to kill(2).
 */
static void test_processes_find__proc_cannot_be_opened__error_and_nobody(void **state)
{
	struct rlimit before, none;
	struct process p;
	int r;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	r = processes_find("/sbin/usplash", &p);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(r, -EMFILE);
	assert_int_equal(p.fd, -1);
	assert_null(p.argv);
	process_end(&p);
	process_deinit(&p);
}

static void test_processes_find__nobody__no_such_process(void **state)
{
	struct process p;

	assert_int_equal(processes_find("/nonexistent/program", &p), -ESRCH);
	assert_int_equal(p.fd, -1);
	process_deinit(&p);
	assert_false(processes_has_name("no-such-program-anywhere"));
}

static void test_process_end__child__ended(void **state)
{
	struct process p;
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		(void)pause();
		_exit(0);
	}
	assert_int_equal(process_hold(pid, &p), 0);
	assert_non_null(p.argv);
	assert_false(process_has_ended(&p, 0));
	process_end(&p);
	assert_true(process_has_ended(&p, 0));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	/* Its number may be somebody else's now; the descriptor is nobody's. */
	process_end(&p);
	process_deinit(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_processes_find__proc_cannot_be_opened__error_and_nobody),
		cmocka_unit_test(test_processes_find__nobody__no_such_process),
		cmocka_unit_test(test_process_end__child__ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
