/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/pickle-call.h"

#include <errno.h>
#include <string.h>

#include "base/util.h"

#define USEC_PER_SECOND INT64_C(1000000)
#define SECONDS_PER_DAY INT64_C(86400)

bool pickle_function_find(const struct pickle_value *module, const struct pickle_value *name,
			  enum pickle_function *ret)
{
	static const struct {
		const char *module, *name;
		enum pickle_function function;
	} known[] = {
		{ "_codecs", "encode", PICKLE_ENCODE },
		{ "__builtin__", "bytes", PICKLE_EMPTY_BYTES },
		{ "datetime", "datetime", PICKLE_MAKE_DATETIME },
		{ "datetime", "timedelta", PICKLE_MAKE_TIMEDELTA },
		{ "dbus", "Boolean", PICKLE_MAKE_BOOLEAN },
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (pickle_is_text(module, known[i].module) &&
		    pickle_is_text(name, known[i].name)) {
			*ret = known[i].function;
			return true;
		}
	}
	return false;
}

/* One byte a code point, all of them below 256: UTF-8 of one or two bytes, first at most 0xc3. */
static int encode(const struct pickle_value *text, struct pickle_arena *arena,
		  struct pickle_value *ret)
{
	uint8_t *bytes = pickle_arena_get(arena, text->size);
	uint32_t n = 0;

	if (!bytes)
		return arena->exhausted ? PICKLE_TOO_LARGE : -ENOMEM;
	for (uint32_t i = 0; i < text->size; i++) {
		uint8_t first = text->data[i];

		if (first < 0x80) {
			bytes[n++] = first;
			continue;
		}
		if ((first != 0xc2 && first != 0xc3) || ++i == text->size ||
		    (text->data[i] & 0xc0) != 0x80)
			return PICKLE_DAMAGED;
		bytes[n++] = (uint8_t)((unsigned int)first << 6 | (text->data[i] & 0x3f));
	}
	*ret = (struct pickle_value){ .type = PICKLE_BYTES, .size = n, .data = bytes };
	return PICKLE_OK;
}

/* Days since the epoch in the proleptic Gregorian calendar: a year that begins in March has its
 * leap day last, so that the days before a month are a linear function of it. */
static int64_t days_since_epoch(int64_t year, int64_t month, int64_t day)
{
	int64_t y = month > 2 ? year : year - 1;
	int64_t m = month > 2 ? month - 3 : month + 9;

	return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

static bool is_leap(int64_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int make_datetime(const struct pickle_value *packed, struct pickle_value *ret)
{
	static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	const uint8_t *p = packed->data;
	int64_t year, seconds, usec;

	if (packed->type != PICKLE_BYTES || packed->size != 10)
		return PICKLE_DAMAGED;
	year = p[0] << 8 | p[1];
	usec = p[7] << 16 | p[8] << 8 | p[9];
	if (year < 1 || year > 9999 || p[2] < 1 || p[2] > 12 || p[3] < 1)
		return PICKLE_DAMAGED;
	if (p[3] > days[p[2] - 1] + (p[2] == 2 && is_leap(year)))
		return PICKLE_DAMAGED;
	if (p[4] > 23 || p[5] > 59 || p[6] > 59 || usec >= USEC_PER_SECOND)
		return PICKLE_DAMAGED;
	seconds = days_since_epoch(year, p[2], p[3]) * SECONDS_PER_DAY + p[4] * 3600 + p[5] * 60 +
		  p[6];
	*ret = (struct pickle_value){ .type = PICKLE_DATETIME,
				      .integer = seconds * USEC_PER_SECOND + usec };
	return PICKLE_OK;
}

static int make_timedelta(const struct pickle_item *days, struct pickle_value *ret)
{
	const struct pickle_value *s = days->next->value, *u = days->next->next->value;
	uint64_t total;

	if (days->value->type != PICKLE_INT || s->type != PICKLE_INT || u->type != PICKLE_INT)
		return PICKLE_DAMAGED;
	if (s->integer < 0 || s->integer >= SECONDS_PER_DAY || u->integer < 0 ||
	    u->integer >= USEC_PER_SECOND)
		return PICKLE_DAMAGED;
	*ret = (struct pickle_value){ .type = PICKLE_TIMEDELTA };
	if (days->value->integer < 0)
		return PICKLE_OK;
	if (__builtin_mul_overflow((uint64_t)days->value->integer,
				   (uint64_t)(SECONDS_PER_DAY * USEC_PER_SECOND), &total) ||
	    __builtin_add_overflow(total, (uint64_t)(s->integer * USEC_PER_SECOND + u->integer),
				   &total))
		total = UINT64_MAX;
	ret->duration = total;
	return PICKLE_OK;
}

static int make_boolean(const struct pickle_value *v, struct pickle_value *ret)
{
	if (v->type == PICKLE_BOOL)
		*ret = *v;
	else if (v->type == PICKLE_INT && (v->integer == 0 || v->integer == 1))
		*ret = (struct pickle_value){ .type = PICKLE_BOOL, .boolean = v->integer == 1 };
	else
		return PICKLE_DAMAGED;
	return PICKLE_OK;
}

int pickle_call(enum pickle_function function, const struct pickle_value *arguments,
		struct pickle_arena *arena, struct pickle_value *ret)
{
	static const uint32_t n_arguments[] = {
		[PICKLE_ENCODE] = 2,	     [PICKLE_EMPTY_BYTES] = 0,	[PICKLE_MAKE_DATETIME] = 1,
		[PICKLE_MAKE_TIMEDELTA] = 3, [PICKLE_MAKE_BOOLEAN] = 1,
	};
	const struct pickle_item *first = arguments->first;

	if (arguments->type != PICKLE_TUPLE || arguments->size != n_arguments[function])
		return PICKLE_DAMAGED;
	switch (function) {
	case PICKLE_ENCODE:
		if (first->value->type != PICKLE_TEXT ||
		    !pickle_is_text(first->next->value, "latin1"))
			return PICKLE_DAMAGED;
		return encode(first->value, arena, ret);
	case PICKLE_EMPTY_BYTES:
		*ret = (struct pickle_value){ .type = PICKLE_BYTES, .data = (const uint8_t *)"" };
		return PICKLE_OK;
	case PICKLE_MAKE_DATETIME:
		return make_datetime(first->value, ret);
	case PICKLE_MAKE_TIMEDELTA:
		return make_timedelta(first, ret);
	case PICKLE_MAKE_BOOLEAN:
		return make_boolean(first->value, ret);
	}
	return PICKLE_DAMAGED;
}
