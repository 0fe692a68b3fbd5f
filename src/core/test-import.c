/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/import-secret.h"
#include "core/import.h"

#include "core/test-store.h"

#define MINUTE	   (60 * USEC_PER_SEC)
#define KEEP_MAX   8
#define ENABLED	   "U\7enabled\x88"
#define DISABLED   "U\7enabled\x89"
#define FIVE_TIMES "U\7timeoutcdatetime\ntimedelta\nK\0M\x2c\1K\0\x87R"
#define NINE_TIMES "U\7timeoutcdatetime\ntimedelta\nK\0M\x1c\2K\0\x87R"

/* What came of it, copied out of the load callback. */
static struct {
	char name[32], host[32];
	struct store_record record;
} kept[KEEP_MAX];
static size_t n_kept;

static int keep(void *userdata, const struct store_record *record)
{
	assert_true(n_kept < KEEP_MAX);
	(void)snprintf(kept[n_kept].name, sizeof(kept[0].name), "%s", record->name);
	(void)snprintf(kept[n_kept].host, sizeof(kept[0].host), "%s", record->current.host);
	kept[n_kept++].record = *record;
	return 0;
}

static void write_old(const void *data, size_t size)
{
	FILE *f = fopen(in_directory("clients.pickle"), "we");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, size, f), size);
	assert_int_equal(fclose(f), 0);
}

/* Into a new store, with web1 configured; what was committed is in kept[]. */
static int import_file(void)
{
	_cleanup_secret_ struct secret *secret = secret_copy("hi", 2);
	struct store *store = open_store(STORE_OPEN_NEW);
	struct client_settings settings;
	struct client_file file = { .clients = &settings, .n_clients = 1 };
	int r;

	settings = (struct client_settings){
		.name = (char *)"web1",
		.host = (char *)"today",
		.checker = (char *)"true",
		.fingerprint = (char *)"",
		.has_key_id = true,
		.key_id = { .bytes = { 1 } },
		.secret = secret,
		.rules = { .timeout = 7 * MINUTE, .extended_timeout = 15 * MINUTE },
		.enabled = true,
	};
	n_kept = 0;
	r = import_state(&(struct import_request){
		.state_dir = test_directory, .file = &file, .store = store });
	assert_int_equal(store_load(store, keep, NULL), 0);
	(void)store_close(store);
	return r;
}

