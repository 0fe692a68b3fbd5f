/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The real mandos-gate between a scripted core and scripted peers: the protocol, stage by stage. */
#include <errno.h>
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/util.h"
#include "lib/fake-core.h"
#include "lib/peer.h"
#include "wire/hello.h"

/* How long anything that must happen may take on a busy machine. */
#define LIMIT (20 * USEC_PER_SEC)
/* A deadline of the gate that a test wants to see pass. */
#define SHORT (150 * USEC_PER_MSEC)
#define BIG   300000

static struct test_keys keys;
static struct fake_core core;
static struct test_peer peer;
static struct gate_msg msg;

static int group_setup(void **state)
{
	return test_keys_new(&keys) ? 0 : -1;
}

static int group_teardown(void **state)
{
	test_keys_free(&keys);
	return 0;
}

static int setup_unconfigured(void **state)
{
	peer = (struct test_peer){ .fd = -1 };
	return fake_core_open(&core);
}

static int start(struct gate_config config)
{
	if (setup_unconfigured(NULL) < 0)
		return -1;
	return fake_core_configure(&core, &config, LIMIT) ? 0 : -1;
}

static int setup(void **state)
{
	return start(fake_core_config());
}

static int setup_short(void **state)
{
	struct gate_config config = fake_core_config();

	config.hello_usec = SHORT;
	config.handshake_usec = 2 * SHORT;
	config.send_usec = SHORT;
	config.bye_usec = SHORT;
	return start(config);
}

/* Whatever a test did to it, a gate ends well when its channel closes. */
static int teardown(void **state)
{
	test_peer_close(&peer);
	return fake_core_close(&core, LIMIT) == 0 ? 0 : -1;
}

/* For tests that saw the gate end. */
static int teardown_ended(void **state)
{
	test_peer_close(&peer);
	(void)fake_core_close(&core, LIMIT);
	return 0;
}

static void connect_peer(void)
{
	assert_int_equal(test_peer_connect(&peer, &keys, (struct sockaddr *)&core.address, NULL),
			 0);
	assert_int_equal(test_peer_run(&peer, TEST_PEER_GREETING, LIMIT), TEST_PEER_GREETING);
}

static void expect_event(enum gate_event kind)
{
	assert_true(fake_core_expect_event(&core, kind, &msg, LIMIT));
}

static void expect_closed_without_a_byte(void)
{
	size_t n;

	assert_true(test_peer_wait_closed(&peer, LIMIT, &n));
	assert_int_equal(n, 0);
}

/* Up to CLAIM; returns the session. */
static uint64_t claim(void)
{
	if (peer.fd < 0)
		connect_peer();
	assert_int_equal(test_peer_run(&peer, TEST_PEER_RECEIVING, LIMIT), TEST_PEER_RECEIVING);
	assert_true(fake_core_expect(&core, GATE_MSG_CLAIM, &msg, LIMIT));
	assert_memory_equal(&msg.claim.key_id, &keys.id, sizeof(keys.id));
	return msg.session;
}

static void answer(enum gate_msg_type type, uint64_t session)
{
	struct gate_msg m = { .type = type, .session = session };

	assert_true(fake_core_send(&core, &m));
}

/* The gate still serves: what happened before has cost nobody anything (SRV-NET-7). */
static void expect_next_client_served(void)
{
	uint64_t session;

	test_peer_close(&peer);
	session = claim();
	assert_true(fake_core_give(&core, session, "password", 8));
	assert_int_equal(test_peer_run(&peer, TEST_PEER_DONE, LIMIT), TEST_PEER_DONE);
	assert_int_equal(peer.n_data, 8);
	assert_memory_equal(peer.data, "password", 8);
	assert_true(fake_core_expect(&core, GATE_MSG_SENT, &msg, LIMIT));
	assert_int_equal(msg.session, session);
}

/* SRV-PROTO-11, SRV-PROTO-25, SRV-PROTO-26 */
static void test_gate__honest_client__gets_its_secret(void **state)
{
	expect_next_client_served();
	expect_next_client_served();
}

