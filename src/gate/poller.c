/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "gate/poller.h"

#include <errno.h>

#include "base/fd.h"

static int on_batch(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct poller *p = userdata;
	int n = epoll_wait(p->epoll, p->batch, POLLER_BATCH_MAX, 0);

	p->n_batch = n > 0 ? n : 0;
	for (p->at = 0; p->at < p->n_batch;) {
		struct watch *w = p->batch[p->at++].data.ptr;

		if (w)
			w->on_ready(w);
	}
	p->n_batch = 0;
	return 0;
}

int poller_init(struct poller *p, sd_event *event)
{
	*p = (struct poller){ .epoll = epoll_create1(EPOLL_CLOEXEC) };
	if (p->epoll < 0)
		return -errno;
	return sd_event_add_io(event, &p->source, p->epoll, EPOLLIN, on_batch, p);
}

void poller_deinit(struct poller *p)
{
	p->source = sd_event_source_disable_unref(p->source);
	p->epoll = fd_close(p->epoll);
}

int poller_watch(struct poller *p, struct watch *w, uint32_t events)
{
	struct epoll_event e = { .events = events, .data.ptr = w };

	if (w->events == events)
		return 0;
	if (epoll_ctl(p->epoll, w->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, w->fd, &e) < 0)
		return -errno;
	w->events = events;
	return 0;
}

void poller_unwatch(struct poller *p, struct watch *w)
{
	if (!w->events)
		return;
	(void)epoll_ctl(p->epoll, EPOLL_CTL_DEL, w->fd, NULL);
	w->events = 0;
	/* It may be among those the kernel has named already, and be freed before its turn. */
	for (int i = p->at; i < p->n_batch; i++) {
		if (p->batch[i].data.ptr == w)
			p->batch[i].data.ptr = NULL;
	}
}
