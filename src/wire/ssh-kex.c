/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/ssh-kex.h"

#include <string.h>

#include "base/secret.h"
#include "base/util.h"

#define VERSION		"SSH-2.0-MandosProbe"
#define LINE_MAX_SIZE	1024 /* RFC 4253 has 255; what greets before may be wordier */
#define PADDING_MIN	4
#define BLOCK_SIZE	8
#define N_LISTS_BEHIND	8 /* ciphers, MACs, compression, languages: both ways each */
#define BY_APPLICATION	11
#define KEX_ALGORITHM	"curve25519-sha256"
#define OLDER_ALGORITHM "curve25519-sha256@libssh.org" /* the same, before it had a number */

/* Never used, since the exchange ends before; a server wants to find one that it has too. */
#define CIPHERS                                                     \
	"chacha20-poly1305@openssh.com,aes128-ctr,aes256-ctr,"      \
	"aes128-gcm@openssh.com,aes256-gcm@openssh.com,aes192-ctr," \
	"aes128-cbc,aes256-cbc"
#define MACS                                                           \
	"hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com," \
	"umac-128-etm@openssh.com,hmac-sha2-256,hmac-sha2-512,"        \
	"umac-128@openssh.com,hmac-sha1"
#define COMPRESSIONS "none,zlib@openssh.com"

enum message {
	MESSAGE_DISCONNECT = 1,
	MESSAGE_IGNORE = 2,
	MESSAGE_DEBUG = 4,
	MESSAGE_KEXINIT = 20,
	MESSAGE_ECDH_INIT = 30,
	MESSAGE_ECDH_REPLY = 31,
};

/* ---- writing ---- */

static void put_string(struct writer *w, const void *data, size_t size)
{
	put_u32(w, (uint32_t)size);
	put_bytes(w, data, size);
}

static void put_text(struct writer *w, const char *text)
{
	put_string(w, text, strlen(text));
}

/* A packet's payload is written behind room for its head; this makes head and padding. */
static struct writer packet_begin(struct ssh_kex *k)
{
	struct writer w = WRITER(k->out, sizeof(k->out));

	w.used = k->out_size + 5;
	return w;
}

static void packet_end(struct ssh_kex *k, struct writer *w)
{
	static const uint8_t zeroes[BLOCK_SIZE + PADDING_MIN];
	struct writer head = WRITER(k->out + k->out_size, 5);
	size_t padding = BLOCK_SIZE - (w->used - k->out_size) % BLOCK_SIZE;

	if (padding < PADDING_MIN)
		padding += BLOCK_SIZE;
	put_bytes(w, zeroes, padding);
	if (w->failed)
		return;
	put_u32(&head, (uint32_t)(w->used - k->out_size - 4));
	put_u8(&head, (uint8_t)padding);
	k->out_size = w->used;
}

static void put_key_algorithms(struct writer *w, unsigned int key_types)
{
	struct writer size = *w;
	bool is_first = true;
	size_t n;
	const struct ssh_signature_scheme *schemes = ssh_schemes(&n);

	put_u32(w, 0);
	for (size_t i = 0; i < n; i++) {
		if (!(key_types & (unsigned int)schemes[i].type))
			continue;
		if (!is_first)
			put_u8(w, ',');
		put_bytes(w, schemes[i].name, strlen(schemes[i].name));
		is_first = false;
	}
	put_u32(&size, (uint32_t)(w->used - size.used - 4));
}

static void send_kexinit(struct ssh_kex *k, const uint8_t cookie[SSH_KEX_COOKIE_SIZE])
{
	static const char *const lists[N_LISTS_BEHIND] = {
		CIPHERS, CIPHERS, MACS, MACS, COMPRESSIONS, COMPRESSIONS, "", "",
	};
	struct writer w = packet_begin(k);

	k->kexinit_at = w.used;
	put_u8(&w, MESSAGE_KEXINIT);
	put_bytes(&w, cookie, SSH_KEX_COOKIE_SIZE);
	put_text(&w, KEX_ALGORITHM "," OLDER_ALGORITHM);
	put_key_algorithms(&w, k->key_types);
	for (size_t i = 0; i < N_LISTS_BEHIND; i++)
		put_text(&w, lists[i]);
	put_u8(&w, 0); /* no guess follows */
	put_u32(&w, 0);
	k->kexinit_size = w.used - k->kexinit_at;
	packet_end(k, &w);
}

