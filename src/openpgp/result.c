/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "openpgp/result.h"

#include "base/util.h"

static const char *const texts[] = {
	[OPENPGP_OK] = "fine",
	[OPENPGP_WRONG] = "it was changed on the way, or is for another key",
	[OPENPGP_MALFORMED] = "it is no OpenPGP data, or is damaged",
	[OPENPGP_UNSUPPORTED] = "it uses an algorithm that is not supported",
	[OPENPGP_TOO_LARGE] = "it is too large",
	[OPENPGP_NOT_FOR_US] = "it is not encrypted for this key",
	[OPENPGP_NO_INTEGRITY] = "it is not protected against changes",
	[OPENPGP_AEAD] = "its mode of encryption (AEAD) is not supported; encrypt it with "
			 "mandos-keygen, or gpg --rfc4880",
	[OPENPGP_BZIP2] = "compression with bzip2 is not supported",
	[OPENPGP_NO_KEY] = "no OpenPGP key in it",
	[OPENPGP_NO_SECRET_KEY] = "no secret key in it",
	[OPENPGP_KEY_PROTECTED] = "the key is protected by a passphrase",
	[OPENPGP_KEY_ALGORITHM] = "no RSA or Curve25519 key in it that can decrypt; make new keys "
				  "with mandos-keygen",
};

const char *openpgp_result_text(int result)
{
	if (result < 0 || result >= OPENPGP_N_RESULTS)
		return "it cannot be told why";
	return texts[result];
}

_Static_assert(ARRAY_SIZE(texts) == OPENPGP_N_RESULTS, "a text for each");
