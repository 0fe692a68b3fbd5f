/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What lies in the state directory: SRV-STATE-1, SRV-STATE-4, SRV-STATE-5. */
#include "core/test-store.h"

#include <fcntl.h>
#include <sqlite3.h>

#include "base/fd.h"
#include "base/file.h"

static void run_sql(const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(in_directory("clients.db"), &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void write_file(const char *name, const void *data, size_t size)
{
	_cleanup_fd_ int fd =
		open(in_directory(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, size), (ssize_t)size);
}

static void read_file(const char *name, char **ret_data, size_t *ret_size)
{
	assert_int_equal(file_read(in_directory(name), (size_t)1 << 26, ret_data, ret_size), 0);
}

static bool file_exists(const char *name)
{
	return access(in_directory(name), F_OK) == 0;
}

/* SRV-STATE-1 */
static void test_store_open__any_umask__files_are_private(void **state)
{
	static const char *const names[] = { "clients.db", "clients.db-wal" };
	const mode_t masks[] = { 0, 0777 };

	for (size_t m = 0; m < ARRAY_SIZE(masks); m++) {
		mode_t old = umask(masks[m]);
		struct store *s = open_store(STORE_OPEN_NEW);

		(void)umask(old);
		put(s, "x", 1);
		assert_int_equal(commit(s), 0);
		for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
			struct stat st;

			assert_int_equal(stat(in_directory(names[i]), &st), 0);
			assert_int_equal(st.st_mode & 07777, 0600);
		}
		assert_false(file_exists("clients.db-shm"));
		store_close(s);
		assert_int_equal(unlink(in_directory("clients.db")), 0);
	}
}

/* A crash between creation and the first commit must leave a first start: otherwise an existing
 * clients.pickle would never be imported. */
static void test_store_open__nothing_committed_yet__is_new_again(void **state)
{
	struct store *s;

	store_close(open_store(STORE_OPEN_NEW));
	s = open_store(STORE_OPEN_NEW);
	assert_int_equal(commit(s), 0);
	store_close(s);
	s = open_store(STORE_OPEN_NEW);
	put(s, "x", 1);
	assert_int_equal(store_remove(s, "x"), 0);
	assert_int_equal(commit(s), 0);
	store_close(s);
	store_close(open_store(STORE_OPEN_OK));
}

static void test_store_open__twice__is_busy(void **state)
{
	struct store *s = open_store(STORE_OPEN_NEW);

	assert_null(open_store(STORE_OPEN_BUSY));
	store_close(s);
	s = open_store(STORE_OPEN_NEW);
	assert_null(open_store(STORE_OPEN_BUSY));
	store_close(s);
}

static void test_store_open__locked_by_a_sqlite_program__is_busy(void **state)
{
	sqlite3 *db;

	make_state();
	assert_int_equal(sqlite3_open(in_directory("clients.db"), &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE", NULL,
				      NULL, NULL),
			 SQLITE_OK);
	assert_null(open_store(STORE_OPEN_BUSY));
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	store_close(open_store(STORE_OPEN_OK));
}

static void test_store_open__newer_version__is_left_alone(void **state)
{
	make_state();
	run_sql("PRAGMA user_version=2");
	assert_null(open_store(STORE_OPEN_NEWER));
	assert_false(file_exists("clients.db.damaged-1"));
	run_sql("PRAGMA user_version=1");
	store_close(open_store(STORE_OPEN_OK));
}

static void test_store_open__foreign__is_left_alone(void **state)
{
	run_sql("CREATE TABLE theirs (a); INSERT INTO theirs VALUES (1)");
	assert_null(open_store(STORE_OPEN_FOREIGN));
	run_sql("PRAGMA application_id=7");
	assert_null(open_store(STORE_OPEN_FOREIGN));
	run_sql("INSERT INTO theirs SELECT a FROM theirs");
	assert_int_equal(unlink(in_directory("clients.db")), 0);

	assert_int_equal(symlink("elsewhere", in_directory("clients.db")), 0);
	assert_null(open_store(STORE_OPEN_FOREIGN));
	assert_int_equal(unlink(in_directory("clients.db")), 0);

	assert_int_equal(mkdir(in_directory("clients.db"), 0700), 0);
	assert_null(open_store(STORE_OPEN_FOREIGN));
	assert_int_equal(rmdir(in_directory("clients.db")), 0);

	assert_int_equal(mkfifo(in_directory("clients.db"), 0600), 0);
	assert_null(open_store(STORE_OPEN_FOREIGN));
	assert_false(file_exists("clients.db.damaged-1"));
}

/* SRV-STATE-5: set aside byte for byte, a fresh one works, and the loss is reported until a commit
 * has answered it. */
static void expect_set_aside(const char *aside)
{
	_cleanup_free_ char *before = NULL, *after = NULL;
	size_t before_size, after_size;
	struct store *s;

	read_file("clients.db", &before, &before_size);
	s = open_store(STORE_OPEN_DAMAGED);
	read_file(aside, &after, &after_size);
	assert_int_equal(before_size, after_size);
	assert_memory_equal(before, after, after_size);
	assert_int_equal(load_all(s).n, 0);
	store_close(s);

	s = open_store(STORE_OPEN_DAMAGED);
	put(s, "x", 1);
	assert_int_equal(commit(s), 0);
	store_close(s);
	s = open_store(STORE_OPEN_OK);
	assert_int_equal(load_all(s).n, 1);
	store_close(s);
}

static void test_store_open__damaged__is_set_aside(void **state)
{
	make_state();
	write_file("clients.db", "", 0);
	expect_set_aside("clients.db.damaged-1");
	write_file("clients.db",
		   "no database at all, but long enough to have a header: "
		   "0123456789 0123456789 0123456789 0123456789",
		   98);
	expect_set_aside("clients.db.damaged-2");
	assert_int_equal(truncate(in_directory("clients.db"), 4096), 0);
	expect_set_aside("clients.db.damaged-3");
	run_sql("ALTER TABLE client DROP COLUMN expires");
	expect_set_aside("clients.db.damaged-4");
	run_sql("PRAGMA user_version=0");
	expect_set_aside("clients.db.damaged-5");
	run_sql("PRAGMA ignore_check_constraints=1; UPDATE client SET enabled = 2");
	expect_set_aside("clients.db.damaged-6");
	run_sql("UPDATE client SET name = 'a' || char(0) || 'b'");
	expect_set_aside("clients.db.damaged-7");
	run_sql("DROP TABLE untouched");
	expect_set_aside("clients.db.damaged-8");
	run_sql("UPDATE client SET current_host = printf('%*d', 65537, 1)");
	expect_set_aside("clients.db.damaged-9");
}

static void test_store_open__names_taken__never_overwrites(void **state)
{
	_cleanup_free_ char *data = NULL;
	size_t size;

	write_file("clients.db.damaged-1", "precious", 8);
	write_file("clients.db.damaged-2-wal", "precious", 8);
	write_file("clients.db", "x", 1);
	expect_set_aside("clients.db.damaged-3");
	read_file("clients.db.damaged-1", &data, &size);
	assert_string_equal(data, "precious");

	for (int i = 1; i <= 1000; i++) {
		char name[64];

		(void)snprintf(name, sizeof(name), "clients.db.damaged-%d", i);
		write_file(name, "precious", 8);
	}
	write_file("clients.db", "x", 1);
	assert_null(open_store(-EEXIST));
	assert_true(file_exists("clients.db"));
}

/* A log that outlived its database must neither fill the next one nor make it look like new. */
static void test_store_open__log_without_database__is_damage(void **state)
{
	_cleanup_free_ char *log = NULL;
	struct store *s = open_store(STORE_OPEN_NEW);
	size_t size;

	put(s, "x", 1);
	assert_int_equal(commit(s), 0);
	read_file("clients.db-wal", &log, &size);
	assert_true(size > 0);
	store_close(s);
	assert_int_equal(unlink(in_directory("clients.db")), 0);
	write_file("clients.db-wal", log, size);

	s = open_store(STORE_OPEN_DAMAGED);
	assert_int_equal(load_all(s).n, 0);
	assert_true(file_exists("clients.db.damaged-1-wal"));
	store_close(s);
}

/* The steps of a replacement, each interrupted: the loss is still reported. */
static void test_store_open__replacement_interrupted__is_completed(void **state)
{
	struct store *s;

	make_state();
	write_file("clients.db.fresh", "", 0);
	s = open_store(STORE_OPEN_DAMAGED);
	assert_int_equal(load_all(s).n, 0);
	assert_true(file_exists("clients.db.damaged-1"));
	assert_false(file_exists("clients.db.fresh"));
	store_close(s);

	assert_int_equal(rename(in_directory("clients.db"), in_directory("clients.db.fresh")), 0);
	s = open_store(STORE_OPEN_DAMAGED);
	put(s, "x", 1);
	assert_int_equal(commit(s), 0);
	store_close(s);
	store_close(open_store(STORE_OPEN_OK));
}

static void test_store_open__creation_interrupted__is_still_new(void **state)
{
	write_file("clients.db.new", "half", 4);
	write_file("clients.db.new-wal", "half", 4);
	store_close(open_store(STORE_OPEN_NEW));
	assert_false(file_exists("clients.db.new"));
	assert_false(file_exists("clients.db.new-wal"));
}

/* Whatever bytes are hit: a result, never a crash, and what loads afterwards is valid. */
static void test_store_open__random_bytes_flipped__has_a_result(void **state)
{
	_cleanup_free_ char *image = NULL;
	unsigned int seed = 4711, n_damaged = 0;
	size_t size;

	make_state();
	read_file("clients.db", &image, &size);
	for (int round = 0; round < 400; round++) {
		_cleanup_free_ char *copy = malloc(size), *problem = NULL;
		struct store *s = NULL;
		int flips = 1 + rand_r(&seed) % 8, r;
		size_t cut = round % 4 ? size : (size_t)rand_r(&seed) % size;

		assert_non_null(copy);
		memcpy(copy, image, size);
		for (int i = 0; i < flips; i++)
			copy[(size_t)rand_r(&seed) % size] ^= (char)(1 << rand_r(&seed) % 8);
		write_file("clients.db", copy, cut);
		r = store_open(test_directory, &s, &problem);
		if (r == STORE_OPEN_OK || r == STORE_OPEN_DAMAGED || r == STORE_OPEN_NEW) {
			(void)load_all(s);
			put(s, "more", 1);
			assert_int_equal(commit(s), 0);
			store_close(s);
		} else {
			assert_true(r == STORE_OPEN_FOREIGN || r == STORE_OPEN_NEWER);
		}
		if (r == STORE_OPEN_DAMAGED) {
			n_damaged++;
			assert_int_equal(unlink(in_directory("clients.db.damaged-1")), 0);
		}
		(void)unlink(in_directory("clients.db-wal"));
	}
	assert_true(n_damaged >= 100);
}

static void test_store_open__no_directory__says_what_to_do(void **state)
{
	_cleanup_free_ char *problem = NULL;
	struct store *s = NULL;

	assert_int_equal(store_open(in_directory("none"), &s, &problem), -ENOENT);
	assert_null(s);
	assert_non_null(strstr(problem, in_directory("none")));
	assert_non_null(strstr(problem, "--statedir"));
	free(STEAL_PTR(problem));

	write_file("file", "x", 1);
	assert_int_equal(store_open(in_directory("file"), &s, &problem), -ENOTDIR);
	assert_non_null(strstr(problem, in_directory("file")));
}

#define with_directory(f) cmocka_unit_test_setup_teardown(f, setup_directory, teardown_directory)

/* SQLite would go on writing into them, and everything would be lost at the end. SRV-STATE-3 */
static void test_store_commit__file_taken_away_or_replaced__fails_until_it_is_back(void **state)
{
	static const char *const names[] = { "clients.db", "clients.db-wal" };
	struct store *s = open_store(STORE_OPEN_NEW);

	put(s, "x", 1);
	assert_int_equal(commit(s), 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		assert_int_equal(rename(in_directory(names[i]), in_directory("away")), 0);
		put(s, "x", 2);
		assert_int_equal(commit(s), -ENOENT);
		assert_non_null(strstr(store_problem(s), "clients.db"));
		write_file(names[i], "x", 1);
		assert_int_equal(commit(s), -ENOENT);
		assert_int_equal(rename(in_directory("away"), in_directory(names[i])), 0);
		assert_int_equal(commit(s), 0);
	}
	store_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_directory(test_store_open__any_umask__files_are_private),
		with_directory(test_store_open__nothing_committed_yet__is_new_again),
		with_directory(test_store_open__twice__is_busy),
		with_directory(test_store_open__locked_by_a_sqlite_program__is_busy),
		with_directory(test_store_open__newer_version__is_left_alone),
		with_directory(test_store_open__foreign__is_left_alone),
		with_directory(test_store_open__damaged__is_set_aside),
		with_directory(test_store_open__names_taken__never_overwrites),
		with_directory(test_store_open__log_without_database__is_damage),
		with_directory(test_store_open__replacement_interrupted__is_completed),
		with_directory(test_store_open__creation_interrupted__is_still_new),
		with_directory(test_store_open__random_bytes_flipped__has_a_result),
		with_directory(test_store_open__no_directory__says_what_to_do),
		with_directory(
			test_store_commit__file_taken_away_or_replaced__fails_until_it_is_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