static void send_ecdh_init(struct ssh_kex *k)
{
	struct writer w = packet_begin(k);

	put_u8(&w, MESSAGE_ECDH_INIT);
	put_string(&w, k->public, sizeof(k->public));
	packet_end(k, &w);
}

/* So that the server logs an end that was meant. */
static void send_disconnect(struct ssh_kex *k)
{
	struct writer w = packet_begin(k);

	put_u8(&w, MESSAGE_DISCONNECT);
	put_u32(&w, BY_APPLICATION);
	put_text(&w, "host key seen");
	put_text(&w, "");
	packet_end(k, &w);
}

/* ---- the hash that is signed: RFC 5656, 4 ---- */

static void hash_string(struct ssh_kex *k, const void *data, size_t size)
{
	uint8_t head[4];
	struct writer w = WRITER(head, sizeof(head));

	put_u32(&w, (uint32_t)size);
	sha256_update(&k->hash, sizeof(head), head);
	sha256_update(&k->hash, size, data);
}

/* The shared secret, big-endian, as a positive number: without zeroes before, and no sign bit. */
static void hash_secret(struct ssh_kex *k, const uint8_t shared[CURVE25519_SIZE])
{
	uint8_t number[CURVE25519_SIZE + 1] = { 0 };
	size_t skip = 1;

	memcpy(number + 1, shared, CURVE25519_SIZE);
	while (skip < CURVE25519_SIZE && number[skip] == 0)
		skip++;
	if (number[skip] > 0x7f)
		skip--;
	hash_string(k, number + skip, sizeof(number) - skip);
	secret_erase(number, sizeof(number));
}

/* ---- reading ---- */

static bool list_has(struct ssh_bytes list, const char *name, bool only_first)
{
	size_t at = 0;

	while (at < list.size) {
		const uint8_t *comma = memchr(list.data + at, ',', list.size - at);
		size_t size = comma ? (size_t)(comma - list.data) - at : list.size - at;

		if (ssh_bytes_are((struct ssh_bytes){ list.data + at, size }, name))
			return true;
		if (only_first)
			return false;
		at += size + 1;
	}
	return false;
}

/* The first of ours that the server has too (RFC 4253, 7.1). */
static const struct ssh_signature_scheme *choose_scheme(unsigned int key_types,
							struct ssh_bytes list)
{
	size_t n;
	const struct ssh_signature_scheme *schemes = ssh_schemes(&n);

	for (size_t i = 0; i < n; i++) {
		if ((key_types & (unsigned int)schemes[i].type) &&
		    list_has(list, schemes[i].name, false))
			return &schemes[i];
	}
	return NULL;
}

static const struct ssh_signature_scheme *first_scheme(unsigned int key_types)
{
	size_t n;
	const struct ssh_signature_scheme *scheme = ssh_schemes(&n);

	while (!(key_types & (unsigned int)scheme->type))
		scheme++;
	return scheme;
}

static enum ssh_kex_result on_kexinit(struct ssh_kex *k, struct ssh_bytes payload)
{
	struct reader r = READER(payload.data, payload.size);
	struct ssh_bytes kex, keys;
	bool has_newer, has_guess;

