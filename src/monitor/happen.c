/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "monitor/happen.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#define NAME_SHOWN    512  /* bytes of a name, an address or a reason in one line */
#define COMMAND_SHOWN 2048 /* bytes of a command */

#define NAME(client) NAME_SHOWN, (client)->name

/* enum when - who gets to read a line about a client */
enum when {
	ALWAYS,
	VERBOSE, /* else it is not kept, except among the client's own events */
};

/* One line about one client, to the log and to its own events. */
static int tell(struct model *m, struct admin_client *client, enum when when, const char *text)
{
	struct row *row = client->data;
	char stamp[MODEL_STAMP_MAX], line[LOGBOOK_TEXT_MAX];
	int r = 0;

	if (row) {
		model_stamp(m->now, stamp);
		(void)snprintf(line, sizeof(line), "%s  %.*s", stamp,
			       (int)(sizeof(line) - sizeof(stamp) - 2), text);
		r = logbook_add(&row->events, line, false);
	}
	if (r >= 0 && (when == ALWAYS || m->is_verbose))
		r = model_note(m, false, "%s", text);
	return r;
}

static int on_added(struct model *m, const struct admin_event *e)
{
	char text[LOGBOOK_TEXT_MAX];
	bool is_new = !e->client->data;
	int r = model_refresh(m, e->client);

	if (r < 0 || !is_new)
		return r;
	(void)snprintf(text, sizeof(text), "Created client %.*s", NAME(e->client));
	return tell(m, e->client, VERBOSE, text);
}

static int on_removed(struct model *m, const struct admin_event *e)
{
	if (!e->client)
		return model_note(m, true, "Unknown client %.*s removed", NAME_SHOWN, e->path);
	model_remove(m, e->client);
	return 0;
}

static int on_checker_completed(struct model *m, const struct admin_event *e)
{
	/* The reference's own form of "killed" is a negative number; the macros want an int. */
	int status = (int)e->wait_status;
	char text[LOGBOOK_TEXT_MAX];
	int n = snprintf(text, sizeof(text), "Checker for client %.*s (command \"%.*s\") ",
			 NAME(e->client), COMMAND_SHOWN, e->text);
	size_t left = sizeof(text) - (size_t)n;

	if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		(void)snprintf(text + n, left, "succeeded");
		return tell(m, e->client, VERBOSE, text);
	}
	if (WIFEXITED(status))
		(void)snprintf(text + n, left, "failed with exit code %d", WEXITSTATUS(status));
	else
		(void)snprintf(text + n, left, "was killed by signal %d", WTERMSIG(status));
	return tell(m, e->client, ALWAYS, text);
}

static int on_need_approval(struct model *m, const struct admin_event *e)
{
	char text[LOGBOOK_TEXT_MAX];
	uint64_t seconds = e->timeout / 1000, rest = e->timeout % 1000;

	(void)snprintf(text, sizeof(text),
		       e->by_default
			       ? "Client %.*s will get its secret in %" PRIu64 ".%03u000 seconds"
			       : "Client %.*s needs approval within %" PRIu64 ".%03u000 seconds",
		       NAME(e->client), seconds, (unsigned)rest);
	return tell(m, e->client, ALWAYS, text);
}

static int on_server_gone(struct model *m)
{
	bool had_clients = admin_clients_count(&m->clients) > 0;

	m->is_server_away = true;
	model_clear(m);
	/* A server that stops in good order has taken its clients back before (MON-4). */
	return had_clients ? model_note(m, true, "The Mandos server has gone without a goodbye.")
			   : 0;
}

int happen(struct model *m, const struct admin_event *e, bool *ret_call)
{
	char text[LOGBOOK_TEXT_MAX];

	switch (e->type) {
	case ADMIN_EVENT_ADDED:
		return on_added(m, e);
	case ADMIN_EVENT_REMOVED:
		return on_removed(m, e);
	case ADMIN_EVENT_CHANGED:
		return model_refresh(m, e->client);
	case ADMIN_EVENT_CHECKER_STARTED:
		(void)snprintf(text, sizeof(text), "Client %.*s started checker \"%.*s\"",
			       NAME(e->client), COMMAND_SHOWN, e->text);
		return tell(m, e->client, VERBOSE, text);
	case ADMIN_EVENT_CHECKER_COMPLETED:
		return on_checker_completed(m, e);
	case ADMIN_EVENT_NEED_APPROVAL:
		*ret_call = true;
		return on_need_approval(m, e);
	case ADMIN_EVENT_GOT_SECRET:
		(void)snprintf(text, sizeof(text), "Client %.*s received its secret",
			       NAME(e->client));
		return tell(m, e->client, ALWAYS, text);
	case ADMIN_EVENT_REJECTED:
		(void)snprintf(text, sizeof(text), "Client %.*s was rejected; reason: %.*s",
			       NAME(e->client), NAME_SHOWN, e->text);
		return tell(m, e->client, ALWAYS, text);
	case ADMIN_EVENT_CLIENT_NOT_FOUND:
		return model_note(m, false,
				  "Client with address %.*s and key ID %.*s could not be found",
				  NAME_SHOWN, e->address, NAME_SHOWN, e->text);
	case ADMIN_EVENT_SERVER_CAME:
		/* Another one than before may have taken over the name. */
		model_clear(m);
		m->is_server_away = false;
		return 0;
	case ADMIN_EVENT_SERVER_GONE:
		return on_server_gone(m);
	case ADMIN_N_EVENTS:
		break;
	}
	return 0;
}

int happen_loaded(struct model *m, bool at_start)
{
	struct admin_client *client, *next;
	char text[LOGBOOK_TEXT_MAX];
	int r = 0;

	m->is_server_away = false;
	if (at_start && admin_clients_count(&m->clients) == 0)
		return model_note(m, true, "Note: Server has no clients.");
	ADMIN_FOREACH (&m->clients, client, next) {
		bool is_new = !client->data;

		r = model_refresh(m, client);
		if (r >= 0 && is_new && m->is_verbose) {
			(void)snprintf(text, sizeof(text), "Created client %.*s", NAME(client));
			r = tell(m, client, VERBOSE, text);
		}
		if (r < 0)
			return r;
	}
	return r;
}

int happen_trouble(struct model *m, enum happen_trouble trouble, const char *detail)
{
	static const char *const words[] = {
		[HAPPEN_NO_SERVER] = "Note: No Mandos server running.",
		[HAPPEN_NO_ACCESS] =
			"Note: No access to the Mandos server; this needs the user root or _mandos",
		[HAPPEN_NO_BUS] = "The connection to the system bus is lost; trying again",
		[HAPPEN_NO_SENSE] = "The Mandos server does not list its clients",
	};

	m->is_server_away = true;
	model_clear(m);
	if (!detail)
		return model_note(m, true, "%s", words[trouble]);
	return model_note(m, true, "%s: %.*s", words[trouble], NAME_SHOWN, detail);
}
