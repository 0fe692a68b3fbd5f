/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs the four above first. */
#include <cmocka.h>

#include "base/util.h"
#include "core/merge.h"

#define MINUTE (60 * USEC_PER_SEC)

static const struct instant now = { .boot = 1000 * MINUTE, .real = 900000 * MINUTE };

static struct store_settings settings(usec_t timeout)
{
	return (struct store_settings){
		.host = "web1.example.net",
		.checker = "true",
		.fingerprint = "",
		.rules = { .timeout = timeout,
			   .extended_timeout = 15 * MINUTE,
			   .interval = 2 * MINUTE },
		.enabled = true,
	};
}

static struct store_record record_expiring(usec_t expires)
{
	return (struct store_record){
		.name = "web1",
		.current = settings(5 * MINUTE),
		.configured = settings(5 * MINUTE),
		.life = { .enabled = true,
			  .created = now.real - 100 * MINUTE,
			  .last_enabled = now.real - 50 * MINUTE,
			  .expires = expires,
			  .last_checked_ok = now.real - 7 * MINUTE,
			  .last_approval_request = USEC_NEVER,
			  .last_checker_status = 0 },
	};
}

static struct client_life configured_life(bool enabled)
{
	const struct client_rules rules = { .timeout = 5 * MINUTE, .interval = 2 * MINUTE };
	struct client_life life;

	client_life_init(&life, &rules, enabled, now);
	return life;
}

/* SRV-STATE-10, its table. */
static void test_merge_settings__each_row_of_the_table__result(void **state)
{
	static const struct {
		usec_t old_file, run_time, new_file, result;
	} rows[] = { { 5, 5, 5, 5 }, { 5, 9, 5, 9 }, { 5, 9, 7, 7 }, { 5, 7, 7, 7 } };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct store_settings file = settings(rows[i].new_file * MINUTE), merged;
		struct store_record record = {
			.name = "web1",
			.current = settings(rows[i].run_time * MINUTE),
			.configured = settings(rows[i].old_file * MINUTE),
		};

		merge_settings(&file, &record, &merged);
		assert_int_equal(merged.rules.timeout, rows[i].result * MINUTE);
	}
}

/* SRV-STATE-10: of that same setting and of no other. */
static void test_merge_settings__another_setting_edited__run_time_value_stays(void **state)
{
	struct store_settings file = settings(5 * MINUTE), merged;
	struct store_record record = record_expiring(0);

	record.current.host = "moved.example.net";
	record.current.checker = "false";
	record.current.rules.interval = 3 * MINUTE;
	record.current.rules.approved_by_default = true;
	file.rules.timeout = 8 * MINUTE;
	merge_settings(&file, &record, &merged);
	assert_string_equal(merged.host, "moved.example.net");
	assert_string_equal(merged.checker, "false");
	assert_int_equal(merged.rules.interval, 3 * MINUTE);
	assert_true(merged.rules.approved_by_default);
	assert_int_equal(merged.rules.timeout, 8 * MINUTE);
}

/* SRV-STATE-11: a key ID that the old file did not have and the new one has. */
static void test_merge_settings__key_id_added_to_the_file__file_wins(void **state)
{
	struct store_settings file = settings(5 * MINUTE), merged;
	struct store_record record = record_expiring(0);

	file.has_key_id = true;
	file.key_id.bytes[0] = 0x42;
	merge_settings(&file, &record, &merged);
	assert_true(merged.has_key_id);
	assert_int_equal(merged.key_id.bytes[0], 0x42);
}

/* SRV-STATE-13 */
static void test_merge_life__alive__times_come_from_the_state(void **state)
{
	struct store_record record = record_expiring(now.real + 3 * MINUTE);
	struct client_life life = configured_life(true);

	assert_int_equal(merge_life(&life, true, &record, now), MERGE_UNREMARKABLE);
	assert_true(life.enabled);
	assert_int_equal(life.expires, now.boot + 3 * MINUTE);
	assert_int_equal(life.created, record.life.created);
	assert_int_equal(life.last_enabled, record.life.last_enabled);
	assert_int_equal(life.last_checked_ok, record.life.last_checked_ok);
	assert_int_equal(life.last_checker_status, 0);
	assert_int_equal(life.decision, DECISION_NONE);
	assert_int_equal(life.n_pending, 0);
}

/* SRV-STATE-14, W-18: our own downtime is not held against a client that was fine before. */
static void test_merge_life__expired_but_was_fine__kept(void **state)
{
	struct store_record record = record_expiring(now.real - MINUTE);
	struct client_life life = configured_life(true);

	assert_int_equal(merge_life(&life, true, &record, now), MERGE_KEPT);
	assert_true(life.enabled);
	assert_int_equal(life.expires, now.boot + 5 * MINUTE);
}

