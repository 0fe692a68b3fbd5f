/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/opener.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/util.h"
#include "client/opener-work.h"
#include "client/signals.h"
#include "openpgp/result.h"

static const char misbehaves[] = "the process that decrypts misbehaves";

void opener_init(struct opener *o)
{
	*o = (struct opener){ .fd = -1, .pid = -1 };
}

/* A conquered opener may have closed its pipe and still run: it is ended before it is waited for.
 */
static int end_opener(struct opener *o)
{
	int status = 0;

	o->fd = fd_close(o->fd);
	if (o->pid <= 0)
		return 0;
	(void)kill(o->pid, SIGKILL);
	while (waitpid(o->pid, &status, 0) < 0 && errno == EINTR)
		;
	o->pid = -1;
	return status;
}

static void reset(struct opener *o)
{
	o->plaintext = secret_free(o->plaintext);
	o->n_plaintext = 0;
	o->n_head = 0;
	o->answer = (struct opener_answer){ 0 };
}

void opener_deinit(struct opener *o)
{
	(void)end_opener(o);
	reset(o);
	o->state = OPENER_IDLE;
}

static void fail(struct opener *o, const char *format, ...) _printf_(2, 3);
static void fail(struct opener *o, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(o->error_text, sizeof(o->error_text), format, ap);
	va_end(ap);
	o->plaintext = secret_free(o->plaintext);
	o->state = OPENER_FAILED;
}

static void work(const struct opener_task *task, pid_t parent) _noreturn_;
static void work(const struct opener_task *task, pid_t parent)
{
	/* Nothing is left of a client that is killed. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(1);
	signals_default();
	opener_work(task);
}

static int start(struct opener *o, struct opener_task *task)
{
	_cleanup_fd_ int ours = -1;
	const pid_t self = getpid();
	int fds[2];

	reset(o);
	o->wants_plaintext = task->message;
	o->state = OPENER_BUSY;
	if (pipe2(fds, O_CLOEXEC) < 0) {
		fail(o, "no pipe: %s", strerror(errno));
		return -EIO;
	}
	ours = fds[0];
	task->answer_fd = fds[1];
	o->pid = fd_set_nonblock(ours) < 0 ? -1 : fork();
	if (o->pid == 0)
		work(task, self);
	if (o->pid < 0)
		fail(o, "no process: %s", strerror(errno));
	else
		o->fd = STEAL_FD(ours);
	(void)fd_close(fds[1]);
	return o->pid < 0 ? -EIO : 0;
}

int opener_check_start(struct opener *o, int public_fd, int secret_fd)
{
	struct opener_task task = { .secret_fd = secret_fd, .public_fd = public_fd };

	return start(o, &task);
}

int opener_decrypt_start(struct opener *o, int secret_fd, const void *data, size_t size)
{
	struct opener_task task = {
		.secret_fd = secret_fd, .public_fd = -1, .message = data, .message_size = size
	};

	return start(o, &task);
}

/* Returns the size of what came; 0 at the end; -EAGAIN. An answer that is too long is no answer. */
static ssize_t read_some(struct opener *o)
{
	uint8_t surplus;
	ssize_t n;

	if (o->n_head < sizeof(o->head))
		n = read(o->fd, o->head + o->n_head, sizeof(o->head) - o->n_head);
	else if (o->plaintext && o->n_plaintext < o->plaintext->size)
		n = read(o->fd, o->plaintext->data + o->n_plaintext,
			 o->plaintext->size - o->n_plaintext);
	else if ((n = read(o->fd, &surplus, sizeof(surplus))) > 0)
		return -EPROTO;
	return n < 0 ? (errno == EAGAIN || errno == EINTR ? -EAGAIN : -EPROTO) : n;
}

/* Returns 0; -EPROTO if it is no answer, -ENOMEM. */
static int on_bytes(struct opener *o, size_t n)
{
	if (o->n_head == sizeof(o->head)) {
		o->n_plaintext += n;
		return 0;
	}
	o->n_head += n;
	if (o->n_head < sizeof(o->head))
		return 0;
	if (!opener_answer_decode(o->head, sizeof(o->head), &o->answer))
		return -EPROTO;
	if (o->answer.outcome != OPENER_PLAINTEXT)
		return 0;
	o->plaintext = secret_new(o->answer.value);
	return o->plaintext ? 0 : -ENOMEM;
}

static void finish(struct opener *o)
{
	const struct opener_answer *a = &o->answer;

	bool is_good = a->outcome == OPENER_PLAINTEXT ||
		       (a->outcome == OPENER_RESULT && a->value == OPENPGP_OK);

	if (is_good && o->wants_plaintext != (a->outcome == OPENER_PLAINTEXT)) {
		fail(o, "%s", misbehaves);
		return;
	}
	switch (a->outcome) {
	case OPENER_PLAINTEXT:
	case OPENER_RESULT:
		if (is_good)
			o->state = OPENER_DONE;
		else
			fail(o, "%s", openpgp_result_text((int)a->value));
		return;
	case OPENER_UNREADABLE:
		fail(o, "cannot read the key file: %s", strerror((int)a->value));
		return;
	case OPENER_UNCONFINED:
		fail(o, "the kernel does not let the process give up its rights: %s",
		     strerror((int)a->value));
		return;
	case OPENER_NO_MEMORY:
		fail(o, "out of memory");
		return;
	}
}

/* Its pipe has ended; what it said counts only if it is complete. */
static void on_end(struct opener *o)
{
	int status = end_opener(o);

	if (o->n_head == sizeof(o->head) &&
	    (!o->plaintext || o->n_plaintext == o->plaintext->size)) {
		finish(o);
		return;
	}
	o->answer = (struct opener_answer){ 0 };
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
		fail(o, "the process that decrypts was ended by the kernel: it tried something "
			"that it has no need of");
	else
		fail(o, "the process that decrypts has ended without an answer");
}

static void break_off(struct opener *o, int error)
{
	(void)end_opener(o);
	o->answer = (struct opener_answer){ 0 };
	fail(o, "%s", error == -ENOMEM ? "out of memory" : misbehaves);
}

void opener_step(struct opener *o)
{
	/* Ends: each round reads a byte or more, of a bounded number. */
	while (o->state == OPENER_BUSY) {
		ssize_t n = read_some(o);
		int r = n > 0 ? on_bytes(o, (size_t)n) : (int)n;

		if (n == 0)
			on_end(o);
		else if (r == -EAGAIN)
			return;
		else if (r < 0)
			break_off(o, r);
	}
}

void opener_cancel(struct opener *o, const char *why)
{
	if (o->state != OPENER_BUSY)
		return;
	(void)end_opener(o);
	o->answer = (struct opener_answer){ 0 };
	fail(o, "%s", why);
}

int opener_fd(const struct opener *o)
{
	return o->fd;
}

enum opener_state opener_state(const struct opener *o)
{
	return o->state;
}

const char *opener_error_text(const struct opener *o)
{
	return o->error_text;
}

int opener_culprit(const struct opener *o)
{
	bool is_about_file =
		o->answer.outcome == OPENER_RESULT || o->answer.outcome == OPENER_UNREADABLE;

	return is_about_file ? (int)o->answer.file : 0;
}

struct secret *opener_take(struct opener *o)
{
	struct secret *plaintext = o->state == OPENER_DONE ? STEAL_PTR(o->plaintext) : NULL;

	reset(o);
	o->state = OPENER_IDLE;
	return plaintext;
}
