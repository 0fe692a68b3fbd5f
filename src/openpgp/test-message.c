/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Against messages that GnuPG made. CLI-PGP-1, CLI-PGP-6, CLI-PGP-7. */
#include "openpgp/message.h"

#include "openpgp/armour.h"
#include "openpgp/number.h"
#include "openpgp/packet.h"
#include "openpgp/test-data.h"

/* Where things are in "curve-aes128": a session key in an old packet, and the data in a new one. */
#define FOR_KEY_SIZE 80
#define ID_OFFSET    3
#define POINT_OFFSET 20
#define DATA_TAG     FOR_KEY_SIZE
#define DATA_VERSION (FOR_KEY_SIZE + 2)

static struct openpgp_keyring rsa, curve;

/* Not random at all: the tests are the same each time. */
static void fill(void *userdata, size_t size, uint8_t *to)
{
	static uint8_t last;

	for (size_t i = 0; i < size; i++)
		to[i] = last += 151;
}

static const struct openpgp_random numbers = { .fill = fill };

static void load(const char *name, struct openpgp_keyring *ret)
{
	size_t size;
	_cleanup_free_ char *data = (char *)read_data(name, &size);

	assert_int_equal(openpgp_keyring_read((uint8_t *)data, size, ret), OPENPGP_OK);
}

static int group_setup(void **state)
{
	openpgp_number_memory_is_secret();
	load("keys/rsa.sec", &rsa);
	load("keys/curve.sec", &curve);
	return 0;
}

static int group_teardown(void **state)
{
	openpgp_keyring_deinit(&rsa);
	openpgp_keyring_deinit(&curve);
	assert_null(rsa.memory);
	return 0;
}

/* What comes out is the one plaintext, or nothing. */
static int open_with(const struct openpgp_keyring *ring, const uint8_t *message, size_t size)
{
	_cleanup_secret_ struct secret *secret = NULL;
	int r = openpgp_message_decrypt(message, size, ring, &numbers, &secret);

	assert_true(r >= 0);
	assert_int_equal(r == OPENPGP_OK, secret != NULL);
	if (secret) {
		assert_int_equal(secret->size, strlen(PLAIN));
		assert_memory_equal(secret->data, PLAIN, secret->size);
	}
	return r;
}

static int open_file(const struct openpgp_keyring *ring, const char *name)
{
	size_t size;
	_cleanup_free_ char *data = (char *)read_data(name, &size);

	return open_with(ring, (uint8_t *)data, size);
}

static void test_openpgp_message_decrypt__what_gpg_made__its_plaintext(void **state)
{
	static const struct {
		const struct openpgp_keyring *ring;
		const char *name;
		int result;
	} cases[] = {
		{ &rsa, "rsa-signed", OPENPGP_OK },
		{ &curve, "curve-zip", OPENPGP_OK },
		{ &curve, "curve-aes128", OPENPGP_OK },
		{ &curve, "curve-hidden", OPENPGP_OK },
		{ &curve, "both-3des.asc", OPENPGP_OK },
		{ &rsa, "both-3des.asc", OPENPGP_OK },
		{ &rsa, "curve-zip", OPENPGP_NOT_FOR_US },
		{ &curve, "rsa-signed", OPENPGP_NOT_FOR_US },
		{ &rsa, "curve-hidden", OPENPGP_NOT_FOR_US },
		{ &rsa, "rsa-no-integrity", OPENPGP_NO_INTEGRITY },
		{ &rsa, "rsa-bzip2", OPENPGP_BZIP2 },
		{ &rsa, "aes256-zip", OPENPGP_NOT_FOR_US },
		{ &rsa, "keys/rsa.pub", OPENPGP_UNSUPPORTED },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		print_message("%s\n", cases[i].name);
		assert_int_equal(open_file(cases[i].ring, cases[i].name), cases[i].result);
	}
}

/* Bits that mean nothing may change; what comes out then is the same. open_with() sees to it. */
static void change_every_bit(const struct openpgp_keyring *ring, const char *name, size_t step)
{
	size_t size, n_good = 0;
	_cleanup_free_ char *data = (char *)read_data(name, &size);

	for (size_t i = 0; i < 8 * size; i += step) {
		data[i / 8] = (char)(data[i / 8] ^ 1 << i % 8);
		n_good += open_with(ring, (uint8_t *)data, size) == OPENPGP_OK;
		data[i / 8] = (char)(data[i / 8] ^ 1 << i % 8);
	}
	print_message("%s: %zu of %zu\n", name, n_good, 8 * size / step);
	assert_true(n_good < size / 8);
	assert_int_equal(open_with(ring, (uint8_t *)data, size), OPENPGP_OK);
}

