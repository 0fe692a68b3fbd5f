/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Against messages that GnuPG made: tests/data/README.md. */
#include "openpgp/symmetric.h"

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
#include "openpgp/inflate.h"
#include "openpgp/packet.h"

#define PLAIN "a made-up secret"

static int open_with(const char *passphrase, const uint8_t *message, size_t size)
{
	_cleanup_secret_ struct secret *key = secret_copy(passphrase, strlen(passphrase));
	_cleanup_secret_ struct secret *secret = NULL;
	int r = openpgp_symmetric_decrypt(message, size, key, &secret);

	assert_int_equal(r == OPENPGP_OK, secret != NULL);
	if (secret) {
		assert_int_equal(secret->size, strlen(PLAIN));
		assert_memory_equal(secret->data, PLAIN, secret->size);
	}
	return r;
}

static char *read_message(const char *name, size_t *ret_size)
{
	char path[256], *data = NULL;

	(void)snprintf(path, sizeof(path), TEST_DATA "/openpgp/%s", name);
	assert_int_equal(file_read(path, OPENPGP_MESSAGE_MAX, &data, ret_size), 0);
	return data;
}

/* SRV-PKL-5 */
static void test_openpgp_symmetric_decrypt__what_gpg_made__its_plain_text(void **state)
{
	static const char *const names[] = { "aes256-zip", "aes128-sha256-zlib",
					     "aes192-sha512-plain", "salted", "simple" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		size_t size;
		_cleanup_free_ char *data = read_message(names[i], &size);

		assert_int_equal(open_with("mandos6869", (uint8_t *)data, size), OPENPGP_OK);
		assert_int_equal(open_with("mandos6868", (uint8_t *)data, size), OPENPGP_WRONG);
		assert_int_equal(open_with("", (uint8_t *)data, size), OPENPGP_WRONG);
	}
}

static void test_openpgp_symmetric_decrypt__other_algorithms__unsupported(void **state)
{
	static const struct {
		const char *name;
		int result;
	} cases[] = { { "cast5", OPENPGP_UNSUPPORTED }, { "bzip2", OPENPGP_BZIP2 } };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t size;
		_cleanup_free_ char *data = read_message(cases[i].name, &size);

		assert_int_equal(open_with("mandos6869", (uint8_t *)data, size), cases[i].result);
	}
}

/* SRV-PKL-7: nothing of a message that was touched comes out. */
static void test_openpgp_symmetric_decrypt__one_bit_changed__never_ok(void **state)
{
	size_t size;
	_cleanup_free_ char *data = read_message("simple", &size);

	for (size_t i = 0; i < 8 * size; i++) {
		data[i / 8] = (char)(data[i / 8] ^ 1 << i % 8);
		assert_int_not_equal(open_with("mandos6869", (uint8_t *)data, size), OPENPGP_OK);
		data[i / 8] = (char)(data[i / 8] ^ 1 << i % 8);
	}
	assert_int_equal(open_with("mandos6869", (uint8_t *)data, size), OPENPGP_OK);
}

static void test_openpgp_symmetric_decrypt__cut_anywhere__malformed(void **state)
{
	size_t size;
	_cleanup_free_ char *data = read_message("simple", &size);

	for (size_t cut = 0; cut < size; cut++) {
		uint8_t *exact = malloc(cut > 0 ? cut : 1);

		assert_non_null(exact);
		memcpy(exact, data, cut);
		assert_int_equal(open_with("mandos6869", exact, cut), OPENPGP_MALFORMED);
		free(exact);
	}
}

static void test_openpgp_symmetric_decrypt__size_at_the_bound__looked_at(void **state)
{
	uint8_t *data = calloc(1, OPENPGP_MESSAGE_MAX + 1);

	assert_non_null(data);
	assert_int_equal(open_with("p", data, OPENPGP_MESSAGE_MAX), OPENPGP_MALFORMED);
	assert_int_equal(open_with("p", data, OPENPGP_MESSAGE_MAX + 1), OPENPGP_TOO_LARGE);
	free(data);
}

/* ---- packets ---- */

