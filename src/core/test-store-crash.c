/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a failing machine leaves of the state: kill -9, power cuts, torn logs, full and read-only
 * disks. SRV-STATE-3, SRV-STATE-4, SRV-STATE-5.
 */
#include "core/test-store.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "base/file.h"

#define N_TOGETHER 3
#define SKIPPED	   77

/* In a child, where cmocka's assertions would jump into the parent's tests. */
#define CHECK(condition)                                                                \
	do {                                                                            \
		if (!(condition)) {                                                     \
			(void)dprintf(STDERR_FILENO, "%s:%d: %s\n", __FILE__, __LINE__, \
				      #condition);                                      \
			_exit(1);                                                       \
		}                                                                       \
	} while (0)

static void copy_file(const char *from, const char *to)
{
	_cleanup_free_ char *data = NULL;
	_cleanup_fd_ int fd = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	size_t size;

	assert_true(fd >= 0);
	assert_int_equal(file_read(from, (size_t)1 << 26, &data, &size), 0);
	assert_int_equal(write(fd, data, size), (ssize_t)size);
}

/*
 * Syncs of the SQLite library come here, since a program's own symbols are found first. While
 * @shadow is set, a file's content is copied there whenever it is synced: the directory then holds
 * what a power cut is sure to leave, and nothing that was only written.
 */
static const char *shadow;
static unsigned int n_syncs;

static void keep_synced(int fd)
{
	char link[64], path[256], to[256];
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	n_syncs++;
	if (!shadow)
		return;
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	assert_true(n > 0);
	path[n] = '\0';
	(void)snprintf(to, sizeof(to), "%s%s", shadow, strrchr(path, '/'));
	copy_file(path, to);
}

__attribute__((visibility("default"))) int fdatasync(int fd)
{
	keep_synced(fd);
	return (int)syscall(SYS_fdatasync, fd);
}

__attribute__((visibility("default"))) int fsync(int fd)
{
	keep_synced(fd);
	return (int)syscall(SYS_fsync, fd);
}

static void put_together(struct store *s, uint64_t n)
{
	for (int i = 0; i < N_TOGETHER; i++) {
		char name[16];
		struct store_record record;

		(void)snprintf(name, sizeof(name), "client%d", i);
		record = record_of(name, n);
		/* Both ways of changing a record. */
		if (store_put_life(s, name, &record.life) == -ENOENT)
			(void)store_put(s, &record);
	}
}

static int expect_same(void *userdata, const struct store_record *record)
{
	uint64_t *n = userdata;

	if (*n == UINT64_MAX)
		*n = record->life.last_checked_ok;
	assert_int_equal(record->life.last_checked_ok, *n);
	assert_int_equal(record->life.created, 1000 + *n);
	return 0;
}

/* The number of the last commit that is there, whole. */
static uint64_t last_commit(const char *directory)
{
	_cleanup_free_ char *problem = NULL;
	struct store *s = NULL;
	uint64_t n = UINT64_MAX;
	int r = store_open(directory, &s, &problem);

	assert_true(r == STORE_OPEN_OK || r == STORE_OPEN_NEW);
	assert_int_equal(store_load(s, expect_same, &n), 0);
	store_close(s);
	return n == UINT64_MAX ? 0 : n;
}

static void keep_result_only(void *userdata, int result)
{
	*(int *)userdata = result;
}

static _noreturn_ void commit_until_killed(int fd, uint64_t n)
{
	struct store *s = NULL;
	char *problem = NULL;
	int r = store_open(test_directory, &s, &problem);

	CHECK(r == STORE_OPEN_OK || r == STORE_OPEN_NEW);
	for (;;) {
		put_together(s, ++n);
		r = 1;
		store_commit(s, keep_result_only, &r);
		CHECK(r == 0);
		CHECK(write(fd, &n, sizeof(n)) == sizeof(n));
	}
}

static void test_store_commit__killed_after_reporting__is_kept_whole(void **state)
{
	unsigned int seed = 42;
	uint64_t reported = 0;

	for (int round = 0; round < 40; round++) {
		int pipe_fds[2], left = 1 + rand_r(&seed) % 100;
		uint64_t n, found;
		pid_t pid;

		assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0)
			commit_until_killed(pipe_fds[1], reported);
		(void)close(pipe_fds[1]);
		while (read(pipe_fds[0], &n, sizeof(n)) == sizeof(n)) {
			reported = n;
			if (--left == 0)
				assert_int_equal(kill(pid, SIGKILL), 0);
		}
		(void)close(pipe_fds[0]);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		assert_true(left <= 0);
		found = last_commit(test_directory);
		/* The one in flight may have arrived as well. */
		assert_true(found == reported || found == reported + 1);
		reported = found;
	}
	assert_true(reported > 500);
}

