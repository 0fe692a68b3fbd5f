/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * A screen that is not one: rows and columns of cells, which the view fills, the terminal shows and
 * tests compare. Whatever is put outside of it is cut, so that no size can be too small.
 *
 * Bounds: CELLS_ROWS_MAX, CELLS_COLUMNS_MAX; a larger terminal is used in part.
 */

#include <stddef.h>
#include <stdint.h>

#include "monitor/glyph.h"

#define CELLS_ROWS_MAX	  512
#define CELLS_COLUMNS_MAX 1024

/** enum look - attributes of a cell, to be joined */
enum look {
	LOOK_PLAIN = 0,
	LOOK_STANDOUT = 1 << 0,
	LOOK_BOLD = 1 << 1,
};

struct cell {
	char text[GLYPH_TEXT_MAX]; /* empty: the right half of a wide character */
	uint8_t look;
};

struct cells {
	unsigned n_rows;
	unsigned n_columns;
	struct cell *cell; /* row by row */
};

/** struct box - a part of the screen; it may reach over the edges */
struct box {
	unsigned row, column;
	unsigned n_rows, n_columns;
};

/**
 * cells_resize() - makes it blank, and of this size or of the bounds
 *
 * Errors: -ENOMEM; unchanged then.
 */
int cells_resize(struct cells *c, unsigned n_rows, unsigned n_columns);
void cells_deinit(struct cells *c);

/** cells_fill() - makes @box blank, with @look */
void cells_fill(struct cells *c, struct box box, uint8_t look);

/** cells_row() - the first of c->n_columns cells */
struct cell *cells_row(const struct cells *c, unsigned row);

/** enum flow - what becomes of text that is longer than a row */
enum flow {
	FLOW_CLIP,  /* cut */
	FLOW_ANY,   /* goes on in the next row, anywhere */
	FLOW_WORDS, /* goes on in the next row, after a blank if there is one */
};

/** cells_height() - rows that @text takes at this width; at least one */
unsigned cells_height(const char *text, unsigned n_columns, enum flow flow);

/**
 * cells_text() - writes @text into @box
 * @skip: rows of the text that are left out above
 *
 * Cells that the text does not reach stay as they are. Returns how many rows were written.
 */
unsigned cells_text(struct cells *c, struct box box, unsigned skip, const char *text,
		    enum flow flow, uint8_t look);
