/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Base64 as clients.conf may hold it: lenient about everything but missing padding.
 */

#include <stddef.h>
#include <stdint.h>

enum base64_result {
	BASE64_OK = 0,
	BASE64_BAD_PADDING, /* a last group without its padding */
};

/** base64_decoded_max() - bytes that @text_size characters can decode to at most */
static inline size_t base64_decoded_max(size_t text_size)
{
	return text_size / 4 * 3 + 3;
}

/**
 * base64_decode_lenient() - characters outside the alphabet are skipped, padding ends the text
 * @text, @text_size: the characters
 * @ret_data: at least base64_decoded_max(@text_size) bytes; erased by the caller, it is a secret
 * @ret_size: bytes decoded
 *
 * Errors: BASE64_BAD_PADDING; never negative.
 * Source: SRV-CLNT-8.
 */
enum base64_result base64_decode_lenient(const char *text, size_t text_size, uint8_t *ret_data,
					 size_t *ret_size);
