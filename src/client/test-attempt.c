/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An attempt against a server that the test plays, on loopback and in simulated time (CLI-CONN-5 to
 * -7, CLI-DISC-8, D5, D6). The server's side of TLS is the gate's, pumped in turn.
 */
#include "client/attempt.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"

#define START	  (1000 * USEC_PER_SEC)
#define TURNS_MAX 10000
#define POLL_MSEC 10000

/* Made for this test; the key of nobody. */
static const char privkey[] = "-----BEGIN PRIVATE KEY-----\n"
			      "MC4CAQAwBQYDK2VwBCIEIL6c8WbcrWRIk+W6Esu3BCtHP7vLZnEbZmWAGogEYgo0\n"
			      "-----END PRIVATE KEY-----\n";
static const char pubkey[] = "-----BEGIN PUBLIC KEY-----\n"
			     "MCowBQYDK2VwAyEAbcCoKn8zjVE580ASYZv2rMHfLTYjpOGwPjx7oKh06IE=\n"
			     "-----END PUBLIC KEY-----\n";

struct fixture {
	struct tls_context *claimant, *gate;
	struct peer server;
	int listener;
	int fd; /* the server's end */
	struct tls_session *session;
	struct attempt *attempt;
};

static int setup(void **state)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(sa);
	struct fixture *f = calloc(1, sizeof(*f));
	const char *error;

	*state = f;
	f->fd = -1;
	f->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(f->listener, (struct sockaddr *)&sa, size) < 0 || listen(f->listener, 4) < 0 ||
	    getsockname(f->listener, (struct sockaddr *)&sa, &size) < 0)
		return -1;
	f->server.family = PEER_IPV4;
	f->server.port = ntohs(sa.sin_port);
	memcpy(f->server.address, &sa.sin_addr, sizeof(sa.sin_addr));
	if (tls_context_new_gate_side(TLS_DEFAULT_PRIORITY, &f->gate, &error) < 0)
		return -1;
	return tls_context_new_claimant_side(TLS_DEFAULT_PRIORITY, pubkey, strlen(pubkey), privkey,
					     strlen(privkey), &f->claimant, &error);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	(void)attempt_free(f->attempt);
	(void)tls_session_free(f->session);
	(void)fd_close(f->fd);
	(void)fd_close(f->listener);
	(void)tls_context_free(f->claimant);
	(void)tls_context_free(f->gate);
	free(f);
	return 0;
}

static void wait_readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	assert_int_equal(poll(&p, 1, POLL_MSEC), 1);
}

/* Connected, greeted, and waiting for the handshake. */
static void connect_both(struct fixture *f)
{
	char greeting[8];

	f->attempt = attempt_new(f->claimant, &f->server);
	assert_non_null(f->attempt);
	assert_int_equal(attempt_step(f->attempt, START), ATTEMPT_GOING);
	wait_readable(f->listener);
	f->fd = accept4(f->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	assert_true(f->fd >= 0);
	assert_int_equal(attempt_step(f->attempt, START), ATTEMPT_GOING);
	wait_readable(f->fd);
	/* In one segment: all of it is there at once (CLI-CONN-5). */
	assert_int_equal(recv(f->fd, greeting, sizeof(greeting), 0), 3);
	assert_memory_equal(greeting, "1\r\n", 3);
	assert_int_equal(attempt_fd(f->attempt) >= 0, 1);
	assert_int_equal(attempt_events(f->attempt), POLLIN);
}

static void handshake_both(struct fixture *f)
{
	enum tls_status status = TLS_WANT_READ;

	connect_both(f);
	assert_int_equal(tls_session_new(f->gate, f->fd, &f->session), 0);
	for (int i = 0; i < TURNS_MAX && status != TLS_OK; i++) {
		status = tls_handshake(f->session);
		assert_int_not_equal(status, TLS_FAILED);
		assert_int_equal(attempt_step(f->attempt, START), ATTEMPT_GOING);
	}
	assert_int_equal(status, TLS_OK);
	/* The last flight of the handshake may still be on its way to the client. */
	for (int i = 0; i < TURNS_MAX && attempt_deadline(f->attempt) != USEC_NEVER; i++) {
		wait_readable(attempt_fd(f->attempt));
		assert_int_equal(attempt_step(f->attempt, START), ATTEMPT_GOING);
	}
	assert_int_equal(attempt_deadline(f->attempt), USEC_NEVER);
}

/* Sends @size bytes from the server's side while the client takes them. */
static enum attempt_result send_bytes(struct fixture *f, size_t size)
{
	enum attempt_result result = ATTEMPT_GOING;
	uint8_t data[1000];
	size_t n;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)i;
	while (size > 0 && result == ATTEMPT_GOING) {
		if (tls_write(f->session, data, MIN_OF(size, sizeof(data)), &n) == TLS_OK)
			size -= n;
		result = attempt_step(f->attempt, START);
	}
	return result;
}

