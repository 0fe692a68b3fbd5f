/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Conversations with all candidates at the same time, each with its own pace.
 *
 * A silent or slow server costs the others nothing. Messages that were received wait here until
 * they are decrypted. Bounds: one conversation a candidate (CANDIDATES_MAX), ATTEMPT_MESSAGE_MAX.
 */

#include <poll.h>

#include "base/clock.h"
#include "client/attempt.h"
#include "client/candidates.h"
#include "client/warden.h"
#include "tls/tls.h"

struct talk {
	struct candidate *with; /* NULL: the place is free */
	struct attempt *attempt;
	bool has_route; /* one was added for this conversation (CLI-CONN-9) */
	bool has_message;
};

struct talks {
	struct tls_context *tls;
	struct warden *warden;
	bool may_route;	   /* CLI-DIR-4: not with --connect */
	bool was_answered; /* a server has been talked to at all */
	struct candidates candidates;
	struct talk list[CANDIDATES_MAX];
};

/** talks_init() - @tls, @w: must outlive @ret */
void talks_init(struct talks *ret, struct tls_context *tls, struct warden *w, bool may_route,
		usec_t retry_usec);

/** talks_deinit() - closes all, and takes routes back */
void talks_deinit(struct talks *t);

/**
 * talks_step() - begins what is due, and goes on with the rest as far as it can without waiting
 *
 * Only adding a route waits, WARDEN_ROUTE_USEC at most.
 */
void talks_step(struct talks *t, usec_t now, uint32_t chance);

/** talks_message() - one that has a message, NULL if there is none */
struct talk *talks_message(struct talks *t);

/** talks_end() - ends one; it is tried again as its candidate's turn comes */
void talks_end(struct talks *t, struct talk *one, enum candidate_end end, usec_t now,
	       uint32_t chance);

/** talks_poll_set() - what to wait for; at most CANDIDATES_MAX entries; returns how many */
nfds_t talks_poll_set(const struct talks *t, struct pollfd *ret_fds);

usec_t talks_deadline(const struct talks *t);
