/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What lies in the state directory, and what to do about it.
 *
 *	clients.db		the state; always a whole database, it gets this name when complete
 *	clients.db-wal		committed changes that are not yet moved into it
 *	clients.db.new		a state being created
 *	clients.db.fresh	a state being created to replace a damaged one. While it exists the
 *				replacement is not complete, and the next start completes it: a
 *				crash in between never makes the loss look like a first start
 *	clients.db.damaged-N	what was set aside, with its -wal
 *
 * The write-ahead log makes a commit one fsync; locking_mode=EXCLUSIVE keeps its index in memory.
 * A lock on the directory keeps a second server out from the first look until store_close(): the
 * database's own lock does not cover creation and setting aside.
 */
#include "core/store-sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/util.h"

#define FILE_NAME  STORE_FILE_NAME
#define NEW_NAME   FILE_NAME ".new"
#define FRESH_NAME FILE_NAME ".fresh"

/* Files set aside are kept until an administrator removes them; more than this is a loop. */
#define ASIDE_MAX 1000

#define NAME_SIZE 64

/* A sealed secret, seven strings, and the numbers. */
#define ROW_SIZE_MAX ((int)(SEALED_SIZE_MAX + 7 * STORE_TEXT_MAX + 4096))

/* SQLite's page cache, in KiB (negative: KiB, not pages). */
#define CONNECTION_PRAGMAS                                                                 \
	"PRAGMA locking_mode=EXCLUSIVE; PRAGMA synchronous=FULL; PRAGMA cache_size=-1024;" \
	"PRAGMA temp_store=MEMORY; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;"  \
	"PRAGMA journal_mode=WAL; PRAGMA journal_size_limit=4194304;"

/** struct opening - one call of store_open() */
struct opening {
	const char *directory;
	int directory_fd; /* locked; handed to the store in the end */
	sqlite3 *db;
	bool is_untouched;
	int untouched_result;	   /* if @is_untouched: STORE_OPEN_NEW or _DAMAGED */
	char set_aside[NAME_SIZE]; /* if _DAMAGED: under which name */
	char *problem;
};

static void database_closep(sqlite3 **db)
{
	(void)sqlite3_close(*db);
}

static void statement_finalizep(sqlite3_stmt **stmt)
{
	(void)sqlite3_finalize(*stmt);
}

static _printf_(2, 3) void say(struct opening *o, const char *format, ...)
{
	va_list ap;

	free(o->problem);
	va_start(ap, format);
	if (vasprintf(&o->problem, format, ap) < 0)
		o->problem = NULL;
	va_end(ap);
}

/* Says "State file DIRECTORY/NAME: DOING: ERROR; WAY OUT" and returns the negative errno. */
static int fail(struct opening *o, const char *name, const char *doing, int error)
{
	say(o, "State file %s/%s: %s: %s; %s", o->directory, name, doing, strerror(error),
	    store_way_out(error));
	return -error;
}

