/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * clients.conf as a whole: every section is either a client, complete and within its bounds, or
 * left out and named; no two clients have one key ID; the counts agree with the reports.
 *
 * Texts with "secfile" are passed over: they would open any file of this machine.
 */
#include <strings.h>

#include "core/settings.h"
#include "core/store.h"
#include "fuzz.h"
#include "wire/ini.h"

#define FILE_NAME "clients.conf"

struct counts {
	size_t n[SETTINGS_WARNING + 1];
};

static void on_report(void *userdata, enum settings_severity severity, const char *text)
{
	struct counts *counts = userdata;
	char *end;

	REQUIRE(strncmp(text, FILE_NAME ":", strlen(FILE_NAME) + 1) == 0);
	REQUIRE(strtoul(text + strlen(FILE_NAME) + 1, &end, 10) > 0);
	REQUIRE(strncmp(end, ": ", 2) == 0);
	REQUIRE(!strchr(text, '\n'));
	counts->n[severity]++;
}

static size_t count_sections(const uint8_t *data, size_t size)
{
	const struct ini_section *s = NULL;
	struct ini *ini = NULL;
	size_t n = 0;

	REQUIRE(ini_parse((const char *)data, size, NULL, NULL, &ini) >= 0);
	while ((s = ini_next_section(ini, s)))
		n++;
	(void)ini_free(ini);
	return n;
}

static void check_client(const struct client_file *file, const struct client_settings *c)
{
	REQUIRE(c->name && strlen(c->name) > 0 && strlen(c->name) <= STORE_TEXT_MAX);
	REQUIRE(c->host && strlen(c->host) <= STORE_TEXT_MAX);
	REQUIRE(c->checker && strlen(c->checker) <= STORE_TEXT_MAX);
	REQUIRE(c->fingerprint && strlen(c->fingerprint) <= STORE_TEXT_MAX);
	REQUIRE(c->secret && c->secret->size <= SECRET_SIZE_MAX);
	REQUIRE(c->rules.timeout < USEC_NEVER && c->rules.interval < USEC_NEVER);
	REQUIRE(c->line > 0);
	REQUIRE(!c->has_key_id || !key_id_is_of_nothing(&c->key_id));
	for (const struct client_settings *other = file->clients; other < c; other++)
		REQUIRE(!c->has_key_id || !other->has_key_id ||
			!key_id_equal(&c->key_id, &other->key_id));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct clients_source *source = NULL;
	struct client_file file = {};
	struct counts counts = {};
	uint8_t *exact = fuzz_exact(data, size);
	char *text = fuzz_text(data, size);
	int n_bad;

	if (!strcasestr(text, "secfile") && strlen(text) == size) {
		n_bad = clients_source_parse(FILE_NAME, (const char *)exact, size, on_report,
					     &counts, &source);
		REQUIRE(n_bad >= 0 && counts.n[SETTINGS_SYNTAX] == (size_t)n_bad);
		REQUIRE(clients_source_interpret(source, on_report, &counts, &file) == 0);
		REQUIRE(file.n_clients + file.n_left_out == count_sections(exact, size));
		REQUIRE(file.n_warnings == counts.n[SETTINGS_WARNING]);
		REQUIRE(file.n_left_out <= counts.n[SETTINGS_LEFT_OUT]);
		REQUIRE((file.n_left_out == 0) == (counts.n[SETTINGS_LEFT_OUT] == 0));
		for (size_t i = 0; i < file.n_clients; i++)
			check_client(&file, &file.clients[i]);
		client_file_deinit(&file);
		(void)clients_source_free(source);
	}
	free(text);
	free(exact);
	return 0;
}
