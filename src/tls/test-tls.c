/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Both roles of tls/ against each other over socket pairs, pumped in turn in one thread. */
#include "tls/tls.h"

#include <errno.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"

#define PUMP_TURNS_MAX 10000
#define BIG_SIZE       300000

static struct {
	gnutls_privkey_t key;
	gnutls_datum_t privkey_pem, pubkey_pem, pubkey_der;
	gnutls_x509_crt_t certificate;
} keys;

/* One pair of ends; either session may be missing where a test plays that side by hand. */
struct pair {
	int fds[2];
	struct tls_context *gate_context, *claimant_context;
	struct tls_session *gate, *claimant;
};

static void make_keys(void)
{
	gnutls_pubkey_t pubkey;
	gnutls_x509_privkey_t x509_key;
	gnutls_x509_crt_t crt;
	const uint8_t serial[] = { 1 };

	assert_int_equal(gnutls_privkey_init(&keys.key), 0);
	assert_int_equal(gnutls_privkey_generate(keys.key, GNUTLS_PK_EDDSA_ED25519, 0, 0), 0);
	assert_int_equal(gnutls_privkey_export_x509(keys.key, &x509_key), 0);
	assert_int_equal(gnutls_x509_privkey_export2_pkcs8(x509_key, GNUTLS_X509_FMT_PEM, NULL,
							   GNUTLS_PKCS_PLAIN, &keys.privkey_pem),
			 0);
	assert_int_equal(gnutls_pubkey_init(&pubkey), 0);
	assert_int_equal(gnutls_pubkey_import_privkey(pubkey, keys.key, 0, 0), 0);
	assert_int_equal(gnutls_pubkey_export2(pubkey, GNUTLS_X509_FMT_PEM, &keys.pubkey_pem), 0);
	assert_int_equal(gnutls_pubkey_export2(pubkey, GNUTLS_X509_FMT_DER, &keys.pubkey_der), 0);

	assert_int_equal(gnutls_x509_crt_init(&crt), 0);
	gnutls_x509_crt_set_version(crt, 3);
	gnutls_x509_crt_set_serial(crt, serial, sizeof(serial));
	gnutls_x509_crt_set_activation_time(crt, 0);
	gnutls_x509_crt_set_expiration_time(crt, INT32_MAX);
	gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, "test", 4);
	gnutls_x509_crt_set_key(crt, x509_key);
	assert_int_equal(gnutls_x509_crt_sign2(crt, crt, x509_key, GNUTLS_DIG_SHA512, 0), 0);
	keys.certificate = crt;
	gnutls_x509_privkey_deinit(x509_key);
	gnutls_pubkey_deinit(pubkey);
}

static int group_setup(void **state)
{
	make_keys();
	return 0;
}

static int group_teardown(void **state)
{
	gnutls_free(keys.privkey_pem.data);
	gnutls_free(keys.pubkey_pem.data);
	gnutls_free(keys.pubkey_der.data);
	gnutls_x509_crt_deinit(keys.certificate);
	gnutls_privkey_deinit(keys.key);
	return 0;
}

/* A connected pair over loopback TCP, since TCP_NODELAY and MSG_MORE mean nothing elsewhere. */
static void tcp_pair(int ret_fds[2])
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(sa);
	_cleanup_fd_ int l = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(l, (struct sockaddr *)&sa, size), 0);
	assert_int_equal(listen(l, 1), 0);
	assert_int_equal(getsockname(l, (struct sockaddr *)&sa, &size), 0);
	ret_fds[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(ret_fds[0], (struct sockaddr *)&sa, size), 0);
	ret_fds[1] = accept4(l, NULL, NULL, SOCK_CLOEXEC);
	assert_true(ret_fds[1] >= 0);
	assert_int_equal(fd_set_nonblock(ret_fds[0]), 0);
	assert_int_equal(fd_set_nonblock(ret_fds[1]), 0);
}

static void pair_init_gate(struct pair *p, const char *priority)
{
	const char *error;

	*p = (struct pair){ 0 };
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, p->fds),
			 0);
	assert_int_equal(tls_context_new_gate_side(priority, &p->gate_context, &error), 0);
	assert_int_equal(tls_session_new(p->gate_context, p->fds[0], &p->gate), 0);
}

