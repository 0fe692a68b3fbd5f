/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/pieces.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Most passwords fit into the first piece, which shares its pages with other secrets. */
static size_t piece_size(size_t index)
{
	return index == 0 ? PIECES_FIRST_SIZE : PIECES_SIZE;
}

static int make_room(struct pieces *o)
{
	if (o->n_pieces > 0 && o->used < o->pieces[o->n_pieces - 1]->size)
		return 0;
	if (o->n_pieces == PIECES_N_MAX)
		return -EFBIG;
	o->pieces[o->n_pieces] = secret_new(piece_size(o->n_pieces));
	if (!o->pieces[o->n_pieces])
		return -ENOMEM;
	o->n_pieces++;
	o->used = 0;
	return 0;
}

ssize_t pieces_read(struct pieces *o, int fd, size_t most)
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
	return o->size > PIECES_MAX ? -EFBIG : n;
}

bool pieces_end_line(struct pieces *o)
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

size_t pieces_at(const struct pieces *o, size_t offset, const void **ret_data)
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

bool pieces_are_equal(const struct pieces *a, const struct pieces *b)
{
	if (a->size != b->size)
		return false;
	for (size_t done = 0; done < a->size;) {
		const void *at_a, *at_b;
		size_t n_a = pieces_at(a, done, &at_a), n_b = pieces_at(b, done, &at_b);
		size_t n = MIN_OF(n_a, n_b);

		if (memcmp(at_a, at_b, n) != 0)
			return false;
		done += n;
	}
	return true;
}

void pieces_deinit(struct pieces *o)
{
	for (size_t i = 0; i < o->n_pieces; i++)
		(void)secret_free(o->pieces[i]);
	*o = (struct pieces){ 0 };
}