	(void)take_u8(&r);
	(void)take_bytes(&r, SSH_KEX_COOKIE_SIZE);
	kex = ssh_take_string(&r);
	keys = ssh_take_string(&r);
	for (size_t i = 0; i < N_LISTS_BEHIND; i++)
		(void)ssh_take_string(&r);
	has_guess = take_u8(&r) != 0;
	(void)take_u32(&r);
	if (r.failed || k->state != SSH_KEX_NEGOTIATION)
		return SSH_KEX_BROKEN;
	has_newer = list_has(kex, KEX_ALGORITHM, false);
	k->scheme = choose_scheme(k->key_types, keys);
	if (!k->scheme || (!has_newer && !list_has(kex, OLDER_ALGORITHM, false)))
		return SSH_KEX_NO_COMMON;
	/* A guess is right if both sides have the same first choice of both (RFC 4253, 7). */
	k->skips_guess = has_guess && !(list_has(kex, KEX_ALGORITHM, true) &&
					list_has(keys, first_scheme(k->key_types)->name, true));
	hash_string(k, payload.data, payload.size);
	send_ecdh_init(k);
	k->state = SSH_KEX_REPLY;
	return SSH_KEX_MORE;
}

static bool is_zero(const uint8_t *data, size_t size)
{
	uint8_t any = 0;

	for (size_t i = 0; i < size; i++)
		any |= data[i];
	return any == 0;
}

static enum ssh_kex_result on_ecdh_reply(struct ssh_kex *k, struct ssh_bytes payload)
{
	struct reader r = READER(payload.data, payload.size);
	struct ssh_bytes key, point, signature;
	uint8_t shared[CURVE25519_SIZE], hash[SHA256_DIGEST_SIZE];

	(void)take_u8(&r);
	key = ssh_take_string(&r);
	point = ssh_take_string(&r);
	signature = ssh_take_string(&r);
	if (!reader_done(&r) || k->state != SSH_KEX_REPLY || point.size != CURVE25519_SIZE)
		return SSH_KEX_BROKEN;
	curve25519_mul(shared, k->secret, point.data);
	/* RFC 8731, 3: a point that makes the secret known to everybody. */
	if (is_zero(shared, sizeof(shared)))
		return SSH_KEX_BROKEN;
	hash_string(k, key.data, key.size);
	hash_string(k, k->public, sizeof(k->public));
	hash_string(k, point.data, point.size);
	hash_secret(k, shared);
	secret_erase(shared, sizeof(shared));
	sha256_digest(&k->hash, sizeof(hash), hash);
	ssh_fingerprint(key, k->fingerprint);
	return ssh_signature_is_good(k->scheme, key, signature,
				     (struct ssh_bytes){ hash, sizeof(hash) })
		       ? SSH_KEX_PROVEN
		       : SSH_KEX_BAD_PROOF;
}

static enum ssh_kex_result on_packet(struct ssh_kex *k, struct ssh_bytes payload)
{
	if (payload.data[0] == MESSAGE_IGNORE || payload.data[0] == MESSAGE_DEBUG)
		return k->n_skipped++ < SSH_KEX_SKIPPED_MAX ? SSH_KEX_MORE : SSH_KEX_BROKEN;
	if (k->skips_guess) {
		k->skips_guess = false;
		return SSH_KEX_MORE;
	}
	if (payload.data[0] == MESSAGE_KEXINIT)
		return on_kexinit(k, payload);
	if (payload.data[0] == MESSAGE_ECDH_REPLY)
		return on_ecdh_reply(k, payload);
	return SSH_KEX_BROKEN;
}

/* Takes a packet from the front of @in; *ret_used stays 0 while it is not whole. */
static enum ssh_kex_result take_packet(struct ssh_kex *k, size_t *ret_used)
{
	struct reader r = READER(k->in, k->in_size);
	size_t size = take_u32(&r), padding = take_u8(&r);

	if (r.failed)
		return SSH_KEX_MORE;
	if (size > SSH_KEX_IN_MAX - 4 || (size + 4) % BLOCK_SIZE != 0 || padding < PADDING_MIN ||
	    size < padding + 2)
		return SSH_KEX_BROKEN;
	if (k->in_size < size + 4)
		return SSH_KEX_MORE;
	*ret_used = size + 4;
	return on_packet(k, (struct ssh_bytes){ k->in + r.used, size - 1 - padding });
}

