/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dispatch/notice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"

#define KEY "0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF"

/* A client that needs approval. */
static struct notice need(const char *name, uint64_t milliseconds, bool by_default)
{
	_cleanup_free_ char *copy = strdup(name);
	char key_id[] = KEY;
	struct admin_client client = { .name = copy, .key_id = key_id };
	const struct admin_event e = { .type = ADMIN_EVENT_NEED_APPROVAL,
				       .client = &client,
				       .timeout = milliseconds,
				       .by_default = by_default };
	struct notice n;

	assert_true(notice_of_event(&e, &n));
	assert_int_equal(n.kind, NOTICE_NEED_APPROVAL);
	return n;
}

static void test_notice_of_event__need_approval__sentence_and_answers(void **state)
{
	struct notice n = need("web1.lan", 50000, false);

	assert_string_equal(n.client, "web1.lan");
	assert_string_equal(n.key_id, KEY);
	assert_string_equal(n.text, "Client web1.lan asks for its password, and is refused in 50 "
				    "seconds unless somebody approves it.");
	assert_string_equal(n.approve, "mandos-ctl --approve web1.lan");
	assert_string_equal(n.deny, "mandos-ctl --deny web1.lan");
	n = need("web1.lan", 1, true);
	assert_string_equal(n.text, "Client web1.lan asks for its password, and gets it in 1 "
				    "second unless somebody denies it.");
}

