/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a host that is asked for its key says. With the random numbers of the unit test, so that its
 * recordings are a corpus in which the signature is good. In one piece or byte by byte, the result
 * is the same, and what is sent keeps its bound.
 */
#include "fuzz.h"
#include "wire/ssh-kex.h"

static enum ssh_kex_result run(struct ssh_kex *k, const uint8_t *data, size_t size, size_t piece)
{
	enum ssh_kex_result r = SSH_KEX_MORE;
	struct ssh_kex_random random;

	for (size_t i = 0; i < sizeof(random); i++)
		((uint8_t *)&random)[i] = (uint8_t)i;
	ssh_kex_init(k, SSH_KEY_ALL, &random);
	for (size_t at = 0; at < size && r == SSH_KEX_MORE; at += piece)
		r = ssh_kex_input(k, data + at, size - at < piece ? size - at : piece);
	REQUIRE(k->out_size <= SSH_KEX_OUT_MAX && k->out_sent == 0);
	REQUIRE((r == SSH_KEX_MORE) == (k->state != SSH_KEX_OVER));
	REQUIRE(r != SSH_KEX_PROVEN || k->scheme);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ssh_kex whole, pieces;
	enum ssh_kex_result r = run(&whole, data, size, SIZE_MAX / 2);

	REQUIRE(run(&pieces, data, size, size < 4096 ? 1 : 997) == r);
	REQUIRE(memcmp(whole.fingerprint, pieces.fingerprint, SSH_FINGERPRINT_SIZE) == 0);
	REQUIRE(whole.out_size == pieces.out_size);
	REQUIRE(memcmp(whole.out, pieces.out, whole.out_size) == 0);
	return 0;
}
