/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/hello.h"

#include <string.h>

#include "base/util.h"
#include "wire/text.h"

/* An integer that is at most 1, in as many digits as the peer likes. */
static bool names_a_version_we_speak(const char *field, size_t size)
{
	bool negative = false;
	size_t i = 0;

	if (size > 0 && (field[0] == '+' || field[0] == '-')) {
		negative = field[0] == '-';
		i = 1;
	}
	if (i == size)
		return false;
	for (size_t j = i; j < size; j++)
		if (!text_is_digit(field[j]))
			return false;
	while (i < size && field[i] == '0')
		i++;
	return negative || i == size || (size - i == 1 && field[i] == '1');
}

enum hello_result hello_parse(const void *data, size_t size, bool at_end, size_t *ret_used)
{
	const char *line = data;
	size_t looked_at = MIN_OF(size, (size_t)HELLO_LINE_MAX);
	const char *line_feed = looked_at > 0 ? memchr(line, '\n', looked_at) : NULL;
	size_t line_size = line_feed ? (size_t)(line_feed - line) : looked_at;
	size_t field;
	size_t field_end;

	if (!line_feed && size >= HELLO_LINE_MAX)
		return HELLO_TOO_LONG;
	if (!line_feed && !at_end)
		return HELLO_MORE;
	if (line_size == 0 || !text_is_utf8(line, line_size))
		return HELLO_BAD;
	field = text_strip_start(line, line_size);
	field_end = field;
	while (field_end < line_size &&
	       text_blank_size(line + field_end, line_size - field_end) == 0)
		field_end++;
	if (!names_a_version_we_speak(line + field, field_end - field))
		return HELLO_BAD;
	*ret_used = line_feed ? line_size + 1 : line_size;
	return HELLO_OK;
}
