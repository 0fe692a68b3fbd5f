/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/rtnl.h"

#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

/* Messages and attributes start at multiples of four; the last one's padding may be missing. */
static void skip_padding(struct reader *r, size_t size)
{
	size_t padding = NLMSG_ALIGN(size) - size;

	(void)take_bytes(r, padding < reader_left(r) ? padding : reader_left(r));
}

static bool take_struct(struct reader *r, void *ret, size_t size)
{
	const uint8_t *at = take_bytes(r, size);

	if (!at)
		return false;
	memcpy(ret, at, size);
	return true;
}

/* Returns false at the end, or where the lengths do not fit (and the reader has failed). */
static bool take_attribute(struct reader *r, uint16_t *ret_type, struct reader *ret_value)
{
	struct rtattr a;
	const uint8_t *value;
	size_t size;

	if (reader_left(r) == 0 || !take_struct(r, &a, sizeof(a)))
		return false;
	if (a.rta_len < sizeof(a)) {
		r->failed = true;
		return false;
	}
	size = a.rta_len - sizeof(a);
	value = take_bytes(r, size);
	if (!value)
		return false;
	skip_padding(r, size);
	*ret_type = a.rta_type & NLA_TYPE_MASK;
	*ret_value = READER(value, size);
	return true;
}

static void take_name(struct reader *value, char ret[RTNL_NAME_SIZE])
{
	size_t size = reader_left(value);

	if (size >= RTNL_NAME_SIZE)
		size = RTNL_NAME_SIZE - 1;
	memcpy(ret, take_bytes(value, size), size);
}

static void read_link(struct reader *body, bool is_gone, struct rtnl_message *ret)
{
	struct ifinfomsg info;
	struct reader value;
	uint16_t type;

	if (!take_struct(body, &info, sizeof(info)))
		return;
	while (take_attribute(body, &type, &value)) {
		if (type == IFLA_IFNAME)
			take_name(&value, ret->name);
	}
	/* Bridges tell about their ports in messages of the same type, with another family. */
	if (body->failed || info.ifi_index <= 0 || info.ifi_family != AF_UNSPEC)
		return;
	ret->index = (uint32_t)info.ifi_index;
	ret->flags = info.ifi_flags;
	ret->kind = is_gone ? RTNL_LINK_GONE : RTNL_LINK;
}

static bool is_link_local(const struct peer *p)
{
	return p->family == PEER_IPV6 && p->address[0] == 0xfe && (p->address[1] & 0xc0) == 0x80;
}

static void read_address(struct reader *body, bool is_gone, struct rtnl_message *ret)
{
	struct ifaddrmsg info;
	struct reader value;
	uint32_t flags;
	uint16_t type;
	size_t size;
	bool has_local = false, has_address = false;

	if (!take_struct(body, &info, sizeof(info)))
		return;
	flags = info.ifa_flags;
	size = info.ifa_family == AF_INET ? 4 : 16;
	while (take_attribute(body, &type, &value)) {
		if (type == IFA_FLAGS && reader_left(&value) == sizeof(flags))
			(void)take_struct(&value, &flags, sizeof(flags));
		/* IFA_ADDRESS is the other end's on a point-to-point link; IFA_LOCAL is ours. */
		else if (type == IFA_LOCAL && reader_left(&value) == size)
			has_local = take_struct(&value, ret->address.address, size);
		else if (type == IFA_ADDRESS && reader_left(&value) == size && !has_local)
			has_address = take_struct(&value, ret->address.address, size);
	}
	if (body->failed || info.ifa_index == 0 || info.ifa_index > INT32_MAX)
		return;
	if ((info.ifa_family != AF_INET && info.ifa_family != AF_INET6) ||
	    (!has_local && !has_address))
		return;
	ret->index = info.ifa_index;
	ret->address.family = info.ifa_family == AF_INET ? PEER_IPV4 : PEER_IPV6;
	ret->address.scope_id = is_link_local(&ret->address) ? info.ifa_index : 0;
	/* Optimistic addresses may be used before detection ends (RFC 4429). */
	ret->is_tentative = (flags & IFA_F_DADFAILED) ||
			    ((flags & IFA_F_TENTATIVE) && !(flags & IFA_F_OPTIMISTIC));
	ret->kind = is_gone ? RTNL_ADDRESS_GONE : RTNL_ADDRESS;
}

