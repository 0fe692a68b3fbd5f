/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/peer.h"

#include <errno.h>
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/util.h"

#define GREETING "1\r\n"

static bool export_keys(gnutls_privkey_t key, gnutls_pubkey_t pubkey, struct test_keys *ret)
{
	gnutls_x509_privkey_t x509_key;
	gnutls_datum_t pem;
	size_t size = sizeof(ret->id.bytes);

	if (gnutls_privkey_export_x509(key, &x509_key) < 0)
		return false;
	if (gnutls_x509_privkey_export2_pkcs8(x509_key, GNUTLS_X509_FMT_PEM, NULL,
					      GNUTLS_PKCS_PLAIN, &pem) < 0)
		return false;
	gnutls_x509_privkey_deinit(x509_key);
	ret->privkey_pem = (char *)pem.data;
	ret->privkey_size = pem.size;
	if (gnutls_pubkey_import_privkey(pubkey, key, 0, 0) < 0 ||
	    gnutls_pubkey_export2(pubkey, GNUTLS_X509_FMT_PEM, &pem) < 0)
		return false;
	ret->pubkey_pem = (char *)pem.data;
	ret->pubkey_size = pem.size;
	return gnutls_pubkey_get_key_id(pubkey, GNUTLS_KEYID_USE_SHA256, ret->id.bytes, &size) >= 0;
}

bool test_keys_new(struct test_keys *ret)
{
	gnutls_privkey_t key;
	gnutls_pubkey_t pubkey;
	const char *error;
	bool ok;

	*ret = (struct test_keys){ 0 };
	if (gnutls_privkey_init(&key) < 0 || gnutls_pubkey_init(&pubkey) < 0)
		return false;
	ok = gnutls_privkey_generate(key, GNUTLS_PK_EDDSA_ED25519, 0, 0) >= 0 &&
	     export_keys(key, pubkey, ret);
	gnutls_pubkey_deinit(pubkey);
	gnutls_privkey_deinit(key);
	return ok && tls_context_new_claimant_side(TLS_DEFAULT_PRIORITY, ret->pubkey_pem,
						   ret->pubkey_size, ret->privkey_pem,
						   ret->privkey_size, &ret->context, &error) == 0;
}

void test_keys_free(struct test_keys *k)
{
	k->context = tls_context_free(k->context);
	gnutls_free(k->pubkey_pem);
	gnutls_free(k->privkey_pem);
}

static socklen_t size_of(const struct sockaddr *sa)
{
	return sa->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
}

