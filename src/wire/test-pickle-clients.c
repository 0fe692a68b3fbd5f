/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/pickle-clients.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/util.h"
#include "wire/duration.h"

/* What the parts of the test leave behind for its end. */
static struct pickle *pickle;
static struct pickled_state clients;
static char *file;
static const char *what;

static int forget(void **state)
{
	pickled_state_deinit(&clients);
	pickle = pickle_free(pickle);
	free(file);
	file = NULL;
	return 0;
}

static int read_state(const void *data, size_t size)
{
	size_t offset;

	pickled_state_deinit(&clients);
	pickle = pickle_free(pickle);
	what = NULL;
	assert_int_equal(pickle_parse(data, size, PICKLE_MEMORY_MAX, &pickle, &offset), PICKLE_OK);
	return pickled_state_read(pickle, &clients, &what);
}

static void read_file(const char *path)
{
	size_t size;

	assert_int_equal(file_read(path, PICKLE_SIZE_MAX, &file, &size), 0);
	assert_int_equal(read_state(file, size), PICKLE_OK);
}

static const struct pickled_client *find(const char *name)
{
	for (size_t i = 0; i < clients.n_clients; i++) {
		if (strcmp(clients.clients[i].name, name) == 0)
			return &clients.clients[i];
	}
	fail_msg("no client %s", name);
	return NULL;
}

/* SRV-PKL-4 */
static void test_pickled_state_read__changed_by_the_administrator__what_he_said(void **state)
{
	const struct pickled_client *c;

	read_file(TEST_DATA "/pickle/changed.pickle");
	assert_int_equal(clients.n_clients, 7);
	c = find("off");
	assert_int_equal(c->current.enabled, PICKLED_FALSE);
	assert_int_equal(c->configured.enabled, PICKLED_TRUE);
	assert_true(c->expires == USEC_NEVER);
	c = find("tuned");
	assert_int_equal(c->current.enabled, PICKLED_TRUE);
	assert_true(c->current.timeout == 540 * USEC_PER_SEC);
	assert_true(c->configured.timeout == 300 * USEC_PER_SEC);
	assert_string_equal(c->current.host, "tuned.example.net");
	assert_string_equal(c->configured.host, "tuned.example.org");
	assert_string_equal(c->current.checker, "true %(host)s");
	assert_string_equal(c->configured.checker, "true");
	assert_int_equal(c->current.approved_by_default, PICKLED_FALSE);
	assert_int_equal(c->configured.approved_by_default, PICKLED_TRUE);
	c = find("byfile");
	assert_int_equal(c->current.enabled, PICKLED_FALSE);
	assert_int_equal(c->configured.enabled, PICKLED_FALSE);
	c = find("decided");
	assert_true(c->current.approval_duration == 3600 * USEC_PER_SEC);
}

/* SRV-STATE-18 */
static void test_pickled_state_read__removed_client__only_configured(void **state)
{
	const struct pickled_client *c;

	read_file(TEST_DATA "/pickle/changed.pickle");
	c = find("gone");
	assert_false(c->is_alive);
	assert_true(c->was_in_file);
	assert_string_equal(c->configured.host, "gone.example.org");
	assert_null(c->encrypted_secret);
}

/* SRV-PKL-4 */
static void test_pickled_state_read__unchanged_client__the_same_twice(void **state)
{
	const struct pickled_client *c;

	read_file(TEST_DATA "/pickle/one.pickle");
	assert_int_equal(clients.n_clients, 1);
	c = find("plain");
	assert_true(c->is_alive && c->was_in_file);
	assert_string_equal(c->current.key_id, c->configured.key_id);
	assert_string_equal(c->current.fingerprint, "0123456789ABCDEF0123456789ABCDEF01234567");
	assert_true(c->current.extended_timeout == 900 * USEC_PER_SEC);
	assert_true(c->current.interval == 120 * USEC_PER_SEC);
	assert_true(c->current.approval_delay == 0);
	/* Of the day on which it was made. */
	assert_in_range(c->created / USEC_PER_SEC, 1700000000, 1900000000);
	assert_true(c->expires > c->created && c->expires < c->created + 1000 * USEC_PER_SEC);
	assert_true(c->last_approval_request == USEC_NEVER);
	assert_in_range(c->encrypted_secret_size, 50, 200);
	assert_int_equal(c->encrypted_secret[0], 0x8c);
}

#define STATE(alive) "\x80\2}U\1a}(" alive "us}\x86."
#define READ(text)   read_state(text, sizeof(text) - 1)
#define ENABLED	     "U\7enabled\x88"