/* SRV-PROTO-26 */
static void test_gate__secret_of_300000_bytes__arrives_whole(void **state)
{
	static uint8_t secret[BIG];
	uint64_t session = claim();

	for (size_t i = 0; i < BIG; i++)
		secret[i] = (uint8_t)(i * 7 >> 2);
	assert_true(fake_core_give(&core, session, secret, BIG));
	assert_int_equal(test_peer_run(&peer, TEST_PEER_DONE, LIMIT), TEST_PEER_DONE);
	assert_int_equal(peer.n_data, BIG);
	assert_memory_equal(peer.data, secret, BIG);
	assert_true(fake_core_expect(&core, GATE_MSG_SENT, &msg, LIMIT));
}

/* SRV-PROTO-26 */
static void test_gate__empty_secret__is_an_orderly_close_and_sent(void **state)
{
	uint64_t session = claim();

	assert_true(fake_core_give(&core, session, "", 0));
	assert_int_equal(test_peer_run(&peer, TEST_PEER_DONE, LIMIT), TEST_PEER_DONE);
	assert_int_equal(peer.n_data, 0);
	assert_true(fake_core_expect(&core, GATE_MSG_SENT, &msg, LIMIT));
}

static void test_gate__wait_then_give__serves(void **state)
{
	uint64_t session = claim();

	answer(GATE_MSG_WAIT, session);
	assert_true(fake_core_give(&core, session, "late", 4));
	assert_int_equal(test_peer_run(&peer, TEST_PEER_DONE, LIMIT), TEST_PEER_DONE);
	assert_int_equal(peer.n_data, 4);
}

/* SRV-PROTO-20 to SRV-PROTO-23, SRV-PROTO-28 */
static void test_gate__refuse__closes_in_an_orderly_way(void **state)
{
	uint64_t session = claim();

	answer(GATE_MSG_REFUSE, session);
	assert_int_equal(test_peer_run(&peer, TEST_PEER_DONE, LIMIT), TEST_PEER_DONE);
	assert_int_equal(peer.n_data, 0);
	assert_true(fake_core_expect(&core, GATE_MSG_GONE, &msg, LIMIT));
	assert_int_equal(msg.session, session);
	assert_int_equal(msg.end.reason, GATE_END_REFUSED);
	expect_closed_without_a_byte();
}

/* SRV-PROTO-5, SRV-PROTO-28: the peer never answers our close_notify. */
static void test_gate__refused_peer_does_not_close__deadline(void **state)
{
	uint64_t session = claim();

	answer(GATE_MSG_REFUSE, session);
	expect_event(GATE_EVENT_BYE_FAILED);
	assert_true(fake_core_expect(&core, GATE_MSG_GONE, &msg, LIMIT));
	assert_int_equal(msg.end.reason, GATE_END_REFUSED);
}

/* SRV-PROTO-1, SRV-PROTO-2 */
static void test_gate__bad_greetings__are_closed_without_a_byte(void **state)
{
	static const char *const bad[] = { "2\r\n", "x\n", "\r\n", "GET / HTTP/1.0\r\n", "\n" };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		connect_peer();
		assert_true(test_peer_send(&peer, bad[i], strlen(bad[i])));
		expect_closed_without_a_byte();
		expect_event(GATE_EVENT_BAD_GREETING);
		test_peer_close(&peer);
	}
	expect_next_client_served();
}

/* SRV-PROTO-5 */
static void test_gate__line_without_end__is_closed_at_the_bound(void **state)
{
	char line[HELLO_LINE_MAX];

	memset(line, ' ', sizeof(line));
	connect_peer();
	assert_true(test_peer_send(&peer, line, sizeof(line)));
	expect_event(GATE_EVENT_BAD_GREETING);
	expect_closed_without_a_byte();
}

/* SRV-PROTO-1: longest line that is good. */
static void test_gate__line_of_the_bound__is_taken(void **state)
{
	char line[HELLO_LINE_MAX];

	memset(line, ' ', sizeof(line));
	line[0] = '1';
	line[sizeof(line) - 1] = '\n';
	connect_peer();
	assert_true(test_peer_send(&peer, line, sizeof(line)));
	expect_event(GATE_EVENT_GREETING);
}

/* SRV-PROTO-1, SRV-PROTO-5 */
static void test_gate__one_byte_at_a_time__is_served(void **state)
{
	struct pollfd pfd = { .events = POLLIN };

	connect_peer();
	for (const char *c = " 1 future"; *c; c++) {
		assert_true(test_peer_send(&peer, c, 1));
		/* Nothing may come before the line is whole. */
		pfd.fd = peer.fd;
		assert_int_equal(poll(&pfd, 1, 1), 0);
	}
	assert_true(test_peer_send(&peer, "\n", 1));
	expect_event(GATE_EVENT_GREETING);
	assert_int_equal(msg.event.detail_size, 9);
	assert_memory_equal(msg.event.detail, " 1 future", 9);
	assert_int_equal(poll(&pfd, 1, (int)(LIMIT / USEC_PER_MSEC)), 1);
}

