/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/pickle-clients.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "wire/duration.h"
#include "wire/text.h"

/* Text that was fetched from the memo is copied as often as it was fetched. */
#define STRINGS_MAX ((size_t)512 * 1024 * 1024)

struct reading {
	struct pickled_state *state;
	const char *what; /* is wrong */
	int result;	  /* of the first thing that went wrong */
};

static void fail(struct reading *reading, int result, const char *what)
{
	if (reading->result != PICKLE_OK)
		return;
	reading->result = result;
	reading->what = what;
}

/* ---- one attribute ---- */

/* NULL for what no configuration file can say. */
static const char *copy_text(struct reading *reading, const struct pickle_value *v)
{
	const char *text = (const char *)v->data;
	char *copy;

	if (v->size > PICKLED_TEXT_MAX) {
		fail(reading, PICKLE_TOO_LARGE, "a text that is too long");
		return NULL;
	}
	if (memchr(text, '\0', v->size) || !text_is_utf8(text, v->size))
		return NULL;
	copy = pickle_arena_get(&reading->state->arena, v->size + (size_t)1);
	if (!copy) {
		fail(reading, reading->state->arena.exhausted ? PICKLE_TOO_LARGE : -ENOMEM,
		     "more text than can be kept");
		return NULL;
	}
	memcpy(copy, text, v->size);
	return copy;
}

static bool is_text(const struct pickle_value *v)
{
	return v->type == PICKLE_TEXT || v->type == PICKLE_BYTES;
}

static const char *get_text(struct reading *reading, const struct pickle_value *dict,
			    const char *key)
{
	const struct pickle_value *v = pickle_find(dict, key);

	if (!v || v->type == PICKLE_NONE)
		return NULL;
	if (is_text(v))
		return copy_text(reading, v);
	fail(reading, PICKLE_DAMAGED, "an attribute that should be text is not");
	return NULL;
}

static usec_t get_duration(struct reading *reading, const struct pickle_value *dict,
			   const char *key)
{
	const struct pickle_value *v = pickle_find(dict, key);

	if (!v)
		return USEC_NEVER;
	if (v->type != PICKLE_TIMEDELTA) {
		fail(reading, PICKLE_DAMAGED, "an attribute that should be a duration is not");
		return USEC_NEVER;
	}
	return MIN_OF(v->duration, DURATION_MAX_USEC);
}

static usec_t get_time(struct reading *reading, const struct pickle_value *dict, const char *key)
{
	const struct pickle_value *v = pickle_find(dict, key);

	if (!v || v->type == PICKLE_NONE)
		return USEC_NEVER;
	if (v->type != PICKLE_DATETIME) {
		fail(reading, PICKLE_DAMAGED, "an attribute that should be a time is not");
		return USEC_NEVER;
	}
	return v->integer < 0 ? 0 : (usec_t)v->integer;
}

static enum pickled_flag get_flag(struct reading *reading, const struct pickle_value *dict,
				  const char *key)
{
	const struct pickle_value *v = pickle_find(dict, key);

	if (!v)
		return PICKLED_UNKNOWN;
	if (v->type == PICKLE_BOOL)
		return v->boolean ? PICKLED_TRUE : PICKLED_FALSE;
	fail(reading, PICKLE_DAMAGED, "an attribute that should be true or false is neither");
	return PICKLED_UNKNOWN;
}

/* An exit status, or one of two negative numbers (SRV-LIFE-1). */
static int get_status(struct reading *reading, const struct pickle_value *dict)
{
	const struct pickle_value *v = pickle_find(dict, "last_checker_status");

	if (!v)
		return -2;
	if (v->type == PICKLE_INT && v->integer >= -2 && v->integer <= 255)
		return (int)v->integer;
	fail(reading, PICKLE_DAMAGED, "a checker's status that is none");
	return -2;
}

/* ---- one client ---- */

static struct pickled_settings get_settings(struct reading *reading, const struct pickle_value *d)
{
	return (struct pickled_settings){
		.host = get_text(reading, d, "host"),
		.checker = get_text(reading, d, "checker_command"),
		.fingerprint = get_text(reading, d, "fingerprint"),
		.key_id = get_text(reading, d, "key_id"),
		.timeout = get_duration(reading, d, "timeout"),
		.extended_timeout = get_duration(reading, d, "extended_timeout"),
		.interval = get_duration(reading, d, "interval"),
		.approval_delay = get_duration(reading, d, "approval_delay"),
		.approval_duration = get_duration(reading, d, "approval_duration"),
		.approved_by_default = get_flag(reading, d, "approved_by_default"),
		.enabled = get_flag(reading, d, "enabled"),
	};
}

static void get_secret(struct reading *reading, const struct pickle_value *dict,
		       struct pickled_client *c)
{
	const struct pickle_value *v = pickle_find(dict, "encrypted_secret");

