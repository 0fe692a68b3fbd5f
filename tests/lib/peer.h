/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * A scripted peer of the server: plays mandos-client as far as a test wants, and no further.
 *
 * It never waits by itself: test_peer_step() goes on as far as it can, so that one thread can play
 * thousands; test_peer_run() waits with poll(2) and a limit, for tests of a few. Bound:
 * TEST_PEER_DATA_MAX bytes received.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "tls/tls.h"
#include "wire/keyid.h"

#define TEST_PEER_DATA_MAX ((size_t)1 << 20)

/** struct test_keys - a client's key pair, made anew; test_keys_free() */
struct test_keys {
	char *pubkey_pem, *privkey_pem;
	size_t pubkey_size, privkey_size;
	struct key_id id;
	struct tls_context *context; /* claimant side, default priority string */
};

/** test_keys_new() - an Ed25519 pair; false if GnuTLS cannot */
bool test_keys_new(struct test_keys *ret);
void test_keys_free(struct test_keys *k);

enum test_peer_state {
	TEST_PEER_CONNECTING,
	TEST_PEER_GREETING,
	TEST_PEER_HANDSHAKE,
	TEST_PEER_RECEIVING, /* handshake done, waits for the secret */
	TEST_PEER_BYE,	     /* the server has closed; our close_notify is due */
	TEST_PEER_DONE,	     /* whole and orderly */
	TEST_PEER_FAILED,    /* @error says where */
};

struct test_peer {
	int fd;
	enum test_peer_state state;
	enum test_peer_state stop_at; /* test_peer_step() goes no further than into this state */
	short events;		      /* for poll(2): what the next step waits for */
	const struct test_keys *keys;
	struct tls_session *tls;
	uint8_t *data; /* received, grows */
	size_t n_data;
	const char *error; /* static */
};

/**
 * test_peer_connect() - starts to connect to @to
 * @keys: not copied; NULL for a peer that gets no further than the greeting
 * @from: local address, or NULL
 *
 * Owner:  test_peer_close().
 * Errors: errno of socket(2), bind(2), connect(2); EINPROGRESS is none.
 */
int test_peer_connect(struct test_peer *p, const struct test_keys *keys, const struct sockaddr *to,
		      const struct sockaddr *from);

/** test_peer_close() - drops the connection where it is; fine if there is none */
void test_peer_close(struct test_peer *p);

/** test_peer_step() - as far as it goes without waiting, or until @stop_at */
enum test_peer_state test_peer_step(struct test_peer *p);

/** test_peer_run() - steps until @state, DONE or FAILED is reached or @limit has passed */
enum test_peer_state test_peer_run(struct test_peer *p, enum test_peer_state state, usec_t limit);

/** test_peer_send() - raw bytes past TLS; false if not all were taken */
bool test_peer_send(struct test_peer *p, const void *data, size_t size);

/**
 * test_peer_wait_closed() - true if the server closes the connection within @limit
 * @ret_n: raw bytes that came before; may be NULL
 */
bool test_peer_wait_closed(struct test_peer *p, usec_t limit, size_t *ret_n);
