/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One context holds what all sessions share: the parsed priorities and the credentials. A session
 * adds a GnuTLS session and nothing else.
 *
 * GnuTLS's own corking is not used: it holds back application data only, and the close_notify
 * would leave ahead of it. MSG_MORE on the socket joins records of any kind without a copy.
 */
#include "tls/tls.h"

#include <errno.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/util.h"

/*
 * Neither tickets nor the default extensions: a session must not be resumable (SRV-PROTO-7), and
 * each ticket would cost kilobytes per waiting client. One key share instead of two saves a tenth
 * of the gate's work; a peer that wants another group asks for it.
 */
#define SESSION_FLAGS                                                                   \
	(GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL | GNUTLS_ENABLE_RAWPK | GNUTLS_NO_TICKETS | \
	 GNUTLS_NO_EXTENSIONS | GNUTLS_KEY_SHARE_TOP)

/* A raw key of RSA with 16384 bits takes 2 KiB; GnuTLS would take 128 KiB from a stranger. */
#define HANDSHAKE_MESSAGE_MAX ((size_t)16 * 1024)

/* Steps that bring nothing (warnings, dropped data) before a call gives others their turn. */
#define IDLE_STEPS_MAX 8

/* Everything; and, of that, what GnuTLS calls hard logging: the keys of the session, in full. */
#define LIBRARY_LOG_LEVEL 11
#define LIBRARY_KEY_LEVEL 9

struct tls_context {
	gnutls_priority_t priority;
	gnutls_certificate_credentials_t credentials;
	unsigned int role; /* GNUTLS_CLIENT or GNUTLS_SERVER */
	bool x509_allowed; /* the priority string lets the peer have a certificate */
};

struct tls_session {
	gnutls_session_t gnutls;
	const struct tls_context *context;
	int fd;
	int error; /* GnuTLS code of the last TLS_FAILED */
	bool corked;
	bool bye_sent;
};

/* Of the whole process, as the library's log function is. */
static struct {
	tls_debug_fn *fn;
	void *userdata;
} debug;

static void on_library_log(int level, const char *text)
{
	char line[TLS_DEBUG_LINE_MAX + 1];

	if (level == LIBRARY_KEY_LEVEL)
		return;
	(void)snprintf(line, sizeof(line), "%.*s", (int)strcspn(text, "\n"), text);
	debug.fn(debug.userdata, line);
}

void tls_set_debug(tls_debug_fn *fn, void *userdata)
{
	debug.fn = fn;
	debug.userdata = userdata;
	gnutls_global_set_log_function(on_library_log);
	gnutls_global_set_log_level(LIBRARY_LOG_LEVEL);
}

struct tls_context *tls_context_free(struct tls_context *c)
{
	if (!c)
		return NULL;
	if (c->priority)
		gnutls_priority_deinit(c->priority);
	if (c->credentials)
		gnutls_certificate_free_credentials(c->credentials);
	free(c);
	return NULL;
}

static void tls_context_freep(struct tls_context **c)
{
	(void)tls_context_free(*c);
}

static int errno_of(int gnutls_code, int otherwise)
{
	return gnutls_code == GNUTLS_E_MEMORY_ERROR ? -ENOMEM : otherwise;
}

static bool allows_x509(gnutls_priority_t priority)
{
	const unsigned int *types;
	int n = gnutls_priority_certificate_type_list2(priority, &types, GNUTLS_CTYPE_SERVER);

	for (int i = 0; i < n; i++) {
		if (types[i] == GNUTLS_CRT_X509)
			return true;
	}
	return false;
}

static int context_new(const char *priority, unsigned int role, struct tls_context **ret,
		       const char **ret_error)
{
	_cleanup_(tls_context_freep) struct tls_context *c = calloc(1, sizeof(*c));
	const char *at = NULL;
	int r;

	*ret_error = NULL;
	if (!c)
		return -ENOMEM;
	c->role = role;
	r = gnutls_priority_init(&c->priority, priority, &at);
	if (r < 0) {
		c->priority = NULL;
		/* A string of known words that together allow nothing has no bad part. */
		*ret_error = r == GNUTLS_E_INVALID_REQUEST && at ? at : gnutls_strerror(r);
		return errno_of(r, -EINVAL);
	}
	c->x509_allowed = allows_x509(c->priority);
	if (gnutls_certificate_allocate_credentials(&c->credentials) < 0) {
		c->credentials = NULL;
		return -ENOMEM;
	}
	*ret = STEAL_PTR(c);
	return 0;
}