static void remove_store(void)
{
	static const char *const names[] = { "clients.db", "clients.db-wal", "clients.db-shm" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		(void)remove(in_directory(names[i]));
}

/* One client named web1: its attributes, and what was configured. */
#define IMPORT(alive, configured)                                                             \
	(write_old("\x80\2}U\4web1}(" alive "us}U\4web1}(" configured "us\x86.",              \
		   sizeof("\x80\2}U\4web1}(" alive "us}U\4web1}(" configured "us\x86.") - 1), \
	 import_file())

static void test_import_state__no_file__nothing(void **state)
{
	assert_int_equal(import_file(), IMPORT_NOTHING);
	assert_int_equal(n_kept, 0);
}

/* SRV-STATE-10: both sides of each setting, so that the merge can tell. */
static void test_import_state__changed_setting__both_are_kept(void **state)
{
	assert_int_equal(IMPORT(ENABLED NINE_TIMES "U\4hostU\3now", FIVE_TIMES "U\4hostU\4then"),
			 IMPORT_DONE);
	assert_int_equal(n_kept, 1);
	assert_true(kept[0].record.current.rules.timeout == 9 * MINUTE);
	assert_true(kept[0].record.configured.rules.timeout == 5 * MINUTE);
	assert_string_equal(kept[0].host, "now");
	assert_true(kept[0].record.life.enabled);
}

/* SRV-STATE-11, W-33: what one side does not know is what the file says today. */
static void test_import_state__unknown_setting__todays_twice(void **state)
{
	assert_int_equal(IMPORT(ENABLED NINE_TIMES "U\4hostU\3now", "U\7enabled\x88"), IMPORT_DONE);
	assert_true(kept[0].record.current.rules.timeout == 7 * MINUTE);
	assert_true(kept[0].record.configured.rules.timeout == 7 * MINUTE);
	assert_true(kept[0].record.current.rules.extended_timeout == 15 * MINUTE);
	assert_string_equal(kept[0].host, "today");
	assert_true(kept[0].record.current.has_key_id);
	assert_int_equal(kept[0].record.current.key_id.bytes[0], 1);
}

/* A refusal outlives even a server that did not say what had been configured. */
static void test_import_state__disabled__stays_so(void **state)
{
	assert_int_equal(IMPORT(DISABLED FIVE_TIMES, FIVE_TIMES), IMPORT_DONE);
	assert_false(kept[0].record.life.enabled);
	assert_true(kept[0].record.configured.enabled);
	assert_int_equal(kept[0].record.life.disable_cause, DISABLE_NONE);
	remove_store();
	assert_int_equal(IMPORT(DISABLED FIVE_TIMES, DISABLED FIVE_TIMES), IMPORT_DONE);
	assert_int_equal(kept[0].record.life.disable_cause, DISABLE_CONFIGURED);
	assert_false(kept[0].record.configured.enabled);
}

/* SRV-STATE-18 */
static void test_import_state__removed__still_removed(void **state)
{
	static const char text[] = "\x80\2}}U\4web1}(" ENABLED FIVE_TIMES "us\x86.";

	write_old(text, sizeof(text) - 1);
	assert_int_equal(import_file(), IMPORT_DONE);
	assert_int_equal(n_kept, 1);
	assert_true(kept[0].record.removed);
}

/* SRV-STATE-5: nothing is put that a later commit could make of it. */
static void test_import_state__damaged__reported_and_left(void **state)
{
	assert_int_equal(IMPORT("U\7enabledN", FIVE_TIMES), IMPORT_DAMAGED);
	assert_int_equal(n_kept, 0);
	/* Nothing was committed: to the store this is still a first start. */
	write_old("", 0);
	assert_int_equal(import_file(), IMPORT_DAMAGED);
	assert_int_equal(access(in_directory("clients.pickle"), F_OK), 0);
}

static void test_import_state__file_that_cannot_be_read__errno(void **state)
{
	assert_int_equal(mkdir(in_directory("clients.pickle"), 0700), 0);
	assert_int_equal(import_file(), -EISDIR);
}

static void test_import_finish__imported__renamed(void **state)
{
	write_old("x", 1);
	import_finish(test_directory);
	assert_int_equal(access(in_directory("clients.pickle"), F_OK), -1);
	assert_int_equal(access(in_directory("clients.pickle.imported"), F_OK), 0);
}

/* Nothing is derived after the deadline, which bounds a start with many clients. */
static void test_import_secret__after_the_deadline__skipped_and_counted(void **state)
{
	static const uint8_t message[] = { 0x8c };
	const struct pickled_client c = { .name = "web1",
					  .encrypted_secret = message,
					  .encrypted_secret_size = sizeof(message) };
	_cleanup_secret_ struct secret *secret = secret_copy("hi", 2);
	const struct client_settings today = { .name = (char *)"web1", .secret = secret };
	struct import_secrets s = { .deadline = USEC_NEVER };
	struct sealed *sealed;

	assert_int_equal(import_secret(&s, &c, &today, &sealed), 0);
	assert_null(sealed);
	assert_int_equal(s.n_skipped, 0);
	s.deadline = instant_now().boot;
	assert_int_equal(import_secret(&s, &c, &today, &sealed), 0);
	assert_null(sealed);
	assert_int_equal(s.n_skipped, 1);
}

#define import_test(f) cmocka_unit_test_setup_teardown(f, setup_directory, teardown_directory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		import_test(test_import_state__no_file__nothing),
		import_test(test_import_state__changed_setting__both_are_kept),
		import_test(test_import_state__unknown_setting__todays_twice),
		import_test(test_import_state__disabled__stays_so),
		import_test(test_import_state__removed__still_removed),
		import_test(test_import_state__damaged__reported_and_left),
		import_test(test_import_state__file_that_cannot_be_read__errno),
		import_test(test_import_finish__imported__renamed),
		cmocka_unit_test(test_import_secret__after_the_deadline__skipped_and_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