	if (!v)
		return;
	if (v->type != PICKLE_BYTES) {
		fail(reading, PICKLE_DAMAGED, "an encrypted secret that is no byte string");
		return;
	}
	c->encrypted_secret = v->data;
	c->encrypted_secret_size = v->size;
}

static void get_client(struct reading *reading, const struct pickle_value *dict, bool is_alive,
		       struct pickled_client *c)
{
	if (!is_alive) {
		c->was_in_file = true;
		c->configured = get_settings(reading, dict);
		return;
	}
	c->is_alive = true;
	c->current = get_settings(reading, dict);
	/* Whoever was not known to be disabled would come back enabled. */
	if (c->current.enabled == PICKLED_UNKNOWN)
		fail(reading, PICKLE_DAMAGED, "a client that is neither enabled nor disabled");
	c->created = get_time(reading, dict, "created");
	c->last_enabled = get_time(reading, dict, "last_enabled");
	c->expires = get_time(reading, dict, "expires");
	c->last_checked_ok = get_time(reading, dict, "last_checked_ok");
	c->last_approval_request = get_time(reading, dict, "last_approval_request");
	c->last_checker_status = get_status(reading, dict);
	get_secret(reading, dict, c);
}

/* ---- all clients ---- */

static void get_half(struct reading *reading, const struct pickle_value *half, bool is_alive)
{
	struct pickled_state *s = reading->state;

	for (const struct pickle_item *i = half->first; i && reading->result == PICKLE_OK;
	     i = i->next) {
		struct pickled_client *c = &s->clients[s->n_clients];

		if (!is_text(i->key) || i->value->type != PICKLE_DICT) {
			fail(reading, PICKLE_DAMAGED, "a client that is no name with attributes");
			return;
		}
		if (i->value->size > PICKLED_ATTRIBUTES_MAX) {
			fail(reading, PICKLE_TOO_LARGE, "a client with too many attributes");
			return;
		}
		*c = (struct pickled_client){ .name = copy_text(reading, i->key),
					      .order = (uint32_t)s->n_clients };
		if (!c->name)
			continue;
		get_client(reading, i->value, is_alive, c);
		s->n_clients++;
	}
}

static int by_name(const void *a, const void *b)
{
	const struct pickled_client *x = a, *y = b;
	int r = strcmp(x->name, y->name);

	if (r != 0)
		return r;
	return x->order < y->order ? -1 : 1;
}

/* What @from has and @into lacks, or has older. */
static void join(struct pickled_client *into, const struct pickled_client *from)
{
	struct pickled_settings configured =
		from->was_in_file ? from->configured : into->configured;
	bool was_in_file = into->was_in_file || from->was_in_file;

	if (from->is_alive)
		*into = *from;
	into->configured = configured;
	into->was_in_file = was_in_file;
}

static void join_halves(struct pickled_state *s)
{
	size_t n = 0;

	qsort(s->clients, s->n_clients, sizeof(s->clients[0]), by_name);
	for (size_t i = 0; i < s->n_clients; i++) {
		if (n > 0 && strcmp(s->clients[n - 1].name, s->clients[i].name) == 0)
			join(&s->clients[n - 1], &s->clients[i]);
		else
			s->clients[n++] = s->clients[i];
	}
	s->n_clients = n;
}

static int read_halves(struct reading *reading, const struct pickle_value *top)
{
	const struct pickle_value *alive, *configured;

	if (top->type != PICKLE_TUPLE || top->size != 2 || top->first->value->type != PICKLE_DICT ||
	    top->last->value->type != PICKLE_DICT) {
		fail(reading, PICKLE_DAMAGED, "no pair of clients and settings");
		return reading->result;
	}
	alive = top->first->value;
	configured = top->last->value;
	if (alive->size > PICKLED_CLIENTS_MAX || configured->size > PICKLED_CLIENTS_MAX) {
		fail(reading, PICKLE_TOO_LARGE, "too many clients");
		return reading->result;
	}
	reading->state->clients =
		calloc((size_t)alive->size + configured->size + 1, sizeof(struct pickled_client));
	if (!reading->state->clients)
		return -ENOMEM;
	get_half(reading, alive, true);
	get_half(reading, configured, false);
	return reading->result;
}

int pickled_state_read(const struct pickle *p, struct pickled_state *ret, const char **ret_what)
{
	_cleanup_(pickled_state_deinit) struct pickled_state s = { .arena.max = STRINGS_MAX };
	struct reading reading = { .state = &s };
	int r = read_halves(&reading, pickle_top(p));

	if (r != PICKLE_OK) {
		*ret_what = reading.what;
		return r;
	}
	join_halves(&s);
	*ret = s;
	s = (struct pickled_state){ 0 };
	return PICKLE_OK;
}

void pickled_state_deinit(struct pickled_state *s)
{
	free(s->clients);
	pickle_arena_deinit(&s->arena);
	*s = (struct pickled_state){ 0 };
}
