/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* clients.conf as text, what is read from it, and what is said about it. */

#include "core/test-settings.h"

#define ID_1 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define ID_2 "f123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
/* The key ID of no bytes at all. */
#define ID_0  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define HELLO "secret = aGVsbG8=\n"

/** struct reading - what was read, and what was said about it */
struct reading {
	int syntax_errors;
	int result;
	struct client_file file;
	char reports[16][512];
	enum settings_severity severities[16];
	size_t n_reports;
};

static inline void keep_report(void *userdata, enum settings_severity severity, const char *text)
{
	struct reading *r = userdata;

	assert_null(strchr(text, '\n'));
	if (r->n_reports < ARRAY_SIZE(r->reports)) {
		(void)snprintf(r->reports[r->n_reports], sizeof(r->reports[0]), "%s", text);
		r->severities[r->n_reports] = severity;
	}
	r->n_reports++;
}

static inline void interpret(struct clients_source *source, struct reading *r)
{
	r->result = clients_source_interpret(source, keep_report, r, &r->file);
	assert_null(clients_source_free(source));
}

static inline void read_text(const char *text, struct reading *r)
{
	struct clients_source *source = NULL;

	*r = (struct reading){};
	r->syntax_errors =
		clients_source_parse("FILE", text, strlen(text), keep_report, r, &source);
	assert_true(r->syntax_errors >= 0);
	interpret(source, r);
	assert_int_equal(r->result, 0);
}

/* Exactly one report, exactly this. */
static inline void expect_report(const struct reading *r, enum settings_severity severity,
				 const char *text)
{
	assert_string_equal(r->reports[0], text);
	assert_int_equal(r->severities[0], severity);
	assert_int_equal(r->n_reports, 1);
	assert_int_equal(r->file.n_left_out, severity == SETTINGS_LEFT_OUT);
	assert_int_equal(r->file.n_warnings, severity == SETTINGS_WARNING);
}

static inline void assert_secret(const struct client_settings *c, const char *text)
{
	assert_non_null(c->secret);
	assert_int_equal(c->secret->size, strlen(text));
	assert_memory_equal(c->secret->data, text, strlen(text));
}
