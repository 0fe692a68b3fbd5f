/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A file is read, written out in the plainest way, and read again: both readings must agree. Every
 * value is expanded within its bounds, and every complaint names a line that exists.
 */
#include <stdbool.h>

#include "fuzz.h"
#include "wire/ini.h"

static const struct ini_key_value built_in[] = {
	{ "checker", "fping -q -- %%(host)s" },
	{ "host", "" },
	{ "loop", "%(loop)s" },
	{ NULL, NULL },
};

struct complaints {
	int n;
	unsigned int last_line; /* of the file */
};

static void on_complaint(void *userdata, unsigned int line, const char *text)
{
	struct complaints *c = userdata;

	REQUIRE(line >= 1 && line <= c->last_line);
	REQUIRE(text[0] != '\0');
	c->n++;
}

static struct ini *parse(const void *data, size_t size, int *ret_n_bad)
{
	uint8_t *exact = fuzz_exact(data, size);
	struct complaints c = { .last_line = 1 };
	struct ini *ini = NULL;

	for (size_t i = 0; i < size; i++)
		c.last_line += exact[i] == '\n' || exact[i] == '\r';
	*ret_n_bad = ini_parse((const char *)exact, size, on_complaint, &c, &ini);
	free(exact);
	REQUIRE(ini);
	REQUIRE(*ret_n_bad == c.n);
	return ini;
}

static void check_values(const struct ini *ini, const struct ini_section *s)
{
	const char *key = NULL;

	while ((key = ini_next_key(s, key))) {
		unsigned int line = 0;
		char *value = NULL;
		bool truth;
		long long number;
		const char *raw = ini_raw(ini, s, key, &line);
		int r = ini_value(ini, s, built_in, key, &value, NULL);

		REQUIRE(raw);
		REQUIRE(line > 0);
		REQUIRE(r != INI_VALUE_MISSING);
		REQUIRE((r == INI_VALUE_OK) == (value != NULL));
		REQUIRE(ini_value_result_text((enum ini_value_result)r)[0] != '\0');
		REQUIRE(!value || strlen(value) <= INI_VALUE_MAX);
		REQUIRE(!value || strchr(raw, '%') || strcmp(value, raw) == 0);
		(void)ini_bool(raw, &truth);
		(void)ini_int(raw, &number);
		free(value);
	}
}

static void write_section(FILE *f, const struct ini_section *s, const struct ini *ini)
{
	const char *key = NULL;

	(void)fprintf(f, "[%s]\n", ini_section_name(s));
	while ((key = ini_next_key(s, key))) {
		(void)fprintf(f, "%s =", key);
		for (const char *c = ini_raw(ini, s, key, NULL); *c; c++) {
			(void)fputc(*c, f);
			if (*c == '\n' && c[1] != '\n')
				(void)fputc('\t', f);
		}
		(void)fputc('\n', f);
	}
}

static void compare_sections(const struct ini *a, const struct ini_section *s, const struct ini *b,
			     const struct ini_section *t)
{
	const char *key = NULL;
	const char *other = NULL;

	REQUIRE(t);
	REQUIRE(strcmp(ini_section_name(s), ini_section_name(t)) == 0);
	while ((key = ini_next_key(s, key))) {
		other = ini_next_key(t, other);
		REQUIRE(other);
		REQUIRE(strcmp(key, other) == 0);
		REQUIRE(strcmp(ini_raw(a, s, key, NULL), ini_raw(b, t, other, NULL)) == 0);
	}
	REQUIRE(!ini_next_key(t, other));
}

static void check_round_trip(const struct ini *ini)
{
	char *text = NULL;
	size_t size;
	int n_bad;
	FILE *f = open_memstream(&text, &size);
	struct ini *again;
	const struct ini_section *s = NULL;
	const struct ini_section *t = NULL;

	REQUIRE(f);
	write_section(f, ini_default_section(ini), ini);
	while ((s = ini_next_section(ini, s)))
		write_section(f, s, ini);
	REQUIRE(fclose(f) == 0);
	again = parse(text, size, &n_bad);
	REQUIRE(n_bad == 0);
	compare_sections(ini, ini_default_section(ini), again, ini_default_section(again));
	while ((s = ini_next_section(ini, s))) {
		t = ini_next_section(again, t);
		compare_sections(ini, s, again, t);
	}
	REQUIRE(!ini_next_section(again, t));
	(void)ini_free(again);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int n_bad;
	struct ini *ini = parse(data, size, &n_bad);
	const struct ini_section *s = NULL;

	check_values(ini, ini_default_section(ini));
	while ((s = ini_next_section(ini, s)))
		check_values(ini, s);
	if (n_bad == 0)
		check_round_trip(ini);
	(void)ini_free(ini);
	return 0;
}
