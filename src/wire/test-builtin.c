/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/builtin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "wire/expand.h"

#define ZEROES "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define OTHER  "SHA256:GMh2roSAqpBxO3f9PsS59RN9FX6FMBGaRUgCs0xtj4M"
#define LABEL  "a23456789-123456789-123456789-123456789-123456789-123456789-12"

static const struct {
	const char *text;
	enum builtin_kind kind;
	const char *host;
	unsigned int port;
	unsigned int n_fingerprints;
} good[] = {
	{ "builtin:ping web1.example.net", BUILTIN_PING, "web1.example.net", 0, 0 },
	{ "builtin:ping \t web1 ", BUILTIN_PING, "web1", 0, 0 },
	{ "builtin:ping 'web1'", BUILTIN_PING, "web1", 0, 0 },
	{ "builtin:ping w\"eb\"1", BUILTIN_PING, "web1", 0, 0 },
	{ "builtin:ping web1.", BUILTIN_PING, "web1.", 0, 0 },
	{ "builtin:ping under_score.3com", BUILTIN_PING, "under_score.3com", 0, 0 },
	{ "builtin:ping 192.0.2.7", BUILTIN_PING, "192.0.2.7", 0, 0 },
	{ "builtin:ping 2001:db8::7", BUILTIN_PING, "2001:db8::7", 0, 0 },
	{ "builtin:ping [2001:db8::7]", BUILTIN_PING, "2001:db8::7", 0, 0 },
	{ "builtin:ping ::ffff:192.0.2.1", BUILTIN_PING, "::ffff:192.0.2.1", 0, 0 },
	{ "builtin:ping fe80::1%eth0.12", BUILTIN_PING, "fe80::1%eth0.12", 0, 0 },
	{ "builtin:ping " LABEL "x", BUILTIN_PING, LABEL "x", 0, 0 },
	{ "builtin:tcp web1 1", BUILTIN_TCP, "web1", 1, 0 },
	{ "builtin:tcp web1 65535", BUILTIN_TCP, "web1", 65535, 0 },
	{ "builtin:tcp fe80::1%eth0 022", BUILTIN_TCP, "fe80::1%eth0", 22, 0 },
	{ "builtin:ssh-hostkey web1 " ZEROES, BUILTIN_SSH_HOSTKEY, "web1", 22, 1 },
	{ "builtin:ssh-hostkey web1 2222 " ZEROES "=", BUILTIN_SSH_HOSTKEY, "web1", 2222, 1 },
	{ "builtin:ssh-hostkey web1 " ZEROES " " OTHER, BUILTIN_SSH_HOSTKEY, "web1", 22, 2 },
};

