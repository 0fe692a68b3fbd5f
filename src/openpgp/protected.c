/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "openpgp/protected.h"

#include <errno.h>
#include <stdbool.h>

#include <nettle/cfb.h>
#include <nettle/memops.h>
#include <nettle/sha1.h>

#include "base/secret.h"

#define BLOCK_SIZE_MAX 16
#define MDC_SIZE       (2 + SHA1_DIGEST_SIZE)

int openpgp_protected_take(struct openpgp_packet *message, struct openpgp_packet *ret)
{
	int r = openpgp_packet_take(message, ret);

	if (r != OPENPGP_OK)
		return r;
	/* RFC 4880 section 5.7: whoever can change it can change what it says, unnoticed. */
	if (ret->tag == OPENPGP_ENCRYPTED)
		return OPENPGP_NO_INTEGRITY;
	if (ret->tag == OPENPGP_ENCRYPTED_AEAD)
		return OPENPGP_AEAD;
	if (ret->tag != OPENPGP_INTEGRITY_PROTECTED)
		return OPENPGP_UNSUPPORTED;
	if (message->size > 0 || ret->size < 1)
		return OPENPGP_MALFORMED;
	if (ret->data[0] != 1)
		return ret->data[0] == 2 ? OPENPGP_AEAD : OPENPGP_UNSUPPORTED;
	ret->data++;
	ret->size--;
	return OPENPGP_OK;
}

/* The first block and a repetition of its end are random, against known plain text. */
int openpgp_protected_open(const struct nettle_cipher *cipher, const uint8_t *key,
			   struct openpgp_packet *data)
{
	_cleanup_secret_ struct secret *context = secret_new(cipher->context_size);
	_cleanup_secret_ struct secret *hash = secret_new(sizeof(struct sha1_ctx));
	uint8_t iv[BLOCK_SIZE_MAX] = { 0 }, mdc[SHA1_DIGEST_SIZE];
	const size_t prefix_size = cipher->block_size + 2;
	struct sha1_ctx *sha1;
	bool is_good;

	if (!context || !hash)
		return -ENOMEM;
	if (data->size < prefix_size + MDC_SIZE)
		return OPENPGP_MALFORMED;
	cipher->set_encrypt_key(context->data, key);
	cfb_decrypt(context->data, cipher->encrypt, cipher->block_size, iv, data->size, data->data,
		    data->data);
	sha1 = (struct sha1_ctx *)(void *)hash->data;
	sha1_init(sha1);
	sha1_update(sha1, data->size - SHA1_DIGEST_SIZE, data->data);
	sha1_digest(sha1, sizeof(mdc), mdc);
	is_good = memeql_sec(mdc, data->data + data->size - SHA1_DIGEST_SIZE, sizeof(mdc)) != 0;
	is_good &= memeql_sec("\xd3\x14", data->data + data->size - MDC_SIZE, 2) != 0;
	secret_erase(mdc, sizeof(mdc));
	if (!is_good)
		return OPENPGP_WRONG;
	data->data += prefix_size;
	data->size -= prefix_size + MDC_SIZE;
	return OPENPGP_OK;
}
