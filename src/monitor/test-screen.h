/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * For the tests of this room: a model with clients, keys typed into it, and its whole screen as
 * text. A row begins with '>' if its first cell is in standout, with '#' if it is bold, '!' if it
 * is both, else with a blank; blanks at its end are left out.
 */

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "monitor/happen.h"
#include "monitor/step.h"
#include "monitor/view.h"

#define SCREEN_MAX 65536

/* 2026-03-04 05:06:07.089, in the time zone that screen_setup() chooses. */
#define SCREEN_NOW (UINT64_C(1772600767089) * 1000)

static inline int screen_setup(void **state)
{
	struct model *m = calloc(1, sizeof(*m));

	assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
	setenv("TZ", "UTC0", 1);
	tzset();
	if (!m || model_init(m, SCREEN_NOW) < 0)
		return -1;
	model_resize(m, 12, 40);
	*state = m;
	return 0;
}

static inline int screen_teardown(void **state)
{
	model_deinit(*state);
	free(*state);
	return 0;
}

/* A client's text is either its own or the list's one empty text, which nobody may free. */
static inline void screen_set_text(char **text, const char *value)
{
	if (**text != '\0')
		free(*text);
	*text = strdup(value);
	assert_non_null(*text);
}

/* Enabled, checked, and due in a minute; only once for each name. */
static inline struct admin_client *screen_add(struct model *m, const char *name)
{
	char path[256];
	struct admin_client *client;

	(void)snprintf(path, sizeof(path), "/clients/%s", name);
	client = admin_clients_add(&m->clients, path);
	assert_non_null(client);
	screen_set_text(&client->name, name);
	screen_set_text(&client->host, "host.example");
	screen_set_text(&client->expires, "2026-03-04T05:07:07.089000");
	client->enabled = true;
	client->known = UINT32_MAX;
	assert_int_equal(model_refresh(m, client), 0);
	return client;
}

static inline void screen_type(struct model *m, const char *keys)
{
	for (; *keys; keys++) {
		struct step_actions a = { 0 };

		assert_int_equal(step_input(m, (struct input){ .code = (unsigned char)*keys }, &a),
				 0);
		assert_int_equal(a.n_calls, 0);
		step_actions_deinit(&a);
	}
}

static inline void screen_press(struct model *m, uint32_t code, struct step_actions *a)
{
	assert_int_equal(step_input(m, (struct input){ .code = code }, a), 0);
}

static inline void screen_happen(struct model *m, struct admin_event event)
{
	bool wants_person = false;

	assert_int_equal(happen(m, &event, &wants_person), 0);
	assert_int_equal(wants_person, event.type == ADMIN_EVENT_NEED_APPROVAL);
	model_settle(m);
}

static inline void screen_print_row(const struct cells *cells, unsigned y, char *out)
{
	const struct cell *row = cells_row(cells, y);
	size_t n = 0, end = 0;

	out[n++] = " >#!"[row[0].look & (LOOK_STANDOUT | LOOK_BOLD)];
	for (unsigned x = 0; x < cells->n_columns; x++) {
		n += (size_t)sprintf(out + n, "%s", row[x].text);
		if (strcmp(row[x].text, " ") != 0)
			end = n;
	}
	if (end == 0)
		end = row[0].look != LOOK_PLAIN;
	strcpy(out + end, "\n");
}

/* The whole screen; the caller frees it. */
static inline char *screen_draw(struct model *m)
{
	struct cells cells = { 0 };
	char *out = malloc(SCREEN_MAX);

	assert_non_null(out);
	*out = '\0';
	assert_int_equal(cells_resize(&cells, m->n_rows, m->n_columns), 0);
	model_settle(m);
	view_draw(m, &cells);
	for (unsigned y = 0; y < cells.n_rows; y++)
		screen_print_row(&cells, y, out + strlen(out));
	cells_deinit(&cells);
	return out;
}

static inline void screen_assert(struct model *m, const char *expected)
{
	char *out = screen_draw(m);

	if (strcmp(out, expected) != 0)
		print_message("the screen is:\n%s", out);
	assert_string_equal(out, expected);
	free(out);
}

static inline void screen_assert_shows(struct model *m, const char *part)
{
	char *out = screen_draw(m);

	if (!strstr(out, part))
		print_message("the screen is:\n%s", out);
	assert_non_null(strstr(out, part));
	free(out);
}
