/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "monitor/cells.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"

/* struct part - the piece of a text that one row takes */
struct part {
	const char *end;  /* behind the last glyph shown */
	const char *next; /* where the next row begins; NULL: nothing is left */
};

int cells_resize(struct cells *c, unsigned n_rows, unsigned n_columns)
{
	struct cell *cell;

	n_rows = MIN_OF(n_rows, (unsigned)CELLS_ROWS_MAX);
	n_columns = MIN_OF(n_columns, (unsigned)CELLS_COLUMNS_MAX);
	cell = calloc((size_t)n_rows * n_columns + 1, sizeof(*cell));
	if (!cell)
		return -ENOMEM;
	free(c->cell);
	*c = (struct cells){ .n_rows = n_rows, .n_columns = n_columns, .cell = cell };
	cells_fill(c, (struct box){ .n_rows = n_rows, .n_columns = n_columns }, LOOK_PLAIN);
	return 0;
}

void cells_deinit(struct cells *c)
{
	free(c->cell);
	*c = (struct cells){ 0 };
}

struct cell *cells_row(const struct cells *c, unsigned row)
{
	return c->cell + (size_t)row * c->n_columns;
}

/* The part of @box that is on the screen; its size is zero if there is none. */
static struct box cut(const struct cells *c, struct box box)
{
	box.row = MIN_OF(box.row, c->n_rows);
	box.column = MIN_OF(box.column, c->n_columns);
	box.n_rows = MIN_OF(box.n_rows, c->n_rows - box.row);
	box.n_columns = MIN_OF(box.n_columns, c->n_columns - box.column);
	return box;
}

void cells_fill(struct cells *c, struct box box, uint8_t look)
{
	box = cut(c, box);
	for (unsigned y = 0; y < box.n_rows; y++) {
		struct cell *cell = cells_row(c, box.row + y) + box.column;

		for (unsigned x = 0; x < box.n_columns; x++)
			cell[x] = (struct cell){ .text = " ", .look = look };
	}
}

static struct part divide(const char *text, unsigned n_columns, enum flow flow)
{
	const char *at = text, *blank = NULL;
	unsigned used = 0;

	while (*at != '\0') {
		struct glyph g;
		size_t size = glyph_next(at, &g);

		if (used + g.n_columns > n_columns) {
			if (flow == FLOW_CLIP)
				return (struct part){ .end = at };
			if (flow == FLOW_WORDS && *at == ' ')
				return (struct part){ .end = at, .next = at + 1 };
			if (flow == FLOW_WORDS && blank)
				return (struct part){ .end = blank, .next = blank + 1 };
			/* What is wider than a whole row is cut there, or nothing would go on. */
			if (at == text)
				at += size;
			return (struct part){ .end = at, .next = *at == '\0' ? NULL : at };
		}
		if (*at == ' ')
			blank = at;
		at += size;
		used += g.n_columns;
	}
	return (struct part){ .end = at };
}

unsigned cells_height(const char *text, unsigned n_columns, enum flow flow)
{
	unsigned n = 1;

	for (struct part p = divide(text, n_columns, flow); p.next;
	     p = divide(p.next, n_columns, flow))
		n++;
	return n;
}

static void put_glyph(struct cell *cell, const struct glyph *g, unsigned room, uint8_t look)
{
	if (g->is_escape) {
		for (unsigned i = 0; i < MIN_OF(g->n_columns, room); i++)
			cell[i] = (struct cell){ .text = { g->text[i] }, .look = look };
		return;
	}
	if (g->n_columns > room)
		return;
	for (unsigned i = 0; i < g->n_columns; i++)
		cell[i] = (struct cell){ .look = look };
	memcpy(cell[0].text, g->text, sizeof(cell[0].text));
}

static void put_part(struct cell *cell, unsigned room, const char *text, const char *end,
		     uint8_t look)
{
	while (text < end) {
		struct glyph g;

		text += glyph_next(text, &g);
		put_glyph(cell, &g, room, look);
		if (g.n_columns > room)
			return;
		cell += g.n_columns;
		room -= g.n_columns;
	}
}

unsigned cells_text(struct cells *c, struct box box, unsigned skip, const char *text,
		    enum flow flow, uint8_t look)
{
	struct box seen = cut(c, box);
	unsigned n = 0;

	/* Rows are divided by the width that was asked for, and cut to the one that is there. */
	while (text && n < seen.n_rows) {
		struct part p = divide(text, box.n_columns, flow);

		if (skip > 0)
			skip--;
		else
			put_part(cells_row(c, seen.row + n++) + seen.column, seen.n_columns, text,
				 p.end, look);
		text = p.next;
	}
	return n;
}
