/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keygen/prompt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/fd.h"
#include "keygen/interrupt.h"
#include "keygen/report.h"

/* struct terminal - the controlling terminal, and what to put it back to while @silent */
struct terminal {
	int fd;
	bool silent;
	struct termios normal;
};

static void terminal_restore(struct terminal *t)
{
	if (t->silent)
		(void)tcsetattr(t->fd, TCSADRAIN, &t->normal);
	t->silent = false;
}

static void terminal_deinit(struct terminal *t)
{
	terminal_restore(t);
	t->fd = fd_close(t->fd);
}

static int terminal_silence(struct terminal *t)
{
	struct termios quiet;

	if (tcgetattr(t->fd, &t->normal) < 0)
		return -errno;
	quiet = t->normal;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
	/* Not TCSAFLUSH: what was typed ahead is an answer. */
	t->silent = true;
	if (tcsetattr(t->fd, TCSADRAIN, &quiet) < 0)
		return -errno;
	return 0;
}

static int terminal_write(struct terminal *t, const char *text)
{
	size_t size = strlen(text);

	while (size > 0) {
		ssize_t n = write(t->fd, text, size);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n < 0 && interrupt_signal())
			return -ECANCELED;
		if (n > 0) {
			text += n;
			size -= (size_t)n;
		}
	}
	return 0;
}

/* The stop key: echo comes back for whoever gets the terminal meanwhile. */
static int stop_and_continue(struct terminal *t, const char *question)
{
	int r;

	terminal_restore(t);
	interrupt_stop();
	r = terminal_silence(t);
	return r < 0 ? r : terminal_write(t, question);
}

/*
 * One line of standard input, byte by byte: what follows it belongs to the next question, or to
 * somebody else. The end of the input ends a line that has been begun.
 */
static int read_line(struct terminal *t, const char *question, struct secret *line,
		     size_t *ret_used)
{
	size_t used = 0;

	for (;;) {
		ssize_t n;
		int r = interrupt_wait(STDIN_FILENO, POLLIN, USEC_NEVER);

		if (r == -EINTR) {
			r = stop_and_continue(t, question);
			if (r < 0)
				return r;
			continue;
		}
		if (r < 0)
			return r;
		n = read(STDIN_FILENO, line->data + used, 1);
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return -errno;
		if (n < 0)
			continue;
		if (n == 0 && used == 0)
			return -ENODATA;
		if (n == 0 || line->data[used] == '\n') {
			*ret_used = used;
			return 0;
		}
		if (++used == line->size)
			return -EMSGSIZE;
	}
}

struct secret *prompt_strip(const uint8_t *line, size_t size)
{
	while (size > 0 && (line[size - 1] == ' ' || line[size - 1] == '\t'))
		size--;
	while (size > 0 && (*line == ' ' || *line == '\t')) {
		line++;
		size--;
	}
	return secret_copy(line, size);
}

static int ask(struct terminal *t, const char *question, struct secret **ret)
{
	_cleanup_secret_ struct secret *line = secret_new(PROMPT_LINE_MAX + 1);
	size_t used = 0;
	int r;

	if (!line)
		return -ENOMEM;
	r = terminal_write(t, question);
	if (r >= 0)
		r = read_line(t, question, line, &used);
	/* The line feed that was typed has not been seen. */
	if (isatty(STDIN_FILENO))
		(void)terminal_write(t, "\n");
	if (r < 0)
		return r;
	*ret = prompt_strip(line->data, used);
	return *ret ? 0 : -ENOMEM;
}

static bool is_equal(const struct secret *a, const struct secret *b)
{
	return a->size == b->size && memcmp(a->data, b->data, a->size) == 0;
}

static int ask_twice(struct terminal *t, struct secret **ret)
{
	for (;;) {
		_cleanup_secret_ struct secret *first = NULL, *second = NULL;
		int r;

		/* Off before the first question is seen, and until both are answered. */
		r = terminal_silence(t);
		if (r >= 0)
			r = ask(t, "Enter passphrase: ", &first);
		if (r >= 0)
			r = ask(t, "Repeat passphrase: ", &second);
		terminal_restore(t);
		if (r < 0)
			return r;
		if (is_equal(first, second)) {
			*ret = STEAL_PTR(first);
			return 0;
		}
		(void)fputs("Passphrase mismatch\n", stderr);
		if (!isatty(STDIN_FILENO))
			return -EKEYREJECTED;
	}
}

static void report(int error)
{
	switch (-error) {
	case ECANCELED:	   /* the user knows */
	case EKEYREJECTED: /* already said, in its fixed form */
		return;
	case ENODATA:
		report_error("no passphrase: the input ended before one was given");
		return;
	case EMSGSIZE:
		report_error("the passphrase is longer than %zu bytes; put it into a file and use "
			     "--passfile",
			     PROMPT_LINE_MAX);
		return;
	default:
		report_error("cannot ask for the passphrase: %s", strerror(-error));
	}
}

int prompt_passphrase(struct secret **ret)
{
	_cleanup_(terminal_deinit) struct terminal t = { .fd = -1 };
	int r;

	t.fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (t.fd < 0) {
		r = -errno;
		report_error("no terminal to ask on (/dev/tty: %s); use --passfile", strerror(-r));
		return r;
	}
	interrupt_catch_stop();
	r = ask_twice(&t, ret);
	interrupt_default_stop();
	if (r < 0)
		report(r);
	return r;
}
