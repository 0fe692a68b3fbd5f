/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test-openpgp: the OpenPGP reader on files, for tests that compare it with gpg.
 *
 *   open SECKEY MESSAGE           the plaintext to standard output
 *   change SECKEY MESSAGE SEED N  as many changed copies of the message are tried; what is accepted
 *                                 must be the plaintext of the unchanged one
 *   seal SESSION-KEY CONTENT      an encrypted packet with this content, for the session key as gpg
 *                                 shows it ("9:HEX")
 *
 * Exit status 1, and the reason on standard error, if something is not accepted (open) or accepted
 * with another plaintext (change). "change" prints how many were accepted, and leaves up to
 * KEPT_MAX of these in files MESSAGE.0, MESSAGE.1 and so on.
 */
#include <err.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <nettle/cfb.h>
#include <nettle/sha1.h>

#include "base/file.h"
#include "base/util.h"
#include "openpgp/message.h"

#define FILE_MAX   ((size_t)2 << 20)
#define KEPT_MAX   5
#define CHANGE_MAX 8

static void fill(void *userdata, size_t size, uint8_t *to)
{
	(void)userdata;
	if (getrandom(to, size, 0) != (ssize_t)size)
		err(2, "getrandom");
}

static const struct openpgp_random random_numbers = { .fill = fill };

static uint8_t *read_all(const char *path, size_t *ret_size)
{
	char *data;
	int r = file_read(path, FILE_MAX, &data, ret_size);

	if (r < 0)
		errx(2, "%s: %s", path, strerror(-r));
	return (uint8_t *)data;
}

static void read_ring(const char *path, struct openpgp_keyring *ret)
{
	size_t size;
	uint8_t *data = read_all(path, &size);
	int r = openpgp_keyring_read(data, size, ret);

	if (r != OPENPGP_OK)
		errx(1, "%s: %s", path, openpgp_result_text(r));
	free(data);
}

static void write_all(const char *path, const void *data, size_t size)
{
	FILE *f = path ? fopen(path, "we") : stdout;

	if (!f || fwrite(data, 1, size, f) != size || (path ? fclose(f) : fflush(f)) != 0)
		err(2, "%s", path ? path : "standard output");
}

static int open_message(const struct openpgp_keyring *ring, const char *path)
{
	size_t size;
	uint8_t *data = read_all(path, &size);
	struct secret *plain;
	int r = openpgp_message_decrypt(data, size, ring, &random_numbers, &plain);

	if (r != OPENPGP_OK)
		errx(1, "%s: %s", path, openpgp_result_text(r));
	write_all(NULL, plain->data, plain->size);
	(void)secret_free(plain);
	free(data);
	return 0;
}

/* Reproducible: xorshift. */
static uint64_t chance(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* Bits and bytes are changed, and pieces cut out, doubled or moved. Half of it near the start,
 * where the structure is. */
static size_t change(uint8_t *data, size_t size, uint64_t *seed)
{
	for (unsigned int n = 1 + chance(seed) % CHANGE_MAX; n > 0 && size > 1; n--) {
		size_t range = chance(seed) % 2 ? size : MIN_OF(size, (size_t)600);
		size_t at = chance(seed) % range, piece = 1 + chance(seed) % 16;

		piece = MIN_OF(piece, size - at);
		switch (chance(seed) % 5) {
		case 0:
			data[at] ^= (uint8_t)(1 << chance(seed) % 8);
			break;
		case 1:
			data[at] = (uint8_t)chance(seed);
			break;
		case 2:
			memmove(data + at, data + at + piece, size - at - piece);
			size -= piece;
			break;
		case 3:
			memmove(data + at + piece, data + at, size - at);
			size += piece;
			break;
		default:
			size = chance(seed) % 8 ? size : at;
			break;
		}
	}
	return size;
}

static int try_changes(const struct openpgp_keyring *ring, const char *path, uint64_t seed, long n)
{
	size_t size, n_accepted = 0;
	uint8_t *data = read_all(path, &size), *copy = malloc(size + CHANGE_MAX * 16);
	struct secret *right, *plain;
	char kept[4096];

	if (!copy || openpgp_message_decrypt(data, size, ring, &random_numbers, &right))
		errx(2, "%s: not even unchanged", path);
	for (; n > 0; n--) {
		size_t changed;

		memcpy(copy, data, size);
		changed = change(copy, size, &seed);
		if (openpgp_message_decrypt(copy, changed, ring, &random_numbers, &plain))
			continue;
		(void)snprintf(kept, sizeof(kept), "%s.%zu", path, n_accepted);
		if (n_accepted++ < KEPT_MAX)
			write_all(kept, copy, changed);
		if (!secret_equal(plain, right)) {
			write_all(path, copy, changed);
			errx(1, "%s: another plaintext", path);
		}
		(void)secret_free(plain);
	}
	(void)printf("%zu\n", n_accepted);
	(void)secret_free(right);
	free(copy);
	free(data);
	return 0;
}

static int seal(const char *session_key, const char *path)
{
	char *hex;
	const struct nettle_cipher *cipher =
		openpgp_cipher_find((uint8_t)strtoul(session_key, &hex, 10));
	uint8_t key[OPENPGP_KEY_SIZE_MAX], iv[16] = { 0 }, *content, *packet, *body;
	uint64_t context[1024];
	struct writer head;
	struct sha1_ctx sha1;
	size_t size, n;

	if (!cipher || *hex != ':' || strlen(hex + 1) != 2 * cipher->key_size ||
	    cipher->context_size > sizeof(context))
		errx(2, "no session key");
	for (size_t i = 0; i < cipher->key_size; i++)
		(void)sscanf(hex + 1 + 2 * i, "%2hhx", &key[i]);
	content = read_all(path, &size);
	n = cipher->block_size + 2 + size + 2 + SHA1_DIGEST_SIZE;
	packet = calloc(1, 7 + n);
	if (!packet)
		err(2, "memory");
	head = WRITER(packet, 7);
	put_u8(&head, 0xc0 | OPENPGP_INTEGRITY_PROTECTED);
	put_u8(&head, 0xff);
	put_u32(&head, (uint32_t)n + 1);
	put_u8(&head, 1);
	body = packet + 7;
	memcpy(body + cipher->block_size + 2, content, size);
	memcpy(body + n - SHA1_DIGEST_SIZE - 2, "\xd3\x14", 2);
	sha1_init(&sha1);
	sha1_update(&sha1, n - SHA1_DIGEST_SIZE, body);
	sha1_digest(&sha1, SHA1_DIGEST_SIZE, body + n - SHA1_DIGEST_SIZE);
	cipher->set_encrypt_key(context, key);
	cfb_encrypt(context, cipher->encrypt, cipher->block_size, iv, n, body, body);
	write_all(NULL, packet, 7 + n);
	free(packet);
	free(content);
	return 0;
}

int main(int argc, char *argv[])
{
	struct openpgp_keyring ring;
	int r = 2;

	if (argc == 4 && strcmp(argv[1], "seal") == 0)
		return seal(argv[2], argv[3]);
	if (argc < 4)
		errx(2, "usage: see the source");
	read_ring(argv[2], &ring);
	if (argc == 4 && strcmp(argv[1], "open") == 0)
		r = open_message(&ring, argv[3]);
	else if (argc == 6 && strcmp(argv[1], "change") == 0)
		r = try_changes(&ring, argv[3], strtoull(argv[4], NULL, 10) | 1,
				strtol(argv[5], NULL, 10));
	openpgp_keyring_deinit(&ring);
	return r;
}
