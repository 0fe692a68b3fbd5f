/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands with real children: their bounds, what they get, and that nothing of them stays. */
#include "dispatch/runs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/util.h"

struct fixture {
	struct runs runs;
	struct hooks hooks;
	struct notice notice;
	char folder[32];
	int n_fds;
};

static int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	(void)closedir(dir);
	return n;
}

static void fail_on_complaint(void *userdata, unsigned int line, const char *text)
{
	fail_msg("%u: %s", line, text);
}

/* One hook, whose script runs in a folder of its own. */
static void use(struct fixture *f, const char *timeout, const char *script)
{
	char text[1024];

	hooks_deinit(&f->hooks);
	(void)snprintf(text, sizeof(text),
		       "[h]\nshell = yes\ntimeout = %s\ncommand = cd %s || exit 99; %s\n", timeout,
		       f->folder, script);
	assert_int_equal(hooks_parse(text, strlen(text), fail_on_complaint, NULL, &f->hooks), 0);
}

static int set_up(void **state)
{
	static struct fixture f;
	sd_event *event;
	sigset_t mask;

	f = (struct fixture){ .folder = "/tmp/test-runs-XXXXXX", .n_fds = count_fds() };
	(void)sigemptyset(&mask);
	(void)sigaddset(&mask, SIGCHLD);
	if (!mkdtemp(f.folder) || sigprocmask(SIG_BLOCK, &mask, NULL) < 0 ||
	    sd_event_new(&event) < 0)
		return -1;
	runs_init(&f.runs, event);
	notice_of_lockdown(true, &f.notice);
	*state = &f;
	return 0;
}

/* Nothing may stay: no child, no descriptor. */
static int tear_down(void **state)
{
	struct fixture *f = *state;
	char command[64];

	runs_deinit(&f->runs);
	hooks_deinit(&f->hooks);
	(void)sd_event_unref(f->runs.event);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	assert_int_equal(count_fds(), f->n_fds);
	(void)snprintf(command, sizeof(command), "rm -r %s", f->folder);
	return system(command);
}

static void submit(struct fixture *f)
{
	assert_int_equal(runs_submit(&f->runs, f->hooks.list[0], &f->notice), 0);
}

static void run_until_idle(struct fixture *f)
{
	while (f->runs.n_running > 0)
		assert_true(sd_event_run(f->runs.event, UINT64_MAX) >= 0);
}

static char *content(struct fixture *f, const char *name)
{
	char path[128], *text = NULL;
	size_t size;

	(void)snprintf(path, sizeof(path), "%s/%s", f->folder, name);
	assert_int_equal(file_read(path, 65536, &text, &size), 0);
	return text;
}

static bool exists(struct fixture *f, const char *name)
{
	char path[128];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/%s", f->folder, name);
	return stat(path, &st) == 0;
}

/* Gone, or a zombie that is somebody else's. */
static bool is_gone(pid_t pid)
{
	char path[64];
	_cleanup_free_ char *stat = NULL;
	size_t size;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	return file_read(path, 4096, &stat, &size) < 0 || strstr(stat, ") Z ");
}

/* For what no event tells of; half a minute at most. */
static void look_again(struct fixture *f, int n)
{
	assert_true(n < 3000);
	assert_true(sd_event_run(f->runs.event, 10 * USEC_PER_MSEC) >= 0);
}

static void test_runs_submit__command__gets_text_and_environment_and_nothing_else(void **state)
{
	struct fixture *f = *state;
	int open_fd = open("/dev/null", O_RDONLY); /* inherited unless it is closed */

	assert_true(setenv("SECRET_OF_OURS", "1", 1) == 0);
	use(f, "PT30S",
	    "cat >input; env >environment; ls /proc/self/fd | wc -l >fds; "
	    "trap >traps; cut -d ' ' -f 5 /proc/self/stat >group; echo $$ >pid");
	submit(f);
	run_until_idle(f);
	{
		_cleanup_free_ char *input = content(f, "input");
		_cleanup_free_ char *environment = content(f, "environment");
		_cleanup_free_ char *fds = content(f, "fds");
		_cleanup_free_ char *group = content(f, "group"), *pid = content(f, "pid");

		assert_string_equal(input, "The Mandos server is locked down: no client gets its "
					   "password.\n");
		assert_non_null(strstr(environment, "MANDOS_EVENT=lockdown\n"));
		assert_non_null(strstr(environment, "MANDOS_REASON=on\n"));
		assert_non_null(strstr(environment, "MANDOS_CLIENT=\n"));
		assert_null(strstr(environment, "SECRET_OF_OURS"));
		/* 0, 1, 2, and that of the folder which ls looks at. */
		assert_string_equal(fds, "4\n");
		assert_string_equal(group, pid);
	}
	(void)close(open_fd);
	(void)unsetenv("SECRET_OF_OURS");
}

