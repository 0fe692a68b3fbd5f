/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ctl/command.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"

#define WORDS_MAX 8

/** struct parsed - a command line, as words; the program's name is put in front */
struct parsed {
	struct ctl_command command;
	char message[CTL_MESSAGE_SIZE];
	int result;
};

static struct parsed parse(const char *const *words)
{
	char *argv[WORDS_MAX + 2] = { (char *)"mandos-ctl" };
	struct parsed p = { 0 };
	int argc = 1;

	while (words[argc - 1]) {
		argv[argc] = (char *)words[argc - 1];
		argc++;
	}
	p.result = ctl_command_parse(argc, argv, &p.command, p.message);
	if (p.result == CTL_COMMAND_OK && !ctl_command_judge(&p.command, p.message))
		p.result = CTL_COMMAND_BAD;
	ctl_command_order(&p.command);
	return p;
}

#define PARSE(...) parse((const char *const[]){ __VA_ARGS__, NULL })

static void assert_bad(const char *const *words, const char *message)
{
	struct parsed p = parse(words);

	assert_int_equal(p.result, CTL_COMMAND_BAD);
	assert_string_equal(p.message, message);
	ctl_command_deinit(&p.command);
}

#define ASSERT_BAD(message, ...) assert_bad((const char *const[]){ __VA_ARGS__, NULL }, message)

/* CTL-ARG-1: names before, between and behind options. */
static void test_ctl_command_parse__names_anywhere__in_order(void **state)
{
	struct parsed p = PARSE("web1", "-e", "web2", "-t", "PT1M", "-", "--", "-web3");

	assert_int_equal(p.result, CTL_COMMAND_OK);
	assert_int_equal(p.command.n_names, 4);
	assert_string_equal(p.command.names[0], "web1");
	assert_string_equal(p.command.names[1], "web2");
	assert_string_equal(p.command.names[2], "-");
	assert_string_equal(p.command.names[3], "-web3");
	assert_int_equal(p.command.n_actions, 2);
	assert_string_equal(p.command.actions[1].text, "PT1M");
	ctl_command_deinit(&p.command);
}

