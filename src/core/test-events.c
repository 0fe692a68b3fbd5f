/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/events.h"

#include <setjmp.h> /* cmocka.h needs these four before it */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/util.h"
#include "core/registry.h"

static char name[] = "web1";

static const struct client client = {
	.name = name,
	.has_key_id = true,
	.key_id = { .bytes = { 0xab, 0xcd } },
};

#define KEY "ABCD000000000000000000000000000000000000000000000000000000000000"

static void assert_text(enum event_kind kind, const struct event_details *d, const char *expected)
{
	char text[LOG_RECORD_MAX];

	event_format(kind, d, text, sizeof(text));
	assert_string_equal(text, expected);
}

static void test_event_row__every_kind__has_a_level_a_text_and_an_id_of_its_own(void **state)
{
	for (unsigned int i = 0; i < N_EVENTS; i++) {
		const struct event_row *row = event_row((enum event_kind)i);

		assert_int_equal(strlen(row->message_id), 32);
		assert_int_equal(strspn(row->message_id, "0123456789abcdef"), 32);
		assert_true(row->level >= LOG_LEVEL_CRITICAL && row->level <= LOG_LEVEL_DEBUG);
		assert_true(strlen(row->text) > 0);
		for (unsigned int j = 0; j < i; j++)
			assert_string_not_equal(row->message_id,
						event_row((enum event_kind)j)->message_id);
	}
}

