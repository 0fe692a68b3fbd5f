/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/opener-work.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sandbox.h"
#include "base/secret.h"
#include "openpgp/message.h"
#include "openpgp/number.h"
#include "wire/opener-msg.h"

/* Where the descriptors are put, whatever they were. */
enum {
	ANSWER_FD = STDERR_FILENO + 1,
	SECRET_FD,
	PUBLIC_FD,
	END_FD,
};

static void write_all(const uint8_t *data, size_t size)
{
	while (size > 0) {
		ssize_t n = write(ANSWER_FD, data, size);

		if (n < 0 && errno == EINTR)
			continue;
		/* Nobody is interested any more. */
		if (n <= 0)
			_exit(1);
		data += n;
		size -= (size_t)n;
	}
}

static void answer(enum opener_outcome outcome, enum opener_file file, size_t value,
		   const struct secret *plaintext) _noreturn_;
static void answer(enum opener_outcome outcome, enum opener_file file, size_t value,
		   const struct secret *plaintext)
{
	const struct opener_answer a = { .outcome = outcome,
					 .file = file,
					 .value = (uint32_t)value };
	uint8_t data[OPENER_ANSWER_SIZE];
	struct writer w = WRITER(data, sizeof(data));

	opener_answer_encode(&w, &a);
	write_all(data, w.used);
	if (plaintext)
		write_all(plaintext->data, plaintext->size);
	_exit(0);
}

static int move_descriptors(const struct opener_task *task)
{
	const int from[] = { task->answer_fd, task->secret_fd, task->public_fd };
	int above[ARRAY_SIZE(from)];

	for (size_t i = 0; i < ARRAY_SIZE(from); i++) {
		above[i] = from[i] < 0 ? -1 : fcntl(from[i], F_DUPFD, END_FD);
		if (from[i] >= 0 && above[i] < 0) {
			int r = -errno;

			/* To be told there. */
			(void)dup2(task->answer_fd, ANSWER_FD);
			return r;
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(from); i++) {
		int to = ANSWER_FD + (int)i;

		if (above[i] < 0)
			(void)close(to);
		else if (dup2(above[i], to) < 0)
			return -errno;
	}
	/* Among them the connections to servers, and the pipe that the password is for. */
	if (close_range(END_FD, ~0U, 0) < 0)
		return -errno;
	(void)close(STDIN_FILENO);
	(void)close(STDOUT_FILENO);
#ifndef SANDBOX_WITH_SANITIZERS
	(void)close(STDERR_FILENO);
#endif
	return 0;
}

static int limit(void)
{
	const struct rlimit none = { .rlim_cur = 0, .rlim_max = 0 };

	if (setrlimit(RLIMIT_NOFILE, &none) < 0 || setrlimit(RLIMIT_NPROC, &none) < 0 ||
	    setrlimit(RLIMIT_FSIZE, &none) < 0)
		return -errno;
#ifndef SANDBOX_WITH_SANITIZERS
	const struct rlimit data = { .rlim_cur = OPENER_DATA_MAX, .rlim_max = OPENER_DATA_MAX };

	if (setrlimit(RLIMIT_DATA, &data) < 0)
		return -errno;
#endif
	return 0;
}

static int confine(void)
{
	static const struct sandbox_call allowed[] = {
		{ "write", SANDBOX_IF_EQUAL, 0, ANSWER_FD },
		{ "pread64", SANDBOX_IF_EQUAL, 0, SECRET_FD },
		{ "pread64", SANDBOX_IF_EQUAL, 0, PUBLIC_FD },
	};
	/* On top of what nobody may: to a process without descriptors and rights, signs of an
	 * attack. */
	static const char *const forbidden[] = { "bind",       "connect",  "kill",
						 "pidfd_open", "sendmmsg", "sendmsg",
						 "sendto",     "socket",   "socketpair" };
	const struct sandbox_rules rules = { .allowed = allowed,
					     .n_allowed = ARRAY_SIZE(allowed),
					     .forbidden = forbidden,
					     .n_forbidden = ARRAY_SIZE(forbidden),
					     .penalty = SANDBOX_KILL };
	int r = limit();

	if (r == 0)
		r = sandbox_drop_privileges();
	if (r == 0)
		r = sandbox_enter(&rules);
	return r;
}

static struct secret *read_key(int fd, enum opener_file file, size_t *ret_size)
{
	struct secret *s = secret_new(OPENPGP_KEY_FILE_MAX + 1);
	ssize_t n = 1;

	if (!s)
		answer(OPENER_NO_MEMORY, file, 0, NULL);
	for (*ret_size = 0; n > 0 && *ret_size < s->size; *ret_size += (size_t)n) {
		/* From where the file begins: others read it, too. */
		n = pread(fd, s->data + *ret_size, s->size - *ret_size, (off_t)*ret_size);
		if (n < 0)
			answer(OPENER_UNREADABLE, file, (size_t)errno, NULL);
	}
	return s;
}

static void fill(void *userdata, size_t size, uint8_t *to)
{
	(void)userdata;
	while (size > 0) {
		ssize_t n = getrandom(to, size, 0);

		if (n < 0 && errno != EINTR)
			_exit(1);
		if (n > 0) {
			to += n;
			size -= (size_t)n;
		}
	}
}

static void finish(int r, enum opener_file file, const struct secret *plaintext) _noreturn_;
static void finish(int r, enum opener_file file, const struct secret *plaintext)
{
	if (r < 0)
		answer(OPENER_NO_MEMORY, file, 0, NULL);
	if (plaintext)
		answer(OPENER_PLAINTEXT, file, plaintext->size, plaintext);
	answer(OPENER_RESULT, file, (size_t)r, NULL);
}

static void check_public_key(void)
{
	size_t size;
	struct secret *file = read_key(PUBLIC_FD, OPENER_PUBLIC_KEY, &size);
	int r = openpgp_public_check(file->data, size);

	(void)secret_free(file);
	if (r != OPENPGP_OK)
		finish(r, OPENER_PUBLIC_KEY, NULL);
}

void opener_work(const struct opener_task *task)
{
	static const struct openpgp_random random_numbers = { .fill = fill };
	struct openpgp_keyring ring;
	struct secret *file, *plaintext = NULL;
	size_t size;
	int r = move_descriptors(task);

	if (r == 0)
		r = confine();
	if (r < 0)
		answer(OPENER_UNCONFINED, OPENER_SECRET_KEY, (size_t)-r, NULL);
	secret_start_anew();
	openpgp_number_memory_is_secret();
	if (task->public_fd >= 0)
		check_public_key();
	file = read_key(SECRET_FD, OPENER_SECRET_KEY, &size);
	r = openpgp_keyring_read(file->data, size, &ring);
	(void)secret_free(file);
	if (r != OPENPGP_OK || !task->message)
		finish(r, OPENER_SECRET_KEY, NULL);
	r = openpgp_message_decrypt(task->message, task->message_size, &ring, &random_numbers,
				    &plaintext);
	openpgp_keyring_deinit(&ring);
	finish(r, OPENER_MESSAGE, plaintext);
}