static void test_openpgp_message_decrypt__one_bit_changed__nothing_else_comes_out(void **state)
{
	change_every_bit(&curve, "curve-aes128", 1);
	change_every_bit(&curve, "curve-zip", 1);
	change_every_bit(&rsa, "rsa-signed", 7);
}

/* The last half is all under the check. */
static void test_openpgp_message_decrypt__protected_bit_changed__wrong(void **state)
{
	size_t size;
	_cleanup_free_ char *data = (char *)read_data("curve-aes128", &size);

	for (size_t i = 8 * (DATA_VERSION + 1); i < 8 * size; i++) {
		data[i / 8] = (char)(data[i / 8] ^ 1 << i % 8);
		assert_int_equal(open_with(&curve, (uint8_t *)data, size), OPENPGP_WRONG);
		data[i / 8] = (char)(data[i / 8] ^ 1 << i % 8);
	}
}

static void test_openpgp_message_decrypt__cut_anywhere__malformed(void **state)
{
	size_t size;
	_cleanup_free_ char *data = (char *)read_data("curve-aes128", &size);

	for (size_t cut = 0; cut < size; cut++) {
		_cleanup_free_ char *exact = (char *)exact_copy(data, cut);

		assert_int_equal(open_with(&curve, (uint8_t *)exact, cut), OPENPGP_MALFORMED);
	}
}

/* Wherever it goes wrong with a session key, and however: not to be told apart. */
static void test_openpgp_message_decrypt__session_key_changed__wrong(void **state)
{
	static const size_t places[] = { POINT_OFFSET, FOR_KEY_SIZE - 1, FOR_KEY_SIZE - 20,
					 POINT_OFFSET - 6 /* the prefix of the point */ };
	size_t size;
	_cleanup_free_ char *data = (char *)read_data("curve-aes128", &size);
	_cleanup_free_ char *signed_data = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		data[places[i]] ^= 1;
		assert_int_equal(open_with(&curve, (uint8_t *)data, size), OPENPGP_WRONG);
		data[places[i]] ^= 1;
	}
	signed_data = (char *)read_data("rsa-signed", &size);
	for (size_t i = 20; i < 270; i += 50) {
		signed_data[i] ^= 1;
		assert_int_equal(open_with(&rsa, (uint8_t *)signed_data, size), OPENPGP_WRONG);
		signed_data[i] ^= 1;
	}
	/* As large as a number of this length can be: larger than the modulus. */
	memset(signed_data + 14, 0xff, 256);
	assert_int_equal(open_with(&rsa, (uint8_t *)signed_data, size), OPENPGP_WRONG);
}

static void test_openpgp_message_decrypt__other_ways_to_encrypt__refused_by_name(void **state)
{
	size_t size;
	_cleanup_free_ char *data = (char *)read_data("curve-aes128", &size);

	data[DATA_TAG] = (char)(0xc0 | OPENPGP_ENCRYPTED);
	assert_int_equal(open_with(&curve, (uint8_t *)data, size), OPENPGP_NO_INTEGRITY);
	data[DATA_TAG] = (char)(0xc0 | OPENPGP_ENCRYPTED_AEAD);
	assert_int_equal(open_with(&curve, (uint8_t *)data, size), OPENPGP_AEAD);
	data[DATA_TAG] = (char)(0xc0 | OPENPGP_INTEGRITY_PROTECTED);
	data[DATA_VERSION] = 2;
	assert_int_equal(open_with(&curve, (uint8_t *)data, size), OPENPGP_AEAD);
	data[DATA_VERSION] = 3;
	assert_int_equal(open_with(&curve, (uint8_t *)data, size), OPENPGP_UNSUPPORTED);
	data[DATA_VERSION] = 1;
	assert_int_equal(open_with(&curve, (uint8_t *)data, size), OPENPGP_OK);
}

