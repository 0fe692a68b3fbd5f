/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The course of things: keys on one side, a server on the other, the password at the end.
 *
 * One server is talked to at a time, for as long as it takes. The keys are imported while the
 * network works: import and handshake take the same tenth of a second, on the way of every boot.
 * (A key file that gpg refuses shows only then; the server may have answered already. Files that
 * are missing show before.)
 *
 * Bounds: CLIENT_DECRYPT_USEC for gpg; CLIENT_RETRY_MIN_USEC between two attempts.
 */

#include <sys/types.h>

#include "base/clock.h"
#include "client/attempt.h"
#include "client/keys.h"
#include "client/openpgp.h"
#include "client/options.h"

#define CLIENT_DECRYPT_USEC   (60 * USEC_PER_SEC)
#define CLIENT_RETRY_MIN_USEC (10 * USEC_PER_MSEC) /* --retry=0 must not spin either */

enum client_phase {
	CLIENT_RESTING = 0, /* until next_attempt */
	CLIENT_TALKING,
	CLIENT_HOLDING, /* the message is here, the keys are not ready */
	CLIENT_DECRYPTING,
	CLIENT_WRITING,
	CLIENT_OVER,
};

struct client {
	const struct options *options;
	struct tls_context *tls;
	struct openpgp *openpgp;
	struct keys keys;
	struct attempt *attempt;
	enum client_phase phase;
	usec_t deadline; /* of RESTING and DECRYPTING */
	struct secret *plaintext;
	size_t n_written;
	int exit_status; /* when over */
};

/**
 * client_start() - makes the client ready to ask
 * @tls, @openpgp: become the client's, whatever is returned
 *
 * Owner:  client_deinit(), whatever is returned.
 * Errors: an exit status (CLI-EXIT-3) after a message; 0 on success.
 */
int client_start(struct client *c, const struct options *o, struct tls_context *tls,
		 struct openpgp *openpgp);

/** client_deinit() - closes connections and erases what is secret */
void client_deinit(struct client *c);

/**
 * client_run() - until the password is written, the keys turn out unusable, or a signal comes
 *
 * Returns the exit status; meaningless if signals_caught().
 */
int client_run(struct client *c);
