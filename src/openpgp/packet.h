/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* OpenPGP packets, one after the other. Bound: the buffer; a packet in pieces is put together in
 * it. */

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "openpgp/result.h"

/* Tags of RFC 4880 section 4.3 that matter here. */
#define OPENPGP_SESSION_KEY_FOR	    1 /* for a public key */
#define OPENPGP_SIGNATURE	    2
#define OPENPGP_SESSION_KEY	    3 /* from a passphrase */
#define OPENPGP_ONE_PASS	    4
#define OPENPGP_SECRET_KEY	    5
#define OPENPGP_PUBLIC_KEY	    6
#define OPENPGP_SECRET_SUBKEY	    7
#define OPENPGP_COMPRESSED	    8
#define OPENPGP_ENCRYPTED	    9 /* without integrity */
#define OPENPGP_LITERAL		    11
#define OPENPGP_INTEGRITY_PROTECTED 18
#define OPENPGP_ENCRYPTED_AEAD	    20 /* GnuPG's own */

/** struct openpgp_packet - a body; or, without a tag, what is still to be read */
struct openpgp_packet {
	uint8_t *data;
	size_t size;
	unsigned int tag;
};

/** openpgp_packet_look() - the tag of the next packet, or 0 if there is none */
int openpgp_packet_look(const struct openpgp_packet *rest);

/**
 * openpgp_packet_take() - the next packet; its pieces are moved together in place
 *
 * Errors: OPENPGP_OK, OPENPGP_MALFORMED.
 * Source: RFC 4880 section 4.2.
 */
int openpgp_packet_take(struct openpgp_packet *rest, struct openpgp_packet *ret);
