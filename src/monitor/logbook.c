/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "monitor/logbook.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void logbook_init(struct logbook *l, size_t n_max)
{
	*l = (struct logbook){ .n_max = n_max };
}

void logbook_deinit(struct logbook *l)
{
	for (size_t i = 0; i < l->n_lines; i++)
		free(l->lines[(l->first + i) % l->n_max].text);
	free(l->lines);
	l->lines = NULL;
	l->n_lines = 0;
}

int logbook_add(struct logbook *l, const char *text, bool bold)
{
	struct logbook_line *line;
	char *copy;

	if (!l->lines) {
		l->lines = calloc(l->n_max, sizeof(*l->lines));
		if (!l->lines)
			return -ENOMEM;
	}
	copy = strndup(text, LOGBOOK_TEXT_MAX);
	if (!copy)
		return -ENOMEM;
	if (l->n_lines == l->n_max) {
		free(l->lines[l->first].text);
		l->first = (l->first + 1) % l->n_max;
		l->n_lines--;
	}
	line = &l->lines[(l->first + l->n_lines++) % l->n_max];
	*line = (struct logbook_line){ .text = copy, .bold = bold };
	return 0;
}

const struct logbook_line *logbook_line(const struct logbook *l, size_t i)
{
	return &l->lines[(l->first + i) % l->n_max];
}
