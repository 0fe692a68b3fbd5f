/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * What a plugin or a person has given so far, in memory for secrets.
 *
 * It grows by pieces and is never moved, so no copy is left behind. Zeroed is empty.
 * Bounds: OUTPUT_MAX bytes, which is what cryptsetup reads of a key at most.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/secret.h"

#define OUTPUT_MAX    ((size_t)8 << 20)
#define OUTPUT_PIECES 129
#define OUTPUT_FIRST  ((size_t)4000)
#define OUTPUT_PIECE  ((size_t)64 * 1024)

struct output {
	struct secret *pieces[OUTPUT_PIECES];
	size_t n_pieces; /* allocated */
	size_t used;	 /* of the last piece */
	size_t size;	 /* in total */
};

/**
 * output_read() - appends at most @most bytes from @fd, by one read(2)
 *
 * Returns their number; 0 at the end of the file.
 * Errors: errno of read(2), among them -EAGAIN and -EINTR; -ENOMEM; -EFBIG beyond OUTPUT_MAX.
 */
ssize_t output_read(struct output *o, int fd, size_t most);

/** output_end_line() - takes a line feed away from the end; false if there is none */
bool output_end_line(struct output *o);

/**
 * output_piece() - the bytes behind the first @offset ones that lie in one piece
 * @ret_data: where they are; the caller's until @o is changed
 *
 * Returns their number; 0 at the end.
 */
size_t output_piece(const struct output *o, size_t offset, const void **ret_data);

/** output_deinit() - erases */
void output_deinit(struct output *o);
