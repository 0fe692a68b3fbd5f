/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The bytes are the value of "host", NUL, and a template; the first eight are a time as well.
 * What a shell would make of a quoted value is the value; the bounds of the room are kept.
 */
#include <inttypes.h>

#include "fuzz.h"
#include "wire/expand.h"

static bool lookup(void *userdata, const char *name, size_t name_size, const char **ret_text)
{
	*ret_text = userdata;
	return name_size == 4 && memcmp(name, "host", 4) == 0;
}

static void check_template(char *host, const char *template)
{
	static char command[EXPAND_MAX + 1];
	enum expand_result r = expand_template(template, lookup, host, command, sizeof(command));
	size_t size;
	char *exact;

	REQUIRE(expand_result_text(r)[0] != '\0');
	if (r != EXPAND_OK)
		return;
	size = strlen(command);
	exact = malloc(size + 1);
	REQUIRE(exact);
	REQUIRE(expand_template(template, lookup, host, exact, size + 1) == EXPAND_OK);
	REQUIRE(strcmp(exact, command) == 0);
	REQUIRE(expand_template(template, lookup, host, exact, size) == EXPAND_TOO_LONG);
	free(exact);
}

/* The part of a shell's grammar that quoting may use: '...' and "..." without anything active. */
static void unquote(const char *word, char *ret_text)
{
	char quote = '\0';

	for (; *word; word++) {
		if (quote == '\0' && (*word == '\'' || *word == '"')) {
			quote = *word;
			continue;
		}
		if (*word == quote) {
			quote = '\0';
			continue;
		}
		if (quote == '"')
			REQUIRE(*word == '\'');
		if (quote == '\0')
			REQUIRE(strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				       "0123456789_@%+=:,./-",
				       *word));
		*ret_text++ = *word;
	}
	REQUIRE(quote == '\0');
	*ret_text = '\0';
}

static void check_quoting(char *host)
{
	static char command[EXPAND_MAX + 1];
	static char unquoted[EXPAND_MAX + 1];
	enum expand_result r = expand_template("%(host)s", lookup, host, command, sizeof(command));

	REQUIRE(r == EXPAND_OK || r == EXPAND_TOO_LONG);
	if (r == EXPAND_TOO_LONG) {
		REQUIRE(strlen(host) * 5 + 2 > EXPAND_MAX);
		return;
	}
	REQUIRE(command[0] != '\0');
	unquote(command, unquoted);
	REQUIRE(strcmp(unquoted, host) == 0);
}

static void check_times(usec_t usec)
{
	char text[EXPAND_TIME_SIZE];
	const char *clock;
	uint64_t days = 0;
	uint64_t hours;
	uint64_t minutes;
	uint64_t seconds;
	uint64_t fraction = 0;

	expand_format_time(usec, text);
	REQUIRE(strlen(text) < EXPAND_TIME_SIZE);
	expand_format_duration(usec, text);
	REQUIRE(strlen(text) < EXPAND_TIME_SIZE);
	clock = strstr(text, ", ");
	if (clock)
		REQUIRE(sscanf(text, "%" SCNu64, &days) == 1);
	REQUIRE(sscanf(clock ? clock + 2 : text, "%" SCNu64 ":%2" SCNu64 ":%2" SCNu64 ".%6" SCNu64,
		       &hours, &minutes, &seconds, &fraction) >= 3);
	REQUIRE(((days * 24 + hours) * 60 + minutes) * 60 + seconds == usec / USEC_PER_SEC);
	REQUIRE(fraction == usec % USEC_PER_SEC);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *host = fuzz_text(data, size);
	size_t host_size = strlen(host);
	usec_t usec;

	if (host_size < size) {
		char *template = fuzz_text(data + host_size + 1, size - host_size - 1);

		check_template(host, template);
		free(template);
	}
	check_quoting(host);
	if (size >= sizeof(usec)) {
		memcpy(&usec, data, sizeof(usec));
		check_times(usec);
	}
	free(host);
	return 0;
}
