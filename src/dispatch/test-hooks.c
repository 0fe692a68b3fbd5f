/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dispatch/hooks.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"

/* The last complaint, and the lines of all. */
struct complaints {
	char text[512];
	char lines[256];
};

static void complain(void *userdata, unsigned int line, const char *text)
{
	struct complaints *c = userdata;
	size_t used = strlen(c->lines);

	(void)snprintf(c->text, sizeof(c->text), "%s", text);
	(void)snprintf(c->lines + used, sizeof(c->lines) - used, "%u ", line);
}

static void read_good(const char *text, struct hooks *ret)
{
	struct complaints c = { "", "" };

	assert_int_equal(hooks_parse(text, strlen(text), complain, &c, ret), 0);
	assert_string_equal(c.lines, "");
}

/* The complaint about a section with these lines besides a good command. */
static void check_bad(const char *lines, const char *complaint)
{
	struct complaints c = { "", "" };
	struct hooks hooks;
	char text[1024];

	(void)snprintf(text, sizeof(text), "[h]\n%s\n%s\n", lines,
		       strstr(lines, "command") ? "" : "command = true");
	assert_int_equal(hooks_parse(text, strlen(text), complain, &c, &hooks), 1);
	assert_int_equal(hooks.n, 0);
	if (!strstr(c.text, complaint))
		fail_msg("\"%s\" is not in \"%s\"", complaint, c.text);
	assert_string_equal(c.lines, strstr(lines, "none") ? "1 " : "2 ");
}

static void test_hooks_parse__as_documented__all_of_it(void **state)
{
	_cleanup_hooks_ struct hooks hooks = { 0 };
	const struct hook *h;

	read_good("[DEFAULT]\ntimeout = PT5S\n"
		  "[mail]\nevents = need-approval\n disabled\nclients = web* 'a b'\n"
		  "command = mail -s \"50 %\" root\nlimit = 3/1h\n"
		  "[chat]\ncommand = cat |\n  chat %d \"$MANDOS_TEXT\"\nshell = yes\n"
		  "timeout: PT1M\n",
		  &hooks);
	assert_int_equal(hooks.n, 2);
	h = hooks.list[0];
	assert_string_equal(h->name, "mail");
	assert_int_equal(h->events, NOTICE_BIT(NOTICE_NEED_APPROVAL) | NOTICE_BIT(NOTICE_DISABLED));
	assert_string_equal(hook_argv(h)[2], "50 %");
	assert_null(hook_argv(h)[4]);
	assert_int_equal(h->rule.n, 3);
	assert_int_equal(h->rule.period, 3600 * USEC_PER_SEC);
	assert_int_equal(h->timeout, 5 * USEC_PER_SEC);
	h = hooks.list[1];
	assert_int_equal(h->events, NOTICE_EVENTS_MASK);
	assert_string_equal(hook_argv(h)[0], "/bin/sh");
	assert_string_equal(hook_argv(h)[2], "cat |\nchat %d \"$MANDOS_TEXT\"");
	assert_null(hook_argv(h)[3]);
	assert_int_equal(h->rule.n, 10);
	assert_int_equal(h->rule.period, 600 * USEC_PER_SEC);
	assert_int_equal(h->timeout, 60 * USEC_PER_SEC);
}

static void test_hooks_parse__nothing__no_hooks(void **state)
{
	struct hooks hooks;

	read_good("", &hooks);
	assert_int_equal(hooks.n, 0);
	hooks_deinit(&hooks);
	read_good("# nothing yet\n[DEFAULT]\n", &hooks);
	assert_int_equal(hooks.n, 0);
	hooks_deinit(&hooks);
}

static void test_hooks_parse__mistakes__are_told_with_their_line(void **state)
{
	static const char *const cases[][2] = {
		{ "comand = true", "there is no setting 'comand'" },
		{ "events = disabled approval", "there is none with the name 'approval'" },
		{ "events = suppressed", "there is none with the name 'suppressed'" },
		{ "events = 'disabled", "events: a quote does not end" },
		{ "clients = a'b", "clients: a quote does not end" },
		{ "command = cat | mail", "with \"shell = yes\" there is one" },
		{ "command = echo $MANDOS_TEXT", "means nothing without a shell" },
		{ "command =", "command: there is none to run" },
		{ "command = '' x", "command: there is none to run" },
		{ "shell = perhaps", "'perhaps' is neither yes nor no" },
		{ "limit = 5", "limit: '5' is not a number" },
		{ "limit = 0/PT1M", "limit: '0/PT1M' is not" },
		{ "limit = 10001/PT1M", "limit: '10001/PT1M' is not" },
		{ "limit = 5/", "limit: '5/' is not" },
		{ "limit = 5/PT0S", "limit: '5/PT0S' is not" },
		{ "limit = 123456789012345678901/PT1S", "is not a number" },
		{ "timeout = PT0S", "timeout: 'PT0S' is no duration" },
		{ "timeout = PT1H1S", "timeout: 'PT1H1S' is no duration" },
		{ "timeout = soon", "timeout: 'soon' is no duration" },
		{ "this is none", "no section header" },
	};

	for (size_t i = 0; i + 1 < ARRAY_SIZE(cases); i++)
		check_bad(cases[i][0], cases[i][1]);
}

