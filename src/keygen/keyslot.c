/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keygen/keyslot.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "keygen/child.h"
#include "keygen/interrupt.h"

/* What cryptsetup(8) exits with when no keyslot opens. */
#define STATUS_NO_KEY 2

/* A reader that leaves early has its reasons, which its status and its words tell. */
static int feed(int fd, const struct pieces *password, usec_t deadline)
{
	size_t used = 0;

	for (;;) {
		const void *data;
		size_t size = pieces_at(password, used, &data);
		ssize_t n;
		int r;

		if (size == 0)
			return 0;
		r = interrupt_wait(fd, POLLOUT, deadline);
		if (r < 0)
			return r;
		n = write(fd, data, size);
		if (n < 0 && errno == EPIPE)
			return 0;
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return -errno;
		if (n > 0)
			used += (size_t)n;
	}
}

static int run(char *const *argv, const struct pieces *password, char *words, usec_t deadline)
{
	_cleanup_fd_ int password_in = -1, password_out = -1, words_in = -1, words_out = -1;
	struct child_plan plan = { .file = argv[0], .argv = argv, .out = -1 };
	int fds[2], r, status;
	pid_t pid = 0;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	plan.in = password_out = fds[0];
	password_in = fds[1];
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	words_out = fds[0];
	plan.err = words_in = fds[1];
	r = fd_set_nonblock(password_in);
	if (r >= 0)
		r = child_start(&plan, &pid);
	if (r < 0)
		return r;
	password_out = fd_close(password_out);
	words_in = fd_close(words_in);
	r = feed(password_in, password, deadline);
	password_in = fd_close(password_in);
	if (r >= 0)
		r = child_read(words_out, words, KEYSLOT_WORDS_MAX, deadline);
	/* What it says beyond the bound is not worth more, and must not hold it up. */
	words_out = fd_close(words_out);
	status = child_end(pid, r < 0 && r != -EFBIG ? 0 : deadline);
	if (interrupt_signal())
		return -ECANCELED;
	return status;
}

static void explain(int status, char words[KEYSLOT_WORDS_MAX])
{
	words[strcspn(words, "\n")] = '\0';
	if (status == CHILD_NOT_RUN)
		(void)snprintf(words, KEYSLOT_WORDS_MAX,
			       "cryptsetup cannot be run; install it, or set PATH");
	else if (*words == '\0')
		(void)snprintf(words, KEYSLOT_WORDS_MAX, "cryptsetup ended with status %d", status);
}

int keyslot_try(const struct keyslot *k, const struct pieces *password,
		char ret_words[KEYSLOT_WORDS_MAX])
{
	char header[PATH_MAX + 16], slot[64];
	char *argv[9] = { (char *)"cryptsetup", (char *)"open", (char *)"--test-passphrase",
			  (char *)"--key-file=-" };
	size_t n = 4;
	int r;

	if (k->header) {
		(void)snprintf(header, sizeof(header), "--header=%s", k->header);
		argv[n++] = header;
	}
	if (k->slot) {
		(void)snprintf(slot, sizeof(slot), "--key-slot=%s", k->slot);
		argv[n++] = slot;
	}
	argv[n++] = (char *)"--";
	argv[n++] = (char *)(uintptr_t)k->device;
	ret_words[0] = '\0';
	r = run(argv, password, ret_words, usec_add(instant_now().boot, KEYSLOT_WAIT));
	if (r <= 0)
		return r == 0 ? KEYSLOT_OPENS : r;
	if (r == STATUS_NO_KEY)
		return KEYSLOT_STAYS_SHUT;
	explain(r, ret_words);
	return KEYSLOT_UNTRIED;
}
