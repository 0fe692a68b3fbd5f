/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
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

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_host_name(const char *text, size_t size)
{
	bool is_start = true, is_letter_first = false;

	if (size == 0 || size >= ADDRESS_HOST_SIZE)
		return false;
	for (size_t i = 0; i < size; i++) {
		char c = text[i];

		if (c == '.') {
			if (is_start)
				return false;
			is_start = i + 1 < size; /* one dot at the end is legal */
			continue;
		}
		if (!is_letter(c) && !(c >= '0' && c <= '9') && c != '-' && c != '_')
			return false;
		if (is_start)
			is_letter_first = is_letter(c);
		is_start = false;
	}
	return is_letter_first;
}

enum address_result address_parse_server(const char *text, struct peer *ret_peer,
					 char ret_host[ADDRESS_HOST_SIZE])
{
	enum address_result r = address_parse(text, ret_peer);
	size_t size;

	ret_host[0] = '\0';
	if (r != ADDRESS_BAD_HOST)
		return r;
	size = (size_t)(strrchr(text, ':') - text);
	if (!is_host_name(text, size))
		return r;
	*ret_peer = (struct peer){ .family = PEER_IPV6 };
	(void)parse_port(text + size + 1, &ret_peer->port);
	memcpy(ret_host, text, size);
	ret_host[size] = '\0';
	return ADDRESS_OK;
}

void address_format(const struct peer *p, char ret_text[ADDRESS_FORMAT_SIZE])
{
	char host[PEER_ADDRESS_SIZE];

	peer_format_address(p, host);
	if (p->family == PEER_IPV4)
		(void)snprintf(ret_text, ADDRESS_FORMAT_SIZE, "%s:%u", host, p->port);
	else if (p->scope_id)
		(void)snprintf(ret_text, ADDRESS_FORMAT_SIZE, "[%s%%%u]:%u", host, p->scope_id,
			       p->port);
	else
		(void)snprintf(ret_text, ADDRESS_FORMAT_SIZE, "[%s]:%u", host, p->port);
}

bool address_is_link_local(const struct peer *p)
{
	return address_needs_scope(p) ||
	       (p->family == PEER_IPV4 && p->address[0] == 169 && p->address[1] == 254);
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
		return "has neither an IPv4 or IPv6 address nor a host name";
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
