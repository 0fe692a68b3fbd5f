/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/icmp.h"

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/fd.h"

/* Its definition, in a header of the kernel's, cannot stand beside those of the C library. */
#define ICMP_FILTER	1
#define ICMP_TYPE_REPLY 0

/* All that passes is what a ping socket would get as well, and other people's replies. */
static int filter_replies(int fd, int family)
{
	const uint32_t refused = ~(1u << ICMP_TYPE_REPLY);
	struct icmp6_filter only;

	if (family == AF_INET)
		return setsockopt(fd, SOL_RAW, ICMP_FILTER, &refused, sizeof(refused));
	ICMP6_FILTER_SETBLOCKALL(&only);
	ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &only);
	return setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &only, sizeof(only));
}

static int open_one(int family)
{
	int protocol = family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6;
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);

	if (fd >= 0)
		return fd;
	fd = socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
	if (fd >= 0 && filter_replies(fd, family) < 0)
		fd = fd_close(fd);
	return fd;
}

void icmp_open(int ret_fds[ICMP_SOCKETS])
{
	ret_fds[0] = open_one(AF_INET);
	ret_fds[1] = open_one(AF_INET6);
}
