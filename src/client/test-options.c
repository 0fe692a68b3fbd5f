/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CLI-GEN-1, CLI-GEN-2, CLI-GEN-3, CLI-MC-1, CLI-MC-2, CLI-MC-3, CLI-DIR-1. */
#include "client/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/util.h"
#include "tls/tls.h"

#define WORDS_MAX  16
#define OUTPUT_MAX 8192

/* Words are separated by single blanks. */
static int parse(const char *line, struct options *ret)
{
	static char copy[512];
	char *argv[WORDS_MAX + 2] = { (char *)(uintptr_t) "/x/mandos-client" };
	int argc = 1;

	assert_true(strlen(line) < sizeof(copy));
	(void)strcpy(copy, line);
	for (char *word = strtok(copy, " "); word && argc <= WORDS_MAX; word = strtok(NULL, " "))
		argv[argc++] = word;
	return options_parse(argc, argv, ret);
}

/* What a call printed on @fd; the other tests would print it too, so all go through here. */
static int parse_captured(const char *line, int fd, char ret_output[OUTPUT_MAX])
{
	FILE *file = tmpfile();
	int saved = dup(fd), r;
	struct options o;
	size_t n;

	assert_non_null(file);
	(void)fflush(NULL);
	assert_true(dup2(fileno(file), fd) >= 0);
	r = parse(line, &o);
	(void)fflush(NULL);
	assert_true(dup2(saved, fd) >= 0);
	(void)close(saved);
	rewind(file);
	n = fread(ret_output, 1, OUTPUT_MAX - 1, file);
	ret_output[n] = '\0';
	(void)fclose(file);
	options_deinit(&o);
	return r;
}

static void test_options_parse__nothing__defaults(void **state)
{
	struct options o;

	assert_int_equal(parse("", &o), OPTIONS_OK);
	assert_int_equal(o.n_servers, 0);
	assert_false(options_has_connect(&o));
	assert_string_equal(o.interfaces, "");
	assert_string_equal(o.pubkey, "/conf/conf.d/mandos/pubkey.txt");
	assert_string_equal(o.seckey, "/conf/conf.d/mandos/seckey.txt");
	assert_string_equal(o.tls_pubkey, "/conf/conf.d/mandos/tls-pubkey.pem");
	assert_string_equal(o.tls_privkey, "/conf/conf.d/mandos/tls-privkey.pem");
	assert_string_equal(o.priority, TLS_DEFAULT_PRIORITY);
	assert_int_equal(o.dh_bits, 0);
	assert_null(o.dh_params);
	assert_int_equal(o.delay_usec, 2500000);
	assert_int_equal(o.retry_usec, 10000000);
	assert_string_equal(o.network_hook_dir, "/lib/mandos/network-hooks.d");
	assert_false(o.debug);
	options_deinit(&o);
}

static void test_options_parse__every_long_option__set(void **state)
{
	struct options o;

	assert_int_equal(parse("--connect=[::1]:4711 --pubkey=p --seckey s --tls-pubkey=T "
			       "--tls-privkey t --priority=NORMAL --dh-bits=4294967295 "
			       "--dh-params=d --network-hook-dir h --debug",
			       &o),
			 OPTIONS_OK);
	assert_int_equal(o.n_servers, 1);
	assert_string_equal(o.servers[0].text, "[::1]:4711");
	assert_true(o.servers[0].is_connect);
	assert_int_equal(o.servers[0].address.family, PEER_IPV6);
	assert_int_equal(o.servers[0].address.port, 4711);
	assert_string_equal(o.pubkey, "p");
	assert_string_equal(o.seckey, "s");
	assert_string_equal(o.tls_pubkey, "T");
	assert_string_equal(o.tls_privkey, "t");
	assert_string_equal(o.priority, "NORMAL");
	assert_int_equal(o.dh_bits, 4294967295U);
	assert_string_equal(o.dh_params, "d");
	assert_string_equal(o.network_hook_dir, "h");
	assert_true(o.debug);
	options_deinit(&o);
}

static void test_options_parse__short_options_and_prefixes__set(void **state)
{
	struct options o;

	assert_int_equal(parse("-c192.0.2.1:1 -i eth0 -pP -s S -TX -t Y --network-h=H --ret=1 --",
			       &o),
			 OPTIONS_OK);
	assert_string_equal(o.servers[0].text, "192.0.2.1:1");
	assert_string_equal(o.interfaces, "eth0");
	assert_string_equal(o.pubkey, "P");
	assert_string_equal(o.seckey, "S");
	assert_string_equal(o.tls_pubkey, "X");
	assert_string_equal(o.tls_privkey, "Y");
	assert_string_equal(o.network_hook_dir, "H");
	assert_int_equal(o.retry_usec, USEC_PER_SEC);
	options_deinit(&o);
}

static void test_options_parse__repeated_interface__accumulates(void **state)
{
	struct options o;

	assert_int_equal(parse("-i eth0,eth1 --interface=br0 -i,", &o), OPTIONS_OK);
	assert_string_equal(o.interfaces, "eth0,eth1,br0,,");
	options_deinit(&o);
}

/* CLI-MC-3, D4. */
static void test_options_parse__delay_after_retry__leaves_retry_alone(void **state)
{
	struct options o;

	assert_int_equal(parse("--retry=0.25 --delay=3", &o), OPTIONS_OK);
	assert_int_equal(o.retry_usec, 250 * USEC_PER_MSEC);
	assert_int_equal(o.delay_usec, 3 * USEC_PER_SEC);
	options_deinit(&o);
}

