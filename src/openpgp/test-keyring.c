/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CLI-PGP-2, CLI-PGP-4. */
#include "openpgp/keyring.h"

#include "openpgp/armour.h"
#include "openpgp/packet.h"
#include "openpgp/test-data.h"

static int read_ring(const void *data, size_t size, size_t *ret_n_keys)
{
	_cleanup_free_ char *copy = (char *)exact_copy(data, size);
	struct openpgp_keyring ring;
	int r = openpgp_keyring_read((uint8_t *)copy, size, &ring);

	assert_true(r >= 0);
	if (r == OPENPGP_OK)
		assert_true(ring.n_keys > 0 && ring.n_keys <= OPENPGP_KEYS_MAX);
	*ret_n_keys = ring.n_keys;
	openpgp_keyring_deinit(&ring);
	assert_null(ring.memory);
	assert_int_equal(ring.n_keys, 0);
	return r;
}

static void test_openpgp_keyring_read__files_of_gpg__keys_or_the_reason(void **state)
{
	static const struct {
		const char *name;
		int result;
	} cases[] = {
		{ "keys/rsa.sec", OPENPGP_OK },
		{ "keys/curve.sec", OPENPGP_OK },
		{ "keys/curve-subkey.sec", OPENPGP_OK }, /* of the primary key only a stub */
		{ "keys/rsa.pub", OPENPGP_NO_SECRET_KEY },
		{ "keys/dsa.sec", OPENPGP_KEY_ALGORITHM },
		{ "keys/protected.sec", OPENPGP_KEY_PROTECTED },
		{ "rsa-signed", OPENPGP_NO_KEY },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t size, n_keys;
		_cleanup_free_ char *data = (char *)read_data(cases[i].name, &size);

		print_message("%s\n", cases[i].name);
		assert_int_equal(read_ring(data, size, &n_keys), cases[i].result);
		assert_int_equal(n_keys, cases[i].result == OPENPGP_OK);
	}
}

static void test_openpgp_keyring_read__nothing__no_key(void **state)
{
	size_t n_keys;

	assert_int_equal(read_ring("", 0, &n_keys), OPENPGP_NO_KEY);
}

/* The packets of a key file. */
static void load_packets(const char *name, struct secret **ret, struct openpgp_packet *ret_all)
{
	size_t size;
	_cleanup_free_ char *data = (char *)read_data(name, &size);

	assert_int_equal(openpgp_armour_strip((uint8_t *)data, size, ret, ret_all), OPENPGP_OK);
}

static void test_openpgp_keyring_read__cut_anywhere__never_more_keys(void **state)
{
	struct openpgp_packet all;
	_cleanup_secret_ struct secret *memory = NULL;

	load_packets("keys/curve.sec", &memory, &all);
	for (size_t cut = 0; cut < all.size; cut++) {
		size_t n_keys;

		/* Between packets it is whole, and without the subkey of no use. */
		if (read_ring(all.data, cut, &n_keys) == OPENPGP_OK)
			assert_int_equal(n_keys, 1);
	}
}

/* The place of the subkey. On a copy: to take packets moves them about. */
static void find_subkey(const struct openpgp_packet *all, size_t *ret_start, size_t *ret_end)
{
	_cleanup_free_ char *copy = (char *)exact_copy(all->data, all->size);
	struct openpgp_packet rest = { .data = (uint8_t *)copy, .size = all->size }, packet = { 0 };

	while (packet.tag != OPENPGP_SECRET_SUBKEY) {
		*ret_start = all->size - rest.size;
		assert_int_equal(openpgp_packet_take(&rest, &packet), OPENPGP_OK);
	}
	*ret_end = all->size - rest.size;
}

/* Secret numbers are the end of the packet, and their sum is the end of these. */
static void test_openpgp_keyring_read__secret_changed__malformed(void **state)
{
	struct openpgp_packet all;
	_cleanup_secret_ struct secret *memory = NULL;
	size_t n_keys, start, end;

	load_packets("keys/curve.sec", &memory, &all);
	find_subkey(&all, &start, &end);
	for (size_t back = 1; back <= 34; back++) {
		all.data[end - back] ^= 4;
		assert_int_equal(read_ring(all.data, all.size, &n_keys), OPENPGP_MALFORMED);
		all.data[end - back] ^= 4;
	}
	assert_int_equal(read_ring(all.data, all.size, &n_keys), OPENPGP_OK);
}

/* A subkey alone, many times. */
static int read_many(size_t n, size_t *ret_n_keys)
{
	struct openpgp_packet all;
	_cleanup_secret_ struct secret *memory = NULL;
	_cleanup_free_ char *many = NULL;
	size_t start, end, size;

	load_packets("keys/curve.sec", &memory, &all);
	find_subkey(&all, &start, &end);
	size = end - start;
	many = malloc(n * size);
	assert_non_null(many);
	for (size_t i = 0; i < n; i++)
		memcpy(many + i * size, all.data + start, size);
	return read_ring(many, n * size, ret_n_keys);
}

static void test_openpgp_keyring_read__many_keys__up_to_the_bound(void **state)
{
	size_t n_keys;

	assert_int_equal(read_many(OPENPGP_KEYS_MAX, &n_keys), OPENPGP_OK);
	assert_int_equal(n_keys, OPENPGP_KEYS_MAX);
	assert_int_equal(read_many(OPENPGP_KEYS_MAX + 1, &n_keys), OPENPGP_TOO_LARGE);
}

static void test_openpgp_keyring_read__size_at_the_bound__looked_at(void **state)
{
	_cleanup_free_ char *data = calloc(1, OPENPGP_KEY_FILE_MAX + 1);
	size_t n_keys;

	assert_non_null(data);
	assert_int_equal(read_ring(data, OPENPGP_KEY_FILE_MAX, &n_keys), OPENPGP_MALFORMED);
	assert_int_equal(read_ring(data, OPENPGP_KEY_FILE_MAX + 1, &n_keys), OPENPGP_TOO_LARGE);
	assert_int_equal(openpgp_public_check((uint8_t *)data, OPENPGP_KEY_FILE_MAX),
			 OPENPGP_MALFORMED);
	assert_int_equal(openpgp_public_check((uint8_t *)data, OPENPGP_KEY_FILE_MAX + 1),
			 OPENPGP_TOO_LARGE);
}

static void test_openpgp_public_check__files_of_gpg__is_there_a_key(void **state)
{
	static const struct {
		const char *name;
		int result;
	} cases[] = { { "keys/rsa.pub", OPENPGP_OK },
		      { "keys/curve.sec", OPENPGP_OK },
		      { "keys/dsa.sec", OPENPGP_OK },
		      { "rsa-signed", OPENPGP_NO_KEY } };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t size;
		_cleanup_free_ char *data = (char *)read_data(cases[i].name, &size);

		assert_int_equal(openpgp_public_check((uint8_t *)data, size), cases[i].result);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_openpgp_keyring_read__files_of_gpg__keys_or_the_reason),
		cmocka_unit_test(test_openpgp_keyring_read__nothing__no_key),
		cmocka_unit_test(test_openpgp_keyring_read__cut_anywhere__never_more_keys),
		cmocka_unit_test(test_openpgp_keyring_read__secret_changed__malformed),
		cmocka_unit_test(test_openpgp_keyring_read__many_keys__up_to_the_bound),
		cmocka_unit_test(test_openpgp_keyring_read__size_at_the_bound__looked_at),
		cmocka_unit_test(test_openpgp_public_check__files_of_gpg__is_there_a_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
