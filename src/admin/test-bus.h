/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * For unit tests: messages without a bus. A connection to a peer that never answers is enough to
 * build them; sealed and rewound they read as if they had been received.
 */

#include <sys/socket.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

struct test_bus {
	sd_bus *bus;
	int peer;
};

static inline int test_bus_open(struct test_bus *t)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0)
		return -1;
	t->peer = fds[1];
	if (sd_bus_new(&t->bus) < 0 || sd_bus_set_fd(t->bus, fds[0], fds[0]) < 0)
		return -1;
	return sd_bus_start(t->bus) < 0 ? -1 : 0;
}

static inline void test_bus_close(struct test_bus *t)
{
	t->bus = sd_bus_close_unref(t->bus);
	(void)close(t->peer);
}

static inline sd_bus_message *test_bus_signal(struct test_bus *t, const char *path,
					      const char *interface, const char *member)
{
	sd_bus_message *m = NULL;

	return sd_bus_message_new_signal(t->bus, &m, path, interface, member) < 0 ? NULL : m;
}

/* Makes a message that was put together readable. */
static inline int test_bus_finish(sd_bus_message *m)
{
	int r = sd_bus_message_seal(m, 1, 0);

	return r < 0 ? r : sd_bus_message_rewind(m, 1);
}
