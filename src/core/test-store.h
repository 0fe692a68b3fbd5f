/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* What the tests of the store share: a directory of their own, records, and a look at them. */

#include <setjmp.h> /* cmocka.h needs these four before it */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"
#include "core/store.h"

static char test_directory[64];

static inline int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	return remove(path);
}

static inline int setup_directory(void **state)
{
	(void)snprintf(test_directory, sizeof(test_directory), "/tmp/test-store-XXXXXX");
	return mkdtemp(test_directory) ? 0 : -1;
}

static inline int teardown_directory(void **state)
{
	return nftw(test_directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/** in_directory() - a path in the test's directory; valid until the fourth call after */
static inline const char *in_directory(const char *name)
{
	static char paths[4][160];
	static unsigned int next;
	char *path = paths[next++ % ARRAY_SIZE(paths)];

	(void)snprintf(path, sizeof(paths[0]), "%s/%s", test_directory, name);
	return path;
}

/** open_store() - expects @result; NULL when that leaves nothing open */
static inline struct store *open_store(int result)
{
	_cleanup_free_ char *problem = NULL;
	struct store *s = NULL;
	int r = store_open(test_directory, &s, &problem);

	if (r != result)
		print_error("store_open(): %s\n", problem ? problem : "(no problem)");
	assert_int_equal(r, result);
	if (r != STORE_OPEN_OK && r != STORE_OPEN_NEW) {
		assert_non_null(problem);
		assert_non_null(strstr(problem, test_directory));
		assert_null(strchr(problem, '\n'));
	} else {
		assert_null(problem);
	}
	return s;
}

static inline void keep_result(void *userdata, int result)
{
	int *kept = userdata;

	assert_int_equal(*kept, 1); /* exactly once */
	*kept = result;
}

static inline int commit(struct store *s)
{
	int result = 1;

	store_commit(s, keep_result, &result);
	assert_int_not_equal(result, 1);
	return result;
}

/** record_of() - a record with every field set, from a number that can be read back */
static inline struct store_record record_of(const char *name, uint64_t n)
{
	struct store_settings settings = {
		.host = "host.example.org",
		.checker = "fping -q -- %(host)s",
		.fingerprint = "0123456789ABCDEF0123456789ABCDEF01234567",
		.has_key_id = true,
		.rules = { .timeout = 300 * USEC_PER_SEC + n,
			   .extended_timeout = 900 * USEC_PER_SEC,
			   .interval = 120 * USEC_PER_SEC,
			   .approval_delay = 0,
			   .approval_duration = USEC_PER_SEC,
			   .approved_by_default = true },
		.enabled = true,
	};
	struct store_record record = {
		.name = name,
		.current = settings,
		.configured = settings,
		.life = { .enabled = true,
			  .created = 1000 + n,
			  .last_enabled = 2000 + n,
			  .expires = 3000 + n,
			  .last_checked_ok = n,
			  .last_approval_request = USEC_NEVER,
			  .last_checker_status = 0 },
	};

	memset(record.current.key_id.bytes, (int)(n & 0xff), KEY_ID_SIZE);
	return record;
}

/** struct seen - what a load gave: the names in order, the sum of last_checked_ok */
struct seen {
	size_t n;
	char names[16][32];
	struct store_record last; /* its strings are gone */
	uint64_t sum;
};

static inline int see_record(void *userdata, const struct store_record *record)
{
	struct seen *seen = userdata;

	if (seen->n < ARRAY_SIZE(seen->names))
		(void)snprintf(seen->names[seen->n], sizeof(seen->names[0]), "%s", record->name);
	seen->n++;
	seen->sum += record->life.last_checked_ok;
	seen->last = *record;
	return 0;
}

static inline struct seen load_all(struct store *s)
{
	struct seen seen = {};

	assert_int_equal(store_load(s, see_record, &seen), 0);
	return seen;
}

static inline void put(struct store *s, const char *name, uint64_t n)
{
	struct store_record record = record_of(name, n);

	assert_int_equal(store_put(s, &record), 0);
}

/* A state with three clients, closed again. */
static inline void make_state(void)
{
	struct store *s = open_store(STORE_OPEN_NEW);

	put(s, "one", 1);
	put(s, "two", 2);
	put(s, "three", 3);
	assert_int_equal(commit(s), 0);
	store_close(s);
}
