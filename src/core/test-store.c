/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records, changes and commits: SRV-STATE-4, SRV-STATE-6, SRV-STATE-16, SRV-STATE-18. */
#include "core/test-store.h"

static void assert_settings_equal(const struct store_settings *a, const struct store_settings *b)
{
	assert_string_equal(a->host, b->host);
	assert_string_equal(a->checker, b->checker);
	assert_string_equal(a->fingerprint, b->fingerprint);
	assert_int_equal(a->has_key_id, b->has_key_id);
	if (a->has_key_id)
		assert_memory_equal(a->key_id.bytes, b->key_id.bytes, KEY_ID_SIZE);
	assert_true(a->rules.timeout == b->rules.timeout);
	assert_true(a->rules.extended_timeout == b->rules.extended_timeout);
	assert_true(a->rules.interval == b->rules.interval);
	assert_true(a->rules.approval_delay == b->rules.approval_delay);
	assert_true(a->rules.approval_duration == b->rules.approval_duration);
	assert_int_equal(a->rules.approved_by_default, b->rules.approved_by_default);
	assert_int_equal(a->enabled, b->enabled);
}

static int expect_record(void *userdata, const struct store_record *got)
{
	const struct store_record *want = userdata;

	assert_string_equal(got->name, want->name);
	assert_int_equal(got->removed, want->removed);
	assert_int_equal(got->sealed_size, want->sealed_size);
	assert_int_equal(got->sealed == NULL, want->sealed == NULL);
	if (want->sealed)
		assert_memory_equal(got->sealed, want->sealed, want->sealed_size);
	assert_settings_equal(&got->current, &want->current);
	assert_settings_equal(&got->configured, &want->configured);
	assert_int_equal(got->life.enabled, want->life.enabled);
	assert_int_equal(got->life.disable_cause, want->life.disable_cause);
	assert_true(got->life.created == want->life.created);
	assert_true(got->life.last_enabled == want->life.last_enabled);
	assert_true(got->life.disabled_at == want->life.disabled_at);
	assert_true(got->life.expires == want->life.expires);
	assert_true(got->life.last_checked_ok == want->life.last_checked_ok);
	assert_true(got->life.last_approval_request == want->life.last_approval_request);
	assert_true(got->life.saved == want->life.saved);
	assert_int_equal(got->life.last_checker_status, want->life.last_checker_status);
	return 1;
}

