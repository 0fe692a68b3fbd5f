/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Changes are collected in memory, one per client at most, and written in store_commit() inside one
 * transaction. Writing them into an open transaction at once would be shorter, but SQLite may roll
 * a transaction back by itself (full disk, I/O error), and a refusal that was in it would be lost
 * instead of tried again.
 *
 * Bounds: STORE_CLIENTS_MAX names, removals that are not yet committed included; one pending copy
 * of a record for each.
 */
#include "core/store-sqlite.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/util.h"

/* Without this uthash calls exit() when there is no memory; row_new() looks whether it worked. */
#define HASH_NONFATAL_OOM 1
/* The default function falls through its cases in a macro, where no annotation can say so. */
#define HASH_FUNCTION HASH_FNV
#include <uthash.h>

#define PROBLEM_SIZE 512

enum row_change {
	CHANGE_NONE = 0,
	CHANGE_LIFE,
	CHANGE_CURRENT,
	CHANGE_PUT,
	CHANGE_REMOVED, /* marked as removed; CHANGE_PUT instead, if that is pending */
	CHANGE_REMOVE,
};

/** struct row - one name that is in the database or will be after the next commit */
struct row {
	UT_hash_handle hh;
	struct row *next_changed;
	enum row_change change;
	int64_t place;
	struct store_record *pending; /* CHANGE_CURRENT, CHANGE_PUT: a copy */
	struct store_life life;	      /* CHANGE_LIFE, CHANGE_CURRENT, CHANGE_PUT */
	char name[];
};

enum statement {
	STATEMENT_BEGIN,
	STATEMENT_COMMIT,
	STATEMENT_PUT,
	STATEMENT_CURRENT,
	STATEMENT_LIFE,
	STATEMENT_REMOVED,
	STATEMENT_REMOVE,
	STATEMENT_TOUCH,
	STATEMENT_LOAD,
	STATEMENT_LOCKDOWN,
	STATEMENT_LOAD_SERVER,
	N_STATEMENTS,
};

static const char *const statement_texts[N_STATEMENTS] = {
	[STATEMENT_BEGIN] = "BEGIN IMMEDIATE",
	[STATEMENT_COMMIT] = "COMMIT",
	[STATEMENT_PUT] = store_sql_put,
	[STATEMENT_CURRENT] = store_sql_current,
	[STATEMENT_LIFE] = store_sql_life,
	[STATEMENT_REMOVED] = "UPDATE client SET removed = 1, sealed = NULL, enabled = 0,"
			      " expires = NULL WHERE place = ?",
	[STATEMENT_REMOVE] = "DELETE FROM client WHERE name = ?",
	[STATEMENT_TOUCH] = "DELETE FROM untouched",
	[STATEMENT_LOAD] = store_sql_load,
	[STATEMENT_LOCKDOWN] = store_sql_lockdown,
	[STATEMENT_LOAD_SERVER] = store_sql_load_server,
};

struct store {
	sqlite3 *db;
	int lock_fd;
	struct store_files files;
	bool is_untouched;
	sqlite3_stmt *statements[N_STATEMENTS];
	struct row *rows; /* hash by name */
	struct row *first_changed;
	struct row **last_changed;
	int64_t next_place;
	usec_t lockdown;
	bool lockdown_changed;
	char problem[PROBLEM_SIZE];
};

static _printf_(2, 3) void set_problem(struct store *s, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(s->problem, sizeof(s->problem), format, ap);
	va_end(ap);
}

static int fail_sqlite(struct store *s, int rc, const char *doing)
{
	int r = store_errno(s->db, rc);

	set_problem(s, "State file %s: %s: %s; %s", sqlite3_db_filename(s->db, "main"), doing,
		    r == -EIO ? sqlite3_errmsg(s->db) : strerror(-r), store_way_out(-r));
	return r;
}

static struct row *row_find(const struct store *s, const char *name)
{
	struct row *row;

	HASH_FIND_STR(s->rows, name, row);
	return row;
}

static struct row *row_new(struct store *s, const char *name)
{
	size_t size = strlen(name) + 1;
	struct row *row = calloc(1, sizeof(*row) + size);

