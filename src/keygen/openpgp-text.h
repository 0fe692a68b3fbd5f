/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The two texts around OpenPGP key creation: GnuPG's parameter block, and the armour header that
 * names the key. Pure formatting of what options_check_texts() has let through.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/secret.h"

/** struct openpgp_params - as given on the command line; empty texts are left out
 *
 * A length is not used where openpgp_is_curve() says so of the type.
 */
struct openpgp_params {
	const char *type, *length;
	const char *subtype, *sublength;
	const char *name, *email, *comment;
	const char *expire;
};

/**
 * openpgp_is_curve() - whether @type is a key on Curve25519, whose length is fixed
 *
 * "ed25519" signs and "cv25519" encrypts, as gpg(1) names them in --quick-generate-key; "EDDSA" and
 * "ECDH", the algorithms, mean the same. Upper and lower case are one.
 */
bool openpgp_is_curve(const char *type);

/**
 * openpgp_params_format() - the block for gpgme_op_genkey(3)
 *
 * Owner:  the caller frees @ret.
 * Errors: -ENOMEM.
 * Source: CLI-KEY-5; GnuPG manual, "Unattended key generation".
 */
int openpgp_params_format(const struct openpgp_params *p, char **ret);

/**
 * openpgp_header_format() - "Comment: Mandos client key for NAME", with comment and address
 *
 * Owner:  the caller frees @ret, which ends in a line feed.
 * Errors: -ENOMEM.
 * Source: CLI-KEY-5.
 */
int openpgp_header_format(const struct openpgp_params *p, char **ret);

/**
 * openpgp_header_insert() - puts @header behind the first line of an armoured block
 * @armour: what GnuPG wrote; stays the caller's
 *
 * GPGME has no door for GnuPG's --comment.
 * Owner:  secret_free() ends @ret.
 * Errors: -EBADMSG if @armour does not begin with an armour line, -ENOMEM.
 */
int openpgp_header_insert(const struct secret *armour, const char *header, struct secret **ret);
