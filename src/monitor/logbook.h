/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Lines, of which the latest are kept: the log pane, and what happened to one client lately.
 *
 * Lines are kept as they came; the view makes them safe to show. Bounds: the number given to
 * logbook_init(), LOGBOOK_TEXT_MAX bytes each; longer ones are cut.
 */

#include <stdbool.h>
#include <stddef.h>

#define LOGBOOK_TEXT_MAX 4096

struct logbook_line {
	char *text;
	bool bold;
};

struct logbook {
	struct logbook_line *lines; /* a ring; allocated with the first line */
	size_t n_max;
	size_t first;
	size_t n_lines;
};

/** logbook_init() - Owner: logbook_deinit() */
void logbook_init(struct logbook *l, size_t n_max);
void logbook_deinit(struct logbook *l);

/**
 * logbook_add() - copies @text; the oldest line goes if there are n_max of them
 *
 * Errors: -ENOMEM; nothing is changed then.
 */
int logbook_add(struct logbook *l, const char *text, bool bold);

/** logbook_line() - number @i of l->n_lines, the oldest is number 0 */
const struct logbook_line *logbook_line(const struct logbook *l, size_t i);