static void pair_add_claimant(struct pair *p)
{
	const char *error;

	assert_int_equal(tls_context_new_claimant_side(TLS_DEFAULT_PRIORITY, keys.pubkey_pem.data,
						       keys.pubkey_pem.size, keys.privkey_pem.data,
						       keys.privkey_pem.size, &p->claimant_context,
						       &error),
			 0);
	assert_int_equal(tls_session_new(p->claimant_context, p->fds[1], &p->claimant), 0);
}

static void pair_deinit(struct pair *p)
{
	(void)tls_session_free(p->gate);
	(void)tls_session_free(p->claimant);
	(void)tls_context_free(p->gate_context);
	(void)tls_context_free(p->claimant_context);
	(void)fd_close(p->fds[0]);
	(void)fd_close(p->fds[1]);
}

/* What was sent over TCP arrives when the kernel comes to it. Negative: nobody waits there. */
static void wait_for_either(int a, int b)
{
	struct pollfd ready[] = { { .fd = a, .events = POLLIN }, { .fd = b, .events = POLLIN } };

	if (a >= 0 || b >= 0)
		assert_true(poll(ready, ARRAY_SIZE(ready), 30000) > 0);
}

static void pair_handshake(struct pair *p)
{
	enum tls_status a = TLS_WANT_READ, b = TLS_WANT_READ;

	for (int i = 0; i < PUMP_TURNS_MAX && (a != TLS_OK || b != TLS_OK); i++) {
		if (a != TLS_OK)
			a = tls_handshake(p->gate);
		if (b != TLS_OK)
			b = tls_handshake(p->claimant);
		assert_true(a == TLS_OK || a == TLS_WANT_READ || a == TLS_WANT_WRITE);
		assert_true(b == TLS_OK || b == TLS_WANT_READ || b == TLS_WANT_WRITE);
		wait_for_either(a == TLS_WANT_READ ? p->fds[0] : -1,
				b == TLS_WANT_READ ? p->fds[1] : -1);
	}
	assert_int_equal(a, TLS_OK);
	assert_int_equal(b, TLS_OK);
}

static void pair_init(struct pair *p)
{
	pair_init_gate(p, TLS_DEFAULT_PRIORITY);
	pair_add_claimant(p);
	pair_handshake(p);
}

/* SRV-PROTO-6, SRV-PROTO-8, SRV-PROTO-11 */
static void test_tls_peer_key_id__raw_key__is_sha256_of_spki(void **state)
{
	struct pair p;
	struct key_id id = { { 0 } };
	uint8_t want[KEY_ID_SIZE];

	pair_init(&p);
	assert_int_equal(tls_peer_key_id(p.gate, &id), TLS_PEER_KEY_OK);
	assert_int_equal(gnutls_hash_fast(GNUTLS_DIG_SHA256, keys.pubkey_der.data,
					  keys.pubkey_der.size, want),
			 0);
	assert_memory_equal(id.bytes, want, sizeof(want));
	pair_deinit(&p);
}

/* SRV-PROTO-8: the gate proves nothing. */
static void test_tls_peer_key_id__gate_has_no_key__is_not_raw(void **state)
{
	struct pair p;
	struct key_id id;

	pair_init(&p);
	assert_int_equal(tls_peer_key_id(p.claimant, &id), TLS_PEER_KEY_NOT_RAW);
	pair_deinit(&p);
}

/* A TLS server with an X.509 certificate, as a stranger may have one. */
static enum tls_status handshake_with_x509(struct pair *p, const char *priority)
{
	gnutls_certificate_credentials_t credentials;
	gnutls_session_t server;
	gnutls_x509_privkey_t key;
	enum tls_status a = TLS_WANT_READ;
	int b = GNUTLS_E_AGAIN;

	assert_int_equal(gnutls_privkey_export_x509(keys.key, &key), 0);
	gnutls_certificate_allocate_credentials(&credentials);
	assert_int_equal(gnutls_certificate_set_x509_key(credentials, &keys.certificate, 1, key),
			 0);
	gnutls_init(&server, GNUTLS_SERVER | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL);
	assert_int_equal(gnutls_priority_set_direct(server, priority, NULL), 0);
	gnutls_credentials_set(server, GNUTLS_CRD_CERTIFICATE, credentials);
	gnutls_transport_set_int(server, p->fds[1]);
	for (int i = 0; i < PUMP_TURNS_MAX; i++) {
		if (a == TLS_WANT_READ || a == TLS_WANT_WRITE)
			a = tls_handshake(p->gate);
		if (b == GNUTLS_E_AGAIN)
			b = gnutls_handshake(server);
		if (b != GNUTLS_E_AGAIN && (a == TLS_OK || a == TLS_FAILED))
			break;
		if (b < 0 && b != GNUTLS_E_AGAIN)
			(void)shutdown(p->fds[1], SHUT_RDWR);
	}
	gnutls_deinit(server);
	gnutls_certificate_free_credentials(credentials);
	gnutls_x509_privkey_deinit(key);
	return a;
}

