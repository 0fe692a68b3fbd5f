/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dispatch/notice.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "admin/match.h"
#include "base/util.h"
#include "wire/expand.h"

static const char *const words[] = {
	[NOTICE_NEED_APPROVAL] = "need-approval", [NOTICE_DISABLED] = "disabled",
	[NOTICE_REJECTED] = "rejected",		  [NOTICE_CLIENT_NOT_FOUND] = "client-not-found",
	[NOTICE_GOT_SECRET] = "got-secret",	  [NOTICE_LOCKDOWN] = "lockdown",
	[NOTICE_SUPPRESSED] = "suppressed",
};

const char *notice_word(enum notice_kind kind)
{
	return words[kind];
}

bool notice_find(const char *word, enum notice_kind *ret)
{
	for (enum notice_kind kind = 0; kind < NOTICE_N_EVENTS; kind++) {
		if (strcmp(word, words[kind]) == 0) {
			*ret = kind;
			return true;
		}
	}
	return false;
}

/* Fit to be shown; what is too long is cut, between two characters where it is UTF-8. */
static void set_value(const char *value, char ret[NOTICE_VALUE_SIZE])
{
	char cut[NOTICE_VALUE_MAX + 1];
	size_t size = strnlen(value, NOTICE_VALUE_MAX + 1);

	if (size > NOTICE_VALUE_MAX) {
		size = NOTICE_VALUE_MAX;
		while (size > 0 && ((unsigned char)value[size] & 0xc0) == 0x80)
			size--;
	}
	memcpy(cut, value, size);
	cut[size] = '\0';
	(void)admin_show(cut, ret);
}

static bool lookup(void *userdata, const char *name, size_t name_size, const char **ret_text)
{
	*ret_text = userdata;
	return true;
}

/* "mandos-ctl OPTION NAME" */
static void set_answer(const char *option, char *name, char ret[NOTICE_ANSWER_SIZE])
{
	char template[64];

	(void)snprintf(template, sizeof(template), "mandos-ctl %s %s%%(name)s", option,
		       *name == '-' ? "-- " : "");
	if (expand_template(template, lookup, name, ret, NOTICE_ANSWER_SIZE) != EXPAND_OK)
		*ret = '\0';
}

static void set_client(const struct admin_client *client, struct notice *n)
{
	set_value(client->name, n->client);
	set_value(client->key_id, n->key_id);
	/* A name that is cut, or cannot be shown as it is, cannot be typed as it is shown. One that
	 * could be a pattern would mean others as soon as no client has that very name any more. */
	if (n->kind != NOTICE_NEED_APPROVAL || strcmp(n->client, client->name) != 0 ||
	    admin_is_pattern(client->name))
		return;
	set_answer("--approve", n->client, n->approve);
	set_answer("--deny", n->client, n->deny);
}

static void set_text(struct notice *n, const char *format, ...) _printf_(2, 3);

static void set_text(struct notice *n, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(n->text, sizeof(n->text), format, ap);
	va_end(ap);
}

static void set_need(const struct admin_event *e, struct notice *n)
{
	uint64_t seconds = (e->timeout + 999) / 1000;

	set_text(n,
		 "Client %s asks for its password, and %s in %" PRIu64 " second%s unless somebody "
		 "%s it.",
		 n->client, e->by_default ? "gets it" : "is refused", seconds,
		 seconds == 1 ? "" : "s", e->by_default ? "denies" : "approves");
}

