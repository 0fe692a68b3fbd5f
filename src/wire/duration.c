/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Both forms are read in whole seconds. A number too large to count stays at SECONDS_OVER, so that
 * the rest of the text is still judged: "P99999999999999999999X" is malformed, not too long.
 */
#include "wire/duration.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/util.h"
#include "wire/text.h"

#define SECONDS_MAX  ((int64_t)DURATION_MAX_DAYS * 86400)
#define SECONDS_OVER (SECONDS_MAX + 1)

struct unit {
	char letter;
	int32_t seconds;
};

#define DAY 86400

/* SRV-DUR-3: a year is 52 weeks and a month is 4. Each table in the order that RFC 3339 demands. */
static const struct unit week_units[] = { { 'W', 7 * DAY } };
static const struct unit date_units[] = { { 'Y', 364 * DAY }, { 'M', 28 * DAY }, { 'D', DAY } };
static const struct unit time_units[] = { { 'H', 3600 }, { 'M', 60 }, { 'S', 1 } };
static const struct unit legacy_units[] = {
	{ 'w', 7 * DAY }, { 'd', DAY }, { 'h', 3600 }, { 'm', 60 }, { 's', 1 },
};

/* The digits at *at, times nothing yet; false if there is no digit. */
static bool take_number(const char **at, int64_t *ret)
{
	int64_t number = 0;

	if (!text_is_digit(**at))
		return false;
	for (; text_is_digit(**at); (*at)++)
		number = MIN_OF(number * 10 + (**at - '0'), SECONDS_OVER);
	*ret = number;
	return true;
}

static int64_t times(int64_t number, const struct unit *unit)
{
	return number > SECONDS_MAX / unit->seconds ? SECONDS_OVER : number * unit->seconds;
}

/*
 * A run of units without gaps, starting with any of them. Returns how many there were, or -1 if
 * what stands there is no run of these units; @at is then where it was.
 */
static int take_run(const char **at, const struct unit *units, size_t n_units, int64_t *seconds)
{
	const char *start = *at;
	int64_t sum = *seconds;
	int64_t number;
	size_t next = 0;
	int n_taken = 0;

	while (take_number(at, &number)) {
		size_t i = next;

		while (n_taken == 0 && i < n_units && units[i].letter != **at)
			i++;
		if (i == n_units || units[i].letter != **at) {
			*at = start;
			return -1;
		}
		(*at)++;
		sum = MIN_OF(sum + times(number, &units[i]), SECONDS_OVER);
		next = i + 1;
		n_taken++;
	}
	*seconds = sum;
	return n_taken;
}

static bool parse_rfc3339(const char *text, int64_t *ret_seconds)
{
	const char *at = text + 1;
	int64_t seconds = 0;
	int n_date;
	int n_time = 0;

	if (take_run(&at, week_units, ARRAY_SIZE(week_units), &seconds) == 1) {
		*ret_seconds = seconds;
		return *at == '\0';
	}
	n_date = take_run(&at, date_units, ARRAY_SIZE(date_units), &seconds);
	if (*at == 'T') {
		at++;
		n_time = take_run(&at, time_units, ARRAY_SIZE(time_units), &seconds);
		if (n_time == 0)
			return false;
	}
	*ret_seconds = seconds;
	return n_date >= 0 && n_time >= 0 && n_date + n_time > 0 && *at == '\0';
}

/* One token of the older form; the blanks before it have been skipped. */
static bool take_token(const char **at, int64_t *ret_seconds)
{
	bool negative = **at == '-';
	int64_t number;

	if (**at == '-' || **at == '+')
		(*at)++;
	if (!take_number(at, &number))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(legacy_units); i++) {
		if (legacy_units[i].letter != **at)
			continue;
		(*at)++;
		number = times(number, &legacy_units[i]);
		*ret_seconds = negative ? -number : number;
		return true;
	}
	return false;
}

/* DURATION_TEXT_MAX bounds the tokens, so that the sum cannot wrap. */
static bool parse_legacy(const char *text, int64_t *ret_seconds, bool *ret_over)
{
	const char *end = text + strlen(text);
	const char *at = text;
	int64_t seconds = 0;

	*ret_over = false;
	at += text_strip_start(at, (size_t)(end - at));
	while (at < end) {
		int64_t token = 0;
		size_t blanks;

		if (!take_token(&at, &token))
			return false;
		blanks = text_strip_start(at, (size_t)(end - at));
		if (blanks == 0 && at < end)
			return false;
		at += blanks;
		/* A token that could not be counted must not be made good by its opposite. */
		*ret_over = *ret_over || token == SECONDS_OVER || token == -SECONDS_OVER;
		seconds += token;
	}
	*ret_seconds = seconds;
	return true;
}

enum duration_result duration_parse(const char *text, usec_t *ret_usec)
{
	int64_t seconds = 0;
	bool over = false;

	if (strnlen(text, DURATION_TEXT_MAX + 1) > DURATION_TEXT_MAX)
		return DURATION_MALFORMED;
	if (text[0] == 'P') {
		if (!parse_rfc3339(text, &seconds))
			return DURATION_MALFORMED;
	} else if (!parse_legacy(text, &seconds, &over)) {
		return DURATION_MALFORMED;
	}
	if (over || seconds > SECONDS_MAX)
		return DURATION_OVERFLOW;
	if (seconds < 0)
		return DURATION_NEGATIVE;
	if ((usec_t)seconds > DURATION_MAX_USEC / USEC_PER_SEC)
		*ret_usec = DURATION_MAX_USEC;
	else
		*ret_usec = (usec_t)seconds * USEC_PER_SEC;
	return DURATION_OK;
}
