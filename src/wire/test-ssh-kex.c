/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What OpenSSH said, recorded with the random numbers of random_of(), and what becomes of it when
 * it is changed. The recordings fit what this client sends: tests/data/README.md says how to make
 * them again when that changes.
 */
#include "wire/ssh-kex.h"

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

#define RECORDING_MAX ((size_t)16384)

static struct ssh_kex kex;

static const struct {
	const char *name;
	enum ssh_key_type type;
	const char *scheme;
	uint8_t fingerprint[4]; /* how it begins, by ssh-keygen -l */
} recordings[] = {
	{ "ed25519", SSH_KEY_ED25519, "ssh-ed25519", { 0x18, 0xc8, 0x76, 0xae } },
	{ "older", SSH_KEY_ED25519, "ssh-ed25519", { 0x18, 0xc8, 0x76, 0xae } },
	{ "ecdsa-256", SSH_KEY_ECDSA_256, "ecdsa-sha2-nistp256", { 0x62, 0x0e, 0x9e, 0x95 } },
	{ "ecdsa-384", SSH_KEY_ECDSA_384, "ecdsa-sha2-nistp384", { 0x78, 0x66, 0x78, 0xde } },
	{ "ecdsa-521", SSH_KEY_ECDSA_521, "ecdsa-sha2-nistp521", { 0xc7, 0x97, 0x24, 0x69 } },
	{ "rsa-512", SSH_KEY_RSA, "rsa-sha2-512", { 0x49, 0x8d, 0x6d, 0xd8 } },
	{ "rsa-256", SSH_KEY_RSA, "rsa-sha2-256", { 0x49, 0x8d, 0x6d, 0xd8 } },
};

static struct ssh_kex_random random_of(uint8_t first)
{
	struct ssh_kex_random random;

	for (size_t i = 0; i < sizeof(random.cookie); i++)
		random.cookie[i] = (uint8_t)(first + i);
	for (size_t i = 0; i < sizeof(random.secret); i++)
		random.secret[i] = (uint8_t)(first + sizeof(random.cookie) + i);
	return random;
}

static void begin(unsigned int key_types)
{
	const struct ssh_kex_random random = random_of(0);

	ssh_kex_init(&kex, key_types, &random);
}

static uint8_t *recording(const char *name, size_t *ret_size)
{
	char path[256], *data;

	(void)snprintf(path, sizeof(path), TEST_DATA "/ssh/%s.bin", name);
	assert_int_equal(file_read(path, RECORDING_MAX, &data, ret_size), 0);
	return (uint8_t *)data;
}

/* In pieces of @piece bytes, until it is over or everything was said. */
static enum ssh_kex_result say(const uint8_t *data, size_t size, size_t piece)
{
	enum ssh_kex_result r = SSH_KEX_MORE;

	for (size_t at = 0; at < size && r == SSH_KEX_MORE; at += piece)
		r = ssh_kex_input(&kex, data + at, MIN_OF(piece, size - at));
	return r;
}

static enum ssh_kex_result say_text(const char *text)
{
	return say((const uint8_t *)text, strlen(text), SIZE_MAX / 2);
}

static void test_ssh_kex_input__true_server__proven(void **state)
{
	static const size_t pieces[] = { 1, 7, 1000, SIZE_MAX / 2 };

	for (size_t i = 0; i < ARRAY_SIZE(recordings); i++) {
		size_t size;
		uint8_t *data = recording(recordings[i].name, &size);

		for (size_t j = 0; j < ARRAY_SIZE(pieces); j++) {
			begin(SSH_KEY_ALL);
			assert_int_equal(say(data, size, pieces[j]), SSH_KEX_PROVEN);
			assert_int_equal(kex.scheme->type, recordings[i].type);
			assert_string_equal(kex.scheme->name, recordings[i].scheme);
			assert_memory_equal(kex.fingerprint, recordings[i].fingerprint, 4);
		}
		free(data);
	}
}

/* The server signs our cookie, our key and its own half; a recording fits no other exchange. */
static void test_ssh_kex_input__recording_played_again__bad_proof(void **state)
{
	const struct ssh_kex_random random = random_of(1);

	for (size_t i = 0; i < ARRAY_SIZE(recordings); i++) {
		size_t size;
		uint8_t *data = recording(recordings[i].name, &size);

		ssh_kex_init(&kex, SSH_KEY_ALL, &random);
		assert_int_equal(say(data, size, size), SSH_KEX_BAD_PROOF);
		assert_memory_equal(kex.fingerprint, recordings[i].fingerprint, 4);
		free(data);
	}
}

