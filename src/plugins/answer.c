/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plugins/answer.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include "plugins/signals.h"

int answer_read(int fd, struct pieces *answer)
{
	for (;;) {
		int r = signals_wait(fd, POLLIN, -1);
		ssize_t n;

		if (r < 0)
			return r;
		n = pieces_read(answer, fd, PIECES_SIZE);
		if (n == 0)
			return 0;
		if (n < 0 && n != -EAGAIN && n != -EINTR)
			return (int)n;
	}
}

int answer_give(const struct pieces *answer)
{
	const void *data;
	size_t done = 0, left;

	while ((left = pieces_at(answer, done, &data)) > 0) {
		int r = signals_wait(STDOUT_FILENO, POLLOUT, -1);
		ssize_t n;

		if (r < 0)
			return r;
		/* As much as a pipe takes whenever it takes anything: never waits. */
		n = write(STDOUT_FILENO, data, MIN_OF(left, (size_t)PIPE_BUF));
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return -errno;
		if (n > 0)
			done += (size_t)n;
	}
	return close(STDOUT_FILENO) < 0 ? -errno : 0;
}
