/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SRV-NET-7, W-04, W-56: mandos-gate under floods, at its limits, and beside a slow core. */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/util.h"
#include "lib/fake-core.h"
#include "lib/peer.h"

#define LIMIT	 (20 * USEC_PER_SEC)
#define N_SILENT 5000
#define MAX	 200

/* Per connection, resident; the design's bounds (architecture, and 16 KiB for GnuTLS). */
#define SILENT_BYTES_MAX  2048
#define WAITING_BYTES_MAX (16 * 1024)

static struct test_keys keys;
static struct fake_core core;
static struct gate_msg msg;
static struct test_peer peers[N_SILENT];

static int group_setup(void **state)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -1;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	return test_keys_new(&keys) ? 0 : -1;
}

static int group_teardown(void **state)
{
	test_keys_free(&keys);
	return 0;
}

static int start(const struct gate_config *config)
{
	for (size_t i = 0; i < ARRAY_SIZE(peers); i++)
		peers[i] = (struct test_peer){ .fd = -1 };
	if (fake_core_open(&core) < 0)
		return -1;
	return fake_core_configure(&core, config, LIMIT) ? 0 : -1;
}

static int setup_roomy(void **state)
{
	struct gate_config config = fake_core_config();

	config.max_connections = config.max_per_source = 2 * N_SILENT;
	config.log_threshold = LOG_LEVEL_WARNING;
	return start(&config);
}

static int setup_tight(void **state)
{
	struct gate_config config = fake_core_config();

	config.max_connections = MAX;
	config.max_per_source = MAX;
	config.log_threshold = LOG_LEVEL_WARNING;
	return start(&config);
}

static int setup_share(void **state)
{
	struct gate_config config = fake_core_config();

	config.max_per_source = 10;
	config.log_threshold = LOG_LEVEL_WARNING;
	return start(&config);
}

static int setup_talkative(void **state)
{
	struct gate_config config = fake_core_config();

	return start(&config);
}

static int teardown(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(peers); i++)
		test_peer_close(&peers[i]);
	return fake_core_close(&core, LIMIT) == 0 ? 0 : -1;
}

static struct sockaddr_in local(uint32_t n)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK + n),
	};
}

/* Connects the @i-th peer from 127.0.0.1 + @from, whole. */
static void connect_from(size_t i, uint32_t from)
{
	struct sockaddr_in sa = local(from);

	assert_int_equal(test_peer_connect(&peers[i], &keys, (struct sockaddr *)&core.address,
					   (struct sockaddr *)&sa),
			 0);
	assert_int_equal(test_peer_run(&peers[i], TEST_PEER_GREETING, LIMIT), TEST_PEER_GREETING);
}

/* An honest client from 127.0.0.1 + @from, start to end. */
static void expect_served(uint32_t from)
{
	struct sockaddr_in sa = local(from);
	struct test_peer honest;

	assert_int_equal(test_peer_connect(&honest, &keys, (struct sockaddr *)&core.address,
					   (struct sockaddr *)&sa),
			 0);
	assert_int_equal(test_peer_run(&honest, TEST_PEER_RECEIVING, LIMIT), TEST_PEER_RECEIVING);
	assert_true(fake_core_expect(&core, GATE_MSG_CLAIM, &msg, LIMIT));
	assert_true(fake_core_give(&core, msg.session, "password", 8));
	assert_int_equal(test_peer_run(&honest, TEST_PEER_DONE, LIMIT), TEST_PEER_DONE);
	assert_int_equal(honest.n_data, 8);
	assert_true(fake_core_expect(&core, GATE_MSG_SENT, &msg, LIMIT));
	test_peer_close(&honest);
}

/* Private resident memory in bytes; 0 if it cannot be known. */
static size_t resident_bytes(pid_t pid)
{
	char path[64], line[256];
	size_t kib = 0, n;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	f = fopen(path, "re");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "RssAnon: %zu", &n) == 1)
			kib = n;
	}
	(void)fclose(f);
	return kib * 1024;
}

static bool memory_is_measurable(void)
{
#ifdef __SANITIZE_ADDRESS__
	return false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
	return false;
#endif
#endif
	return true;
}

static void expect_growth_within(size_t before, size_t n, size_t bound, const char *what)
{
	size_t after = resident_bytes(core.gate);
	size_t each = (after - MIN_OF(before, after)) / n;

	print_message("%s: %zu bytes each\n", what, each);
	if (memory_is_measurable())
		assert_in_range(each, 0, bound);
}

