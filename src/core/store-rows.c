/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One row a client, and one for the server. Numbers are integers; a usec_t keeps its 64 bits (SQL
 * sees the largest ones as negative) and USEC_NEVER is NULL. The constraints repeat what
 * store_put() lets pass, so that a damaged value is found by the integrity check and never
 * believed.
 */
#include "core/store-sqlite.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

/* SQL reads best with a column a line, which clang-format cannot know. */
/* clang-format off */
#define SETTINGS_SCHEMA(p)                                                               \
	p "host TEXT NOT NULL,"                                                          \
	p "checker TEXT NOT NULL,"                                                       \
	p "fingerprint TEXT NOT NULL,"                                                   \
	p "key_id BLOB CHECK (length(" p "key_id) = 32),"                                \
	p "timeout INTEGER,"                                                             \
	p "extended_timeout INTEGER,"                                                    \
	p "interval INTEGER,"                                                            \
	p "approval_delay INTEGER,"                                                      \
	p "approval_duration INTEGER,"                                                   \
	p "approved_by_default INTEGER NOT NULL CHECK (" p "approved_by_default IN (0, 1))," \
	p "enabled INTEGER NOT NULL CHECK (" p "enabled IN (0, 1)),"

#define SETTINGS_COLUMNS(p)                                                              \
	p "host," p "checker," p "fingerprint," p "key_id," p "timeout,"                 \
	p "extended_timeout," p "interval," p "approval_delay," p "approval_duration,"   \
	p "approved_by_default," p "enabled,"
#define SETTINGS_PARAMETERS "?,?,?,?,?,?,?,?,?,?,?,"

#define LIFE_COLUMNS                                                                     \
	"enabled, disable_cause, created, last_enabled, disabled_at, expires,"           \
	" last_checked_ok, last_approval_request, saved, last_checker_status"
#define LIFE_PARAMETERS "?,?,?,?,?,?,?,?,?,?"

/* What is in force: all but the place, the name and what is configured. */
#define CURRENT_COLUMNS "removed, sealed," SETTINGS_COLUMNS("current_") LIFE_COLUMNS
#define CURRENT_PARAMETERS "?,?," SETTINGS_PARAMETERS LIFE_PARAMETERS

#define ALL_COLUMNS "place, name," SETTINGS_COLUMNS("configured_") CURRENT_COLUMNS

/* "untouched" has one row from the creation of the state to its first commit: which result of
 * store_open() nobody has answered yet, and the file that was set aside. Without it, a crash after
 * the replacement of a damaged state would make the next start look like an ordinary one. */
const char store_schema[] =
	"CREATE TABLE client ("
	" place INTEGER PRIMARY KEY CHECK (place BETWEEN 1 AND 4611686018427387904),"
	" name TEXT NOT NULL UNIQUE CHECK (name <> ''),"
	" removed INTEGER NOT NULL CHECK (removed IN (0, 1)),"
	SETTINGS_SCHEMA("current_")
	SETTINGS_SCHEMA("configured_")
	" sealed BLOB CHECK (length(sealed) BETWEEN 49 AND 1048625),"
	" enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),"
	" disable_cause INTEGER NOT NULL CHECK (disable_cause BETWEEN 0 AND 5),"
	" created INTEGER,"
	" last_enabled INTEGER,"
	" disabled_at INTEGER,"
	" expires INTEGER,"
	" last_checked_ok INTEGER,"
	" last_approval_request INTEGER,"
	" saved INTEGER,"
	" last_checker_status INTEGER NOT NULL CHECK (last_checker_status BETWEEN -2 AND 255)"
	") STRICT;"
	/* One row; NULL while there is no lockdown, else since when. */
	"CREATE TABLE server (lockdown INTEGER) STRICT;"
	"INSERT INTO server VALUES (NULL);"
	"CREATE TABLE untouched (result INTEGER NOT NULL, file TEXT NOT NULL) STRICT;";

/* Replaces by place (the same client) and by name (removed and put again before a commit). */
const char store_sql_put[] =
	"INSERT OR REPLACE INTO client (" ALL_COLUMNS ")"
	" VALUES (?,?," SETTINGS_PARAMETERS CURRENT_PARAMETERS ")";

const char store_sql_current[] =
	"UPDATE client SET (" CURRENT_COLUMNS ") = (" CURRENT_PARAMETERS ") WHERE place = ?";

const char store_sql_life[] =
	"UPDATE client SET (" LIFE_COLUMNS ") = (" LIFE_PARAMETERS ") WHERE place = ?";

const char store_sql_lockdown[] = "UPDATE server SET lockdown = ?";

const char store_sql_load_server[] = "SELECT lockdown FROM server";

const char store_sql_load[] = "SELECT " ALL_COLUMNS " FROM client ORDER BY place";
/* clang-format on */

/** struct columns - goes through the columns of a statement, keeps the first failure */
struct columns {
	sqlite3_stmt *stmt;
	int at; /* parameters count from 1, result columns from 0 */
	int rc;
};