static const struct {
	const char *text;
	enum builtin_result result;
} bad[] = {
	{ "", BUILTIN_UNKNOWN },
	{ "fping -q -- web1", BUILTIN_UNKNOWN },
	{ "builtin:", BUILTIN_UNKNOWN },
	{ "builtin:pin web1", BUILTIN_UNKNOWN },
	{ "builtin:pings web1", BUILTIN_UNKNOWN },
	{ "builtin: ping web1", BUILTIN_UNKNOWN },
	{ "builtin:ping;reboot web1", BUILTIN_UNKNOWN },
	{ "builtin:ping 'web1", BUILTIN_BAD_QUOTES },
	{ "builtin:ping web1 \"", BUILTIN_BAD_QUOTES },
	{ "builtin:ping", BUILTIN_NO_HOST },
	{ "builtin:ping ''", BUILTIN_NO_HOST },
	{ "builtin:tcp '' 22", BUILTIN_NO_HOST },
	{ "builtin:ping 'o'\"'\"'neill'", BUILTIN_BAD_HOST },
	{ "builtin:ping 'web1 web2'", BUILTIN_BAD_HOST },
	{ "builtin:ping web1;web2", BUILTIN_BAD_HOST },
	{ "builtin:ping web1\nweb2", BUILTIN_BAD_HOST },
	{ "builtin:ping -q", BUILTIN_BAD_HOST },
	{ "builtin:ping .", BUILTIN_BAD_HOST },
	{ "builtin:ping a..b", BUILTIN_BAD_HOST },
	{ "builtin:ping .a", BUILTIN_BAD_HOST },
	{ "builtin:ping " LABEL "xy", BUILTIN_BAD_HOST },
	{ "builtin:ping 192.0.2.256", BUILTIN_BAD_HOST },
	{ "builtin:ping 192.0.2", BUILTIN_BAD_HOST },
	{ "builtin:ping 2130706433", BUILTIN_BAD_HOST },
	{ "builtin:ping 192.0.2.7%eth0", BUILTIN_BAD_HOST },
	{ "builtin:ping web1%eth0", BUILTIN_BAD_HOST },
	{ "builtin:ping 2001:db8::7::", BUILTIN_BAD_HOST },
	{ "builtin:ping fe80::1%", BUILTIN_BAD_HOST },
	{ "builtin:ping fe80::1%0123456789abcdef", BUILTIN_BAD_HOST },
	{ "builtin:ping fe80::1%a/b", BUILTIN_BAD_HOST },
	{ "builtin:ping [web1]", BUILTIN_BAD_HOST },
	{ "builtin:ping []", BUILTIN_BAD_HOST },
	{ "builtin:ping web1 web2", BUILTIN_TOO_LONG },
	{ "builtin:tcp web1", BUILTIN_NO_PORT },
	{ "builtin:tcp web1 ''", BUILTIN_BAD_PORT },
	{ "builtin:tcp web1 0", BUILTIN_BAD_PORT },
	{ "builtin:tcp web1 65536", BUILTIN_BAD_PORT },
	{ "builtin:tcp web1 4294967318", BUILTIN_BAD_PORT },
	{ "builtin:tcp web1 ssh", BUILTIN_BAD_PORT },
	{ "builtin:tcp web1 +22", BUILTIN_BAD_PORT },
	{ "builtin:tcp web1 22 23", BUILTIN_TOO_LONG },
	{ "builtin:ssh-hostkey web1", BUILTIN_NO_FINGERPRINT },
	{ "builtin:ssh-hostkey web1 22", BUILTIN_NO_FINGERPRINT },
	{ "builtin:ssh-hostkey web1 0 " ZEROES, BUILTIN_BAD_PORT },
	{ "builtin:ssh-hostkey web1 2222x " ZEROES, BUILTIN_BAD_PORT },
	{ "builtin:ssh-hostkey web1 " ZEROES "A", BUILTIN_BAD_FINGERPRINT },
	{ "builtin:ssh-hostkey web1 " ZEROES "==", BUILTIN_BAD_FINGERPRINT },
	{ "builtin:ssh-hostkey web1 " ZEROES " 22", BUILTIN_BAD_FINGERPRINT },
	{ "builtin:ssh-hostkey web1 SHA256:AAAA", BUILTIN_BAD_FINGERPRINT },
	{ "builtin:ssh-hostkey web1 SHA256:", BUILTIN_BAD_FINGERPRINT },
	{ "builtin:ssh-hostkey web1 MD5:00:11", BUILTIN_BAD_FINGERPRINT },
	{ "builtin:ssh-hostkey web1 SHA256:GMh2roSAqpBxO3f9PsS59RN9-X6FMBGaRUgCs0xtj4M",
	  BUILTIN_BAD_FINGERPRINT },
};

static void test_builtin_parse__good_text__what_it_says(void **state)
{
	struct builtin b;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		enum builtin_result r = builtin_parse(good[i].text, &b);

		if (r != BUILTIN_OK)
			fail_msg("%s: %s", good[i].text, builtin_result_text(r));
		assert_true(builtin_is_meant(good[i].text));
		assert_int_equal(b.kind, good[i].kind);
		assert_string_equal(b.host, good[i].host);
		assert_int_equal(b.port, good[i].port);
		assert_int_equal(b.n_fingerprints, good[i].n_fingerprints);
	}
	assert_int_equal(b.fingerprints[0][0] | b.fingerprints[0][31], 0);
	assert_int_equal(b.fingerprints[1][0], 0x18);
	assert_int_equal(b.fingerprints[1][1], 0xc8);
	assert_int_equal(b.fingerprints[1][31], 0x83);
}

static void test_builtin_parse__bad_text__named(void **state)
{
	struct builtin b;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		enum builtin_result r = builtin_parse(bad[i].text, &b);

		if (r != bad[i].result)
			fail_msg("%s: %s", bad[i].text, builtin_result_text(r));
	}
}

