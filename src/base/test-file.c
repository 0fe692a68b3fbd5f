/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whole files, at the bound and at what is no file. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"

static char path[] = "/tmp/test-file-XXXXXX";

/* A name is needed only by file_read(); the file is there for the whole group. */
static int set_up(void **state)
{
	int fd = mkstemp(path);

	(void)fd_close(fd);
	return fd < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
	return unlink(path);
}

static void write_file(const void *data, size_t size)
{
	_cleanup_fd_ int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, size), size);
}

static void test_file_read__text_with_nul_inside__is_verbatim_and_terminated(void **state)
{
	_cleanup_free_ char *data = NULL;
	size_t size = 0;

	write_file("a\0b\n", 4);
	assert_int_equal(file_read(path, 100, &data, &size), 0);
	assert_int_equal(size, 4);
	assert_memory_equal(data, "a\0b\n", 5);
}

static void test_file_read__empty__is_not_null(void **state)
{
	_cleanup_free_ char *data = NULL;
	size_t size = 1;

	write_file("", 0);
	assert_int_equal(file_read(path, 0, &data, &size), 0);
	assert_int_equal(size, 0);
	assert_string_equal(data, "");
}

static void test_file_read__at_and_above_the_bound__is_told_apart(void **state)
{
	static char big[100000];
	char *data = NULL;
	size_t size = 0;

	memset(big, 'x', sizeof(big));
	write_file(big, sizeof(big));
	assert_int_equal(file_read(path, sizeof(big) - 1, &data, &size), -EFBIG);
	assert_null(data);
	assert_int_equal(size, 0);
	assert_int_equal(file_read(path, sizeof(big), &data, &size), 0);
	assert_int_equal(size, sizeof(big));
	assert_memory_equal(data, big, sizeof(big));
	free(data);
}

static void test_file_read__no_file__is_an_error(void **state)
{
	char *data = NULL;
	size_t size = 0;

	assert_int_equal(file_read("/nonexistent/file", 100, &data, &size), -ENOENT);
	assert_int_equal(file_read("/", 100, &data, &size), -EISDIR);
	assert_null(data);
}

static void test_file_read__endless__stops_at_the_bound(void **state)
{
	char *data = NULL;
	size_t size = 0;

	assert_int_equal(file_read("/dev/zero", 1000000, &data, &size), -EFBIG);
	assert_int_equal(file_read("/dev/zero", 10, &data, &size), -EFBIG);
	assert_null(data);
}

/* Such files say that they have no bytes. */
static void test_file_read__in_proc__is_whole(void **state)
{
	_cleanup_free_ char *data = NULL;
	size_t size = 0;

	assert_int_equal(file_read("/proc/self/status", 100000, &data, &size), 0);
	assert_true(size > 100);
	assert_non_null(strstr(data, "\nPid:"));
	assert_int_equal(data[size - 1], '\n');
}

static void test_file_read_fd__pipe__is_read_to_its_end_and_stays_open(void **state)
{
	static char sent[40000];
	_cleanup_free_ char *data = NULL;
	size_t size = 0;
	int fds[2];

	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = (char)(i * 7 / 3);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(write(fds[1], sent, sizeof(sent)), sizeof(sent));
	fds[1] = fd_close(fds[1]);
	assert_int_equal(file_read_fd(fds[0], sizeof(sent), &data, &size), 0);
	assert_int_equal(size, sizeof(sent));
	assert_memory_equal(data, sent, sizeof(sent));
	assert_int_not_equal(fcntl(fds[0], F_GETFD), -1);
	fds[0] = fd_close(fds[0]);
	assert_int_equal(file_read_fd(-1, 10, &data, &size), -EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file_read__text_with_nul_inside__is_verbatim_and_terminated),
		cmocka_unit_test(test_file_read__empty__is_not_null),
		cmocka_unit_test(test_file_read__at_and_above_the_bound__is_told_apart),
		cmocka_unit_test(test_file_read__no_file__is_an_error),
		cmocka_unit_test(test_file_read__endless__stops_at_the_bound),
		cmocka_unit_test(test_file_read__in_proc__is_whole),
		cmocka_unit_test(test_file_read_fd__pipe__is_read_to_its_end_and_stays_open),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
