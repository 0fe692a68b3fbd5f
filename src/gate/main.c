/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mandos-gate: speaks to strangers for the core, which starts it with the channel as descriptor 3
 * and the listening socket as descriptor 4, and with nothing else.
 */
#include <err.h>
#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/secret.h"
#include "gate/gate.h"

#define CHANNEL_FD   3
#define LISTENING_FD 4

static bool socket_has(int fd, int option, int value)
{
	int got = -1;
	socklen_t size = sizeof(got);

	return getsockopt(fd, SOL_SOCKET, option, &got, &size) == 0 && got == value;
}

static int prepare_descriptors(void)
{
	int r;

	/* Whatever the core had open is not for a process that strangers talk to. */
	if (close_range(LISTENING_FD + 1, ~0u, 0) < 0)
		return -errno;
	r = fd_set_nonblock(CHANNEL_FD);
	if (r < 0)
		return r;
	return fd_set_nonblock(LISTENING_FD);
}

static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	/* With what there is the gate still works, for fewer connections. */
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static int run(void)
{
	struct gate gate;
	int r = gate_init(&gate, CHANNEL_FD, LISTENING_FD);

	if (r < 0) {
		warnx("cannot set up: %s", strerror(-r));
		r = GATE_EXIT_SYSTEM;
	} else {
		r = sd_event_loop(gate.event);
		if (r < 0) {
			warnx("the event loop failed: %s", strerror(-r));
			r = GATE_EXIT_SYSTEM;
		}
	}
	gate_deinit(&gate);
	return r;
}

int main(int argc, char *argv[])
{
	int r;

	if (argc > 1 || !socket_has(CHANNEL_FD, SO_TYPE, SOCK_SEQPACKET) ||
	    !socket_has(LISTENING_FD, SO_ACCEPTCONN, 1)) {
		warnx("this is a part of mandos(8), which starts it; it is of no use alone");
		return GATE_EXIT_USAGE;
	}
	r = secret_process_harden();
	if (r == 0)
		r = prepare_descriptors();
	if (r < 0) {
		warnx("cannot set up: %s", strerror(-r));
		return GATE_EXIT_SYSTEM;
	}
	raise_descriptor_limit();
	return run();
}
