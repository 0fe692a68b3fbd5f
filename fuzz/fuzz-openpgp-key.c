/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The input as a key file: what is found lies in it, and can be worked with. */
#include "fuzz.h"
#include "openpgp/keyring.h"
#include "openpgp/session-key.h"

#define RSA_SIZE_MAX 256 /* larger ones take long, and are the same */

static void fill(void *userdata, size_t size, uint8_t *to)
{
	memset(to, 0x5a, size);
}

static bool is_inside(const struct openpgp_keyring *ring, const struct openpgp_number *n)
{
	return n->size == 0 || (n->data >= ring->memory->data &&
				n->data + n->size <= ring->memory->data + ring->memory->size);
}

/* A session key for it: three is the number that was encrypted. */
static void work_with(const struct openpgp_key *key)
{
	static const struct openpgp_random numbers = { .fill = fill };
	uint8_t data[] = { 3, 0, 0, 0, 0, 0, 0, 0, 0, key->algorithm, 0, 2, 3 };
	struct openpgp_packet packet = { .data = data, .size = sizeof(data) };
	struct openpgp_session_key ret;
	int r;

	REQUIRE(openpgp_session_key_is_for(&packet, key));
	if (key->algorithm != OPENPGP_ECDH && key->n.size > RSA_SIZE_MAX)
		return;
	r = openpgp_session_key_open(&packet, key, &numbers, &ret);
	REQUIRE(r == OPENPGP_WRONG);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *exact = fuzz_exact(data, size);
	struct openpgp_keyring ring;
	int r = openpgp_keyring_read(exact, size, &ring);

	REQUIRE(r >= 0 && r < OPENPGP_N_RESULTS && r != OPENPGP_WRONG);
	REQUIRE((r == OPENPGP_OK && ring.n_keys > 0) || r != OPENPGP_OK);
	for (size_t i = 0; r == OPENPGP_OK && i < ring.n_keys; i++) {
		const struct openpgp_key *k = &ring.keys[i];

		REQUIRE(is_inside(&ring, &k->n) && is_inside(&ring, &k->e) &&
			is_inside(&ring, &k->d) && is_inside(&ring, &k->p) &&
			is_inside(&ring, &k->q) && is_inside(&ring, &k->u) &&
			is_inside(&ring, &k->scalar));
		work_with(k);
	}
	r = openpgp_public_check(exact, size);
	REQUIRE(r >= 0 && r < OPENPGP_N_RESULTS);
	openpgp_keyring_deinit(&ring);
	free(exact);
	return 0;
}
