/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Run-time expansion of a checker template: "%(host)s" to a shell word.
 *
 * Bound: EXPAND_MAX bytes of expanded command.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"

#define EXPAND_MAX ((size_t)32 * 1024)

enum expand_result {
	EXPAND_OK = 0,
	EXPAND_BAD_PERCENT,    /* '%' before something else than '%' or '(' */
	EXPAND_UNTERMINATED,   /* "%(" without ")s" */
	EXPAND_BAD_CONVERSION, /* a conversion letter other than 's' */
	EXPAND_UNKNOWN_ATTRIBUTE,
	EXPAND_TOO_LONG, /* more than EXPAND_MAX bytes */
};

/**
 * expand_lookup_fn - gives the text of an attribute, before quoting
 * @name, @name_size: the attribute's name, not NUL-terminated
 * @ret_text: must stay valid until the next call
 *
 * Returns false for an unknown attribute.
 */
typedef bool expand_lookup_fn(void *userdata, const char *name, size_t name_size,
			      const char **ret_text);

/**
 * expand_template() - replaces "%(attribute)s" by the quoted value and "%%" by "%"
 * @ret_command: @command_size bytes of room (EXPAND_MAX + 1 is always enough); NUL-terminated
 *
 * Errors: the results above; never negative. @ret_command is unspecified unless EXPAND_OK.
 * Source: SRV-CHK-2, SRV-CHK-5, SRV-CHK-6.
 */
enum expand_result expand_template(const char *template, expand_lookup_fn *lookup, void *userdata,
				   char *ret_command, size_t command_size);

/** expand_result_text() - what is wrong, in half a sentence */
const char *expand_result_text(enum expand_result result);

/** Text of attribute values before quoting (SRV-CHK-4). Room: EXPAND_TIME_SIZE bytes. */
#define EXPAND_TIME_SIZE 64

/** expand_format_time() - "YYYY-MM-DD HH:MM:SS[.ffffff]" in UTC; USEC_NEVER gives "None" */
void expand_format_time(usec_t real, char ret_text[EXPAND_TIME_SIZE]);

/** expand_format_duration() - "[D day[s], ]H:MM:SS[.ffffff]" */
void expand_format_duration(usec_t usec, char ret_text[EXPAND_TIME_SIZE]);