	if (!row)
		return NULL;
	memcpy(row->name, name, size);
	HASH_ADD_KEYPTR(hh, s->rows, row->name, size - 1, row);
	if (!row->hh.tbl) {
		free(row);
		return NULL;
	}
	return row;
}

static void row_free(struct store *s, struct row *row)
{
	HASH_DEL(s->rows, row);
	free(row->pending);
	free(row);
}

static void row_change(struct store *s, struct row *row, enum row_change change)
{
	if (row->change == CHANGE_NONE) {
		row->next_changed = NULL;
		*s->last_changed = row;
		s->last_changed = &row->next_changed;
	}
	row->change = change;
}

/* Looks at every value once, so that a damaged one is found while the state can still be set aside.
 */
static int read_names(struct store *s)
{
	sqlite3_stmt *stmt = s->statements[STATEMENT_LOAD];
	int rc;

	s->next_place = 1;
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		struct store_record record;
		struct row *row;
		int r = store_read_row(stmt, &record);

		if (r == -EBADMSG || (r >= 0 && row_find(s, record.name)) ||
		    HASH_COUNT(s->rows) >= STORE_CLIENTS_MAX) {
			rc = SQLITE_CORRUPT;
			break;
		}
		row = r >= 0 ? row_new(s, record.name) : NULL;
		if (!row) {
			rc = SQLITE_NOMEM;
			break;
		}
		row->place = sqlite3_column_int64(stmt, 0);
		s->next_place = row->place + 1;
	}
	(void)sqlite3_reset(stmt);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int read_server(struct store *s)
{
	sqlite3_stmt *stmt = s->statements[STATEMENT_LOAD_SERVER];
	int rc = sqlite3_step(stmt);

	rc = rc == SQLITE_ROW	 ? store_read_lockdown(stmt, &s->lockdown)
	     : rc == SQLITE_DONE ? SQLITE_CORRUPT
				 : rc;
	(void)sqlite3_reset(stmt);
	return rc;
}

int store_attach(sqlite3 *db, int lock_fd, bool is_untouched, struct store **ret)
{
	struct store *s = calloc(1, sizeof(*s));
	int rc = SQLITE_OK;

	if (!s) {
		(void)sqlite3_close(db);
		return SQLITE_NOMEM;
	}
	s->db = db;
	s->lock_fd = -1;
	s->is_untouched = is_untouched;
	s->last_changed = &s->first_changed;
	for (size_t i = 0; i < N_STATEMENTS && rc == SQLITE_OK; i++)
		rc = sqlite3_prepare_v3(db, statement_texts[i], -1, SQLITE_PREPARE_PERSISTENT,
					&s->statements[i], NULL);
	if (rc == SQLITE_OK)
		rc = read_names(s);
	if (rc == SQLITE_OK)
		rc = read_server(s);
	if (rc != SQLITE_OK) {
		(void)store_close(s);
		return rc;
	}
	s->lock_fd = lock_fd;
	store_files_remember(&s->files, lock_fd);
	*ret = s;
	return SQLITE_OK;
}

int store_load(struct store *s, store_load_fn *fn, void *userdata)
{
	sqlite3_stmt *stmt = s->statements[STATEMENT_LOAD];
	int rc, r = 0;

	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		struct store_record record;

		r = store_read_row(stmt, &record);
		if (r == -EBADMSG)
			set_problem(s, "State file %s: damaged record",
				    sqlite3_db_filename(s->db, "main"));
		if (r >= 0)
			r = fn(userdata, &record);
		if (r < 0)
			break;
	}
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		r = fail_sqlite(s, rc, "cannot be read");
	(void)sqlite3_reset(stmt);
	return r < 0 ? r : 0;
}

static bool life_is_valid(const struct store_life *life)
{
	return life->disable_cause >= DISABLE_NONE && life->disable_cause <= DISABLE_LOCKDOWN &&
	       life->last_checker_status >= CHECKER_STATUS_NONE && life->last_checker_status <= 255;
}

static int check_record(struct store *s, const struct store_record *record)
{
	if (!record->name || !*record->name || !life_is_valid(&record->life) ||
	    (record->sealed && record->sealed_size < SEALED_OVERHEAD)) {
		set_problem(s, "A record without a name, or with a value out of range");
		return -EINVAL;
	}
	return strnlen(record->name, STORE_TEXT_MAX + 1) > STORE_TEXT_MAX ? -EMSGSIZE : 0;
}

