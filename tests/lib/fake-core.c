/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/fake-core.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/util.h"
#include "tls/tls.h"

#define BACKLOG 4096

struct gate_config fake_core_config(void)
{
	return (struct gate_config){
		.max_connections = 4096,
		.max_per_source = 4096,
		.hello_usec = 60 * USEC_PER_SEC,
		.handshake_usec = 60 * USEC_PER_SEC,
		.send_usec = 60 * USEC_PER_SEC,
		.bye_usec = 10 * USEC_PER_SEC,
		.log_threshold = LOG_LEVEL_DEBUG,
		.priority = TLS_DEFAULT_PRIORITY,
	};
}

static int listen_on_loopback(struct fake_core *c)
{
	socklen_t size = sizeof(c->address);

	c->address = (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_ANY),
	};
	c->listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (c->listening < 0 || bind(c->listening, (struct sockaddr *)&c->address, size) < 0 ||
	    listen(c->listening, BACKLOG) < 0 ||
	    getsockname(c->listening, (struct sockaddr *)&c->address, &size) < 0)
		return -errno;
	c->address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return 0;
}

/* Only what may be called between fork() and exec(). */
_noreturn_ static void become_gate(const char *path, int channel, int listening)
{
	/* Either may be where the other has to go. */
	int channel_copy = fcntl(channel, F_DUPFD_CLOEXEC, 10);
	int listening_copy = fcntl(listening, F_DUPFD_CLOEXEC, 10);

	if (dup2(channel_copy, 3) == 3 && dup2(listening_copy, 4) == 4)
		(void)execl(path, "mandos-gate", (char *)NULL);
	_exit(127);
}

int fake_core_open(struct fake_core *c)
{
	const char *path = getenv("MANDOS_GATE");
	int fds[2], r;

	*c = (struct fake_core){ .channel = -1, .listening = -1 };
	if (!path)
		return -ENOENT;
	r = listen_on_loopback(c);
	if (r < 0)
		return r;
	r = channel_pair(fds);
	if (r < 0)
		return r;
	c->channel = fds[0];
	c->gate = fork();
	if (c->gate == 0)
		become_gate(path, fds[1], c->listening);
	(void)fd_close(fds[1]);
	return c->gate < 0 ? -errno : 0;
}

static int timeout_until(usec_t until)
{
	usec_t left = usec_sub(until, instant_now().boot);

	return (int)((left + USEC_PER_MSEC - 1) / USEC_PER_MSEC);
}

int fake_core_wait_exit(struct fake_core *c, usec_t limit)
{
	struct pollfd pfd = { .events = POLLIN };
	int status = 0;
	_cleanup_fd_ int pidfd = (int)syscall(SYS_pidfd_open, c->gate, 0);

	pfd.fd = pidfd;
	if (poll(&pfd, 1, (int)(limit / USEC_PER_MSEC)) != 1)
		(void)kill(c->gate, SIGKILL);
	if (waitpid(c->gate, &status, 0) != c->gate)
		return -1;
	c->gate = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int fake_core_close(struct fake_core *c, usec_t limit)
{
	int status = -1;

	c->channel = fd_close(c->channel);
	if (c->gate > 0)
		status = fake_core_wait_exit(c, limit);
	c->listening = fd_close(c->listening);
	return status;
}

bool fake_core_send(struct fake_core *c, const struct gate_msg *m)
{
	uint8_t head[GATE_PRIORITY_MAX + 64];
	int n = gate_msg_encode(m, head, sizeof(head));

	if (n < 0)
		return false;
	if (m->type == GATE_MSG_GIVE)
		return channel_send(c->channel, head, (size_t)n, m->give.data, m->give.data_size) ==
		       0;
	return channel_send(c->channel, head, (size_t)n, NULL, 0) == 0;
}

bool fake_core_give(struct fake_core *c, uint64_t session, const void *data, size_t size)
{
	size_t at = 0;

	do {
		struct pollfd pfd = { .fd = c->channel, .events = POLLOUT };
		struct gate_msg m = {
			.type = GATE_MSG_GIVE,
			.session = session,
			.give = { .total_size = (uint32_t)size,
				  .offset = (uint32_t)at,
				  .data = (const uint8_t *)data + at,
				  .data_size = MIN_OF(size - at, GATE_CHUNK_MAX) },
		};

		if (poll(&pfd, 1, 10000) != 1 || pfd.revents & (POLLHUP | POLLERR))
			return false;
		if (!fake_core_send(c, &m)) {
			if (errno == EAGAIN)
				continue;
			return false;
		}
		at += m.give.data_size;
	} while (at < size);
	return true;
}

bool fake_core_receive(struct fake_core *c, struct gate_msg *ret, usec_t limit)
{
	struct pollfd pfd = { .fd = c->channel, .events = POLLIN };
	ssize_t n;

	if (poll(&pfd, 1, timeout_until(usec_add(instant_now().boot, limit))) != 1)
		return false;
	n = channel_receive(c->channel, c->buffer, sizeof(c->buffer));
	return n > 0 && gate_msg_decode(c->buffer, (size_t)n, ret) == 0;
}

bool fake_core_expect(struct fake_core *c, enum gate_msg_type type, struct gate_msg *ret,
		      usec_t limit)
{
	usec_t until = usec_add(instant_now().boot, limit);

	while (fake_core_receive(c, ret, usec_sub(until, instant_now().boot))) {
		if (ret->type != GATE_MSG_EVENT)
			return ret->type == type;
	}
	return false;
}

bool fake_core_expect_event(struct fake_core *c, enum gate_event kind, struct gate_msg *ret,
			    usec_t limit)
{
	usec_t until = usec_add(instant_now().boot, limit);

	while (fake_core_receive(c, ret, usec_sub(until, instant_now().boot))) {
		if (ret->type != GATE_MSG_EVENT)
			return false;
		if (ret->event.kind == kind)
			return true;
	}
	return false;
}

bool fake_core_configure(struct fake_core *c, const struct gate_config *config, usec_t limit)
{
	struct gate_msg m = { .type = GATE_MSG_CONFIG, .config = *config };

	return fake_core_send(c, &m) && fake_core_expect(c, GATE_MSG_READY, &m, limit) &&
	       m.ready.ok;
}
