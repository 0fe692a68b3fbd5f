/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Readiness of many sockets through one event-loop source.
 *
 * sd-event asks the kernel anew after every single callback and is told of all ready sockets each
 * time, which grows with the square of a burst. Here up to POLLER_BATCH_MAX sockets are served
 * between two looks at everything else. A watch costs no allocation.
 */

#include <stdint.h>
#include <sys/epoll.h>
#include <systemd/sd-event.h>

#define POLLER_BATCH_MAX 16

/** struct watch - embed it, with @fd and @on_ready set */
struct watch {
	int fd;
	uint32_t events; /* EPOLLIN, EPOLLOUT, EPOLLRDHUP; 0: not watched */
	void (*on_ready)(struct watch *w);
};

struct poller {
	int epoll;
	sd_event_source *source;
	struct epoll_event batch[POLLER_BATCH_MAX];
	int n_batch; /* entries of @batch that are not served yet begin at @at */
	int at;
};

/** poller_init() - errors: errno of epoll_create1(2) or of the event loop */
int poller_init(struct poller *p, sd_event *event);

void poller_deinit(struct poller *p);

/**
 * poller_watch() - from now on @w is called for @events, and for errors; level-triggered
 *
 * Owner:  the descriptor and @w stay the caller's until poller_unwatch().
 * Errors: errno of epoll_ctl(2), only when @w was not watched before.
 */
int poller_watch(struct poller *p, struct watch *w, uint32_t events);

/** poller_unwatch() - @w is not called again and may be freed; fine if it is not watched */
void poller_unwatch(struct poller *p, struct watch *w);