/* SRV-STATE-14, exactly at the boundary: not in the future is expired. */
static void test_merge_life__expires_now_and_last_check_bad__disabled(void **state)
{
	struct store_record record = record_expiring(now.real);
	struct client_life life = configured_life(true);

	record.life.last_checker_status = 1;
	assert_int_equal(merge_life(&life, true, &record, now), MERGE_LAST_CHECK_BAD);
	assert_false(life.enabled);
	assert_int_equal(life.disable_cause, DISABLE_TIMEOUT);
	assert_int_equal(life.disabled_at, now.real);
	assert_int_equal(life.expires, USEC_NEVER);
}

/* SRV-STATE-14, L10 */
static void test_merge_life__expired_and_never_checked__disabled(void **state)
{
	struct store_record record = record_expiring(now.real - 1);
	struct client_life life = configured_life(true);

	record.life.last_checked_ok = USEC_NEVER;
	assert_int_equal(merge_life(&life, true, &record, now), MERGE_NEVER_CHECKED);
	assert_false(life.enabled);
}

/* W-02: what was disabled stays disabled, with its cause. SRV-STATE-16: and its last_enabled. */
static void test_merge_life__was_disabled__stays_disabled(void **state)
{
	struct store_record record = record_expiring(USEC_NEVER);
	struct client_life life = configured_life(true);

	record.life.enabled = false;
	record.life.disable_cause = DISABLE_ADMINISTRATOR;
	record.life.disabled_at = now.real - 2 * MINUTE;
	assert_int_equal(merge_life(&life, true, &record, now), MERGE_UNREMARKABLE);
	assert_false(life.enabled);
	assert_int_equal(life.disable_cause, DISABLE_ADMINISTRATOR);
	assert_int_equal(life.disabled_at, now.real - 2 * MINUTE);
	assert_int_equal(life.last_enabled, record.life.last_enabled);
	assert_int_equal(life.expires, USEC_NEVER);
}

/* SRV-STATE-15, W-09 */
static void test_merge_life__file_changed_to_enabled__enabled_afresh(void **state)
{
	struct store_record record = record_expiring(USEC_NEVER);
	struct client_life life = configured_life(true);

	record.life.enabled = false;
	record.configured.enabled = false;
	assert_int_equal(merge_life(&life, true, &record, now), MERGE_ENABLED_AFRESH);
	assert_true(life.enabled);
	assert_int_equal(life.last_enabled, now.real);
	assert_int_equal(life.expires, now.boot + 5 * MINUTE);
}

/* SRV-STATE-10 for "enabled": the file was edited to no. */
static void test_merge_life__file_changed_to_disabled__disabled(void **state)
{
	struct store_record record = record_expiring(now.real + MINUTE);
	struct client_life life = configured_life(false);

	assert_int_equal(merge_life(&life, false, &record, now), MERGE_DISABLED_BY_FILE);
	assert_false(life.enabled);
	assert_int_equal(life.disable_cause, DISABLE_CONFIGURED);
	assert_int_equal(life.expires, USEC_NEVER);
}

/* What is left of a saved expiry, @expires ahead of the moment at which it was saved. */
static usec_t left_at(usec_t saved, usec_t expires, usec_t real)
{
	const struct client_rules rules = { .timeout = 5 * MINUTE,
					    .extended_timeout = 15 * MINUTE,
					    .interval = 2 * MINUTE };
	const struct store_life life = { .saved = saved, .expires = saved + expires };
	const struct instant then = { .boot = now.boot, .real = real };

	return merge_expires(&rules, &life, then) - now.boot;
}

/* SRV-STATE-13 with a clock that goes on, and one that was set back: an empty battery (1970), a
 * clock of before the last shutdown, a time server. SRV-LIFE-39. */
static void test_merge_expires__clock_set_back__no_time_has_passed(void **state)
{
	const usec_t saved = now.real;

	assert_int_equal(left_at(saved, 4 * MINUTE, saved + MINUTE), 3 * MINUTE);
	assert_int_equal(left_at(saved, 4 * MINUTE, saved), 4 * MINUTE);
	assert_int_equal(left_at(saved, 4 * MINUTE, saved - 1), 4 * MINUTE);
	assert_int_equal(left_at(saved, 4 * MINUTE, saved - 60 * MINUTE), 4 * MINUTE);
	assert_int_equal(left_at(saved, 4 * MINUTE, 0), 4 * MINUTE);
}

