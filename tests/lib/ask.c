/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ask ADDRESS PORT PUBKEY PRIVKEY SECONDS - asks a server once, as a client with these keys would.
 *
 * For tests that are not written in C. Standard output: the bytes received. Exit status: 0 given
 * and closed in an orderly way, 1 refused in an orderly way, 2 anything else (stderr says what).
 * When the handshake is done it says "established" on stderr at once, so that a test can wait for
 * it.
 */
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/util.h"
#include "lib/peer.h"

#define PEM_MAX ((size_t)64 * 1024)

static bool load_keys(const char *pubkey, const char *privkey, struct test_keys *ret)
{
	const char *error = NULL;

	*ret = (struct test_keys){ 0 };
	return file_read(pubkey, PEM_MAX, &ret->pubkey_pem, &ret->pubkey_size) == 0 &&
	       file_read(privkey, PEM_MAX, &ret->privkey_pem, &ret->privkey_size) == 0 &&
	       tls_context_new_claimant_side(TLS_DEFAULT_PRIORITY, ret->pubkey_pem,
					     ret->pubkey_size, ret->privkey_pem, ret->privkey_size,
					     &ret->context, &error) == 0;
}

static struct addrinfo *resolve(const char *address, const char *port)
{
	const struct addrinfo hints = {
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
	};
	struct addrinfo *found = NULL;

	return getaddrinfo(address, port, &hints, &found) == 0 ? found : NULL;
}

static int ask(const struct addrinfo *to, const struct test_keys *keys, usec_t limit)
{
	struct test_peer p;
	enum test_peer_state state;
	int status = 2;

	if (test_peer_connect(&p, keys, to->ai_addr, NULL) < 0) {
		(void)fprintf(stderr, "cannot connect\n");
		return 2;
	}
	state = test_peer_run(&p, TEST_PEER_RECEIVING, limit);
	if (state == TEST_PEER_RECEIVING) {
		(void)fprintf(stderr, "established\n");
		state = test_peer_run(&p, TEST_PEER_DONE, limit);
	}
	if (state == TEST_PEER_DONE)
		status = p.n_data > 0 ? 0 : 1;
	else
		(void)fprintf(stderr, "failed: %s\n", p.error ? p.error : "too slow");
	if (status == 0 && fwrite(p.data, 1, p.n_data, stdout) != p.n_data)
		status = 2;
	test_peer_close(&p);
	return fflush(stdout) == 0 ? status : 2;
}

int main(int argc, char *argv[])
{
	struct test_keys keys;
	struct addrinfo *to;
	int status;

	if (argc != 6) {
		(void)fprintf(stderr, "usage: ask ADDRESS PORT PUBKEY PRIVKEY SECONDS\n");
		return 2;
	}
	to = resolve(argv[1], argv[2]);
	if (!to || !load_keys(argv[3], argv[4], &keys)) {
		(void)fprintf(stderr, "bad address or keys\n");
		return 2;
	}
	status = ask(to, &keys, (usec_t)strtoul(argv[5], NULL, 10) * USEC_PER_SEC);
	freeaddrinfo(to);
	test_keys_free(&keys);
	return status;
}
