/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "gate/listener.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "base/util.h"
#include "gate/gate.h"

/* A middlebox forgets an idle connection after minutes, and approval may take longer (W-63). */
static const struct {
	int level, name, value;
} options[] = {
	{ IPPROTO_TCP, TCP_NODELAY, 1 },   { SOL_SOCKET, SO_KEEPALIVE, 1 },
	{ IPPROTO_TCP, TCP_KEEPIDLE, 60 }, { IPPROTO_TCP, TCP_KEEPINTVL, 20 },
	{ IPPROTO_TCP, TCP_KEEPCNT, 6 },
};

static bool peer_of(const struct sockaddr_storage *sa, struct peer *ret)
{
	if (sa->ss_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)sa;

		*ret = (struct peer){ .family = PEER_IPV4, .port = ntohs(in->sin_port) };
		memcpy(ret->address, &in->sin_addr, 4);
		return true;
	}
	if (sa->ss_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)sa;

		*ret = (struct peer){
			.family = PEER_IPV6,
			.port = ntohs(in6->sin6_port),
			.flowinfo = ntohl(in6->sin6_flowinfo),
			.scope_id = in6->sin6_scope_id,
		};
		memcpy(ret->address, &in6->sin6_addr, 16);
		return true;
	}
	return false;
}

static void tell(struct gate *g, enum gate_event kind, const struct peer *peer)
{
	struct gate_msg m = { .type = GATE_MSG_EVENT, .event = { .kind = kind, .peer = *peer } };

	reports_tell(&g->reports, &m, gate_now(g));
}

static bool make_room(struct gate *g)
{
	struct place *victim = sources_victim(&g->sources);

	if (victim)
		session_evict(victim);
	return victim;
}

static void admit(struct gate *g, int fd, const struct peer *peer)
{
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		/* Worth having, not worth refusing anybody for. */
		(void)setsockopt(fd, options[i].level, options[i].name, &options[i].value,
				 sizeof(options[i].value));
	tell(g, GATE_EVENT_ACCEPTED, peer);
	r = session_start(g, fd, peer);
	if (r == SOURCES_FULL && make_room(g))
		r = session_start(g, fd, peer);
	if (r == 0)
		return;
	(void)fd_close(fd);
	tell(g, r == SOURCES_SOURCE_FULL ? GATE_EVENT_SOURCE_FULL : GATE_EVENT_FULL, peer);
}

static void on_pause_over(struct deadline *d, usec_t now)
{
	struct listener *l = container_of(d, struct listener, pause);

	(void)sd_event_source_set_enabled(l->source, SD_EVENT_ON);
}

/*
 * Out of descriptors or memory: the connection stays in the backlog and the socket stays ready, so
 * that going on would burn a CPU. Nothing tells when there are descriptors again, if it is the
 * whole system that is out of them: a timer looks.
 */
static void pause_accepting(struct listener *l)
{
	(void)sd_event_source_set_enabled(l->source, SD_EVENT_OFF);
	deadlines_set(&l->gate->deadlines, &l->pause,
		      usec_add(gate_now(l->gate), LISTENER_PAUSE_USEC));
}

static int on_ready(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct listener *l = userdata;

	for (int i = 0; i < LISTENER_ACCEPTS_PER_WAKE; i++) {
		struct sockaddr_storage sa;
		socklen_t size = sizeof(sa);
		struct peer peer;
		int conn = accept4(fd, (struct sockaddr *)&sa, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (conn >= 0 && peer_of(&sa, &peer)) {
			admit(l->gate, conn, &peer);
		} else if (conn >= 0) {
			(void)fd_close(conn);
		} else if (errno == EAGAIN) {
			/* All are taken, perhaps by another gate. */
			break;
		} else if (errno != ECONNABORTED && errno != EINTR) {
			pause_accepting(l);
			break;
		}
	}
	return 0;
}

int listener_start(struct listener *l, struct gate *gate, int fd)
{
	*l = (struct listener){ .gate = gate, .fd = fd, .pause = { .on_due = on_pause_over } };
	return sd_event_add_io(gate->event, &l->source, fd, EPOLLIN, on_ready, l);
}

void listener_stop(struct listener *l)
{
	l->source = sd_event_source_disable_unref(l->source);
}
