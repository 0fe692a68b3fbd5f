/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * One conversation with one server: connect, greet, prove the key, receive the message.
 *
 *   CONNECTING -> HANDSHAKING -> AWAITING -> RECEIVING -> over
 *
 * Every state but one has a deadline. AWAITING, after the handshake and before the first byte, has
 * none: how long a server waits for somebody to approve is its own setting, up to hours, and a
 * client that gave up would only start that time anew. A machine that is gone is noticed there by
 * TCP keepalive within ATTEMPT_KEEPALIVE_SEC; a server that was restarted resets the connection.
 *
 * Nothing waits. Bounds: ATTEMPT_MESSAGE_MAX bytes received, and the times below.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "tls/tls.h"
#include "wire/peer.h"

/* CLI-CONN-7. */
#define ATTEMPT_MESSAGE_MAX ((size_t)64 * 1024)

/* CLI-DISC-8. */
#define ATTEMPT_CONNECT_USEC   (10 * USEC_PER_SEC)
#define ATTEMPT_HANDSHAKE_USEC (15 * USEC_PER_SEC)
#define ATTEMPT_RECEIVE_USEC   (15 * USEC_PER_SEC) /* from the first byte to the last */

#define ATTEMPT_KEEPALIVE_IDLE_SEC  30
#define ATTEMPT_KEEPALIVE_PROBE_SEC 10
#define ATTEMPT_KEEPALIVE_PROBES    3
#define ATTEMPT_KEEPALIVE_SEC \
	(ATTEMPT_KEEPALIVE_IDLE_SEC + ATTEMPT_KEEPALIVE_PROBES * ATTEMPT_KEEPALIVE_PROBE_SEC)

enum attempt_result {
	ATTEMPT_GOING = 0, /* step again when the descriptor is ready, or at the deadline */
	ATTEMPT_RECEIVED,  /* attempt_message() has it */
	ATTEMPT_REFUSED,   /* the server closed without a byte: unknown, disabled or denied */
	ATTEMPT_FAILED,	   /* attempt_error_text() says why */
};

struct attempt;

/**
 * attempt_new() - prepares a conversation; the first attempt_step() starts it
 * @tls:    must outlive the attempt
 * @server: copied; a link-local address without scope fails
 *
 * Owner:  attempt_free(). Errors: NULL when there is no memory.
 */
struct attempt *attempt_new(struct tls_context *tls, const struct peer *server);

/** attempt_free() - closes the connection; NULL is fine; returns NULL */
struct attempt *attempt_free(struct attempt *a);

/** attempt_step() - goes on as far as it can without waiting; @now on CLOCK_BOOTTIME */
enum attempt_result attempt_step(struct attempt *a, usec_t now);

/** What to wait for: a descriptor (-1: none), poll(2)'s events, a time (USEC_NEVER: none) */
int attempt_fd(const struct attempt *a);
short attempt_events(const struct attempt *a);
usec_t attempt_deadline(const struct attempt *a);

/** attempt_message() - the bytes received; the attempt's own, until it is freed */
const uint8_t *attempt_message(const struct attempt *a, size_t *ret_size);

const char *attempt_error_text(const struct attempt *a);

/** attempt_name() - the server's address, as people read it */
const char *attempt_name(const struct attempt *a);

/** attempt_has_connected() - whether the server was there at all */
bool attempt_has_connected(const struct attempt *a);

/** attempt_has_handshaken() - whether a Mandos server, or what acts like one, has answered */
bool attempt_has_handshaken(const struct attempt *a);

/** attempt_lacks_route() - true if the failure was that the network or host is unreachable */
bool attempt_lacks_route(const struct attempt *a);

/** attempt_is_quiet() - true if the failure is only told with --debug (CLI-CONN-4, CLI-TLS-8) */
bool attempt_is_quiet(const struct attempt *a);