/* No bit of what was said can be another one: nothing but padding is left out of the signature. */
static void test_ssh_kex_input__any_bit_changed__not_proven_with_this_key(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(recordings); i += 2) {
		size_t size;
		uint8_t *data = recording(recordings[i].name, &size);
		unsigned int n_proven = 0;

		for (size_t at = 0; at < size; at += i == 0 ? 1 : 5) {
			enum ssh_kex_result r;

			data[at] = (uint8_t)(data[at] ^ 1u << (at % 8));
			begin(SSH_KEY_ALL);
			r = say(data, size, size);
			n_proven += r == SSH_KEX_PROVEN;
			data[at] = (uint8_t)(data[at] ^ 1u << (at % 8));
		}
		/* Line end, padding of KEXINIT and of the reply, and what is behind. */
		assert_in_range(n_proven, 0, 48);
		free(data);
	}
}

static void test_ssh_kex_input__cut_anywhere__waits(void **state)
{
	size_t size;
	uint8_t *data = recording("ed25519", &size);

	/* What is behind the reply is NEWKEYS, of 16 bytes, and its own padding. */
	for (size_t n = 0; n + 64 < size; n++) {
		enum ssh_kex_result r;

		begin(SSH_KEY_ALL);
		r = say(data, n, SIZE_MAX / 2);
		assert_true(r == SSH_KEX_MORE || r == SSH_KEX_PROVEN);
		assert_true(r == SSH_KEX_MORE || n > size - 300);
	}
	free(data);
}

static void test_ssh_kex_input__nothing_in_common__named(void **state)
{
	static const char *const names[] = { "no-common-kex", "no-common-key" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		size_t size;
		uint8_t *data = recording(names[i], &size);

		begin(i == 0 ? SSH_KEY_ALL : SSH_KEY_RSA);
		assert_int_equal(say(data, size, size), SSH_KEX_NO_COMMON);
		free(data);
	}
}

static void test_ssh_kex_input__not_ssh__broken(void **state)
{
	static const char *const texts[] = {
		"SSH-1.5-old\r\n",
		"SSH-3.0-new\r\n",
		"SSH-2.0-x\r\nnot a packet at all",
		"SSH-2.0-x\r\n\x00\x00\x00\x0c\x0a\x15\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		begin(SSH_KEY_ALL);
		/* The last one has NULs inside; its size is that of a packet behind the line. */
		assert_int_equal(say((const uint8_t *)texts[i], i == 3 ? 27 : strlen(texts[i]),
				     SIZE_MAX / 2),
				 SSH_KEX_BROKEN);
		/* It stays so, whatever comes. */
		assert_int_equal(say_text("SSH-2.0-x\r\n"), SSH_KEX_BROKEN);
	}
}

static void test_ssh_kex_input__greeting_lines_at_the_bound__ok_and_one_more_broken(void **state)
{
	for (int extra = 0; extra < 2; extra++) {
		enum ssh_kex_result r = SSH_KEX_MORE;

		begin(SSH_KEY_ALL);
		for (int i = 0; i < SSH_KEX_LINES_MAX + extra; i++)
			r = say_text("welcome\r\n");
		assert_int_equal(r, extra ? SSH_KEX_BROKEN : SSH_KEX_MORE);
	}
}

static void test_ssh_kex_input__endless_line__broken(void **state)
{
	int n = 0;

	begin(SSH_KEY_ALL);
	while (say_text("0123456789abcdef") == SSH_KEX_MORE)
		assert_in_range(++n, 0, 64);
}

static void test_ssh_kex_input__packet_at_the_bound__ok_and_one_more_broken(void **state)
{
	static uint8_t packet[SSH_KEX_IN_MAX];

	for (size_t extra = 0; extra <= 8; extra += 8) {
		struct writer w = WRITER(packet, sizeof(packet));

		begin(SSH_KEY_ALL);
		assert_int_equal(say_text("SSH-2.0-x\n"), SSH_KEX_MORE);
		memset(packet, 0, sizeof(packet));
		put_u32(&w, (uint32_t)(SSH_KEX_IN_MAX - 4 + extra));
		put_u8(&w, 4);
		put_u8(&w, 2); /* IGNORE */
		assert_int_equal(say(packet, sizeof(packet), 1000),
				 extra ? SSH_KEX_BROKEN : SSH_KEX_MORE);
	}
}

