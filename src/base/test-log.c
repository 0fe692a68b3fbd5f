/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Log records as a log daemon sees them: the test has a /dev of its own, in a mount namespace, and
 * is the daemon. The tests build on each other only in that the first comes before log_open().
 */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"

#define JOURNAL "/run/systemd/journal/"

static int daemon_fd = -1;

static int listen_on(const char *path)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };

	(void)snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", path);
	daemon_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	(void)unlink(path);
	return bind(daemon_fd, (struct sockaddr *)&sa, sizeof(sa));
}

static int start_daemon(void)
{
	return listen_on("/dev/log");
}

static void stop_daemon(void)
{
	daemon_fd = fd_close(daemon_fd);
	(void)unlink("/dev/log");
}

static int set_up(void **state)
{
	/* As another user than root the namespace needs a user namespace around it. */
	if (unshare(CLONE_NEWNS | (geteuid() == 0 ? 0 : CLONE_NEWUSER)) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", "/dev", "tmpfs", 0, NULL) < 0 ||
	    mount("tmpfs", "/run", "tmpfs", 0, NULL) < 0 || mkdir("/run/systemd", 0755) < 0 ||
	    mkdir(JOURNAL, 0755) < 0)
		return -1;
	return start_daemon();
}

static void open_log(const char *service_name, enum log_level threshold, bool to_stderr)
{
	log_open(&(struct log_options){ .program = "mandos",
					.service_name = service_name,
					.threshold = threshold,
					.to_stderr = to_stderr });
}

/* The next record, its NUL byte included, or -1 if there is none. */
static ssize_t take_record(char *buffer, size_t size)
{
	return recv(daemon_fd, buffer, size, 0);
}

static void assert_record(const char *format, ...) _printf_(1, 2);

static void assert_record(const char *format, ...)
{
	char expected[4096], got[4096];
	ssize_t n = take_record(got, sizeof(got));
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(expected, sizeof(expected), format, ap);
	va_end(ap);
	assert_int_equal(n, strlen(expected) + 1);
	assert_int_equal(got[n - 1], '\0');
	assert_string_equal(got, expected);
}

static void assert_no_record(void)
{
	char got[64];

	assert_int_equal(take_record(got, sizeof(got)), -1);
}

/* What a record looks like on stderr; empty if nothing was written. */
static void take_stderr(enum log_level level, const char *text, char *ret, size_t size)
{
	int saved = dup(STDERR_FILENO), fds[2];
	ssize_t n;

	assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	assert_int_equal(dup2(fds[1], STDERR_FILENO), STDERR_FILENO);
	log_msg(level, "%s", text);
	assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
	(void)fd_close(saved);
	n = read(fds[0], ret, size - 1);
	ret[n > 0 ? n : 0] = '\0';
	(void)fd_close(fds[0]);
	(void)fd_close(fds[1]);
}

static void test_log_msg__before_log_open__is_a_bare_line_on_stderr(void **state)
{
	char line[256];

	take_stderr(LOG_LEVEL_ERROR, "no such thing", line, sizeof(line));
	assert_string_equal(line, "test-base-log: no such thing\n");
	take_stderr(LOG_LEVEL_INFO, "not urgent", line, sizeof(line));
	assert_string_equal(line, "");
	assert_no_record();
}

/* SRV-LOG-1 */
static void test_log_msg__every_level__has_its_priority_and_name(void **state)
{
	long pid = (long)getpid();

	open_log("Mandos", LOG_LEVEL_DEBUG, false);
	log_critical("%d", 1);
	assert_record("<26>Mandos [%ld]: CRITICAL: 1", pid);
	log_error("two");
	assert_record("<27>Mandos [%ld]: ERROR: two", pid);
	log_warning("three");
	assert_record("<28>Mandos [%ld]: WARNING: three", pid);
	log_info("four");
	assert_record("<30>Mandos [%ld]: INFO: four", pid);
	log_debug("%s", "");
	assert_record("<31>Mandos [%ld]: DEBUG: ", pid);
}

