/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Plays many Mandos clients at once against a server on loopback, in one thread, and counts.
 *
 *   load --clients-conf N          prints the sections of N clients for clients.conf
 *   load --port P [options]        fetches passwords and prints one line of JSON
 *   load --port P --hold STATE     brings --at-once connections into STATE (silent, greeted or
 *                                  waiting), says so, and holds them until standard input ends
 *
 * Bounds: CLIENTS_MAX, AT_ONCE_MAX, TOTAL_MAX; a connection that takes PATIENCE_USEC has failed.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <gnutls/gnutls.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/util.h"
#include "identities.h"
#include "lib/peer.h"

#define CLIENTS_MAX   100000
#define AT_ONCE_MAX   100000
#define TOTAL_MAX     10000000
#define SOURCES_MAX   65536
#define PATIENCE_USEC (60 * USEC_PER_SEC)
#define N_EVENTS      256

struct options {
	unsigned long port, clients, at_once, total, sources, secret_size;
	unsigned long clients_conf; /* print as many sections, and do nothing else; 0: no */
	enum test_peer_state hold;  /* TEST_PEER_DONE: do not hold */
};

struct slot {
	struct test_peer peer;
	size_t client;
	usec_t since;
	short watched;
};

struct load {
	struct options options;
	struct test_keys *keys;
	uint8_t *expected; /* secret of the connection that is looked at */
	struct slot *slots;
	int epoll;
	unsigned long n_started, n_good, n_failed, n_held, n_ended;
	uint32_t *latencies; /* us, of the good ones */
	const char *first_error;
};

static unsigned long number(const char *text, unsigned long max)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || n < 1 || n > max)
		errx(2, "not a number from 1 to %lu: %s", max, text);
	return n;
}

static enum test_peer_state hold_state(const char *word)
{
	if (strcmp(word, "silent") == 0)
		return TEST_PEER_GREETING;
	if (strcmp(word, "greeted") == 0)
		return TEST_PEER_HANDSHAKE;
	if (strcmp(word, "waiting") == 0)
		return TEST_PEER_RECEIVING;
	errx(2, "not a state to hold: %s", word);
}

static void print_base64(const uint8_t *data, size_t size)
{
	gnutls_datum_t raw = { .data = (uint8_t *)(uintptr_t)data, .size = (unsigned int)size };
	gnutls_datum_t text;

	if (gnutls_base64_encode2(&raw, &text) < 0)
		errx(1, "cannot encode a secret");
	for (unsigned int i = 0; i < text.size; i += 72)
		(void)printf("\n\t%.*s", (int)MIN_OF(text.size - i, 72U), text.data + i);
	gnutls_free(text.data);
}

static void print_clients_conf(unsigned long n, size_t secret_size)
{
	uint8_t *secret = malloc(secret_size);

	if (!secret)
		errx(1, "no memory");
	for (size_t i = 0; i < n; i++) {
		char id[KEY_ID_TEXT_SIZE];
		struct test_keys keys;

		if (!identity_keys(i, &keys))
			errx(1, "cannot make keys");
		key_id_format(&keys.id, id);
		identity_secret(i, secret, secret_size);
		(void)printf("[client-%05zu]\nhost = localhost\nkey_id = %s\nfingerprint = %.40s\n"
			     "secret =",
			     i, id, id);
		print_base64(secret, secret_size);
		(void)printf("\n\n");
		test_keys_free(&keys);
	}
	free(secret);
}

enum option_id {
	PORT = 1,
	CLIENTS,
	AT_ONCE,
	TOTAL,
	SOURCES,
	SECRET_SIZE,
	HOLD,
	CLIENTS_CONF
};

static void set_option(struct options *o, enum option_id id, const char *value)
{
	switch (id) {
	case PORT:
		o->port = number(value, 65535);
		break;
	case CLIENTS:
		o->clients = number(value, CLIENTS_MAX);
		break;
	case AT_ONCE:
		o->at_once = number(value, AT_ONCE_MAX);
		break;
	case TOTAL:
		o->total = number(value, TOTAL_MAX);
		break;
	case SOURCES:
		o->sources = number(value, SOURCES_MAX);
		break;
	case SECRET_SIZE:
		o->secret_size = number(value, IDENTITY_SECRET_MAX);
		break;
	case HOLD:
		o->hold = hold_state(value);
		break;
	case CLIENTS_CONF:
		o->clients_conf = number(value, CLIENTS_MAX);
		break;
	}
}