/* SRV-PROTO-3 */
static void test_gate__half_close_after_version__fails_in_handshake(void **state)
{
	connect_peer();
	assert_true(test_peer_send(&peer, "1", 1));
	assert_int_equal(shutdown(peer.fd, SHUT_WR), 0);
	expect_event(GATE_EVENT_GREETING);
	expect_event(GATE_EVENT_HANDSHAKE_FAILED);
	assert_true(test_peer_wait_closed(&peer, LIMIT, NULL));
}

static void test_gate__closed_before_greeting__is_bad(void **state)
{
	connect_peer();
	test_peer_close(&peer);
	expect_event(GATE_EVENT_BAD_GREETING);
	expect_next_client_served();
}

static void test_gate__closed_after_greeting__fails_in_handshake(void **state)
{
	connect_peer();
	assert_true(test_peer_send(&peer, "1\r\n", 3));
	expect_event(GATE_EVENT_GREETING);
	test_peer_close(&peer);
	expect_event(GATE_EVENT_HANDSHAKE_FAILED);
	expect_next_client_served();
}

static void test_gate__closed_within_a_record__fails_in_handshake(void **state)
{
	connect_peer();
	assert_true(test_peer_send(&peer, "1\r\n", 3));
	expect_event(GATE_EVENT_GREETING);
	assert_true(test_peer_send(&peer, "\x16\x03\x03\x00\x7a\x02", 6));
	test_peer_close(&peer);
	expect_event(GATE_EVENT_HANDSHAKE_FAILED);
	expect_next_client_served();
}

/* SRV-PROTO-10 */
static void test_gate__garbage_instead_of_tls__is_closed(void **state)
{
	connect_peer();
	assert_true(test_peer_send(&peer, "1\r\n", 3));
	expect_event(GATE_EVENT_GREETING);
	assert_true(test_peer_send(&peer, "HTTP/1.1 400 Bad Request\r\n\r\n", 28));
	expect_event(GATE_EVENT_HANDSHAKE_FAILED);
	assert_true(test_peer_wait_closed(&peer, LIMIT, NULL));
	expect_next_client_served();
}

/* SRV-PROTO-4: what comes ahead of the ClientHello is never interpreted. */
static void test_gate__bytes_behind_the_greeting__do_no_harm(void **state)
{
	char flood[4096];

	memset(flood, 0x16, sizeof(flood));
	memcpy(flood, "1\r\n", 3);
	connect_peer();
	assert_true(test_peer_send(&peer, flood, sizeof(flood)));
	expect_event(GATE_EVENT_HANDSHAKE_FAILED);
	assert_true(test_peer_wait_closed(&peer, LIMIT, NULL));
	expect_next_client_served();
}

/* SRV-PROTO-5 */
static void test_gate__silence__ends_at_the_greeting_deadline(void **state)
{
	connect_peer();
	expect_event(GATE_EVENT_DEADLINE);
	assert_memory_equal(msg.event.detail, "greeting", 8);
	expect_closed_without_a_byte();
}

/* SRV-PROTO-5: one byte now and then buys no time. */
static void test_gate__slow_greeting__ends_at_the_greeting_deadline(void **state)
{
	struct pollfd pfd = { .events = POLLIN };
	int n = 0;

	connect_peer();
	pfd.fd = peer.fd;
	for (int i = 0; i < 1000 && n == 0; i++) {
		(void)test_peer_send(&peer, i % 40 == 0 ? " " : "", i % 40 == 0);
		n = poll(&pfd, 1, 2);
	}
	expect_event(GATE_EVENT_DEADLINE);
}

/* SRV-PROTO-5 */
static void test_gate__silence_in_handshake__ends_at_its_deadline(void **state)
{
	connect_peer();
	assert_true(test_peer_send(&peer, "1\n", 2));
	expect_event(GATE_EVENT_DEADLINE);
	assert_memory_equal(msg.event.detail, "handshake", 9);
	assert_true(test_peer_wait_closed(&peer, LIMIT, NULL));
}