/* SRV-PROTO-10 */
static void test_tls_handshake__x509_peer__fails(void **state)
{
	struct pair p;

	pair_init_gate(&p, TLS_DEFAULT_PRIORITY);
	assert_int_equal(handshake_with_x509(&p, "NORMAL"), TLS_FAILED);
	assert_true(strlen(tls_error_text(p.gate)) > 0);
	pair_deinit(&p);
}

/* SRV-PROTO-12: an administrator's priority string may let certificates through. */
static void test_tls_peer_key_id__x509_peer__is_not_raw(void **state)
{
	struct pair p;
	struct key_id id;

	pair_init_gate(&p, "NORMAL");
	assert_int_equal(handshake_with_x509(&p, "NORMAL"), TLS_OK);
	assert_int_equal(tls_peer_key_id(p.gate, &id), TLS_PEER_KEY_NOT_RAW);
	pair_deinit(&p);
}

/* SRV-PROTO-10 */
static void test_tls_handshake__garbage__fails(void **state)
{
	struct pair p;
	enum tls_status status;

	pair_init_gate(&p, TLS_DEFAULT_PRIORITY);
	assert_int_equal(tls_handshake(p.gate), TLS_WANT_READ);
	assert_int_equal(write(p.fds[1], "HTTP/1.0 200 OK\r\n\r\n", 19), 19);
	status = tls_handshake(p.gate);
	assert_int_equal(status, TLS_FAILED);
	pair_deinit(&p);
}

static void test_tls_handshake__end_of_stream__fails(void **state)
{
	struct pair p;

	pair_init_gate(&p, TLS_DEFAULT_PRIORITY);
	p.fds[1] = fd_close(p.fds[1]);
	assert_int_equal(tls_handshake(p.gate), TLS_FAILED);
	pair_deinit(&p);
}

static bool contains(const uint8_t *data, size_t size, const void *part, size_t part_size)
{
	return memmem(data, size, part, part_size) != NULL;
}

/* SRV-PROTO-7: what the ClientHello offers, and what it must not. */
static void test_tls_handshake__client_hello__offers_raw_keys_and_no_more(void **state)
{
	/* type, extension size 2, list of size 1: RawPublicKey */
	static const uint8_t server_certificate_type[] = { 0x00, 0x14, 0x00, 0x02, 0x01, 0x02 };
	/* supported_versions with TLS 1.3 alone */
	static const uint8_t versions[] = { 0x00, 0x2b, 0x00, 0x03, 0x02, 0x03, 0x04 };
	static const uint16_t forbidden[] = { 0 /* server name */, 16 /* ALPN */, 19, 35, 41, 42 };
	uint8_t hello[2048];
	struct pair p;
	ssize_t n;
	size_t at;

	pair_init_gate(&p, TLS_DEFAULT_PRIORITY);
	assert_int_equal(tls_handshake(p.gate), TLS_WANT_READ);
	n = read(p.fds[1], hello, sizeof(hello));
	assert_true(n > 80);
	assert_true(contains(hello, (size_t)n, server_certificate_type,
			     sizeof(server_certificate_type)));
	assert_true(contains(hello, (size_t)n, versions, sizeof(versions)));
	/* record 5, handshake 4, version 2, random 32, session id, suites, compression */
	at = 43;
	at += 1u + hello[at];
	at += 2u + (size_t)(hello[at] << 8 | hello[at + 1]);
	at += 1u + hello[at] + 2u;
	while (at + 4 <= (size_t)n) {
		uint16_t type = (uint16_t)(hello[at] << 8 | hello[at + 1]);

		for (size_t i = 0; i < ARRAY_SIZE(forbidden); i++)
			assert_int_not_equal(type, forbidden[i]);
		at += 4u + (size_t)(hello[at + 2] << 8 | hello[at + 3]);
	}
	assert_int_equal(at, n);
	pair_deinit(&p);
}

