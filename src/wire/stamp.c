/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Not by gmtime_r() and snprintf(): a listing of ten thousand clients has a hundred thousand times
 * in it, and the whole server waits while it is made.
 */
#include "wire/stamp.h"

#include <stdint.h>

#define SECONDS_PER_DAY 86400
#define YEAR_10000	((usec_t)253402300800 * USEC_PER_SEC)

/* Days of 400 Gregorian years, of 100 without and 4 with a leap year in a 400th. */
#define DAYS_400 146097
#define DAYS_100 36524
#define DAYS_4	 1461

struct date {
	uint32_t year, month, day;
};

/*
 * Years are counted from March, so that the leap day is the last of its year: the days before a
 * month are then (153 * month + 2) / 5, with March as month 0.
 */
static struct date date_of_day(uint32_t day)
{
	/* 719468 days from 0000-03-01 to 1970-01-01. */
	uint32_t days = day + 719468;
	uint32_t era = days / DAYS_400;
	uint32_t of_era = days % DAYS_400;
	uint32_t year =
		(of_era - of_era / (DAYS_4 - 1) + of_era / DAYS_100 - of_era / (DAYS_400 - 1)) /
		365;
	uint32_t of_year = of_era - (365 * year + year / 4 - year / 100);
	uint32_t month = (5 * of_year + 2) / 153;
	struct date d = {
		.year = era * 400 + year,
		.month = month < 10 ? month + 3 : month - 9,
		.day = of_year - (153 * month + 2) / 5 + 1,
	};

	if (d.month <= 2)
		d.year++;
	return d;
}

static char *put(char *at, uint32_t value, unsigned int n_digits, char end)
{
	for (unsigned int i = n_digits; i > 0; i--) {
		at[i - 1] = (char)('0' + value % 10);
		value /= 10;
	}
	at[n_digits] = end;
	return at + n_digits + 1;
}

void stamp_format(usec_t real, char ret_text[STAMP_SIZE])
{
	uint32_t seconds;
	struct date d;
	char *at = ret_text;

	if (real == USEC_NEVER) {
		ret_text[0] = '\0';
		return;
	}
	if (real >= YEAR_10000)
		real = YEAR_10000 - 1;
	d = date_of_day((uint32_t)(real / USEC_PER_SEC / SECONDS_PER_DAY));
	seconds = (uint32_t)(real / USEC_PER_SEC % SECONDS_PER_DAY);
	at = put(at, d.year, 4, '-');
	at = put(at, d.month, 2, '-');
	at = put(at, d.day, 2, 'T');
	at = put(at, seconds / 3600, 2, ':');
	at = put(at, seconds / 60 % 60, 2, ':');
	at = put(at, seconds % 60, 2, '.');
	(void)put(at, (uint32_t)(real % USEC_PER_SEC), 6, '\0');
}
