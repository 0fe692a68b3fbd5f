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
	assert_null(o.connect);
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
	assert_string_equal(o.connect, "[::1]:4711");
	assert_int_equal(o.server.family, PEER_IPV6);
	assert_int_equal(o.server.port, 4711);
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
	assert_string_equal(o.connect, "192.0.2.1:1");
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
		"--connect=host:1",
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

int main(void)
{
	const struct CMUnitTest tests[] = {
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