/* SRV-LOG-2 */
static void test_log_msg__other_service_name__is_literally_in_the_prefix(void **state)
{
	char longest[400];

	open_log("My %s%n server", LOG_LEVEL_WARNING, false);
	log_error("text");
	assert_record("<27>Mandos (My %%s%%n server) [%ld]: ERROR: text", (long)getpid());
	open_log("a\nb", LOG_LEVEL_WARNING, false);
	log_error("text");
	assert_record("<27>Mandos (a?b) [%ld]: ERROR: text", (long)getpid());
	open_log("mandos", LOG_LEVEL_WARNING, false);
	log_error("text");
	assert_record("<27>Mandos (mandos) [%ld]: ERROR: text", (long)getpid());
	open_log("", LOG_LEVEL_WARNING, false);
	log_error("text");
	assert_record("<27>Mandos () [%ld]: ERROR: text", (long)getpid());
	memset(longest, 'n', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	open_log(longest, LOG_LEVEL_WARNING, false);
	log_error("text");
	assert_record("<27>Mandos (%.256s) [%ld]: ERROR: text", longest, (long)getpid());
}

/* SRV-LOG-2, SRV-ZC-6 */
static void test_log_set_service_name__at_run_time__changes_the_prefix(void **state)
{
	open_log("Mandos", LOG_LEVEL_WARNING, false);
	log_set_service_name("Mandos #2 %s");
	log_error("text");
	assert_record("<27>Mandos (Mandos #2 %%s) [%ld]: ERROR: text", (long)getpid());
	log_set_service_name("Mandos");
	log_error("text");
	assert_record("<27>Mandos [%ld]: ERROR: text", (long)getpid());
}

/* SRV-LOG-3 */
static void test_log_msg__below_the_threshold__is_dropped(void **state)
{
	open_log("Mandos", LOG_LEVEL_WARNING, false);
	assert_int_equal(log_threshold(), LOG_LEVEL_WARNING);
	log_info("x");
	assert_no_record();
	log_set_threshold(LOG_LEVEL_INFO);
	log_debug("x");
	assert_no_record();
	log_info("x");
	assert_record("<30>Mandos [%ld]: INFO: x", (long)getpid());
}

/* SRV-LOG-4 */
static void test_log_level_parse__words_and_synonyms__in_any_case(void **state)
{
	static const struct {
		const char *word;
		enum log_level level;
	} good[] = {
		{ "CRITICAL", LOG_LEVEL_CRITICAL }, { "fatal", LOG_LEVEL_CRITICAL },
		{ "Error", LOG_LEVEL_ERROR },	    { "WARNING", LOG_LEVEL_WARNING },
		{ "warn", LOG_LEVEL_WARNING },	    { "iNFO", LOG_LEVEL_INFO },
		{ "debug", LOG_LEVEL_DEBUG },	    { "NotSet", LOG_LEVEL_DEBUG },
	};
	static const char *const bad[] = { "", "ERR", "INFO ", " INFO", "WARNINGS", "3", "notice" };
	enum log_level level;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_true(log_level_parse(good[i].word, &level));
		assert_int_equal(level, good[i].level);
	}
	level = LOG_LEVEL_ERROR;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(log_level_parse(bad[i], &level));
	assert_int_equal(level, LOG_LEVEL_ERROR);
}

