/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Each case in a child of its own. They need a kernel with Landlock: without it they fail, rather
 * than be passed by.
 */
#include "base/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
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

#include "base/sandbox.h"

/* The exit status of a child: the number of the check that failed, or 0. */
#define CHECK(condition)                           \
	do {                                       \
		if (!(condition))                  \
			_exit(__LINE__ % 250 + 1); \
	} while (0)

#define FAILS_WITH(call, error) (errno = 0, (call) == -1 && errno == (error))

static int status_of_child(void (*run)(void))
{
	int status = -1;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		run();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static char directory[64], inside[128], outside[128];

static int make_directory(void **state)
{
	(void)strcpy(directory, "/tmp/mandos-landlock-XXXXXX");
	if (!mkdtemp(directory))
		return -1;
	(void)snprintf(inside, sizeof(inside), "%s/in", directory);
	(void)snprintf(outside, sizeof(outside), "%s-outside", directory);
	return mkdir(inside, 0700);
}

static int remove_directory(void **state)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/file", inside);
	(void)unlink(path);
	(void)unlink(outside);
	return rmdir(inside) < 0 || rmdir(directory) < 0 ? -1 : 0;
}

static int make_file(const char *in)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/file", in);
	return open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
}

static void run_places(void)
{
	const struct landlock_place places[] = {
		{ .fd = open("/", O_PATH | O_CLOEXEC) },
		{ .fd = open(inside, O_PATH | O_CLOEXEC), .may_write = true },
	};
	char path[] = "/bin/true";
	char *argv[] = { path, NULL };

	CHECK(sandbox_no_new_privileges() == 0);
	CHECK(landlock_enter(&(struct landlock_rules){ .places = places, .n_places = 2 }) > 0);
	CHECK(open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0);
	CHECK(make_file(inside) >= 0);
	CHECK(FAILS_WITH(make_file(directory), EACCES));
	CHECK(FAILS_WITH(open(outside, O_CREAT | O_WRONLY | O_CLOEXEC, 0600), EACCES));
	CHECK(FAILS_WITH(open("/dev/null", O_RDWR | O_CLOEXEC), EACCES));
	CHECK(FAILS_WITH(execve(path, argv, argv), EACCES));
}

static void run_alone(void)
{
	CHECK(sandbox_no_new_privileges() == 0);
	CHECK(landlock_enter(&(struct landlock_rules){ .is_alone = true }) > 0);
	CHECK(FAILS_WITH(open("/etc/passwd", O_RDONLY | O_CLOEXEC), EACCES));
	CHECK(FAILS_WITH(open("/", O_RDONLY | O_CLOEXEC), EACCES));
}

static void run_closed_place(void)
{
	const struct landlock_place place = { .fd = -1 };

	CHECK(sandbox_no_new_privileges() == 0);
	CHECK(landlock_enter(&(struct landlock_rules){ .places = &place, .n_places = 1 }) ==
	      -EBADF);
	CHECK(open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0);
}

static void test_landlock_enter__places__only_there(void **state)
{
	assert_int_equal(status_of_child(run_places), 0);
}

static void test_landlock_enter__no_place__no_files(void **state)
{
	assert_int_equal(status_of_child(run_alone), 0);
}

static void test_landlock_enter__place_is_not_open__nothing_changes(void **state)
{
	assert_int_equal(status_of_child(run_closed_place), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_landlock_enter__places__only_there,
						make_directory, remove_directory),
		cmocka_unit_test(test_landlock_enter__no_place__no_files),
		cmocka_unit_test(test_landlock_enter__place_is_not_open__nothing_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
