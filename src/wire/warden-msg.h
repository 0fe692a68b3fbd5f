/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * What mandos-client's unprivileged part may ask of the part that stayed root, and the answer.
 *
 * One message is one SOCK_SEQPACKET packet of WARDEN_MSG_SIZE bytes. The receiver checks what it
 * is asked: this is a boundary of trust, the sender talks to strangers.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "wire/peer.h"

enum warden_request_kind {
	WARDEN_FIX_OWNERS = 1, /* CLI-PRIV-4, CLI-PRIV-5 */
	WARDEN_HOOK_START,     /* runs the next start hook; result 0: there is none left, 1: ran */
	WARDEN_HOOK_STOP,      /* the same for the stop hooks */
	WARDEN_LINK_UP,	       /* @index; remembered, to be set down again */
	WARDEN_LINKS_DOWN,     /* all that are remembered */
	WARDEN_ROUTE_ADD,      /* @target over @index; taken back at the latest by the end */
	WARDEN_ROUTE_DELETE,
	WARDEN_CLOCK_SET, /* @seconds since 1970 */
	WARDEN_HURRY,	  /* a route helper that runs now is to end; has no answer */
};
#define WARDEN_REQUEST_KIND_LAST WARDEN_HURRY

struct warden_request {
	enum warden_request_kind kind;
	uint32_t index;
	struct peer target; /* of ROUTE requests; else all zero but the family */
	uint64_t seconds;
};

#define WARDEN_REQUEST_SIZE (1 + 4 + 8 + PEER_WIRE_SIZE)
#define WARDEN_ANSWER_SIZE  4

void warden_request_encode(struct writer *w, const struct warden_request *r);

/** warden_request_decode() - false unless the bytes are exactly one request of a known kind */
bool warden_request_decode(const uint8_t *data, size_t size, struct warden_request *ret);

/** An answer is a number: negative errno, or what the kind says. */
void warden_answer_encode(struct writer *w, int result);
bool warden_answer_decode(const uint8_t *data, size_t size, int *ret_result);