static void parse(int argc, char *argv[], struct options *ret)
{
	static const struct option names[] = {
		{ "port", required_argument, NULL, PORT },
		{ "clients", required_argument, NULL, CLIENTS },
		{ "at-once", required_argument, NULL, AT_ONCE },
		{ "total", required_argument, NULL, TOTAL },
		{ "sources", required_argument, NULL, SOURCES },
		{ "secret-size", required_argument, NULL, SECRET_SIZE },
		{ "hold", required_argument, NULL, HOLD },
		{ "clients-conf", required_argument, NULL, CLIENTS_CONF },
		{ 0 },
	};
	int c;

	*ret = (struct options){ .clients = 1,
				 .at_once = 1,
				 .total = 1,
				 .sources = 1,
				 .secret_size = IDENTITY_SECRET_SIZE,
				 .hold = TEST_PEER_DONE };
	while ((c = getopt_long(argc, argv, "", names, NULL)) >= 0) {
		if (c == '?')
			exit(2);
		set_option(ret, (enum option_id)c, optarg);
	}
	if (optind < argc || (!ret->port && !ret->clients_conf))
		errx(2, "usage: load --port PORT [--clients N] [--at-once N] [--total N] "
			"[--sources N] [--secret-size N] [--hold silent|greeted|waiting], "
			"or load --clients-conf N");
	if (ret->hold != TEST_PEER_DONE)
		ret->total = ret->at_once;
}

static void prepare(struct load *l)
{
	const struct options *o = &l->options;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	l->keys = calloc(o->clients, sizeof(*l->keys));
	l->slots = calloc(o->at_once, sizeof(*l->slots));
	l->latencies = calloc(o->total, sizeof(*l->latencies));
	l->expected = malloc(o->secret_size);
	if (l->epoll < 0 || !l->keys || !l->slots || !l->latencies || !l->expected)
		errx(1, "no memory");
	for (size_t i = 0; i < o->clients; i++) {
		if (!identity_keys(i, &l->keys[i]))
			errx(1, "cannot make keys");
	}
}

static void count_failure(struct load *l, const char *what)
{
	l->n_failed++;
	if (!l->first_error)
		l->first_error = what;
}

/* Whether the peer has got its secret, all of it, and nothing else. */
static bool is_right(struct load *l, const struct slot *slot)
{
	size_t size = l->options.secret_size;

	identity_secret(slot->client, l->expected, size);
	return slot->peer.n_data == size && memcmp(slot->peer.data, l->expected, size) == 0;
}

