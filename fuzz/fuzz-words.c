/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The words of a text, quoted again, are split into the same words; nothing of a text gets lost but
 * quotes, backslashes and blanks.
 */
#include "fuzz.h"
#include "wire/words.h"

/* All words as one text, each in single quotes, with '"'"' for a single quote itself. */
static char *quote(const struct words *words)
{
	size_t size = 1;
	char *text, *at;

	for (size_t i = 0; i < words->n; i++)
		size += 5 * strlen(words->list[i]) + 3;
	text = at = malloc(size);
	REQUIRE(text);
	for (size_t i = 0; i < words->n; i++) {
		*at++ = '\'';
		for (const char *c = words->list[i]; *c; c++) {
			if (*c == '\'')
				at = stpcpy(at, "'\"'\"'");
			else
				*at++ = *c;
		}
		at = stpcpy(at, "' ");
	}
	*at = '\0';
	return text;
}

static void check_again(const struct words *words)
{
	char *text = quote(words);
	struct words again = { 0 };
	int r = words_split(text, &again);

	if (strlen(text) > WORDS_TEXT_MAX) {
		REQUIRE(r == WORDS_TOO_LONG);
	} else {
		REQUIRE(r == WORDS_OK);
		REQUIRE(again.n == words->n);
		for (size_t i = 0; i < words->n; i++)
			REQUIRE(strcmp(again.list[i], words->list[i]) == 0);
	}
	words_deinit(&again);
	free(text);
}

static void check_nothing_lost(const struct words *words, const char *text)
{
	for (size_t i = 0; i < words->n; i++) {
		for (const char *c = words->list[i]; *c; c++) {
			while (*text && *text != *c) {
				REQUIRE(strchr("'\"\\ \t\r\n", *text));
				text++;
			}
			REQUIRE(*text == *c);
			text++;
		}
	}
	for (; *text; text++)
		REQUIRE(strchr("'\"\\ \t\r\n", *text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct words words = { 0 };
	int r = words_split(text, &words);

	REQUIRE(r >= 0);
	REQUIRE(words_result_text((enum words_result)r)[0] != '\0');
	if (r == WORDS_OK) {
		REQUIRE(words.n <= WORDS_MAX && words.list[words.n] == NULL);
		check_nothing_lost(&words, text);
		check_again(&words);
	}
	words_deinit(&words);
	free(text);
	return 0;
}
