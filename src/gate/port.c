/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "gate/port.h"

#include <errno.h>

#include "base/fd.h"

static void take_messages(struct port *p)
{
	for (int i = 0; i < PORT_MESSAGES_PER_WAKE; i++) {
		ssize_t n = channel_receive(p->fd, p->buffer->data, p->buffer->size);
		struct gate_msg m;
		int r;

		if (n == -EAGAIN)
			return;
		if (n <= 0) {
			p->handler.on_end(p->handler.userdata, n == -ECONNRESET ? 0 : (int)n);
			return;
		}
		r = gate_msg_decode(p->buffer->data, (size_t)n, &m);
		if (r == 0)
			r = p->handler.on_message(p->handler.userdata, &m);
		secret_erase(p->buffer->data, (size_t)n);
		if (r < 0) {
			p->handler.on_end(p->handler.userdata, -EBADMSG);
			return;
		}
	}
}

static void serve_waiters(struct port *p)
{
	struct port_waiter *w;

	while ((w = TAILQ_FIRST(&p->waiters))) {
		TAILQ_REMOVE(&p->waiters, w, entry);
		w->waiting = false;
		if (w->on_room(w) == -EAGAIN) {
			TAILQ_INSERT_HEAD(&p->waiters, w, entry);
			w->waiting = true;
			return;
		}
	}
	(void)sd_event_source_set_io_events(p->source, EPOLLIN);
}

static int on_ready(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct port *p = userdata;

	if (revents & (EPOLLIN | EPOLLHUP | EPOLLERR))
		take_messages(p);
	if (revents & EPOLLOUT)
		serve_waiters(p);
	return 0;
}

int port_init(struct port *p, sd_event *event, int fd, const struct port_handler *handler)
{
	*p = (struct port){ .fd = fd, .handler = *handler };
	TAILQ_INIT(&p->waiters);
	p->buffer = secret_new(GATE_MSG_MAX);
	if (!p->buffer)
		return -ENOMEM;
	return sd_event_add_io(event, &p->source, fd, EPOLLIN, on_ready, p);
}

void port_deinit(struct port *p)
{
	p->source = sd_event_source_disable_unref(p->source);
	p->buffer = secret_free(p->buffer);
}

int port_send(struct port *p, const struct gate_msg *m)
{
	uint8_t data[PEER_WIRE_SIZE + GATE_DETAIL_MAX + 64];
	int n = gate_msg_encode(m, data, sizeof(data));
	int r = n < 0 ? n : channel_send(p->fd, data, (size_t)n, NULL, 0);

	/* The kernel out of memory is no reason to lose a claim: its peer would wait for ever. */
	return r == -ENOBUFS || r == -ENOMEM ? -EAGAIN : r;
}

void port_wait(struct port *p, struct port_waiter *w)
{
	if (w->waiting)
		return;
	if (TAILQ_EMPTY(&p->waiters)) {
		if (w->on_room(w) != -EAGAIN)
			return;
		(void)sd_event_source_set_io_events(p->source, EPOLLIN | EPOLLOUT);
	}
	TAILQ_INSERT_TAIL(&p->waiters, w, entry);
	w->waiting = true;
}

void port_leave(struct port *p, struct port_waiter *w)
{
	if (!w->waiting)
		return;
	TAILQ_REMOVE(&p->waiters, w, entry);
	w->waiting = false;
}
