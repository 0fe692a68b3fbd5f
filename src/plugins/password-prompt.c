/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * password-prompt: asks for the passphrase on the terminal that is standard input.
 *
 * The echo is off while it asks, and back on whatever way it ends: every signal that can be caught
 * is caught, and the terminal is restored before the program dies of it.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <termios.h>
#include <unistd.h>

#include "base/pieces.h"
#include "base/secret.h"
#include "plugins/answer.h"
#include "plugins/options.h"
#include "plugins/processes.h"
#include "plugins/question.h"
#include "plugins/report.h"
#include "plugins/signals.h"

#define PLYMOUTH_PID_FILE "/run/plymouth/pid"

/* The terminal, and what to put it back to. */
struct terminal {
	struct termios normal;
	bool is_silent;
};

/* With Plymouth there, that asks, and would take what is typed here (CLI-PP-2). */
static bool is_plymouth_there(void)
{
	return access(PLYMOUTH_PID_FILE, R_OK) == 0 || processes_has_name("plymouthd");
}

static void show(const char *text)
{
	/* A terminal that is gone will tell at the next read(2). */
	if (write(STDERR_FILENO, text, strlen(text)) < 0)
		report_debug("cannot show the question: %s", strerror(errno));
}

/* TCSANOW: the others wait for a terminal that was stopped with Ctrl-S. */
static int terminal_silence(struct terminal *t)
{
	struct termios quiet = t->normal;

	quiet.c_lflag &= ~(tcflag_t)ECHO;
	t->is_silent = true;
	if (tcsetattr(STDIN_FILENO, TCSANOW, &quiet) < 0)
		return -errno;
	return 0;
}

static void terminal_restore(struct terminal *t)
{
	if (t->is_silent && tcsetattr(STDIN_FILENO, TCSANOW, &t->normal) < 0)
		report_error("cannot switch the echo on again: %s", strerror(errno));
	t->is_silent = false;
}

/* Whoever gets the terminal while we are stopped sees what he types. */
static int stop_and_continue(struct terminal *t)
{
	terminal_restore(t);
	(void)raise(SIGSTOP);
	return terminal_silence(t);
}

/* One line without its line feed, as far as the end of the input allows. */
static int read_line(struct pieces *line, const char *question, struct terminal *t)
{
	for (;;) {
		int r = signals_wait(STDIN_FILENO, POLLIN, -1);
		ssize_t n;

		if (r == -EINTR && signals_take_stop() && !signals_caught()) {
			r = stop_and_continue(t);
			if (r < 0)
				return r;
			show(question);
			continue;
		}
		if (r < 0)
			return r;
		n = pieces_read(line, STDIN_FILENO, 1);
		if (n < 0 && n != -EAGAIN && n != -EINTR)
			return (int)n;
		if (n == 0 && line->size > 0)
			return 0;
		/* A terminal that was hung up ends again and again. */
		if (n == 0 && r & POLLHUP)
			return -EIO;
		if (n == 0) {
			show("\n");
			show(question);
		}
		if (n > 0 && pieces_end_line(line))
			return 0;
	}
}

static char *make_question(const struct options *o)
{
	_cleanup_free_ char *own = NULL;
	char *text;

	if (!o->prompt) {
		own = question_make(QUESTION_TERMINAL, question_source(), question_target());
		if (!own)
			return NULL;
	}
	if (asprintf(&text, "%s%s%s%s", o->prefix ? o->prefix : "", o->prefix ? " " : "",
		     own ? own : o->prompt, own ? "" : ": ") < 0)
		return NULL;
	return text;
}

static int status_of(int error, const char *what)
{
	report_error("cannot %s: %s", what, strerror(-error));
	switch (-error) {
	case EIO:
	case EFBIG:
	case EPIPE:
	case ENOSPC:
		return EX_IOERR;
	case EBADF:
		return EX_OSFILE;
	default:
		return EX_OSERR;
	}
}

static int ask(const char *question, struct terminal *t)
{
	struct pieces line = { 0 };
	int status = EX_OK, r;

	show(question);
	r = read_line(&line, question, t);
	if (r < 0 && r != -EINTR)
		status = status_of(r, "read the passphrase");
	if (r == 0) {
		r = answer_give(&line);
		if (r < 0 && r != -EINTR)
			status = status_of(r, "write the passphrase");
	}
	pieces_deinit(&line);
	return status;
}

static int run(const struct options *o)
{
	_cleanup_free_ char *question = make_question(o);
	struct terminal t = { 0 };
	int status, r;

	if (!question)
		return EX_OSERR;
	if (is_plymouth_there()) {
		report_debug("Plymouth is there, and asks");
		return EXIT_FAILURE;
	}
	if (tcgetattr(STDIN_FILENO, &t.normal) < 0) {
		report_error("standard input is no terminal to ask on: %s", strerror(errno));
		return errno == ENOTTY || errno == EBADF ? EX_UNAVAILABLE : EX_OSERR;
	}
	r = secret_process_harden();
	if (r == 0)
		r = signals_start(true);
	if (r < 0)
		return status_of(r, "prepare the process");
	r = terminal_silence(&t);
	if (r < 0) {
		terminal_restore(&t);
		return status_of(r, "switch the echo off");
	}
	/* CLI-PP-4: what was typed at something else is no passphrase. */
	(void)tcflush(STDIN_FILENO, TCIFLUSH);
	status = ask(question, &t);
	terminal_restore(&t);
	show("\n");
	if (signals_caught())
		signals_die(signals_caught());
	return status;
}

int main(int argc, char **argv)
{
	static const struct options_program program = {
		.name = "password-prompt",
		.doc = "Asks for a passphrase on the terminal and prints it.",
		.has_prefix = true,
	};
	struct options options;

	report_open(argv[0]);
	/* CLI-GEN-3: nothing but a passphrase may end with 0. */
	if (options_parse(&program, argc, argv, &options) != OPTIONS_OK)
		return EX_USAGE;
	return run(&options);
}
