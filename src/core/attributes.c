/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/attributes.h"

#include <string.h>

#include "base/util.h"

enum kind {
	KIND_TEXT, /* char * in struct client */
	KIND_KEY_ID,
	KIND_BOOL,     /* bool in struct client_life */
	KIND_STAMP,    /* usec_t in struct client_life, wall clock */
	KIND_DEADLINE, /* usec_t in struct client_life, boot time */
	KIND_DURATION, /* usec_t in struct client_rules */
};

#define TEXT(n, field)                                       \
	{                                                    \
		n, KIND_TEXT, offsetof(struct client, field) \
	}
#define LIFE(n, k, field)                                 \
	{                                                 \
		n, k, offsetof(struct client, life.field) \
	}
#define DURATION(n, field)                                                  \
	{                                                                   \
		n, KIND_DURATION, offsetof(struct client, life.rules.field) \
	}

static const struct {
	const char *name;
	enum kind kind;
	size_t offset;
} attributes[] = {
	DURATION("approval_delay", approval_delay),
	DURATION("approval_duration", approval_duration),
	LIFE("created", KIND_STAMP, created),
	TEXT("dbus_object_path", path),
	LIFE("enabled", KIND_BOOL, enabled),
	LIFE("expires", KIND_DEADLINE, expires),
	TEXT("fingerprint", fingerprint),
	TEXT("host", host),
	DURATION("interval", interval),
	{ "key_id", KIND_KEY_ID, 0 },
	LIFE("last_approval_request", KIND_STAMP, last_approval_request),
	LIFE("last_checked_ok", KIND_STAMP, last_checked_ok),
	LIFE("last_enabled", KIND_STAMP, last_enabled),
	TEXT("name", name),
	DURATION("timeout", timeout),
};

static const char *value_text(struct attributes *a, enum kind kind, size_t offset)
{
	const char *at = (const char *)a->client + offset;
	usec_t usec;

	switch (kind) {
	case KIND_TEXT: {
		const char *text;

		memcpy(&text, at, sizeof(text));
		return text;
	}
	case KIND_KEY_ID:
		a->text[0] = '\0';
		if (a->client->has_key_id)
			key_id_format(&a->client->key_id, a->text);
		return a->text;
	case KIND_BOOL:
		return *(const bool *)at ? "True" : "False";
	case KIND_STAMP:
		memcpy(&usec, at, sizeof(usec));
		expand_format_time(usec, a->text);
		return a->text;
	case KIND_DEADLINE:
		memcpy(&usec, at, sizeof(usec));
		expand_format_time(instant_to_real(a->now, usec), a->text);
		return a->text;
	case KIND_DURATION:
		memcpy(&usec, at, sizeof(usec));
		expand_format_duration(usec, a->text);
		return a->text;
	}
	return "";
}

bool attributes_lookup(void *userdata, const char *name, size_t name_size, const char **ret_text)
{
	struct attributes *a = userdata;

	for (size_t i = 0; i < ARRAY_SIZE(attributes); i++) {
		if (strlen(attributes[i].name) != name_size ||
		    memcmp(attributes[i].name, name, name_size) != 0)
			continue;
		*ret_text = value_text(a, attributes[i].kind, attributes[i].offset);
		/* Without D-Bus there is no path (DBUS-BUS-3). */
		return *ret_text != NULL;
	}
	return false;
}