/* SRV-PKL-2, SRV-PKL-4: byte strings for text, and no key IDs yet. */
static void test_pickled_state_read__of_an_old_server__missing_is_unknown(void **state)
{
	const struct pickled_client *c;

	assert_int_equal(READ(STATE(ENABLED "U\4hostU\3a.bU\7createdN")), PICKLE_OK);
	c = find("a");
	assert_string_equal(c->current.host, "a.b");
	assert_null(c->current.key_id);
	assert_null(c->current.fingerprint);
	assert_true(c->current.timeout == USEC_NEVER);
	assert_int_equal(c->current.approved_by_default, PICKLED_UNKNOWN);
	assert_true(c->created == USEC_NEVER && c->expires == USEC_NEVER);
	assert_int_equal(c->last_checker_status, -2);
	assert_false(c->was_in_file);
}

/* SRV-PKL-4: what a server in the middle of something wrote is of no interest. */
static void test_pickled_state_read__unknown_attributes__ignored(void **state)
{
	assert_int_equal(READ(STATE(ENABLED "U\10approvedcdbus\nBoolean\nK\1\x85\x81U\6somethG"
					    "\0\0\0\0\0\0\0\0K\1N")),
			 PICKLE_OK);
}

static void test_pickled_state_read__wrong_shape__damaged_with_words(void **state)
{
	assert_int_equal(READ("\x80\2N."), PICKLE_DAMAGED);
	assert_int_equal(READ("\x80\2}\x85."), PICKLE_DAMAGED);
	assert_int_equal(READ("\x80\2}]\x86."), PICKLE_DAMAGED);
	assert_int_equal(READ("\x80\2}U\1aNs}\x86."), PICKLE_DAMAGED);
	assert_int_equal(READ("\x80\2}K\1}s}\x86."), PICKLE_DAMAGED);
	assert_string_equal(what, "a client that is no name with attributes");
	assert_int_equal(READ(STATE("U\7enabledK\1")), PICKLE_DAMAGED);
	assert_int_equal(READ(STATE("U\7enabledN")), PICKLE_DAMAGED);
	assert_int_equal(READ(STATE("U\4hostU\1h")), PICKLE_DAMAGED);
	assert_string_equal(what, "a client that is neither enabled nor disabled");
	assert_int_equal(READ(STATE(ENABLED "U\4hostK\1")), PICKLE_DAMAGED);
	assert_int_equal(READ(STATE(ENABLED "U\7timeoutK\1")), PICKLE_DAMAGED);
	assert_int_equal(READ(STATE(ENABLED "U\7expiresK\1")), PICKLE_DAMAGED);
	assert_int_equal(READ(STATE(ENABLED "U\20encrypted_secretK\1")), PICKLE_DAMAGED);
	assert_int_equal(READ(STATE(ENABLED "U\23last_checker_statusM\0\1")), PICKLE_DAMAGED);
	assert_int_equal(READ(STATE(ENABLED "U\23last_checker_statusJ\xfd\xff\xff\xff")),
			 PICKLE_DAMAGED);
	assert_string_equal(what, "a checker's status that is none");
}

static void test_pickled_state_read__no_utf8_or_a_nul__left_out_or_unknown(void **state)
{
	assert_int_equal(READ("\x80\2}U\2a\0}U\7enabled\x88ss}\x86."), PICKLE_OK);
	assert_int_equal(clients.n_clients, 0);
	assert_int_equal(READ("\x80\2}X\3\0\0\0\xed\xb2\x80}U\7enabled\x88ss}\x86."), PICKLE_OK);
	assert_int_equal(clients.n_clients, 0);
	assert_int_equal(READ(STATE(ENABLED "U\4hostU\2h\0")), PICKLE_OK);
	assert_null(find("a")->current.host);
}

static void test_pickled_state_read__name_twice__the_last_counts(void **state)
{
	assert_int_equal(READ("\x80\2}(U\1a}U\7enabled\x88sU\1a}U\7enabled\x89su}\x86."),
			 PICKLE_OK);
	assert_int_equal(clients.n_clients, 1);
	assert_int_equal(find("a")->current.enabled, PICKLED_FALSE);
}

/* SRV-DUR-6 */
static void test_pickled_state_read__extreme_durations__within_ours(void **state)
{
	assert_int_equal(READ(STATE(ENABLED "U\7timeoutcdatetime\ntimedelta\nJ\xff\xc9\x9a;K\0K\0"
					    "\x87RU\10intervalcdatetime\ntimedelta\nJ\xff\xff\xff"
					    "\xffK\0K\0\x87R")),
			 PICKLE_OK);
	assert_true(find("a")->current.timeout == DURATION_MAX_USEC);
	assert_true(find("a")->current.interval == 0);
}

