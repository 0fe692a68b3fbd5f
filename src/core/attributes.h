/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* A client's attributes as a checker template sees them (SRV-CHK-3, SRV-CHK-4). */

#include "core/registry.h"
#include "wire/expand.h"

/** struct attributes - userdata of attributes_lookup(); @text holds the last formatted value */
struct attributes {
	const struct client *client;
	struct instant now;
	char text[MAX_OF(EXPAND_TIME_SIZE, KEY_ID_TEXT_SIZE)];
};

/** attributes_lookup() - an expand_lookup_fn; the text is valid until the next call */
bool attributes_lookup(void *userdata, const char *name, size_t name_size, const char **ret_text);