bool notice_of_event(const struct admin_event *e, struct notice *ret)
{
	static const struct {
		enum admin_event_type type;
		enum notice_kind kind;
	} kinds[] = {
		{ ADMIN_EVENT_NEED_APPROVAL, NOTICE_NEED_APPROVAL },
		{ ADMIN_EVENT_REJECTED, NOTICE_REJECTED },
		{ ADMIN_EVENT_CLIENT_NOT_FOUND, NOTICE_CLIENT_NOT_FOUND },
		{ ADMIN_EVENT_GOT_SECRET, NOTICE_GOT_SECRET },
	};
	size_t i = 0;

	while (i < ARRAY_SIZE(kinds) && kinds[i].type != e->type)
		i++;
	if (i == ARRAY_SIZE(kinds))
		return false;
	*ret = (struct notice){ .kind = kinds[i].kind };
	if (e->client)
		set_client(e->client, ret);
	switch (ret->kind) {
	case NOTICE_NEED_APPROVAL:
		set_need(e, ret);
		break;
	case NOTICE_REJECTED:
		set_value(e->text, ret->reason);
		set_text(ret, "Client %s asked for its password, and was refused: %s.", ret->client,
			 ret->reason);
		break;
	case NOTICE_CLIENT_NOT_FOUND:
		set_value(e->text, ret->key_id);
		set_value(e->address, ret->address);
		set_text(ret, "Somebody at %s asked for a password with the unknown key %s.",
			 ret->address, ret->key_id);
		break;
	case NOTICE_GOT_SECRET:
		set_text(ret, "Client %s was given its password.", ret->client);
		break;
	case NOTICE_DISABLED:
	case NOTICE_LOCKDOWN:
	case NOTICE_SUPPRESSED:
		break;
	}
	return true;
}

void notice_of_disabled(const struct admin_client *client, struct notice *ret)
{
	const char *why = admin_disabled_words(client->disabled_reason);

	*ret = (struct notice){ .kind = NOTICE_DISABLED };
	set_client(client, ret);
	set_value(client->disabled_reason, ret->reason);
	set_text(ret, "Client %s is disabled, and gets no password until somebody enables it%s%s.",
		 ret->client, why ? ": " : "", why ? why : "");
}

void notice_of_lockdown(bool is_on, struct notice *ret)
{
	*ret = (struct notice){ .kind = NOTICE_LOCKDOWN };
	set_value(is_on ? "on" : "off", ret->reason);
	set_text(ret, is_on ? "The Mandos server is locked down: no client gets its password."
			    : "The lockdown of the Mandos server is over.");
}

void notice_of_suppressed(enum notice_kind kind, const char *hook, unsigned long n,
			  struct notice *ret)
{
	char name[NOTICE_VALUE_SIZE];

	*ret = (struct notice){ .kind = NOTICE_SUPPRESSED, .n_suppressed = n };
	set_value(words[kind], ret->reason);
	set_value(hook, name);
	set_text(ret, "%lu more event%s of the kind %s %s kept from the hook %s by its limit.", n,
		 n == 1 ? "" : "s", words[kind], n == 1 ? "was" : "were", name);
}

void notice_input(const struct notice *n, char ret[NOTICE_INPUT_SIZE])
{
	int used = snprintf(ret, NOTICE_INPUT_SIZE, "%s\n", n->text);

	if (*n->approve)
		(void)snprintf(ret + used, NOTICE_INPUT_SIZE - (size_t)used,
			       "To approve: %s\nTo deny: %s\n", n->approve, n->deny);
}

void notice_environment(const struct notice *n, struct notice_environment *ret)
{
	char count[24];
	const char *const variables[NOTICE_N_VARIABLES][2] = {
		{ "PATH", NOTICE_PATH },
		{ "LANG", "C.UTF-8" },
		{ "MANDOS_EVENT", words[n->kind] },
		{ "MANDOS_CLIENT", n->client },
		{ "MANDOS_KEY_ID", n->key_id },
		{ "MANDOS_REASON", n->reason },
		{ "MANDOS_ADDRESS", n->address },
		{ "MANDOS_COUNT", count },
		{ "MANDOS_TEXT", n->text },
		{ "MANDOS_ANSWER", n->approve },
		{ "MANDOS_ANSWER_DENY", n->deny },
	};
	size_t used = 0;

	(void)snprintf(count, sizeof(count), "%lu",
		       n->kind == NOTICE_SUPPRESSED ? n->n_suppressed : 1);
	for (size_t i = 0; i < NOTICE_N_VARIABLES; i++) {
		ret->list[i] = ret->buffer + used;
		used += (size_t)snprintf(ret->buffer + used, sizeof(ret->buffer) - used, "%s=%s",
					 variables[i][0], variables[i][1]) +
			1;
	}
	ret->list[NOTICE_N_VARIABLES] = NULL;
}