static void test_builtin_parse__fingerprints_at_the_bound__ok_and_one_more_refused(void **state)
{
	char text[BUILTIN_TEXT_MAX] = "builtin:ssh-hostkey web1 22";
	struct builtin b;

	for (int i = 0; i < BUILTIN_FINGERPRINTS_MAX; i++)
		strcat(text, " " OTHER);
	assert_int_equal(builtin_parse(text, &b), BUILTIN_OK);
	assert_int_equal(b.n_fingerprints, BUILTIN_FINGERPRINTS_MAX);
	strcat(text, " " OTHER);
	assert_int_equal(builtin_parse(text, &b), BUILTIN_TOO_LONG);
	/* One word less, so that it is not the words that are too many. */
	memcpy(strstr(text, " 22 "), "    ", 4);
	assert_int_equal(builtin_parse(text, &b), BUILTIN_TOO_LONG);
}

static void test_builtin_parse__text_and_host_at_the_bound__ok_and_one_more_refused(void **state)
{
	static char text[BUILTIN_TEXT_MAX + 2];
	struct builtin b;

	memset(text, ' ', sizeof(text) - 1);
	memcpy(text, "builtin:ping web1", 17);
	text[BUILTIN_TEXT_MAX] = '\0';
	assert_int_equal(builtin_parse(text, &b), BUILTIN_OK);
	text[BUILTIN_TEXT_MAX] = ' ';
	assert_int_equal(builtin_parse(text, &b), BUILTIN_TOO_LONG);

	(void)snprintf(text, sizeof(text), "builtin:ping ");
	for (int i = 0; i < BUILTIN_HOST_MAX; i++)
		strcat(text, i % 2 == 0 ? "a" : ".");
	assert_int_equal(builtin_parse(text, &b), BUILTIN_OK);
	assert_int_equal(strlen(b.host), BUILTIN_HOST_MAX);
	strcat(text, ".");
	assert_int_equal(builtin_parse(text, &b), BUILTIN_BAD_HOST);
}

static bool lookup(void *userdata, const char *name, size_t name_size, const char **ret_text)
{
	*ret_text = userdata;
	return true;
}

/* SRV-CHK-5: whatever a host is, expanding it makes one word. */
static void test_builtin_parse__hostile_host__one_word(void **state)
{
	static const char *const hosts[] = { "", "a b", "a'b", "''", "\"", "x y; z", "%(host)s" };
	char text[BUILTIN_TEXT_MAX];
	struct builtin b;

	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
		char host[16];

		(void)snprintf(host, sizeof(host), "%s", hosts[i]);
		assert_int_equal(expand_template("builtin:tcp %(host)s 22", lookup, host, text,
						 sizeof(text)),
				 EXPAND_OK);
		assert_int_equal(builtin_parse(text, &b),
				 host[0] == '\0' ? BUILTIN_NO_HOST : BUILTIN_BAD_HOST);
	}
}

static void test_builtin_is_meant__shell_commands__no(void **state)
{
	static const char *const commands[] = {
		"fping -q -- %(host)s",
		" builtin:ping x",
		"builtin ping x",
		"",
		"builtin",
		"Builtin:x",
	};

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		assert_false(builtin_is_meant(commands[i]));
	/* A mistyped one is an error and no command. */
	assert_true(builtin_is_meant("builtin:pong x"));
}

static void test_builtin_status_text__every_status__a_text_and_no_more(void **state)
{
	for (unsigned int i = 0; i <= BUILTIN_FAULT; i++)
		assert_non_null(builtin_status_text(i));
	assert_null(builtin_status_text(BUILTIN_FAULT + 1));
	assert_null(builtin_status_text(255));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_builtin_parse__good_text__what_it_says),
		cmocka_unit_test(test_builtin_parse__bad_text__named),
		cmocka_unit_test(
			test_builtin_parse__fingerprints_at_the_bound__ok_and_one_more_refused),
		cmocka_unit_test(
			test_builtin_parse__text_and_host_at_the_bound__ok_and_one_more_refused),
		cmocka_unit_test(test_builtin_parse__hostile_host__one_word),
		cmocka_unit_test(test_builtin_is_meant__shell_commands__no),
		cmocka_unit_test(test_builtin_status_text__every_status__a_text_and_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
