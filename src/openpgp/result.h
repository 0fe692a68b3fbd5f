/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* What became of a key file or a message, and the words for it. */

#include <stddef.h>

enum openpgp_result {
	OPENPGP_OK = 0,
	OPENPGP_WRONG,	     /* another key, or the message was changed: indistinguishable */
	OPENPGP_MALFORMED,   /* no such message or key file, or cut off */
	OPENPGP_UNSUPPORTED, /* an algorithm or packet that is not implemented here */
	OPENPGP_TOO_LARGE,   /* beyond a bound of message.h, symmetric.h or keyring.h */

	/* Of messages. */
	OPENPGP_NOT_FOR_US,   /* none of its recipients is one of the keys */
	OPENPGP_NO_INTEGRITY, /* encrypted, and not protected against changes */
	OPENPGP_AEAD,	      /* encrypted with OCB or another mode of that kind */
	OPENPGP_BZIP2,

	/* Of key files; the later, the more was right with it. */
	OPENPGP_NO_KEY,	       /* no key of version 4 in it */
	OPENPGP_NO_SECRET_KEY, /* public keys only */
	OPENPGP_KEY_ALGORITHM, /* no key of an algorithm that is read here */
	OPENPGP_KEY_PROTECTED, /* by a passphrase */
	OPENPGP_N_RESULTS,
};

/** openpgp_result_text() - half a sentence for people, in English; @result may be any number */
const char *openpgp_result_text(int result);
