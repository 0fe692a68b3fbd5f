/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A section is read to its end whatever is wrong with it, so that an administrator sees everything
 * at once; then its client is left out. Values are never repeated in a report: any of them may hold
 * a piece of a secret that slipped into the wrong line.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/util.h"
#include "core/clients-source.h"
#include "core/settings-checker.h"
#include "core/settings-path.h"
#include "core/settings.h"
#include "core/store.h"
#include "wire/base64.h"
#include "wire/duration.h"
#include "wire/ini.h"

#define REPORT_SIZE  256
#define NAME_SHOWN   128 /* bytes of a client's name in a report */
#define KEY_SHOWN    64
#define SCRATCH_SIZE ((size_t)4096)

/* SRV-CLNT-3 */
static const struct ini_key_value built_in[] = {
	{ "timeout", "PT5M" },
	{ "extended_timeout", "PT15M" },
	{ "interval", "PT2M" },
	{ "checker", "fping -q -- %%(host)s" },
	{ "host", "" },
	{ "approval_delay", "PT0S" },
	{ "approval_duration", "PT1S" },
	{ "approved_by_default", "True" },
	{ "enabled", "True" },
	{ NULL, NULL },
};

/** struct interpreting - one call of clients_source_interpret(), and the section it is at */
struct interpreting {
	const struct clients_source *source;
	settings_report_fn *report;
	void *userdata;
	struct client_file *file;
	size_t n_allocated;
	struct secret *scratch; /* where Base64 is decoded to */
	bool out_of_memory;

	const struct source_file *from;
	const struct ini_key_value *defaults; /* what @from falls back to */
	const struct ini_section *section;
	struct client_settings client; /* being read */
	bool is_bad;
};

static void value_freep(char **value)
{
	if (*value)
		explicit_bzero(*value, strlen(*value));
	free(*value);
}
#define _cleanup_value_ _cleanup_(value_freep)

static _printf_(5, 6) void report(struct interpreting *x, enum settings_severity severity,
				  unsigned int line, const char *key, const char *format, ...)
{
	_cleanup_free_ char *text = NULL;
	char what[REPORT_SIZE];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(what, sizeof(what), format, ap);
	va_end(ap);
	if (asprintf(&text, "%s:%u: [%.*s] %.*s: %s", x->from->path, line, NAME_SHOWN,
		     ini_section_name(x->section), KEY_SHOWN, key, what) < 0) {
		text = NULL;
		x->out_of_memory = true;
		return;
	}
	if (severity == SETTINGS_WARNING)
		x->file->n_warnings++;
	else
		x->is_bad = true;
	x->report(x->userdata, severity, text);
}

/* A drop-in file falls back to the DEFAULT section of clients.conf before the built-in defaults. */
static bool is_given(const struct interpreting *x, const char *key)
{
	if (ini_raw(x->from->ini, x->section, key, NULL))
		return true;
	for (const struct ini_key_value *d = x->defaults; d->key; d++) {
		if (strcmp(d->key, key) == 0)
			return true;
	}
	return false;
}

/* NULL after an error that was reported. @ret_line: the section's for a built-in default */
static char *read_value(struct interpreting *x, const char *key, unsigned int *ret_line)
{
	unsigned int line = 0;
	char *value = NULL;
	int r = ini_value(x->from->ini, x->section, x->defaults, key, &value, &line);

	*ret_line = line > 0 ? line : ini_section_line(x->section);
	if (r < 0)
		x->out_of_memory = true;
	else if (r != INI_VALUE_OK)
		report(x, SETTINGS_LEFT_OUT, *ret_line, key, "%s",
		       ini_value_result_text((enum ini_value_result)r));
	return value;
}

/* What the store could not keep must not come in: its refusals would not survive. */
static char *read_text(struct interpreting *x, const char *key)
{
	unsigned int line;
	_cleanup_value_ char *value = read_value(x, key, &line);

	if (value && strlen(value) > STORE_TEXT_MAX) {
		report(x, SETTINGS_LEFT_OUT, line, key, "the text is longer than %zu bytes",
		       STORE_TEXT_MAX);
		return NULL;
	}
	return STEAL_PTR(value);
}

static bool read_bool(struct interpreting *x, const char *key)
{
	unsigned int line;
	_cleanup_value_ char *value = read_value(x, key, &line);
	bool result = false;

	if (value && !ini_bool(value, &result))
		report(x, SETTINGS_LEFT_OUT, line, key, "this is neither yes nor no");
	return result;
}