int tls_context_new_gate_side(const char *priority, struct tls_context **ret,
			      const char **ret_error)
{
	return context_new(priority, GNUTLS_CLIENT, ret, ret_error);
}

static gnutls_datum_t datum_of(const void *data, size_t size)
{
	/* GnuTLS only reads through it; gnutls_datum_t has no const variant. */
	return (gnutls_datum_t){ .data = (void *)(uintptr_t)data, .size = (unsigned int)size };
}

int tls_context_new_claimant_side(const char *priority, const void *pubkey_pem, size_t pubkey_size,
				  const void *privkey_pem, size_t privkey_size,
				  struct tls_context **ret, const char **ret_error)
{
	_cleanup_(tls_context_freep) struct tls_context *c = NULL;
	gnutls_datum_t pubkey = datum_of(pubkey_pem, pubkey_size);
	gnutls_datum_t privkey = datum_of(privkey_pem, privkey_size);
	int r;

	if (pubkey_size > UINT_MAX || privkey_size > UINT_MAX) {
		*ret_error = "key too large";
		return -EKEYREJECTED;
	}
	r = context_new(priority, GNUTLS_SERVER, &c, ret_error);
	if (r < 0)
		return r;
	r = gnutls_certificate_set_rawpk_key_mem(c->credentials, &pubkey, &privkey,
						 GNUTLS_X509_FMT_PEM, NULL, 0, NULL, 0, 0);
	if (r < 0) {
		*ret_error = gnutls_strerror(r);
		return errno_of(r, -EKEYREJECTED);
	}
	*ret = STEAL_PTR(c);
	return 0;
}

static ssize_t push(gnutls_transport_ptr_t ptr, const giovec_t *iov, int n)
{
	const struct tls_session *s = ptr;
	struct msghdr msg = { .msg_iov = (struct iovec *)(uintptr_t)iov, .msg_iovlen = (size_t)n };

	return sendmsg(s->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT | (s->corked ? MSG_MORE : 0));
}

static ssize_t pull(gnutls_transport_ptr_t ptr, void *data, size_t size)
{
	const struct tls_session *s = ptr;

	return recv(s->fd, data, size, MSG_DONTWAIT);
}

int tls_session_new(struct tls_context *c, int fd, struct tls_session **ret)
{
	struct tls_session *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->context = c;
	s->fd = fd;
	if (gnutls_init(&s->gnutls, c->role | SESSION_FLAGS) < 0) {
		free(s);
		return -ENOMEM;
	}
	if (gnutls_priority_set(s->gnutls, c->priority) < 0 ||
	    gnutls_credentials_set(s->gnutls, GNUTLS_CRD_CERTIFICATE, c->credentials) < 0) {
		(void)tls_session_free(s);
		return -ENOMEM;
	}
	gnutls_handshake_set_max_packet_length(s->gnutls, HANDSHAKE_MESSAGE_MAX);
	gnutls_transport_set_ptr(s->gnutls, s);
	gnutls_transport_set_vec_push_function(s->gnutls, push);
	gnutls_transport_set_pull_function(s->gnutls, pull);
	*ret = s;
	return 0;
}

struct tls_session *tls_session_free(struct tls_session *s)
{
	if (s) {
		gnutls_deinit(s->gnutls);
		free(s);
	}
	return NULL;
}

/* A blocked call, by the direction that blocked it; anything else negative has failed. */
static enum tls_status status_of(struct tls_session *s, int code)
{
	if (code >= 0)
		return TLS_OK;
	if (code == GNUTLS_E_AGAIN)
		return gnutls_record_get_direction(s->gnutls) ? TLS_WANT_WRITE : TLS_WANT_READ;
	s->error = code;
	return TLS_FAILED;
}

static bool is_idle_step(int code)
{
	return code < 0 && code != GNUTLS_E_AGAIN && !gnutls_error_is_fatal(code);
}

enum tls_status tls_handshake(struct tls_session *s)
{
	int r;

	/* Warnings are endured, but not without end: the peer chooses how many there are. */
	for (int i = 0; i < IDLE_STEPS_MAX; i++) {
		r = gnutls_handshake(s->gnutls);
		if (!is_idle_step(r))
			break;
	}
	/* GnuTLS takes a peer that does not know RFC 7250 for one that may send X.509, whatever the
	 * priority string says; SRV-PROTO-10 has its handshake fail. */
	if (r == GNUTLS_E_SUCCESS && s->context->role == GNUTLS_CLIENT &&
	    !s->context->x509_allowed &&
	    gnutls_certificate_type_get2(s->gnutls, GNUTLS_CTYPE_PEERS) == GNUTLS_CRT_X509)
		r = GNUTLS_E_UNSUPPORTED_CERTIFICATE_TYPE;
	return status_of(s, r);
}

