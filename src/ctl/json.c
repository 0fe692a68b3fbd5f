/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ctl/json.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "wire/text.h"

/* For a byte that is no UTF-8: the bus lets none pass, but a text that was cut may end in some. */
#define REPLACEMENT 0xfffd

static void put_code(FILE *out, uint32_t code)
{
	if (code <= 0xffff) {
		(void)fprintf(out, "\\u%04" PRIx32, code);
		return;
	}
	code -= 0x10000;
	(void)fprintf(out, "\\u%04" PRIx32 "\\u%04" PRIx32, 0xd800 + (code >> 10),
		      0xdc00 + (code & 0x3ff));
}

void json_string(FILE *out, const char *text)
{
	static const char special[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";

	(void)fputc('"', out);
	while (*text) {
		uint32_t code = REPLACEMENT;
		size_t size = text_decode(text, &code);
		const char *found = code < 0x80 ? strchr(special, (int)code) : NULL;

		if (found)
			(void)fprintf(out, "\\%c", letters[found - special]);
		else if (code < ' ' || code > '~')
			put_code(out, code);
		else
			(void)fputc((int)code, out);
		text += size > 0 ? size : 1;
	}
	(void)fputc('"', out);
}

void json_property(FILE *out, const struct admin_client *client, enum admin_property_id id)
{
	switch (admin_properties[id].kind) {
	case ADMIN_KIND_TEXT:
	case ADMIN_KIND_TIME:
		json_string(out, admin_client_text(client, id));
		break;
	case ADMIN_KIND_BOOL:
		(void)fputs(admin_client_bool(client, id) ? "true" : "false", out);
		break;
	case ADMIN_KIND_DURATION:
		(void)fprintf(out, "%" PRIu64, admin_client_duration(client, id));
		break;
	case ADMIN_KIND_STATUS:
		(void)fprintf(out, "%d", client->last_checker_status);
		break;
	}
}

static void put_client(FILE *out, const struct admin_client *client)
{
	for (enum admin_property_id id = 0; id < ADMIN_N_LISTED; id++) {
		(void)fprintf(out, "%s\n        \"%s\": ", id > 0 ? "," : "",
			      admin_properties[id].name);
		json_property(out, client, id);
	}
}

void json_print(FILE *out, const struct selection *selection)
{
	(void)fputc('{', out);
	for (size_t i = 0; i < selection->n; i++) {
		(void)fputs(i > 0 ? ",\n    " : "\n    ", out);
		json_string(out, selection->clients[i]->name);
		(void)fputs(": {", out);
		put_client(out, selection->clients[i]);
		(void)fputs("\n    }", out);
	}
	(void)fputs(selection->n > 0 ? "\n}\n" : "}\n", out);
}
