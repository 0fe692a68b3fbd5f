/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ctl/json.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

/* The rest of the character that starts with @first, at @text; the bus lets only UTF-8 pass. */
static uint32_t take_code(unsigned char first, const char **text)
{
	int more = first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
	uint32_t code = first & (0x3fu >> more);

	for (; more > 0 && (**text & 0xc0) == 0x80; more--)
		code = code << 6 | (uint32_t)(*(*text)++ & 0x3f);
	return code;
}

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
		unsigned char c = (unsigned char)*text++;
		const char *found = strchr(special, c);

		if (found)
			(void)fprintf(out, "\\%c", letters[found - special]);
		else if (c >= 0x80)
			put_code(out, take_code(c, &text));
		else if (c < ' ' || c > '~')
			put_code(out, c);
		else
			(void)fputc(c, out);
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
	for (enum admin_property_id id = 0; id < ADMIN_N_PROPERTIES; id++) {
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