/* SRV-PROTO-5: waiting for approval has no deadline of the gate's. */
static void test_gate__waiting__outlasts_all_deadlines(void **state)
{
	uint64_t session = claim();

	answer(GATE_MSG_WAIT, session);
	/* Nothing must come; longer than all deadlines together. */
	assert_false(fake_core_expect(&core, GATE_MSG_GONE, &msg, 6 * SHORT));
	assert_true(fake_core_give(&core, session, "x", 1));
	assert_int_equal(test_peer_run(&peer, TEST_PEER_DONE, LIMIT), TEST_PEER_DONE);
}

static void expect_gone(uint64_t session, enum gate_end_reason reason)
{
	assert_true(fake_core_expect(&core, GATE_MSG_GONE, &msg, LIMIT));
	assert_int_equal(msg.session, session);
	assert_int_equal(msg.end.reason, reason);
}

static void test_gate__peer_drops_while_waiting__gone_at_once(void **state)
{
	uint64_t session = claim();

	answer(GATE_MSG_WAIT, session);
	test_peer_close(&peer);
	expect_gone(session, GATE_END_ERROR);
	expect_next_client_served();
}

static void test_gate__peer_closes_orderly_before_answer__gone(void **state)
{
	uint64_t session = claim();

	assert_int_equal(tls_send_bye(peer.tls), TLS_OK);
	expect_gone(session, GATE_END_CLOSED);
	/* It crosses GONE on the way: late, and no violation. */
	answer(GATE_MSG_REFUSE, session);
	expect_next_client_served();
}

/* SRV-PROTO-30 */
static void test_gate__peer_sends_data_while_waiting__gone(void **state)
{
	uint64_t session = claim();
	size_t n;

	answer(GATE_MSG_WAIT, session);
	assert_int_equal(tls_write(peer.tls, "hello?", 6, &n), TLS_OK);
	expect_gone(session, GATE_END_ERROR);
	expect_next_client_served();
}

/* The kernel would otherwise take a whole secret off the gate's hands. Accepted sockets inherit it.
 */
static void use_small_send_buffers(void)
{
	const int small = 4096;

	assert_int_equal(setsockopt(core.listening, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)),
			 0);
}

/* SRV-PROTO-24 */
static void test_gate__peer_drops_mid_send__failed(void **state)
{
	static const uint8_t secret[GATE_SECRET_MAX];
	uint64_t session;

	use_small_send_buffers();
	session = claim();
	assert_true(fake_core_give(&core, session, secret, sizeof(secret)));
	test_peer_close(&peer);
	assert_true(fake_core_expect(&core, GATE_MSG_FAILED, &msg, LIMIT));
	assert_int_equal(msg.session, session);
	assert_int_equal(msg.end.reason, GATE_END_ERROR);
	expect_next_client_served();
}

/* SRV-PROTO-5, SRV-PROTO-24 */
static void test_gate__peer_takes_nothing__send_deadline(void **state)
{
	static const uint8_t secret[GATE_SECRET_MAX];
	uint64_t session;

	use_small_send_buffers();
	session = claim();
	assert_true(fake_core_give(&core, session, secret, sizeof(secret)));
	assert_true(fake_core_expect(&core, GATE_MSG_FAILED, &msg, LIMIT));
	assert_int_equal(msg.session, session);
	assert_int_equal(msg.end.reason, GATE_END_DEADLINE);
	expect_next_client_served();
}

/* SRV-PROTO-10, SRV-PROTO-12: a TLS server with a certificate. */
static int handshake_with_x509(void)
{
	gnutls_certificate_credentials_t credentials;
	gnutls_x509_crt_t crt;
	gnutls_x509_privkey_t key;
	gnutls_session_t session;
	gnutls_datum_t pem = { .data = (unsigned char *)keys.privkey_pem,
			       .size = (unsigned int)keys.privkey_size };
	int r;

	assert_int_equal(gnutls_x509_privkey_init(&key), 0);
	assert_int_equal(gnutls_x509_privkey_import(key, &pem, GNUTLS_X509_FMT_PEM), 0);
	assert_int_equal(gnutls_x509_crt_init(&crt), 0);
	gnutls_x509_crt_set_version(crt, 3);
	gnutls_x509_crt_set_serial(crt, "\1", 1);
	gnutls_x509_crt_set_activation_time(crt, 0);
	gnutls_x509_crt_set_expiration_time(crt, INT32_MAX);
	gnutls_x509_crt_set_key(crt, key);
	assert_int_equal(gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA512, 0), 0);
	gnutls_certificate_allocate_credentials(&credentials);
	assert_int_equal(gnutls_certificate_set_x509_key(credentials, &crt, 1, key), 0);
	gnutls_init(&session, GNUTLS_SERVER | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL);
	gnutls_set_default_priority(session);
	gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials);
	gnutls_transport_set_int(session, peer.fd);
	while ((r = gnutls_handshake(session)) == GNUTLS_E_AGAIN) {
		struct pollfd pfd = {
			.fd = peer.fd,
			.events = gnutls_record_get_direction(session) ? POLLOUT : POLLIN,
		};

		assert_int_equal(poll(&pfd, 1, (int)(LIMIT / USEC_PER_MSEC)), 1);
	}
	gnutls_deinit(session);
	gnutls_certificate_free_credentials(credentials);
	gnutls_x509_crt_deinit(crt);
	gnutls_x509_privkey_deinit(key);
	return r;
}