static bool exists(const struct opening *o, const char *name)
{
	return faccessat(o->directory_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static int sync_directory(struct opening *o)
{
	return fsync(o->directory_fd) < 0 ? fail(o, "", "cannot be synced", errno) : 0;
}

static int lock_directory(struct opening *o)
{
	o->directory_fd = open(o->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (o->directory_fd < 0) {
		int error = errno;

		say(o, "State directory %s: %s; %s", o->directory, strerror(error),
		    store_way_out(error));
		return -error;
	}
	if (faccessat(o->directory_fd, ".", W_OK | X_OK, AT_EACCESS) < 0) {
		int error = errno;

		say(o, "State directory %s: cannot be written: %s; %s", o->directory,
		    strerror(error), store_way_out(error));
		return -error;
	}
	/* File systems without directory locks (NFS) say so; the database's lock remains. */
	if (flock(o->directory_fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK) {
		say(o,
		    "State directory %s: another server uses it; stop that one, or name another "
		    "directory with --statedir",
		    o->directory);
		return STORE_OPEN_BUSY;
	}
	return 0;
}

static bool is_damage(int rc)
{
	if (rc == SQLITE_IOERR_SHORT_READ)
		return true;
	switch (rc & 0xff) {
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_FORMAT:
	case SQLITE_SCHEMA:
	case SQLITE_ERROR: /* a table or a column is missing */
		return true;
	default:
		return false;
	}
}

/* SQLite's verdict on our file as a result of store_open(). */
static int judge(struct opening *o, const char *name, int rc)
{
	int r;

	if (is_damage(rc))
		return STORE_OPEN_DAMAGED;
	r = store_errno(o->db, rc);
	if (r == -EBUSY) {
		say(o, "State file %s/%s: another program uses it; stop that one", o->directory,
		    name);
		return STORE_OPEN_BUSY;
	}
	return fail(o, name, o->db ? sqlite3_errmsg(o->db) : "cannot be opened", -r);
}

static int read_number(sqlite3 *db, const char *sql, int *ret)
{
	_cleanup_(statement_finalizep) sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	if (rc != SQLITE_ROW)
		return rc == SQLITE_DONE ? SQLITE_CORRUPT : rc;
	*ret = sqlite3_column_int(stmt, 0);
	return SQLITE_OK;
}

static int check_integrity(sqlite3 *db)
{
	_cleanup_(statement_finalizep) sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(db, "PRAGMA integrity_check(1)", -1, &stmt, NULL);
	const char *verdict;

	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	if (rc != SQLITE_ROW)
		return rc == SQLITE_DONE ? SQLITE_CORRUPT : rc;
	verdict = (const char *)sqlite3_column_text(stmt, 0);
	return verdict && strcmp(verdict, "ok") == 0 ? SQLITE_OK : SQLITE_CORRUPT;
}

static int read_untouched(struct opening *o)
{
	_cleanup_(statement_finalizep) sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(o->db, "SELECT result, file FROM untouched", -1, &stmt, NULL);
	const char *file;

	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	if (rc != SQLITE_ROW)
		return rc == SQLITE_DONE ? SQLITE_OK : rc;
	o->is_untouched = true;
	/* Anything but a clean first start fails closed. */
	o->untouched_result =
		sqlite3_column_int(stmt, 0) == STORE_OPEN_NEW ? STORE_OPEN_NEW : STORE_OPEN_DAMAGED;
	file = (const char *)sqlite3_column_text(stmt, 1);
	(void)snprintf(o->set_aside, sizeof(o->set_aside), "%s", file ? file : "");
	return SQLITE_OK;
}

/* Opens without deciding anything; the caller closes @ret_db also on failure. */
static int open_database(const struct opening *o, const char *name, sqlite3 **ret_db)
{
	_cleanup_free_ char *path = NULL;
	int rc;

	if (asprintf(&path, "%s/%s", o->directory, name) < 0) {
		path = NULL;
		return SQLITE_NOMEM;
	}
	rc = sqlite3_open_v2(path, ret_db,
			     SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE,
			     NULL);
	if (rc != SQLITE_OK)
		return rc;
	(void)sqlite3_extended_result_codes(*ret_db, 1);
	(void)sqlite3_db_config(*ret_db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)sqlite3_db_config(*ret_db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	(void)sqlite3_db_config(*ret_db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	(void)sqlite3_limit(*ret_db, SQLITE_LIMIT_LENGTH, ROW_SIZE_MAX);
	return SQLITE_OK;
}

/* Whose it is comes before whether it is whole: nothing foreign is ever moved. */
static int look_whose(struct opening *o)
{
	int application = 0, version = 0, n_tables = 0, rc;

	rc = read_number(o->db, "PRAGMA application_id", &application);
	if (rc == SQLITE_OK)
		rc = read_number(o->db, "PRAGMA user_version", &version);
	if (rc == SQLITE_OK)
		rc = read_number(o->db, "SELECT count(*) FROM sqlite_schema", &n_tables);
	if (rc != SQLITE_OK)
		return judge(o, FILE_NAME, rc);
	if (application == 0 && n_tables == 0)
		return STORE_OPEN_DAMAGED;
	if (application != STORE_APPLICATION_ID) {
		say(o,
		    "State file %s/%s: belongs to another program; move it away, or name "
		    "another directory with --statedir",
		    o->directory, FILE_NAME);
		return STORE_OPEN_FOREIGN;
	}
	if (version > STORE_SCHEMA_VERSION) {
		say(o,
		    "State file %s/%s: was written by a newer version of this server (format "
		    "%d, this one knows %d); install that version again",
		    o->directory, FILE_NAME, version, STORE_SCHEMA_VERSION);
		return STORE_OPEN_NEWER;
	}
	return version < STORE_SCHEMA_VERSION ? STORE_OPEN_DAMAGED : STORE_OPEN_OK;
}

/* A damaged file is only set aside; everything else gets a sentence here. */
static int open_existing(struct opening *o, struct store **ret)
{
	_cleanup_(database_closep) sqlite3 *db = NULL;
	int rc, r;

	o->is_untouched = false;
	rc = open_database(o, FILE_NAME, &db);
	o->db = db;
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, "PRAGMA locking_mode=EXCLUSIVE", NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		return judge(o, FILE_NAME, rc);
	r = look_whose(o);
	if (r != STORE_OPEN_OK)
		return r;
	rc = sqlite3_exec(db, CONNECTION_PRAGMAS, NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = check_integrity(db);
	if (rc == SQLITE_OK)
		rc = read_untouched(o);
	if (rc != SQLITE_OK)
		return judge(o, FILE_NAME, rc);
	o->db = NULL;
	rc = store_attach(STEAL_PTR(db), o->directory_fd, o->is_untouched, ret);
	if (rc != SQLITE_OK)
		return judge(o, FILE_NAME, rc);
	o->directory_fd = -1;
	return STORE_OPEN_OK;
}

/* Before SQLite sees it: kind, access and mode. The descriptor must be closed again before SQLite
 * opens the file, since closing any descriptor of a file drops the process's locks on it. */
static int look_at_file(struct opening *o)
{
	_cleanup_fd_ int fd = openat(o->directory_fd, FILE_NAME,
				     O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	struct stat st;

	if (fd < 0 && errno != ELOOP && errno != EISDIR && errno != ENXIO)
		return fail(o, FILE_NAME, "cannot be opened for reading and writing", errno);
	if (fd >= 0 && fstat(fd, &st) < 0)
		return fail(o, FILE_NAME, "cannot be examined", errno);
	if (fd < 0 || !S_ISREG(st.st_mode)) {
		say(o,
		    "State file %s/%s: is not a regular file; move it away, or name another "
		    "directory with --statedir",
		    o->directory, FILE_NAME);
		return STORE_OPEN_FOREIGN;
	}
	/* It holds nothing that others need; its owner may be another user, who then keeps it. */
	if (st.st_mode & 077)
		(void)fchmod(fd, 0600);
	/* It gets its name when it is complete, so an empty one has lost its content. */
	return st.st_size == 0 ? STORE_OPEN_DAMAGED : STORE_OPEN_OK;
}

static int fill_database(struct opening *o, const char *name, int untouched_result)
{
	_cleanup_(database_closep) sqlite3 *db = NULL;
	char mark[256];
	int rc = open_database(o, name, &db);

	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, CONNECTION_PRAGMAS "BEGIN;", NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, store_schema, NULL, NULL, NULL);
	(void)snprintf(mark, sizeof(mark),
		       "INSERT INTO untouched VALUES (%d, '%s');"
		       "PRAGMA application_id=%d; PRAGMA user_version=%d; COMMIT;",
		       untouched_result, o->set_aside, STORE_APPLICATION_ID, STORE_SCHEMA_VERSION);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, mark, NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	if (rc == SQLITE_OK)
		return 0;
	return fail(o, name, "cannot be created", -store_errno(db, rc));
}

/* A complete database under a temporary name, on the disk. */
static int create_database(struct opening *o, const char *name, int untouched_result)
{
	char wal[NAME_SIZE];
	int fd, r;

	(void)snprintf(wal, sizeof(wal), "%s-wal", name);
	(void)unlinkat(o->directory_fd, name, 0);
	(void)unlinkat(o->directory_fd, wal, 0);
	fd = openat(o->directory_fd, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		    0600);
	if (fd < 0)
		return fail(o, name, "cannot be created", errno);
	r = fchmod(fd, 0600) < 0 ? fail(o, name, "cannot be made private", errno) : 0;
	fd = fd_close(fd);
	if (r == 0)
		r = fill_database(o, name, untouched_result);
	if (r == 0 && unlinkat(o->directory_fd, wal, 0) < 0 && errno != ENOENT)
		r = fail(o, wal, "cannot be removed", errno);
	if (r == 0)
		r = sync_directory(o);
	/* An empty leftover could be taken for the replacement of a damaged state. */
	if (r < 0) {
		(void)unlinkat(o->directory_fd, name, 0);
		(void)unlinkat(o->directory_fd, wal, 0);
	}
	return r;
}

static int rename_file(struct opening *o, const char *from, const char *to)
{
	if (renameat2(o->directory_fd, from, o->directory_fd, to, RENAME_NOREPLACE) == 0)
		return 0;
	/* NFS and a few others cannot refuse; under our lock the look before is as good. */
	if (errno == EINVAL && !exists(o, to) &&
	    renameat(o->directory_fd, from, o->directory_fd, to) == 0)
		return 0;
	return fail(o, from, "cannot be renamed", errno);
}

/* The name for what is set aside now: neither it nor its -wal exist. */
static int choose_aside_name(struct opening *o)
{
	for (int n = 1; n <= ASIDE_MAX; n++) {
		char wal[NAME_SIZE + 8];

		(void)snprintf(o->set_aside, sizeof(o->set_aside), FILE_NAME ".damaged-%d", n);
		(void)snprintf(wal, sizeof(wal), "%s-wal", o->set_aside);
		if (!exists(o, o->set_aside) && !exists(o, wal))
			return 0;
	}
	return fail(o, o->set_aside, "too many damaged files are kept", EEXIST);
}

static int set_aside(struct opening *o)
{
	static const char *const suffixes[] = { "", "-wal", "-journal" };

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		char from[NAME_SIZE], to[NAME_SIZE + 16];
		int r;

		(void)snprintf(from, sizeof(from), FILE_NAME "%s", suffixes[i]);
		(void)snprintf(to, sizeof(to), "%s%s", o->set_aside, suffixes[i]);
		r = exists(o, from) ? rename_file(o, from, to) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}

static int replace_damaged(struct opening *o)
{
	int r = choose_aside_name(o);

	if (r == 0)
		r = create_database(o, FRESH_NAME, STORE_OPEN_DAMAGED);
	if (r == 0)
		r = set_aside(o);
	if (r == 0)
		r = rename_file(o, FRESH_NAME, FILE_NAME);
	return r < 0 ? r : sync_directory(o);
}

static int create_first(struct opening *o)
{
	int r = create_database(o, NEW_NAME, STORE_OPEN_NEW);

	if (r == 0)
		r = rename_file(o, NEW_NAME, FILE_NAME);
	return r < 0 ? r : sync_directory(o);
}

static int open_locked(struct opening *o, struct store **ret)
{
	int r;

	if (exists(o, FRESH_NAME))
		r = STORE_OPEN_DAMAGED;
	else if (exists(o, FILE_NAME))
		r = look_at_file(o);
	else
		/* A log without its database: somebody took the database away. */
		r = exists(o, FILE_NAME "-wal") ? STORE_OPEN_DAMAGED : STORE_OPEN_NEW;

	if (r == STORE_OPEN_NEW)
		r = create_first(o);
	if (r == STORE_OPEN_OK)
		r = open_existing(o, ret);
	if (r == STORE_OPEN_DAMAGED) {
		r = replace_damaged(o);
		if (r == 0)
			r = open_existing(o, ret);
		if (r == STORE_OPEN_DAMAGED)
			r = fail(o, FILE_NAME, "is damaged as soon as it is written", EIO);
	}
	if (r != STORE_OPEN_OK || !o->is_untouched)
		return r;
	if (o->untouched_result == STORE_OPEN_DAMAGED)
		say(o,
		    "State file %s/%s: was damaged and is set aside as %s; what the clients "
		    "were is lost",
		    o->directory, FILE_NAME, o->set_aside);
	return o->untouched_result;
}

int store_open(const char *directory, struct store **ret, char **ret_problem)
{
	struct opening o = { .directory = directory, .directory_fd = -1 };
	int r;

	r = lock_directory(&o);
	if (r == 0)
		r = open_locked(&o, ret);
	(void)fd_close(o.directory_fd);
	*ret_problem = o.problem;
	return r;
}
