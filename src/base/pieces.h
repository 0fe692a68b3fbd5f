/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * A secret that comes bit by bit, in memory for secrets.
 *
 * It grows by pieces and is never moved, so no copy is left behind. Zeroed is empty.
 * Bounds: PIECES_MAX bytes, which is what cryptsetup reads of a key at most.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/secret.h"

#define PIECES_MAX	  ((size_t)8 << 20)
#define PIECES_N_MAX	  129
#define PIECES_FIRST_SIZE ((size_t)4000)
#define PIECES_SIZE	  ((size_t)64 * 1024)

struct pieces {
	struct secret *pieces[PIECES_N_MAX];
	size_t n_pieces; /* allocated */
	size_t used;	 /* of the last piece */
	size_t size;	 /* in total */
};

/**
 * pieces_read() - appends at most @most bytes from @fd, by one read(2)
 *
 * Returns their number; 0 at the end of the file.
 * Errors: errno of read(2), among them -EAGAIN and -EINTR; -ENOMEM; -EFBIG beyond PIECES_MAX.
 */
ssize_t pieces_read(struct pieces *o, int fd, size_t most);

/** pieces_end_line() - takes a line feed away from the end; false if there is none */
bool pieces_end_line(struct pieces *o);

/**
 * pieces_at() - the bytes behind the first @offset ones that lie in one piece
 * @ret_data: where they are; the caller's until @o is changed
 *
 * Returns their number; 0 at the end.
 */
size_t pieces_at(const struct pieces *o, size_t offset, const void **ret_data);

/** pieces_are_equal() - the same bytes; takes longer the more of them are */
bool pieces_are_equal(const struct pieces *a, const struct pieces *b);

/** pieces_deinit() - erases */
void pieces_deinit(struct pieces *o);
