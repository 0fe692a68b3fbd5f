/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plymouth: asks for the passphrase on the splash screen of plymouth(8).
 *
 * Plymouth cannot withdraw a question, so after a signal it is ended and started again. Set-user-ID
 * root for that.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/file.h"
#include "base/util.h"
#include "plugins/options.h"
#include "plugins/processes.h"
#include "plugins/question.h"
#include "plugins/report.h"
#include "plugins/signals.h"

#define COMMAND "/bin/plymouth"
#define DAEMON	"/sbin/plymouthd"

#define PID_FILE_MAX ((size_t)64)

/* For the old daemon to be gone, before the new one wants its socket. */
#define QUIT_MSEC 2000

/* argv has no const variant; nobody writes to it. */
#define WORD(text) ((char *)(uintptr_t)(text))

/* The number in a file, or 0. */
static pid_t read_pid(const char *path)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	char *end;
	long n;

	if (file_read(path, PID_FILE_MAX, &text, &size) < 0)
		return 0;
	n = strtol(text, &end, 10);
	return end != text && n > 0 && n <= INT_MAX ? (pid_t)n : 0;
}

/* CLI-PLY-6. */
static int find_daemon(struct process *ret)
{
	static const char *const files[] = { "/run/plymouth/pid", "/run/initramfs/plymouth.pid",
					     "/dev/.initramfs/plymouth.pid" };

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		pid_t pid = read_pid(files[i]);

		if (pid > 0 && process_hold(pid, ret) == 0)
			return 0;
		if (pid > 0)
			process_deinit(ret);
	}
	return processes_find(DAEMON, ret);
}

/* CLI-PLY-5. */
static void start_again(void)
{
	char *const by_default[] = { WORD(DAEMON), WORD("--mode=boot"), WORD("--attach-to-session"),
				     NULL };
	char *const quit[] = { WORD(COMMAND), WORD("quit"), NULL };
	char *const show_splash[] = { WORD(COMMAND), WORD("show-splash"), NULL };
	struct process daemon;

	if (find_daemon(&daemon) < 0)
		report_error("cannot find plymouthd; it will be started as usual");
	if (!command_run(COMMAND, quit, COMMAND_QUIET)) {
		report_error("cannot end plymouthd");
	} else {
		if (daemon.fd >= 0)
			(void)process_has_ended(&daemon, QUIT_MSEC);
		if (!command_run(DAEMON, daemon.argv ? daemon.argv : by_default, COMMAND_DAEMON))
			report_error("cannot start plymouthd again");
		else if (!command_run(COMMAND, show_splash, COMMAND_QUIET))
			report_error("cannot show the splash screen again");
	}
	process_deinit(&daemon);
}

/* Whether it ended with 0; -EINTR: a signal came, and it has been ended. */
static int run(char *const *argv, enum command_kind kind)
{
	int status, r;
	pid_t pid;

	r = command_start(COMMAND, argv, kind, &pid);
	if (r < 0)
		return r;
	r = command_wait(pid, true, &status);
	if (r < 0) {
		command_end(pid);
		return r;
	}
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 1 : 0;
}

static char *make_option(const char *prompt)
{
	_cleanup_free_ char *question = NULL;
	char *option;

	if (!prompt) {
		question = question_make(QUESTION_PLYMOUTH, question_source(), question_target());
		prompt = question;
	}
	return prompt && asprintf(&option, "--prompt=%s", prompt) >= 0 ? option : NULL;
}

static int ask(const char *prompt)
{
	_cleanup_free_ char *option = make_option(prompt);
	char *const ping[] = { WORD(COMMAND), WORD("--ping"), NULL };
	char *const question[] = { WORD(COMMAND), WORD("ask-for-password"), option, NULL };
	int r;

	if (!option)
		return EX_OSERR;
	if (faccessat(AT_FDCWD, COMMAND, X_OK, AT_EACCESS) < 0) {
		report_debug("cannot execute %s: %s", COMMAND, strerror(errno));
		return EX_UNAVAILABLE;
	}
	r = run(ping, COMMAND_QUIET);
	if (r < 0)
		return r == -EINTR ? EXIT_FAILURE : EX_OSERR;
	if (r == 0) {
		report_debug("Plymouth does not run");
		return EX_UNAVAILABLE;
	}
	r = run(question, COMMAND_ANSWERS);
	if (r == -EINTR)
		start_again();
	return r == 1 ? EX_OK : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	static const struct options_program program = {
		.name = "plymouth",
		.doc = "Asks for a passphrase on the splash screen of Plymouth.",
	};
	struct options options;

	report_open(argv[0]);
	switch (options_parse(&program, argc, argv, &options)) {
	case OPTIONS_OK:
		break;
	case OPTIONS_SHOWN:
		return EX_OK;
	case OPTIONS_BAD:
		return EX_USAGE;
	}
	if (signals_start(false) < 0)
		return EX_OSERR;
	return ask(options.prompt);
}
