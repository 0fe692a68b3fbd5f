/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command line of mandos(8): SRV-CLI-1 to -10. */
#include "core/test-settings.h"

static void expect_usage_error(const char *const *words, const char *text)
{
	struct outcome o;
	char line[256];
	const char *last;

	read_settings(words, &o);
	assert_int_equal(o.result, SETTINGS_USAGE);
	assert_string_equal(o.out, "");
	/* SRV-CLI-4: the usage, then exactly one line. */
	assert_int_equal(strncmp(o.err, "usage: mandos [-h] [-v] [-i IF] ", 32), 0);
	(void)snprintf(line, sizeof(line), "\nmandos: error: %s\n", text);
	last = strstr(o.err, "\nmandos: error: ");
	assert_non_null(last);
	assert_string_equal(last, line);
}

/* Texts as the reference prints them, where scripts may see them. */
static void test_settings_read__usage_error__is_named(void **state)
{
	static const struct {
		const char *words[4];
		const char *text;
	} cases[] = {
		{ { "foo" }, "unrecognized arguments: foo" }, /* SRV-CLI-1 */
		{ { "-x" }, "unrecognized arguments: -x" },
		{ { "-" }, "unrecognized arguments: -" },
		{ { "--", "-p" }, "unrecognized arguments: -- -p" },
		{ { "--po", "1", "bar" }, "unrecognized arguments: bar" },
		{ { "--bogus=1" }, "unrecognized arguments: --bogus=1" },
		/* SRV-CLI-2 */
		{ { "--no" },
		  "ambiguous option: --no could match --no-dbus, --no-ipv6, --no-restore, "
		  "--no-zeroconf" },
		{ { "--s=3" },
		  "ambiguous option: --s could match --servicename, --socket, --statedir" },
		{ { "--deb" }, "ambiguous option: --deb could match --debug, --debuglevel" },
		{ { "-p" }, "argument -p/--port: expected one argument" },
		{ { "--interface" }, "argument -i/--interface: expected one argument" },
		{ { "-i", "-a" }, "argument -i/--interface: expected one argument" },
		{ { "--priority" }, "argument --priority: expected one argument" },
		{ { "--debug=1" }, "argument --debug: ignored explicit argument '1'" },
		{ { "--vers=1" }, "argument -v/--version: ignored explicit argument '1'" },
		{ { "-hx" }, "argument -h/--help: ignored explicit argument 'x'" },
		{ { "-v=3" }, "argument -v/--version: ignored explicit argument '3'" },
		/* SRV-CLI-3 */
		{ { "--port=x" }, "argument -p/--port: invalid int value: 'x'" },
		{ { "-p=x" }, "argument -p/--port: invalid int value: 'x'" },
		{ { "-p", "0x5" }, "argument -p/--port: invalid int value: '0x5'" },
		{ { "--port=" }, "argument -p/--port: invalid int value: ''" },
		{ { "--socket", "1.5" }, "argument --socket: invalid int value: '1.5'" },
		{ { "-p", "99999999999999999999" },
		  "argument -p/--port: invalid int value: '99999999999999999999'" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		expect_usage_error(cases[i].words, cases[i].text);
}

static void test_settings_read__more_unknown_words_than_are_named__is_an_error(void **state)
{
	expect_usage_error((const char *const[]){ "1", "2", "3", "4", "5", "6", "7", "8", "9",
						  NULL },
			   "unrecognized arguments: 1 2 3 4 5 6 7 8");
}

static void test_settings_read__version__is_one_line(void **state)
{
	static const char *const lines[][4] = {
		{ "--version" }, { "-v" },  { "--vers" },	 { "--foo", "-v" },
		{ "-v", "bar" }, { "-vh" }, { "-p", "1", "-v" },
	};
	struct outcome o;

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		read_settings(lines[i], &o);
		assert_int_equal(o.result, SETTINGS_EXIT);
		assert_string_equal(o.out, "mandos " MANDOS_VERSION "\n"); /* SRV-CLI-5 */
		assert_string_equal(o.err, "");
	}
}

static void test_settings_read__help__names_every_option(void **state)
{
	static const char *const names[] = {
		"-h, --help",	      "-v, --version",
		"-i, --interface IF", "-a, --address ADDRESS",
		"-p, --port PORT",    "--check ",
		"--check-config",     "--debug ",
		"--debuglevel LEVEL", "--priority STRING",
		"--servicename NAME", "--configdir DIR",
		"--no-dbus",	      "--no-ipv6",
		"--no-restore",	      "--socket FD",
		"--statedir DIR",     "--foreground",
		"--no-zeroconf",
	};
	struct outcome o;

	read_settings((const char *const[]){ "--help", NULL }, &o);
	assert_int_equal(o.result, SETTINGS_EXIT);
	assert_string_equal(o.err, "");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_contains(o.out, names[i]);
	for (const char *line = o.out; line;
	     line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
		assert_true(strcspn(line, "\n") <= 80);
}

/* SRV-CLI-9: all else is ignored. */
static void test_settings_read__check_anywhere__asks_for_the_self_test(void **state)
{
	static const char *const lines[][4] = {
		{ "--check" },
		{ "--che" },
		{ "--ch" },
		{ "--check", "foo" },
		{ "-p", "x", "--check" },
		{ "--check-config", "--check" },
	};
	struct outcome o;

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		read_settings(lines[i], &o);
		assert_int_equal(o.result, SETTINGS_SELF_TEST);
		assert_string_equal(o.err, "");
	}
	expect_usage_error((const char *const[]){ "--c", "x", NULL },
			   "ambiguous option: --c could match --check, --check-config, "
			   "--configdir");
}

static void test_settings_read__every_spelling__sets_the_value(void **state)
{
	static const char *const spellings[][2] = {
		{ "-p", "4711" },  { "-p4711" },       { "-p=4711" },	     { "--port", "4711" },
		{ "--port=4711" }, { "--po", "4711" }, { "--port= +4711 " },
	};

	for (size_t i = 0; i < ARRAY_SIZE(spellings); i++) {
		struct outcome o;

		READ(&o, spellings[i][0], spellings[i][1]);
		assert_int_equal(o.result, SETTINGS_RUN);
		assert_int_equal(o.settings.port, 4711);
		settings_deinit(&o.settings);
	}
}

static void test_settings_read__every_option__arrives(void **state)
{
	struct outcome o;

	read_settings((const char *const[]){ "--configdir", config_dir, "-i=lo", "-a", "::1",
					     "--priority=-FOO", "--servicename", "My name",
					     "--statedir", "/s", "--socket", "77", "--no-d",
					     "--no-i", "--no-r", "--no-z", NULL },
		      &o);
	assert_int_equal(o.result, SETTINGS_RUN);
	assert_string_equal(o.settings.config_dir, config_dir);
	assert_string_equal(o.settings.interface, "lo");
	assert_string_equal(o.settings.address, "::1");
	assert_string_equal(o.settings.priority, "-FOO");
	assert_string_equal(o.settings.service_name, "My name");
	assert_string_equal(o.settings.state_dir, "/s");
	assert_int_equal(o.settings.socket, 77);
	assert_false(o.settings.use_dbus);
	assert_false(o.settings.use_ipv6);
	assert_false(o.settings.restore);
	assert_false(o.settings.zeroconf);
	assert_false(o.settings.foreground);
	settings_deinit(&o.settings);

	READ(&o, "--foreground");
	assert_true(o.settings.foreground);
	assert_false(o.settings.debug);
	settings_deinit(&o.settings);
	READ(&o, "--debug");
	assert_true(o.settings.foreground); /* SRV-CLI-7 */
	assert_true(o.settings.debug);
	settings_deinit(&o.settings);
}

static void test_settings_read__repeated__the_last_counts(void **state)
{
	struct outcome o;

	READ(&o, "-p", "1", "-i", "a", "--port=2", "-ib");
	assert_int_equal(o.settings.port, 2);
	assert_string_equal(o.settings.interface, "b");
	settings_deinit(&o.settings);
}

#define with_config(f) cmocka_unit_test_setup_teardown(f, setup_config, teardown_config)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_settings_read__usage_error__is_named),
		cmocka_unit_test(
			test_settings_read__more_unknown_words_than_are_named__is_an_error),
		cmocka_unit_test(test_settings_read__version__is_one_line),
		cmocka_unit_test(test_settings_read__help__names_every_option),
		cmocka_unit_test(test_settings_read__check_anywhere__asks_for_the_self_test),
		with_config(test_settings_read__every_spelling__sets_the_value),
		with_config(test_settings_read__every_option__arrives),
		with_config(test_settings_read__repeated__the_last_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
