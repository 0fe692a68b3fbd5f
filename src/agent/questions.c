/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/questions.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/answered.h"
#include "agent/report.h"
#include "base/fd.h"
#include "base/file.h"

#define WATCHED (IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE)

/* A "+", the pieces, and a NUL byte. */
#define PARTS_MAX (PIECES_N_MAX + 2)

static bool is_question(const char *name)
{
	return strncmp(name, "ask.", 4) == 0;
}

static void drop_at(struct questions *q, size_t index)
{
	q->list[index] = q->list[--q->n];
}

static void drop(struct questions *q, const char *name)
{
	for (size_t i = 0; i < q->n; i++) {
		if (strcmp(q->list[i].name, name) == 0) {
			drop_at(q, i);
			return;
		}
	}
}

/* Not waiting for a FIFO, nor following a link out of the directory. */
static int load(int directory, const char *name, char **ret_text, size_t *ret_size)
{
	_cleanup_fd_ int fd =
		openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	return S_ISREG(st.st_mode) ? file_read_fd(fd, ASK_FILE_MAX, ret_text, ret_size) : -EINVAL;
}

static bool parse(const char *name, const char *text, size_t size, struct ask_file *ret)
{
	enum ask_file_result result = ask_file_parse(text, size, ret);

	if (result != ASK_FILE_OK) {
		report_error("question %s is ignored: %s", name, ask_file_result_text(result));
		return false;
	}
	/* EPERM: it is there, and not ours to signal. */
	if (kill(ret->pid, 0) < 0 && errno != EPERM) {
		report_error("question %s is ignored: process %d is gone", name, (int)ret->pid);
		return false;
	}
	if (ret->is_bad_not_after)
		report_error("question %s has a bad NotAfter and stays until it is answered", name);
	return true;
}

/* Also if it is known already: a file that was written again is a new question (CLI-AGT-16). */
static void add(struct questions *q, const char *name, usec_t now)
{
	_cleanup_free_ char *text = NULL;
	struct question question;
	size_t size;
	int r = load(q->directory, name, &text, &size);

	drop(q, name);
	if (r == -ENOENT)
		return;
	q->has_seen_any = true;
	if (r < 0) {
		report_error("question %s cannot be read: %s", name, strerror(-r));
		return;
	}
	if (!parse(name, text, size, &question.file) || question.file.not_after <= now)
		return;
	if (q->n == QUESTIONS_MAX) {
		report_error("question %s is one too many", name);
		return;
	}
	question.is_repeated = answered_has(q->directory, &question.file);
	if (question.is_repeated)
		report_error("the password that was fetched does not open %s: type the passphrase",
			     question.file.id);
	(void)memset(question.name, 0, sizeof(question.name));
	(void)memcpy(question.name, name, strnlen(name, NAME_MAX));
	q->list[q->n++] = question;
	q->retry_at = now;
}

static void closedirp(DIR **d)
{
	if (*d)
		(void)closedir(*d);
}