static bool begins_with(const uint8_t *data, size_t size, const char *text)
{
	return size >= strlen(text) && memcmp(data, text, strlen(text)) == 0;
}

/* Takes a line; those before the version are a greeting for people (RFC 4253, 4.2). */
static enum ssh_kex_result take_line(struct ssh_kex *k, size_t *ret_used)
{
	const uint8_t *end = memchr(k->in, '\n', k->in_size);
	size_t size = end ? (size_t)(end - k->in) : k->in_size;

	if (size >= LINE_MAX_SIZE)
		return SSH_KEX_BROKEN;
	if (!end)
		return SSH_KEX_MORE;
	*ret_used = size + 1;
	if (!begins_with(k->in, size, "SSH-"))
		return ++k->n_lines <= SSH_KEX_LINES_MAX ? SSH_KEX_MORE : SSH_KEX_BROKEN;
	if (!begins_with(k->in, size, "SSH-2.0-") && !begins_with(k->in, size, "SSH-1.99-"))
		return SSH_KEX_BROKEN;
	if (k->in[size - 1] == '\r')
		size--;
	hash_string(k, k->in, size);
	hash_string(k, k->out + k->kexinit_at, k->kexinit_size);
	k->state = SSH_KEX_NEGOTIATION;
	return SSH_KEX_MORE;
}

static enum ssh_kex_result process(struct ssh_kex *k)
{
	for (;;) {
		size_t used = 0;
		enum ssh_kex_result r =
			k->state == SSH_KEX_VERSION ? take_line(k, &used) : take_packet(k, &used);

		if (r != SSH_KEX_MORE) {
			if (k->state != SSH_KEX_VERSION)
				send_disconnect(k);
			k->state = SSH_KEX_OVER;
			return r;
		}
		if (used == 0)
			return SSH_KEX_MORE;
		k->in_size -= used;
		memmove(k->in, k->in + used, k->in_size);
	}
}

/* ---- life ---- */

void ssh_kex_init(struct ssh_kex *k, unsigned int key_types, const struct ssh_kex_random *random)
{
	struct writer w = WRITER(k->out, sizeof(k->out));

	/* Not the two buffers: with many exchanges, untouched pages are worth having. */
	memset(k, 0, offsetof(struct ssh_kex, out));
	k->out_sent = 0;
	k->in_size = 0;
	k->key_types = key_types;
	memcpy(k->secret, random->secret, sizeof(k->secret));
	curve25519_mul_g(k->public, k->secret);
	sha256_init(&k->hash);
	hash_string(k, VERSION, strlen(VERSION));
	put_bytes(&w, VERSION "\r\n", strlen(VERSION) + 2);
	k->out_size = w.used;
	send_kexinit(k, random->cookie);
}

void ssh_kex_deinit(struct ssh_kex *k)
{
	secret_erase(k->secret, sizeof(k->secret));
}

const uint8_t *ssh_kex_output(const struct ssh_kex *k, size_t *ret_size)
{
	*ret_size = k->out_size - k->out_sent;
	return k->out + k->out_sent;
}

void ssh_kex_sent(struct ssh_kex *k, size_t size)
{
	k->out_sent += MIN_OF(size, k->out_size - k->out_sent);
}

enum ssh_kex_result ssh_kex_input(struct ssh_kex *k, const uint8_t *data, size_t size)
{
	while (size > 0 && k->state != SSH_KEX_OVER) {
		size_t n = MIN_OF(size, sizeof(k->in) - k->in_size);
		enum ssh_kex_result r;

		memcpy(k->in + k->in_size, data, n);
		k->in_size += n;
		data += n;
		size -= n;
		r = process(k);
		if (r != SSH_KEX_MORE)
			return r;
	}
	return k->state == SSH_KEX_OVER ? SSH_KEX_BROKEN : SSH_KEX_MORE;
}
