/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * A command line as configuration files write it, to words: quoting as in a shell, and nothing else
 * of a shell.
 *
 * Bounds: WORDS_TEXT_MAX bytes of text, WORDS_MAX words.
 */

#include <stddef.h>

#define WORDS_TEXT_MAX ((size_t)16 * 1024)
#define WORDS_MAX      256

/** struct words - { 0 } is none */
struct words {
	char **list; /* ended by NULL, as execve(2) wants it; NULL if nothing was split */
	size_t n;
	char *buffer; /* what @list points into */
};

enum words_result {
	WORDS_OK = 0,
	WORDS_OPEN_QUOTE,  /* a quote that does not end */
	WORDS_OPEN_ESCAPE, /* a backslash at the very end */
	WORDS_ACTIVE,	   /* a character with which a shell would do something */
	WORDS_TOO_LONG,	   /* more than WORDS_TEXT_MAX */
	WORDS_TOO_MANY,	   /* more than WORDS_MAX */
};

/**
 * words_split() - text to words
 * @text: NUL-terminated
 * @ret:  set when WORDS_OK is returned; possibly no word
 *
 * Words stand apart by spaces, tabs and line breaks. Single quotes take everything as it is, double
 * quotes everything but a backslash before one of " \ $ `, and a backslash outside of quotes takes
 * the next character as it is. What a shell would act upon, | & ; < > ( ) outside of quotes and $ `
 * also within double ones, is refused unless it is quoted: passed on as it is, it would not be what
 * its author meant.
 *
 * Owner:  words_deinit(), after WORDS_OK.
 * Errors: the results above; -ENOMEM.
 */
int words_split(const char *text, struct words *ret);

void words_deinit(struct words *words);

#define _cleanup_words_ _cleanup_(words_deinit)

/** words_result_text() - what is wrong, in half a sentence */
const char *words_result_text(enum words_result result);
