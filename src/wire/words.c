/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/words.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"

#define ACTIVE_BARE   "|&;<>()$`"
#define ACTIVE_DOUBLE "$`"
#define ESCAPED	      "\"\\$`" /* by a backslash within double quotes */

/** struct splitting - the text under way, and where the word at hand goes */
struct splitting {
	const char *at;
	char *out;
};

/* strchr() would also find the NUL. */
static bool is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

static bool is_blank(char c)
{
	return is_one_of(c, " \t\r\n");
}

static void take(struct splitting *s)
{
	*s->out++ = *s->at++;
}

/* Behind the opening quote, up to behind the closing one. */
static enum words_result take_single(struct splitting *s)
{
	while (*s->at && *s->at != '\'')
		take(s);
	if (!*s->at)
		return WORDS_OPEN_QUOTE;
	s->at++;
	return WORDS_OK;
}

static enum words_result take_double(struct splitting *s)
{
	while (*s->at && *s->at != '"') {
		if (is_one_of(*s->at, ACTIVE_DOUBLE))
			return WORDS_ACTIVE;
		if (*s->at == '\\' && is_one_of(s->at[1], ESCAPED))
			s->at++;
		take(s);
	}
	if (!*s->at)
		return WORDS_OPEN_QUOTE;
	s->at++;
	return WORDS_OK;
}

/* One word, up to the blank or the end behind it. */
static enum words_result take_word(struct splitting *s)
{
	enum words_result r = WORDS_OK;

	while (r == WORDS_OK && *s->at && !is_blank(*s->at)) {
		char c = *s->at;

		if (is_one_of(c, ACTIVE_BARE))
			return WORDS_ACTIVE;
		if (c != '\'' && c != '"' && c != '\\') {
			take(s);
			continue;
		}
		s->at++;
		if (c == '\'')
			r = take_single(s);
		else if (c == '"')
			r = take_double(s);
		else if (!*s->at)
			r = WORDS_OPEN_ESCAPE;
		else
			take(s);
	}
	return r;
}

static enum words_result split(const char *text, struct words *words)
{
	struct splitting s = { .at = text, .out = words->buffer };

	for (;;) {
		enum words_result r;

		while (is_blank(*s.at))
			s.at++;
		if (!*s.at)
			break;
		if (words->n == WORDS_MAX)
			return WORDS_TOO_MANY;
		words->list[words->n++] = s.out;
		r = take_word(&s);
		if (r != WORDS_OK)
			return r;
		*s.out++ = '\0';
	}
	words->list[words->n] = NULL;
	return WORDS_OK;
}

int words_split(const char *text, struct words *ret)
{
	_cleanup_words_ struct words words = { 0 };
	size_t size = strnlen(text, WORDS_TEXT_MAX + 1);
	enum words_result r;

	if (size > WORDS_TEXT_MAX)
		return WORDS_TOO_LONG;
	words.list = calloc(WORDS_MAX + 1, sizeof(char *));
	/* Each word loses at least the blank behind it, the last one none. */
	words.buffer = malloc(size + 1);
	if (!words.list || !words.buffer)
		return -ENOMEM;
	r = split(text, &words);
	if (r != WORDS_OK)
		return r;
	*ret = words;
	words = (struct words){ 0 };
	return WORDS_OK;
}

void words_deinit(struct words *words)
{
	free(words->list);
	free(words->buffer);
	*words = (struct words){ 0 };
}

const char *words_result_text(enum words_result result)
{
	static const char *const texts[] = {
		[WORDS_OK] = "nothing is wrong",
		[WORDS_OPEN_QUOTE] = "a quote does not end",
		[WORDS_OPEN_ESCAPE] = "there is nothing behind the last backslash",
		[WORDS_ACTIVE] = "a bare | & ; < > ( ) $ or ` means nothing without a shell",
		[WORDS_TOO_LONG] = "it is too long",
		[WORDS_TOO_MANY] = "it has too many words",
	};

	return texts[result];
}