static void keep_rc(struct columns *c, int rc)
{
	if (c->rc == SQLITE_OK)
		c->rc = rc;
}

static void bind_int(struct columns *c, int64_t value)
{
	keep_rc(c, sqlite3_bind_int64(c->stmt, c->at++, value));
}

static void bind_usec(struct columns *c, usec_t value)
{
	if (value == USEC_NEVER)
		keep_rc(c, sqlite3_bind_null(c->stmt, c->at++));
	else
		bind_int(c, (int64_t)value);
}

static void bind_text(struct columns *c, const char *text)
{
	keep_rc(c, sqlite3_bind_text(c->stmt, c->at++, text ? text : "", -1, SQLITE_STATIC));
}

static void bind_settings(struct columns *c, const struct store_settings *s)
{
	bind_text(c, s->host);
	bind_text(c, s->checker);
	bind_text(c, s->fingerprint);
	if (s->has_key_id)
		keep_rc(c, sqlite3_bind_blob(c->stmt, c->at++, s->key_id.bytes, KEY_ID_SIZE,
					     SQLITE_STATIC));
	else
		keep_rc(c, sqlite3_bind_null(c->stmt, c->at++));
	bind_usec(c, s->rules.timeout);
	bind_usec(c, s->rules.extended_timeout);
	bind_usec(c, s->rules.interval);
	bind_usec(c, s->rules.approval_delay);
	bind_usec(c, s->rules.approval_duration);
	bind_int(c, s->rules.approved_by_default);
	bind_int(c, s->enabled);
}

static void bind_life(struct columns *c, const struct store_life *life)
{
	bind_int(c, life->enabled);
	bind_int(c, life->disable_cause);
	bind_usec(c, life->created);
	bind_usec(c, life->last_enabled);
	bind_usec(c, life->disabled_at);
	bind_usec(c, life->expires);
	bind_usec(c, life->last_checked_ok);
	bind_usec(c, life->last_approval_request);
	bind_usec(c, life->saved);
	bind_int(c, life->last_checker_status);
}

static void bind_current(struct columns *c, const struct store_record *record)
{
	bind_int(c, record->removed);
	if (record->sealed)
		keep_rc(c, sqlite3_bind_blob64(c->stmt, c->at++, record->sealed,
					       record->sealed_size, SQLITE_STATIC));
	else
		keep_rc(c, sqlite3_bind_null(c->stmt, c->at++));
	bind_settings(c, &record->current);
	bind_life(c, &record->life);
}

int store_bind_put(sqlite3_stmt *stmt, int64_t place, const struct store_record *record)
{
	struct columns c = { .stmt = stmt, .at = 1 };

	bind_int(&c, place);
	bind_text(&c, record->name);
	bind_settings(&c, &record->configured);
	bind_current(&c, record);
	return c.rc;
}

int store_bind_current(sqlite3_stmt *stmt, int64_t place, const struct store_record *record)
{
	struct columns c = { .stmt = stmt, .at = 1 };

	bind_current(&c, record);
	bind_int(&c, place);
	return c.rc;
}

int store_bind_life(sqlite3_stmt *stmt, int64_t place, const struct store_life *life)
{
	struct columns c = { .stmt = stmt, .at = 1 };

	bind_life(&c, life);
	bind_int(&c, place);
	return c.rc;
}

int store_bind_lockdown(sqlite3_stmt *stmt, usec_t since)
{
	struct columns c = { .stmt = stmt, .at = 1 };

	bind_usec(&c, since);
	return c.rc;
}

static int64_t read_int(struct columns *c, int64_t min, int64_t max)
{
	int64_t value = sqlite3_column_int64(c->stmt, c->at);

	if (sqlite3_column_type(c->stmt, c->at) != SQLITE_INTEGER || value < min || value > max)
		keep_rc(c, SQLITE_CORRUPT);
	c->at++;
	return value;
}

static bool read_bool(struct columns *c)
{
	return read_int(c, 0, 1) != 0;
}

static usec_t read_usec(struct columns *c)
{
	if (sqlite3_column_type(c->stmt, c->at) == SQLITE_NULL) {
		c->at++;
		return USEC_NEVER;
	}
	return (usec_t)read_int(c, INT64_MIN, INT64_MAX);
}

static const char *read_text(struct columns *c)
{
	const char *text;

	if (sqlite3_column_type(c->stmt, c->at) != SQLITE_TEXT) {
		keep_rc(c, SQLITE_CORRUPT);
		c->at++;
		return "";
	}
	text = (const char *)sqlite3_column_text(c->stmt, c->at);
	if (!text)
		keep_rc(c, SQLITE_NOMEM);
	else if (strlen(text) != (size_t)sqlite3_column_bytes(c->stmt, c->at) ||
		 strlen(text) > STORE_TEXT_MAX)
		keep_rc(c, SQLITE_CORRUPT);
	c->at++;
	return text ? text : "";
}

