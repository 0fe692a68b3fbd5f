/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "base/util.h"
#include "probe/probe.h"

/* More than this is not waited for: the other side does not want to stop. */
#define DRAIN_READS 16

enum builtin_status dial_failed(int e)
{
	switch (e) {
	case ECONNREFUSED:
		return BUILTIN_REFUSED;
	case ETIMEDOUT:
	case EHOSTUNREACH: /* on the same network this says that it does not answer ARP */
	case EHOSTDOWN:
	case ECONNRESET:
	case EPIPE:
		return BUILTIN_NO_ANSWER;
	default:
		return BUILTIN_FAULT;
	}
}

/*
 * A port of this machine that nobody listens at, but that the kernel gave to our own end: then TCP
 * connects to itself, and nobody is alive.
 */
static bool is_self(int fd)
{
	struct address own = { .size = sizeof(own.ipv6) }, peer = { .size = sizeof(peer.ipv6) };

	if (getsockname(fd, &own.any, &own.size) < 0 || getpeername(fd, &peer.any, &peer.size) < 0)
		return true;
	if (!address_is_same(&own, &peer))
		return false;
	return own.any.sa_family == AF_INET ? own.ipv4.sin_port == peer.ipv4.sin_port
					    : own.ipv6.sin6_port == peer.ipv6.sin6_port;
}

static void connected(struct probe *p, usec_t now)
{
	if (is_self(p->fd)) {
		probe_note(p, BUILTIN_REFUSED);
		dial_next(p, now);
	} else if (p->what.kind == BUILTIN_TCP) {
		probe_decide(p, BUILTIN_ALIVE, true, now);
	} else {
		talk_start(p, now);
	}
}

static void on_connecting(struct probe *p, usec_t now)
{
	int e = 0;
	socklen_t size = sizeof(e);

	if (getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &e, &size) < 0)
		e = errno;
	if (e == 0) {
		connected(p, now);
		return;
	}
	probe_note(p, dial_failed(e));
	dial_next(p, now);
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct probe *p = userdata;
	usec_t now = instant_now().boot;

	switch (p->state) {
	case PROBE_CONNECTING:
		on_connecting(p, now);
		break;
	case PROBE_TALKING:
		talk_on_io(p, events, now);
		break;
	case PROBE_PARTING:
		if (!dial_drain(p))
			probe_over(p);
		break;
	case PROBE_RESOLVING:
	case PROBE_PINGING:
	case PROBE_OVER:
		break;
	}
	return 0;
}

/* Negative: this address is no use. */
static int dial(struct probe *p, const struct address *to)
{
	int r;

	p->fd = socket(to->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (p->fd < 0 || (connect(p->fd, &to->any, to->size) < 0 && errno != EINPROGRESS))
		return -errno;
	r = sd_event_add_io(p->event, &p->io, p->fd, EPOLLOUT, on_io, p);
	return r < 0 ? r : 0;
}

void dial_again(struct probe *p, usec_t now)
{
	int r;

	probe_close(p);
	p->state = PROBE_CONNECTING;
	r = dial(p, &p->to.list[p->n_tried - 1]);
	if (r < 0) {
		probe_note(p, dial_failed(-r));
		dial_next(p, now);
	}
}

void dial_next(struct probe *p, usec_t now)
{
	unsigned int left = p->to.n - p->n_tried;

	probe_close(p);
	if (left == 0 || now >= p->end) {
		probe_decide(p, p->so_far, false, now);
		return;
	}
	/* An address that keeps silent must not take the time of those behind it. */
	p->address_end = usec_add(now, (p->end - now) / left);
	probe_set_timer(p, p->address_end);
	p->n_tried++;
	p->key_types = SSH_KEY_ALL;
	dial_again(p, now);
}

bool dial_drain(struct probe *p)
{
	uint8_t buffer[1024];
	ssize_t n = 1;

	for (int i = 0; i < DRAIN_READS && n > 0; i++)
		n = recv(p->fd, buffer, sizeof(buffer), 0);
	return n < 0 && errno == EAGAIN;
}
