/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Whether a password opens a keyslot, by cryptsetup(8), which maps nothing for that.
 *
 * Bounds: KEYSLOT_WAIT (its key derivation takes seconds, on a small machine a minute),
 * KEYSLOT_WORDS_MAX bytes of what it said.
 */

#include "base/clock.h"
#include "base/pieces.h"

#define KEYSLOT_WAIT	  (600 * USEC_PER_SEC)
#define KEYSLOT_WORDS_MAX 512

enum keyslot_result {
	KEYSLOT_OPENS = 0,
	KEYSLOT_STAYS_SHUT, /* by any password but this one */
	KEYSLOT_UNTRIED,    /* no LUKS, not readable, no cryptsetup: the words say */
};

/** struct keyslot - @header and @slot as in struct crypttab_entry */
struct keyslot {
	const char *device;
	const char *header;
	const char *slot;
};

/**
 * keyslot_try() - gives @password to cryptsetup through a pipe, byte for byte, as a boot does
 * @ret_words: with KEYSLOT_UNTRIED, a line that says why
 *
 * Errors: the results above; -ECANCELED after a signal, errno of pipe2(2) and fork(2).
 */
int keyslot_try(const struct keyslot *k, const struct pieces *password,
		char ret_words[KEYSLOT_WORDS_MAX]);
