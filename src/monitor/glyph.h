/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Text of others, one glyph at a time, such that a terminal can do nothing but show it.
 *
 * Names, hosts and commands come from configuration files and from the bus. Control characters,
 * characters that only steer how others are shown (direction marks, joiners), bytes that are no
 * UTF-8 and what the locale cannot show come out as escapes: \n, \x1b, \u202e. A backslash stays
 * what it is: this is for eyes, not for parsing back.
 *
 * Needs setlocale(LC_CTYPE): widths are those of the C library. Bound: GLYPH_TEXT_MAX.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GLYPH_MARKS_MAX 2  /* combining characters after a letter; more are escaped */
#define GLYPH_TEXT_MAX	13 /* bytes with the NUL: a letter and its marks, four bytes each */

/** struct glyph - what is never divided between two rows */
struct glyph {
	char text[GLYPH_TEXT_MAX];
	unsigned n_columns; /* 1 or 2; of an escape, the length of its text */
	bool is_escape;	    /* @text is ASCII, one column for each byte */
};

/**
 * glyph_next() - takes the first glyph off @text
 * @text: NUL-terminated, not empty
 *
 * Returns how many bytes of @text it stands for, at least one.
 */
size_t glyph_next(const char *text, struct glyph *ret);

/** glyph_columns() - columns that @text takes */
size_t glyph_columns(const char *text);

/** glyph_rule() - the line between panes: U+2500, or an underscore where that cannot be shown */
const char *glyph_rule(void);