/* Takes @copy over. */
static void row_put(struct store *s, struct row *row, struct store_record *copy,
		    enum row_change change)
{
	copy->name = row->name;
	row->life = copy->life;
	free(row->pending);
	row->pending = copy;
	row_change(s, row, change);
}

int store_put(struct store *s, const struct store_record *record)
{
	struct store_record *copy = NULL;
	struct row *row;
	int r = check_record(s, record);

	if (r == 0)
		r = store_record_copy(record, &copy);
	if (r < 0)
		return r;
	row = row_find(s, record->name);
	if (!row) {
		r = HASH_COUNT(s->rows) >= STORE_CLIENTS_MAX ? -E2BIG : -ENOMEM;
		row = r == -E2BIG ? NULL : row_new(s, record->name);
		if (!row) {
			set_problem(s, "No room for another client in the state: %s", strerror(-r));
			free(copy);
			return r;
		}
	}
	if (row->place == 0 || row->change == CHANGE_REMOVE)
		row->place = s->next_place++;
	row_put(s, row, copy, CHANGE_PUT);
	return 0;
}

static struct row *row_find_living(const struct store *s, const char *name)
{
	struct row *row = row_find(s, name);

	return row && row->change < CHANGE_REMOVED ? row : NULL;
}

int store_put_current(struct store *s, const struct store_record *record)
{
	struct row *row = row_find_living(s, record->name);
	struct store_record merged = *record, *copy = NULL;
	int r = check_record(s, record);

	if (r < 0 || !row)
		return r < 0 ? r : -ENOENT;
	if (row->change == CHANGE_PUT)
		merged.configured = row->pending->configured;
	r = store_record_copy(&merged, &copy);
	if (r < 0)
		return r;
	row_put(s, row, copy, MAX_OF(row->change, CHANGE_CURRENT));
	return 0;
}

int store_put_removed(struct store *s, const char *name)
{
	struct row *row = row_find_living(s, name);

	if (!row)
		return -ENOENT;
	if (row->change == CHANGE_PUT) {
		row->pending->removed = true;
		row->pending->sealed = NULL;
		row->life.enabled = false;
		row->life.expires = USEC_NEVER;
		return 0;
	}
	free(row->pending);
	row->pending = NULL;
	row_change(s, row, CHANGE_REMOVED);
	return 0;
}

int store_put_life(struct store *s, const char *name, const struct store_life *life)
{
	struct row *row = row_find_living(s, name);

	if (!row)
		return -ENOENT;
	if (!life_is_valid(life)) {
		set_problem(s, "A value out of range for client %.64s", name);
		return -EINVAL;
	}
	row->life = *life;
	row_change(s, row, MAX_OF(row->change, CHANGE_LIFE));
	return 0;
}

bool store_knows(const struct store *s, const char *name)
{
	const struct row *row = row_find(s, name);

	return row && row->change != CHANGE_REMOVE;
}

int store_remove(struct store *s, const char *name)
{
	struct row *row = row_find(s, name);

	if (!row)
		return 0;
	free(row->pending);
	row->pending = NULL;
	row_change(s, row, CHANGE_REMOVE);
	return 0;
}

usec_t store_lockdown(const struct store *s)
{
	return s->lockdown;
}

void store_put_lockdown(struct store *s, usec_t since)
{
	s->lockdown = since;
	s->lockdown_changed = true;
}

