/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* For the tests of this room: what GnuPG made, in tests/data/openpgp (tests/data/README.md). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/util.h"

#define PLAIN	      "a made-up secret"
#define TEST_DATA_MAX ((size_t)1 << 20)

/** read_data() - a file of tests/data/openpgp; the caller frees it */
#define read_data(name, ret_size) read_data_under(TEST_DATA, name, ret_size)
static inline uint8_t *read_data_under(const char *directory, const char *name, size_t *ret_size)
{
	char path[256], *data = NULL;

	(void)snprintf(path, sizeof(path), "%s/openpgp/%s", directory, name);
	assert_int_equal(file_read(path, TEST_DATA_MAX, &data, ret_size), 0);
	return (uint8_t *)data;
}

/** exact_copy() - without a spare byte behind it, so that a sanitizer sees every overrun */
static inline uint8_t *exact_copy(const void *data, size_t size)
{
	uint8_t *copy = malloc(size > 0 ? size : 1);

	assert_non_null(copy);
	if (size > 0)
		memcpy(copy, data, size);
	return copy;
}