static void read_settings(struct columns *c, struct store_settings *s)
{
	s->host = read_text(c);
	s->checker = read_text(c);
	s->fingerprint = read_text(c);
	s->has_key_id = sqlite3_column_type(c->stmt, c->at) != SQLITE_NULL;
	if (s->has_key_id) {
		const void *bytes = sqlite3_column_blob(c->stmt, c->at);

		if (bytes && sqlite3_column_bytes(c->stmt, c->at) == KEY_ID_SIZE)
			memcpy(s->key_id.bytes, bytes, KEY_ID_SIZE);
		else
			keep_rc(c, SQLITE_CORRUPT);
	}
	c->at++;
	s->rules.timeout = read_usec(c);
	s->rules.extended_timeout = read_usec(c);
	s->rules.interval = read_usec(c);
	s->rules.approval_delay = read_usec(c);
	s->rules.approval_duration = read_usec(c);
	s->rules.approved_by_default = read_bool(c);
	s->enabled = read_bool(c);
}

static void read_sealed(struct columns *c, struct store_record *record)
{
	record->sealed = sqlite3_column_blob(c->stmt, c->at);
	record->sealed_size = (size_t)sqlite3_column_bytes(c->stmt, c->at);
	if (sqlite3_column_type(c->stmt, c->at) != SQLITE_NULL &&
	    (!record->sealed || record->sealed_size > SEALED_SIZE_MAX))
		keep_rc(c, SQLITE_CORRUPT);
	c->at++;
}

static void read_life(struct columns *c, struct store_life *life)
{
	life->enabled = read_bool(c);
	life->disable_cause = (enum disable_cause)read_int(c, DISABLE_NONE, DISABLE_LOCKDOWN);
	life->created = read_usec(c);
	life->last_enabled = read_usec(c);
	life->disabled_at = read_usec(c);
	life->expires = read_usec(c);
	life->last_checked_ok = read_usec(c);
	life->last_approval_request = read_usec(c);
	life->saved = read_usec(c);
	life->last_checker_status = (int)read_int(c, CHECKER_STATUS_NONE, 255);
}

int store_read_lockdown(sqlite3_stmt *stmt, usec_t *ret)
{
	struct columns c = { .stmt = stmt };

	*ret = read_usec(&c);
	return c.rc;
}

int store_read_row(sqlite3_stmt *stmt, struct store_record *ret)
{
	struct columns c = { .stmt = stmt, .at = 1 };
	struct store_record record = {};

	record.name = read_text(&c);
	read_settings(&c, &record.configured);
	record.removed = read_bool(&c);
	read_sealed(&c, &record);
	read_settings(&c, &record.current);
	read_life(&c, &record.life);
	if (c.rc != SQLITE_OK)
		return c.rc == SQLITE_NOMEM ? -ENOMEM : -EBADMSG;
	*ret = record;
	return 0;
}

/* Adds the room a string needs; false beyond STORE_TEXT_MAX. */
static bool measure(const char *text, size_t *size)
{
	size_t length = text ? strnlen(text, STORE_TEXT_MAX + 1) : 0;

	*size += length + 1;
	return length <= STORE_TEXT_MAX;
}

static const char *copy_text(char **at, const char *text)
{
	char *start = *at;
	size_t size = text ? strlen(text) + 1 : 1;

	memcpy(start, text ? text : "", size);
	*at += size;
	return start;
}

int store_record_copy(const struct store_record *record, struct store_record **ret)
{
	const struct store_settings *a = &record->current, *b = &record->configured;
	size_t size = sizeof(*record);
	struct store_record *copy;
	char *at;

	if ((record->sealed && record->sealed_size > SEALED_SIZE_MAX) || !measure(a->host, &size) ||
	    !measure(a->checker, &size) || !measure(a->fingerprint, &size) ||
	    !measure(b->host, &size) || !measure(b->checker, &size) ||
	    !measure(b->fingerprint, &size))
		return -EMSGSIZE;
	copy = malloc(size + (record->sealed ? record->sealed_size : 0));
	if (!copy)
		return -ENOMEM;
	*copy = *record;
	at = (char *)(copy + 1);
	copy->current.host = copy_text(&at, a->host);
	copy->current.checker = copy_text(&at, a->checker);
	copy->current.fingerprint = copy_text(&at, a->fingerprint);
	copy->configured.host = copy_text(&at, b->host);
	copy->configured.checker = copy_text(&at, b->checker);
	copy->configured.fingerprint = copy_text(&at, b->fingerprint);
	if (record->sealed) {
		memcpy(at, record->sealed, record->sealed_size);
		copy->sealed = (uint8_t *)at;
	}
	*ret = copy;
	return 0;
}

int store_errno(sqlite3 *db, int rc)
{
	int saved = db ? sqlite3_system_errno(db) : 0;

	if (rc == SQLITE_IOERR_NOMEM)
		return -ENOMEM;
	switch (rc & 0xff) {
	case SQLITE_OK:
		return 0;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EBADMSG;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_PERM:
		return -EACCES;
	default:
		return saved > 0 ? -saved : -EIO;
	}
}
