/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/pickle-secret.h"

#include <errno.h>
#include <string.h>

#include <nettle/base16.h>

#include "openpgp/symmetric.h"

static const char prefix[] = "mandos";
#define PREFIX_SIZE (sizeof(prefix) - 1)

/* The form of one byte of a large secret; a NUL in it counts: "\\x00". */
static size_t escape(uint8_t byte, char ret[4])
{
	switch (byte) {
	case '\\':
		memcpy(ret, "\\\\", 2);
		return 2;
	case '\n':
		memcpy(ret, "\\n", 2);
		return 2;
	case '\0':
		memcpy(ret, "\\x00", 4);
		return 4;
	default:
		ret[0] = (char)byte;
		return 1;
	}
}

static struct secret *escaped(const struct secret *configured)
{
	struct secret *passphrase;
	size_t size = PREFIX_SIZE, used = PREFIX_SIZE;
	char form[4];

	for (size_t i = 0; i < configured->size; i++)
		size += escape(configured->data[i], form);
	passphrase = secret_new(size);
	if (!passphrase)
		return NULL;
	for (size_t i = 0; i < configured->size; i++) {
		size_t n = escape(configured->data[i], form);

		memcpy(passphrase->data + used, form, n);
		used += n;
	}
	secret_erase(form, sizeof(form));
	return passphrase;
}

int pickled_passphrase(const struct secret *configured, struct secret **ret)
{
	size_t size = PREFIX_SIZE + 2 * configured->size;
	struct secret *passphrase;

	if (size <= PICKLED_PASSPHRASE_HEX_MAX) {
		passphrase = secret_new(size);
		if (passphrase)
			base16_encode_update((char *)passphrase->data + PREFIX_SIZE,
					     configured->size, configured->data);
	} else {
		passphrase = escaped(configured);
	}
	if (!passphrase)
		return -ENOMEM;
	memcpy(passphrase->data, prefix, PREFIX_SIZE);
	*ret = passphrase;
	return 0;
}

int pickled_secret_decrypt(const uint8_t *message, size_t size, const struct secret *configured,
			   struct secret **ret)
{
	_cleanup_secret_ struct secret *passphrase = NULL;
	int r = pickled_passphrase(configured, &passphrase);

	return r < 0 ? r : openpgp_symmetric_decrypt(message, size, passphrase, ret);
}
