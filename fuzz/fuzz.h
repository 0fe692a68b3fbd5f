/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * What a harness is: one function that is given bytes and ends the program if a property fails.
 *
 * Built twice from the same source: with libFuzzer (-Dfuzz=true, clang), which makes up the bytes,
 * and with standalone.c, which feeds it the files of a corpus in every build.
 */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** LLVMFuzzerTestOneInput() - libFuzzer's name for it; returns 0 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** REQUIRE() - a property of the code under test, kept in every kind of build */
#define REQUIRE(property)                                                                \
	do {                                                                             \
		if (!(property)) {                                                       \
			(void)fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, \
				      #property);                                        \
			abort();                                                         \
		}                                                                        \
	} while (0)

/** fuzz_exact() - a copy without a spare byte behind it, so that a sanitizer sees every overrun */
static inline uint8_t *fuzz_exact(const void *data, size_t size)
{
	uint8_t *copy = malloc(size > 0 ? size : 1);

	REQUIRE(copy);
	if (size > 0)
		memcpy(copy, data, size);
	return copy;
}

/** fuzz_text() - the same, up to the first NUL or the end, as a string */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
	size_t length = size > 0 ? strnlen((const char *)data, size) : 0;
	char *text = malloc(length + 1);

	REQUIRE(text);
	if (length > 0)
		memcpy(text, data, length);
	text[length] = '\0';
	return text;
}
