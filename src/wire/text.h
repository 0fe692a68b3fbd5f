/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Characters, for the parsers of this room: the same in every locale, unlike <ctype.h>.
 *
 * White space is what the reference takes for it: that of ASCII, the four separators 0x1c to 0x1f,
 * and that of Unicode, since a no-break space is easily pasted from a web page.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool text_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/** text_to_lower() - of an ASCII letter; anything else stays as it is */
static inline char text_to_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static inline char text_to_upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/**
 * text_compare_lower() - orders @text, folded to lower case, after or before @lower
 * @lower: NUL-terminated, already in lower case
 *
 * Returns less than, equal to or greater than 0, as strcmp(@lower, @text) would.
 */
int text_compare_lower(const char *lower, const char *text, size_t size);

/** text_blank_size() - bytes of the white space character at @text, 0 if there is none */
size_t text_blank_size(const char *text, size_t size);

/** text_strip_start() - bytes of white space at the start of @text */
size_t text_strip_start(const char *text, size_t size);

/** text_strip_end() - size of @text without the white space at its end */
size_t text_strip_end(const char *text, size_t size);

/** text_is_utf8() - well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms) */
bool text_is_utf8(const char *text, size_t size);

/**
 * text_decode() - the character at the start of a text
 * @text:     NUL-terminated; looked at no further than its first NUL
 * @ret_code: its code point; unchanged if there is none
 *
 * Returns its size in bytes, 1 for the NUL itself, and 0 for what is not UTF-8.
 */
size_t text_decode(const char *text, uint32_t *ret_code);