/* SRV-STATE-6: every value of (a) and (b), each different from its neighbours and its default. */
static void test_store_put__every_field__comes_back(void **state)
{
	struct store_record records[] = {
		{ .name = "näme ['\"] ; --",
		  .removed = true,
		  .sealed = (const uint8_t *)"0123456789012345678901234567890123456789\0 and so on",
		  .sealed_size = 50,
		  .current = { .host = "a'b",
			       .checker = "x\ny",
			       .fingerprint = "F1",
			       .has_key_id = true,
			       .key_id = { { 1, 0, 255 } },
			       .rules = { 1, 2, 3, 4, 5, true },
			       .enabled = false },
		  .configured = { .host = "c",
				  .checker = "",
				  .fingerprint = "",
				  .has_key_id = false,
				  .rules = { 6, 7, 8, 9, 10, false },
				  .enabled = true },
		  .life = { true, DISABLE_STATE_LOST, 11, 12, 13, 14, 15, 16, 17, 255 } },
		{ .name = "b",
		  .removed = false,
		  .current = { .host = "",
			       .checker = "q",
			       .fingerprint = "",
			       .rules = { USEC_NEVER, USEC_NEVER - 1, 0, (usec_t)INT64_MAX + 1,
					  INT64_MAX, false },
			       .enabled = true },
		  .configured = { .host = "",
				  .checker = "",
				  .fingerprint = "",
				  .has_key_id = true,
				  .rules = { 0, 0, 0, 0, USEC_NEVER, true },
				  .enabled = false },
		  .life = { false, DISABLE_LOCKDOWN, USEC_NEVER, USEC_NEVER, USEC_NEVER, USEC_NEVER,
			    USEC_NEVER, USEC_NEVER, 0, CHECKER_STATUS_NONE } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(records); i++) {
		struct store *s = open_store(STORE_OPEN_NEW);

		assert_int_equal(store_put(s, &records[i]), 0);
		assert_int_equal(commit(s), 0);
		store_close(s);
		s = open_store(STORE_OPEN_OK);
		assert_int_equal(store_load(s, expect_record, &records[i]), 0);
		assert_int_equal(load_all(s).n, 1);
		store_close(s);
		assert_int_equal(unlink(in_directory("clients.db")), 0);
	}
}

static void test_store_load__after_replace_and_remove__keeps_the_order_of_first_puts(void **state)
{
	struct store *s;
	struct seen seen;

	make_state();
	s = open_store(STORE_OPEN_OK);
	put(s, "four", 4);
	put(s, "one", 100);
	assert_int_equal(store_remove(s, "two"), 0);
	assert_int_equal(commit(s), 0);
	put(s, "two", 2);
	put(s, "three", 3);
	assert_int_equal(commit(s), 0);
	/* Removed and put again before a commit: a new client, hence the last one. */
	assert_int_equal(store_remove(s, "one"), 0);
	put(s, "one", 7);
	assert_int_equal(commit(s), 0);
	for (int again = 0; again < 2; again++) {
		seen = load_all(s);
		assert_int_equal(seen.n, 4);
		assert_string_equal(seen.names[0], "three");
		assert_string_equal(seen.names[1], "four");
		assert_string_equal(seen.names[2], "two");
		assert_string_equal(seen.names[3], "one");
		assert_int_equal(seen.sum, 3 + 4 + 2 + 7);
		store_close(s);
		s = open_store(STORE_OPEN_OK);
	}
	store_close(s);
}

static int stop_at_second(void *userdata, const struct store_record *record)
{
	int *n = userdata;

	return ++*n == 2 ? -ECANCELED : 0;
}

static void test_store_load__callback_fails__stops_and_returns_it(void **state)
{
	struct store *s;
	int n = 0;

	make_state();
	s = open_store(STORE_OPEN_OK);
	assert_int_equal(store_load(s, stop_at_second, &n), -ECANCELED);
	assert_int_equal(n, 2);
	assert_int_equal(load_all(s).n, 3);
	store_close(s);
}

/* Beside the clients; and a damaged row is found like any other damage. */
static void test_store_put_lockdown__on_and_off__is_kept(void **state)
{
	struct store *s = open_store(STORE_OPEN_NEW);

	assert_true(store_lockdown(s) == USEC_NEVER);
	store_put_lockdown(s, 4711);
	assert_int_equal(store_lockdown(s), 4711);
	store_close(s);
	s = open_store(STORE_OPEN_NEW);
	assert_true(store_lockdown(s) == USEC_NEVER);
	store_put_lockdown(s, 4711);
	assert_int_equal(commit(s), 0);
	store_close(s);
	s = open_store(STORE_OPEN_OK);
	assert_int_equal(store_lockdown(s), 4711);
	store_put_lockdown(s, USEC_NEVER);
	assert_int_equal(commit(s), 0);
	store_close(s);
	s = open_store(STORE_OPEN_OK);
	assert_true(store_lockdown(s) == USEC_NEVER);
	store_close(s);
}

static void test_store_knows__records__also_removed_ones(void **state)
{
	struct store *s;

	make_state();
	s = open_store(STORE_OPEN_OK);
	assert_true(store_knows(s, "two"));
	assert_false(store_knows(s, "nobody"));
	assert_int_equal(store_put_removed(s, "two"), 0);
	assert_true(store_knows(s, "two"));
	assert_int_equal(store_remove(s, "two"), 0);
	assert_false(store_knows(s, "two"));
	store_close(s);
}

static void test_store_put_life__existing__changes_only_the_life(void **state)
{
	struct store_record want = record_of("two", 2);
	struct store *s;

	make_state();
	s = open_store(STORE_OPEN_OK);
	want.life = (struct store_life){ .enabled = false,
					 .disable_cause = DISABLE_ADMINISTRATOR,
					 .created = 9,
					 .last_enabled = USEC_NEVER,
					 .disabled_at = 10,
					 .expires = USEC_NEVER,
					 .last_checked_ok = 8,
					 .last_approval_request = 7,
					 .last_checker_status = CHECKER_STATUS_SIGNALLED };
	assert_int_equal(store_remove(s, "one"), 0);
	assert_int_equal(store_remove(s, "three"), 0);
	assert_int_equal(store_put_life(s, "two", &want.life), 0);
	assert_int_equal(commit(s), 0);
	store_close(s);
	s = open_store(STORE_OPEN_OK);
	assert_int_equal(store_load(s, expect_record, &want), 0);
	store_close(s);
}

static void test_store_put_life__record_put_in_the_same_turn__both_are_kept(void **state)
{
	struct store_record want = record_of("new", 5);
	struct store *s = open_store(STORE_OPEN_NEW);

	assert_int_equal(store_put(s, &want), 0);
	want.life.enabled = false;
	want.life.disable_cause = DISABLE_TIMEOUT;
	assert_int_equal(store_put_life(s, "new", &want.life), 0);
	assert_int_equal(commit(s), 0);
	assert_int_equal(store_load(s, expect_record, &want), 0);
	store_close(s);
}

static void test_store_put_life__missing_or_removed__is_enoent(void **state)
{
	const struct store_life life = record_of("x", 1).life;
	struct store *s;

	make_state();
	s = open_store(STORE_OPEN_OK);
	assert_int_equal(store_put_life(s, "nobody", &life), -ENOENT);
	assert_int_equal(store_remove(s, "nobody"), 0);
	assert_int_equal(store_remove(s, "two"), 0);
	assert_int_equal(store_put_life(s, "two", &life), -ENOENT);
	assert_int_equal(commit(s), 0);
	assert_int_equal(store_put_life(s, "two", &life), -ENOENT);
	assert_int_equal(load_all(s).n, 2);
	store_close(s);
}

static const uint8_t some_sealed[SEALED_OVERHEAD + 3] = { 1, 2, 3 };

/* A record that differs from record_of(@name, @n) in everything that can be in force. */
static struct store_record in_force(const char *name, uint64_t n)
{
	struct store_record record = record_of(name, n);

	record.current.host = "moved.example.org";
	record.current.checker = "true";
	record.current.rules.timeout = 9;
	record.current.has_key_id = false;
	record.sealed = some_sealed;
	record.sealed_size = sizeof(some_sealed);
	record.life.enabled = false;
	record.life.disable_cause = DISABLE_ADMINISTRATOR;
	return record;
}

/* SRV-STATE-4, SRV-STATE-6: what is configured stays, whatever changes at run time. */
static void test_store_put_current__any_state_of_the_record__keeps_configured(void **state)
{
	for (int round = 0; round < 3; round++) {
		struct store_record want = in_force("x", 1), garbage = want;
		struct store *s = open_store(STORE_OPEN_NEW);

		put(s, "x", 1);
		/* committed before; in the same turn; twice, with a life after it */
		if (round != 1)
			assert_int_equal(commit(s), 0);
		garbage.configured = (struct store_settings){ .host = "not looked at" };
		assert_int_equal(store_put_current(s, &garbage), 0);
		if (round == 2) {
			garbage.current.host = want.current.host = "again.example.org";
			assert_int_equal(store_put_current(s, &garbage), 0);
			want.life.last_checker_status = 5;
			assert_int_equal(store_put_life(s, "x", &want.life), 0);
		}
		assert_int_equal(commit(s), 0);
		store_close(s);
		s = open_store(STORE_OPEN_OK);
		assert_int_equal(store_load(s, expect_record, &want), 0);
		store_close(s);
		assert_int_equal(unlink(in_directory("clients.db")), 0);
	}
}

static void test_store_put_current__missing_or_removed__is_enoent(void **state)
{
	struct store_record record = in_force("two", 1);
	struct store *s;

	make_state();
	s = open_store(STORE_OPEN_OK);
	assert_int_equal(store_put_removed(s, "two"), 0);
	assert_int_equal(store_put_current(s, &record), -ENOENT);
	assert_int_equal(store_put_removed(s, "two"), -ENOENT);
	record.name = "nobody";
	assert_int_equal(store_put_current(s, &record), -ENOENT);
	assert_int_equal(store_put_removed(s, "nobody"), -ENOENT);
	record.name = "one";
	record.sealed_size = SEALED_OVERHEAD - 1;
	assert_int_equal(store_put_current(s, &record), -EINVAL);
	record.sealed_size = SEALED_SIZE_MAX + 1;
	assert_int_equal(store_put_current(s, &record), -EMSGSIZE);
	store_close(s);
}

/* SRV-STATE-18; and W-11: of a removed client no secret is kept, not even a sealed one. */
static void test_store_put_removed__any_state_of_the_record__no_secret_is_kept(void **state)
{
	for (int round = 0; round < 2; round++) {
		struct store_record record = in_force("x", 1);
		struct store *s = open_store(STORE_OPEN_NEW);
		struct seen seen;

		record.life.enabled = true;
		assert_int_equal(store_put(s, &record), 0);
		if (round == 0)
			assert_int_equal(commit(s), 0);
		assert_int_equal(store_put_life(s, "x", &record.life), 0);
		assert_int_equal(store_put_removed(s, "x"), 0);
		assert_int_equal(commit(s), 0);
		store_close(s);
		s = open_store(STORE_OPEN_OK);
		seen = load_all(s);
		assert_int_equal(seen.n, 1);
		assert_true(seen.last.removed);
		assert_false(seen.last.life.enabled);
		assert_null(seen.last.sealed);
		store_close(s);
		assert_int_equal(unlink(in_directory("clients.db")), 0);
	}
}

/* The largest secret that there can be, beside the longest strings. */
static void test_store_put__sealed_at_the_bound__comes_back(void **state)
{
	_cleanup_free_ char *text = malloc(STORE_TEXT_MAX + 1);
	_cleanup_free_ char *sealed = calloc(1, SEALED_SIZE_MAX);
	struct store_record record = record_of("x", 1);
	struct store *s = open_store(STORE_OPEN_NEW);

	assert_non_null(text);
	assert_non_null(sealed);
	memset(text, 'a', STORE_TEXT_MAX);
	text[STORE_TEXT_MAX] = '\0';
	record.name = text;
	record.current =
		(struct store_settings){ .host = text, .checker = text, .fingerprint = text };
	record.configured = record.current;
	record.sealed = (const uint8_t *)sealed;
	record.sealed_size = SEALED_SIZE_MAX;
	assert_int_equal(store_put(s, &record), 0);
	assert_int_equal(commit(s), 0);
	store_close(s);
	s = open_store(STORE_OPEN_OK);
	assert_int_equal(store_load(s, expect_record, &record), 0);
	store_close(s);
}

static void test_store_put__text_at_the_bound__kept_and_beyond_refused(void **state)
{
	_cleanup_free_ char *text = malloc(STORE_TEXT_MAX + 2);
	struct store_record record = record_of("x", 1);
	struct store *s = open_store(STORE_OPEN_NEW);

	assert_non_null(text);
	memset(text, 'a', STORE_TEXT_MAX + 1);
	text[STORE_TEXT_MAX + 1] = '\0';
	record.current.checker = text;
	assert_int_equal(store_put(s, &record), -EMSGSIZE);
	record.current.checker = "c";
	record.name = text;
	assert_int_equal(store_put(s, &record), -EMSGSIZE);

	text[STORE_TEXT_MAX] = '\0';
	record.name = text;
	record.current =
		(struct store_settings){ .host = text, .checker = text, .fingerprint = text };
	record.configured = record.current;
	assert_int_equal(store_put(s, &record), 0);
	assert_int_equal(commit(s), 0);
	store_close(s);
	s = open_store(STORE_OPEN_OK);
	assert_int_equal(store_load(s, expect_record, &record), 0);
	store_close(s);
}

static void test_store_put__value_out_of_range__is_refused_at_once(void **state)
{
	struct store_record record = record_of("", 1);
	struct store *s = open_store(STORE_OPEN_NEW);

	assert_int_equal(store_put(s, &record), -EINVAL);
	record = record_of("x", 1);
	record.life.last_checker_status = 256;
	assert_int_equal(store_put(s, &record), -EINVAL);
	record.life.last_checker_status = -3;
	assert_int_equal(store_put(s, &record), -EINVAL);
	record = record_of("x", 1);
	assert_int_equal(store_put(s, &record), 0);
	record.life.last_checker_status = 256;
	assert_int_equal(store_put_life(s, "x", &record.life), -EINVAL);
	assert_int_equal(commit(s), 0);
	assert_int_equal(load_all(s).last.life.last_checker_status, 0);
	store_close(s);
}

static void test_store_put__one_client_too_many__is_refused(void **state)
{
	struct store_record record = record_of("x", 1);
	struct store *s = open_store(STORE_OPEN_NEW);
	char name[32];

	record.name = name;
	for (size_t i = 0; i < STORE_CLIENTS_MAX; i++) {
		(void)snprintf(name, sizeof(name), "client%zu", i);
		if (store_put(s, &record) != 0)
			fail_msg("refused at %zu", i);
	}
	record.name = "one-more";
	assert_int_equal(store_put(s, &record), -E2BIG);
	/* The known ones can still be changed. */
	record.name = "client0";
	assert_int_equal(store_put(s, &record), 0);
	store_close(s);
}

static void test_store_commit__without_changes__succeeds_and_writes_nothing(void **state)
{
	struct store *s;
	struct stat log;

	make_state();
	s = open_store(STORE_OPEN_OK);
	assert_int_equal(commit(s), 0);
	assert_int_equal(stat(in_directory("clients.db-wal"), &log), 0);
	assert_int_equal(log.st_size, 0);
	put(s, "one", 2);
	assert_int_equal(commit(s), 0);
	assert_int_equal(stat(in_directory("clients.db-wal"), &log), 0);
	assert_true(log.st_size > 0);
	store_close(s);
}

static void test_store_close__without_commit__changes_are_gone(void **state)
{
	struct store *s;

	make_state();
	s = open_store(STORE_OPEN_OK);
	put(s, "four", 4);
	assert_int_equal(store_remove(s, "one"), 0);
	store_close(s);
	s = open_store(STORE_OPEN_OK);
	assert_int_equal(load_all(s).n, 3);
	store_close(s);
	assert_null(store_close(NULL));
}

#define with_directory(f) cmocka_unit_test_setup_teardown(f, setup_directory, teardown_directory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_directory(test_store_put__every_field__comes_back),
		with_directory(
			test_store_load__after_replace_and_remove__keeps_the_order_of_first_puts),
		with_directory(test_store_load__callback_fails__stops_and_returns_it),
		with_directory(test_store_put_lockdown__on_and_off__is_kept),
		with_directory(test_store_knows__records__also_removed_ones),
		with_directory(test_store_put_life__existing__changes_only_the_life),
		with_directory(test_store_put_life__record_put_in_the_same_turn__both_are_kept),
		with_directory(test_store_put_life__missing_or_removed__is_enoent),
		with_directory(test_store_put_current__any_state_of_the_record__keeps_configured),
		with_directory(test_store_put_current__missing_or_removed__is_enoent),
		with_directory(test_store_put_removed__any_state_of_the_record__no_secret_is_kept),
		with_directory(test_store_put__sealed_at_the_bound__comes_back),
		with_directory(test_store_put__text_at_the_bound__kept_and_beyond_refused),
		with_directory(test_store_put__value_out_of_range__is_refused_at_once),
		with_directory(test_store_put__one_client_too_many__is_refused),
		with_directory(test_store_commit__without_changes__succeeds_and_writes_nothing),
		with_directory(test_store_close__without_commit__changes_are_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