static enum attempt_result step_until_over(struct fixture *f)
{
	enum attempt_result result = attempt_step(f->attempt, START);

	while (result == ATTEMPT_GOING) {
		wait_readable(attempt_fd(f->attempt));
		result = attempt_step(f->attempt, START);
	}
	assert_int_equal(attempt_events(f->attempt), 0);
	assert_int_equal(attempt_deadline(f->attempt), USEC_NEVER);
	return result;
}

static void test_attempt_step__message_and_bye__received(void **state)
{
	struct fixture *f = *state;
	const uint8_t *message;
	size_t size;

	handshake_both(f);
	assert_int_equal(send_bytes(f, 1500), ATTEMPT_GOING);
	assert_int_equal(tls_send_bye(f->session), TLS_OK);
	assert_int_equal(step_until_over(f), ATTEMPT_RECEIVED);
	message = attempt_message(f->attempt, &size);
	assert_int_equal(size, 1500);
	assert_int_equal(message[999], 999 & 0xff);
	assert_int_equal(message[1000], 0);
	/* It answers with its own close_notify (CLI-CONN-6). */
	wait_readable(f->fd);
	assert_int_equal(tls_bye(f->session), TLS_OK);
}

static void test_attempt_step__bye_without_a_byte__refused(void **state)
{
	struct fixture *f = *state;

	handshake_both(f);
	assert_int_equal(tls_send_bye(f->session), TLS_OK);
	assert_int_equal(step_until_over(f), ATTEMPT_REFUSED);
}

static void test_attempt_step__end_without_bye__failed(void **state)
{
	struct fixture *f = *state;

	handshake_both(f);
	(void)send_bytes(f, 100);
	f->fd = fd_close(f->fd);
	assert_int_equal(step_until_over(f), ATTEMPT_FAILED);
	assert_false(attempt_is_quiet(f->attempt));
}

static void test_attempt_step__message_at_the_bound__received(void **state)
{
	struct fixture *f = *state;
	size_t size;

	handshake_both(f);
	assert_int_equal(send_bytes(f, ATTEMPT_MESSAGE_MAX), ATTEMPT_GOING);
	assert_int_equal(tls_send_bye(f->session), TLS_OK);
	assert_int_equal(step_until_over(f), ATTEMPT_RECEIVED);
	(void)attempt_message(f->attempt, &size);
	assert_int_equal(size, ATTEMPT_MESSAGE_MAX);
}

static void test_attempt_step__message_beyond_the_bound__failed_at_once(void **state)
{
	struct fixture *f = *state;

	handshake_both(f);
	(void)send_bytes(f, ATTEMPT_MESSAGE_MAX + 1);
	assert_int_equal(step_until_over(f), ATTEMPT_FAILED);
	assert_non_null(strstr(attempt_error_text(f->attempt), "65536"));
}

static void test_attempt_step__garbage_for_a_handshake__failed_quietly(void **state)
{
	struct fixture *f = *state;

	connect_both(f);
	assert_int_equal(send(f->fd, "HTTP/1.1 400 Bad Request\r\n\r\n", 28, 0), 28);
	assert_int_equal(step_until_over(f), ATTEMPT_FAILED);
	assert_true(attempt_is_quiet(f->attempt));
	assert_non_null(strstr(attempt_error_text(f->attempt), "handshake"));
}

static void test_attempt_step__nobody_listens__failed_quietly(void **state)
{
	struct fixture *f = *state;
	struct pollfd p;

	f->listener = fd_close(f->listener);
	f->attempt = attempt_new(f->claimant, &f->server);
	if (attempt_step(f->attempt, START) == ATTEMPT_GOING) {
		p = (struct pollfd){ .fd = attempt_fd(f->attempt),
				     .events = attempt_events(f->attempt) };
		assert_int_equal(poll(&p, 1, POLL_MSEC), 1);
	}
	assert_int_equal(attempt_step(f->attempt, START), ATTEMPT_FAILED);
	assert_true(attempt_is_quiet(f->attempt));
}

static void test_attempt_step__link_local_without_scope__failed(void **state)
{
	struct fixture *f = *state;
	const struct peer link_local = { .family = PEER_IPV6,
					 .address = { 0xfe, 0x80, [15] = 1 },
					 .port = 1 };

	f->attempt = attempt_new(f->claimant, &link_local);
	assert_int_equal(attempt_step(f->attempt, START), ATTEMPT_FAILED);
	assert_non_null(strstr(attempt_error_text(f->attempt), "--interface"));
}