int test_peer_connect(struct test_peer *p, const struct test_keys *keys, const struct sockaddr *to,
		      const struct sockaddr *from)
{
	_cleanup_fd_ int fd = socket(to->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	*p = (struct test_peer){
		.fd = -1,
		.stop_at = TEST_PEER_DONE,
		.events = POLLOUT,
		.keys = keys,
	};
	if (fd < 0 || (from && bind(fd, from, size_of(from)) < 0) ||
	    (connect(fd, to, size_of(to)) < 0 && errno != EINPROGRESS))
		return -errno;
	p->fd = STEAL_FD(fd);
	return 0;
}

void test_peer_close(struct test_peer *p)
{
	p->tls = tls_session_free(p->tls);
	p->fd = fd_close(p->fd);
	free(p->data);
	p->data = NULL;
}

static void fail(struct test_peer *p, const char *error)
{
	p->state = TEST_PEER_FAILED;
	p->error = error;
}

/* True if the step is done; otherwise the peer waits, or has failed. */
static bool judge(struct test_peer *p, enum tls_status status, const char *doing)
{
	switch (status) {
	case TLS_OK:
		return true;
	case TLS_WANT_READ:
		p->events = POLLIN;
		return false;
	case TLS_WANT_WRITE:
		p->events = POLLOUT;
		return false;
	case TLS_CLOSED:
	case TLS_FAILED:
		break;
	}
	fail(p, doing);
	return false;
}

static bool step_connecting(struct test_peer *p)
{
	struct pollfd pfd = { .fd = p->fd, .events = POLLOUT };
	int error = 0;
	socklen_t size = sizeof(error);

	if (poll(&pfd, 1, 0) <= 0)
		return false;
	if (getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 || error != 0) {
		fail(p, "connecting");
		return false;
	}
	p->state = TEST_PEER_GREETING;
	return true;
}

static bool step_greeting(struct test_peer *p)
{
	if (!test_peer_send(p, GREETING, strlen(GREETING)) || !p->keys ||
	    tls_session_new(p->keys->context, p->fd, &p->tls) < 0) {
		fail(p, "greeting");
		return false;
	}
	p->state = TEST_PEER_HANDSHAKE;
	return true;
}

static bool step_handshake(struct test_peer *p)
{
	if (!judge(p, tls_handshake(p->tls), "handshake"))
		return false;
	p->state = TEST_PEER_RECEIVING;
	return true;
}

static bool step_receiving(struct test_peer *p)
{
	uint8_t chunk[16384];
	size_t n;
	enum tls_status status = tls_read(p->tls, chunk, sizeof(chunk), &n);
	uint8_t *bigger;

	if (status == TLS_CLOSED) {
		p->state = TEST_PEER_BYE;
		return true;
	}
	if (!judge(p, status, "receiving"))
		return false;
	bigger = realloc(p->data, p->n_data + n);
	if (!bigger || p->n_data + n > TEST_PEER_DATA_MAX) {
		fail(p, "too much data");
		return false;
	}
	p->data = bigger;
	memcpy(p->data + p->n_data, chunk, n);
	p->n_data += n;
	return true;
}

static bool step_bye(struct test_peer *p)
{
	if (!judge(p, tls_send_bye(p->tls), "closing"))
		return false;
	p->state = TEST_PEER_DONE;
	return true;
}

enum test_peer_state test_peer_step(struct test_peer *p)
{
	bool going = true;

	while (going && p->state != p->stop_at) {
		switch (p->state) {
		case TEST_PEER_CONNECTING:
			going = step_connecting(p);
			break;
		case TEST_PEER_GREETING:
			going = step_greeting(p);
			break;
		case TEST_PEER_HANDSHAKE:
			going = step_handshake(p);
			break;
		case TEST_PEER_RECEIVING:
			going = step_receiving(p);
			break;
		case TEST_PEER_BYE:
			going = step_bye(p);
			break;
		case TEST_PEER_DONE:
		case TEST_PEER_FAILED:
			going = false;
			break;
		}
	}
	return p->state;
}

/* False once the limit has passed. */
static bool wait_for(int fd, short events, usec_t until)
{
	struct pollfd pfd = { .fd = fd, .events = events };
	usec_t left = usec_sub(until, instant_now().boot);

	return poll(&pfd, 1, (int)((left + USEC_PER_MSEC - 1) / USEC_PER_MSEC)) > 0;
}

enum test_peer_state test_peer_run(struct test_peer *p, enum test_peer_state state, usec_t limit)
{
	usec_t until = usec_add(instant_now().boot, limit);

	p->stop_at = state;
	while (test_peer_step(p) != state && p->state != TEST_PEER_DONE &&
	       p->state != TEST_PEER_FAILED) {
		if (!wait_for(p->fd, p->events, until))
			break;
	}
	p->stop_at = TEST_PEER_DONE;
	return p->state;
}

bool test_peer_send(struct test_peer *p, const void *data, size_t size)
{
	return send(p->fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)size;
}

bool test_peer_wait_closed(struct test_peer *p, usec_t limit, size_t *ret_n)
{
	usec_t until = usec_add(instant_now().boot, limit);
	char dropped[4096];
	size_t total = 0;
	ssize_t n;

	for (;;) {
		n = recv(p->fd, dropped, sizeof(dropped), MSG_DONTWAIT);
		if (n > 0)
			total += (size_t)n;
		else if (n == 0 || (errno != EAGAIN && errno != EINTR))
			break;
		else if (!wait_for(p->fd, POLLIN, until))
			return false;
	}
	if (ret_n)
		*ret_n = total;
	return true;
}
