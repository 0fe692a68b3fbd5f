/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * What a decrypted message consists of: literal data, signed or not, compressed or not.
 *
 * Signatures are stepped over: who made a message is not asked here (CLI-PGP-6).
 * Bounds: one compressed packet, which has nothing beside it; SECRET_SIZE_MAX bytes come out of it;
 * one literal packet; OPENPGP_SIGNATURES_MAX.
 */

#include "base/secret.h"
#include "openpgp/packet.h"

#define OPENPGP_SIGNATURES_MAX 32 /* packets before the literal one, and behind it */

/**
 * openpgp_content_read() - the literal data
 * @content: of a message whose integrity was checked; its pieces are moved about
 *
 * Text has its carriage returns taken away, as GnuPG does it.
 * Owner:  secret_free().
 * Errors: enum openpgp_result; -ENOMEM.
 * Source: RFC 4880 sections 5.6, 5.9, 11.3.
 */
int openpgp_content_read(struct openpgp_packet *content, struct secret **ret);
