/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/netlink.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/fd.h"

/* One datagram. Returns its size, 0 for one that is not the kernel's. */
static ssize_t receive(struct netlink *n, uint8_t data[RTNL_DATAGRAM_MAX])
{
	struct sockaddr_nl from = { 0 };
	struct iovec iov = { .iov_base = data, .iov_len = RTNL_DATAGRAM_MAX };
	struct msghdr m = {
		.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov, .msg_iovlen = 1
	};
	ssize_t size = recvmsg(n->fd, &m, MSG_DONTWAIT);

	if (size < 0)
		return -errno;
	return from.nl_pid == 0 && !(m.msg_flags & MSG_TRUNC) ? size : 0;
}

/* Returns true if the dump that @sequence asked for is over. */
static bool apply(struct links *l, const uint8_t *data, size_t size, uint32_t sequence,
		  bool *ret_changed)
{
	struct reader r = READER(data, size);
	struct rtnl_message m;
	bool is_done = false;

	while (rtnl_take(&r, &m) == RTNL_OK) {
		if (links_apply(l, &m))
			*ret_changed = true;
		if ((m.kind == RTNL_DONE || m.kind == RTNL_ERROR) && m.sequence == sequence)
			is_done = true;
	}
	return is_done;
}

static int dump(struct netlink *n, struct links *l,
		void (*put)(struct writer *w, uint32_t sequence))
{
	uint8_t request[RTNL_REQUEST_MAX], data[RTNL_DATAGRAM_MAX];
	struct writer w = WRITER(request, sizeof(request));
	bool has_changed;

	put(&w, ++n->sequence);
	if (send(n->fd, request, w.used, 0) < 0)
		return -errno;
	for (;;) {
		struct pollfd fd = { .fd = n->fd, .events = POLLIN };
		ssize_t size = receive(n, data);

		if (size > 0 && apply(l, data, (size_t)size, n->sequence, &has_changed))
			return 0;
		/* Lost events are in the dump; a lost dump ends by the time limit. */
		if (size >= 0 || size == -EINTR || size == -ENOBUFS)
			continue;
		if (size != -EAGAIN)
			return (int)size;
		if (poll(&fd, 1, NETLINK_ANSWER_MSEC) == 0)
			return -ETIMEDOUT;
	}
}

static int refresh(struct netlink *n, struct links *l)
{
	int r;

	*l = (struct links){ 0 };
	r = dump(n, l, rtnl_put_dump_links);
	return r < 0 ? r : dump(n, l, rtnl_put_dump_addresses);
}

int netlink_open(struct netlink *n, struct links *l)
{
	struct sockaddr_nl events = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR,
	};

	*n = (struct netlink){ .fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
					    NETLINK_ROUTE) };
	if (n->fd < 0 || bind(n->fd, (struct sockaddr *)&events, sizeof(events)) < 0)
		return -errno;
	return refresh(n, l);
}

void netlink_close(struct netlink *n)
{
	n->fd = fd_close(n->fd);
}

int netlink_read(struct netlink *n, struct links *l, bool *ret_changed)
{
	uint8_t data[RTNL_DATAGRAM_MAX];

	for (;;) {
		ssize_t size = receive(n, data);

		if (size == -EAGAIN)
			return 0;
		if (size == -ENOBUFS) {
			*ret_changed = true;
			return refresh(n, l);
		}
		if (size < 0 && size != -EINTR)
			return (int)size;
		if (size > 0)
			(void)apply(l, data, (size_t)size, 0, ret_changed);
	}
}
