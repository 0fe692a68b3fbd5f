/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * c-ares calls back from inside its own functions, where a channel may not be destroyed. So an
 * answer is only noted there, and told from the event loop.
 */
#include "probe/resolve.h"

#include <ares.h>
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/util.h"

struct socket_watch {
	ares_socket_t fd;
	sd_event_source *source; /* NULL: free */
};

struct resolve {
	sd_event *event;
	ares_channel channel;
	sd_event_source *timer;
	struct socket_watch sockets[RESOLVE_SOCKETS_MAX];
	resolve_done_fn *done;
	void *userdata;
	bool is_over;
	uint16_t port;
	struct addresses addresses;
};

static void set_port(struct address *a, uint16_t port)
{
	if (a->any.sa_family == AF_INET)
		a->ipv4.sin_port = htons(port);
	else
		a->ipv6.sin6_port = htons(port);
}

bool address_literal(const char *host, uint16_t port, struct address *ret)
{
	const char *percent = strchr(host, '%');
	char text[INET6_ADDRSTRLEN];
	size_t size = percent ? (size_t)(percent - host) : strlen(host);

	if (size >= sizeof(text))
		return false;
	memcpy(text, host, size);
	text[size] = '\0';
	*ret = (struct address){ .size = sizeof(ret->ipv4) };
	if (!percent && inet_pton(AF_INET, text, &ret->ipv4.sin_addr) == 1) {
		ret->ipv4.sin_family = AF_INET;
	} else if (inet_pton(AF_INET6, text, &ret->ipv6.sin6_addr) == 1) {
		ret->ipv6.sin6_family = AF_INET6;
		ret->size = sizeof(ret->ipv6);
		if (percent)
			ret->ipv6.sin6_scope_id = if_nametoindex(percent + 1);
	} else {
		return false;
	}
	set_port(ret, port);
	return true;
}

static void keep_addresses(struct resolve *r, const struct ares_addrinfo *info)
{
	const struct ares_addrinfo_node *node;

	for (node = info->nodes; node && r->addresses.n < ADDRESSES_MAX; node = node->ai_next) {
		struct address *a = &r->addresses.list[r->addresses.n];

		if ((node->ai_family != AF_INET && node->ai_family != AF_INET6) ||
		    node->ai_addrlen > sizeof(a->ipv6))
			continue;
		memcpy(&a->any, node->ai_addr, node->ai_addrlen);
		a->size = node->ai_addrlen;
		set_port(a, r->port);
		r->addresses.n++;
	}
}

static void on_answer(void *userdata, int status, int timeouts, struct ares_addrinfo *info)
{
	struct resolve *r = userdata;

	/* The channel is being destroyed: nobody wants to know any more. */
	if (status == ARES_EDESTRUCTION)
		return;
	if (status == ARES_SUCCESS)
		keep_addresses(r, info);
	if (info)
		ares_freeaddrinfo(info);
	r->is_over = true;
}

/* Sets the timer for c-ares, or for the telling. */
static int settle(struct resolve *r)
{
	struct timeval tv;
	uint64_t usec = 0;
	int e;

	if (!r->is_over) {
		if (!ares_timeout(r->channel, NULL, &tv))
			r->is_over = true; /* It waits for nothing: then nothing will come. */
		else
			usec = (uint64_t)tv.tv_sec * USEC_PER_SEC + (uint64_t)tv.tv_usec;
	}
	e = sd_event_source_set_time_relative(r->timer, usec);
	return e < 0 ? e : sd_event_source_set_enabled(r->timer, SD_EVENT_ONESHOT);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct resolve *r = userdata;

	if (r->is_over) {
		r->done(r->userdata, &r->addresses);
		return 0;
	}
	ares_process_fd(r->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	return settle(r);
}

static int on_socket(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct resolve *r = userdata;

	ares_process_fd(r->channel, events & (EPOLLIN | EPOLLERR | EPOLLHUP) ? fd : ARES_SOCKET_BAD,
			events & EPOLLOUT ? fd : ARES_SOCKET_BAD);
	return settle(r);
}

static struct socket_watch *find_watch(struct resolve *r, ares_socket_t fd)
{
	struct socket_watch *spare = NULL;

	for (size_t i = 0; i < RESOLVE_SOCKETS_MAX; i++) {
		struct socket_watch *w = &r->sockets[i];

		if (w->source && w->fd == fd)
			return w;
		if (!w->source)
			spare = w;
	}
	return spare;
}

/* A socket beyond the bound, or without memory, is not heard; c-ares then asks the next server. */
static void on_socket_state(void *userdata, ares_socket_t fd, int readable, int writable)
{
	struct resolve *r = userdata;
	struct socket_watch *w = find_watch(r, fd);
	uint32_t events = (readable ? EPOLLIN : 0u) | (writable ? EPOLLOUT : 0u);

	if (!w)
		return;
	if (events == 0)
		w->source = sd_event_source_disable_unref(w->source);
	else if (w->source)
		(void)sd_event_source_set_io_events(w->source, events);
	else if (sd_event_add_io(r->event, &w->source, fd, events, on_socket, r) >= 0)
		w->fd = fd;
}

static int open_channel(struct resolve *r)
{
	char files_and_dns[] = "fb"; /* whatever nsswitch.conf says: there is nothing else here */
	struct ares_options options = {
		.timeout = RESOLVE_TRY_MSEC,
		.tries = RESOLVE_TRIES,
		.lookups = files_and_dns,
		.sock_state_cb = on_socket_state,
		.sock_state_cb_data = r,
	};
	int status = ares_init_options(&r->channel, &options,
				       ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS |
					       ARES_OPT_SOCK_STATE_CB);

	return status == ARES_SUCCESS ? 0 : status == ARES_ENOMEM ? -ENOMEM : -EIO;
}

int resolve_start(const struct resolve_request *request, struct resolve **ret)
{
	const struct ares_addrinfo_hints hints = { .ai_family = AF_UNSPEC,
						   .ai_socktype = SOCK_STREAM };
	struct resolve *r = calloc(1, sizeof(*r));
	int e;

	if (!r)
		return -ENOMEM;
	r->event = request->event;
	r->done = request->done;
	r->userdata = request->userdata;
	r->port = request->port;
	e = sd_event_add_time_relative(r->event, &r->timer, CLOCK_BOOTTIME, 0, USEC_PER_MSEC,
				       on_timer, r);
	if (e >= 0)
		e = open_channel(r);
	if (e >= 0) {
		ares_getaddrinfo(r->channel, request->host, NULL, &hints, on_answer, r);
		e = settle(r);
	}
	if (e < 0) {
		(void)resolve_free(r);
		return e;
	}
	*ret = r;
	return 0;
}

struct resolve *resolve_free(struct resolve *r)
{
	if (!r)
		return NULL;
	if (r->channel)
		ares_destroy(r->channel);
	for (size_t i = 0; i < RESOLVE_SOCKETS_MAX; i++)
		r->sockets[i].source = sd_event_source_disable_unref(r->sockets[i].source);
	r->timer = sd_event_source_disable_unref(r->timer);
	free(r);
	return NULL;
}