/* The resident memory of the program that silent strangers can fill, and that they delay nobody. */
static void test_gate__5000_silent_connections__cost_little_and_delay_nobody(void **state)
{
	size_t before;

	expect_served(1);
	before = resident_bytes(core.gate);
	for (size_t i = 0; i < N_SILENT; i++)
		connect_from(i, 1);
	/* Accepted in order: once this one is served, all before it are in. */
	expect_served(2);
	expect_growth_within(before, N_SILENT, SILENT_BYTES_MAX, "silent");
}

static void test_gate__500_waiting_clients__cost_16_kib_each(void **state)
{
	struct gate_msg wait = { .type = GATE_MSG_WAIT };
	size_t n = 500, before;

	expect_served(1);
	before = resident_bytes(core.gate);
	for (size_t i = 0; i < n; i++) {
		connect_from(i, 1);
		assert_int_equal(test_peer_run(&peers[i], TEST_PEER_RECEIVING, LIMIT),
				 TEST_PEER_RECEIVING);
		assert_true(fake_core_expect(&core, GATE_MSG_CLAIM, &msg, LIMIT));
		wait.session = msg.session;
		assert_true(fake_core_send(&core, &wait));
	}
	expect_served(2);
	expect_growth_within(before, n, WAITING_BYTES_MAX, "waiting");
}

static size_t n_closed(size_t first, size_t n)
{
	size_t closed = 0;

	for (size_t i = first; i < first + n; i++)
		closed += test_peer_wait_closed(&peers[i], 0, NULL);
	return closed;
}

/* SRV-NET-7 at the bound: all places are taken from one address. */
static void test_gate__flood_from_one_address__honest_client_gets_through(void **state)
{
	for (size_t i = 0; i < MAX; i++)
		connect_from(i, 1);
	expect_served(2);
	/* Room was made by dropping the oldest of the flood, and only it. */
	assert_true(test_peer_wait_closed(&peers[0], LIMIT, NULL));
	assert_int_equal(n_closed(1, MAX - 1), 0);
	for (size_t i = MAX; i < 3 * MAX; i++)
		connect_from(i, 1);
	expect_served(2);
	expect_served(1);
}

static void test_gate__flood_from_many_addresses__honest_client_gets_through(void **state)
{
	for (size_t i = 0; i < 5 * MAX; i++)
		connect_from(i, 100 + (uint32_t)i);
	expect_served(1);
	expect_served(2);
}

/* Those who have proved a key are never dropped for strangers; then there is no room. */
static void test_gate__all_places_waiting__the_next_is_refused(void **state)
{
	size_t n;

	for (size_t i = 0; i < MAX; i++) {
		connect_from(i, 1);
		assert_int_equal(test_peer_run(&peers[i], TEST_PEER_RECEIVING, LIMIT),
				 TEST_PEER_RECEIVING);
		assert_true(fake_core_expect(&core, GATE_MSG_CLAIM, &msg, LIMIT));
	}
	connect_from(MAX, 2);
	assert_true(test_peer_wait_closed(&peers[MAX], LIMIT, &n));
	assert_int_equal(n, 0);
	assert_true(fake_core_expect_event(&core, GATE_EVENT_FULL, &msg, LIMIT));
	assert_int_equal(n_closed(0, MAX), 0);
	test_peer_close(&peers[0]);
	assert_true(fake_core_expect(&core, GATE_MSG_GONE, &msg, LIMIT));
	expect_served(2);
}

static void test_gate__source_over_its_share__is_closed_at_once(void **state)
{
	for (size_t i = 0; i < 10; i++)
		connect_from(i, 1);
	connect_from(10, 1);
	assert_true(test_peer_wait_closed(&peers[10], LIMIT, NULL));
	assert_true(fake_core_expect_event(&core, GATE_EVENT_SOURCE_FULL, &msg, LIMIT));
	assert_int_equal(n_closed(0, 10), 0);
	expect_served(2);
	test_peer_close(&peers[3]);
	/* The place is free when the gate has seen the end; then the source is served again. */
	assert_true(fake_core_expect_event(&core, GATE_EVENT_BAD_GREETING, &msg, LIMIT));
	expect_served(1);
}

/* W-56 */
static void test_gate__many_events__are_limited_and_counted(void **state)
{
	size_t n_told = 0, n_suppressed = 0, n = 400;
	usec_t start_time = instant_now().boot, seconds;

	for (size_t i = 0; i < n; i++) {
		connect_from(i, 1);
		assert_true(test_peer_send(&peers[i], "9\n", 2));
	}
	/* Two events each: ACCEPTED and BAD_GREETING. */
	while (n_told + n_suppressed < 2 * n) {
		assert_true(fake_core_receive(&core, &msg, LIMIT));
		assert_int_equal(msg.type, GATE_MSG_EVENT);
		if (msg.event.kind == GATE_EVENT_SUPPRESSED) {
			char count[24] = "";

			memcpy(count, msg.event.detail, MIN_OF(msg.event.detail_size, 23));
			n_suppressed += strtoul(count, NULL, 10);
		} else {
			n_told++;
		}
	}
	seconds = (instant_now().boot - start_time) / USEC_PER_SEC + 1;
	assert_int_equal(n_told + n_suppressed, 2 * n);
	assert_true(n_suppressed > 0);
	assert_in_range(n_told, 1, 50 * (seconds + 1));
}

