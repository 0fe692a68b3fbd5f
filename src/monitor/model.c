/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "monitor/model.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "monitor/detail.h"
#include "monitor/entry.h"

#define ENTRY_MARK "* "

int model_init(struct model *m, usec_t now)
{
	int r;

	*m = (struct model){
		.now = now, .is_log_visible = true, .is_log_wrapped = true, .is_bell_on = true
	};
	logbook_init(&m->log, MODEL_LOG_LINES_MAX);
	r = model_say(m, true, "Mandos Monitor version " MANDOS_VERSION);
	return r < 0 ? r : model_say(m, true, "q: Quit  ?: Help");
}

void model_deinit(struct model *m)
{
	model_clear(m);
	roster_deinit(&m->roster);
	logbook_deinit(&m->log);
}

void model_resize(struct model *m, unsigned n_rows, unsigned n_columns)
{
	m->n_rows = n_rows;
	m->n_columns = n_columns;
}

enum model_lower model_lower(const struct model *m)
{
	if (m->is_detail_open)
		return MODEL_LOWER_DETAIL;
	return m->is_log_visible ? MODEL_LOWER_LOG : MODEL_LOWER_NONE;
}

struct panes model_panes(const struct model *m)
{
	unsigned upper = m->n_rows;

	switch (model_lower(m)) {
	case MODEL_LOWER_NONE:
		break;
	case MODEL_LOWER_LOG:
		upper = m->n_rows - m->n_rows / 2;
		break;
	case MODEL_LOWER_DETAIL:
		/* There is more to say of one client than half a small screen holds. */
		upper = m->n_rows - 2 * m->n_rows / 3;
		break;
	}
	return (struct panes){
		.list = { .n_rows = upper > 0 ? upper - 1 : 0, .n_columns = m->n_columns },
		.rule = { .row = upper > 0 ? upper - 1 : 0,
			  .n_rows = upper > 0,
			  .n_columns = m->n_columns },
		.lower = { .row = upper, .n_rows = m->n_rows - upper, .n_columns = m->n_columns },
	};
}

int model_say(struct model *m, bool bold, const char *text)
{
	m->log_back = 0;
	return logbook_add(&m->log, text, bold);
}

void model_stamp(usec_t when, char *ret)
{
	time_t seconds = (time_t)(when / USEC_PER_SEC);
	struct tm tm = { 0 };
	size_t n;

	(void)localtime_r(&seconds, &tm);
	n = strftime(ret, MODEL_STAMP_MAX, "%Y-%m-%d %H:%M:%S", &tm);
	(void)snprintf(ret + n, MODEL_STAMP_MAX - n, ",%03u",
		       (unsigned)(when % USEC_PER_SEC / USEC_PER_MSEC));
}

int model_note(struct model *m, bool bold, const char *format, ...)
{
	char stamp[MODEL_STAMP_MAX], text[LOGBOOK_TEXT_MAX], line[LOGBOOK_TEXT_MAX];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	model_stamp(m->now, stamp);
	(void)snprintf(line, sizeof(line), "%s: %.*s", stamp,
		       (int)(sizeof(line) - sizeof(stamp) - 2), text);
	return model_say(m, bold, line);
}

int model_refresh(struct model *m, struct admin_client *client)
{
	if (!client->data) {
		struct row *row = calloc(1, sizeof(*row));

		if (!row)
			return -ENOMEM;
		row->client = client;
		logbook_init(&row->events, ROW_EVENTS_MAX);
		client->data = row;
	}
	return roster_place(&m->roster, client->data);
}

static void free_row(struct row *row)
{
	logbook_deinit(&row->events);
	free(row);
}

void model_remove(struct model *m, struct admin_client *client)
{
	struct row *row = client ? client->data : NULL;

	if (row) {
		roster_drop(&m->roster, row);
		model_mark(m, row, false);
		free_row(row);
	}
	if (client)
		admin_clients_remove(&m->clients, client);
}