static void test_openpgp_packet_take__every_kind_of_length__the_body(void **state)
{
	static const struct {
		const char *text;
		size_t size, body;
		unsigned int tag;
	} cases[] = {
		{ "\x8c\3abc", 5, 3, 3 },
		{ "\x8d\0\3abc", 6, 3, 3 },
		{ "\x8e\0\0\0\3abc", 8, 3, 3 },
		{ "\xa3"
		  "abc",
		  4, 3, 8 },
		{ "\xcb\3abc", 5, 3, 11 },
		{ "\xcb\xff\0\0\0\3abc", 9, 3, 11 },
		{ "\xcb\xe1"
		  "ab\1c",
		  6, 3, 11 },
		{ "\xcb\xe0"
		  "a\xe0"
		  "b\xff\0\0\0\1c",
		  11, 3, 11 },
		{ "\xcb\0", 2, 0, 11 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint8_t buffer[32];
		struct openpgp_packet rest = { .data = buffer, .size = cases[i].size }, packet;

		memcpy(buffer, cases[i].text, cases[i].size);
		assert_int_equal(openpgp_packet_look(&rest), cases[i].tag);
		assert_int_equal(openpgp_packet_take(&rest, &packet), OPENPGP_OK);
		assert_int_equal(packet.tag, cases[i].tag);
		assert_int_equal(packet.size, cases[i].body);
		assert_memory_equal(packet.data, "abc", packet.size);
		assert_int_equal(rest.size, 0);
	}
}

static void test_openpgp_packet_take__two_byte_length__from_192(void **state)
{
	uint8_t buffer[3 + 8383] = { 0xcb, 192, 0 };
	struct openpgp_packet rest = { .data = buffer, .size = 3 + 192 }, packet;

	assert_int_equal(openpgp_packet_take(&rest, &packet), OPENPGP_OK);
	assert_int_equal(packet.size, 192);
	memcpy(buffer, "\xcb\xdf\xff", 3);
	rest = (struct openpgp_packet){ .data = buffer, .size = sizeof(buffer) };
	assert_int_equal(openpgp_packet_take(&rest, &packet), OPENPGP_OK);
	assert_int_equal(packet.size, 8383);
}

/* ---- decompression ---- */

static void test_openpgp_inflate__more_than_the_bound__too_large(void **state)
{
	static uint8_t body[1 + SECRET_SIZE_MAX];
	_cleanup_secret_ struct secret *secret = NULL;
	size_t size;

	/* Uncompressed, so that the bound is that of a secret. */
	assert_int_equal(openpgp_inflate(body, sizeof(body), &secret, &size), OPENPGP_OK);
	assert_int_equal(size, SECRET_SIZE_MAX);
	assert_int_equal(openpgp_inflate((const uint8_t *)"\3abc", 4, &secret, &size),
			 OPENPGP_BZIP2);
	assert_int_equal(openpgp_inflate((const uint8_t *)"\4abc", 4, &secret, &size),
			 OPENPGP_UNSUPPORTED);
	assert_int_equal(openpgp_inflate((const uint8_t *)"", 0, &secret, &size),
			 OPENPGP_MALFORMED);
}

/* Deflate, fixed codes: one zero byte, then repetitions of 258 bytes. */
static void test_openpgp_inflate__bomb__too_large(void **state)
{
	static uint8_t body[2 + 8192];
	_cleanup_secret_ struct secret *secret = NULL;
	size_t size;

	/* 01 0: final, fixed. Literal 0 is 00110000; length 258 is 11000101, distance 1 is 00000.
	 */
	size_t bit = 8;
	const char *start = "110"
			    "00110000",
		   *repeat = "11000101"
			     "00000";

	body[0] = 1;
	for (const char *p = start; *p; p++, bit++)
		body[bit / 8] |= (uint8_t)((*p - '0') << bit % 8);
	while (bit / 8 < sizeof(body) - 2) {
		for (const char *p = repeat; *p; p++, bit++)
			body[bit / 8] |= (uint8_t)((*p - '0') << bit % 8);
	}
	assert_int_equal(openpgp_inflate(body, sizeof(body), &secret, &size), OPENPGP_TOO_LARGE);
	assert_null(secret);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_openpgp_symmetric_decrypt__what_gpg_made__its_plain_text),
		cmocka_unit_test(test_openpgp_symmetric_decrypt__other_algorithms__unsupported),
		cmocka_unit_test(test_openpgp_symmetric_decrypt__one_bit_changed__never_ok),
		cmocka_unit_test(test_openpgp_symmetric_decrypt__cut_anywhere__malformed),
		cmocka_unit_test(test_openpgp_symmetric_decrypt__size_at_the_bound__looked_at),
		cmocka_unit_test(test_openpgp_packet_take__every_kind_of_length__the_body),
		cmocka_unit_test(test_openpgp_packet_take__two_byte_length__from_192),
		cmocka_unit_test(test_openpgp_inflate__more_than_the_bound__too_large),
		cmocka_unit_test(test_openpgp_inflate__bomb__too_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
