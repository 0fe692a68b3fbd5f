/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CLI-KEY-4, CLI-KEY-7, CLI-KEY-8; erase.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "keygen/erase.h"
#include "keygen/install.h"

struct fixture {
	char dir[64];
	struct secret *data[2];
	struct install_file files[2];
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	strcpy(f->dir, "/tmp/test-install-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	f->data[0] = secret_copy("new one", 7);
	f->data[1] = secret_copy("new two", 7);
	f->files[0] = (struct install_file){ "one", f->data[0] };
	f->files[1] = (struct install_file){ "two", f->data[1] };
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	secret_free(f->data[0]);
	secret_free(f->data[1]);
	(void)erase_tree(f->dir);
	free(f);
	return 0;
}

static void path_of(const struct fixture *f, const char *name, char ret[PATH_MAX])
{
	(void)snprintf(ret, PATH_MAX, "%s/%s", f->dir, name);
}

static void put(const struct fixture *f, const char *name, const char *text, mode_t mode)
{
	char path[PATH_MAX];
	FILE *file;

	path_of(f, name, path);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static void assert_file(const struct fixture *f, const char *name, const char *want, mode_t mode)
{
	char path[PATH_MAX], *data;
	struct stat st;
	size_t size;

	path_of(f, name, path);
	assert_int_equal(file_read(path, 100, &data, &size), 0);
	assert_string_equal(data, want);
	free(data);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, mode);
	assert_int_equal(st.st_nlink, 1);
}

static size_t count_entries(const struct fixture *f)
{
	DIR *d = opendir(f->dir);
	size_t n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

static void test_install_backup_number__names__only_canonical_ones(void **state)
{
	assert_int_equal(install_backup_number("a.txt", "a.txt.~1~"), 1);
	assert_int_equal(install_backup_number("a.txt", "a.txt.~120~"), 120);
	assert_int_equal(install_backup_number("a.txt", "a.txt.~999999999~"), INSTALL_BACKUP_MAX);
	assert_int_equal(install_backup_number("a.txt", "a.txt.~1000000000~"), 0);
	assert_int_equal(install_backup_number("a.txt", "a.txt.~01~"), 0);
	assert_int_equal(install_backup_number("a.txt", "a.txt.~~"), 0);
	assert_int_equal(install_backup_number("a.txt", "a.txt.~1"), 0);
	assert_int_equal(install_backup_number("a.txt", "a.txt.~1~x"), 0);
	assert_int_equal(install_backup_number("a.txt", "a.txt~"), 0);
	assert_int_equal(install_backup_number("a.txt", "b.txt.~1~"), 0);
}

static void test_install_files__empty_directory__all_with_mode_0600(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(install_files(f->dir, f->files, 2, false), 0);
	assert_file(f, "one", "new one", 0600);
	assert_file(f, "two", "new two", 0600);
	assert_int_equal(count_entries(f), 2);
}

static void test_install_files__no_data__file_left_alone(void **state)
{
	struct fixture *f = *state;

	put(f, "one", "old", 0640);
	f->files[0].data = NULL;
	assert_int_equal(install_files(f->dir, f->files, 2, true), 0);
	assert_file(f, "one", "old", 0640);
	assert_file(f, "two", "new two", 0600);
	assert_int_equal(count_entries(f), 2);
}

static void test_install_files__last_exists__none_installed(void **state)
{
	struct fixture *f = *state;

	put(f, "two", "old", 0640);
	assert_int_equal(install_files(f->dir, f->files, 2, false), -EEXIST);
	assert_file(f, "two", "old", 0640);
	assert_int_equal(count_entries(f), 1);
}

static void test_install_files__replace__numbered_backup_of_the_same_mode(void **state)
{
	struct fixture *f = *state;

	put(f, "one", "old", 0640);
	put(f, "one.~7~", "older", 0600);
	assert_int_equal(install_files(f->dir, f->files, 2, true), 0);
	assert_file(f, "one", "new one", 0600);
	assert_file(f, "one.~8~", "old", 0640);
	assert_file(f, "one.~7~", "older", 0600);
	assert_file(f, "two", "new two", 0600);
	assert_int_equal(count_entries(f), 4);
}

static void test_install_files__replace_fails_midway__all_as_before(void **state)
{
	struct fixture *f = *state;

	put(f, "one", "old one", 0640);
	put(f, "two", "old two", 0640);
	put(f, "two.~999999999~", "last possible", 0600);
	assert_int_equal(install_files(f->dir, f->files, 2, true), -ERANGE);
	assert_file(f, "one", "old one", 0640);
	assert_file(f, "two", "old two", 0640);
	assert_int_equal(count_entries(f), 3);
}

static void test_install_files__first_is_new_and_second_fails__first_removed(void **state)
{
	struct fixture *f = *state;

	put(f, "two", "old two", 0640);
	put(f, "two.~999999999~", "last possible", 0600);
	assert_int_equal(install_files(f->dir, f->files, 2, true), -ERANGE);
	assert_int_equal(count_entries(f), 2);
}

static void test_install_files__too_many__refused(void **state)
{
	struct fixture *f = *state;
	struct install_file many[INSTALL_FILES_MAX + 1];

	for (size_t i = 0; i < ARRAY_SIZE(many); i++)
		many[i] = f->files[0];
	assert_int_equal(install_files(f->dir, many, ARRAY_SIZE(many), true), -E2BIG);
	assert_int_equal(count_entries(f), 0);
}

static void test_erase_file_at__open_elsewhere__bytes_are_gone(void **state)
{
	struct fixture *f = *state;
	char path[PATH_MAX], text[8];
	int fd, dir_fd = open(f->dir, O_RDONLY | O_DIRECTORY);

	put(f, "secret", "secret!", 0600);
	path_of(f, "secret", path);
	fd = open(path, O_RDONLY);
	assert_true(fd >= 0 && dir_fd >= 0);
	assert_int_equal(erase_file_at(dir_fd, "secret"), 0);
	assert_int_equal(read(fd, text, sizeof(text)), 7);
	assert_memory_equal(text, "\0\0\0\0\0\0\0", 7);
	assert_int_equal(count_entries(f), 0);
	close(fd);
	close(dir_fd);
}

static void test_erase_tree__symbolic_link__target_untouched(void **state)
{
	struct fixture *f = *state;
	char target[PATH_MAX], tree[PATH_MAX], link[PATH_MAX];

	put(f, "target", "keep", 0600);
	path_of(f, "target", target);
	path_of(f, "tree", tree);
	path_of(f, "tree/link", link);
	assert_int_equal(mkdir(tree, 0700), 0);
	assert_int_equal(symlink(target, link), 0);
	assert_int_equal(erase_tree(tree), 0);
	assert_file(f, "target", "keep", 0600);
	assert_int_equal(count_entries(f), 1);
}

static void test_erase_tree__at_the_bound__deeper_is_an_error(void **state)
{
	struct fixture *f = *state;
	char path[PATH_MAX] = "tree", tree[PATH_MAX], full[PATH_MAX];

	path_of(f, "tree", tree);
	for (int depth = 1; depth <= ERASE_DEPTH_MAX; depth++) {
		path_of(f, path, full);
		assert_int_equal(mkdir(full, 0700), 0);
		strcat(path, "/x");
	}
	assert_int_equal(erase_tree(tree), 0);

	strcpy(path, "tree");
	for (int depth = 1; depth <= ERASE_DEPTH_MAX + 1; depth++) {
		path_of(f, path, full);
		assert_int_equal(mkdir(full, 0700), 0);
		strcat(path, "/x");
	}
	assert_int_equal(erase_tree(tree), -ELOOP);
	/* From one level below, the rest is within the bound. */
	strcat(tree, "/x");
	assert_int_equal(erase_tree(tree), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_install_backup_number__names__only_canonical_ones),
		TEST(test_install_files__empty_directory__all_with_mode_0600),
		TEST(test_install_files__no_data__file_left_alone),
		TEST(test_install_files__last_exists__none_installed),
		TEST(test_install_files__replace__numbered_backup_of_the_same_mode),
		TEST(test_install_files__replace_fails_midway__all_as_before),
		TEST(test_install_files__first_is_new_and_second_fails__first_removed),
		TEST(test_install_files__too_many__refused),
		TEST(test_erase_file_at__open_elsewhere__bytes_are_gone),
		TEST(test_erase_tree__symbolic_link__target_untouched),
		TEST(test_erase_tree__at_the_bound__deeper_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