/* 1970 must not become years of trust, also where nobody knows when it was saved; SRV-LIFE-3. */
static void test_merge_expires__further_ahead_than_any_timeout__shortened(void **state)
{
	const usec_t year = 365 * 24 * 60 * MINUTE;

	assert_int_equal(left_at(0, now.real, 0), 15 * MINUTE);
	assert_int_equal(left_at(0, now.real + year, now.real), 15 * MINUTE);
	assert_int_equal(left_at(now.real, year, now.real + MINUTE), 15 * MINUTE);
	assert_int_equal(left_at(now.real, 15 * MINUTE, now.real), 15 * MINUTE);
	assert_int_equal(left_at(now.real, 15 * MINUTE + 1, now.real), 15 * MINUTE);
	assert_int_equal(left_at(now.real, 15 * MINUTE - 1, now.real), 15 * MINUTE - 1);
}

/* The bound is that of the longest grace there is: two intervals (SRV-LIFE-3, SRV-LIFE-15), the
 * timeout, or the extended one; it does not wrap (SRV-DUR-6). */
static void test_merge_expires__each_rule__can_be_the_bound(void **state)
{
	static const struct {
		struct client_rules rules;
		usec_t bound;
	} rows[] = {
		{ { .timeout = 9, .extended_timeout = 7, .interval = 0 }, 2 * USEC_PER_SEC },
		{ { .timeout = 9 * MINUTE, .extended_timeout = 7, .interval = 1 }, 9 * MINUTE },
		{ { .timeout = 9, .extended_timeout = 7 * MINUTE, .interval = 1 }, 7 * MINUTE },
		{ { .timeout = 9, .extended_timeout = 7, .interval = 5 * MINUTE }, 10 * MINUTE },
	};
	const struct client_rules for_ever = { .timeout = 9, .interval = USEC_NEVER };
	const struct store_life life = { .expires = USEC_NEVER - 1 };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(merge_expires(&rows[i].rules, &life, now) - now.boot,
				 rows[i].bound);
	assert_int_equal(merge_expires(&for_ever, &life, now),
			 now.boot + (USEC_NEVER - 1 - now.real));
}

/* And the administrator hears of it. */
static void test_merge_life__further_ahead_than_any_timeout__said(void **state)
{
	struct store_record record = record_expiring(now.real + 5 * MINUTE);
	struct client_life life = configured_life(true);

	assert_int_equal(merge_life(&life, true, &record, now), MERGE_UNREMARKABLE);
	record.life.expires++;
	assert_int_equal(merge_life(&life, true, &record, now), MERGE_SHORTENED);
	assert_true(life.enabled);
	assert_int_equal(life.expires, now.boot + 5 * MINUTE);
}

/* SRV-STATE-14: a clock that jumped ahead looks like a long downtime, and is treated like one. */
static void test_merge_life__clock_jumped_ahead__as_a_long_downtime(void **state)
{
	const struct instant ahead = { .boot = now.boot, .real = now.real * 2 };
	struct store_record record = record_expiring(now.real + 4 * MINUTE);
	struct client_life life = configured_life(true);

	record.life.saved = now.real;
	assert_int_equal(merge_life(&life, true, &record, ahead), MERGE_KEPT);
	assert_int_equal(life.expires, now.boot + 5 * MINUTE);
	life = configured_life(true);
	record.life.last_checker_status = 1;
	assert_int_equal(merge_life(&life, true, &record, ahead), MERGE_LAST_CHECK_BAD);
	assert_false(life.enabled);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_merge_settings__each_row_of_the_table__result),
		cmocka_unit_test(test_merge_settings__another_setting_edited__run_time_value_stays),
		cmocka_unit_test(test_merge_settings__key_id_added_to_the_file__file_wins),
		cmocka_unit_test(test_merge_life__alive__times_come_from_the_state),
		cmocka_unit_test(test_merge_life__expired_but_was_fine__kept),
		cmocka_unit_test(test_merge_life__expires_now_and_last_check_bad__disabled),
		cmocka_unit_test(test_merge_life__expired_and_never_checked__disabled),
		cmocka_unit_test(test_merge_life__was_disabled__stays_disabled),
		cmocka_unit_test(test_merge_life__file_changed_to_enabled__enabled_afresh),
		cmocka_unit_test(test_merge_life__file_changed_to_disabled__disabled),
		cmocka_unit_test(test_merge_expires__clock_set_back__no_time_has_passed),
		cmocka_unit_test(test_merge_expires__further_ahead_than_any_timeout__shortened),
		cmocka_unit_test(test_merge_expires__each_rule__can_be_the_bound),
		cmocka_unit_test(test_merge_life__further_ahead_than_any_timeout__said),
		cmocka_unit_test(test_merge_life__clock_jumped_ahead__as_a_long_downtime),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
