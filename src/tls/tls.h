/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * TLS 1.3 with raw public keys (RFC 7250) and the roles reversed, behind five outcomes.
 *
 * The Mandos server is the TLS client and has no key of its own; the Mandos client is the TLS
 * server and proves its key. This room is the only one that includes <gnutls/...> on the network
 * path. Descriptors are non-blocking; a session never waits.
 */

#include <stddef.h>
#include <sys/types.h>

#include "wire/keyid.h"

/* SRV-CONF-5, CLI-TLS-4. */
#define TLS_DEFAULT_PRIORITY \
	"SECURE128:!CTYPE-X.509:+CTYPE-RAWPK:!RSA:!VERS-ALL:+VERS-TLS1.3:%PROFILE_ULTRA"

#define TLS_DEBUG_LINE_MAX 512

enum tls_status {
	TLS_OK = 0,
	TLS_CLOSED,	/* the peer closed in an orderly way */
	TLS_FAILED,	/* tls_error_text() says why; the session is over */
	TLS_WANT_READ,	/* call again when the descriptor is readable */
	TLS_WANT_WRITE, /* call again when the descriptor is writable */
};

/**
 * tls_set_debug() - hands on each line that the library says at its level 11, without its line feed
 *
 * For the whole process, from now on. Lines that hold keys (the library's level 9) are left out.
 * @debug is called in the middle of the other calls here, and must not call them.
 * Bound:  TLS_DEBUG_LINE_MAX bytes; longer lines are cut.
 * Source: SRV-LOG-6.
 */
typedef void tls_debug_fn(void *userdata, const char *line);
void tls_set_debug(tls_debug_fn *debug, void *userdata);

struct tls_context;
struct tls_session;

/**
 * tls_context_new_claimant_side() - for mandos-client: TLS server role, with a raw public key
 * @priority: GnuTLS priority string
 * @pubkey_pem, @privkey_pem: contents of the two files
 * @ret_error: a static or library string when the call fails; not freed
 *
 * Owner:  tls_context_free(). The caller erases its copy of the private key.
 * Errors: -EINVAL bad priority string, -EKEYREJECTED unusable keys, -ENOMEM.
 */
int tls_context_new_claimant_side(const char *priority, const void *pubkey_pem, size_t pubkey_size,
				  const void *privkey_pem, size_t privkey_size,
				  struct tls_context **ret, const char **ret_error);

/**
 * tls_context_new_gate_side() - for mandos-gate: TLS client role, without a key
 * @ret_error: the offending part of the priority string when -EINVAL is returned
 *
 * Errors: -EINVAL bad priority string, -ENOMEM.
 * Source: SRV-CONF-6, SRV-PROTO-6, SRV-PROTO-7, SRV-PROTO-8.
 */
int tls_context_new_gate_side(const char *priority, struct tls_context **ret,
			      const char **ret_error);

/** tls_context_free() - after its last session; NULL is fine; returns NULL */
struct tls_context *tls_context_free(struct tls_context *c);

/**
 * tls_session_new() - over a connected, non-blocking stream socket
 *
 * Owner:  the descriptor stays the caller's and must outlive the session; tls_session_free().
 * Errors: -ENOMEM.
 */
int tls_session_new(struct tls_context *c, int fd, struct tls_session **ret);

/** tls_session_free() - sends nothing; NULL is fine; returns NULL */
struct tls_session *tls_session_free(struct tls_session *s);

enum tls_status tls_handshake(struct tls_session *s);

/** tls_read() - up to @size bytes; TLS_CLOSED only for close_notify, a bare EOF is TLS_FAILED */
enum tls_status tls_read(struct tls_session *s, void *buffer, size_t size, size_t *ret_n);

/** tls_write() - takes any number of the @size bytes; repeat with the rest, or after WANT with the
 * same */
enum tls_status tls_write(struct tls_session *s, const void *data, size_t size, size_t *ret_n);

/** tls_send_bye() - our close_notify only */
enum tls_status tls_send_bye(struct tls_session *s);

/** tls_bye() - our close_notify, then the peer's; data in between is dropped */
enum tls_status tls_bye(struct tls_session *s);

/** tls_cork()/tls_uncork() - so that secret and close_notify leave in one segment */
void tls_cork(struct tls_session *s);
enum tls_status tls_uncork(struct tls_session *s);

/** tls_error_text() - the library's words for the last TLS_FAILED; static, no secrets in it */
const char *tls_error_text(const struct tls_session *s);

enum tls_peer_key {
	TLS_PEER_KEY_OK = 0,
	TLS_PEER_KEY_NOT_RAW,  /* an X.509 certificate, or none */
	TLS_PEER_KEY_UNUSABLE, /* cannot be parsed, or is empty */
};

/**
 * tls_peer_key_id() - SHA-256 of the peer's SubjectPublicKeyInfo
 *
 * Source: SRV-PROTO-11, SRV-PROTO-12.
 */
enum tls_peer_key tls_peer_key_id(struct tls_session *s, struct key_id *ret);
