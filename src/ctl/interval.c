/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ctl/interval.h"

#include <stdbool.h>
#include <string.h>

#include "wire/duration.h"
#include "wire/text.h"

#define MILLISECONDS_MAX (DURATION_MAX_USEC / USEC_PER_MSEC)

static uint64_t unit_of(char letter)
{
	switch (letter) {
	case 's':
		return 1000;
	case 'm':
		return 60 * 1000;
	case 'h':
		return 60 * 60 * 1000;
	case 'd':
		return 24 * 60 * 60 * 1000;
	case 'w':
		return UINT64_C(7) * 24 * 60 * 60 * 1000;
	default:
		return 0;
	}
}

/* One item; false if there is none at @at. A value too large to count stays at the bound + 1. */
static bool take_item(const char **at, uint64_t *ret)
{
	const uint64_t over = MILLISECONDS_MAX + 1;
	uint64_t number = 0, unit;

	if (!text_is_digit(**at))
		return false;
	for (; text_is_digit(**at); (*at)++) {
		number = number * 10 + (uint64_t)(**at - '0');
		if (number > over)
			number = over;
	}
	unit = unit_of(**at);
	if (unit)
		(*at)++;
	else
		unit = 1;
	*ret = number > MILLISECONDS_MAX / unit ? over : number * unit;
	return true;
}

/* What follows an item is another, perhaps after blanks, or the end. */
static enum interval_result parse_old(const char *text, uint64_t *ret_milliseconds)
{
	uint64_t sum = 0, item;

	do {
		size_t blanks;

		if (!take_item(&text, &item))
			return INTERVAL_MALFORMED;
		sum = sum + item > MILLISECONDS_MAX ? MILLISECONDS_MAX + 1 : sum + item;
		blanks = strspn(text, " \t");
		if (text[blanks] == '\0' && blanks > 0)
			return INTERVAL_MALFORMED;
		text += blanks;
	} while (*text != '\0');
	if (sum > MILLISECONDS_MAX)
		return INTERVAL_OVERFLOW;
	*ret_milliseconds = sum;
	return INTERVAL_OLD;
}

enum interval_result interval_parse(const char *text, uint64_t *ret_milliseconds)
{
	usec_t usec;

	if (strnlen(text, DURATION_TEXT_MAX + 1) > DURATION_TEXT_MAX)
		return INTERVAL_MALFORMED;
	/* The wire parser's own older form is that of the configuration files, another one. */
	if (*text != 'P')
		return parse_old(text, ret_milliseconds);
	switch (duration_parse(text, &usec)) {
	case DURATION_OK:
		*ret_milliseconds = usec / USEC_PER_MSEC;
		return INTERVAL_OK;
	case DURATION_OVERFLOW:
		return INTERVAL_OVERFLOW;
	case DURATION_MALFORMED:
	case DURATION_NEGATIVE:
		break;
	}
	return INTERVAL_MALFORMED;
}