void model_clear(struct model *m)
{
	struct admin_client *client, *next;

	/* Not one by one: each would move all others up in the list. */
	m->roster.n_rows = 0;
	m->roster.focus = m->roster.top = 0;
	m->roster.is_focus_chosen = false;
	m->n_marked = 0;
	ADMIN_FOREACH (&m->clients, client, next) {
		if (client->data)
			free_row(client->data);
	}
	admin_clients_clear(&m->clients);
}

void model_mark(struct model *m, struct row *row, bool is_marked)
{
	if (row->is_marked == is_marked)
		return;
	row->is_marked = is_marked;
	m->n_marked = is_marked ? m->n_marked + 1 : m->n_marked - 1;
}

void model_entry(const struct model *m, const struct row *row, char *ret)
{
	size_t n = 0;

	/* Only once something is marked: without, the list looks as it always did. */
	if (m->n_marked > 0) {
		n = strlen(ENTRY_MARK);
		memcpy(ret, row->is_marked ? ENTRY_MARK : "  ", n);
	}
	entry_format(row->client, m->now, m->with_expiry, ret + n, ENTRY_TEXT_MAX - n);
}

unsigned model_entry_height(const struct model *m, const struct row *row)
{
	char text[ENTRY_TEXT_MAX];

	model_entry(m, row, text);
	return cells_height(text, m->n_columns, FLOW_WORDS);
}

unsigned model_log_height(const struct model *m, size_t i)
{
	return m->is_log_wrapped
		       ? cells_height(logbook_line(&m->log, i)->text, m->n_columns, FLOW_ANY)
		       : 1;
}

/* Upwards from the focus: the first row that is still on the screen together with it. */
static void settle_list(struct model *m)
{
	struct roster *r = &m->roster;
	unsigned n_rows = model_panes(m).list.n_rows, used, more;
	size_t i = r->focus;

	if (r->n_rows == 0)
		return;
	used = model_entry_height(m, r->rows[i]);
	while (i > r->top && used + (more = model_entry_height(m, r->rows[i - 1])) <= n_rows) {
		used += more;
		i--;
	}
	r->top = i;
	/* A list that has become shorter leaves no room empty below. */
	for (i = r->focus + 1; i < r->n_rows && used < n_rows; i++)
		used += model_entry_height(m, r->rows[i]);
	while (r->top > 0 && used < n_rows &&
	       used + (more = model_entry_height(m, r->rows[r->top - 1])) <= n_rows) {
		used += more;
		r->top--;
	}
}

static void settle_log(struct model *m)
{
	unsigned n_rows = model_panes(m).lower.n_rows;
	size_t total = 0;

	if (m->log_back == 0)
		return;
	for (size_t i = 0; i < m->log.n_lines; i++)
		total += model_log_height(m, i);
	m->log_back = MIN_OF(m->log_back, total > n_rows ? total - n_rows : 0);
}

/* No further than until the last line is on the screen. */
static void settle_detail(struct model *m)
{
	size_t i = detail_n_lines(m);
	unsigned n_rows = model_panes(m).lower.n_rows, used = 0;
	char text[DETAIL_LINE_MAX];

	while (i > 0 && used < n_rows) {
		(void)detail_line(m, --i, text);
		used += cells_height(text, m->n_columns, FLOW_ANY);
	}
	if (used > n_rows && i + 1 < detail_n_lines(m))
		i++;
	m->detail_top = MIN_OF(m->detail_top, i);
}

void model_settle(struct model *m)
{
	if (m->n_columns == 0 || m->n_rows == 0)
		return;
	if (m->is_detail_open && !roster_focused(&m->roster))
		m->is_detail_open = false;
	if (model_lower(m) == MODEL_LOWER_NONE)
		m->is_lower_focused = false;
	settle_list(m);
	settle_log(m);
	if (m->is_detail_open)
		settle_detail(m);
}