static int list_all(struct questions *q, usec_t now)
{
	_cleanup_(closedirp) DIR *directory = NULL;
	const struct dirent *entry;
	int fd = openat(q->directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	directory = fdopendir(fd);
	if (!directory) {
		fd = fd_close(fd);
		return -errno;
	}
	while (errno = 0, entry = readdir(directory)) {
		if (is_question(entry->d_name))
			add(q, entry->d_name, now);
	}
	return -errno;
}

int questions_open(struct questions *q, const char *directory, usec_t now)
{
	*q = (struct questions){ .directory = -1, .watch = -1, .retry_at = USEC_NEVER };
	q->list = calloc(QUESTIONS_MAX, sizeof(*q->list));
	if (!q->list)
		return -ENOMEM;
	q->directory = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (q->directory < 0)
		return -errno;
	q->watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	/* The watch before the list: nothing falls between them. */
	if (q->watch < 0 || inotify_add_watch(q->watch, directory, WATCHED | IN_ONLYDIR) < 0)
		return -errno;
	return list_all(q, now);
}

static int on_event(struct questions *q, const struct inotify_event *event, usec_t now)
{
	if (event->mask & IN_Q_OVERFLOW) {
		q->n = 0;
		return list_all(q, now);
	}
	/* The directory is gone, and each file in it before. */
	if (event->mask & IN_IGNORED)
		q->n = 0;
	if (event->len == 0 || !is_question(event->name))
		return 0;
	if (event->mask & (IN_CLOSE_WRITE | IN_MOVED_TO))
		add(q, event->name, now);
	else
		drop(q, event->name);
	return 0;
}

int questions_read(struct questions *q, usec_t now)
{
	_Alignas(struct inotify_event) char buffer[16 * 1024];

	for (;;) {
		ssize_t n = read(q->watch, buffer, sizeof(buffer));

		if (n < 0)
			return errno == EAGAIN || errno == EINTR ? 0 : -errno;
		for (ssize_t at = 0; at < n;) {
			const struct inotify_event *event = (const void *)(buffer + at);
			int r = on_event(q, event, now);

			if (r < 0)
				return r;
			at += (ssize_t)(sizeof(*event) + event->len);
		}
	}
}

void questions_expire(struct questions *q, usec_t now)
{
	for (size_t i = q->n; i > 0; i--) {
		if (q->list[i - 1].file.not_after <= now)
			drop_at(q, i - 1);
	}
}

bool questions_has_repeated(const struct questions *q)
{
	for (size_t i = 0; i < q->n; i++) {
		if (q->list[i].is_repeated)
			return true;
	}
	return false;
}

void questions_reopen(struct questions *q, usec_t now)
{
	for (size_t i = 0; i < q->n; i++)
		q->list[i].is_repeated = false;
	q->retry_at = now;
}

static bool is_worth_repeating(int error)
{
	static const int errors[] = { EINTR,	  ENOBUFS, ENOMEM, EADDRINUSE,	ECONNREFUSED,
				      ECONNRESET, ENOENT,  EAGAIN, ETOOMANYREFS };

	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		if (error == errors[i])
			return true;
	}
	return false;
}

/* Sent from where it lies, so that no copy of it has to be erased. */
static int send_to(const char *path, const struct pieces *password)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct iovec parts[PARTS_MAX] = { { .iov_base = (char[]){ '+' }, .iov_len = 1 } };
	struct msghdr message = { .msg_name = &address,
				  .msg_namelen = sizeof(address),
				  .msg_iov = parts };
	_cleanup_fd_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	size_t done = 0, n_parts = 1, size;
	const void *data;
	ssize_t n;

	if (fd < 0)
		return -errno;
	while ((size = pieces_at(password, done, &data)) > 0) {
		/* sendmsg(2) only reads; struct iovec has no const variant. */
		parts[n_parts++] =
			(struct iovec){ .iov_base = (void *)(uintptr_t)data, .iov_len = size };
		done += size;
	}
	parts[n_parts++] = (struct iovec){ .iov_base = (char[]){ '\0' }, .iov_len = 1 };
	message.msg_iovlen = n_parts;
	(void)memcpy(address.sun_path, path, strlen(path));
	n = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n < 0)
		return -errno;
	return (size_t)n == done + 2 ? 0 : -EMSGSIZE;
}

void questions_answer(struct questions *q, const struct pieces *password, usec_t now)
{
	bool again = false;

	if (q->retry_at > now)
		return;
	for (size_t i = q->n; i > 0; i--) {
		const struct question *question = &q->list[i - 1];
		int r;

		if (question->is_repeated)
			continue;
		r = send_to(question->file.socket, password);
		if (is_worth_repeating(-r)) {
			again = true;
			continue;
		}
		if (r < 0)
			report_error("question %s cannot be answered: %s", question->name,
				     strerror(-r));
		else
			answered_add(q->directory, &question->file);
		drop_at(q, i - 1);
	}
	q->retry_at = again ? usec_add(now, QUESTIONS_RETRY_USEC) : USEC_NEVER;
}

void questions_deinit(struct questions *q)
{
	q->directory = fd_close(q->directory);
	q->watch = fd_close(q->watch);
	free(q->list);
	*q = (struct questions){ .directory = -1, .watch = -1 };
}
