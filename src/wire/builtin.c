/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/builtin.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

#include "base/util.h"
#include "wire/base64.h"
#include "wire/text.h"

#define LABEL_MAX	  63 /* RFC 1035 */
#define FINGERPRINT_MARK  "SHA256:"
#define FINGERPRINT_CHARS 43 /* of 32 bytes, without the padding */

static const struct {
	const char *name;
	enum builtin_kind kind;
} kinds[] = {
	{ BUILTIN_PREFIX "ping", BUILTIN_PING },
	{ BUILTIN_PREFIX "tcp", BUILTIN_TCP },
	{ BUILTIN_PREFIX "ssh-hostkey", BUILTIN_SSH_HOSTKEY },
};

/** struct words - the text, cut up; all words lie in @text one after the other */
struct words {
	const char *word[BUILTIN_WORDS_MAX];
	unsigned int n;
	char text[BUILTIN_TEXT_MAX + 1];
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* One word without its quotes; returns where it ends, or NULL if a quote does not. */
static const char *take_word(const char *at, char **to)
{
	while (*at != '\0' && !is_blank(*at)) {
		const char *end = at + 1;

		if (*at != '\'' && *at != '"') {
			*(*to)++ = *at++;
			continue;
		}
		end = strchr(at + 1, *at);
		if (!end)
			return NULL;
		memcpy(*to, at + 1, (size_t)(end - at) - 1);
		*to += end - at - 1;
		at = end + 1;
	}
	*(*to)++ = '\0';
	return at;
}

static enum builtin_result split(const char *text, struct words *w)
{
	char *to = w->text;

	/* A word is never longer than what it was read from, with the blank or NUL behind it. */
	if (strnlen(text, BUILTIN_TEXT_MAX + 1) > BUILTIN_TEXT_MAX)
		return BUILTIN_TOO_LONG;
	for (;;) {
		while (is_blank(*text))
			text++;
		if (*text == '\0')
			return BUILTIN_OK;
		if (w->n == BUILTIN_WORDS_MAX)
			return BUILTIN_TOO_LONG;
		w->word[w->n++] = to;
		text = take_word(text, &to);
		if (!text)
			return BUILTIN_BAD_QUOTES;
	}
}

static bool is_alphanumeric(char c)
{
	char lower = text_to_lower(c);

	return text_is_digit(c) || (lower >= 'a' && lower <= 'z');
}

/*
 * Letters, digits, hyphens and, since hosts are named so, underscores. A last label of digits alone
 * is no name but an address that was mistyped, such as 192.0.2.256.
 */
static bool is_name(const char *host, size_t size)
{
	size_t label = 0;
	bool digits = true;

	if (size > 0 && host[size - 1] == '.')
		size--;
	for (size_t i = 0; i < size; i++) {
		if (host[i] == '.') {
			if (label == 0)
				return false;
			label = 0;
			digits = true;
			continue;
		}
		if (!is_alphanumeric(host[i]) && host[i] != '_' && (host[i] != '-' || label == 0))
			return false;
		digits = digits && text_is_digit(host[i]);
		if (++label > LABEL_MAX)
			return false;
	}
	return label > 0 && !digits;
}

static bool is_scope(const char *scope)
{
	size_t size = strlen(scope);

	for (size_t i = 0; i < size; i++) {
		if (!is_alphanumeric(scope[i]) && !strchr("_.:-", scope[i]))
			return false;
	}
	return size > 0 && size < IF_NAMESIZE;
}

static bool is_ipv6(const char *host)
{
	char address[INET6_ADDRSTRLEN];
	const char *percent = strchr(host, '%');
	size_t size = percent ? (size_t)(percent - host) : strlen(host);
	struct in6_addr ignored;

	if (size >= sizeof(address) || (percent && !is_scope(percent + 1)))
		return false;
	memcpy(address, host, size);
	address[size] = '\0';
	return inet_pton(AF_INET6, address, &ignored) == 1;
}

static enum builtin_result read_host(const char *word, struct builtin *b)
{
	size_t size = word ? strlen(word) : 0;
	struct in_addr ignored;
	bool in_brackets;

	if (size == 0)
		return BUILTIN_NO_HOST;
	in_brackets = size > 2 && word[0] == '[' && word[size - 1] == ']';
	if (in_brackets) {
		word++;
		size -= 2;
	}
	if (size > BUILTIN_HOST_MAX)
		return BUILTIN_BAD_HOST;
	memcpy(b->host, word, size);
	b->host[size] = '\0';
	if (is_ipv6(b->host))
		return BUILTIN_OK;
	if (in_brackets || (inet_pton(AF_INET, b->host, &ignored) != 1 && !is_name(b->host, size)))
		return BUILTIN_BAD_HOST;
	return BUILTIN_OK;
}

static enum builtin_result read_port(const char *word, struct builtin *b)
{
	uint32_t port = 0;