/* SRV-PROTO-10 */
static void test_gate__x509_certificate__fails_in_handshake(void **state)
{
	connect_peer();
	assert_true(test_peer_send(&peer, "1\r\n", 3));
	(void)handshake_with_x509();
	expect_event(GATE_EVENT_HANDSHAKE_FAILED);
	assert_true(test_peer_wait_closed(&peer, LIMIT, NULL));
	expect_next_client_served();
}

static int setup_x509_allowed(void **state)
{
	struct gate_config config = fake_core_config();

	strcpy(config.priority, "NORMAL");
	return start(config);
}

/* SRV-PROTO-12: no CLAIM, and an orderly close. */
static void test_gate__x509_certificate_allowed__is_a_bad_key(void **state)
{
	size_t n;

	connect_peer();
	assert_true(test_peer_send(&peer, "1\r\n", 3));
	assert_int_equal(handshake_with_x509(), GNUTLS_E_SUCCESS);
	expect_event(GATE_EVENT_BAD_KEY);
	/* The alert is there, and then nothing until the peer closes. */
	assert_int_equal(shutdown(peer.fd, SHUT_WR), 0);
	assert_true(test_peer_wait_closed(&peer, LIMIT, &n));
	assert_true(n > 0);
}

/* The core is not believed either: each of these ends the gate with 70. */
static void expect_violation(void)
{
	assert_int_equal(fake_core_wait_exit(&core, LIMIT), 70);
}

static void test_gate__message_before_config__ends_it(void **state)
{
	answer(GATE_MSG_REFUSE, 1);
	expect_violation();
}

static void test_gate__second_config__ends_it(void **state)
{
	struct gate_msg m = { .type = GATE_MSG_CONFIG, .config = fake_core_config() };

	assert_true(fake_core_send(&core, &m));
	expect_violation();
}

static void test_gate__answer_for_a_session_never_used__ends_it(void **state)
{
	answer(GATE_MSG_WAIT, 1);
	expect_violation();
}

static void test_gate__wrong_direction__ends_it(void **state)
{
	uint64_t session = claim();

	answer(GATE_MSG_SENT, session);
	expect_violation();
}

static void give_part(uint64_t session, uint32_t total, uint32_t offset, size_t size)
{
	static const uint8_t zeros[64];
	struct gate_msg m = {
		.type = GATE_MSG_GIVE,
		.session = session,
		.give = { total, offset, zeros, size },
	};

	assert_true(fake_core_send(&core, &m));
}

/* SRV-APR-9: nothing of a secret leaves before the core has given all of it. */
static void test_gate__refuse_within_give__sends_nothing(void **state)
{
	uint64_t session = claim();

	give_part(session, 64, 0, 32);
	answer(GATE_MSG_REFUSE, session);
	assert_int_equal(test_peer_run(&peer, TEST_PEER_DONE, LIMIT), TEST_PEER_DONE);
	assert_int_equal(peer.n_data, 0);
	expect_gone(session, GATE_END_REFUSED);
}

static void test_gate__give_after_refuse__ends_it(void **state)
{
	uint64_t session = claim();

	answer(GATE_MSG_REFUSE, session);
	give_part(session, 32, 0, 32);
	expect_violation();
}

static void test_gate__gap_in_give__ends_it(void **state)
{
	uint64_t session = claim();

	give_part(session, 64, 0, 16);
	give_part(session, 64, 32, 16);
	expect_violation();
}