/* SRV-LOG-8: the text and the level of every event that the core tells of by this table */
static void test_event_format__events_of_the_specification__have_their_texts(void **state)
{
	const struct peer peer = { .family = PEER_IPV4,
				   .address = { 192, 0, 2, 7 },
				   .port = 40112 };
	const struct event_details all = {
		.client = &client, .peer = &peer, .reason = "why", .detail = "x"
	};
	static const struct {
		enum event_kind kind;
		enum log_level level;
		const char *text;
	} events[] = {
		{ EVENT_RESTORED_NEVER_CHECKED, LOG_LEVEL_WARNING,
		  "disabling client web1 - Client never performed a successful checker" },
		{ EVENT_RESTORED_LAST_CHECK_BAD, LOG_LEVEL_WARNING,
		  "disabling client web1 - Client last checker failed with error code x" },
		{ EVENT_RESTORED_KEPT, LOG_LEVEL_DEBUG,
		  "Last checker succeeded, keeping web1 enabled" },
		{ EVENT_RESTORED_OTHER_SECRET, LOG_LEVEL_DEBUG,
		  "Failed to decrypt web1 old secret" },
		{ EVENT_CLIENT_CREATED, LOG_LEVEL_DEBUG, "Creating client 'web1'" },
		{ EVENT_CHECKER_STARTED, LOG_LEVEL_INFO, "Starting checker 'x' for web1" },
		{ EVENT_CHECKER_SUCCEEDED, LOG_LEVEL_INFO, "Checker for web1 succeeded" },
		{ EVENT_CHECKER_FAILED, LOG_LEVEL_INFO, "Checker for web1 failed" },
		{ EVENT_PROBE_FAILED, LOG_LEVEL_INFO, "Checker for web1 failed: why" },
		{ EVENT_PROBE_OTHER_KEY, LOG_LEVEL_WARNING, "Checker for web1 failed: why" },
		{ EVENT_CHECKER_CRASHED, LOG_LEVEL_WARNING, "Checker for web1 crashed?" },
		{ EVENT_CHECKER_STOPPED, LOG_LEVEL_DEBUG, "Stopping checker for web1" },
		{ EVENT_CHECKER_BAD_TEMPLATE, LOG_LEVEL_ERROR,
		  "Could not format string \"x\" for web1: why" },
		{ EVENT_PEER_CONNECTED, LOG_LEVEL_INFO,
		  "TCP connection from: ('192.0.2.7', 40112)" },
		{ EVENT_PEER_GREETING, LOG_LEVEL_DEBUG, "Protocol version: 'x'" },
		{ EVENT_PEER_BAD_GREETING, LOG_LEVEL_ERROR, "Unknown protocol version: x" },
		{ EVENT_PEER_HANDSHAKE_FAILED, LOG_LEVEL_WARNING, "Handshake failed: why" },
		{ EVENT_PEER_HANDSHAKE_DONE, LOG_LEVEL_DEBUG, "Handshake succeeded" },
		{ EVENT_PEER_KEY, LOG_LEVEL_DEBUG, "Key ID: " KEY },
		{ EVENT_PEER_BAD_KEY, LOG_LEVEL_WARNING, "Bad certificate: why" },
		{ EVENT_PEER_UNKNOWN_KEY, LOG_LEVEL_INFO,
		  "Client not found for key ID: " KEY ", address: ('192.0.2.7', 40112)" },
		{ EVENT_REFUSED_DISABLED, LOG_LEVEL_INFO, "Client web1 is disabled" },
		{ EVENT_APPROVAL_NEEDED, LOG_LEVEL_INFO, "Client web1 needs approval" },
		{ EVENT_REFUSED_DENIED, LOG_LEVEL_WARNING, "Client web1 was not approved" },
		{ EVENT_REFUSED_TIMED_OUT, LOG_LEVEL_WARNING,
		  "Client web1 timed out while waiting for approval" },
		{ EVENT_SECRET_NOT_SENT, LOG_LEVEL_WARNING, "gnutls send failed: why" },
		{ EVENT_SECRET_SENT, LOG_LEVEL_INFO, "Sending secret to web1" },
		{ EVENT_PEER_BYE_FAILED, LOG_LEVEL_WARNING, "GnuTLS bye failed: why" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(events); i++) {
		assert_text(events[i].kind, &all, events[i].text);
		assert_int_equal(event_row(events[i].kind)->level, events[i].level);
	}
}

/* SRV-LOG-9 */
static void test_event_format__known_and_unknown_reason__with_and_without(void **state)
{
	assert_text(EVENT_CLIENT_ENABLED, &(struct event_details){ .client = &client },
		    "Client web1 is enabled now");
	assert_text(EVENT_CLIENT_ENABLED,
		    &(struct event_details){ .client = &client, .reason = "so" },
		    "Client web1 is enabled now: so");
	assert_text(EVENT_CLIENT_DISABLED,
		    &(struct event_details){ .client = &client, .reason = "so" },
		    "Client web1 is disabled now: so");
	assert_true(event_row(EVENT_CLIENT_ENABLED)->level <= LOG_LEVEL_INFO);
	assert_true(event_row(EVENT_CLIENT_DISABLED)->level <= LOG_LEVEL_INFO);
}

static void test_event_format__values_that_look_like_templates__stay_as_they_are(void **state)
{
	static char odd[] = "{peer}[%s";
	const struct client strange = { .name = odd };

	assert_text(EVENT_CLIENT_DISABLED,
		    &(struct event_details){ .client = &strange, .reason = "]{client}%n" },
		    "Client {peer}[%s is disabled now: ]{client}%n");
}

static void test_event_format__at_and_above_the_size__is_cut(void **state)
{
	static const char whole[] = "Client web1 is disabled";
	char text[sizeof(whole)];

	for (size_t size = 1; size <= sizeof(text); size++) {
		memset(text, '#', sizeof(text));
		event_format(EVENT_REFUSED_DISABLED, &(struct event_details){ .client = &client },
			     text, size);
		assert_int_equal(strlen(text), size - 1);
		assert_memory_equal(text, whole, size - 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_event_row__every_kind__has_a_level_a_text_and_an_id_of_its_own),
		cmocka_unit_test(test_event_format__events_of_the_specification__have_their_texts),
		cmocka_unit_test(test_event_format__known_and_unknown_reason__with_and_without),
		cmocka_unit_test(
			test_event_format__values_that_look_like_templates__stay_as_they_are),
		cmocka_unit_test(test_event_format__at_and_above_the_size__is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
