/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The state that survives: what each client was, and what the configuration said then.
 *
 * A door with a small frame: open, load, put, remove, commit, close. Nothing but the back end
 * behind it knows SQL, and the back end knows nothing of policy. Changes are collected and become
 * durable together in store_commit(); after a crash the state is that of the last commit that
 * reported success, whole.
 *
 * Bounds: STORE_CLIENTS_MAX records; strings of a record up to STORE_TEXT_MAX bytes, its sealed
 * secret SEALED_SIZE_MAX.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"
#include "core/client.h"
#include "core/sealed.h"
#include "wire/keyid.h"

#define STORE_CLIENTS_MAX ((size_t)1 << 17)
#define STORE_TEXT_MAX	  ((size_t)64 * 1024)

struct store;

/** struct store_settings - the settings of SRV-STATE-6 (b) */
struct store_settings {
	const char *host;
	const char *checker;
	const char *fingerprint;
	bool has_key_id;
	struct key_id key_id;
	struct client_rules rules;
	bool enabled; /* as configured; only meaningful in store_record.configured */
};

/** struct store_life - run-time values of SRV-STATE-6 (a); times are CLOCK_REALTIME microseconds */
struct store_life {
	bool enabled;
	enum disable_cause disable_cause;
	usec_t created;
	usec_t last_enabled;
	usec_t disabled_at;
	usec_t expires;
	usec_t last_checked_ok;
	usec_t last_approval_request;
	usec_t saved; /* when these values held, by the clock of then; 0: not known */
	int last_checker_status;
};

/** struct store_record - one client; strings are the caller's, or valid during a load callback */
struct store_record {
	const char *name;
	bool removed; /* at run time while still configured: (b) without (a), SRV-STATE-18 */
	const uint8_t
		*sealed; /* secret set at run time (core/sealed.h); NULL: the configured one */
	size_t sealed_size;
	struct store_settings current;
	struct store_settings configured;
	struct store_life life;
};

enum store_open_result {
	STORE_OPEN_OK = 0,
	STORE_OPEN_NEW,	    /* there was no state, or nothing was ever committed: a first start */
	STORE_OPEN_DAMAGED, /* set aside under another name; a fresh one is open: fail closed.
			     * Reported again until something is committed to the fresh one */
	STORE_OPEN_NEWER,   /* written by a newer version; left alone, nothing is open */
	STORE_OPEN_FOREIGN, /* not ours; left alone, nothing is open */
	STORE_OPEN_BUSY,    /* another server uses it; nothing is open */
};

/**
 * store_open() - opens or creates the state in a directory
 * @ret:         set for STORE_OPEN_OK, _NEW and _DAMAGED
 * @ret_problem: one sentence naming the file, for every result but OK and NEW, and for errors; the
 *               caller frees it; may be NULL when there is no memory
 *
 * Errors: the results above; negative errno when the directory or the file cannot be used at all
 *         (missing, not permitted, read-only, full).
 * Source: SRV-STATE-1, SRV-STATE-4, SRV-STATE-5.
 */
int store_open(const char *directory, struct store **ret, char **ret_problem);

typedef int store_load_fn(void *userdata, const struct store_record *record);

/**
 * store_load() - every record as of the last commit, in the order in which they were first put
 *
 * Stops at the callback's first negative return and returns it.
 * Errors: -EBADMSG damaged content, errno.
 */
int store_load(struct store *s, store_load_fn *fn, void *userdata);

/**
 * store_put() - a whole record, new or replacing the one of that name; durable after a commit
 *
 * Strings that are NULL come back empty.
 * Errors: -E2BIG beyond STORE_CLIENTS_MAX, -EMSGSIZE beyond STORE_TEXT_MAX or SEALED_SIZE_MAX,
 *         -EINVAL without a name or with a cause or a checker status out of range, -ENOMEM.
 */
int store_put(struct store *s, const struct store_record *record);

/**
 * store_put_life() - only the run-time values of a record that exists
 *
 * Errors: -ENOENT if it does not exist, -EINVAL as store_put(). Never -ENOMEM: what lowers trust
 *         can always be collected.
 */
int store_put_life(struct store *s, const char *name, const struct store_life *life);

/**
 * store_put_current() - what is in force of a record that exists: all but what is configured
 *
 * Errors: -ENOENT, and as store_put().
 */
int store_put_current(struct store *s, const struct store_record *record);

/**
 * store_put_removed() - removed at run time, though still configured (SRV-STATE-18)
 *
 * Its sealed secret is forgotten (W-11). Errors: -ENOENT. Never -ENOMEM.
 */
int store_put_removed(struct store *s, const char *name);

/**
 * store_lockdown() - since when nobody is to be given anything (CLOCK_REALTIME); USEC_NEVER: no
 *
 * As store_put_lockdown() was last told, else as of the last commit.
 */
usec_t store_lockdown(const struct store *s);

/** store_put_lockdown() - durable after a commit. Never fails: it lowers trust */
void store_put_lockdown(struct store *s, usec_t since);

/** store_knows() - there is a record of that name, or will be after the next commit */
bool store_knows(const struct store *s, const char *name);

/** store_remove() - forgets a client altogether; -ENOENT is not an error */
int store_remove(struct store *s, const char *name);

/** store_done_fn - @result: 0 when durable, negative errno when nothing of it was kept */
typedef void store_done_fn(void *userdata, int result);

/**
 * store_commit() - makes all changes since the last commit durable, all or none
 *
 * Calls @done exactly once: before returning, for an embedded back end. Without changes it reports
 * success at once. After a failure (full disk, I/O error) the changes stay collected and the next
 * commit tries them again, so that a refusal that could not be written now is written later.
 */
void store_commit(struct store *s, store_done_fn *done, void *userdata);

/** store_problem() - words for the last failure; static until the next call */
const char *store_problem(const struct store *s);

/** store_close() - without a commit; NULL is fine; returns NULL */
struct store *store_close(struct store *s);
