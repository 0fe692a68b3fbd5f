/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * usplash: asks for the passphrase on the splash screen of usplash(8), through its two FIFOs.
 *
 * Usplash cannot withdraw a question, so after a failure or a signal it is ended and started again.
 * Set-user-ID root for that. The command line is ignored (CLI-GEN-4).
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/pieces.h"
#include "base/secret.h"
#include "plugins/answer.h"
#include "plugins/processes.h"
#include "plugins/question.h"
#include "plugins/report.h"
#include "plugins/signals.h"

#define DAEMON	 "/sbin/usplash"
#define FIFO_IN	 "/dev/.initramfs/usplash_fifo"
#define FIFO_OUT "/dev/.initramfs/usplash_outfifo"

/* Between two looks whether usplash has opened its FIFO: open(2) itself could not be interrupted
 * without a race. */
#define LOOK_MSEC 100
/* CLI-USP-4. */
#define RESTART_MSEC  2000
#define RESTART_LOOKS (RESTART_MSEC / LOOK_MSEC)

struct usplash {
	int fifo;      /* -1: not opened yet */
	bool is_asked; /* a command was sent: usplash is no longer as it was */
};

static int open_fifo(struct usplash *u)
{
	while (u->fifo < 0) {
		int r;

		u->fifo = open(FIFO_IN, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
		if (u->fifo >= 0)
			break;
		if (errno != ENXIO && errno != EINTR)
			return -errno;
		r = signals_wait(-1, 0, LOOK_MSEC);
		if (r < 0)
			return r;
	}
	return 0;
}

/* CLI-USP-2: with its NUL byte. */
static int send_command(struct usplash *u, const char *command)
{
	size_t size = strlen(command) + 1;
	int r = open_fifo(u);

	while (r >= 0 && size > 0) {
		ssize_t n;

		r = signals_wait(u->fifo, POLLOUT, -1);
		if (r < 0)
			break;
		n = write(u->fifo, command, MIN_OF(size, (size_t)PIPE_BUF));
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		if (n > 0) {
			u->is_asked = true;
			command += n;
			size -= (size_t)n;
		}
	}
	return r < 0 ? r : 0;
}

static int read_answer(struct pieces *answer)
{
	_cleanup_fd_ int fd = open(FIFO_OUT, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);

	/* Without a writer yet, poll(2) waits for one; only the end of one is an end. */
	return fd < 0 ? -errno : answer_read(fd, answer);
}

static int converse(struct usplash *u, struct pieces *answer)
{
	_cleanup_free_ char *question = NULL, *command = NULL;
	int r;

	question = question_make(QUESTION_USPLASH, question_source(), question_target());
	if (!question || asprintf(&command, "INPUTQUIET %s", question) < 0) {
		command = NULL;
		return -ENOMEM;
	}
	r = send_command(u, "TIMEOUT 0");
	if (r == 0)
		r = send_command(u, command);
	if (r == 0)
		r = read_answer(answer);
	if (r == 0)
		r = send_command(u, "TIMEOUT 15");
	return r == 0 ? answer_give(answer) : r;
}

/* Not interruptible: the signal that is the reason for all this has come already. */
static void send_pulsate(void)
{
	static const char command[] = "PULSATE";

	for (int i = 0; i < RESTART_LOOKS; i++) {
		_cleanup_fd_ int fd = open(FIFO_IN, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);

		if (fd >= 0) {
			if (write(fd, command, sizeof(command)) < 0)
				report_error("cannot tell usplash to go on: %s", strerror(errno));
			return;
		}
		(void)poll(NULL, 0, LOOK_MSEC);
	}
	report_error("usplash does not listen after its restart");
}

/* CLI-USP-4. */
static void start_again(const struct process *daemon)
{
	char *const only[] = { (char *)(uintptr_t)DAEMON, NULL };
	pid_t pid;

	process_end(daemon);
	if (command_start(DAEMON, daemon->argv ? daemon->argv : only, COMMAND_DAEMON, &pid) < 0) {
		report_error("cannot start %s again", DAEMON);
		return;
	}
	(void)poll(NULL, 0, RESTART_MSEC);
	send_pulsate();
}

static int ask(const struct process *daemon)
{
	struct usplash usplash = { .fifo = -1 };
	struct pieces answer = { 0 };
	int r = converse(&usplash, &answer);

	pieces_deinit(&answer);
	usplash.fifo = fd_close(usplash.fifo);
	if (r == 0)
		return EX_OK;
	if (r != -EINTR)
		report_error("cannot ask usplash: %s", strerror(-r));
	if (!usplash.is_asked)
		return r == -EINTR ? EXIT_FAILURE : EX_OSERR;
	start_again(daemon);
	if (signals_caught())
		signals_die(signals_caught());
	return EX_OSERR;
}

int main(int argc, char **argv)
{
	struct process daemon;
	int status, r;

	report_open(argc > 0 ? argv[0] : NULL);
	r = secret_process_harden();
	if (r == 0)
		r = signals_start(false);
	if (r < 0) {
		report_error("cannot prepare the process: %s", strerror(-r));
		return EX_OSERR;
	}
	r = processes_find(DAEMON, &daemon);
	/* Without a process to end and start again nothing is touched (D23). */
	if (r < 0 && r != -ESRCH)
		report_error("cannot look for %s in /proc: %s", DAEMON, strerror(-r));
	if (r < 0)
		status = r == -ESRCH ? EX_UNAVAILABLE : EX_OSERR;
	else
		status = ask(&daemon);
	process_deinit(&daemon);
	return status;
}