static void test_pickled_state_read__before_the_epoch__the_epoch(void **state)
{
	assert_int_equal(READ(STATE(ENABLED "U\7createdcdatetime\ndatetime\nU\12\7\xb1\1\1\0\0\0\0"
					    "\0\0\x85R")),
			 PICKLE_OK);
	assert_true(find("a")->created == 0);
}

/* ---- bounds ---- */

static void test_pickled_state_read__attributes_at_the_bound__ok_and_one_more_too_large(
	void **state)
{
	for (unsigned int n = PICKLED_ATTRIBUTES_MAX; n <= PICKLED_ATTRIBUTES_MAX + 1; n++) {
		char text[4096];
		size_t used = 0;

		memcpy(text, "\x80\2}U\1a}(" ENABLED, 18);
		used = 18;
		for (unsigned int i = 1; i < n; i++) {
			memcpy(text + used, "U\1xN", 4);
			used += 4;
		}
		memcpy(text + used, "us}\x86.", 5);
		assert_int_equal(read_state(text, used + 5),
				 n == PICKLED_ATTRIBUTES_MAX ? PICKLE_OK : PICKLE_TOO_LARGE);
	}
}

static void test_pickled_state_read__text_at_the_bound__ok_and_one_more_too_large(void **state)
{
	static char text[PICKLED_TEXT_MAX + 64];

	for (unsigned int n = PICKLED_TEXT_MAX; n <= PICKLED_TEXT_MAX + 1; n++) {
		memcpy(text, "\x80\2}U\1a}(" ENABLED "U\4hostX", 25);
		for (int i = 0; i < 4; i++)
			text[25 + i] = (char)(n >> (8 * i));
		memset(text + 29, 'h', n);
		memcpy(text + 29 + n, "us}\x86.", 5);
		assert_int_equal(read_state(text, 29 + n + 5),
				 n == PICKLED_TEXT_MAX ? PICKLE_OK : PICKLE_TOO_LARGE);
	}
}

/* One client fetched from the memo, under as many names as there may be. */
static void test_pickled_state_read__clients_at_the_bound__ok_and_one_more_too_large(void **state)
{
	for (unsigned int n = PICKLED_CLIENTS_MAX; n <= PICKLED_CLIENTS_MAX + 1; n++) {
		char *text = malloc(32 + 16 * (size_t)n);
		size_t used = 20;

		assert_non_null(text);
		memcpy(text,
		       "\x80\2}" ENABLED "sq\1"
		       "0}q\0",
		       20);
		for (unsigned int i = 0; i < n; i++)
			used += (size_t)sprintf(text + used, "U\6%06xh\1s", i);
		memcpy(text + used, "}\x86.", 3);
		assert_int_equal(read_state(text, used + 3),
				 n == PICKLED_CLIENTS_MAX ? PICKLE_OK : PICKLE_TOO_LARGE);
		assert_int_equal(clients.n_clients, n == PICKLED_CLIENTS_MAX ? n : 0);
		pickle = pickle_free(pickle);
		free(text);
	}
}

#define state_test(f) cmocka_unit_test_teardown(f, forget)

int main(void)
{
	const struct CMUnitTest tests[] = {
		state_test(test_pickled_state_read__changed_by_the_administrator__what_he_said),
		state_test(test_pickled_state_read__removed_client__only_configured),
		state_test(test_pickled_state_read__unchanged_client__the_same_twice),
		state_test(test_pickled_state_read__of_an_old_server__missing_is_unknown),
		state_test(test_pickled_state_read__unknown_attributes__ignored),
		state_test(test_pickled_state_read__wrong_shape__damaged_with_words),
		state_test(test_pickled_state_read__no_utf8_or_a_nul__left_out_or_unknown),
		state_test(test_pickled_state_read__name_twice__the_last_counts),
		state_test(test_pickled_state_read__extreme_durations__within_ours),
		state_test(test_pickled_state_read__before_the_epoch__the_epoch),
		state_test(
			test_pickled_state_read__attributes_at_the_bound__ok_and_one_more_too_large),
		state_test(test_pickled_state_read__text_at_the_bound__ok_and_one_more_too_large),
		state_test(
			test_pickled_state_read__clients_at_the_bound__ok_and_one_more_too_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
