/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Key IDs (SHA-256 of a SubjectPublicKeyInfo) and OpenPGP fingerprints: text to bytes and back.
 *
 * Bounds: KEY_ID_SIZE, KEY_ID_TEXT_SIZE.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEY_ID_SIZE	 32
#define KEY_ID_TEXT_SIZE (2 * KEY_ID_SIZE + 1)

struct key_id {
	uint8_t bytes[KEY_ID_SIZE];
};

enum key_id_result {
	KEY_ID_OK = 0,
	KEY_ID_EMPTY,	  /* nothing but ignored characters: the client has none */
	KEY_ID_MALFORMED, /* another length, or a character that is no hexadecimal digit */
};

/**
 * key_id_parse() - 64 hexadecimal digits, in any case, to a key ID
 * @text:   NUL-terminated; white space and colons are skipped
 * @ret_id: unchanged unless KEY_ID_OK is returned
 *
 * Errors: KEY_ID_EMPTY, KEY_ID_MALFORMED; never negative.
 * Source: SRV-CLNT-5, SRV-PROTO-11.
 */
enum key_id_result key_id_parse(const char *text, struct key_id *ret_id);

/** key_id_format() - 64 upper-case hexadecimal digits and a NUL (SRV-PROTO-11) */
void key_id_format(const struct key_id *id, char ret_text[KEY_ID_TEXT_SIZE]);

/** key_id_is_of_nothing() - true for the SHA-256 of no bytes, which must never match (SRV-PROTO-13)
 */
bool key_id_is_of_nothing(const struct key_id *id);

bool key_id_equal(const struct key_id *a, const struct key_id *b);

/**
 * fingerprint_normalise() - upper case, without white space and colons, in place
 *
 * Returns true if what is left is empty or 40 (or 32) hexadecimal digits; a caller warns otherwise,
 * since the fingerprint is informative only. Source: SRV-CLNT-5.
 */
bool fingerprint_normalise(char *text);