static const char *duration_problem(enum duration_result result)
{
	switch (result) {
	case DURATION_OK:
		break;
	case DURATION_MALFORMED:
		return "this is no duration such as PT5M or P1DT12H";
	case DURATION_OVERFLOW:
		return "the duration is too long";
	case DURATION_NEGATIVE:
		return "the duration is negative";
	}
	return "";
}

static usec_t read_duration(struct interpreting *x, const char *key)
{
	unsigned int line;
	_cleanup_value_ char *value = read_value(x, key, &line);
	enum duration_result result;
	usec_t usec = 0;

	if (!value)
		return 0;
	result = duration_parse(value, &usec);
	if (result != DURATION_OK)
		report(x, SETTINGS_LEFT_OUT, line, key, "%s", duration_problem(result));
	/* SRV-LIFE-38: client_step() keeps the distance. */
	else if (usec < CLIENT_INTERVAL_MIN && strcmp(key, "interval") == 0)
		report(x, SETTINGS_WARNING, line, key,
		       "less than a second; checkers will start one second apart");
	return usec;
}

/* SRV-CLNT-5, SRV-CLNT-6: a bad key ID is worth a warning only, the client then matches nobody. */
static void read_key_id(struct interpreting *x)
{
	struct client_settings *c = &x->client;
	unsigned int line = ini_section_line(x->section);
	_cleanup_value_ char *value = is_given(x, "key_id") ? read_value(x, "key_id", &line) : NULL;

	if (!value && is_given(x, "key_id"))
		return;
	switch (value ? key_id_parse(value, &c->key_id) : KEY_ID_EMPTY) {
	case KEY_ID_OK:
		c->has_key_id = !key_id_is_of_nothing(&c->key_id);
		if (!c->has_key_id)
			report(x, SETTINGS_WARNING, line, "key_id",
			       "this is the key ID of no key at all; nobody can be this client");
		break;
	case KEY_ID_EMPTY:
		report(x, SETTINGS_WARNING, line, "key_id", "missing; nobody can be this client");
		break;
	case KEY_ID_MALFORMED:
		report(x, SETTINGS_WARNING, line, "key_id",
		       "this is not 64 hexadecimal digits; nobody can be this client");
		break;
	}
}

static void read_fingerprint(struct interpreting *x)
{
	unsigned int line = ini_section_line(x->section);

	if (!is_given(x, "fingerprint")) {
		x->client.fingerprint = strdup("");
		x->out_of_memory = x->out_of_memory || !x->client.fingerprint;
		return;
	}
	x->client.fingerprint = read_text(x, "fingerprint");
	(void)ini_raw(x->from->ini, x->section, "fingerprint", &line);
	if (x->client.fingerprint && !fingerprint_normalise(x->client.fingerprint))
		report(x, SETTINGS_WARNING, line, "fingerprint",
		       "this is not 40 hexadecimal digits");
}

/* What a built-in checker is to do is known here already, unlike what a shell will make of it. */
static void check_checker(struct interpreting *x)
{
	const struct client_settings *c = &x->client;
	const char *problem = c->checker && c->host ? checker_problem(c) : NULL;
	unsigned int line = ini_section_line(x->section);

	if (!problem)
		return;
	(void)ini_raw(x->from->ini, x->section, "checker", &line);
	report(x, SETTINGS_LEFT_OUT, line, "checker", "%s", problem);
}

static struct secret *keep_secret(struct interpreting *x, const void *data, size_t size)
{
	struct secret *secret = secret_copy(data, size);

	if (!secret)
		x->out_of_memory = true;
	return secret;
}

static struct secret *decode_secret(struct interpreting *x)
{
	unsigned int line;
	_cleanup_value_ char *text = read_value(x, "secret", &line);
	size_t room = text ? base64_decoded_max(strlen(text)) : 0, size = 0;
	struct secret *secret = NULL;

	if (!text)
		return NULL;
	if (room > SECRET_SIZE_MAX) {
		report(x, SETTINGS_LEFT_OUT, line, "secret", "the secret is longer than %zu bytes",
		       SECRET_SIZE_MAX);
		return NULL;
	}
	if (!x->scratch || x->scratch->size < room) {
		(void)secret_free(x->scratch);
		x->scratch = secret_new(MAX_OF(room, SCRATCH_SIZE));
	}
	if (!x->scratch) {
		x->out_of_memory = true;
		return NULL;
	}
	switch (base64_decode_lenient(text, strlen(text), x->scratch->data, &size)) {
	case BASE64_OK:
		secret = keep_secret(x, x->scratch->data, size);
		break;
	case BASE64_BAD_PADDING:
		report(x, SETTINGS_LEFT_OUT, line, "secret",
		       "this is no Base64: its end or its padding is missing");
		break;
	}
	secret_erase(x->scratch->data, room);
	return secret;
}

