/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Written without a thought of what the syntax may do to a value, and then read again to see. */
#include "core/added-text.h"

#include <errno.h>
#include <inttypes.h>
#include <nettle/base64.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"

#define LINE_BYTES 48 /* of a secret in one line: 64 characters */

/* What stands beside the values: keys, durations, the comment. */
#define FRAME_SIZE 1024

static const char comment[] = "# Added while the server ran. mandos-ctl --remove takes it away "
			      "again.\n";

/* Each '%' is doubled, each further line indented. */
static void put_value(FILE *f, const char *key, const char *value)
{
	(void)fprintf(f, "%s = ", key);
	for (; *value; value++) {
		if (*value == '%')
			(void)fputc('%', f);
		(void)fputc(*value, f);
		if (*value == '\n')
			(void)fputs("    ", f);
	}
	(void)fputc('\n', f);
}

static void put_duration(FILE *f, const char *key, usec_t usec)
{
	(void)fprintf(f, "%s = PT%" PRIu64 "S\n", key, usec / USEC_PER_SEC);
}

static void put_secret(FILE *f, const struct secret *secret)
{
	char line[BASE64_ENCODE_RAW_LENGTH(LINE_BYTES) + 1];

	(void)fputs("secret =\n", f);
	for (size_t at = 0; at < secret->size; at += LINE_BYTES) {
		size_t n = MIN_OF(secret->size - at, (size_t)LINE_BYTES);

		base64_encode_raw(line, n, secret->data + at);
		line[BASE64_ENCODE_RAW_LENGTH(n)] = '\0';
		(void)fprintf(f, "    %s\n", line);
	}
	secret_erase(line, sizeof(line));
}

static void put_client(FILE *f, const struct client_settings *s)
{
	char key_id[KEY_ID_TEXT_SIZE] = "";

	if (s->has_key_id)
		key_id_format(&s->key_id, key_id);
	(void)fprintf(f, "%s[%s]\n", comment, s->name);
	put_value(f, "host", s->host);
	put_value(f, "checker", s->checker);
	put_value(f, "key_id", key_id);
	put_value(f, "fingerprint", s->fingerprint);
	put_duration(f, "timeout", s->rules.timeout);
	put_duration(f, "extended_timeout", s->rules.extended_timeout);
	put_duration(f, "interval", s->rules.interval);
	put_duration(f, "approval_delay", s->rules.approval_delay);
	put_duration(f, "approval_duration", s->rules.approval_duration);
	put_value(f, "approved_by_default", s->rules.approved_by_default ? "yes" : "no");
	put_value(f, "enabled", s->enabled ? "yes" : "no");
	put_secret(f, s->secret);
}

/* At most what put_client() writes: five bytes for one that is a line feed. */
static size_t room_for(const struct client_settings *s)
{
	return FRAME_SIZE + sizeof(comment) + strlen(s->name) +
	       5 * (strlen(s->host) + strlen(s->checker) + strlen(s->fingerprint)) +
	       (s->secret->size / LINE_BYTES + 1) * (BASE64_ENCODE_RAW_LENGTH(LINE_BYTES) + 5);
}

static void on_report(void *userdata, enum settings_severity severity, const char *text)
{
}

static bool same(const struct client_settings *a, const struct client_settings *b)
{
	return strcmp(a->name, b->name) == 0 && strcmp(a->host, b->host) == 0 &&
	       strcmp(a->checker, b->checker) == 0 && strcmp(a->fingerprint, b->fingerprint) == 0 &&
	       a->has_key_id == b->has_key_id &&
	       (!a->has_key_id || key_id_equal(&a->key_id, &b->key_id)) &&
	       secret_equal(a->secret, b->secret) && a->rules.timeout == b->rules.timeout &&
	       a->rules.extended_timeout == b->rules.extended_timeout &&
	       a->rules.interval == b->rules.interval &&
	       a->rules.approval_delay == b->rules.approval_delay &&
	       a->rules.approval_duration == b->rules.approval_duration &&
	       a->rules.approved_by_default == b->rules.approved_by_default &&
	       a->enabled == b->enabled;
}

static int read_again(const struct client_settings *s, const struct secret *text)
{
	struct clients_source *source = NULL;
	struct client_file file = {};
	int r = clients_source_parse("", (const char *)text->data, text->size, on_report, NULL,
				     &source);

	if (r == 0)
		r = clients_source_interpret(source, on_report, NULL, &file);
	if (r >= 0)
		r = r == 0 && file.n_clients == 1 && same(s, &file.clients[0]) ? 0 : -EINVAL;
	client_file_deinit(&file);
	(void)clients_source_free(source);
	return r;
}

int added_text_make(const struct client_settings *s, struct secret **ret)
{
	_cleanup_secret_ struct secret *room = secret_new(room_for(s));
	_cleanup_secret_ struct secret *text = NULL;
	FILE *f;
	long size;
	int r;

	if (!room)
		return room_for(s) > SECRET_SIZE_MAX ? -EFBIG : -ENOMEM;
	f = fmemopen(room->data, room->size, "w");
	if (!f)
		return -errno;
	(void)setvbuf(f, NULL, _IONBF, 0); /* no copy of a secret in a buffer */
	put_client(f, s);
	size = ftell(f);
	if (fclose(f) != 0 || size < 0)
		return -ENOMEM;
	text = secret_copy(room->data, (size_t)size);
	if (!text)
		return -ENOMEM;
	r = read_again(s, text);
	if (r == 0)
		*ret = STEAL_PTR(text);
	return r;
}
