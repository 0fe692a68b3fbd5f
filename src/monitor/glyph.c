/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "monitor/glyph.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include "base/util.h"
#include "wire/text.h"

#define RULE_CODE 0x2500

/* Unicode's format characters and variation selectors: they show nothing and change how their
 * neighbours look. wcwidth(3) takes some of them for marks. */
static const struct {
	uint32_t first, last;
} steering[] = {
	{ 0x00ad, 0x00ad },   { 0x034f, 0x034f },   { 0x061c, 0x061c },	    { 0x115f, 0x1160 },
	{ 0x17b4, 0x17b5 },   { 0x180b, 0x180f },   { 0x200b, 0x200f },	    { 0x2028, 0x202e },
	{ 0x2060, 0x206f },   { 0x3164, 0x3164 },   { 0xfe00, 0xfe0f },	    { 0xfeff, 0xfeff },
	{ 0xffa0, 0xffa0 },   { 0xfff0, 0xfffb },   { 0x1bca0, 0x1bca3 },   { 0x1d173, 0x1d17a },
	{ 0xe0000, 0xe0fff }, { 0xf0000, 0xfffff }, { 0x100000, 0x10ffff },
};

static bool is_steering(uint32_t code)
{
	for (size_t i = 0; i < ARRAY_SIZE(steering); i++)
		if (code >= steering[i].first && code <= steering[i].last)
			return true;
	return false;
}

/* Columns; negative if it must not reach the terminal. */
static int width(uint32_t code)
{
	if (code < 0x7f)
		return code < ' ' ? -1 : 1;
	return is_steering(code) ? -1 : wcwidth((wchar_t)code);
}

static size_t escape(const char *text, size_t size, uint32_t code, struct glyph *ret)
{
	int n;

	if (size == 1 && code == '\n')
		n = snprintf(ret->text, sizeof(ret->text), "\\n");
	else if (size == 1 && code == '\t')
		n = snprintf(ret->text, sizeof(ret->text), "\\t");
	else if (size <= 1)
		n = snprintf(ret->text, sizeof(ret->text), "\\x%02x", (unsigned char)text[0]);
	else
		n = snprintf(ret->text, sizeof(ret->text), code > 0xffff ? "\\U%08x" : "\\u%04x",
			     code);
	ret->n_columns = (unsigned)n;
	ret->is_escape = true;
	return MAX_OF(size, (size_t)1);
}

size_t glyph_next(const char *text, struct glyph *ret)
{
	uint32_t code = 0;
	size_t size = text_decode(text, &code), used = size;
	int n_columns = size > 0 ? width(code) : -1;

	*ret = (struct glyph){ 0 };
	/* A mark without a letter before it has nothing to stand on. */
	if (n_columns <= 0)
		return escape(text, size, code, ret);
	for (int i = 0; i < GLYPH_MARKS_MAX && (unsigned char)text[used] >= 0x80; i++) {
		size_t more = text_decode(text + used, &code);

		if (more == 0 || width(code) != 0)
			break;
		used += more;
	}
	memcpy(ret->text, text, used);
	ret->n_columns = (unsigned)n_columns;
	return used;
}

size_t glyph_columns(const char *text)
{
	struct glyph g;
	size_t n = 0;

	while (*text != '\0') {
		text += glyph_next(text, &g);
		n += g.n_columns;
	}
	return n;
}

const char *glyph_rule(void)
{
	return wcwidth(RULE_CODE) == 1 ? "\xe2\x94\x80" : "_";
}