/* SRV-LOG-5 */
static void test_log_msg__debug_mode__is_on_stderr_with_a_time(void **state)
{
	char line[256], pattern[256];
	regex_t regex;

	open_log("Other", LOG_LEVEL_DEBUG, true);
	take_stderr(LOG_LEVEL_INFO, "hello", line, sizeof(line));
	(void)snprintf(pattern, sizeof(pattern),
		       "^20[0-9]{2}-[01][0-9]-[0-3][0-9] [0-2][0-9]:[0-5][0-9]:[0-6][0-9],[0-9]{3} "
		       "mandos \\[%ld\\]: INFO: hello\n$",
		       (long)getpid());
	assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
	assert_int_equal(regexec(&regex, line, 0, NULL, 0), 0);
	regfree(&regex);
	assert_record("<30>Mandos (Other) [%ld]: INFO: hello", (long)getpid());
	open_log("Mandos", LOG_LEVEL_DEBUG, false);
	take_stderr(LOG_LEVEL_CRITICAL, "hello", line, sizeof(line));
	assert_string_equal(line, "");
	assert_record("<26>Mandos [%ld]: CRITICAL: hello", (long)getpid());
}

/* K-17, SRV-PROC-1 Fix, SRV-LOG-5 */
static void test_log_msg__while_starting__errors_are_bare_lines_on_stderr(void **state)
{
	char line[256];

	open_log("Mandos", LOG_LEVEL_DEBUG, false);
	log_set_starting(STDERR_FILENO);
	take_stderr(LOG_LEVEL_ERROR, "bad", line, sizeof(line));
	assert_string_equal(line, "mandos: bad\n");
	assert_record("<27>Mandos [%ld]: ERROR: bad", (long)getpid());
	take_stderr(LOG_LEVEL_WARNING, "odd", line, sizeof(line));
	assert_string_equal(line, "");
	log_set_starting(-1);
	take_stderr(LOG_LEVEL_ERROR, "bad", line, sizeof(line));
	assert_string_equal(line, "");
	assert_record("<28>Mandos [%ld]: WARNING: odd", (long)getpid());
	assert_record("<27>Mandos [%ld]: ERROR: bad", (long)getpid());
}

static void test_log_msg__control_characters__cannot_forge_or_move_anything(void **state)
{
	open_log("Mandos", LOG_LEVEL_DEBUG, false);
	log_error("%s", "a\n<26>b\r\033[2Jc\x7f\td");
	assert_record("<27>Mandos [%ld]: ERROR: a?<26>b??[2Jc??d", (long)getpid());
	/* U+009B in UTF-8 is as good as ESC [ to a terminal; U+00E4 and U+009B's bytes apart are
	 * not. */
	log_error("%s", "\xc2\x9b"
			"31m \xc3\xa4 \xc3\x9b");
	assert_record("<27>Mandos [%ld]: ERROR: ??31m \xc3\xa4 \xc3\x9b", (long)getpid());
}

static void test_log_msg__text_at_and_above_the_bound__is_cut(void **state)
{
	static char text[LOG_RECORD_MAX + 100];

	open_log("Mandos", LOG_LEVEL_DEBUG, false);
	memset(text, 'x', sizeof(text) - 1);
	log_error("%s", text);
	assert_record("<27>Mandos [%ld]: ERROR: %.*s", (long)getpid(), LOG_RECORD_MAX - 1, text);
	text[LOG_RECORD_MAX - 1] = '\0';
	log_error("%s", text);
	assert_record("<27>Mandos [%ld]: ERROR: %s", (long)getpid(), text);
}

/* SRV-LOG-7 */
static void test_log_msg__daemon_away_and_back__goes_on(void **state)
{
	open_log("Mandos", LOG_LEVEL_DEBUG, false);
	log_error("before");
	assert_record("<27>Mandos [%ld]: ERROR: before", (long)getpid());
	stop_daemon();
	log_error("lost");
	assert_int_equal(start_daemon(), 0);
	log_error("after");
	assert_record("<27>Mandos [%ld]: ERROR: after", (long)getpid());
	/* Another daemon under the old name, without a gap that a record could have fallen into. */
	daemon_fd = fd_close(daemon_fd);
	assert_int_equal(start_daemon(), 0);
	log_error("restarted");
	assert_record("<27>Mandos [%ld]: ERROR: restarted", (long)getpid());
}