/* CTL-ARG-2: all the ways to write a value, and joined letters. */
static void test_ctl_command_parse__forms_of_options__the_same(void **state)
{
	static const char *const forms[][4] = {
		{ "-t", "PT1M", "w" },	      { "-tPT1M", "w" },	 { "-t=PT1M", "w" },
		{ "--timeout", "PT1M", "w" }, { "--timeout=PT1M", "w" }, { "--time", "PT1M", "w" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		struct parsed p = parse(forms[i]);

		assert_int_equal(p.result, CTL_COMMAND_OK);
		assert_int_equal(p.command.n_actions, 1);
		assert_int_equal(p.command.actions[0].op, CTL_TIMEOUT);
		assert_string_equal(p.command.actions[0].text, "PT1M");
		ctl_command_deinit(&p.command);
	}
}

static void test_ctl_command_parse__joined_letters__each_counts(void **state)
{
	struct parsed p = PARSE("-ebtPT1M", "w");

	assert_int_equal(p.result, CTL_COMMAND_OK);
	assert_int_equal(p.command.n_actions, 3);
	assert_int_equal(p.command.actions[0].op, CTL_ENABLE);
	assert_int_equal(p.command.actions[1].op, CTL_BUMP_TIMEOUT);
	assert_int_equal(p.command.actions[2].op, CTL_TIMEOUT);
	ctl_command_deinit(&p.command);
}

/* CTL-ARG-2: every start of every name, judged by the plain rule on the old options alone. */
static void test_ctl_option_find__starts_of_names__old_ones_first(void **state)
{
	for (enum ctl_op whole = 0; whole < CTL_N_OPTIONS; whole++) {
		const char *name = ctl_options[whole].name;

		for (size_t length = 1; name[length]; length++) {
			enum ctl_op found = CTL_N_OPTIONS, only = CTL_N_OPTIONS;
			enum ctl_find_result result;
			uint64_t matches;
			int n_old = 0;

			for (enum ctl_op op = 0; op < CTL_N_OPTIONS; op++) {
				if (!ctl_options[op].is_new &&
				    strncmp(ctl_options[op].name, name, length) == 0) {
					n_old += strlen(ctl_options[op].name) == length ? 100 : 1;
					if (only == CTL_N_OPTIONS ||
					    strlen(ctl_options[op].name) == length)
						only = op;
				}
			}
			result = ctl_option_find(name, length, &found, &matches);
			if (n_old == 1 || n_old >= 100) {
				assert_int_equal(result, CTL_FIND_OK);
				assert_int_equal(found, only);
			} else if (n_old > 1) {
				assert_int_equal(result, CTL_FIND_AMBIGUOUS);
			}
		}
	}
}

static void test_ctl_command_parse__bad_options__told(void **state)
{
	/* CTL-ARG-2, CTL-ARG-3 */
	ASSERT_BAD("ambiguous option: --ver could match --verbose, --version", "--ver");
	ASSERT_BAD("unrecognized arguments: --foo", "--foo", "w");
	ASSERT_BAD("unrecognized arguments: -Z --foo=1", "-Z", "--foo=1");
	ASSERT_BAD("argument -a/--all: ignored explicit argument '3'", "--all=3");
	ASSERT_BAD("argument -e/--enable: ignored explicit argument 'Zb'", "-eZb");
	/* CTL-ARG-17, and a value that looks like an option */
	ASSERT_BAD("argument -t/--timeout: expected one argument", "-t");
	ASSERT_BAD("argument -t/--timeout: expected one argument", "-t", "-5s", "w");
	ASSERT_BAD("argument --approval-delay: expected one argument", "--approval-delay");
	ASSERT_BAD("argument -c/--checker: expected one argument", "w", "-c", "--enable");
}

/* CTL-ARG-10 */
static void test_ctl_command_parse__opposites__refused(void **state)
{
	ASSERT_BAD("argument -d/--disable: not allowed with argument -e/--enable", "-e", "-d", "w");
	ASSERT_BAD("argument -e/--enable: not allowed with argument -d/--disable", "-d", "w", "-e");
	ASSERT_BAD("argument --stop-checker: not allowed with argument --start-checker",
		   "--start-checker", "--stop-checker", "w");
	ASSERT_BAD("argument --deny-by-default: not allowed with argument --approve-by-default",
		   "--approve-by-default", "--deny-by-default", "w");
	ASSERT_BAD("argument -D/--deny: not allowed with argument -A/--approve", "-AD", "w");
}

static void test_ctl_command_judge__combinations__refused(void **state)
{
	/* CTL-ARG-11, CTL-ARG-12, CTL-ARG-13, CTL-ARG-14, CTL-ARG-15, CTL-ARG-16, CTL-ARG-19 */
	ASSERT_BAD("Options require clients names or --all.", "-e");
	ASSERT_BAD("Options require clients names or --all.", "-j", "-v", "-V");
	ASSERT_BAD("--verbose can only be used alone.", "-v", "-e", "w");
	ASSERT_BAD("--dump-json can only be used alone.", "-j", "-v");
	ASSERT_BAD("--dump-json can only be used alone.", "-j", "-t", "PT1S", "w");
	ASSERT_BAD("--dump-json can only be used alone.", "-jj");
	ASSERT_BAD("--all requires an action.", "-a");
	ASSERT_BAD("--all requires an action.", "-a", "-v");
	ASSERT_BAD("--all requires an action.", "w", "-a");
	ASSERT_BAD("--is-enabled requires exactly one client", "-V", "a", "b");
	ASSERT_BAD("--is-enabled requires exactly one client", "-V", "-a");
	ASSERT_BAD("--is-enabled can only be used alone.", "-V", "-e", "a");
	ASSERT_BAD("--remove can only be combined with --deny", "-r", "-e", "w");
	ASSERT_BAD("--remove can only be combined with --deny", "-r", "-e", "-D", "w");
	ASSERT_BAD("--remove can only be combined with --deny", "-rr", "w");
	/* Beyond 1.8.16 */
	ASSERT_BAD("--names can only be used alone.", "--names", "-v");
	ASSERT_BAD("--metrics can only be used alone.", "--metrics", "-e", "w");
	ASSERT_BAD("--events can only be used alone.", "--events", "-v");
	ASSERT_BAD("--reload can only be used alone.", "--reload", "w");
	ASSERT_BAD("--lockdown can only be used alone.", "--lockdown", "--lift");
	ASSERT_BAD("--dry-run requires an action.", "--dry-run");
	ASSERT_BAD("--strict requires --is-enabled.", "--strict");
}

static void test_ctl_command_judge__combinations__allowed(void **state)
{
	static const char *const cases[][6] = {
		{ "-v", "w" },
		{ "-j", "w" },
		{ "-j", "--events", "w" },
		{ "-V", "w" },
		{ "-V", "w", "--strict" },
		{ "-rD", "w" },
		{ "-a", "-e", "-b", "-b" },
		{ "--reload" },
		{ "--dry-run", "--lift" },
		{ "--names", "w*" },
		{ "--debug" },
		{ "-a", "w", "-e" },
		{ "-e", "-A", "w" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct parsed p = parse(cases[i]);

		assert_int_equal(p.result, CTL_COMMAND_OK);
		ctl_command_deinit(&p.command);
	}
}

/* CTL-RUN-3 */
static void test_ctl_command_order__deny_behind_remove__moved_ahead(void **state)
{
	struct parsed p = PARSE("-r", "-D", "w");

	assert_int_equal(p.result, CTL_COMMAND_OK);
	assert_int_equal(p.command.actions[0].op, CTL_DENY);
	assert_int_equal(p.command.actions[1].op, CTL_REMOVE);
	ctl_command_deinit(&p.command);
}

static void test_ctl_command_order__other_actions__as_typed(void **state)
{
	struct parsed p = PARSE("-b", "-D", "-e", "-b", "w");

	assert_int_equal(p.command.n_actions, 4);
	assert_int_equal(p.command.actions[0].op, CTL_BUMP_TIMEOUT);
	assert_int_equal(p.command.actions[1].op, CTL_DENY);
	assert_int_equal(p.command.actions[3].op, CTL_BUMP_TIMEOUT);
	ctl_command_deinit(&p.command);
}

static void test_ctl_command_parse__help_version_check__first_counts(void **state)
{
	static const struct {
		const char *words[4];
		enum ctl_command_result result;
	} cases[] = {
		{ { "-h" }, CTL_COMMAND_HELP },
		{ { "--foo", "--help" }, CTL_COMMAND_HELP },
		{ { "--versi", "-h" }, CTL_COMMAND_VERSION },
		{ { "-t", "--help" }, CTL_COMMAND_BAD },
		/* SRV-CLI-9 */
		{ { "--foo", "-t", "--check" }, CTL_COMMAND_CHECK },
		{ { "--", "--check" }, CTL_COMMAND_OK },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct parsed p = parse(cases[i].words);

		assert_int_equal(p.result, cases[i].result);
		ctl_command_deinit(&p.command);
	}
}

/* The bound of CTL_MESSAGE_SIZE. */
static void test_ctl_command_parse__endless_argument__message_cut(void **state)
{
	char word[2 * CTL_MESSAGE_SIZE];
	struct parsed p;

	memset(word, 'x', sizeof(word));
	memcpy(word, "--", 2);
	word[sizeof(word) - 1] = '\0';
	p = PARSE(word, word);
	assert_int_equal(p.result, CTL_COMMAND_BAD);
	assert_int_equal(strlen(p.message), CTL_MESSAGE_SIZE - 1);
	ctl_command_deinit(&p.command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ctl_command_parse__names_anywhere__in_order),
		cmocka_unit_test(test_ctl_command_parse__forms_of_options__the_same),
		cmocka_unit_test(test_ctl_command_parse__joined_letters__each_counts),
		cmocka_unit_test(test_ctl_option_find__starts_of_names__old_ones_first),
		cmocka_unit_test(test_ctl_command_parse__bad_options__told),
		cmocka_unit_test(test_ctl_command_parse__opposites__refused),
		cmocka_unit_test(test_ctl_command_judge__combinations__refused),
		cmocka_unit_test(test_ctl_command_judge__combinations__allowed),
		cmocka_unit_test(test_ctl_command_order__deny_behind_remove__moved_ahead),
		cmocka_unit_test(test_ctl_command_order__other_actions__as_typed),
		cmocka_unit_test(test_ctl_command_parse__help_version_check__first_counts),
		cmocka_unit_test(test_ctl_command_parse__endless_argument__message_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
