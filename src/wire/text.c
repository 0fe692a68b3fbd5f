/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/text.h"

#include <string.h>

int text_compare_lower(const char *lower, const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		unsigned char a = (unsigned char)lower[i];
		unsigned char b = (unsigned char)text_to_lower(text[i]);

		if (a != b)
			return a < b ? -1 : 1;
	}
	return lower[size] == '\0' ? 0 : 1;
}

static bool is_ascii_blank(unsigned char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= 0x1f);
}

static bool is_unicode_blank(uint32_t code)
{
	return code == 0x85 || code == 0xa0 || code == 0x1680 ||
	       (code >= 0x2000 && code <= 0x200a) || code == 0x2028 || code == 0x2029 ||
	       code == 0x202f || code == 0x205f || code == 0x3000;
}

size_t text_blank_size(const char *text, size_t size)
{
	const unsigned char *s = (const unsigned char *)text;

	if (size == 0)
		return 0;
	if (s[0] < 0x80)
		return is_ascii_blank(s[0]);
	/* All others are two or three bytes long. Whether the text is UTF-8 at all is somebody
	 * else's question: nothing else decodes to one of these codes here. */
	if (s[0] == 0xc2 && size >= 2)
		return is_unicode_blank(s[1]) ? 2 : 0;
	if (s[0] >= 0xe1 && s[0] <= 0xe3 && size >= 3 && (s[1] & 0xc0) == 0x80 &&
	    (s[2] & 0xc0) == 0x80)
		return is_unicode_blank((s[0] & 0x0fu) << 12 | (s[1] & 0x3fu) << 6 | (s[2] & 0x3fu))
			       ? 3
			       : 0;
	return 0;
}

size_t text_strip_start(const char *text, size_t size)
{
	size_t used = 0;
	size_t blank;

	while ((blank = text_blank_size(text + used, size - used)) > 0)
		used += blank;
	return used;
}

size_t text_strip_end(const char *text, size_t size)
{
	while (size > 0) {
		size_t at = size - 1;

		while (at > 0 && size - at < 3 && ((unsigned char)text[at] & 0xc0) == 0x80)
			at--;
		if (text_blank_size(text + at, size - at) != size - at)
			break;
		size = at;
	}
	return size;
}

/* Bytes of the character at @s, 0 if it is not well-formed. Table 3-7 of the Unicode standard. */
static size_t utf8_char_size(const unsigned char *s, size_t size)
{
	size_t n_more;
	unsigned char low = 0x80;
	unsigned char high = 0xbf;

	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	n_more = s[0] < 0xe0 ? 1 : s[0] < 0xf0 ? 2 : 3;
	if (size <= n_more)
		return 0;
	if (s[0] == 0xe0)
		low = 0xa0;
	else if (s[0] == 0xed)
		high = 0x9f;
	else if (s[0] == 0xf0)
		low = 0x90;
	else if (s[0] == 0xf4)
		high = 0x8f;
	if (s[1] < low || s[1] > high)
		return 0;
	for (size_t i = 2; i <= n_more; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return n_more + 1;
}

bool text_is_utf8(const char *text, size_t size)
{
	size_t used = 0;

	while (used < size) {
		uint64_t eight;
		size_t n;

		/* Nearly all text is ASCII, and a file of ten thousand clients is 20 MB of it. */
		if (size - used >= sizeof(eight)) {
			memcpy(&eight, text + used, sizeof(eight));
			if (!(eight & UINT64_C(0x8080808080808080))) {
				used += sizeof(eight);
				continue;
			}
		}
		n = utf8_char_size((const unsigned char *)text + used, size - used);
		if (n == 0)
			return false;
		used += n;
	}
	return true;
}

size_t text_decode(const char *text, uint32_t *ret_code)
{
	const unsigned char *s = (const unsigned char *)text;
	/* No character is longer, and a NUL is no continuation: it ends the look ahead. */
	size_t size = utf8_char_size(s, 4);
	uint32_t code;

	if (size == 0)
		return 0;
	code = size == 1 ? s[0] : s[0] & (0x7fu >> size);
	for (size_t i = 1; i < size; i++)
		code = code << 6 | (s[i] & 0x3fu);
	*ret_code = code;
	return size;
}
