/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the warden refuses to a client that somebody else has taken over. It is real, and root if
 * the test is; nothing that is asked for here may ever be done.
 */
#include <errno.h>
#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/fd.h"
#include "client/warden.h"

static struct options options_with(char *interfaces)
{
	return (struct options){ .interfaces = interfaces,
				 .pubkey = "",
				 .seckey = "",
				 .tls_pubkey = "",
				 .tls_privkey = "",
				 .network_hook_dir = "/nonexistent/hooks" };
}

static void start(struct warden *w, const struct options *o)
{
	assert_int_equal(warden_start(w, o), 0);
	assert_int_equal(warden_ask_plain(w, WARDEN_HOOK_START), 0);
}

static struct warden_request route(enum peer_family family, const uint8_t *address, size_t size)
{
	struct warden_request r = { .kind = WARDEN_ROUTE_ADD,
				    .index = if_nametoindex("lo"),
				    .target = { .family = family } };

	memcpy(r.target.address, address, size);
	return r;
}

static const uint8_t far[] = { 192, 0, 2, 7 };

static void test_warden_ask__interface_not_selected__refused(void **state)
{
	char none[] = "", other[] = "nonexistent0,none";
	struct warden_request up = { .kind = WARDEN_LINK_UP,
				     .index = if_nametoindex("lo"),
				     .target = { .family = PEER_IPV6 } };
	struct warden_request add = route(PEER_IPV4, far, sizeof(far));
	char *lists[] = { none, other };

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		struct options o = options_with(lists[i]);
		struct warden w;

		start(&w, &o);
		assert_int_equal(warden_ask(&w, &up), -EPERM);
		assert_int_equal(warden_ask(&w, &add), -EPERM);
		warden_stop(&w);
	}
}

static void test_warden_ask__before_the_start_hooks_ended__refused(void **state)
{
	char list[] = "lo";
	struct options o = options_with(list);
	struct warden_request add = route(PEER_IPV4, far, sizeof(far));
	struct warden w;

	assert_int_equal(warden_start(&w, &o), 0);
	assert_int_equal(warden_ask(&w, &add), -EPERM);
	warden_stop(&w);
}

/* CLI-DIR-4. */
static void test_warden_ask__route_with_connect__refused(void **state)
{
	char list[] = "lo";
	struct options o = options_with(list);
	struct warden_request add = route(PEER_IPV4, far, sizeof(far));
	struct warden w;

	o.n_servers = 1;
	o.servers[0].is_connect = true;
	start(&w, &o);
	assert_int_equal(warden_ask(&w, &add), -EPERM);
	warden_stop(&w);
}

static void test_warden_ask__link_local_route__refused(void **state)
{
	static const uint8_t near[] = { 0xfe, 0x80, [15] = 1 }, near4[] = { 169, 254, 0, 1 };
	char list[] = "lo";
	struct options o = options_with(list);
	struct warden_request add = route(PEER_IPV6, near, sizeof(near));
	struct warden w;

	start(&w, &o);
	assert_int_equal(warden_ask(&w, &add), -EPERM);
	add = route(PEER_IPV4, near4, sizeof(near4));
	assert_int_equal(warden_ask(&w, &add), -EPERM);
	warden_stop(&w);
}

static void test_warden_ask__route_it_did_not_add__not_deleted(void **state)
{
	char list[] = "lo";
	struct options o = options_with(list);
	struct warden_request delete = route(PEER_IPV4, far, sizeof(far));
	struct warden w;

	delete.kind = WARDEN_ROUTE_DELETE;
	start(&w, &o);
	assert_int_equal(warden_ask(&w, &delete), -ENOENT);
	warden_stop(&w);
}

/* CLI-PGP-5: not one that runs. */
static void test_warden_ask__clock_that_runs__refused(void **state)
{
	char list[] = "";
	struct options o = options_with(list);
	/* What it is set to if the test fails is not far off. */
	struct warden_request set = { .kind = WARDEN_CLOCK_SET,
				      .seconds = instant_now().real / USEC_PER_SEC,
				      .target = { .family = PEER_IPV6 } };
	struct warden w;

	start(&w, &o);
	assert_int_equal(warden_ask(&w, &set), -EPERM);
	warden_stop(&w);
}

static void test_warden_ask__unknown_or_short_request__ends_it(void **state)
{
	static const uint8_t bad[][WARDEN_REQUEST_SIZE] = { { 0 },
							    { WARDEN_REQUEST_KIND_LAST + 1 } };
	char list[] = "";
	struct options o = options_with(list);

	for (size_t i = 0; i < ARRAY_SIZE(bad) + 1; i++) {
		struct warden w;
		int status;

		assert_int_equal(warden_start(&w, &o), 0);
		if (i < ARRAY_SIZE(bad))
			assert_int_equal(channel_send(w.fd, bad[i], sizeof(bad[i]), NULL, 0), 0);
		else
			assert_int_equal(channel_send(w.fd, bad[0], 1, NULL, 0), 0);
		assert_int_equal(waitpid(w.pid, &status, 0), w.pid);
		assert_int_equal(status, 0);
		w.pid = -1;
		warden_stop(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_warden_ask__interface_not_selected__refused),
		cmocka_unit_test(test_warden_ask__before_the_start_hooks_ended__refused),
		cmocka_unit_test(test_warden_ask__route_with_connect__refused),
		cmocka_unit_test(test_warden_ask__link_local_route__refused),
		cmocka_unit_test(test_warden_ask__route_it_did_not_add__not_deleted),
		cmocka_unit_test(test_warden_ask__clock_that_runs__refused),
		cmocka_unit_test(test_warden_ask__unknown_or_short_request__ends_it),
	};

	(void)unsetenv("MANDOSPLUGINHELPERDIR");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
