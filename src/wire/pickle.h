/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The Python pickles that Debian's server wrote its state in, as a tree of values. Nothing is ever
 * called: five constructors are known by name and made here, every other name is damage.
 *
 * Values are allocated from an arena that is erased when it is freed, since a state can hold a
 * secret in clear (W-11); text points into the input. Time and memory are linear in the input.
 * A list or dict may hold itself: walk to a fixed depth.
 *
 * Bounds: PICKLE_SIZE_MAX bytes of input, PICKLE_MEMORY_MAX bytes of values, PICKLE_STACK_MAX
 * values waiting for their container (Python writes a thousand pairs at a time), PICKLE_MARKS_MAX
 * containers being filled at a time; a memo index is at most one above the number of values so far.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PICKLE_SIZE_MAX	  ((size_t)128 * 1024 * 1024)
#define PICKLE_MEMORY_MAX ((size_t)1024 * 1024 * 1024)
#define PICKLE_STACK_MAX  4096
#define PICKLE_MARKS_MAX  16

enum pickle_type {
	PICKLE_NONE,
	PICKLE_BOOL,
	PICKLE_INT,
	PICKLE_FLOAT, /* of no interest: the value is not kept */
	PICKLE_TEXT,  /* UTF-8, where lone surrogates have three bytes each; may hold NUL */
	PICKLE_BYTES, /* also the text of a Python 2 server */
	PICKLE_LIST,
	PICKLE_TUPLE,
	PICKLE_DICT,
	PICKLE_DATETIME,  /* .integer: microseconds since the epoch, negative before */
	PICKLE_TIMEDELTA, /* .duration: microseconds; 0 below zero, UINT64_MAX beyond */
	PICKLE_FUNCTION,  /* one of the five constructors, not called */
};

struct pickle_value;

/** struct pickle_item - @key is NULL except in a dict; in the order of the file */
struct pickle_item {
	const struct pickle_value *key;
	const struct pickle_value *value;
	struct pickle_item *next;
};

struct pickle_value {
	enum pickle_type type;
	uint32_t size; /* bytes of TEXT and BYTES, items of LIST, TUPLE and DICT */
	union {
		bool boolean;
		int64_t integer;
		uint64_t duration;
		const uint8_t *data;
		struct pickle_item *first;
	};
	struct pickle_item *last;
};

struct pickle;

enum pickle_result {
	PICKLE_OK = 0,
	PICKLE_DAMAGED,	  /* not of this dialect, cut off, or something behind its end */
	PICKLE_TOO_LARGE, /* beyond one of the bounds */
};

/**
 * pickle_parse() - a whole pickle of protocol 2
 * @data:       must outlive the result
 * @memory_max: most bytes for values; PICKLE_MEMORY_MAX but in tests
 * @ret:        set for PICKLE_OK
 * @ret_offset: of the byte behind the operation that failed, for a report; unchanged on PICKLE_OK
 *
 * Owner:  pickle_free().
 * Errors: enum pickle_result; -ENOMEM.
 * Source: SRV-PKL-1 to -3; the meaning of the operations: Python's pickletools documentation.
 */
int pickle_parse(const uint8_t *data, size_t size, size_t memory_max, struct pickle **ret,
		 size_t *ret_offset);

/** pickle_top() - the value that the pickle is; lives as long as @p */
const struct pickle_value *pickle_top(const struct pickle *p);

/** pickle_free() - erases and frees; NULL is fine; returns NULL */
struct pickle *pickle_free(struct pickle *p);

static inline void pickle_freep(struct pickle **p)
{
	(void)pickle_free(*p);
}

/** pickle_is_text() - TEXT or BYTES that is exactly the string @text */
bool pickle_is_text(const struct pickle_value *v, const char *text);

/** pickle_find() - the value of the last item of a dict with the key @key, or NULL; linear */
const struct pickle_value *pickle_find(const struct pickle_value *dict, const char *key);