	if (!word)
		return BUILTIN_NO_PORT;
	for (const char *at = word; *at != '\0'; at++) {
		if (!text_is_digit(*at))
			return BUILTIN_BAD_PORT;
		port = 10 * port + (uint32_t)(*at - '0');
		if (port > UINT16_MAX)
			return BUILTIN_BAD_PORT;
	}
	b->port = (uint16_t)port;
	return port == 0 ? BUILTIN_BAD_PORT : BUILTIN_OK;
}

static bool is_base64(char c)
{
	return is_alphanumeric(c) || c == '+' || c == '/';
}

static enum builtin_result read_fingerprint(const char *word, struct builtin *b)
{
	size_t mark = strlen(FINGERPRINT_MARK), size = 0;
	uint8_t data[FINGERPRINT_CHARS + 1];
	char padded[FINGERPRINT_CHARS + 1];

	if (strncmp(word, FINGERPRINT_MARK, mark) != 0)
		return BUILTIN_BAD_FINGERPRINT;
	word += mark;
	while (is_base64(word[size]))
		size++;
	if (size != FINGERPRINT_CHARS || (word[size] != '\0' && strcmp(word + size, "=") != 0))
		return BUILTIN_BAD_FINGERPRINT;
	memcpy(padded, word, FINGERPRINT_CHARS);
	padded[FINGERPRINT_CHARS] = '=';
	if (base64_decode_lenient(padded, sizeof(padded), data, &size) != BASE64_OK ||
	    size != BUILTIN_FINGERPRINT_SIZE)
		return BUILTIN_BAD_FINGERPRINT;
	memcpy(b->fingerprints[b->n_fingerprints++], data, size);
	return BUILTIN_OK;
}

/* @words, @n: those behind the host */
static enum builtin_result read_ssh(const char *const *words, unsigned int n, struct builtin *b)
{
	enum builtin_result r = BUILTIN_OK;
	unsigned int i = 0;

	b->port = BUILTIN_SSH_PORT;
	if (n > 0 && text_is_digit(words[0][0]))
		r = read_port(words[i++], b);
	if (r == BUILTIN_OK && i == n)
		return BUILTIN_NO_FINGERPRINT;
	if (n - i > BUILTIN_FINGERPRINTS_MAX)
		return BUILTIN_TOO_LONG;
	for (; r == BUILTIN_OK && i < n; i++)
		r = read_fingerprint(words[i], b);
	return r;
}

static enum builtin_result read_words(const struct words *w, struct builtin *b)
{
	enum builtin_result r;
	unsigned int n = 2;

	for (size_t i = 0; w->n > 0 && i < ARRAY_SIZE(kinds); i++) {
		if (strcmp(kinds[i].name, w->word[0]) == 0)
			b->kind = kinds[i].kind;
	}
	if (b->kind == 0)
		return BUILTIN_UNKNOWN;
	r = read_host(w->n > 1 ? w->word[1] : NULL, b);
	if (r != BUILTIN_OK)
		return r;
	switch (b->kind) {
	case BUILTIN_PING:
		break;
	case BUILTIN_TCP:
		r = read_port(w->n > 2 ? w->word[2] : NULL, b);
		n = 3;
		break;
	case BUILTIN_SSH_HOSTKEY:
		return read_ssh(w->word + 2, w->n - 2, b);
	}
	return r == BUILTIN_OK && w->n > n ? BUILTIN_TOO_LONG : r;
}

bool builtin_is_meant(const char *template)
{
	return strncmp(template, BUILTIN_PREFIX, strlen(BUILTIN_PREFIX)) == 0;
}

enum builtin_result builtin_parse(const char *text, struct builtin *ret)
{
	struct words w = { .n = 0 };
	enum builtin_result r = split(text, &w);

	*ret = (struct builtin){};
	return r == BUILTIN_OK ? read_words(&w, ret) : r;
}

const char *builtin_result_text(enum builtin_result result)
{
	static const char *const texts[] = {
		[BUILTIN_OK] = "nothing is wrong",
		[BUILTIN_UNKNOWN] = "the built-in checkers are called ping, tcp and ssh-hostkey",
		[BUILTIN_BAD_QUOTES] = "a quotation in the built-in checker does not end",
		[BUILTIN_NO_HOST] = "the built-in checker has no host",
		[BUILTIN_BAD_HOST] = "the built-in checker's host is neither an address nor a name",
		[BUILTIN_NO_PORT] = "builtin:tcp has no port",
		[BUILTIN_BAD_PORT] = "the built-in checker's port is no number from 1 to 65535",
		[BUILTIN_NO_FINGERPRINT] = "builtin:ssh-hostkey has no fingerprint",
		[BUILTIN_BAD_FINGERPRINT] =
			"a fingerprint is not SHA256: and 43 characters, as ssh-keygen -l shows it",
		[BUILTIN_TOO_LONG] = "the built-in checker has more words than it can have",
	};

	return texts[result];
}

const char *builtin_status_text(unsigned int status)
{
	static const char *const texts[] = {
		[BUILTIN_ALIVE] = "alive",
		[BUILTIN_NO_ANSWER] = "no answer",
		[BUILTIN_NO_ADDRESS] = "its name has no address",
		[BUILTIN_REFUSED] = "the host refused the connection",
		[BUILTIN_OTHER_KEY] = "the host has another SSH host key than configured",
		[BUILTIN_NO_PROOF] = "the host could not prove the SSH host key that it showed",
		[BUILTIN_NO_SSH] = "the host did not exchange SSH keys",
		[BUILTIN_FAULT] = "this machine cannot reach the host",
	};

	return status < ARRAY_SIZE(texts) ? texts[status] : NULL;
}
