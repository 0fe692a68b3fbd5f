/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runner/output.h"

#include <errno.h>
#include <unistd.h>

/* Most passwords fit into the first piece, which shares its pages with other secrets. */
static size_t piece_size(size_t index)
{
	return index == 0 ? OUTPUT_FIRST : OUTPUT_PIECE;
}

static int make_room(struct output *o)
{
	if (o->n_pieces > 0 && o->used < o->pieces[o->n_pieces - 1]->size)
		return 0;
	if (o->n_pieces == OUTPUT_PIECES)
		return -EFBIG;
	o->pieces[o->n_pieces] = secret_new(piece_size(o->n_pieces));
	if (!o->pieces[o->n_pieces])
		return -ENOMEM;
	o->n_pieces++;
	o->used = 0;
	return 0;
}

ssize_t output_read(struct output *o, int fd, size_t most)
{
	struct secret *piece;
	ssize_t n;
	int r = make_room(o);

	if (r < 0)
		return r;
	piece = o->pieces[o->n_pieces - 1];
	n = read(fd, piece->data + o->used, MIN_OF(most, piece->size - o->used));
	if (n < 0)
		return -errno;
	o->used += (size_t)n;
	o->size += (size_t)n;
	return o->size > OUTPUT_MAX ? -EFBIG : n;
}

bool output_end_line(struct output *o)
{
	uint8_t *last;

	if (o->n_pieces == 0 || o->used == 0)
		return false;
	last = &o->pieces[o->n_pieces - 1]->data[o->used - 1];
	if (*last != '\n')
		return false;
	*last = 0;
	o->used--;
	o->size--;
	return true;
}

size_t output_piece(const struct output *o, size_t offset, const void **ret_data)
{
	if (offset >= o->size)
		return 0;
	for (size_t i = 0; i < o->n_pieces; i++) {
		size_t filled = i + 1 == o->n_pieces ? o->used : o->pieces[i]->size;

		if (offset < filled) {
			*ret_data = o->pieces[i]->data + offset;
			return filled - offset;
		}
		offset -= filled;
	}
	return 0;
}

void output_deinit(struct output *o)
{
	for (size_t i = 0; i < o->n_pieces; i++)
		(void)secret_free(o->pieces[i]);
	*o = (struct output){ 0 };
}
