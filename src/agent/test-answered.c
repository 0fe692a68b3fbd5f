/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/answered.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static int folder(char name[])
{
	int fd;

	assert_non_null(mkdtemp(name));
	fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static void end(int fd, const char *name)
{
	(void)unlinkat(fd, ANSWERED_FILE, 0);
	(void)close(fd);
	assert_int_equal(rmdir(name), 0);
}

static void test_answered__who_was_answered__is_known(void **state)
{
	const struct ask_file asker = { .pid = 12, .id = "disk b" }, none = { .pid = 12 };
	const struct ask_file others[] = {
		{ .pid = 12, .id = "disk" },	{ .pid = 1, .id = "2 disk b" },
		{ .pid = 12, .id = "disk bc" }, { .pid = 2, .id = "disk b" },
		{ .pid = 123, .id = "disk b" },
	};
	char name[] = "/tmp/test-answered-XXXXXX";
	int fd = folder(name);

	assert_false(answered_has(fd, &asker));
	answered_add(fd, &asker);
	answered_add(fd, &none);
	assert_true(answered_has(fd, &asker));
	assert_false(answered_has(fd, &none));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_false(answered_has(fd, &others[i]));
	answered_add(fd, &others[0]);
	assert_true(answered_has(fd, &asker));
	assert_true(answered_has(fd, &others[0]));
	end(fd, name);
}

static void test_answered_add__full__not_added(void **state)
{
	struct ask_file asker = { .pid = 1 };
	char name[] = "/tmp/test-answered-XXXXXX";
	int fd = folder(name);
	struct stat st;

	memset(asker.id, 'i', sizeof(asker.id) - 1);
	for (size_t size = 0; size <= ANSWERED_SIZE_MAX; size += sizeof(asker.id)) {
		asker.pid++;
		answered_add(fd, &asker);
	}
	assert_false(answered_has(fd, &asker));
	assert_int_equal(fstatat(fd, ANSWERED_FILE, &st, 0), 0);
	assert_in_range(st.st_size, ANSWERED_SIZE_MAX - 2 * sizeof(asker.id), ANSWERED_SIZE_MAX);
	asker.pid = 2;
	assert_true(answered_has(fd, &asker));
	end(fd, name);
}

/* Somebody else's file is neither read nor written. */
static void test_answered__link__not_followed(void **state)
{
	const struct ask_file asker = { .pid = 12, .id = "disk" };
	char name[] = "/tmp/test-answered-XXXXXX";
	int fd = folder(name);

	assert_int_equal(symlinkat("target", fd, ANSWERED_FILE), 0);
	answered_add(fd, &asker);
	assert_int_equal(faccessat(fd, "target", F_OK, 0), -1);
	assert_false(answered_has(fd, &asker));
	end(fd, name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answered__who_was_answered__is_known),
		cmocka_unit_test(test_answered_add__full__not_added),
		cmocka_unit_test(test_answered__link__not_followed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
