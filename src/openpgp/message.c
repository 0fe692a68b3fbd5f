/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "openpgp/message.h"

#include <errno.h>

#include "openpgp/armour.h"
#include "openpgp/content.h"
#include "openpgp/protected.h"

/* A session key that may be for one of the keys. */
struct candidate {
	struct openpgp_packet packet;
	const struct openpgp_key *key;
};

struct candidates {
	size_t n;
	struct candidate list[OPENPGP_TRIES_MAX];
};

static int add_candidates(struct candidates *c, const struct openpgp_keyring *ring,
			  const struct openpgp_packet *packet)
{
	for (size_t i = 0; i < ring->n_keys; i++) {
		const struct openpgp_key *key = &ring->keys[i];

		if (!openpgp_session_key_is_for(packet, key))
			continue;
		if (c->n == OPENPGP_TRIES_MAX)
			return OPENPGP_TOO_LARGE;
		c->list[c->n++] = (struct candidate){ .packet = *packet, .key = key };
	}
	return OPENPGP_OK;
}

/* All that stands before the encrypted data. */
static int take_session_keys(struct openpgp_packet *message, const struct openpgp_keyring *ring,
			     struct candidates *ret)
{
	int r = OPENPGP_OK;

	ret->n = 0;
	while (r == OPENPGP_OK) {
		struct openpgp_packet packet;
		int tag = openpgp_packet_look(message);

		if (tag != OPENPGP_SESSION_KEY_FOR && tag != OPENPGP_SESSION_KEY)
			return OPENPGP_OK;
		r = openpgp_packet_take(message, &packet);
		if (r == OPENPGP_OK && tag == OPENPGP_SESSION_KEY_FOR)
			r = add_candidates(ret, ring, &packet);
	}
	return r;
}

static int open_session_key(const struct candidates *c, const struct openpgp_random *random,
			    struct openpgp_session_key *ret)
{
	if (c->n == 0)
		return OPENPGP_NOT_FOR_US;
	for (size_t i = 0; i < c->n; i++) {
		int r = openpgp_session_key_open(&c->list[i].packet, c->list[i].key, random, ret);

		if (r != OPENPGP_WRONG)
			return r;
	}
	/* A key that fits nothing: it goes on as it would with the right one, so that whoever sent
	 * the message does not see from the time it takes how far it came. */
	ret->cipher = &nettle_aes256;
	random->fill(random->userdata, sizeof(ret->key), ret->key);
	return OPENPGP_OK;
}

int openpgp_message_decrypt(const uint8_t *message, size_t size, const struct openpgp_keyring *ring,
			    const struct openpgp_random *random, struct secret **ret)
{
	_cleanup_secret_ struct secret *copy = NULL;
	_cleanup_secret_ struct secret *memory = secret_new(sizeof(struct openpgp_session_key));
	struct openpgp_session_key *key;
	struct openpgp_packet rest, data;
	struct candidates candidates;
	int r;

	if (!memory)
		return -ENOMEM;
	key = (struct openpgp_session_key *)(void *)memory->data;
	r = openpgp_armour_strip(message, size, &copy, &rest);
	if (r == OPENPGP_OK)
		r = take_session_keys(&rest, ring, &candidates);
	if (r == OPENPGP_OK)
		r = openpgp_protected_take(&rest, &data);
	/* All that is cheap came first. */
	if (r == OPENPGP_OK)
		r = open_session_key(&candidates, random, key);
	if (r == OPENPGP_OK)
		r = openpgp_protected_open(key->cipher, key->key, &data);
	return r == OPENPGP_OK ? openpgp_content_read(&data, ret) : r;
}
