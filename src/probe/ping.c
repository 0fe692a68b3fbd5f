/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probe/ping.h"

#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <string.h>
#include <sys/socket.h>

#include "base/bytes.h"
#include "base/fd.h"
#include "base/util.h"

#define HEADER_SIZE 8 /* of an echo, in both versions of the protocol */
#define PACKET_SIZE (HEADER_SIZE + sizeof(uint32_t) + PING_COOKIE_SIZE)
#define RECEIVE_MAX (60 + 4 * PACKET_SIZE) /* with the longest IP header */

/* As much as the system allows without privilege: replies to a burst come in a burst. */
#define RECEIVE_BUFFER (4 << 20)

void pinger_init(struct pinger *p, uint16_t id)
{
	*p = (struct pinger){ .ipv4.fd = -1, .ipv6.fd = -1, .id = id };
}

static int option(int fd, int name)
{
	int value = -1;
	socklen_t size = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, name, &value, &size) < 0 ? -1 : value;
}

bool pinger_adopt(struct pinger *p, int fd)
{
	int domain = option(fd, SO_DOMAIN), protocol = option(fd, SO_PROTOCOL);
	bool is_ipv4 = domain == AF_INET && protocol == IPPROTO_ICMP;
	bool is_ipv6 = domain == AF_INET6 && protocol == IPPROTO_ICMPV6;
	struct ping_socket *s = is_ipv4 ? &p->ipv4 : &p->ipv6;
	int size = RECEIVE_BUFFER;

	if ((!is_ipv4 && !is_ipv6) || s->fd >= 0 || fd_set_nonblock(fd) < 0 ||
	    fd_set_cloexec(fd, 1) < 0)
		return false;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	s->fd = fd;
	s->is_raw = option(fd, SO_TYPE) == SOCK_RAW;
	return true;
}

const struct ping_socket *pinger_socket(const struct pinger *p, int family)
{
	return family == AF_INET ? &p->ipv4 : &p->ipv6;
}

/* RFC 1071; the kernel does it for all but raw IPv4 sockets, where a second time does no harm. */
static uint16_t checksum(const uint8_t *data, size_t size)
{
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < size; i += 2)
		sum += (uint32_t)data[i] << 8 | data[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

int ping_send(const struct pinger *p, const struct address *to, const struct ping *ping)
{
	const struct ping_socket *s = pinger_socket(p, to->any.sa_family);
	struct address without_port = *to;
	uint8_t packet[PACKET_SIZE];
	struct writer w = WRITER(packet, sizeof(packet));

	_Static_assert(PACKET_SIZE % 2 == 0, "checksum() takes pairs");
	put_u8(&w, to->any.sa_family == AF_INET ? ICMP_ECHO : ICMP6_ECHO_REQUEST);
	put_u8(&w, 0);
	put_u16(&w, 0);
	put_u16(&w, p->id);
	put_u16(&w, (uint16_t)ping->slot);
	put_u32(&w, ping->slot);
	put_bytes(&w, ping->cookie, PING_COOKIE_SIZE);
	if (to->any.sa_family == AF_INET) {
		struct writer at = WRITER(packet + 2, 2);

		put_u16(&at, checksum(packet, sizeof(packet)));
		without_port.ipv4.sin_port = 0;
	} else {
		without_port.ipv6.sin6_port = 0;
	}
	if (s->fd < 0)
		return -EPERM;
	return sendto(s->fd, packet, sizeof(packet), MSG_NOSIGNAL, &without_port.any, to->size) < 0
		       ? -errno
		       : 0;
}

int ping_receive(const struct pinger *p, const struct ping_socket *from, struct ping *ret,
		 struct address *ret_from)
{
	uint8_t packet[RECEIVE_MAX];
	struct reader r = READER(packet, 0);
	uint8_t type, code;
	uint16_t id, sequence;
	ssize_t n;

	ret_from->size = sizeof(ret_from->ipv6);
	n = recvfrom(from->fd, packet, sizeof(packet), 0, &ret_from->any, &ret_from->size);
	if (n < 0)
		return -errno;
	r.size = (size_t)n;
	/* Raw IPv4 is the only kind whose packets come with their IP header. */
	if (from->is_raw && from == &p->ipv4)
		(void)take_bytes(&r, n > 0 ? 4 * (size_t)(packet[0] & 15) : 1);
	type = take_u8(&r);
	code = take_u8(&r);
	(void)take_u16(&r);
	id = take_u16(&r);
	sequence = take_u16(&r);
	ret->slot = take_u32(&r);
	if (reader_left(&r) != PING_COOKIE_SIZE)
		return 0;
	memcpy(ret->cookie, take_bytes(&r, PING_COOKIE_SIZE), PING_COOKIE_SIZE);
	return type == (from == &p->ipv4 ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY) && code == 0 &&
	       (!from->is_raw || id == p->id) && sequence == (uint16_t)ret->slot;
}

bool address_is_same(const struct address *a, const struct address *b)
{
	if (a->any.sa_family != b->any.sa_family)
		return false;
	if (a->any.sa_family == AF_INET)
		return a->ipv4.sin_addr.s_addr == b->ipv4.sin_addr.s_addr;
	if (memcmp(&a->ipv6.sin6_addr, &b->ipv6.sin6_addr, sizeof(a->ipv6.sin6_addr)) != 0)
		return false;
	/* Only there the number says something; the kernel gives it for no other address. */
	return !IN6_IS_ADDR_LINKLOCAL(&a->ipv6.sin6_addr) ||
	       a->ipv6.sin6_scope_id == b->ipv6.sin6_scope_id;
}
