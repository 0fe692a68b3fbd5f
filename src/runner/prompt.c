/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runner/prompt.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "runner/console.h"

/* CLI-RUN-35. */
#define QUESTION "Password: "

static int input(const struct prompt *p)
{
	return p->tty >= 0 ? p->tty : STDIN_FILENO;
}

static void show(const struct prompt *p, const char *text)
{
	if (p->tty < 0)
		console_write(text, strlen(text));
	/* A terminal that takes nothing now would hold up the answer. */
	else if (write(p->tty, text, strlen(text)) < 0)
		return;
}

/* TCSANOW: the others wait for a terminal that was stopped, or throw away what was typed. */
static void silence(struct prompt *p)
{
	struct termios quiet;

	if (tcgetattr(input(p), &p->normal) < 0)
		return;
	quiet = p->normal;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
	p->is_silent = tcsetattr(input(p), TCSANOW, &quiet) == 0;
}

void prompt_open(struct prompt *p)
{
	*p = (struct prompt){ .is_open = true };
	p->tty = open("/dev/tty", O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	silence(p);
	show(p, QUESTION);
}

int prompt_fd(const struct prompt *p)
{
	return p->is_open ? input(p) : -1;
}

/* Byte by byte: what follows the line is somebody else's. */
enum prompt_result prompt_step(struct prompt *p)
{
	ssize_t n = pieces_read(&p->answer, input(p), 1);

	if (n == -EAGAIN || n == -EINTR)
		return PROMPT_MORE;
	if (n < 0) {
		report_error("cannot read an answer: %s", strerror((int)-n));
		pieces_deinit(&p->answer);
		return PROMPT_ENDED;
	}
	if (n == 0)
		return p->answer.size > 0 ? PROMPT_ANSWERED : PROMPT_ENDED;
	return pieces_end_line(&p->answer) ? PROMPT_ANSWERED : PROMPT_MORE;
}

void prompt_close(struct prompt *p)
{
	if (!p->is_open)
		return;
	p->is_open = false;
	if (p->is_silent) {
		(void)tcsetattr(input(p), TCSANOW, &p->normal);
		show(p, "\n");
	}
	p->tty = fd_close(p->tty);
}
