/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The course of things: keys on one side, servers on the other, the password at the end.
 *
 * All servers are talked to at the same time, and the first good answer wins. The OpenPGP keys are
 * checked while the network works: one that is of no use shows only then; a server may have
 * answered already. Files that are missing show before.
 *
 * Bounds: CLIENT_DECRYPT_USEC for the opener; CLIENT_SILENCE_USEC until people are told that nobody
 * has answered.
 */

#include <avahi-common/simple-watch.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/clock.h"
#include "client/discovery.h"
#include "client/keys.h"
#include "client/lookup.h"
#include "client/network.h"
#include "client/opener.h"
#include "client/options.h"
#include "client/talks.h"

#define CLIENT_DECRYPT_USEC (60 * USEC_PER_SEC)
#define CLIENT_SILENCE_USEC (10 * USEC_PER_SEC)

enum client_phase {
	CLIENT_FETCHING = 0,
	CLIENT_DECRYPTING, /* one message; the other conversations go on */
	CLIENT_WRITING,
	CLIENT_OVER,
};

struct client {
	const struct options *options;
	struct tls_context *tls;
	struct opener opener;
	struct warden *warden;
	struct network *network;
	struct keys keys;
	AvahiSimplePoll *loop;
	struct discovery *discovery; /* NULL with --connect */
	struct lookup lookups[OPTIONS_SERVERS_MAX];
	size_t n_lookups;
	struct talks talks;
	bool has_begun; /* the named servers are candidates */
	bool has_told;
	usec_t silence_end;
	usec_t now; /* of this turn */
	uint32_t chance;
	enum client_phase phase;
	struct talk *decrypting;
	usec_t decrypt_deadline;
	struct secret *plaintext;
	size_t n_written;
	int exit_status; /* when over */
};

/** struct client_parts - what client_start() is given */
struct client_parts {
	const struct options *options;
	struct tls_context *tls; /* becomes the client's, whatever is returned */
	struct warden *warden;
	struct network *network;
};

/**
 * client_start() - makes the client ready to ask
 *
 * Owner:  client_deinit(), whatever is returned. @c must not move.
 * Errors: an exit status (CLI-EXIT-3) after a message; 0 on success.
 */
int client_start(struct client *c, const struct client_parts *parts);

/** client_deinit() - closes connections and erases what is secret */
void client_deinit(struct client *c);

/**
 * client_run() - until the password is written, the keys turn out unusable, or a signal comes
 *
 * Returns the exit status; meaningless if signals_caught().
 */
int client_run(struct client *c);
