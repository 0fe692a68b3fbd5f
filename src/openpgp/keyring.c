/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "openpgp/keyring.h"

#include <string.h>

#include <nettle/curve25519.h>
#include <nettle/sha1.h>

#include "base/bytes.h"
#include "openpgp/armour.h"
#include "openpgp/cipher.h"
#include "openpgp/number.h"
#include "openpgp/packet.h"

#define VERSION	      4
#define NOT_ENCRYPTED 0
#define S2K_SHA1      254
#define S2K_CHECKSUM  255
#define S2K_GNU	      101

const uint8_t openpgp_curve25519[] = { 10, 0x2b, 6, 1, 4, 1, 0x97, 0x55, 1, 5, 1 };

/* What is known when a file has been read to its end. */
struct state {
	struct openpgp_keyring *ring;
	int problem;		    /* of the key that was least far from being of use */
	struct openpgp_key primary; /* kept until it is known whether it has subkeys */
	bool has_primary;
	bool has_any; /* keys of any kind */
};

/* OPENPGP_OK if the algorithm is one that can open messages; its numbers have then been taken. */
static int take_public_numbers(struct reader *in, struct openpgp_key *key)
{
	struct openpgp_number point;
	const uint8_t *curve, *kdf;

	switch (key->algorithm) {
	case OPENPGP_RSA:
	case OPENPGP_RSA_ENCRYPT:
		key->n = openpgp_number_take(in);
		key->e = openpgp_number_take(in);
		return in->failed ? OPENPGP_MALFORMED : OPENPGP_OK;
	case OPENPGP_ECDH:
		curve = take_bytes(in, sizeof(openpgp_curve25519));
		if (!curve || memcmp(curve, openpgp_curve25519, sizeof(openpgp_curve25519)) != 0)
			return OPENPGP_KEY_ALGORITHM;
		point = openpgp_number_take(in);
		kdf = take_bytes(in, 4);
		if (!kdf || point.size != 1 + CURVE25519_SIZE || kdf[0] != 3 || kdf[1] != 1)
			return OPENPGP_MALFORMED;
		key->kdf_hash = kdf[2];
		key->kdf_cipher = kdf[3];
		return openpgp_hash_find(kdf[2]) && openpgp_cipher_find(kdf[3])
			       ? OPENPGP_OK
			       : OPENPGP_KEY_ALGORITHM;
	default:
		return OPENPGP_KEY_ALGORITHM;
	}
}

static void set_fingerprint(struct openpgp_key *key, const uint8_t *body, size_t size)
{
	uint8_t head[] = { 0x99, (uint8_t)(size >> 8), (uint8_t)size };
	struct sha1_ctx sha1;

	sha1_init(&sha1);
	sha1_update(&sha1, sizeof(head), head);
	sha1_update(&sha1, size, body);
	sha1_digest(&sha1, sizeof(key->fingerprint), key->fingerprint);
}

/* A key without its secret, which gpg puts in the place of one that was not exported. */
static bool is_stub(struct reader *in)
{
	const uint8_t *s2k;

	(void)take_u8(in); /* cipher */
	s2k = take_bytes(in, 6);
	return s2k && s2k[0] == S2K_GNU && memcmp(s2k + 2, "GNU", 3) == 0;
}

/* The sum of all bytes stands behind them. */
static bool is_sum_right(const uint8_t *data, size_t size)
{
	unsigned int sum = 0;

	if (size < 2)
		return false;
	for (size_t i = 0; i < size - 2; i++)
		sum += data[i];
	return (sum & 0xffff) == ((unsigned int)data[size - 2] << 8 | data[size - 1]);
}

static int take_secret_numbers(struct reader *in, struct openpgp_key *key)
{
	const uint8_t *start = in->data + in->used;
	const size_t size = reader_left(in);

	if (key->algorithm == OPENPGP_ECDH) {
		key->scalar = openpgp_number_take(in);
		if (key->scalar.size > CURVE25519_SIZE)
			return OPENPGP_MALFORMED;
	} else {
		key->d = openpgp_number_take(in);
		key->p = openpgp_number_take(in);
		key->q = openpgp_number_take(in);
		key->u = openpgp_number_take(in);
		if (key->n.size < OPENPGP_RSA_SIZE_MIN || key->n.size > OPENPGP_RSA_SIZE_MAX)
			return OPENPGP_KEY_ALGORITHM;
	}
	(void)take_u16(in);
	return reader_done(in) && is_sum_right(start, size) ? OPENPGP_OK : OPENPGP_MALFORMED;
}

