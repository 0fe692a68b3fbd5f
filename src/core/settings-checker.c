/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/settings-checker.h"

#include <string.h>

#include "wire/builtin.h"
#include "wire/expand.h"

/** struct known - userdata of lookup() */
struct known {
	const struct client_settings *client;
	char key_id[KEY_ID_TEXT_SIZE];
};

/*
 * The attributes that a client has from the beginning and that could make sense in a host. One that
 * is only known later, such as the time of the last check, makes none in a built-in checker.
 */
static bool lookup(void *userdata, const char *name, size_t name_size, const char **ret_text)
{
	struct known *k = userdata;
	const struct {
		const char *name;
		const char *text;
	} attributes[] = {
		{ "name", k->client->name },
		{ "host", k->client->host },
		{ "fingerprint", k->client->fingerprint },
		{ "key_id", k->key_id },
	};

	for (size_t i = 0; i < ARRAY_SIZE(attributes); i++) {
		if (strlen(attributes[i].name) != name_size ||
		    memcmp(attributes[i].name, name, name_size) != 0)
			continue;
		*ret_text = attributes[i].text ? attributes[i].text : "";
		return true;
	}
	return false;
}

const char *checker_problem(const struct client_settings *c)
{
	char text[BUILTIN_TEXT_MAX + 1];
	struct known k = { .client = c };
	struct builtin ignored;
	enum expand_result r;
	enum builtin_result b;

	if (!builtin_is_meant(c->checker))
		return NULL;
	if (c->has_key_id)
		key_id_format(&c->key_id, k.key_id);
	r = expand_template(c->checker, lookup, &k, text, sizeof(text));
	if (r == EXPAND_UNKNOWN_ATTRIBUTE)
		return "a built-in checker can refer to name, host, key_id and fingerprint only";
	if (r != EXPAND_OK)
		return expand_result_text(r);
	b = builtin_parse(text, &ignored);
	return b == BUILTIN_OK ? NULL : builtin_result_text(b);
}
