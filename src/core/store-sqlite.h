/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * What the files of the SQLite back end share; nobody else includes this.
 *
 * store-open.c finds out what lies in the directory, store-sqlite.c collects and commits changes,
 * store-rows.c turns records into columns and back, store-files.c looks after the files.
 */

#include <stdint.h>
#include <sys/types.h>

#include "core/store.h"

struct sqlite3;
struct sqlite3_stmt;

#define STORE_APPLICATION_ID 0x4d616e64 /* "Mand" */
#define STORE_SCHEMA_VERSION 1
#define STORE_FILE_NAME	     "clients.db"

/* The tables of schema version 1, and the marks of a state that nothing was committed to yet. */
extern const char store_schema[];

extern const char store_sql_put[];
extern const char store_sql_current[];
extern const char store_sql_life[];
extern const char store_sql_load[];
extern const char store_sql_lockdown[];
extern const char store_sql_load_server[];

/** store_bind_put() - every parameter of store_sql_put; strings must live until it is stepped */
int store_bind_put(struct sqlite3_stmt *stmt, int64_t place, const struct store_record *record);

/** store_bind_current() - every parameter of store_sql_current; strings as above */
int store_bind_current(struct sqlite3_stmt *stmt, int64_t place, const struct store_record *record);

/** store_bind_life() - every parameter of store_sql_life */
int store_bind_life(struct sqlite3_stmt *stmt, int64_t place, const struct store_life *life);

/** store_bind_lockdown() - the parameter of store_sql_lockdown */
int store_bind_lockdown(struct sqlite3_stmt *stmt, usec_t since);

/** store_read_lockdown() - the column of store_sql_load_server; result codes of SQLite */
int store_read_lockdown(struct sqlite3_stmt *stmt, usec_t *ret);

/**
 * store_read_row() - the columns of store_sql_load
 *
 * Owner:  strings belong to @stmt, until its next step.
 * Errors: -EBADMSG for a value that no store_put() can have written; -ENOMEM.
 */
int store_read_row(struct sqlite3_stmt *stmt, struct store_record *ret);

/**
 * store_record_copy() - with its strings behind it
 *
 * Owner: the caller's; ends with free(). Errors: -EMSGSIZE, -ENOMEM.
 */
int store_record_copy(const struct store_record *record, struct store_record **ret);

/** store_errno() - a failure of SQLite as negative errno */
int store_errno(struct sqlite3 *db, int rc);

/** store_way_out() - what an administrator can do about an errno */
const char *store_way_out(int error);

/** struct store_files - which files the open database consists of */
struct store_files {
	bool known[2];
	dev_t device[2];
	ino_t inode[2];
};

/** store_files_remember() - for a database that is open */
void store_files_remember(struct store_files *files, int directory_fd);

/** store_files_are_there() - nobody has taken them away or replaced them */
bool store_files_are_there(const struct store_files *files, int directory_fd);

/**
 * store_attach() - the statements and the list of names for a database that was found good
 * @db:           taken over, also on failure
 * @lock_fd:      the directory, locked; taken over on success only
 * @is_untouched: nothing was ever committed: the first commit takes the mark away
 *
 * Errors: result codes of SQLite, SQLITE_NOMEM.
 */
int store_attach(struct sqlite3 *db, int lock_fd, bool is_untouched, struct store **ret);
