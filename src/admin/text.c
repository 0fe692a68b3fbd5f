/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "admin/text.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "wire/text.h"

/* @n digits to a number; false if there are fewer. */
static bool take_digits(const char **text, int n, unsigned *ret)
{
	*ret = 0;
	for (; n > 0; n--, (*text)++) {
		if (!text_is_digit(**text))
			return false;
		*ret = *ret * 10 + (unsigned)(**text - '0');
	}
	return true;
}

static bool take_char(const char **text, char c)
{
	if (**text != c)
		return false;
	(*text)++;
	return true;
}

static bool is_leap(unsigned year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Days from 1970-01-01; false if the calendar has no such day, or it was before. */
static bool days_of(unsigned year, unsigned month, unsigned day, uint64_t *ret)
{
	static const unsigned before[] = { 0,	31,  59,  90,  120, 151, 181,
					   212, 243, 273, 304, 334, 365 };
	unsigned y = year - 1, leaps_1970 = 1969 / 4 - 1969 / 100 + 1969 / 400;
	unsigned in_month;

	if (year < 1970 || month < 1 || month > 12)
		return false;
	in_month = before[month] - before[month - 1] + (month == 2 && is_leap(year));
	if (day < 1 || day > in_month)
		return false;
	*ret = (uint64_t)(year - 1970) * 365 + (y / 4 - y / 100 + y / 400 - leaps_1970) +
	       before[month - 1] + (month > 2 && is_leap(year)) + (day - 1);
	return true;
}

/* ".ffffff", or nothing. */
static bool take_fraction(const char **text, unsigned *ret_usec)
{
	int n = 0;

	*ret_usec = 0;
	if (!take_char(text, '.'))
		return true;
	for (; n < 6 && text_is_digit(**text); n++, (*text)++)
		*ret_usec = *ret_usec * 10 + (unsigned)(**text - '0');
	if (n == 0)
		return false;
	for (; n < 6; n++)
		*ret_usec *= 10;
	return true;
}

bool admin_time_parse(const char *text, usec_t *ret_usec)
{
	unsigned year, month, day, hour, minute, second, fraction;
	uint64_t days;

	if (!take_digits(&text, 4, &year) || !take_char(&text, '-') ||
	    !take_digits(&text, 2, &month) || !take_char(&text, '-') ||
	    !take_digits(&text, 2, &day) || !take_char(&text, 'T') ||
	    !take_digits(&text, 2, &hour) || !take_char(&text, ':') ||
	    !take_digits(&text, 2, &minute) || !take_char(&text, ':') ||
	    !take_digits(&text, 2, &second) || !take_fraction(&text, &fraction) || *text != '\0')
		return false;
	/* A leap second never reaches us: the kernel's clock has none. */
	if (hour > 23 || minute > 59 || second > 59 || !days_of(year, month, day, &days))
		return false;
	*ret_usec = (((days * 24 + hour) * 60 + minute) * 60 + second) * USEC_PER_SEC + fraction;
	return true;
}

/* Whether a terminal would do something else with it than show it. */
static bool is_acting(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x061c ||
	       (code >= 0x200e && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069) || code == 0xfeff;
}

static int escape(uint32_t code, char *ret, size_t room)
{
	switch (code) {
	case '\n':
		return snprintf(ret, room, "\\n");
	case '\t':
		return snprintf(ret, room, "\\t");
	case '\r':
		return snprintf(ret, room, "\\r");
	default:
		return snprintf(ret, room, code < 0x80 ? "\\x%02x" : "\\u%04x", (unsigned)code);
	}
}

size_t admin_show(const char *text, char *ret)
{
	size_t used = 0;

	while (*text) {
		uint32_t code;
		size_t size = text_decode(text, &code);
		char escaped[8];
		int n = 0;

		if (size == 0)
			n = snprintf(escaped, sizeof(escaped), "\\x%02x", (unsigned char)*text);
		else if (is_acting(code))
			n = escape(code, escaped, sizeof(escaped));
		if (n > 0)
			memcpy(ret + used, escaped, (size_t)n);
		else
			memcpy(ret + used, text, size);
		used += n > 0 ? (size_t)n : size;
		text += size > 0 ? size : 1;
	}
	ret[used] = '\0';
	return used;
}

const char *admin_disabled_words(const char *reason)
{
	static const struct {
		const char *name, *words;
	} reasons[] = {
		{ "timeout", "it was not seen for its timeout" },
		{ "lockdown", "it was not seen for its timeout, in a lockdown" },
		{ "administrator", "an administrator said so" },
		{ "configuration", "its configuration says so" },
		{ "state-lost", "the saved state could not be read" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
		if (strcmp(reason, reasons[i].name) == 0)
			return reasons[i].words;
	}
	return NULL;
}

size_t admin_characters(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += (*text & 0xc0) != 0x80;
	return n;
}
