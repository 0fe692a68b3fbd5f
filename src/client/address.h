/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The address of a server: from the text of --connect, and to a socket address.
 *
 * Bound: ADDRESS_TEXT_MAX bytes of text. Pure: no names are resolved, no interface is looked up.
 */

#include <stdbool.h>
#include <sys/socket.h>

#include "wire/peer.h"

#define ADDRESS_TEXT_MAX 64

enum address_result {
	ADDRESS_OK = 0,
	ADDRESS_NO_PORT,  /* no colon, or nothing behind the last one */
	ADDRESS_BAD_PORT, /* not a decimal number from 0 to 65535 */
	ADDRESS_BAD_HOST, /* neither IPv4 nor IPv6; names and "%scope" are not accepted */
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

/** address_needs_scope() - true for IPv6 link-local, which means nothing without an interface */
bool address_needs_scope(const struct peer *p);

/** address_to_sockaddr() - for connect(2); returns the size of the socket address */
socklen_t address_to_sockaddr(const struct peer *p, struct sockaddr_storage *ret);