static struct secret *read_secret_file(struct interpreting *x)
{
	unsigned int line;
	_cleanup_value_ char *text = read_value(x, "secfile", &line);
	_cleanup_free_ char *path = NULL;
	struct secret *secret;
	char *data = NULL;
	size_t size = 0;
	int r;

	if (!text)
		return NULL;
	r = path_expand(text, &path);
	if (r == 0)
		r = file_read(path, SECRET_SIZE_MAX, &data, &size);
	if (r < 0) {
		report(x, SETTINGS_LEFT_OUT, line, "secfile", "the file cannot be read: %s",
		       strerror(-r));
		return NULL;
	}
	secret = keep_secret(x, data, size);
	secret_erase(data, size);
	free(data);
	return secret;
}

/* SRV-CLNT-7 */
static void read_secret(struct interpreting *x)
{
	if (is_given(x, "secret"))
		x->client.secret = decode_secret(x);
	else if (is_given(x, "secfile"))
		x->client.secret = read_secret_file(x);
	else
		report(x, SETTINGS_LEFT_OUT, ini_section_line(x->section), "secret",
		       "missing, and so is secfile");
	if (x->client.secret && x->client.secret->size == 0)
		report(x, SETTINGS_WARNING, ini_section_line(x->section), "secret",
		       "the secret is empty");
}

/* Whether the key's value has been read already, and with it its references. */
static bool is_read(const struct interpreting *x, const char *key)
{
	for (const struct ini_key_value *d = built_in; d->key; d++) {
		if (strcmp(d->key, key) == 0)
			return true;
	}
	return strcmp(key, "key_id") == 0 || strcmp(key, "fingerprint") == 0 ||
	       strcmp(key, "secret") == 0 ||
	       (strcmp(key, "secfile") == 0 && !is_given(x, "secret"));
}

/* SRV-CLNT-2: references must be good in unknown options too, own and inherited. */
static void check_references(struct interpreting *x)
{
	const struct ini_section *const places[] = {
		x->section,
		ini_default_section(x->from->ini),
	};

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		const char *key = NULL;

		while ((key = ini_next_key(places[i], key))) {
			_cleanup_value_ char *value = NULL;
			unsigned int line;

			if (!is_read(x, key))
				value = read_value(x, key, &line);
		}
	}
}

static void client_deinit(struct client_settings *c)
{
	free(c->name);
	free(c->host);
	free(c->checker);
	free(c->fingerprint);
	(void)secret_free(c->secret);
}

static void read_client(struct interpreting *x)
{
	struct client_settings *c = &x->client;
	const char *name = ini_section_name(x->section);

	x->is_bad = false;
	*c = (struct client_settings){
		.path = x->from->path,
		.line = ini_section_line(x->section),
	};
	if (strlen(name) > STORE_TEXT_MAX)
		report(x, SETTINGS_LEFT_OUT, c->line, "name", "longer than %zu bytes",
		       STORE_TEXT_MAX);
	c->name = strdup(name);
	x->out_of_memory = x->out_of_memory || !c->name;
	c->host = read_text(x, "host");
	c->checker = read_text(x, "checker");
	c->rules.timeout = read_duration(x, "timeout");
	c->rules.extended_timeout = read_duration(x, "extended_timeout");
	c->rules.interval = read_duration(x, "interval");
	c->rules.approval_delay = read_duration(x, "approval_delay");
	c->rules.approval_duration = read_duration(x, "approval_duration");
	c->rules.approved_by_default = read_bool(x, "approved_by_default");
	c->enabled = read_bool(x, "enabled");
	read_key_id(x);
	read_fingerprint(x);
	check_checker(x);
	read_secret(x);
	check_references(x);
}

static int keep_client(struct interpreting *x)
{
	struct client_file *f = x->file;

	if (f->n_clients == SETTINGS_CLIENTS_MAX)
		return -E2BIG;
	if (f->n_clients == x->n_allocated) {
		size_t n = MAX_OF(2 * x->n_allocated, (size_t)16);
		struct client_settings *grown = reallocarray(f->clients, n, sizeof(*f->clients));

		if (!grown)
			return -ENOMEM;
		f->clients = grown;
		x->n_allocated = n;
	}
	f->clients[f->n_clients++] = x->client;
	x->client = (struct client_settings){};
	return 0;
}

