/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* Numbers of OpenPGP ("multiprecision integers"), and memory for secrets as GMP's memory. */

#include "base/bytes.h"
#include "openpgp/keyring.h"

/**
 * openpgp_number_take() - a length in bits, and the number; in place
 *
 * The reader has failed if it is cut off. Zeros in front, which make it one of no length in other
 * programs' eyes, are taken away. Source: RFC 4880 section 3.2.
 */
struct openpgp_number openpgp_number_take(struct reader *in);

/**
 * openpgp_number_memory_is_secret() - from here on all numbers of this process are in secret memory
 *
 * For a process that works with secret numbers and does not live long: a number that finds no
 * memory, or is larger than SECRET_SIZE_MAX, ends it by abort(3). Before the first number.
 */
void openpgp_number_memory_is_secret(void);