static void test_options_parse__numbers_at_their_bounds__kept_or_cut(void **state)
{
	struct options o;

	assert_int_equal(parse("--retry=2147483.647 --delay=1e12", &o), OPTIONS_OK);
	assert_int_equal(o.retry_usec, OPTIONS_MSEC_MAX * USEC_PER_MSEC);
	assert_int_equal(o.delay_usec, OPTIONS_MSEC_MAX / 1000 * USEC_PER_SEC);
	options_deinit(&o);
	assert_int_equal(parse("--retry=0 --delay=-1", &o), OPTIONS_OK);
	assert_int_equal(o.retry_usec, 0);
	assert_int_equal(o.delay_usec, 0);
	options_deinit(&o);
}

/* CLI-MC-2; CLI-GEN-5: every line begins with the prefix. */
static void test_options_parse__bad_lines__one_prefixed_line(void **state)
{
	static const char *const lines[] = {
		"--bogus",
		"-x",
		"operand",
		"-- --debug",
		"--retry=",
		"--retry=x",
		"--retry=1x",
		"--retry=-0.001",
		"--retry=nan",
		"--retry=inf",
		"--retry=2147484",
		"--delay=",
		"--delay=1s",
		"--delay=nan",
		"--dh-bits=",
		"--dh-bits=x",
		"--dh-bits=-1",
		"--dh-bits=1.5",
		"--dh-bits=4294967296",
		"--dh-bits=99999999999999999999",
		"--d",
		"--debug=1",
		"--connect=192.0.2.256:1",
		"--server=host",
		"--connect=:1",
		"--connect=1.2.3.4",
		"--pubkey",
		"operand --help",
	};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		char output[OUTPUT_MAX];

		print_message("%s\n", lines[i]);
		assert_int_equal(parse_captured(lines[i], STDERR_FILENO, output), OPTIONS_BAD);
		assert_int_equal(strncmp(output, "Mandos plugin mandos-client: ", 29), 0);
		assert_ptr_equal(strchr(output, '\n'), output + strlen(output) - 1);
	}
}

/* CLI-GEN-2, CLI-GEN-3. */
static void test_options_parse__help_usage_version__shown_on_stdout(void **state)
{
	static const struct {
		const char *line;
		const char *contains;
	} cases[] = {
		{ "--help", "Usage: mandos-client [OPTION...]" },
		{ "-?", "--network-hook-dir=DIR" },
		{ "--usage", "Usage: mandos-client [-?V]" },
		{ "--version", "Mandos plugin mandos-client: mandos-client " MANDOS_VERSION "\n" },
		{ "-V --bogus", "mandos-client " MANDOS_VERSION },
		{ "--debug --help", "--retry=SECONDS" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char output[OUTPUT_MAX];

		assert_int_equal(parse_captured(cases[i].line, STDOUT_FILENO, output),
				 OPTIONS_SHOWN);
		assert_non_null(strstr(output, cases[i].contains));
	}
}

static void test_options_parse__several_servers__all_of_them(void **state)
{
	char *text;
	struct options o;

	assert_int_equal(parse("--server boot.example:4711 -c 192.0.2.1:1 --connect [::1]:2", &o),
			 OPTIONS_OK);
	assert_int_equal(o.n_servers, 3);
	assert_false(o.servers[0].is_connect);
	assert_string_equal(o.servers[0].host, "boot.example");
	assert_int_equal(o.servers[0].address.port, 4711);
	assert_string_equal(o.servers[1].host, "");
	assert_true(options_has_connect(&o));
	text = options_connect_text(&o);
	assert_string_equal(text, "192.0.2.1:1,[::1]:2");
	free(text);
	options_deinit(&o);
}

static void test_options_parse__only_server__no_connect(void **state)
{
	struct options o;

	assert_int_equal(parse("--server=192.0.2.1:1", &o), OPTIONS_OK);
	assert_false(options_has_connect(&o));
	assert_null(options_connect_text(&o));
	options_deinit(&o);
}

/* CLI-GEN-1: what abbreviated --seckey before there was --server still does. */
static void test_options_parse__old_prefixes__still_seckey(void **state)
{
	static const char *const lines[] = { "--s=k", "--se k", "--sec=k" };

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct options o;

		assert_int_equal(parse(lines[i], &o), OPTIONS_OK);
		assert_string_equal(o.seckey, "k");
		options_deinit(&o);
	}
}

static void test_options_parse__at_the_bound__one_more_is_refused(void **state)
{
	char *argv[OPTIONS_SERVERS_MAX + 3] = { (char *)(uintptr_t) "x" };
	char option[] = "--server=192.0.2.1:1";
	struct options o;

	for (int i = 1; i <= OPTIONS_SERVERS_MAX + 1; i++)
		argv[i] = option;
	assert_int_equal(options_parse(OPTIONS_SERVERS_MAX + 1, argv, &o), OPTIONS_OK);
	options_deinit(&o);
	assert_int_equal(options_parse(OPTIONS_SERVERS_MAX + 2, argv, &o), OPTIONS_BAD);
	options_deinit(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options_parse__several_servers__all_of_them),
		cmocka_unit_test(test_options_parse__only_server__no_connect),
		cmocka_unit_test(test_options_parse__old_prefixes__still_seckey),
		cmocka_unit_test(test_options_parse__at_the_bound__one_more_is_refused),
		cmocka_unit_test(test_options_parse__nothing__defaults),
		cmocka_unit_test(test_options_parse__every_long_option__set),
		cmocka_unit_test(test_options_parse__short_options_and_prefixes__set),
		cmocka_unit_test(test_options_parse__repeated_interface__accumulates),
		cmocka_unit_test(test_options_parse__delay_after_retry__leaves_retry_alone),
		cmocka_unit_test(test_options_parse__numbers_at_their_bounds__kept_or_cut),
		cmocka_unit_test(test_options_parse__bad_lines__one_prefixed_line),
		cmocka_unit_test(test_options_parse__help_usage_version__shown_on_stdout),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