static void remove_directory(const char *path)
{
	assert_int_equal(nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static void test_store_commit__power_cut_after_it__is_kept_whole(void **state)
{
	char synced[80], image[80];
	unsigned int n_syncs_all = 0;
	struct store *s;

	(void)snprintf(synced, sizeof(synced), "%s", in_directory("synced"));
	(void)snprintf(image, sizeof(image), "%s", in_directory("image"));
	s = open_store(STORE_OPEN_NEW);
	n_syncs = 0;
	assert_int_equal(mkdir(synced, 0700), 0);
	/* Creation syncs file and directory before store_open() returns. */
	copy_file(in_directory("clients.db"), in_directory("synced/clients.db"));
	shadow = synced;
	for (uint64_t n = 1; n <= 700; n++) {
		unsigned int before = n_syncs;

		put_together(s, n);
		assert_int_equal(commit(s), 0);
		/* One, and two more in the rare commit that moves the log into the database. */
		assert_true(n_syncs - before >= 1 && n_syncs - before <= 4);
		n_syncs_all += n_syncs - before;
		if (n % 7 != 0)
			continue;
		shadow = NULL;
		assert_int_equal(mkdir(image, 0700), 0);
		copy_file(in_directory("synced/clients.db"), in_directory("image/clients.db"));
		copy_file(in_directory("synced/clients.db-wal"),
			  in_directory("image/clients.db-wal"));
		assert_int_equal(last_commit(image), n);
		remove_directory(image);
		shadow = synced;
	}
	shadow = NULL;
	store_close(s);
	/* Most commits cost one sync. */
	assert_true(n_syncs_all < 700 + 700 / 4);
}

static void test_store_open__log_torn_anywhere__is_a_whole_commit(void **state)
{
	char image[80];
	struct store *s;
	struct stat st;
	unsigned int seed = 7;

	(void)snprintf(image, sizeof(image), "%s", in_directory("image"));
	s = open_store(STORE_OPEN_NEW);
	for (uint64_t n = 1; n <= 20; n++) {
		put_together(s, n);
		assert_int_equal(commit(s), 0);
	}
	assert_int_equal(stat(in_directory("clients.db-wal"), &st), 0);
	for (int round = 0; round < 100; round++) {
		off_t cut = rand_r(&seed) % st.st_size;

		assert_int_equal(mkdir(image, 0700), 0);
		copy_file(in_directory("clients.db"), in_directory("image/clients.db"));
		copy_file(in_directory("clients.db-wal"), in_directory("image/clients.db-wal"));
		assert_int_equal(truncate(in_directory("image/clients.db-wal"), cut), 0);
		assert_true(last_commit(image) <= 20);
		remove_directory(image);
	}
	store_close(s);
}

/* Runs @body in a child with a small file system of its own on the test's directory. */
static void in_small_file_system(void (*body)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		if (unshare(CLONE_NEWNS) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
			_exit(SKIPPED);
		if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		    mount("tmpfs", test_directory, "tmpfs", 0, "size=1m,mode=0700") < 0)
			_exit(SKIPPED);
		body();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == SKIPPED)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

static int try_commit(struct store *s)
{
	int r = 1;

	store_commit(s, keep_result_only, &r);
	return r;
}

static int count(void *userdata, const struct store_record *record)
{
	++*(size_t *)userdata;
	return 0;
}

static size_t count_records(struct store *s)
{
	size_t n = 0;

	CHECK(store_load(s, count, &n) == 0);
	return n;
}

static void fill_file_system(void)
{
	static const char zeros[4096];
	int fd = open(in_directory("ballast"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	CHECK(fd >= 0);
	while (write(fd, zeros, sizeof(zeros)) > 0)
		;
	CHECK(errno == ENOSPC);
	(void)close(fd);
}

static void put_large(struct store *s)
{
	static char text[STORE_TEXT_MAX + 1];
	struct store_record record = record_of("large", 1);

	memset(text, 'a', STORE_TEXT_MAX);
	record.current.checker = text;
	CHECK(store_put(s, &record) == 0);
}

static void full_disk(void)
{
	struct store_life refused = record_of("client0", 1).life;
	struct store *s = NULL;
	char *problem = NULL;

	CHECK(store_open(test_directory, &s, &problem) == STORE_OPEN_NEW);
	put_together(s, 1);
	CHECK(try_commit(s) == 0);
	fill_file_system();
	put_large(s);
	refused.enabled = false;
	refused.last_checked_ok = 77;
	CHECK(store_put_life(s, "client0", &refused) == 0);
	for (int i = 0; i < 3; i++) {
		CHECK(try_commit(s) == -ENOSPC);
		CHECK(strstr(store_problem(s), "clients.db"));
		CHECK(strstr(store_problem(s), strerror(ENOSPC)));
		CHECK(count_records(s) == N_TOGETHER);
	}
	/* More can be collected meanwhile. */
	CHECK(store_remove(s, "client1") == 0);
	CHECK(unlink(in_directory("ballast")) == 0);
	CHECK(try_commit(s) == 0);
	CHECK(count_records(s) == N_TOGETHER);

	/* An existing state can be opened and read on a full disk. */
	fill_file_system();
	store_close(s);
	CHECK(store_open(test_directory, &s, &problem) == STORE_OPEN_OK);
	CHECK(count_records(s) == N_TOGETHER);
	store_close(s);
}

static void test_store_commit__disk_full__keeps_the_changes_for_the_next(void **state)
{
	in_small_file_system(full_disk);
}

static void full_at_creation(void)
{
	struct store *s = NULL;
	char *problem = NULL;

	fill_file_system();
	CHECK(store_open(test_directory, &s, &problem) == -ENOSPC);
	CHECK(problem && strstr(problem, test_directory) && strstr(problem, "make room"));
	/* Setting a damaged state aside needs room too; without it nothing is moved. */
	CHECK(truncate(in_directory("ballast"), 4096) == 0);
	CHECK(rename(in_directory("ballast"), in_directory("clients.db")) == 0);
	fill_file_system();
	CHECK(store_open(test_directory, &s, &problem) == -ENOSPC);
	CHECK(access(in_directory("clients.db"), F_OK) == 0);
	CHECK(access(in_directory("clients.db.damaged-1"), F_OK) < 0);
	CHECK(unlink(in_directory("ballast")) == 0);
	CHECK(store_open(test_directory, &s, &problem) == STORE_OPEN_DAMAGED);
	store_close(s);
}

static void test_store_open__disk_full__says_so_and_moves_nothing(void **state)
{
	in_small_file_system(full_at_creation);
}

static void read_only(void)
{
	struct store *s = NULL;
	char *problem = NULL;

	CHECK(store_open(test_directory, &s, &problem) == STORE_OPEN_NEW);
	put_together(s, 1);
	CHECK(try_commit(s) == 0);
	store_close(s);
	CHECK(mount("none", test_directory, NULL, MS_REMOUNT | MS_RDONLY, NULL) == 0);
	CHECK(store_open(test_directory, &s, &problem) == -EROFS);
	CHECK(problem && strstr(problem, test_directory) && strstr(problem, "mount it writable"));
}

static void test_store_open__read_only_file_system__says_so(void **state)
{
	in_small_file_system(read_only);
}

/* File size limits fail writes in the middle of a commit, with another error than a full disk. */
static void test_store_commit__write_fails_half_way__keeps_the_changes(void **state)
{
	const struct rlimit small = { .rlim_cur = 32768, .rlim_max = RLIM_INFINITY };
	const struct rlimit large = { .rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY };
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		struct store *s = NULL;
		char *problem = NULL;
		int r;

		CHECK(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
		CHECK(store_open(test_directory, &s, &problem) == STORE_OPEN_NEW);
		put_together(s, 1);
		CHECK(try_commit(s) == 0);
		CHECK(setrlimit(RLIMIT_FSIZE, &small) == 0);
		put_large(s);
		r = try_commit(s);
		CHECK(r == -EIO || r == -EFBIG);
		CHECK(strstr(store_problem(s), "clients.db"));
		CHECK(count_records(s) == N_TOGETHER);
		CHECK(setrlimit(RLIMIT_FSIZE, &large) == 0);
		CHECK(try_commit(s) == 0);
		CHECK(count_records(s) == N_TOGETHER + 1);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void test_store_open__not_permitted__says_so(void **state)
{
	const mode_t directory_modes[] = { 0700, 0555, 0777 };
	const mode_t file_modes[] = { 0600, 0666, 0600 };
	int status;

	if (geteuid() != 0)
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(directory_modes); i++) {
		pid_t pid;

		store_close(open_store(STORE_OPEN_NEW));
		assert_int_equal(chmod(in_directory("clients.db"), file_modes[i]), 0);
		assert_int_equal(chmod(test_directory, directory_modes[i]), 0);
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			struct store *s = NULL;
			char *problem = NULL;

			CHECK(setresuid(65534, 65534, 65534) == 0);
			CHECK(store_open(test_directory, &s, &problem) == -EACCES);
			CHECK(problem && strstr(problem, test_directory) &&
			      strstr(problem, "must own"));
			_exit(0);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
}

static int teardown_crash(void **state)
{
	shadow = NULL;
	return teardown_directory(state);
}

#define with_directory(f) cmocka_unit_test_setup_teardown(f, setup_directory, teardown_crash)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_directory(test_store_commit__killed_after_reporting__is_kept_whole),
		with_directory(test_store_commit__power_cut_after_it__is_kept_whole),
		with_directory(test_store_open__log_torn_anywhere__is_a_whole_commit),
		with_directory(test_store_commit__disk_full__keeps_the_changes_for_the_next),
		with_directory(test_store_open__disk_full__says_so_and_moves_nothing),
		with_directory(test_store_open__read_only_file_system__says_so),
		with_directory(test_store_commit__write_fails_half_way__keeps_the_changes),
		with_directory(test_store_open__not_permitted__says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