static void test_tls_read__bare_end_of_stream__fails(void **state)
{
	struct pair p;
	char buffer[16];
	size_t n;

	pair_init(&p);
	assert_int_equal(tls_read(p.gate, buffer, sizeof(buffer), &n), TLS_WANT_READ);
	p.fds[1] = fd_close(p.fds[1]);
	assert_int_equal(tls_read(p.gate, buffer, sizeof(buffer), &n), TLS_FAILED);
	pair_deinit(&p);
}

static void test_tls_read__close_notify__is_closed(void **state)
{
	struct pair p;
	char buffer[16];
	size_t n;

	pair_init(&p);
	assert_int_equal(tls_send_bye(p.claimant), TLS_OK);
	assert_int_equal(tls_read(p.gate, buffer, sizeof(buffer), &n), TLS_CLOSED);
	pair_deinit(&p);
}

/* SRV-PROTO-26, SRV-PROTO-28 */
static void test_tls_write__300000_bytes__arrive_whole_then_bye(void **state)
{
	static uint8_t sent[BIG_SIZE], got[BIG_SIZE + 1];
	size_t n_sent = 0, n_got = 0, n;
	enum tls_status r = TLS_OK, w = TLS_OK, bye = TLS_WANT_READ;
	struct pair p;

	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = (uint8_t)(i * 31 >> 3);
	pair_init(&p);
	for (int i = 0; i < PUMP_TURNS_MAX && r != TLS_CLOSED; i++) {
		if (n_sent < sizeof(sent)) {
			w = tls_write(p.gate, sent + n_sent, sizeof(sent) - n_sent, &n);
			assert_true(w == TLS_OK || w == TLS_WANT_WRITE);
			n_sent += n;
		} else if (bye != TLS_OK) {
			bye = tls_bye(p.gate);
			assert_true(bye == TLS_WANT_READ || bye == TLS_WANT_WRITE);
		}
		r = tls_read(p.claimant, got + n_got, sizeof(got) - n_got, &n);
		assert_true(r == TLS_OK || r == TLS_WANT_READ || r == TLS_CLOSED);
		n_got += n;
	}
	assert_int_equal(r, TLS_CLOSED);
	assert_int_equal(n_got, sizeof(sent));
	assert_memory_equal(sent, got, sizeof(sent));
	assert_int_equal(tls_bye(p.claimant), TLS_OK);
	assert_int_equal(tls_bye(p.gate), TLS_OK);
	pair_deinit(&p);
}

static void test_tls_bye__data_in_between__is_dropped(void **state)
{
	struct pair p;
	size_t n;

	pair_init(&p);
	assert_int_equal(tls_bye(p.gate), TLS_WANT_READ);
	assert_int_equal(tls_write(p.claimant, "late", 4, &n), TLS_OK);
	assert_int_equal(tls_send_bye(p.claimant), TLS_OK);
	assert_int_equal(tls_bye(p.gate), TLS_OK);
	pair_deinit(&p);
}

static void test_tls_bye__end_of_stream_instead__fails(void **state)
{
	struct pair p;

	pair_init(&p);
	assert_int_equal(tls_bye(p.gate), TLS_WANT_READ);
	p.fds[1] = fd_close(p.fds[1]);
	assert_int_equal(tls_bye(p.gate), TLS_FAILED);
	pair_deinit(&p);
}

/* A peer that never stops talking does not hold the closing exchange, or the loop, for ever. */
static void test_tls_bye__endless_data__fails(void **state)
{
	struct pair p;
	size_t n;

	pair_init(&p);
	assert_int_equal(tls_bye(p.gate), TLS_WANT_READ);
	for (int i = 0; i < 20; i++)
		assert_int_equal(tls_write(p.claimant, "more", 4, &n), TLS_OK);
	assert_int_equal(tls_bye(p.gate), TLS_FAILED);
	pair_deinit(&p);
}

static void start_over_tcp(struct pair *p)
{
	pair_init_gate(p, TLS_DEFAULT_PRIORITY);
	(void)tls_session_free(p->gate);
	(void)fd_close(p->fds[0]);
	(void)fd_close(p->fds[1]);
	tcp_pair(p->fds);
	assert_int_equal(tls_session_new(p->gate_context, p->fds[0], &p->gate), 0);
	pair_add_claimant(p);
	pair_handshake(p);
}