/* W-56: the warnings about one stranger leave room for one about another. */
static void test_gate__flood_of_bad_greetings__another_one_is_still_told(void **state)
{
	const uint8_t other[] = { 127, 0, 0, 2 };
	size_t n = 200, i;

	for (i = 0; i < n; i++) {
		connect_from(i, 0);
		assert_true(test_peer_send(&peers[i], "9\n", 2));
		assert_true(test_peer_wait_closed(&peers[i], LIMIT, NULL));
	}
	connect_from(i, 1);
	assert_true(test_peer_send(&peers[i], "9\n", 2));
	do
		assert_true(fake_core_expect_event(&core, GATE_EVENT_BAD_GREETING, &msg, LIMIT));
	while (memcmp(msg.event.peer.address, other, sizeof(other)) != 0);
}

static void set_gate_files(rlim_t n)
{
	struct rlimit limit;

	assert_int_equal(prlimit(core.gate, RLIMIT_NOFILE, NULL, &limit), 0);
	limit.rlim_cur = n;
	assert_int_equal(prlimit(core.gate, RLIMIT_NOFILE, &limit, NULL), 0);
}

static usec_t cpu_usec(pid_t pid)
{
	char path[64];
	unsigned long user = 0, kernel = 0;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "re");
	assert_non_null(f);
	assert_int_equal(fscanf(f,
				"%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
				&user, &kernel),
			 2);
	(void)fclose(f);
	return (user + kernel) * USEC_PER_SEC / (unsigned long)sysconf(_SC_CLK_TCK);
}

/* EMFILE: the backlog stays ready all the time; the gate must not spin on it, and recover. */
static void test_gate__out_of_descriptors__does_not_spin_and_recovers(void **state)
{
	struct pollfd none = { .fd = -1 };
	usec_t before;

	expect_served(1);
	set_gate_files(5);
	connect_from(0, 1);
	before = cpu_usec(core.gate);
	/* Time has to pass here, to be measured against; nothing is waited for. */
	assert_int_equal(poll(&none, 1, 500), 0);
	assert_in_range(cpu_usec(core.gate) - before, 0, 100 * USEC_PER_MSEC);
	set_gate_files(1024);
	expect_served(2);
}

/* The core reads nothing for a while: the gate neither waits nor forgets. */
static void test_gate__core_does_not_read__claims_arrive_later(void **state)
{
	size_t n = 400, n_claims = 0, n_gone = 0;

	/* With this much unread the channel has room for a part of the claims only. */
	for (size_t i = 0; i < n; i++) {
		connect_from(i, 1);
		assert_int_equal(test_peer_run(&peers[i], TEST_PEER_RECEIVING, LIMIT),
				 TEST_PEER_RECEIVING);
	}
	while (n_claims < n) {
		assert_true(fake_core_receive(&core, &msg, LIMIT));
		if (msg.type == GATE_MSG_CLAIM) {
			n_claims++;
			assert_int_equal(msg.session, n_claims);
		}
	}
	for (size_t i = 0; i < n; i++)
		test_peer_close(&peers[i]);
	while (n_gone < n) {
		assert_true(fake_core_receive(&core, &msg, LIMIT));
		n_gone += msg.type == GATE_MSG_GONE;
	}
	expect_served(2);
}

#define T(name, with) cmocka_unit_test_setup_teardown(name, with, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_gate__5000_silent_connections__cost_little_and_delay_nobody, setup_roomy),
		T(test_gate__500_waiting_clients__cost_16_kib_each, setup_roomy),
		T(test_gate__flood_from_one_address__honest_client_gets_through, setup_tight),
		T(test_gate__flood_from_many_addresses__honest_client_gets_through, setup_tight),
		T(test_gate__all_places_waiting__the_next_is_refused, setup_tight),
		T(test_gate__source_over_its_share__is_closed_at_once, setup_share),
		T(test_gate__flood_of_bad_greetings__another_one_is_still_told, setup_roomy),
		T(test_gate__many_events__are_limited_and_counted, setup_talkative),
		T(test_gate__out_of_descriptors__does_not_spin_and_recovers, setup_talkative),
		T(test_gate__core_does_not_read__claims_arrive_later, setup_talkative),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
