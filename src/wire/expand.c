/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/expand.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/util.h"
#include "wire/text.h"

struct output {
	char *text;
	size_t size;
	size_t max;
};

static enum expand_result append(struct output *o, const char *text, size_t size)
{
	if (size > o->max - o->size)
		return EXPAND_TOO_LONG;
	memcpy(o->text + o->size, text, size);
	o->size += size;
	return EXPAND_OK;
}

/* The list of SRV-CHK-5; strchr() would also find the NUL. */
static bool is_harmless(char c)
{
	char lower = text_to_lower(c);

	return text_is_digit(c) || (lower >= 'a' && lower <= 'z') ||
	       (c != '\0' && strchr("_@%+=:,./-", c));
}

static enum expand_result append_quoted(struct output *o, const char *text)
{
	size_t size = strlen(text);
	size_t n_harmless = 0;
	enum expand_result r;

	while (n_harmless < size && is_harmless(text[n_harmless]))
		n_harmless++;
	if (size > 0 && n_harmless == size)
		return append(o, text, size);
	r = append(o, "'", 1);
	for (size_t i = 0; i < size && r == EXPAND_OK; i++)
		r = text[i] == '\'' ? append(o, "'\"'\"'", 5) : append(o, text + i, 1);
	return r == EXPAND_OK ? append(o, "'", 1) : r;
}

enum expand_result expand_template(const char *template, expand_lookup_fn *lookup, void *userdata,
				   char *ret_command, size_t command_size)
{
	struct output o = { .text = ret_command };
	enum expand_result r = EXPAND_OK;

	if (command_size == 0)
		return EXPAND_TOO_LONG;
	o.max = MIN_OF(command_size - 1, EXPAND_MAX);
	while (*template != '\0' && r == EXPAND_OK) {
		size_t literal = strcspn(template, "%");
		const char *name;
		const char *end;
		const char *value = NULL;

		if (literal > 0) {
			r = append(&o, template, literal);
			template += literal;
			continue;
		}
		if (template[1] == '%') {
			r = append(&o, "%", 1);
			template += 2;
			continue;
		}
		if (template[1] != '(')
			return EXPAND_BAD_PERCENT;
		name = template + 2;
		end = strchr(name, ')');
		if (!end || end[1] == '\0')
			return EXPAND_UNTERMINATED;
		if (end[1] != 's')
			return EXPAND_BAD_CONVERSION;
		if (!lookup(userdata, name, (size_t)(end - name), &value))
			return EXPAND_UNKNOWN_ATTRIBUTE;
		r = append_quoted(&o, value);
		template = end + 2;
	}
	o.text[o.size] = '\0';
	return r;
}

const char *expand_result_text(enum expand_result result)
{
	static const char *const texts[] = {
		[EXPAND_OK] = "nothing is wrong",
		[EXPAND_BAD_PERCENT] =
			"a percent sign must be doubled, %%, unless it begins %(name)s",
		[EXPAND_UNTERMINATED] = "a reference that begins with %( does not end with )s",
		[EXPAND_BAD_CONVERSION] = "a reference ends with another letter than s",
		[EXPAND_UNKNOWN_ATTRIBUTE] = "a reference names an attribute that does not exist",
		[EXPAND_TOO_LONG] = "the command, with its references replaced, is too long",
	};

	return texts[result];
}

static void append_fraction(char *text, size_t size, usec_t usec)
{
	size_t used = strlen(text);

	if (usec % USEC_PER_SEC != 0)
		(void)snprintf(text + used, size - used, ".%06" PRIu64, usec % USEC_PER_SEC);
}

void expand_format_time(usec_t real, char ret_text[EXPAND_TIME_SIZE])
{
	time_t seconds = (time_t)(real / USEC_PER_SEC);
	struct tm t;

	/* gmtime_r() reads no time zone, and 64 bits of microseconds end in the year 586524. */
	if (real == USEC_NEVER || !gmtime_r(&seconds, &t)) {
		(void)snprintf(ret_text, EXPAND_TIME_SIZE, "None");
		return;
	}
	(void)snprintf(ret_text, EXPAND_TIME_SIZE, "%04d-%02d-%02d %02d:%02d:%02d",
		       t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec);
	append_fraction(ret_text, EXPAND_TIME_SIZE, real);
}

void expand_format_duration(usec_t usec, char ret_text[EXPAND_TIME_SIZE])
{
	uint64_t seconds = usec / USEC_PER_SEC;
	uint64_t days = seconds / 86400;
	int used = 0;

	if (days > 0)
		used = snprintf(ret_text, EXPAND_TIME_SIZE, "%" PRIu64 " day%s, ", days,
				days == 1 ? "" : "s");
	(void)snprintf(ret_text + used, EXPAND_TIME_SIZE - (size_t)used,
		       "%" PRIu64 ":%02" PRIu64 ":%02" PRIu64, seconds % 86400 / 3600,
		       seconds % 3600 / 60, seconds % 60);
	append_fraction(ret_text, EXPAND_TIME_SIZE, usec);
}
