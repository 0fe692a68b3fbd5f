/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The line-based syntax of mandos.conf and clients.conf: text to sections, and interpolation.
 *
 * Parsing never decides: values are kept as written, with their line numbers, and interpolated when
 * they are read. A file is parsed to its end whatever is wrong with it; every bad line is reported.
 *
 * Bounds: INI_FILE_MAX bytes a file, INI_VALUE_MAX bytes an interpolated value, INI_WORK_MAX bytes
 * looked at to make one, INI_DEPTH_MAX levels of references. Memory is proportional to the file,
 * and time to n log n of it.
 */

#include <stdbool.h>
#include <stddef.h>

#define INI_FILE_MAX  ((size_t)256 << 20)
#define INI_VALUE_MAX ((size_t)2 << 20)
#define INI_WORK_MAX  ((size_t)8 << 20)
#define INI_DEPTH_MAX 10

struct ini;
struct ini_section;

/** struct ini_key_value - a built-in default, looked at after the section and DEFAULT */
struct ini_key_value {
	const char *key; /* lower case; NULL ends an array */
	const char *value;
};

/**
 * ini_complain_fn - told about each bad line while parsing
 * @line: 1 for the first
 * @text: one sentence, without the file name and line; valid during the call
 */
typedef void ini_complain_fn(void *userdata, unsigned int line, const char *text);

/**
 * ini_parse() - text to sections
 * @text:     the file's bytes; need not be kept after the call
 * @size:     their number; NUL bytes and invalid UTF-8 are bad lines
 * @complain: called for each bad line, may be NULL
 * @ret:      the sections, also when some lines were bad
 *
 * Owner:   ini_free().
 * Errors:  the number of bad lines (0: none); -ENOMEM; -EFBIG beyond INI_FILE_MAX.
 * Source:  SRV-INI-1 to -12.
 */
int ini_parse(const char *text, size_t size, ini_complain_fn *complain, void *userdata,
	      struct ini **ret);

/**
 * ini_parse_owned() - the same without a copy, which for a large file is most of the time
 * @text: @size + 1 bytes from malloc(3); the last one need not be anything
 *
 * Owner: @text goes over to the call, also when it fails; it is changed, and erased in the end.
 */
int ini_parse_owned(char *text, size_t size, ini_complain_fn *complain, void *userdata,
		    struct ini **ret);

/** ini_free() - erases and frees (values may be secrets); NULL is fine; returns NULL */
struct ini *ini_free(struct ini *ini);

/** ini_next_section() - sections other than DEFAULT, in file order; NULL starts, NULL ends */
const struct ini_section *ini_next_section(const struct ini *ini, const struct ini_section *after);

/** ini_default_section() - DEFAULT, an empty one if the file has none */
const struct ini_section *ini_default_section(const struct ini *ini);

const char *ini_section_name(const struct ini_section *s);
unsigned int ini_section_line(const struct ini_section *s);

/**
 * ini_raw() - a value as written: of the section, else of DEFAULT; NULL if neither has the key
 * @ret_line: line of the key; may be NULL
 */
const char *ini_raw(const struct ini *ini, const struct ini_section *s, const char *key,
		    unsigned int *ret_line);

/** ini_raw_sized() - the same for a key that is not NUL-terminated; in any case of letters */
const char *ini_raw_sized(const struct ini *ini, const struct ini_section *s, const char *key,
			  size_t key_size, unsigned int *ret_line);

enum ini_value_result {
	INI_VALUE_OK = 0,
	INI_VALUE_MISSING,	  /* no such key in the section, DEFAULT or the built-in defaults */
	INI_VALUE_BAD_PERCENT,	  /* '%' before something else than '%' or '(' */
	INI_VALUE_UNTERMINATED,	  /* "%(" without ")" and conversion */
	INI_VALUE_BAD_CONVERSION, /* a conversion letter other than 's' */
	INI_VALUE_UNKNOWN_KEY,	  /* a reference to a key that is nowhere */
	INI_VALUE_TOO_DEEP,	  /* more than INI_DEPTH_MAX levels */
	INI_VALUE_TOO_LONG,	  /* more than INI_VALUE_MAX bytes, or INI_WORK_MAX to make them */
};

/**
 * ini_value() - a value with its references expanded (start-time expansion)
 * @defaults:  built-in defaults, ended by a NULL key; may be NULL
 * @ret_value: a NUL-terminated string; only set when INI_VALUE_OK is returned
 * @ret_line:  line of the key, 0 for a built-in default; may be NULL
 *
 * Owner:   the caller frees @ret_value, and erases it first if it is a secret.
 * Errors:  the results above; -ENOMEM.
 * Source:  SRV-INI-13.
 */
int ini_value(const struct ini *ini, const struct ini_section *s,
	      const struct ini_key_value *defaults, const char *key, char **ret_value,
	      unsigned int *ret_line);

/** ini_value_result_text() - what is wrong, in half a sentence, for an error line */
const char *ini_value_result_text(enum ini_value_result result);

/**
 * ini_next_key() - the keys of one section (not those inherited), in file order
 * @after: the previous key as returned, or NULL to start
 *
 * For checks that must see every option (SRV-CLNT-2). Returns NULL at the end.
 */
const char *ini_next_key(const struct ini_section *s, const char *after);

/** ini_bool() - "1 yes true on" and "0 no false off"; false result for any other text (SRV-INI-14)
 */
bool ini_bool(const char *text, bool *ret);

/** ini_int() - blanks, sign, decimal digits; false for other text or overflow (SRV-INI-15) */
bool ini_int(const char *text, long long *ret);