static enum tls_status read_over_tcp(struct pair *p, char *buffer, size_t size, size_t *ret_n)
{
	enum tls_status status;

	while ((status = tls_read(p->claimant, buffer, size, ret_n)) == TLS_WANT_READ)
		wait_for_either(-1, p->fds[1]);
	return status;
}

/* SRV-PROTO-25: the secret does not travel ahead of its end. */
static void test_tls_cork__data_and_bye__leave_together(void **state)
{
	struct pair p;
	char buffer[64];
	size_t n;

	start_over_tcp(&p);
	tls_cork(p.gate);
	assert_int_equal(tls_write(p.gate, "secret", 6, &n), TLS_OK);
	assert_int_equal(recv(p.fds[1], buffer, sizeof(buffer), MSG_PEEK), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(tls_send_bye(p.gate), TLS_OK);
	assert_int_equal(read_over_tcp(&p, buffer, sizeof(buffer), &n), TLS_OK);
	assert_int_equal(n, 6);
	assert_int_equal(read_over_tcp(&p, buffer, sizeof(buffer), &n), TLS_CLOSED);
	pair_deinit(&p);
}

static void test_tls_uncork__data_without_bye__leaves(void **state)
{
	struct pair p;
	char buffer[64];
	size_t n;

	start_over_tcp(&p);
	tls_cork(p.gate);
	assert_int_equal(tls_write(p.gate, "secret", 6, &n), TLS_OK);
	assert_int_equal(tls_uncork(p.gate), TLS_OK);
	assert_int_equal(read_over_tcp(&p, buffer, sizeof(buffer), &n), TLS_OK);
	assert_int_equal(n, 6);
	pair_deinit(&p);
}

/* SRV-CONF-6 */
static void test_tls_context_new_gate_side__bad_word__is_named(void **state)
{
	struct tls_context *c = NULL;
	const char *error = NULL;

	assert_int_equal(tls_context_new_gate_side("SECURE128:+NONSENSE:!RSA", &c, &error),
			 -EINVAL);
	assert_non_null(error);
	assert_memory_equal(error, "+NONSENSE", 9);
	assert_null(c);
}

static void test_tls_context_new_gate_side__allows_nothing__is_refused(void **state)
{
	struct tls_context *c = NULL;
	const char *error = NULL;

	assert_int_equal(tls_context_new_gate_side("NONE", &c, &error), -EINVAL);
	assert_non_null(error);
	assert_true(strlen(error) > 0);
}

static void test_tls_context_new_claimant_side__garbage_key__is_refused(void **state)
{
	struct tls_context *c = NULL;
	const char *error = NULL;

	assert_int_equal(tls_context_new_claimant_side(TLS_DEFAULT_PRIORITY, "x", 1, "y", 1, &c,
						       &error),
			 -EKEYREJECTED);
	assert_non_null(error);
	assert_null(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tls_peer_key_id__raw_key__is_sha256_of_spki),
		cmocka_unit_test(test_tls_peer_key_id__gate_has_no_key__is_not_raw),
		cmocka_unit_test(test_tls_handshake__x509_peer__fails),
		cmocka_unit_test(test_tls_peer_key_id__x509_peer__is_not_raw),
		cmocka_unit_test(test_tls_handshake__garbage__fails),
		cmocka_unit_test(test_tls_handshake__end_of_stream__fails),
		cmocka_unit_test(test_tls_handshake__client_hello__offers_raw_keys_and_no_more),
		cmocka_unit_test(test_tls_read__bare_end_of_stream__fails),
		cmocka_unit_test(test_tls_read__close_notify__is_closed),
		cmocka_unit_test(test_tls_write__300000_bytes__arrive_whole_then_bye),
		cmocka_unit_test(test_tls_bye__data_in_between__is_dropped),
		cmocka_unit_test(test_tls_bye__end_of_stream_instead__fails),
		cmocka_unit_test(test_tls_bye__endless_data__fails),
		cmocka_unit_test(test_tls_cork__data_and_bye__leave_together),
		cmocka_unit_test(test_tls_uncork__data_without_bye__leaves),
		cmocka_unit_test(test_tls_context_new_gate_side__bad_word__is_named),
		cmocka_unit_test(test_tls_context_new_gate_side__allows_nothing__is_refused),
		cmocka_unit_test(test_tls_context_new_claimant_side__garbage_key__is_refused),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
