/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The command line of mandos-client.
 *
 * Bounds: OPTIONS_MSEC_MAX milliseconds for --retry and --delay.
 */

#include <stdbool.h>

#include "base/clock.h"
#include "wire/peer.h"

/* CLI-MC-2. */
#define OPTIONS_MSEC_MAX ((usec_t)2147483647)

/* CLI-MC-1. */
#define OPTIONS_KEY_DIR	 "/conf/conf.d/mandos/"
#define OPTIONS_HOOK_DIR "/lib/mandos/network-hooks.d"

enum options_result {
	OPTIONS_OK = 0,
	OPTIONS_SHOWN, /* help, usage or version was printed */
	OPTIONS_BAD,   /* a message was printed */
};

/** struct options - what the command line says; strings point into it unless noted */
struct options {
	const char *connect; /* as given, for network hooks (CLI-HOOK-4); NULL: discover servers */
	struct peer server;  /* what @connect means; scope 0 */
	char *interfaces;    /* owned; as given, repeated options joined by commas; may be empty */
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
