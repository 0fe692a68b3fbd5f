/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keygen/section.h"

#include <errno.h>
#include <nettle/base64.h>

#include "base/util.h"

static void write_value(FILE *out, const char *key, const char *value)
{
	(void)fprintf(out, "%s = ", key);
	for (; *value; value++) {
		if (*value == '%')
			(void)putc('%', out);
		(void)putc(*value, out);
	}
	(void)putc('\n', out);
}

static int write_base64(FILE *out, const uint8_t *data, size_t size)
{
	size_t text_size = BASE64_ENCODE_RAW_LENGTH(size);
	_cleanup_free_ char *text = malloc(text_size + 1);

	if (!text)
		return -ENOMEM;
	base64_encode_raw(text, size, data);
	for (size_t at = 0; at < text_size; at += SECTION_BASE64_COLUMNS) {
		size_t n = MIN_OF(text_size - at, (size_t)SECTION_BASE64_COLUMNS);

		(void)fprintf(out, "    %.*s\n", (int)n, text + at);
	}
	return 0;
}

/*
 * The first "%%(host)s" and the second are for the server's expansion at run time,
 * "%(ssh_fingerprint)s" for the one when it reads the file. ssh-keyscan prints the host it was
 * asked for, a space and the key.
 */
static void write_checker(FILE *out, const char *ssh_type, const char *ssh_key)
{
	(void)fprintf(out,
		      "checker = ssh-keyscan -t %s %%%%(host)s 2>/dev/null"
		      " | grep --fixed-strings --line-regexp --quiet"
		      " --regexp=%%%%(host)s\" %%(ssh_fingerprint)s\"\n",
		      ssh_type);
	write_value(out, "ssh_fingerprint", ssh_key);
}

int section_write(FILE *out, const struct section *s)
{
	int r = 0;

	(void)fprintf(out, "[%s]\n", s->name);
	write_value(out, "host", s->name);
	if (s->key_id)
		write_value(out, "key_id", s->key_id);
	write_value(out, "fingerprint", s->fingerprint);
	if (s->secfile) {
		write_value(out, "secfile", s->secfile);
	} else {
		(void)fputs("secret =\n", out);
		r = write_base64(out, s->message, s->message_size);
	}
	if (r < 0)
		return r;
	if (s->ssh_type)
		write_checker(out, s->ssh_type, s->ssh_key);
	return 0;
}