/* A listener whose queue is full does not answer: the kernel drops what it cannot keep. */
static void test_attempt_step__connection_unanswered__failed_at_the_deadline(void **state)
{
	struct fixture *f = *state;
	int fillers[8];

	assert_int_equal(listen(f->listener, 0), 0);
	for (size_t i = 0; i < ARRAY_SIZE(fillers); i++) {
		struct sockaddr_in sa = { .sin_family = AF_INET,
					  .sin_port = htons(f->server.port) };

		memcpy(&sa.sin_addr, f->server.address, sizeof(sa.sin_addr));
		fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		(void)connect(fillers[i], (struct sockaddr *)&sa, sizeof(sa));
	}
	f->attempt = attempt_new(f->claimant, &f->server);
	assert_int_equal(attempt_step(f->attempt, START), ATTEMPT_GOING);
	assert_int_equal(attempt_deadline(f->attempt), START + ATTEMPT_CONNECT_USEC);
	assert_int_equal(attempt_events(f->attempt), POLLOUT);
	assert_int_equal(attempt_step(f->attempt, START + ATTEMPT_CONNECT_USEC - 1), ATTEMPT_GOING);
	assert_int_equal(attempt_step(f->attempt, START + ATTEMPT_CONNECT_USEC), ATTEMPT_FAILED);
	for (size_t i = 0; i < ARRAY_SIZE(fillers); i++)
		(void)fd_close(fillers[i]);
}

static void test_attempt_step__silent_after_accepting__failed_at_the_deadline(void **state)
{
	struct fixture *f = *state;

	connect_both(f);
	assert_int_equal(attempt_deadline(f->attempt), START + ATTEMPT_HANDSHAKE_USEC);
	assert_int_equal(attempt_step(f->attempt, START + ATTEMPT_HANDSHAKE_USEC - 1),
			 ATTEMPT_GOING);
	assert_int_equal(attempt_step(f->attempt, START + ATTEMPT_HANDSHAKE_USEC), ATTEMPT_FAILED);
	assert_non_null(strstr(attempt_error_text(f->attempt), "timed out"));
	assert_false(attempt_is_quiet(f->attempt));
}

static void test_attempt_step__approval_takes_a_day__still_received(void **state)
{
	struct fixture *f = *state;
	const usec_t tomorrow = START + 86400 * USEC_PER_SEC;
	int keepalive = 0;
	socklen_t size = sizeof(keepalive);
	size_t n;

	handshake_both(f);
	assert_int_equal(getsockopt(attempt_fd(f->attempt), SOL_SOCKET, SO_KEEPALIVE, &keepalive,
				    &size),
			 0);
	assert_true(keepalive);
	assert_int_equal(attempt_step(f->attempt, tomorrow), ATTEMPT_GOING);
	assert_int_equal(tls_write(f->session, "x", 1, &n), TLS_OK);
	wait_readable(attempt_fd(f->attempt));
	assert_int_equal(attempt_step(f->attempt, tomorrow), ATTEMPT_GOING);
	assert_int_equal(attempt_deadline(f->attempt), tomorrow + ATTEMPT_RECEIVE_USEC);
	assert_int_equal(tls_send_bye(f->session), TLS_OK);
	wait_readable(attempt_fd(f->attempt));
	assert_int_equal(attempt_step(f->attempt, tomorrow), ATTEMPT_RECEIVED);
}

static void test_attempt_step__trickle__failed_at_the_deadline(void **state)
{
	struct fixture *f = *state;
	usec_t now = START;
	enum attempt_result result = ATTEMPT_GOING;
	size_t n;

	handshake_both(f);
	while (result == ATTEMPT_GOING && now < START + 2 * ATTEMPT_RECEIVE_USEC) {
		assert_int_equal(tls_write(f->session, "x", 1, &n), TLS_OK);
		wait_readable(attempt_fd(f->attempt));
		result = attempt_step(f->attempt, now);
		now += USEC_PER_SEC;
	}
	assert_int_equal(result, ATTEMPT_FAILED);
	assert_int_equal(now, START + ATTEMPT_RECEIVE_USEC + USEC_PER_SEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(test_attempt_step__message_and_bye__received),
		TEST(test_attempt_step__bye_without_a_byte__refused),
		TEST(test_attempt_step__end_without_bye__failed),
		TEST(test_attempt_step__message_at_the_bound__received),
		TEST(test_attempt_step__message_beyond_the_bound__failed_at_once),
		TEST(test_attempt_step__garbage_for_a_handshake__failed_quietly),
		TEST(test_attempt_step__nobody_listens__failed_quietly),
		TEST(test_attempt_step__link_local_without_scope__failed),
		TEST(test_attempt_step__connection_unanswered__failed_at_the_deadline),
		TEST(test_attempt_step__silent_after_accepting__failed_at_the_deadline),
		TEST(test_attempt_step__approval_takes_a_day__still_received),
		TEST(test_attempt_step__trickle__failed_at_the_deadline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
