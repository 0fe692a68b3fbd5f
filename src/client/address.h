/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The address of a server: from the text of --connect or --server, and to a socket address.
 *
 * Bounds: ADDRESS_TEXT_MAX bytes of an address, ADDRESS_HOST_SIZE of a name. Pure: no names are
 * resolved, no interface is looked up.
 */

#include <stdbool.h>
#include <sys/socket.h>

#include "wire/peer.h"

#define ADDRESS_TEXT_MAX    64
#define ADDRESS_HOST_SIZE   254 /* a DNS name has at most 253 characters */
#define ADDRESS_FORMAT_SIZE 72

enum address_result {
	ADDRESS_OK = 0,
	ADDRESS_NO_PORT,  /* no colon, or nothing behind the last one */
	ADDRESS_BAD_PORT, /* not a decimal number from 0 to 65535 */
	ADDRESS_BAD_HOST, /* no IPv4 or IPv6 address, or one with "%scope"; no name either, where
			     one may be */
};

/**
 * address_parse() - "ADDRESS:PORT", where an IPv6 address may stand in square brackets
 * @text:     NUL-terminated; what follows the last colon is the port
 * @ret_peer: scope 0; unchanged unless ADDRESS_OK is returned
 *
 * Errors: the results above; never negative.
 * Source: CLI-DIR-1, CLI-CONN-2.
 */
enum address_result address_parse(const char *text, struct peer *ret_peer);

/** address_result_text() - what is wrong, in half a sentence */
const char *address_result_text(enum address_result result);

/**
 * address_parse_server() - the same, and "NAME:PORT" too
 * @ret_host: the name, empty if it was an address
 * @ret_peer: if it was a name, only its port means something
 *
 * A name has letters, digits, dots, hyphens and underscores; the part behind its last dot begins
 * with a letter, which tells it from an address that is written wrongly.
 */
enum address_result address_parse_server(const char *text, struct peer *ret_peer,
					 char ret_host[ADDRESS_HOST_SIZE]);

/** address_format() - "192.0.2.7:4711", "[2001:db8::1]:4711", "[fe80::1%2]:4711" */
void address_format(const struct peer *p, char ret_text[ADDRESS_FORMAT_SIZE]);

/** address_is_link_local() - IPv6 fe80::/10, IPv4 169.254.0.0/16 */
bool address_is_link_local(const struct peer *p);

/** address_needs_scope() - true for IPv6 link-local, which means nothing without an interface */
bool address_needs_scope(const struct peer *p);

/** address_to_sockaddr() - for connect(2); returns the size of the socket address */
socklen_t address_to_sockaddr(const struct peer *p, struct sockaddr_storage *ret);
