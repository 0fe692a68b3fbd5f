/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Answers questions about text, for test-text.py: what does src/wire/ make of it?
 *
 * A question on stdin is a letter and a byte string; a byte string is its size (4 bytes, in the
 * machine's order) and its bytes. An answer on stdout is a byte string of byte strings.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/base64.h"
#include "wire/expand.h"
#include "wire/ini.h"

#define QUESTION_MAX ((uint32_t)1 << 20)

struct answer {
	FILE *stream;
	char *data;
	size_t size;
};

static void add(struct answer *a, const void *data, size_t size)
{
	uint32_t prefix = (uint32_t)size;

	(void)fwrite(&prefix, sizeof(prefix), 1, a->stream);
	(void)fwrite(data, 1, size, a->stream);
}

static void add_text(struct answer *a, const char *text)
{
	add(a, text, strlen(text));
}

static void on_complaint(void *userdata, unsigned int line, const char *text)
{
	char number[16];

	(void)snprintf(number, sizeof(number), "%u", line);
	add_text(userdata, number);
}

/* Each key as name, value as written, and expanded value or "!". */
static void add_section(struct answer *a, const struct ini *ini, const struct ini_section *s)
{
	static const struct ini_key_value built_in[] = {
		{ "built", "in %(a)s" },
		{ "b", "default" },
		{ NULL, NULL },
	};
	const char *key = NULL;

	add_text(a, "section");
	add_text(a, ini_section_name(s));
	while ((key = ini_next_key(s, key))) {
		char *value = NULL;

		add_text(a, key);
		add_text(a, ini_raw(ini, s, key, NULL));
		if (ini_value(ini, s, built_in, key, &value, NULL) == INI_VALUE_OK)
			add_text(a, value);
		else
			add_text(a, "!");
		free(value);
	}
}

static void answer_ini(struct answer *a, const char *text, size_t size)
{
	struct ini *ini = NULL;
	const struct ini_section *s = NULL;

	if (ini_parse(text, size, on_complaint, a, &ini) == 0) {
		add_section(a, ini, ini_default_section(ini));
		while ((s = ini_next_section(ini, s)))
			add_section(a, ini, s);
	}
	(void)ini_free(ini);
}

static void answer_base64(struct answer *a, const char *text, size_t size)
{
	uint8_t *data = malloc(base64_decoded_max(size));
	size_t data_size;

	if (data && base64_decode_lenient(text, size, data, &data_size) == BASE64_OK)
		add(a, data, data_size);
	free(data);
}

static bool lookup(void *userdata, const char *name, size_t name_size, const char **ret_text)
{
	*ret_text = userdata;
	return name_size == 4 && memcmp(name, "host", 4) == 0;
}

/* The question is the value of "host", NUL, the template. */
static void answer_expand(struct answer *a, char *text, size_t size)
{
	static char command[EXPAND_MAX + 1];

	if (strlen(text) < size && expand_template(text + strlen(text) + 1, lookup, text, command,
						   sizeof(command)) == EXPAND_OK)
		add_text(a, command);
}

static void answer_times(struct answer *a, const char *text)
{
	usec_t usec = strtoull(text, NULL, 10);
	char formatted[EXPAND_TIME_SIZE];

	expand_format_time(usec, formatted);
	add_text(a, formatted);
	expand_format_duration(usec, formatted);
	add_text(a, formatted);
}

static void answer_scalars(struct answer *a, const char *text)
{
	char number[32] = "!";
	long long integer;
	bool truth;

	if (ini_int(text, &integer))
		(void)snprintf(number, sizeof(number), "%lld", integer);
	add_text(a, number);
	add_text(a, !ini_bool(text, &truth) ? "!" : truth ? "1" : "0");
}

static bool answer_one(char kind, char *text, size_t size)
{
	struct answer a = { .data = NULL };
	uint32_t prefix;

	a.stream = open_memstream(&a.data, &a.size);
	if (!a.stream)
		return false;
	if (kind == 'i')
		answer_ini(&a, text, size);
	else if (kind == 'b')
		answer_base64(&a, text, size);
	else if (kind == 'e')
		answer_expand(&a, text, size);
	else if (kind == 't')
		answer_times(&a, text);
	else if (kind == 's')
		answer_scalars(&a, text);
	if (fclose(a.stream) != 0)
		return false;
	prefix = (uint32_t)a.size;
	(void)fwrite(&prefix, sizeof(prefix), 1, stdout);
	(void)fwrite(a.data, 1, a.size, stdout);
	free(a.data);
	return fflush(stdout) == 0;
}

int main(void)
{
	int kind;

	while ((kind = getchar()) != EOF) {
		uint32_t size;
		char *text;
		bool good;

		if (fread(&size, sizeof(size), 1, stdin) != 1 || size > QUESTION_MAX)
			return 1;
		text = calloc(1, (size_t)size + 1);
		if (!text)
			return 1;
		good = fread(text, 1, size, stdin) == size && answer_one((char)kind, text, size);
		free(text);
		if (!good)
			return 1;
	}
	return 0;
}
