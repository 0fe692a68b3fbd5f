/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CLI-PGP-3, CLI-PGP-9, D2. */
#include "client/gpg-home.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"
#include "client/gpg-processes.h"

struct fixture {
	char dir[32];
	char place[48]; /* does not exist yet */
	struct gpg_home home;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	(void)strcpy(f->dir, "/tmp/test-home-XXXXXX");
	if (!mkdtemp(f->dir))
		return -1;
	(void)snprintf(f->place, sizeof(f->place), "%s/place", f->dir);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	char command[96];

	(void)snprintf(command, sizeof(command), "chmod -R u+w %s; rm -rf %s", f->dir, f->dir);
	if (system(command) != 0)
		return -1;
	free(f);
	return 0;
}

static void write_text(const char *dir, const char *name, const char *text)
{
	char path[256];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void make_directory(const char *dir, const char *name)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(mkdir(path, 0700), 0);
}

static bool exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static void test_gpg_home_make__first_place_exists__private_directory_there(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	assert_int_equal(mkdir(f->place, 0700), 0);
	assert_int_equal(gpg_home_make_under(&f->home, f->place, f->dir), 0);
	assert_int_equal(strncmp(f->home.path, f->place, strlen(f->place)), 0);
	assert_int_equal(stat(f->home.path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(gpg_home_remove(&f->home), 0);
	assert_int_equal(rmdir(f->place), 0);
}

static void test_gpg_home_make__first_place_missing__other_place(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(gpg_home_make_under(&f->home, f->place, f->dir), 0);
	assert_int_equal(strncmp(f->home.path, f->dir, strlen(f->dir)), 0);
	assert_int_equal(gpg_home_remove(&f->home), 0);
}

/* Not a directory instead of not writable: root may write everywhere. */
static void test_gpg_home_make__first_place_unusable__error(void **state)
{
	struct fixture *f = *state;

	write_text(f->dir, "place", "");
	assert_int_equal(gpg_home_make_under(&f->home, f->place, f->dir), -ENOTDIR);
	assert_string_equal(f->home.path, "");
	assert_int_equal(gpg_home_remove(&f->home), 0);
}

static void test_gpg_home_make__both_places_missing__error(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(gpg_home_make_under(&f->home, f->place, f->place), -ENOENT);
	assert_int_equal(gpg_home_remove(&f->home), 0);
}

static void test_gpg_home_remove__files_sockets_directories__all_gone(void **state)
{
	struct fixture *f = *state;
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	_cleanup_fd_ int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	char path[GPG_HOME_PATH_MAX];

	assert_int_equal(gpg_home_make_under(&f->home, f->place, f->dir), 0);
	(void)strcpy(path, f->home.path);
	make_directory(path, "private-keys-v1.d");
	write_text(path, "private-keys-v1.d/A.key", "secret");
	write_text(path, "pubring.kbx", "public");
	make_directory(path, "empty");
	(void)snprintf(sa.sun_path, sizeof(sa.sun_path), "%s/S.gpg-agent", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);

	assert_int_equal(gpg_home_remove(&f->home), 0);
	assert_false(exists(path));
	assert_int_equal(gpg_home_remove(&f->home), 0);
}

static void test_gpg_home_remove__private_key__erased_before_removal(void **state)
{
	struct fixture *f = *state;
	char path[256], content[8];
	int fd;

	assert_int_equal(gpg_home_make_under(&f->home, f->place, f->dir), 0);
	make_directory(f->home.path, "private-keys-v1.d");
	write_text(f->home.path, "private-keys-v1.d/A.key", "secret");
	(void)snprintf(path, sizeof(path), "%s/private-keys-v1.d/A.key", f->home.path);
	fd = open(path, O_RDONLY);
	assert_true(fd >= 0);
	assert_int_equal(gpg_home_remove(&f->home), 0);
	assert_int_equal(read(fd, content, sizeof(content)), 6);
	assert_memory_equal(content, "\0\0\0\0\0\0", 6);
	(void)fd_close(fd);
}

static void test_gpg_home_remove__symbolic_links__targets_untouched(void **state)
{
	struct fixture *f = *state;
	char link_path[256], outside[64], content[8] = "";
	FILE *file;

	make_directory(f->dir, "outside");
	write_text(f->dir, "outside/file", "kept");
	(void)snprintf(outside, sizeof(outside), "%s/outside", f->dir);
	assert_int_equal(gpg_home_make_under(&f->home, f->place, f->dir), 0);
	(void)snprintf(link_path, sizeof(link_path), "%s/private-keys-v1.d", f->home.path);
	assert_int_equal(symlink(outside, link_path), 0);
	(void)snprintf(link_path, sizeof(link_path), "%s/file", f->home.path);
	(void)snprintf(outside, sizeof(outside), "%s/outside/file", f->dir);
	assert_int_equal(symlink(outside, link_path), 0);

	assert_int_equal(gpg_home_remove(&f->home), 0);
	file = fopen(outside, "r");
	assert_non_null(file);
	assert_int_equal(fread(content, 1, sizeof(content) - 1, file), 4);
	assert_string_equal(content, "kept");
	(void)fclose(file);
}

static void test_gpg_home_remove__at_and_beyond_the_depth__removed_or_refused(void **state)
{
	struct fixture *f = *state;
	char path[GPG_HOME_PATH_MAX];

	assert_int_equal(GPG_HOME_DEPTH_MAX, 4);
	assert_int_equal(gpg_home_make_under(&f->home, f->place, f->dir), 0);
	(void)strcpy(path, f->home.path);
	make_directory(path, "2");
	make_directory(path, "2/3");
	make_directory(path, "2/3/4");
	write_text(path, "2/3/4/file", "");
	assert_int_equal(gpg_home_remove(&f->home), 0);
	assert_false(exists(path));

	assert_int_equal(gpg_home_make_under(&f->home, f->place, f->dir), 0);
	(void)strcpy(path, f->home.path);
	make_directory(path, "2");
	make_directory(path, "2/3");
	make_directory(path, "2/3/4");
	make_directory(path, "2/3/4/5");
	assert_true(gpg_home_remove(&f->home) < 0);
	assert_true(exists(path));
}

/*
 * A shell that has @home on its command line and waits for ever; if @deaf it ignores SIGTERM. It is
 * ready once it has written a line.
 */
static pid_t start_child(const char *home, bool deaf)
{
	int out[2], in[2];
	pid_t pid;
	char byte;

	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		/* It keeps the other end itself, so that reading never ends. */
		if (dup2(in[0], STDIN_FILENO) < 0 || dup(in[1]) < 0 ||
		    dup2(out[1], STDOUT_FILENO) < 0)
			_exit(126);
		(void)execl("/bin/sh", "sh", "-c",
			    deaf ? "trap '' TERM; echo; read line" : "echo; read line", home, NULL);
		_exit(127);
	}
	(void)fd_close(out[1]);
	assert_int_equal(read(out[0], &byte, 1), 1);
	(void)fd_close(out[0]);
	(void)fd_close(in[0]);
	(void)fd_close(in[1]);
	return pid;
}

static int end_of(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	return WTERMSIG(status);
}

static void test_gpg_processes_end__obedient_deaf_and_stranger__strangers_live(void **state)
{
	struct fixture *f = *state;
	pid_t obedient = start_child(f->dir, false);
	pid_t deaf = start_child(f->dir, true);
	pid_t stranger = start_child("/somewhere/else", false);
	int status;

	gpg_processes_end(f->dir, 50 * USEC_PER_MSEC);
	assert_int_equal(end_of(obedient), SIGTERM);
	assert_int_equal(end_of(deaf), SIGKILL);
	assert_int_equal(waitpid(stranger, &status, WNOHANG), 0);
	assert_int_equal(kill(stranger, SIGKILL), 0);
	assert_int_equal(end_of(stranger), SIGKILL);
}

static void test_gpg_processes_end__more_than_the_bound__all_end(void **state)
{
	struct fixture *f = *state;
	pid_t pids[GPG_PROCESSES_MAX + 1];

	for (size_t i = 0; i < ARRAY_SIZE(pids); i++)
		pids[i] = start_child(f->dir, false);
	gpg_processes_end(f->dir, GPG_HOME_GRACE_USEC);
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++)
		assert_int_equal(end_of(pids[i]), SIGTERM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(test_gpg_home_make__first_place_exists__private_directory_there),
		TEST(test_gpg_home_make__first_place_missing__other_place),
		TEST(test_gpg_home_make__first_place_unusable__error),
		TEST(test_gpg_home_make__both_places_missing__error),
		TEST(test_gpg_home_remove__files_sockets_directories__all_gone),
		TEST(test_gpg_home_remove__private_key__erased_before_removal),
		TEST(test_gpg_home_remove__symbolic_links__targets_untouched),
		TEST(test_gpg_home_remove__at_and_beyond_the_depth__removed_or_refused),
		TEST(test_gpg_processes_end__obedient_deaf_and_stranger__strangers_live),
		TEST(test_gpg_processes_end__more_than_the_bound__all_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