static int compare_key_ids(const void *a, const void *b, void *userdata)
{
	const struct client_settings *clients = userdata;
	size_t i = *(const size_t *)a, j = *(const size_t *)b;
	int order = memcmp(clients[i].key_id.bytes, clients[j].key_id.bytes, KEY_ID_SIZE);

	return order != 0 ? order : (i > j) - (i < j);
}

static void warn_of_twin(struct interpreting *x, struct client_settings *twin,
			 const struct client_settings *first)
{
	_cleanup_free_ char *text = NULL;

	twin->has_key_id = false;
	x->file->n_warnings++;
	if (asprintf(&text,
		     "%s:%u: [%.*s] key_id: [%.*s] at %s:%u has the same and keeps it; nobody can "
		     "be this client",
		     twin->path, twin->line, NAME_SHOWN, twin->name, NAME_SHOWN, first->name,
		     first->path, first->line) < 0) {
		text = NULL;
		x->out_of_memory = true;
		return;
	}
	x->report(x->userdata, SETTINGS_WARNING, text);
}

/* SRV-CLNT-13: the first in the file keeps it. By sorting: nothing in the file can make it slow. */
static int settle_key_ids(struct interpreting *x)
{
	struct client_settings *clients = x->file->clients;
	size_t n = 0, *order = calloc(x->file->n_clients + 1, sizeof(*order));
	size_t first = 0;

	if (!order)
		return -ENOMEM;
	for (size_t i = 0; i < x->file->n_clients; i++) {
		if (clients[i].has_key_id)
			order[n++] = i;
	}
	qsort_r(order, n, sizeof(*order), compare_key_ids, clients);
	for (size_t i = 1; i < n; i++) {
		if (key_id_equal(&clients[order[i]].key_id, &clients[order[first]].key_id))
			warn_of_twin(x, &clients[order[i]], &clients[order[first]]);
		else
			first = i;
	}
	free(order);
	return 0;
}

static int read_file(struct interpreting *x)
{
	x->section = NULL;
	while ((x->section = ini_next_section(x->from->ini, x->section))) {
		int r;

		read_client(x);
		if (x->out_of_memory)
			return -ENOMEM;
		if (x->is_bad) {
			x->file->n_left_out++;
			client_deinit(&x->client);
			x->client = (struct client_settings){};
			continue;
		}
		r = keep_client(x);
		if (r < 0)
			return r;
	}
	return 0;
}

/*
 * What a drop-in file falls back to: the DEFAULT section of clients.conf, then what is built in.
 * Owner: the caller frees the array; the strings stay the source's.
 */
static struct ini_key_value *shared_defaults(const struct clients_source *s)
{
	const struct ini *main_file = s->files[0].ini;
	const struct ini_section *section = ini_default_section(main_file);
	struct ini_key_value *all;
	const char *key = NULL;
	size_t n = 0;

	while ((key = ini_next_key(section, key)))
		n++;
	all = calloc(n + ARRAY_SIZE(built_in), sizeof(*all));
	if (!all)
		return NULL;
	n = 0;
	while ((key = ini_next_key(section, key)))
		all[n++] = (struct ini_key_value){ key, ini_raw(main_file, section, key, NULL) };
	memcpy(all + n, built_in, sizeof(built_in));
	return all;
}

static int read_clients(struct interpreting *x)
{
	struct ini_key_value *shared = shared_defaults(x->source);
	int r = shared ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < x->source->n_files; i++) {
		x->from = &x->source->files[i];
		x->defaults = i == 0 ? built_in : shared;
		r = read_file(x);
	}
	free(shared);
	return r < 0 ? r : settle_key_ids(x);
}

/* Doubling leaves up to half of it empty. */
static void give_back_room(struct client_file *f)
{
	struct client_settings *exact;

	if (f->n_clients == 0)
		return;
	exact = reallocarray(f->clients, f->n_clients, sizeof(*f->clients));
	if (exact)
		f->clients = exact;
}

int clients_source_interpret(const struct clients_source *s, settings_report_fn *report_fn,
			     void *userdata, struct client_file *ret)
{
	struct client_file file = {};
	struct interpreting x = {
		.source = s, .report = report_fn, .userdata = userdata, .file = &file
	};
	int r = read_clients(&x);

	(void)secret_free(x.scratch);
	client_deinit(&x.client);
	if (r == 0 && x.out_of_memory)
		r = -ENOMEM;
	if (r < 0) {
		client_file_deinit(&file);
		return r;
	}
	give_back_room(&file);
	*ret = file;
	return 0;
}

void client_file_deinit(struct client_file *f)
{
	for (size_t i = 0; i < f->n_clients; i++)
		client_deinit(&f->clients[i]);
	free(f->clients);
	*f = (struct client_file){};
}
