/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * OpenPGP through GPGME, in a home of its own: making a client's key pair, and encrypting to one.
 *
 * Errors are reported where they happen, with GnuPG's own words; callers only pass on the number.
 * Bounds: OPENPGP_KEY_MAX an armoured key, OPENPGP_MESSAGE_MAX an encrypted message (what a Mandos
 * client accepts from a server), OPENPGP_GENERATE_WAIT and OPENPGP_WAIT for GnuPG.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/secret.h"
#include "keygen/openpgp-text.h"

#define OPENPGP_KEY_MAX	      ((size_t)256 * 1024)
#define OPENPGP_MESSAGE_MAX   ((size_t)64 * 1024)
#define OPENPGP_GENERATE_WAIT (24 * 3600 * USEC_PER_SEC) /* a big key on a small machine */
#define OPENPGP_WAIT	      (300 * USEC_PER_SEC)

struct openpgp;

/** struct openpgp_key_pair - the contents of the two files, armoured */
struct openpgp_key_pair {
	struct secret *secret_key;
	struct secret *public_key;
};

void openpgp_key_pair_deinit(struct openpgp_key_pair *pair);

/**
 * openpgp_new() - a home and a GnuPG to work in it; interrupt_init() must have been called
 *
 * Owner:  openpgp_free().
 * Errors: -ENOENT if there is no GnuPG, else as openpgp_home_open().
 */
int openpgp_new(struct openpgp **ret);

/** openpgp_free() - ends GnuPG's processes and erases the home; NULL is fine; returns NULL */
struct openpgp *openpgp_free(struct openpgp *o);

/**
 * openpgp_generate() - a new key with an encryption subkey, and its minimal export
 * @ret: ends with openpgp_key_pair_deinit()
 *
 * Warns if GnuPG chose another length than was asked for, as it does with those it finds too short.
 * Errors: -ECANCELED after a signal, -EIO if GnuPG refused or failed, -ETIMEDOUT, -ENOMEM.
 * Source: CLI-KEY-4, CLI-KEY-5.
 */
int openpgp_generate(struct openpgp *o, const struct openpgp_params *p,
		     struct openpgp_key_pair *ret);

/**
 * openpgp_load() - a key pair made earlier, to seal with
 * @pair: the armoured texts; stays the caller's
 *
 * Errors: -EIO if one is no key, if the two are not of one key, or if it is protected by a
 *         passphrase; as openpgp_generate().
 */
int openpgp_load(struct openpgp *o, const struct openpgp_key_pair *pair);

/** openpgp_fingerprint() - of the loaded key: upper-case hexadecimal; NULL before openpgp_load() */
const char *openpgp_fingerprint(const struct openpgp *o);

/**
 * openpgp_seal() - @password, signed by the loaded key and encrypted to it; binary
 *
 * Owner:  the caller frees @ret_message.
 * Errors: as openpgp_generate().
 * Source: CLI-KEY-14, CLI-PGP-1.
 */
int openpgp_seal(struct openpgp *o, const struct secret *password, uint8_t **ret_message,
		 size_t *ret_size);