static void start(struct load *l, struct slot *slot)
{
	const struct sockaddr_in to = { .sin_family = AF_INET,
					.sin_port = htons((uint16_t)l->options.port),
					.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in from = { .sin_family = AF_INET };
	unsigned long n = l->n_started++;
	struct epoll_event event = { .events = EPOLLOUT, .data.ptr = slot };
	int r;

	/* 127.1.0.0 and on: none of the usual addresses. */
	from.sin_addr.s_addr = htonl(0x7f010000u + (uint32_t)(n % l->options.sources));
	slot->client = n % l->options.clients;
	slot->since = instant_now().boot;
	slot->watched = POLLOUT;
	r = test_peer_connect(&slot->peer, &l->keys[slot->client], (const struct sockaddr *)&to,
			      l->options.sources > 1 ? (struct sockaddr *)&from : NULL);
	slot->peer.stop_at = l->options.hold;
	if (r == 0 && epoll_ctl(l->epoll, EPOLL_CTL_ADD, slot->peer.fd, &event) < 0)
		r = -errno;
	if (r < 0)
		errx(1, "cannot connect: %s", strerror(-r));
}

/* The slot's connection is over; the next one takes its place. */
static void finish(struct load *l, struct slot *slot)
{
	l->n_ended++;
	test_peer_close(&slot->peer);
	if (l->n_started < l->options.total)
		start(l, slot);
}

static void watch(struct load *l, struct slot *slot)
{
	struct epoll_event event = { .events = (uint32_t)slot->peer.events, .data.ptr = slot };

	if (slot->peer.events == slot->watched)
		return;
	slot->watched = slot->peer.events;
	if (epoll_ctl(l->epoll, EPOLL_CTL_MOD, slot->peer.fd, &event) < 0)
		err(1, "cannot watch a connection");
}

static void step(struct load *l, struct slot *slot)
{
	enum test_peer_state state = test_peer_step(&slot->peer);

	if (state == l->options.hold && state != TEST_PEER_DONE) {
		/* A waiting one is stopped at the state, and nothing more is done about it. */
		(void)epoll_ctl(l->epoll, EPOLL_CTL_DEL, slot->peer.fd, NULL);
		l->n_held++;
		l->n_ended++;
	} else if (state == TEST_PEER_FAILED) {
		count_failure(l, slot->peer.error);
		finish(l, slot);
	} else if (state != TEST_PEER_DONE) {
		watch(l, slot);
	} else if (!is_right(l, slot)) {
		count_failure(l, "wrong secret");
		finish(l, slot);
	} else {
		l->latencies[l->n_good++] = (uint32_t)(instant_now().boot - slot->since);
		finish(l, slot);
	}
}

static void give_up_on_late_ones(struct load *l, usec_t now)
{
	for (size_t i = 0; i < l->options.at_once; i++) {
		struct slot *slot = &l->slots[i];

		if (slot->peer.fd < 0 || slot->peer.state == l->options.hold ||
		    usec_sub(now, slot->since) < PATIENCE_USEC)
			continue;
		count_failure(l, "no answer");
		finish(l, slot);
	}
}

static void run(struct load *l)
{
	struct epoll_event events[N_EVENTS];
	usec_t last_look = instant_now().boot;

	for (size_t i = 0; i < l->options.at_once; i++) {
		l->slots[i].peer.fd = -1;
		if (l->n_started < l->options.total)
			start(l, &l->slots[i]);
	}
	while (l->n_ended < l->options.total) {
		int n = epoll_wait(l->epoll, events, N_EVENTS, 1000);
		usec_t now = instant_now().boot;

		for (int i = 0; i < n; i++)
			step(l, events[i].data.ptr);
		if (now - last_look >= USEC_PER_SEC) {
			give_up_on_late_ones(l, now);
			last_look = now;
		}
	}
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static double percentile_ms(const struct load *l, unsigned int percent)
{
	if (l->n_good == 0)
		return 0;
	return l->latencies[(l->n_good - 1) * percent / 100] / 1e3;
}

static double own_cpu_usec(void)
{
	struct rusage u;

	(void)getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static void print_result(const struct load *l, double elapsed, double cpu_usec)
{
	qsort(l->latencies, l->n_good, sizeof(*l->latencies), compare);
	(void)printf("{\"good\": %lu, \"failed\": %lu, \"first_error\": \"%s\", \"seconds\": %.3f, "
		     "\"per_second\": %.1f, \"p50_ms\": %.2f, \"p90_ms\": %.2f, \"p99_ms\": %.2f, "
		     "\"max_ms\": %.2f, \"own_cpu_usec_each\": %.1f}\n",
		     l->n_good, l->n_failed, l->first_error ? l->first_error : "", elapsed,
		     (double)l->n_good / elapsed, percentile_ms(l, 50), percentile_ms(l, 90),
		     percentile_ms(l, 99), percentile_ms(l, 100),
		     l->n_good > 0 ? cpu_usec / (double)l->n_good : 0);
}

static void hold(const struct load *l)
{
	char byte;

	(void)printf("holding %lu, failed %lu%s%s\n", l->n_held, l->n_failed,
		     l->first_error ? ": " : "", l->first_error ? l->first_error : "");
	(void)fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
}

int main(int argc, char *argv[])
{
	static struct load load;
	double cpu_usec;
	usec_t began;

	parse(argc, argv, &load.options);
	if (load.options.clients_conf) {
		print_clients_conf(load.options.clients_conf, load.options.secret_size);
		return 0;
	}
	prepare(&load);
	began = instant_now().boot;
	cpu_usec = own_cpu_usec();
	run(&load);
	if (load.options.hold == TEST_PEER_DONE)
		print_result(&load, (double)(instant_now().boot - began) / 1e6,
			     own_cpu_usec() - cpu_usec);
	else
		hold(&load);
	/* The system takes back what is still open: closing ten thousand in order helps nobody. */
	return load.n_failed > 0;
}
