/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * ASCII armour: OpenPGP packets as text.
 *
 * Bounds: OPENPGP_ARMOUR_MAX bytes of text, of which the first block counts.
 */

#include "base/secret.h"
#include "openpgp/packet.h"

#define OPENPGP_ARMOUR_MAX ((size_t)128 * 1024)

/**
 * openpgp_armour_strip() - the packets of a block of any kind; what is binary is copied
 * @ret:     memory that holds
 * @ret_all: the packets
 *
 * Owner:  secret_free().
 * Errors: OPENPGP_MALFORMED, also for a checksum that is there and wrong; OPENPGP_TOO_LARGE;
 *         -ENOMEM.
 * Source: RFC 4880 section 6.
 */
int openpgp_armour_strip(const uint8_t *data, size_t size, struct secret **ret,
			 struct openpgp_packet *ret_all);