static void test_runs_submit__at_the_bounds__waits_then_refused(void **state)
{
	struct fixture *f = *state;
	int go = -1;

	use(f, "PT30S", "echo >>begun; read line <go || :; echo >>done");
	{
		char path[128];

		(void)snprintf(path, sizeof(path), "%s/go", f->folder);
		assert_int_equal(mkfifo(path, 0600), 0);
		for (int i = 0; i < RUNS_PER_HOOK_MAX + JOBS_PER_HOOK_MAX; i++)
			submit(f);
		assert_int_equal(f->runs.n_running, RUNS_PER_HOOK_MAX);
		assert_int_equal(f->hooks.list[0]->n_waiting, JOBS_PER_HOOK_MAX);
		assert_int_equal(runs_submit(&f->runs, f->hooks.list[0], &f->notice), -ENOBUFS);
		/* Open for both, so that nobody who reads is kept waiting. */
		go = open(path, O_RDWR | O_CLOEXEC);
		for (int i = 0; i < RUNS_PER_HOOK_MAX + JOBS_PER_HOOK_MAX; i++)
			assert_int_equal(write(go, "\n", 1), 1);
	}
	run_until_idle(f);
	(void)close(go);
	{
		_cleanup_free_ char *done = content(f, "done");

		assert_int_equal(strlen(done), RUNS_PER_HOOK_MAX + JOBS_PER_HOOK_MAX);
	}
}

/* A hook that hangs leaves places to others; all hooks together have RUNS_MAX. */
static void test_runs_submit__many_hooks__have_their_places(void **state)
{
	struct fixture *f = *state;
	char text[1024] = "";

	for (int i = 0; i < 5; i++)
		(void)sprintf(text + strlen(text), "[h%d]\ncommand = sleep 60\n", i);
	assert_int_equal(hooks_parse(text, strlen(text), fail_on_complaint, NULL, &f->hooks), 0);
	for (int i = 0; i < 5; i++) {
		for (int n = 0; n < RUNS_PER_HOOK_MAX + 1; n++)
			assert_int_equal(runs_submit(&f->runs, f->hooks.list[i], &f->notice), 0);
	}
	assert_int_equal(f->runs.n_running, RUNS_MAX);
	assert_int_equal(f->hooks.list[3]->n_running, RUNS_PER_HOOK_MAX);
	assert_int_equal(f->hooks.list[4]->n_running, 0);
	assert_int_equal(f->hooks.list[4]->n_waiting, RUNS_PER_HOOK_MAX + 1);
}

static void test_runs_submit__no_such_program__is_over_at_once(void **state)
{
	struct fixture *f = *state;
	static const char text[] = "[h]\ncommand = /nonexistent/program\n";

	assert_int_equal(hooks_parse(text, strlen(text), fail_on_complaint, NULL, &f->hooks), 0);
	submit(f);
	assert_int_equal(f->runs.n_running, 0);
	assert_int_equal(f->hooks.list[0]->n_waiting, 0);
	assert_int_equal(f->hooks.list[0]->n_refs, 1);
}

/* Also what ignores SIGTERM, and what the command has started. */
static void test_runs__time_over__the_whole_group_ends(void **state)
{
	struct fixture *f = *state;

	use(f, "PT1S", "trap '' TERM; (sleep 60; echo >late) & echo $! >child; wait; sleep 60");
	submit(f);
	run_until_idle(f);
	{
		_cleanup_free_ char *child = content(f, "child");

		for (int i = 0; !is_gone((pid_t)atoi(child)); i++)
			look_again(f, i);
	}
	assert_false(exists(f, "late"));
}

/* A mail program may go on by itself. */
static void test_runs__command_done__what_it_left_goes_on(void **state)
{
	struct fixture *f = *state;

	use(f, "PT30S", "(read line <go; echo >left) >&- 2>&- & exit 0");
	{
		char path[128];

		(void)snprintf(path, sizeof(path), "%s/go", f->folder);
		assert_int_equal(mkfifo(path, 0600), 0);
		submit(f);
		run_until_idle(f);
		{
			int fd = open(path, O_WRONLY | O_CLOEXEC); /* waits for the reader */

			assert_true(fd >= 0);
			assert_int_equal(write(fd, "\n", 1), 1);
			(void)close(fd);
		}
	}
	for (int i = 0; !exists(f, "left"); i++)
		look_again(f, i);
}

static void test_runs__endless_output__does_not_hold_it_up(void **state)
{
	struct fixture *f = *state;

	use(f, "PT30S", "head -c 3000000 /dev/zero; yes | head -n 100000; echo >done");
	submit(f);
	run_until_idle(f);
	assert_true(exists(f, "done"));
}

static void test_runs_end__under_way_and_waiting__left_out_and_ended(void **state)
{
	struct fixture *f = *state;

	use(f, "PT30S", "echo >>begun; exec sleep 60");
	for (int i = 0; i < RUNS_PER_HOOK_MAX + 3; i++)
		submit(f);
	assert_int_equal(runs_end(&f->runs), 3);
	assert_int_equal(runs_submit(&f->runs, f->hooks.list[0], &f->notice), -ESHUTDOWN);
	assert_int_equal(f->runs.n_running, RUNS_PER_HOOK_MAX);
	run_until_idle(f);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_runs_submit__command__gets_text_and_environment_and_nothing_else),
		TEST(test_runs_submit__at_the_bounds__waits_then_refused),
		TEST(test_runs_submit__many_hooks__have_their_places),
		TEST(test_runs_submit__no_such_program__is_over_at_once),
		TEST(test_runs__time_over__the_whole_group_ends),
		TEST(test_runs__command_done__what_it_left_goes_on),
		TEST(test_runs__endless_output__does_not_hold_it_up),
		TEST(test_runs_end__under_way_and_waiting__left_out_and_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