static int run(sqlite3_stmt *stmt)
{
	int rc = sqlite3_step(stmt);

	(void)sqlite3_reset(stmt);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* A row that we know and the database does not: not our file any more. */
static int run_on_one(struct store *s, sqlite3_stmt *stmt)
{
	int rc = run(stmt);

	return rc == SQLITE_OK && sqlite3_changes(s->db) != 1 ? SQLITE_CORRUPT : rc;
}

static int write_row(struct store *s, struct row *row)
{
	sqlite3_stmt *stmt;
	int rc;

	switch (row->change) {
	case CHANGE_NONE:
		return SQLITE_OK;
	case CHANGE_LIFE:
		stmt = s->statements[STATEMENT_LIFE];
		rc = store_bind_life(stmt, row->place, &row->life);
		return rc == SQLITE_OK ? run_on_one(s, stmt) : rc;
	case CHANGE_CURRENT:
		stmt = s->statements[STATEMENT_CURRENT];
		row->pending->life = row->life;
		rc = store_bind_current(stmt, row->place, row->pending);
		return rc == SQLITE_OK ? run_on_one(s, stmt) : rc;
	case CHANGE_PUT:
		stmt = s->statements[STATEMENT_PUT];
		row->pending->life = row->life;
		rc = store_bind_put(stmt, row->place, row->pending);
		return rc == SQLITE_OK ? run(stmt) : rc;
	case CHANGE_REMOVED:
		stmt = s->statements[STATEMENT_REMOVED];
		rc = sqlite3_bind_int64(stmt, 1, row->place);
		return rc == SQLITE_OK ? run_on_one(s, stmt) : rc;
	case CHANGE_REMOVE:
		stmt = s->statements[STATEMENT_REMOVE];
		rc = sqlite3_bind_text(stmt, 1, row->name, -1, SQLITE_STATIC);
		return rc == SQLITE_OK ? run(stmt) : rc;
	}
	return SQLITE_MISUSE;
}

static int write_lockdown(struct store *s)
{
	sqlite3_stmt *stmt = s->statements[STATEMENT_LOCKDOWN];
	int rc = store_bind_lockdown(stmt, s->lockdown);

	return rc == SQLITE_OK ? run_on_one(s, stmt) : rc;
}

static int write_changes(struct store *s)
{
	int rc = run(s->statements[STATEMENT_BEGIN]);

	for (struct row *row = s->first_changed; row && rc == SQLITE_OK; row = row->next_changed)
		rc = write_row(s, row);
	if (rc == SQLITE_OK && s->lockdown_changed)
		rc = write_lockdown(s);
	if (rc == SQLITE_OK && s->is_untouched)
		rc = run(s->statements[STATEMENT_TOUCH]);
	return rc == SQLITE_OK ? run(s->statements[STATEMENT_COMMIT]) : rc;
}

/* After the commit, so that one that somebody interferes with is never reported as kept. */
static int look_after_files(struct store *s)
{
	if (store_files_are_there(&s->files, s->lock_fd))
		return 0;
	set_problem(s,
		    "State file %s: was taken away or replaced while in use; restart the server "
		    "with the state that is to count",
		    sqlite3_db_filename(s->db, "main"));
	return -ENOENT;
}

static void forget_changes(struct store *s)
{
	struct row *next;

	for (struct row *row = s->first_changed; row; row = next) {
		next = row->next_changed;
		if (row->change == CHANGE_REMOVE) {
			row_free(s, row);
			continue;
		}
		free(row->pending);
		row->pending = NULL;
		row->change = CHANGE_NONE;
	}
	s->lockdown_changed = false;
	s->first_changed = NULL;
	s->last_changed = &s->first_changed;
}

void store_commit(struct store *s, store_done_fn *done, void *userdata)
{
	int rc, r = 0;

	if (s->first_changed || s->lockdown_changed) {
		rc = write_changes(s);
		if (rc != SQLITE_OK) {
			r = fail_sqlite(s, rc, "cannot be written");
			/* After some failures SQLite has done this by itself. */
			if (!sqlite3_get_autocommit(s->db))
				(void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
		} else {
			s->is_untouched = false;
			r = look_after_files(s);
		}
		if (r == 0)
			forget_changes(s);
	}
	done(userdata, r);
}

const char *store_problem(const struct store *s)
{
	return s->problem;
}

struct store *store_close(struct store *s)
{
	struct row *row, *next;

	if (!s)
		return NULL;
	for (size_t i = 0; i < N_STATEMENTS; i++)
		(void)sqlite3_finalize(s->statements[i]);
	HASH_ITER (hh, s->rows, row, next)
		row_free(s, row);
	(void)sqlite3_close(s->db);
	(void)fd_close(s->lock_fd);
	free(s);
	return NULL;
}