static void test_gate__size_changes_within_give__ends_it(void **state)
{
	uint64_t session = claim();

	give_part(session, 64, 0, 16);
	give_part(session, 48, 16, 16);
	expect_violation();
}

static void test_gate__garbage_on_the_channel__ends_it(void **state)
{
	assert_int_equal(send(core.channel, "\xff\xff", 2, MSG_NOSIGNAL), 2);
	expect_violation();
}

/* SRV-CONF-6 */
static void test_gate__bad_priority__names_it_and_ends(void **state)
{
	struct gate_msg m = { .type = GATE_MSG_CONFIG, .config = fake_core_config() };

	strcpy(m.config.priority, "SECURE128:+NONSENSE");
	assert_true(fake_core_send(&core, &m));
	assert_true(fake_core_expect(&core, GATE_MSG_READY, &msg, LIMIT));
	assert_false(msg.ready.ok);
	assert_int_equal(msg.ready.detail_size, strlen("+NONSENSE"));
	assert_memory_equal(msg.ready.detail, "+NONSENSE", msg.ready.detail_size);
	assert_int_equal(fake_core_wait_exit(&core, LIMIT), 78);
}

static void test_gate__channel_ends__connections_end(void **state)
{
	(void)claim();
	assert_int_equal(fake_core_close(&core, LIMIT), 0);
	assert_true(test_peer_wait_closed(&peer, LIMIT, NULL));
}

#define T(name, with)	 cmocka_unit_test_setup_teardown(name, with, teardown)
#define ENDS(name, with) cmocka_unit_test_setup_teardown(name, with, teardown_ended)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_gate__honest_client__gets_its_secret, setup),
		T(test_gate__secret_of_300000_bytes__arrives_whole, setup),
		T(test_gate__empty_secret__is_an_orderly_close_and_sent, setup),
		T(test_gate__wait_then_give__serves, setup),
		T(test_gate__refuse__closes_in_an_orderly_way, setup),
		T(test_gate__refused_peer_does_not_close__deadline, setup_short),
		T(test_gate__bad_greetings__are_closed_without_a_byte, setup),
		T(test_gate__line_without_end__is_closed_at_the_bound, setup),
		T(test_gate__line_of_the_bound__is_taken, setup),
		T(test_gate__one_byte_at_a_time__is_served, setup),
		T(test_gate__half_close_after_version__fails_in_handshake, setup),
		T(test_gate__closed_before_greeting__is_bad, setup),
		T(test_gate__closed_after_greeting__fails_in_handshake, setup),
		T(test_gate__closed_within_a_record__fails_in_handshake, setup),
		T(test_gate__garbage_instead_of_tls__is_closed, setup),
		T(test_gate__bytes_behind_the_greeting__do_no_harm, setup),
		T(test_gate__silence__ends_at_the_greeting_deadline, setup_short),
		T(test_gate__slow_greeting__ends_at_the_greeting_deadline, setup_short),
		T(test_gate__silence_in_handshake__ends_at_its_deadline, setup_short),
		T(test_gate__waiting__outlasts_all_deadlines, setup_short),
		T(test_gate__peer_drops_while_waiting__gone_at_once, setup),
		T(test_gate__peer_closes_orderly_before_answer__gone, setup),
		T(test_gate__peer_sends_data_while_waiting__gone, setup),
		T(test_gate__peer_drops_mid_send__failed, setup),
		T(test_gate__peer_takes_nothing__send_deadline, setup_short),
		T(test_gate__x509_certificate__fails_in_handshake, setup),
		T(test_gate__x509_certificate_allowed__is_a_bad_key, setup_x509_allowed),
		ENDS(test_gate__message_before_config__ends_it, setup_unconfigured),
		ENDS(test_gate__second_config__ends_it, setup),
		ENDS(test_gate__answer_for_a_session_never_used__ends_it, setup),
		ENDS(test_gate__wrong_direction__ends_it, setup),
		T(test_gate__refuse_within_give__sends_nothing, setup),
		ENDS(test_gate__give_after_refuse__ends_it, setup),
		ENDS(test_gate__gap_in_give__ends_it, setup),
		ENDS(test_gate__size_changes_within_give__ends_it, setup),
		ENDS(test_gate__garbage_on_the_channel__ends_it, setup),
		ENDS(test_gate__bad_priority__names_it_and_ends, setup_unconfigured),
		ENDS(test_gate__channel_ends__connections_end, setup),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