static void test_hooks_parse__many_mistakes__are_all_told(void **state)
{
	static const char text[] = "x = 1\n[DEFAULT]\ny = 2\n[a]\nz = 3\nlimit = 1\n[b]\n[b]\n";
	struct complaints c = { "", "" };
	struct hooks hooks;

	assert_int_equal(hooks_parse(text, strlen(text), complain, &c, &hooks), 8);
	assert_int_equal(hooks.n, 0);
}

static void test_hooks_parse__at_the_bounds__refused_behind(void **state)
{
	_cleanup_free_ char *text = calloc(HOOKS_FILE_MAX + 2, 1);
	struct complaints c = { "", "" };
	struct hooks hooks;
	size_t used = 0;

	assert_non_null(text);
	for (int i = 0; i < HOOKS_MAX; i++)
		used += (size_t)sprintf(text + used, "[h%d]\ncommand = true\n", i);
	read_good(text, &hooks);
	assert_int_equal(hooks.n, HOOKS_MAX);
	hooks_deinit(&hooks);
	(void)strcpy(text + used, "[more]\ncommand = true\n");
	assert_int_equal(hooks_parse(text, strlen(text), complain, &c, &hooks), 1);
	assert_string_equal(c.text, "there are more than 64 sections");
	memset(text, '\n', HOOKS_FILE_MAX + 1);
	assert_int_equal(hooks_parse(text, HOOKS_FILE_MAX, complain, &c, &hooks), 0);
	hooks_deinit(&hooks);
	assert_int_equal(hooks_parse(text, HOOKS_FILE_MAX + 1, complain, &c, &hooks), -EFBIG);
}

static void test_hook_wants__events_and_clients__those_meant(void **state)
{
	_cleanup_hooks_ struct hooks hooks = { 0 };

	read_good("[some]\ncommand = x\nevents = disabled lockdown\nclients = web*\n"
		  "[all]\ncommand = x\n",
		  &hooks);
	assert_true(hook_wants(hooks.list[0], NOTICE_DISABLED, "web1"));
	assert_false(hook_wants(hooks.list[0], NOTICE_DISABLED, "db"));
	assert_false(hook_wants(hooks.list[0], NOTICE_REJECTED, "web1"));
	assert_false(hook_wants(hooks.list[0], NOTICE_LOCKDOWN, NULL));
	assert_true(hook_wants(hooks.list[1], NOTICE_DISABLED, "db"));
	assert_true(hook_wants(hooks.list[1], NOTICE_LOCKDOWN, NULL));
}

static void test_hooks_carry__same_name__keeps_its_count(void **state)
{
	_cleanup_hooks_ struct hooks old = { 0 }, new = { 0 };

	read_good("[a]\ncommand = x\n[b]\ncommand = x\n", &old);
	read_good("[b]\ncommand = y\n[c]\ncommand = y\n", &new);
	old.list[0]->limits[NOTICE_REJECTED].n_suppressed = 1;
	old.list[1]->limits[NOTICE_REJECTED].n_suppressed = 2;
	hooks_carry(&new, &old);
	assert_int_equal(new.list[0]->limits[NOTICE_REJECTED].n_suppressed, 2);
	assert_int_equal(new.list[1]->limits[NOTICE_REJECTED].n_suppressed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hooks_parse__as_documented__all_of_it),
		cmocka_unit_test(test_hooks_parse__nothing__no_hooks),
		cmocka_unit_test(test_hooks_parse__mistakes__are_told_with_their_line),
		cmocka_unit_test(test_hooks_parse__many_mistakes__are_all_told),
		cmocka_unit_test(test_hooks_parse__at_the_bounds__refused_behind),
		cmocka_unit_test(test_hook_wants__events_and_clients__those_meant),
		cmocka_unit_test(test_hooks_carry__same_name__keeps_its_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