/* SRV-LOG-7: would hang here otherwise */
static void test_log_msg__daemon_does_not_read__loses_records_and_does_not_wait(void **state)
{
	char record[4096], expected[128];
	ssize_t n;

	open_log("Mandos", LOG_LEVEL_DEBUG, false);
	for (int i = 0; i < 2000; i++)
		log_error("record %d", i);
	n = take_record(record, sizeof(record));
	(void)snprintf(expected, sizeof(expected), "<27>Mandos [%ld]: ERROR: record 0",
		       (long)getpid());
	assert_int_equal(n, strlen(expected) + 1);
	assert_string_equal(record, expected);
	while (take_record(record, sizeof(record)) > 0)
		;
	log_error("goes on");
	assert_record("<27>Mandos [%ld]: ERROR: goes on", (long)getpid());
}

static void test_log_msg__called_between_a_failure_and_its_report__keeps_errno(void **state)
{
	open_log("Mandos", LOG_LEVEL_DEBUG, false);
	stop_daemon();
	errno = EXDEV;
	log_error("x");
	assert_int_equal(errno, EXDEV);
	assert_int_equal(start_daemon(), 0);
}

/* ---- the journal ---- */

static int start_journal(void **state)
{
	stop_daemon();
	open_log("Mandos", LOG_LEVEL_DEBUG, false);
	return listen_on(JOURNAL "socket");
}

static int stop_journal(void **state)
{
	stop_daemon();
	(void)unlink(JOURNAL "socket");
	return start_daemon();
}

static void assert_native(const char *level, const char *more, const char *text)
{
	char expected[8192], got[8192];
	ssize_t n = take_record(got, sizeof(got) - 1);

	assert_true(n > 0);
	got[n] = '\0';
	(void)snprintf(expected, sizeof(expected),
		       "MESSAGE=%s\nPRIORITY=%s\nSYSLOG_FACILITY=3\nSYSLOG_IDENTIFIER=mandos\n"
		       "SYSLOG_PID=%ld\n%s",
		       text, level, (long)getpid(), more);
	assert_string_equal(got, expected);
}

static void test_log_fields__journal_and_no_dev_log__is_a_native_record(void **state)
{
	const struct log_field fields[] = { { "MESSAGE_ID", "0123" },
					    { "LEFT_OUT", NULL },
					    { "MANDOS_CLIENT", "a\nMESSAGE=forged" },
					    { NULL, NULL } };

	log_fields(LOG_LEVEL_WARNING, fields, "one\nPRIORITY=0");
	assert_native("4", "MESSAGE_ID=0123\nMANDOS_CLIENT=a?MESSAGE=forged\n", "one?PRIORITY=0");
	log_debug("plain");
	assert_native("7", "", "plain");
	assert_no_record();
}

static void test_log_fields__journal_behind_dev_log__is_sent_once(void **state)
{
	assert_int_equal(symlink(JOURNAL "dev-log", "/dev/log"), 0);
	log_error("x");
	assert_native("3", "", "x");
	assert_no_record();
}

static void test_log_fields__journal_and_another_daemon__the_daemon_gets_it(void **state)
{
	const struct log_field fields[] = { { "MESSAGE_ID", "0123" }, { NULL, NULL } };
	int journal = daemon_fd;

	assert_int_equal(start_daemon(), 0);
	log_fields(LOG_LEVEL_ERROR, fields, "x");
	assert_record("<27>Mandos [%ld]: ERROR: x", (long)getpid());
	stop_daemon();
	daemon_fd = journal;
	assert_no_record();
}

/* SRV-LOG-2: the name has a field of its own, and is not the identifier. */
static void test_log_fields__other_service_name__is_a_field(void **state)
{
	open_log("My %s server", LOG_LEVEL_DEBUG, false);
	log_info("x");
	assert_native("6", "MANDOS_SERVICE=My %s server\n", "x");
}