static void read_error(struct reader *body, struct rtnl_message *ret)
{
	struct nlmsgerr e;

	if (!take_struct(body, &e.error, sizeof(e.error)))
		return;
	ret->error = e.error;
	ret->kind = RTNL_ERROR;
}

enum rtnl_result rtnl_take(struct reader *r, struct rtnl_message *ret)
{
	struct nlmsghdr head;
	const uint8_t *data;
	struct reader body;
	size_t size;

	*ret = (struct rtnl_message){ .kind = RTNL_OTHER };
	if (r->failed)
		return RTNL_MALFORMED;
	if (reader_left(r) == 0)
		return RTNL_END;
	if (!take_struct(r, &head, sizeof(head)) || head.nlmsg_len < sizeof(head)) {
		r->failed = true;
		return RTNL_MALFORMED;
	}
	size = head.nlmsg_len - sizeof(head);
	data = take_bytes(r, size);
	if (!data)
		return RTNL_MALFORMED;
	skip_padding(r, size);
	body = READER(data, size);
	ret->sequence = head.nlmsg_seq;
	if (head.nlmsg_type == NLMSG_DONE)
		ret->kind = RTNL_DONE;
	else if (head.nlmsg_type == NLMSG_ERROR)
		read_error(&body, ret);
	else if (head.nlmsg_type == RTM_NEWLINK || head.nlmsg_type == RTM_DELLINK)
		read_link(&body, head.nlmsg_type == RTM_DELLINK, ret);
	else if (head.nlmsg_type == RTM_NEWADDR || head.nlmsg_type == RTM_DELADDR)
		read_address(&body, head.nlmsg_type == RTM_DELADDR, ret);
	return RTNL_OK;
}

static void put_dump(struct writer *w, uint16_t type, uint32_t sequence)
{
	struct {
		struct nlmsghdr head;
		struct rtgenmsg body;
		uint8_t padding[3];
	} request = {
		.head = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct rtgenmsg)),
			  .nlmsg_type = type,
			  .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
			  .nlmsg_seq = sequence },
		.body = { .rtgen_family = AF_UNSPEC },
	};

	put_bytes(w, &request, sizeof(request));
}

void rtnl_put_dump_links(struct writer *w, uint32_t sequence)
{
	put_dump(w, RTM_GETLINK, sequence);
}

void rtnl_put_dump_addresses(struct writer *w, uint32_t sequence)
{
	put_dump(w, RTM_GETADDR, sequence);
}

/* All our values are multiples of four bytes long. */
static void put_attribute(struct writer *w, uint16_t type, const void *value, size_t size)
{
	struct rtattr a = { .rta_len = (uint16_t)(sizeof(a) + size), .rta_type = type };

	put_bytes(w, &a, sizeof(a));
	put_bytes(w, value, size);
}

uint8_t rtnl_prefix_max(enum peer_family family)
{
	return family == PEER_IPV4 ? 32 : 128;
}

void rtnl_put_route(struct writer *w, bool is_add, const struct peer *target, uint8_t prefix,
		    uint32_t index, uint32_t sequence)
{
	size_t size = target->family == PEER_IPV4 ? 4 : 16;
	struct rtmsg route = {
		.rtm_family = target->family == PEER_IPV4 ? AF_INET : AF_INET6,
		.rtm_dst_len = prefix,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_BOOT,
		.rtm_scope = RT_SCOPE_LINK,
		.rtm_type = RTN_UNICAST,
	};
	struct nlmsghdr head = {
		.nlmsg_len = (uint32_t)(sizeof(head) + sizeof(route) + sizeof(struct rtattr) +
					size + sizeof(struct rtattr) + sizeof(index)),
		.nlmsg_type = is_add ? RTM_NEWROUTE : RTM_DELROUTE,
		.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK |
					  (is_add ? NLM_F_CREATE | NLM_F_EXCL : 0)),
		.nlmsg_seq = sequence,
	};

	put_bytes(w, &head, sizeof(head));
	put_bytes(w, &route, sizeof(route));
	put_attribute(w, RTA_DST, target->address, size);
	put_attribute(w, RTA_OIF, &index, sizeof(index));
}