static int parse_key(const struct openpgp_packet *packet, struct openpgp_key *ret)
{
	struct reader in = READER(packet->data, packet->size);
	uint8_t usage;
	int r;

	*ret = (struct openpgp_key){ 0 };
	if (take_u8(&in) != VERSION)
		return OPENPGP_NO_KEY;
	(void)take_u32(&in); /* made at */
	ret->algorithm = take_u8(&in);
	r = take_public_numbers(&in, ret);
	if (r != OPENPGP_OK)
		return r;
	set_fingerprint(ret, packet->data, in.used);
	usage = take_u8(&in);
	if (in.failed)
		return OPENPGP_MALFORMED;
	if (usage == NOT_ENCRYPTED)
		return take_secret_numbers(&in, ret);
	if ((usage == S2K_SHA1 || usage == S2K_CHECKSUM) && is_stub(&in))
		return OPENPGP_NO_SECRET_KEY;
	return OPENPGP_KEY_PROTECTED;
}

static int add(struct state *s, const struct openpgp_key *key)
{
	if (s->ring->n_keys == OPENPGP_KEYS_MAX)
		return OPENPGP_TOO_LARGE;
	s->ring->keys[s->ring->n_keys++] = *key;
	return OPENPGP_OK;
}

static int end_primary(struct state *s)
{
	bool has = s->has_primary;

	s->has_primary = false;
	return has ? add(s, &s->primary) : OPENPGP_OK;
}

/* Goes on after a key that is of no use; what was wrong with it is told if none is of use. */
static int on_secret_key(struct state *s, const struct openpgp_packet *packet)
{
	bool is_primary = packet->tag == OPENPGP_SECRET_KEY;
	struct openpgp_key key;
	int r = is_primary ? end_primary(s) : OPENPGP_OK;
	int problem = parse_key(packet, &key);

	s->has_primary &= is_primary;
	if (problem == OPENPGP_MALFORMED)
		return problem;
	if (r != OPENPGP_OK)
		return r;
	if (problem != OPENPGP_OK) {
		s->problem = MAX_OF(s->problem, problem);
		return OPENPGP_OK;
	}
	if (!is_primary)
		return add(s, &key);
	s->primary = key;
	s->has_primary = true;
	return OPENPGP_OK;
}

static int read_keys(struct openpgp_packet *rest, struct state *s)
{
	int r = OPENPGP_OK;

	while (r == OPENPGP_OK && rest->size > 0) {
		struct openpgp_packet packet;

		r = openpgp_packet_take(rest, &packet);
		if (r != OPENPGP_OK)
			return r;
		s->has_any |= packet.tag == OPENPGP_PUBLIC_KEY || packet.tag == OPENPGP_SECRET_KEY;
		if (packet.tag == OPENPGP_SECRET_KEY || packet.tag == OPENPGP_SECRET_SUBKEY)
			r = on_secret_key(s, &packet);
	}
	return r == OPENPGP_OK ? end_primary(s) : r;
}

int openpgp_keyring_read(const uint8_t *data, size_t size, struct openpgp_keyring *ret)
{
	struct state s = { .ring = ret, .problem = OPENPGP_NO_SECRET_KEY };
	struct openpgp_packet all;
	int r;

	*ret = (struct openpgp_keyring){ 0 };
	if (size > OPENPGP_KEY_FILE_MAX)
		return OPENPGP_TOO_LARGE;
	r = openpgp_armour_strip(data, size, &ret->memory, &all);
	if (r == OPENPGP_OK)
		r = read_keys(&all, &s);
	if (r != OPENPGP_OK || ret->n_keys > 0)
		return r;
	return s.has_any ? s.problem : OPENPGP_NO_KEY;
}

void openpgp_keyring_deinit(struct openpgp_keyring *ring)
{
	(void)secret_free(ring->memory);
	*ring = (struct openpgp_keyring){ 0 };
}

int openpgp_public_check(const uint8_t *data, size_t size)
{
	_cleanup_secret_ struct secret *memory = NULL;
	struct openpgp_packet rest, packet;
	int r;

	if (size > OPENPGP_KEY_FILE_MAX)
		return OPENPGP_TOO_LARGE;
	r = openpgp_armour_strip(data, size, &memory, &rest);
	if (r != OPENPGP_OK)
		return r;
	while (rest.size > 0) {
		r = openpgp_packet_take(&rest, &packet);
		if (r != OPENPGP_OK)
			return r;
		if ((packet.tag == OPENPGP_PUBLIC_KEY || packet.tag == OPENPGP_SECRET_KEY) &&
		    packet.size > 0 && packet.data[0] == VERSION)
			return OPENPGP_OK;
	}
	return OPENPGP_NO_KEY;
}
