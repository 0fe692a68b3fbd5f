/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * splashy: asks for the passphrase on the splash screen of splashy(8).
 *
 * Splashy cannot withdraw a question, so after a signal it is ended and started again. Set-user-ID
 * root for that. The command line is ignored (CLI-GEN-4).
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>

#include "base/util.h"
#include "plugins/processes.h"
#include "plugins/question.h"
#include "plugins/report.h"
#include "plugins/signals.h"

#define DAEMON	"/sbin/splashy"
#define COMMAND "/sbin/splashy_update"

/* argv has no const variant; nobody writes to it. */
#define WORD(text) ((char *)(uintptr_t)(text))

static int status_of_search(int error)
{
	switch (error) {
	case ESRCH:
		return EX_UNAVAILABLE;
	case ENOENT:
	case ENOTDIR:
	case EACCES:
	case ELOOP:
		report_error("cannot look for %s in /proc: %s", DAEMON, strerror(error));
		return EX_OSFILE;
	default:
		report_error("cannot look for %s in /proc: %s", DAEMON, strerror(error));
		return EX_OSERR;
	}
}

/* CLI-SPL-3. */
static void start_again(const struct process *daemon, pid_t command)
{
	char *const argv[] = { WORD(DAEMON), WORD("boot"), NULL };
	pid_t pid;

	command_end(command);
	process_end(daemon);
	if (command_start(DAEMON, argv, COMMAND_DAEMON, &pid) < 0)
		report_error("cannot start %s again", DAEMON);
}

static int ask(const struct process *daemon)
{
	_cleanup_free_ char *question =
		question_make(QUESTION_SPLASHY, question_source(), question_target());
	char *const argv[] = { WORD(COMMAND), question, NULL };
	pid_t pid;
	int status, r;

	if (!question || command_start(COMMAND, argv, COMMAND_ANSWERS, &pid) < 0) {
		report_error("cannot start %s", COMMAND);
		return EX_OSERR;
	}
	r = command_wait(pid, true, &status);
	if (r == 0)
		return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? EX_OK : EXIT_FAILURE;
	start_again(daemon, pid);
	return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	struct process daemon;
	int status, r;

	report_open(argc > 0 ? argv[0] : NULL);
	r = signals_start(false);
	if (r < 0) {
		report_error("cannot set up signals: %s", strerror(-r));
		return EX_OSERR;
	}
	r = processes_find(DAEMON, &daemon);
	status = r < 0 ? status_of_search(-r) : ask(&daemon);
	process_deinit(&daemon);
	/* Of one that came before the question, too. */
	if (r == 0 && status != EX_OK && signals_caught())
		signals_die(signals_caught());
	return status;
}