enum tls_status tls_read(struct tls_session *s, void *buffer, size_t size, size_t *ret_n)
{
	ssize_t n;

	*ret_n = 0;
	do
		n = gnutls_record_recv(s->gnutls, buffer, size);
	while (n == GNUTLS_E_INTERRUPTED);
	if (n == 0 && size > 0)
		return TLS_CLOSED;
	if (n > 0)
		*ret_n = (size_t)n;
	return status_of(s, (int)MIN_OF(n, (ssize_t)INT_MAX));
}

enum tls_status tls_write(struct tls_session *s, const void *data, size_t size, size_t *ret_n)
{
	ssize_t n;

	*ret_n = 0;
	if (size == 0)
		return TLS_OK;
	do
		n = gnutls_record_send(s->gnutls, data, size);
	while (n == GNUTLS_E_INTERRUPTED);
	if (n > 0)
		*ret_n = (size_t)n;
	return status_of(s, (int)MIN_OF(n, (ssize_t)INT_MAX));
}

enum tls_status tls_send_bye(struct tls_session *s)
{
	int r;

	if (s->bye_sent)
		return TLS_OK;
	/* Nothing follows a close_notify: what was held back leaves with it. */
	s->corked = false;
	do
		r = gnutls_bye(s->gnutls, GNUTLS_SHUT_WR);
	while (r == GNUTLS_E_INTERRUPTED);
	s->bye_sent = r == GNUTLS_E_SUCCESS;
	return status_of(s, r);
}

enum tls_status tls_bye(struct tls_session *s)
{
	char dropped[512];
	size_t n;
	enum tls_status status = tls_send_bye(s);

	if (status != TLS_OK)
		return status;
	for (int i = 0; i < IDLE_STEPS_MAX; i++) {
		status = tls_read(s, dropped, sizeof(dropped), &n);
		if (status == TLS_CLOSED)
			return TLS_OK;
		if (status != TLS_OK)
			return status;
	}
	/* More may lie in GnuTLS's buffer, of which poll() knows nothing; a peer that has this much
	 * to say after the end gets no orderly one. */
	s->error = GNUTLS_E_UNEXPECTED_PACKET;
	return TLS_FAILED;
}

void tls_cork(struct tls_session *s)
{
	s->corked = true;
}

enum tls_status tls_uncork(struct tls_session *s)
{
	const int on = 1;

	s->corked = false;
	/* Setting it pushes what MSG_MORE held back. A socket that is not TCP holds nothing back,
	 * and refuses; a dead one tells its next reader. */
	(void)setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return TLS_OK;
}

const char *tls_error_text(const struct tls_session *s)
{
	return gnutls_strerror(s->error);
}

static bool hash_peer_key(const gnutls_datum_t *spki, struct key_id *ret)
{
	size_t size = sizeof(ret->bytes);
	gnutls_pubkey_t key;
	int r;

	if (gnutls_pubkey_init(&key) < 0)
		return false;
	r = gnutls_pubkey_import(key, spki, GNUTLS_X509_FMT_DER);
	if (r >= 0)
		r = gnutls_pubkey_get_key_id(key, GNUTLS_KEYID_USE_SHA256, ret->bytes, &size);
	gnutls_pubkey_deinit(key);
	return r >= 0 && size == sizeof(ret->bytes);
}

enum tls_peer_key tls_peer_key_id(struct tls_session *s, struct key_id *ret)
{
	const gnutls_datum_t *keys;
	unsigned int n_keys = 0;

	if (gnutls_certificate_type_get2(s->gnutls, GNUTLS_CTYPE_PEERS) != GNUTLS_CRT_RAWPK)
		return TLS_PEER_KEY_NOT_RAW;
	keys = gnutls_certificate_get_peers(s->gnutls, &n_keys);
	if (!keys || n_keys == 0)
		return TLS_PEER_KEY_NOT_RAW;
	return keys[0].size > 0 && hash_peer_key(&keys[0], ret) ? TLS_PEER_KEY_OK
								: TLS_PEER_KEY_UNUSABLE;
}