static void test_ssh_kex_input__ignored_packets_at_the_bound__ok_and_one_more_broken(void **state)
{
	static const uint8_t ignore[] = { 0, 0, 0, 12, 6, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };

	begin(SSH_KEY_ALL);
	assert_int_equal(say_text("SSH-2.0-x\n"), SSH_KEX_MORE);
	for (int i = 0; i < SSH_KEX_SKIPPED_MAX; i++)
		assert_int_equal(say(ignore, sizeof(ignore), 3), SSH_KEX_MORE);
	assert_int_equal(say(ignore, sizeof(ignore), 3), SSH_KEX_BROKEN);
}

/* RFC 8731, 3: with such a point anybody knows the shared secret. */
static void test_ssh_kex_input__point_of_small_order__broken(void **state)
{
	size_t size, at;
	uint8_t *data = recording("ed25519", &size);
	static const uint8_t head[] = { 0, 0, 0, 51, 0, 0, 0, 11, 's', 's', 'h' };

	/* The key has 51 bytes; behind it is the point, with its size. */
	for (at = 0; memcmp(data + at, head, sizeof(head)) != 0; at++)
		assert_true(at + sizeof(head) < size);
	at += 4 + 51 + 4;
	memset(data + at, 0, 32);
	begin(SSH_KEY_ALL);
	assert_int_equal(say(data, size, size), SSH_KEX_BROKEN);
	free(data);
}

static void test_ssh_kex_output__whole_exchange__well_formed_packets(void **state)
{
	size_t size, n;
	uint8_t *data = recording("rsa-512", &size);
	const uint8_t *out;
	static const uint8_t types[] = { 20, 30, 1 };
	struct reader r;

	begin(SSH_KEY_ALL);
	assert_int_equal(say(data, size, 100), SSH_KEX_PROVEN);
	free(data);
	out = ssh_kex_output(&kex, &n);
	assert_memory_equal(out, "SSH-2.0-", 8);
	r = READER(out, n);
	while (take_u8(&r) != '\n')
		assert_false(r.failed);
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		uint32_t packet = take_u32(&r);
		uint8_t padding = take_u8(&r);

		assert_int_equal((packet + 4) % 8, 0);
		assert_true(padding >= 4 && padding < packet - 1);
		assert_int_equal(take_u8(&r), types[i]);
		assert_non_null(take_bytes(&r, packet - 2));
	}
	assert_true(reader_done(&r));
	ssh_kex_sent(&kex, n - 1);
	(void)ssh_kex_output(&kex, &n);
	assert_int_equal(n, 1);
	ssh_kex_sent(&kex, 5);
	(void)ssh_kex_output(&kex, &n);
	assert_int_equal(n, 0);
}

static void test_ssh_kex_deinit__secret__erased(void **state)
{
	static const uint8_t zeroes[CURVE25519_SIZE];

	begin(SSH_KEY_ALL);
	assert_memory_not_equal(kex.secret, zeroes, sizeof(zeroes));
	ssh_kex_deinit(&kex);
	assert_memory_equal(kex.secret, zeroes, sizeof(zeroes));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ssh_kex_input__true_server__proven),
		cmocka_unit_test(test_ssh_kex_input__recording_played_again__bad_proof),
		cmocka_unit_test(test_ssh_kex_input__any_bit_changed__not_proven_with_this_key),
		cmocka_unit_test(test_ssh_kex_input__cut_anywhere__waits),
		cmocka_unit_test(test_ssh_kex_input__nothing_in_common__named),
		cmocka_unit_test(test_ssh_kex_input__not_ssh__broken),
		cmocka_unit_test(
			test_ssh_kex_input__greeting_lines_at_the_bound__ok_and_one_more_broken),
		cmocka_unit_test(test_ssh_kex_input__endless_line__broken),
		cmocka_unit_test(test_ssh_kex_input__packet_at_the_bound__ok_and_one_more_broken),
		cmocka_unit_test(
			test_ssh_kex_input__ignored_packets_at_the_bound__ok_and_one_more_broken),
		cmocka_unit_test(test_ssh_kex_input__point_of_small_order__broken),
		cmocka_unit_test(test_ssh_kex_output__whole_exchange__well_formed_packets),
		cmocka_unit_test(test_ssh_kex_deinit__secret__erased),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
