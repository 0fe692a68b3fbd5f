/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/inquiry.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "base/util.h"

#define HOP_LIMIT 255

/* 224.0.0.251, ff02::fb */
#define GROUP_IPV4 0xe00000fb
#define GROUP_IPV6                                  \
	{                                           \
		.s6_addr = { 0xff, 2, [15] = 0xfb } \
	}

/* Room for either family's packet information and hop limit. */
union control {
	struct cmsghdr alignment;
	uint8_t data[CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(int))];
};

static bool set(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) == 0;
}

/* What we send is not for ourselves: the library would take its own question for asked. */
static bool is_prepared(int fd, enum peer_family family)
{
	if (family == PEER_IPV4)
		return set(fd, IPPROTO_IP, IP_MULTICAST_TTL, HOP_LIMIT) &&
		       set(fd, IPPROTO_IP, IP_MULTICAST_LOOP, 0) &&
		       set(fd, IPPROTO_IP, IP_PKTINFO, 1) && set(fd, IPPROTO_IP, IP_RECVTTL, 1);
	return set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) &&
	       set(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, HOP_LIMIT) &&
	       set(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0) &&
	       set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) &&
	       set(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
}

static int open_one(enum peer_family family)
{
	int fd = socket(family == PEER_IPV4 ? AF_INET : AF_INET6,
			SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	return fd >= 0 && !is_prepared(fd, family) ? fd_close(fd) : fd;
}

void inquiry_open(struct inquiry *ret, uint16_t id)
{
	ret->fds[0] = open_one(PEER_IPV4);
	ret->fds[1] = open_one(PEER_IPV6);
	ret->id = id;
}

void inquiry_close(struct inquiry *q)
{
	for (size_t i = 0; i < INQUIRY_FDS; i++)
		q->fds[i] = fd_close(q->fds[i]);
}

static int fd_of(const struct inquiry *q, enum peer_family family)
{
	return q->fds[family == PEER_IPV4 ? 0 : 1];
}

static void put_control(struct msghdr *m, int level, int type, const void *data, size_t size)
{
	struct cmsghdr *c;

	m->msg_controllen = CMSG_SPACE(size);
	c = CMSG_FIRSTHDR(m);
	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(size);
	memcpy(CMSG_DATA(c), data, size);
}

static int send_by(int fd, uint32_t index, enum peer_family family, struct iovec *iov)
{
	struct sockaddr_in to4 = { .sin_family = AF_INET,
				   .sin_port = htons(MDNS_PORT),
				   .sin_addr.s_addr = htonl(GROUP_IPV4) };
	struct sockaddr_in6 to6 = { .sin6_family = AF_INET6,
				    .sin6_port = htons(MDNS_PORT),
				    .sin6_scope_id = index,
				    .sin6_addr = GROUP_IPV6 };
	struct in_pktinfo by4 = { .ipi_ifindex = (int)index };
	struct in6_pktinfo by6 = { .ipi6_ifindex = index };
	union control control = { 0 };
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = 1, .msg_control = &control };

	if (family == PEER_IPV4) {
		m.msg_name = &to4;
		m.msg_namelen = sizeof(to4);
		put_control(&m, IPPROTO_IP, IP_PKTINFO, &by4, sizeof(by4));
	} else {
		m.msg_name = &to6;
		m.msg_namelen = sizeof(to6);
		put_control(&m, IPPROTO_IPV6, IPV6_PKTINFO, &by6, sizeof(by6));
	}
	return sendmsg(fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int inquiry_ask(const struct inquiry *q, uint32_t index, enum peer_family family,
		const struct mdns_service *about)
{
	uint8_t query[MDNS_QUERY_MAX];
	struct writer w = WRITER(query, sizeof(query));
	struct iovec iov = { .iov_base = query };

	mdns_put_query(&w, q->id, about, family);
	iov.iov_len = w.used;
	return send_by(fd_of(q, family), index, family, &iov);
}

/* What the kernel knows of the way of a datagram. */
static void read_control(struct msghdr *m, uint32_t *ret_index, int *ret_hops)
{
	struct in6_pktinfo by6;
	struct in_pktinfo by4;

	*ret_index = 0;
	*ret_hops = 0;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		bool is_ipv4 = c->cmsg_level == IPPROTO_IP;

		if (is_ipv4 && c->cmsg_type == IP_PKTINFO) {
			memcpy(&by4, CMSG_DATA(c), sizeof(by4));
			*ret_index = (uint32_t)by4.ipi_ifindex;
		} else if (!is_ipv4 && c->cmsg_type == IPV6_PKTINFO) {
			memcpy(&by6, CMSG_DATA(c), sizeof(by6));
			*ret_index = by6.ipi6_ifindex;
		} else if (c->cmsg_type == (is_ipv4 ? IP_TTL : IPV6_HOPLIMIT)) {
			memcpy(ret_hops, CMSG_DATA(c), sizeof(*ret_hops));
		}
	}
}

static uint16_t port_of(const struct sockaddr_storage *from)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)from;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)from;

	return ntohs(from->ss_family == AF_INET ? in->sin_port : in6->sin6_port);
}

bool inquiry_receive(const struct inquiry *q, enum peer_family family, struct inquiry_answer *ret,
		     bool *ret_is_empty)
{
	struct iovec iov = { .iov_base = ret->data, .iov_len = sizeof(ret->data) };
	struct sockaddr_storage from;
	union control control;
	struct msghdr m = { .msg_name = &from,
			    .msg_namelen = sizeof(from),
			    .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = &control,
			    .msg_controllen = sizeof(control) };
	ssize_t size = recvmsg(fd_of(q, family), &m, MSG_DONTWAIT);
	int hops;

	*ret_is_empty = size < 0;
	if (size < 0 || (m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
		return false;
	ret->size = (size_t)size;
	read_control(&m, &ret->index, &hops);
	return hops == HOP_LIMIT && port_of(&from) == MDNS_PORT;
}

nfds_t inquiry_poll_set(const struct inquiry *q, struct pollfd *ret_fds)
{
	for (size_t i = 0; i < INQUIRY_FDS; i++)
		ret_fds[i] = (struct pollfd){ .fd = q->fds[i], .events = POLLIN };
	return INQUIRY_FDS;
}
