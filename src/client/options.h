/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The command line of mandos-client.
 *
 * Bounds: OPTIONS_MSEC_MAX milliseconds for --retry and --delay; OPTIONS_SERVERS_MAX servers.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"
#include "client/address.h"
#include "wire/peer.h"

/* CLI-MC-2. */
#define OPTIONS_MSEC_MAX ((usec_t)2147483647)

#define OPTIONS_SERVERS_MAX 16

/* CLI-MC-1. */
#define OPTIONS_KEY_DIR	 "/conf/conf.d/mandos/"
#define OPTIONS_HOOK_DIR "/lib/mandos/network-hooks.d"

enum options_result {
	OPTIONS_OK = 0,
	OPTIONS_SHOWN, /* help, usage or version was printed */
	OPTIONS_BAD,   /* a message was printed */
};

/** struct server_option - one --connect or --server */
struct server_option {
	const char *text;	      /* as given */
	bool is_connect;	      /* --connect: servers are not searched for (CLI-DIR-2) */
	struct peer address;	      /* scope 0; if @host is not empty, only the port counts */
	char host[ADDRESS_HOST_SIZE]; /* a name to look up; empty: @address is it */
};

/** struct options - what the command line says; strings point into it unless noted */
struct options {
	struct server_option servers[OPTIONS_SERVERS_MAX];
	size_t n_servers;
	char *interfaces; /* owned; as given, repeated options joined by commas; may be empty */
	const char *pubkey;
	const char *seckey;
	const char *tls_pubkey;
	const char *tls_privkey;
	const char *priority;
	const char *dh_params; /* NULL: none */
	unsigned int dh_bits;
	usec_t delay_usec;
	usec_t retry_usec;
	const char *network_hook_dir;
	bool debug;
};

/**
 * options_parse() - the whole command line; prints what help and bad words ask for
 * @argc, @argv: as main() has them; must outlive @ret
 *
 * Owner:  options_deinit(), whatever is returned.
 * Errors: the results above; -ENOMEM.
 * Source: CLI-GEN-1, CLI-GEN-2, CLI-GEN-3, CLI-MC-1, CLI-MC-2, CLI-MC-3, CLI-DIR-1.
 */
int options_parse(int argc, char **argv, struct options *ret);

void options_deinit(struct options *o);

/** options_has_connect() - servers are named, and not searched for */
bool options_has_connect(const struct options *o);

/**
 * options_connect_text() - the values of --connect, joined by commas, for network hooks
 *
 * Owner: the caller frees it. NULL if there are none, or no memory. Source: CLI-HOOK-4, CLI-HOOK-8.
 */
char *options_connect_text(const struct options *o);
