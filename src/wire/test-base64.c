/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/base64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"

/* SRV-CLNT-8: the table, and what "lenient" means at its edges. */
static void test_base64_decode_lenient__table__bytes(void **state)
{
	static const struct {
		const char *text;
		const char *data;
	} cases[] = {
		{ "aGVsbG8=", "hello" },
		{ "aGVs bG8=", "hello" },
		{ "aGVs!bG8=", "hello" },
		{ "aGVs\n  bG8=\n", "hello" },
		{ "aGk=aGVsbG8=", "hi" },
		{ "", "" },
		{ "\n\n", "" },
		{ "!!", "" },
		{ "=", "" },
		{ "====", "" },
		{ "=aGk=", "hi" },
		{ "a=Gk=", "hi" },
		{ "aG=k=", "hi" },
		{ "aGk==", "hi" },
		{ "aGk= trailing nonsense", "hi" },
		{ "aGk=\xff", "hi" },
		{ "aA==", "h" },
		{ "aA=!=", "h" },
		{ "aA=\n=", "h" },
		/* unused bits that are not zero */
		{ "aP==", "h" },
		{ "aGl=", "hi" },
		/* the other alphabet's characters are outside of this one */
		{ "aGVs-_bG8=", "hello" },
		{ "aGVs\xc3\xa9"
		  "bG8=",
		  "hello" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t text_size = strlen(cases[i].text);
		size_t size = 12345;
		uint8_t *data = malloc(base64_decoded_max(text_size));

		assert_non_null(data);
		if (base64_decode_lenient(cases[i].text, text_size, data, &size) != BASE64_OK ||
		    size != strlen(cases[i].data) || memcmp(data, cases[i].data, size) != 0)
			fail_msg("'%s'", cases[i].text);
		free(data);
	}
}

/* SRV-CLNT-8 */
static void test_base64_decode_lenient__last_group_incomplete__bad_padding(void **state)
{
	static const char *const texts[] = {
		"aGVsbG8", "a",	 "aA",	"aA=",	"aGk",	"aGVsb", "aGVsbG",
		"aGVsbG=", "a=", "a==", "a===", "aA=a", "aG=k",	 "aGVs bG8!",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		uint8_t data[64];
		size_t size;

		if (base64_decode_lenient(texts[i], strlen(texts[i]), data, &size) !=
		    BASE64_BAD_PADDING)
			fail_msg("'%s'", texts[i]);
	}
}

static void test_base64_decode_lenient__nul_inside__skipped(void **state)
{
	uint8_t data[16];
	size_t size;

	assert_int_equal(base64_decode_lenient("aG\0k=", 5, data, &size), BASE64_OK);
	assert_int_equal(size, 2);
	assert_memory_equal(data, "hi", 2);
}

static void test_base64_decode_lenient__all_letters__all_six_bit_values(void **state)
{
	static const char text[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint8_t data[sizeof(text)];
	size_t size;

	assert_int_equal(base64_decode_lenient(text, 64, data, &size), BASE64_OK);
	assert_int_equal(size, 48);
	for (unsigned int i = 0; i < 64; i++) {
		unsigned int bit = 6 * i;
		unsigned int both = (unsigned int)data[bit / 8] << 8 |
				    (bit / 8 + 1 < size ? data[bit / 8 + 1] : 0u);

		assert_int_equal(both >> (10 - bit % 8) & 63, i);
	}
}

/* The room that the header promises is enough, to the byte (the sanitizer build watches). */
static void test_base64_decoded_max__every_short_length__enough(void **state)
{
	for (size_t text_size = 0; text_size < 64; text_size++) {
		size_t room = base64_decoded_max(text_size);
		uint8_t *data = malloc(room);
		char text[64];
		size_t size;

		memset(text, 'x', sizeof(text));
		assert_non_null(data);
		(void)base64_decode_lenient(text, text_size, data, &size);
		assert_true(size <= room);
		free(data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_base64_decode_lenient__table__bytes),
		cmocka_unit_test(test_base64_decode_lenient__last_group_incomplete__bad_padding),
		cmocka_unit_test(test_base64_decode_lenient__nul_inside__skipped),
		cmocka_unit_test(test_base64_decode_lenient__all_letters__all_six_bit_values),
		cmocka_unit_test(test_base64_decoded_max__every_short_length__enough),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