/* What a shell and mandos-ctl make of the answer is this client alone. */
static void test_notice_of_event__odd_names__are_quoted_or_have_no_answer(void **state)
{
	static const char *const cases[][2] = {
		{ "a b", "mandos-ctl --approve 'a b'" },
		{ "$(reboot)", "mandos-ctl --approve '$(reboot)'" },
		{ "it's", "mandos-ctl --approve 'it'\"'\"'s'" },
		{ "-D", "mandos-ctl --approve -- -D" },
		{ "web*", "" },
		{ "web?", "" },
		{ "[web]", "" },
		{ "a\\b", "mandos-ctl --approve 'a\\b'" },
		{ "\xc3\xa9t\xc3\xa9", "mandos-ctl --approve '\xc3\xa9t\xc3\xa9'" },
		{ "a\nb", "" },
		{ "a\x1b[2Jb", "" },
		{ "a\xff", "" },
		{ "a\xe2\x80\xae", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct notice n = need(cases[i][0], 1000, false);

		assert_string_equal(n.approve, cases[i][1]);
		assert_int_equal(*n.deny == '\0', *n.approve == '\0');
	}
	assert_string_equal(need("a\n\x1b", 1000, false).client, "a\\n\\x1b");
}

static void test_notice_of_event__name_at_its_bound__cut_behind(void **state)
{
	char name[NOTICE_VALUE_MAX + 3];
	struct notice n;

	memset(name, 'x', sizeof(name));
	name[NOTICE_VALUE_MAX] = '\0';
	n = need(name, 1000, false);
	assert_string_equal(n.client, name);
	assert_true(*n.approve);
	/* The character that does not fit as a whole goes as a whole. */
	memcpy(name + NOTICE_VALUE_MAX - 1, "\xc3\xa9", 3);
	n = need(name, 1000, false);
	assert_int_equal(strlen(n.client), NOTICE_VALUE_MAX - 1);
	assert_false(*n.approve);
	/* All that can need quoting, and most of it. */
	memset(name, '\'', NOTICE_VALUE_MAX);
	name[NOTICE_VALUE_MAX] = '\0';
	n = need(name, 1000, false);
	assert_int_equal(strlen(n.approve),
			 strlen("mandos-ctl --approve ''") + 5 * NOTICE_VALUE_MAX);
}

static void test_notice_of_event__others__sentences(void **state)
{
	char name[] = "web1", key_id[] = KEY, none[] = "", timeout[] = "timeout";
	struct admin_client client = { .name = name, .key_id = key_id, .disabled_reason = none };
	struct admin_event e = { .type = ADMIN_EVENT_REJECTED,
				 .client = &client,
				 .text = "Denied" };
	struct notice n;

	assert_true(notice_of_event(&e, &n));
	assert_string_equal(n.text, "Client web1 asked for its password, and was refused: Denied.");
	assert_string_equal(n.reason, "Denied");
	assert_string_equal(n.approve, "");
	e = (struct admin_event){ .type = ADMIN_EVENT_CLIENT_NOT_FOUND,
				  .text = KEY,
				  .address = "::1\nBcc: x" };
	assert_true(notice_of_event(&e, &n));
	assert_string_equal(n.text, "Somebody at ::1\\nBcc: x asked for a password with the "
				    "unknown key " KEY ".");
	assert_string_equal(n.key_id, KEY);
	assert_string_equal(n.address, "::1\\nBcc: x");
	assert_string_equal(n.client, "");
	e = (struct admin_event){ .type = ADMIN_EVENT_GOT_SECRET, .client = &client };
	assert_true(notice_of_event(&e, &n));
	assert_string_equal(n.text, "Client web1 was given its password.");
	notice_of_disabled(&client, &n);
	assert_string_equal(n.text, "Client web1 is disabled, and gets no password until somebody "
				    "enables it.");
	client.disabled_reason = timeout;
	notice_of_disabled(&client, &n);
	assert_string_equal(n.text, "Client web1 is disabled, and gets no password until somebody "
				    "enables it: it was not seen for its timeout.");
	assert_string_equal(n.reason, "timeout");
	notice_of_lockdown(true, &n);
	assert_string_equal(n.reason, "on");
	notice_of_lockdown(false, &n);
	assert_string_equal(n.reason, "off");
	notice_of_suppressed(NOTICE_REJECTED, "mail", 1, &n);
	assert_string_equal(n.text, "1 more event of the kind rejected was kept from the hook mail "
				    "by its limit.");
	notice_of_suppressed(NOTICE_REJECTED, "mail", 7, &n);
	assert_string_equal(n.text, "7 more events of the kind rejected were kept from the hook "
				    "mail by its limit.");
	e = (struct admin_event){ .type = ADMIN_EVENT_CHECKER_STARTED, .client = &client };
	assert_false(notice_of_event(&e, &n));
}

static void test_notice_find__words__those_of_events_alone(void **state)
{
	enum notice_kind kind;

	for (enum notice_kind k = 0; k < NOTICE_N_EVENTS; k++) {
		assert_true(notice_find(notice_word(k), &kind));
		assert_int_equal(kind, k);
	}
	assert_false(notice_find("suppressed", &kind));
	assert_false(notice_find("", &kind));
}

static void test_notice_environment__largest_values__all_fit(void **state)
{
	static struct notice_environment e;
	char name[NOTICE_VALUE_MAX + 1];
	struct notice n;
	size_t i = 0;

	memset(name, '\'', NOTICE_VALUE_MAX);
	name[NOTICE_VALUE_MAX] = '\0';
	n = need(name, UINT64_MAX - 999, true);
	memset(n.reason, 'x', sizeof(n.reason) - 1);
	memset(n.address, 'x', sizeof(n.address) - 1);
	memset(n.key_id, 'x', sizeof(n.key_id) - 1);
	memset(n.client, 'x', sizeof(n.client) - 1);
	memset(n.text, 'x', sizeof(n.text) - 1);
	memset(n.approve, 'x', sizeof(n.approve) - 1);
	memset(n.deny, 'x', sizeof(n.deny) - 1);
	notice_environment(&n, &e);
	for (; e.list[i]; i++)
		assert_non_null(strchr(e.list[i], '='));
	assert_int_equal(i, NOTICE_N_VARIABLES);
	assert_string_equal(e.list[0], "PATH=" NOTICE_PATH);
	assert_string_equal(e.list[7], "MANDOS_COUNT=1");
	assert_int_equal(strlen(e.list[10]),
			 strlen("MANDOS_ANSWER_DENY=") + NOTICE_ANSWER_SIZE - 1);
}

static void test_notice_input__with_and_without_answers__lines(void **state)
{
	char text[NOTICE_INPUT_SIZE];
	struct notice n = need("a b", 2000, false);

	notice_input(&n, text);
	assert_string_equal(text, "Client a b asks for its password, and is refused in 2 seconds "
				  "unless somebody approves it.\n"
				  "To approve: mandos-ctl --approve 'a b'\n"
				  "To deny: mandos-ctl --deny 'a b'\n");
	notice_of_lockdown(false, &n);
	notice_input(&n, text);
	assert_string_equal(text, "The lockdown of the Mandos server is over.\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_notice_of_event__need_approval__sentence_and_answers),
		cmocka_unit_test(test_notice_of_event__odd_names__are_quoted_or_have_no_answer),
		cmocka_unit_test(test_notice_of_event__name_at_its_bound__cut_behind),
		cmocka_unit_test(test_notice_of_event__others__sentences),
		cmocka_unit_test(test_notice_find__words__those_of_events_alone),
		cmocka_unit_test(test_notice_environment__largest_values__all_fit),
		cmocka_unit_test(test_notice_input__with_and_without_answers__lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
