/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

static bool parse_port(const char *text, uint16_t *ret)
{
	unsigned int port = 0;

	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		port = port * 10 + (unsigned int)(*text - '0');
		if (port > UINT16_MAX)
			return false;
	}
	*ret = (uint16_t)port;
	return true;
}

static bool parse_host(char *host, size_t size, struct peer *ret)
{
	if (!strchr(host, ':')) {
		ret->family = PEER_IPV4;
		return inet_pton(AF_INET, host, ret->address) == 1;
	}
	if (size >= 2 && host[0] == '[' && host[size - 1] == ']') {
		host[size - 1] = '\0';
		host++;
	}
	ret->family = PEER_IPV6;
	return inet_pton(AF_INET6, host, ret->address) == 1;
}

enum address_result address_parse(const char *text, struct peer *ret_peer)
{
	const char *colon = strrchr(text, ':');
	char host[ADDRESS_TEXT_MAX];
	struct peer p = { 0 };
	size_t size;

	if (!colon || colon[1] == '\0')
		return ADDRESS_NO_PORT;
	if (!parse_port(colon + 1, &p.port))
		return ADDRESS_BAD_PORT;
	size = (size_t)(colon - text);
	if (size >= sizeof(host))
		return ADDRESS_BAD_HOST;
	memcpy(host, text, size);
	host[size] = '\0';
	if (!parse_host(host, size, &p))
		return ADDRESS_BAD_HOST;
	*ret_peer = p;
	return ADDRESS_OK;
}

const char *address_result_text(enum address_result result)
{
	switch (result) {
	case ADDRESS_OK:
		return "is an address";
	case ADDRESS_NO_PORT:
		return "has no port; write ADDRESS:PORT";
	case ADDRESS_BAD_PORT:
		return "has a port that is no number from 0 to 65535";
	case ADDRESS_BAD_HOST:
		return "has no numeric IPv4 or IPv6 address (names are not looked up)";
	}
	return "";
}

bool address_needs_scope(const struct peer *p)
{
	return p->family == PEER_IPV6 && p->address[0] == 0xfe && (p->address[1] & 0xc0) == 0x80;
}

socklen_t address_to_sockaddr(const struct peer *p, struct sockaddr_storage *ret)
{
	*ret = (struct sockaddr_storage){ 0 };
	if (p->family == PEER_IPV4) {
		struct sockaddr_in *in = (struct sockaddr_in *)ret;

		in->sin_family = AF_INET;
		in->sin_port = htons(p->port);
		memcpy(&in->sin_addr, p->address, sizeof(in->sin_addr));
		return sizeof(*in);
	}
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ret;

	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(p->port);
	in6->sin6_flowinfo = p->flowinfo;
	/* A scope on a global address would only tie it to an interface that the route may
	 * contradict. */
	in6->sin6_scope_id = address_needs_scope(p) ? p->scope_id : 0;
	memcpy(&in6->sin6_addr, p->address, sizeof(in6->sin6_addr));
	return sizeof(*in6);
}
