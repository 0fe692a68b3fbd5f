/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * All that the screen shows, and the mode that the keyboard is in.
 *
 * Events of the server (happen.h) and keys (step.h) change it; the view (view.h) draws it. Nothing
 * here reads a clock, a bus or a terminal: time is model.now, the size is what model_resize() got.
 *
 * Bounds: MODEL_LOG_LINES_MAX, MODEL_SEARCH_MAX; the number of clients is the server's.
 */

#include "admin/clients.h"
#include "monitor/cells.h"
#include "monitor/logbook.h"
#include "monitor/roster.h"

#define MODEL_LOG_LINES_MAX 1000
#define MODEL_SEARCH_MAX    64 /* bytes of what is searched for, with the NUL */

/** enum model_call - what can be asked of the server about a client */
enum model_call {
	MODEL_ENABLE,
	MODEL_DISABLE,
	MODEL_APPROVE,
	MODEL_DENY,
	MODEL_REMOVE,
	MODEL_START_CHECKER,
	MODEL_STOP_CHECKER,
	MODEL_CHECKED_OK,
};

/** enum model_mode - who gets the next key */
enum model_mode {
	MODEL_NORMAL,
	MODEL_SEARCHING,  /* the line of what is searched for */
	MODEL_CONFIRMING, /* the question whether to do @asked to all marked clients */
	MODEL_KEYS,	  /* the table of all keys is shown */
};

enum model_lower {
	MODEL_LOWER_NONE,
	MODEL_LOWER_LOG,
	MODEL_LOWER_DETAIL,
};

struct model {
	usec_t now; /* CLOCK_REALTIME */
	unsigned n_rows, n_columns;

	bool is_server_away;
	struct admin_clients clients; /* each with a struct row */
	struct roster roster;
	size_t n_marked;

	struct logbook log;
	size_t log_back; /* rows of the log below the pane; 0: it shows the end */
	bool is_log_visible;
	bool is_log_wrapped;
	bool is_verbose;

	bool is_detail_open;
	size_t detail_top; /* first line of the detail pane */
	bool is_lower_focused;
	bool with_expiry; /* the list shows how long enabled clients have left */
	bool is_bell_on;

	enum model_mode mode;
	enum model_call asked;
	char search[MODEL_SEARCH_MAX];
	bool is_search_found;
	size_t search_origin; /* the focus when the search began */
};

/** struct panes - where things are */
struct panes {
	struct box list;  /* without the rule */
	struct box rule;  /* one row */
	struct box lower; /* no rows if there is none */
};

/** model_init() - with the first lines of the log (MON-14). Owner: model_deinit(). */
int model_init(struct model *m, usec_t now);
void model_deinit(struct model *m);

void model_resize(struct model *m, unsigned n_rows, unsigned n_columns);

/** model_panes() - Source: MON-10 */
struct panes model_panes(const struct model *m);
enum model_lower model_lower(const struct model *m);

/**
 * model_say() - a line into the log, which then shows its end (MON-12)
 *
 * Errors: -ENOMEM, as all below that return int.
 */
int model_say(struct model *m, bool bold, const char *text);

/** model_note() - the same behind the time of now (MON-40) */
int model_note(struct model *m, bool bold, const char *format, ...) _printf_(3, 4);

/** model_stamp() - "YYYY-MM-DD HH:MM:SS,mmm", local time; @ret has room for MODEL_STAMP_MAX */
#define MODEL_STAMP_MAX 32
void model_stamp(usec_t when, char *ret);

/** model_refresh() - a client is new, or has changed; gives it its row */
int model_refresh(struct model *m, struct admin_client *client);

/** model_remove() - a client, with its row; NULL is fine */
void model_remove(struct model *m, struct admin_client *client);

/** model_clear() - all clients */
void model_clear(struct model *m);

/** model_mark() - for a call to many at once */
void model_mark(struct model *m, struct row *row, bool is_marked);

/**
 * model_settle() - after any change, before it is drawn: what is focused is on the screen, and no
 * pane is scrolled beyond its end
 */
void model_settle(struct model *m);

/** model_entry() - the list's line of a row; @ret has ENTRY_TEXT_MAX bytes */
void model_entry(const struct model *m, const struct row *row, char *ret);

/** model_entry_height() - rows that it takes */
unsigned model_entry_height(const struct model *m, const struct row *row);

/** model_log_height() - rows that line @i of the log takes */
unsigned model_log_height(const struct model *m, size_t i);