/* Session keys of another version, or algorithm, are somebody else's. */
static void test_openpgp_message_decrypt__strange_session_key__not_for_us(void **state)
{
	size_t size;
	_cleanup_free_ char *data = (char *)read_data("curve-aes128", &size);

	data[2] = 6;
	assert_int_equal(open_with(&curve, (uint8_t *)data, size), OPENPGP_NOT_FOR_US);
	data[2] = 3;
	data[ID_OFFSET + OPENPGP_KEY_ID_SIZE] = OPENPGP_RSA;
	assert_int_equal(open_with(&curve, (uint8_t *)data, size), OPENPGP_NOT_FOR_US);
	data[ID_OFFSET + OPENPGP_KEY_ID_SIZE] = 25;
	assert_int_equal(open_with(&curve, (uint8_t *)data, size), OPENPGP_NOT_FOR_US);
}

/* @n_wrong session keys that are changed, and the right one. */
static int open_behind(size_t n_wrong)
{
	size_t size, total;
	_cleanup_free_ char *data = (char *)read_data("curve-aes128", &size);
	_cleanup_free_ char *all = malloc(n_wrong * FOR_KEY_SIZE + size);

	assert_non_null(all);
	for (size_t i = 0; i < n_wrong; i++) {
		memcpy(all + i * FOR_KEY_SIZE, data, FOR_KEY_SIZE);
		memset(all + i * FOR_KEY_SIZE + ID_OFFSET, 0, i % 2 ? OPENPGP_KEY_ID_SIZE : 0);
		all[(i + 1) * FOR_KEY_SIZE - 1] ^= 1;
	}
	total = n_wrong * FOR_KEY_SIZE + size;
	memcpy(all + n_wrong * FOR_KEY_SIZE, data, size);
	return open_with(&curve, (uint8_t *)all, total);
}

static void test_openpgp_message_decrypt__many_session_keys__tried_up_to_the_bound(void **state)
{
	assert_int_equal(open_behind(0), OPENPGP_OK);
	assert_int_equal(open_behind(OPENPGP_TRIES_MAX - 1), OPENPGP_OK);
	assert_int_equal(open_behind(OPENPGP_TRIES_MAX), OPENPGP_TOO_LARGE);
}

static void test_openpgp_message_decrypt__something_behind__malformed(void **state)
{
	size_t size;
	_cleanup_free_ char *data = (char *)read_data("curve-aes128", &size);
	_cleanup_free_ char *longer = calloc(1, size + 1);

	assert_non_null(longer);
	memcpy(longer, data, size);
	assert_int_equal(open_with(&curve, (uint8_t *)longer, size + 1), OPENPGP_MALFORMED);
}

static void test_openpgp_message_decrypt__size_at_the_bound__looked_at(void **state)
{
	_cleanup_free_ char *data = calloc(1, OPENPGP_ARMOUR_MAX + 1);

	assert_non_null(data);
	data[0] = (char)0x8c; /* a passphrase's session key, of no size */
	assert_int_equal(open_with(&curve, (uint8_t *)data, OPENPGP_ARMOUR_MAX), OPENPGP_MALFORMED);
	assert_int_equal(open_with(&curve, (uint8_t *)data, OPENPGP_ARMOUR_MAX + 1),
			 OPENPGP_TOO_LARGE);
}

static void test_openpgp_result_text__any_number__has_words(void **state)
{
	for (int r = -1; r <= OPENPGP_N_RESULTS; r++)
		assert_true(strlen(openpgp_result_text(r)) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_openpgp_message_decrypt__what_gpg_made__its_plaintext),
		cmocka_unit_test(
			test_openpgp_message_decrypt__one_bit_changed__nothing_else_comes_out),
		cmocka_unit_test(test_openpgp_message_decrypt__protected_bit_changed__wrong),
		cmocka_unit_test(test_openpgp_message_decrypt__cut_anywhere__malformed),
		cmocka_unit_test(test_openpgp_message_decrypt__session_key_changed__wrong),
		cmocka_unit_test(
			test_openpgp_message_decrypt__other_ways_to_encrypt__refused_by_name),
		cmocka_unit_test(test_openpgp_message_decrypt__strange_session_key__not_for_us),
		cmocka_unit_test(
			test_openpgp_message_decrypt__many_session_keys__tried_up_to_the_bound),
		cmocka_unit_test(test_openpgp_message_decrypt__something_behind__malformed),
		cmocka_unit_test(test_openpgp_message_decrypt__size_at_the_bound__looked_at),
		cmocka_unit_test(test_openpgp_result_text__any_number__has_words),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