/* SRV-LOG-7 */
static void test_log_fields__journal_away_and_back__goes_on(void **state)
{
	log_info("before");
	assert_native("6", "", "before");
	daemon_fd = fd_close(daemon_fd);
	log_info("lost");
	assert_int_equal(listen_on(JOURNAL "socket"), 0);
	log_info("after");
	assert_native("6", "", "after");
	/* And it may be replaced by another kind of log daemon. */
	daemon_fd = fd_close(daemon_fd);
	(void)unlink(JOURNAL "socket");
	assert_int_equal(start_daemon(), 0);
	log_info("other");
	assert_record("<30>Mandos [%ld]: INFO: other", (long)getpid());
}

static void test_log_fields__values_at_and_above_the_bounds__are_cut(void **state)
{
	static char text[LOG_RECORD_MAX + 100], value[LOG_FIELD_SIZE + 100], more[8192];
	struct log_field fields[LOG_FIELDS_MAX + 1] = { { NULL, NULL } };
	size_t used = 0;

	memset(text, 'x', sizeof(text) - 1);
	memset(value, 'v', sizeof(value) - 1);
	for (size_t i = 0; i < LOG_FIELDS_MAX; i++) {
		fields[i] = (struct log_field){ "FIELD", value };
		used += (size_t)snprintf(more + used, sizeof(more) - used, "FIELD=%.*s\n",
					 LOG_FIELD_SIZE - 1, value);
	}
	log_fields(LOG_LEVEL_ERROR, fields, text);
	text[LOG_RECORD_MAX - 1] = '\0';
	assert_native("3", more, text);
	log_fields(LOG_LEVEL_ERROR, fields, text);
	assert_native("3", more, text);
}

/* SRV-LOG-7: would hang here otherwise */
static void test_log_fields__journal_does_not_read__does_not_wait(void **state)
{
	for (int i = 0; i < 2000; i++)
		log_error("record");
	assert_native("3", "", "record");
}

#define with_journal(f) cmocka_unit_test_setup_teardown(f, start_journal, stop_journal)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_log_msg__before_log_open__is_a_bare_line_on_stderr),
		cmocka_unit_test(test_log_msg__every_level__has_its_priority_and_name),
		cmocka_unit_test(test_log_msg__other_service_name__is_literally_in_the_prefix),
		cmocka_unit_test(test_log_set_service_name__at_run_time__changes_the_prefix),
		cmocka_unit_test(test_log_msg__below_the_threshold__is_dropped),
		cmocka_unit_test(test_log_level_parse__words_and_synonyms__in_any_case),
		cmocka_unit_test(test_log_msg__debug_mode__is_on_stderr_with_a_time),
		cmocka_unit_test(test_log_msg__while_starting__errors_are_bare_lines_on_stderr),
		cmocka_unit_test(test_log_msg__control_characters__cannot_forge_or_move_anything),
		cmocka_unit_test(test_log_msg__text_at_and_above_the_bound__is_cut),
		cmocka_unit_test(test_log_msg__daemon_away_and_back__goes_on),
		cmocka_unit_test(
			test_log_msg__daemon_does_not_read__loses_records_and_does_not_wait),
		cmocka_unit_test(
			test_log_msg__called_between_a_failure_and_its_report__keeps_errno),
		with_journal(test_log_fields__journal_and_no_dev_log__is_a_native_record),
		with_journal(test_log_fields__journal_behind_dev_log__is_sent_once),
		with_journal(test_log_fields__journal_and_another_daemon__the_daemon_gets_it),
		with_journal(test_log_fields__other_service_name__is_a_field),
		with_journal(test_log_fields__journal_away_and_back__goes_on),
		with_journal(test_log_fields__values_at_and_above_the_bounds__are_cut),
		with_journal(test_log_fields__journal_does_not_read__does_not_wait),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
