/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* Reading a small file whole, with a bound. Blocking; for program starts, never in an event loop.
 */

#include <stddef.h>

/**
 * file_read() - all bytes of @path, and a NUL behind them
 * @max:      most bytes accepted
 * @ret_data: the bytes; never NULL on success
 * @ret_size: their number, without the NUL
 *
 * Owner:  the caller frees @ret_data (and erases it first if it is secret).
 * Errors: errno of open(2) and read(2); -EISDIR; -EFBIG beyond @max.
 */
int file_read(const char *path, size_t max, char **ret_data, size_t *ret_size);

/** file_read_fd() - the same from an open descriptor, which stays open and the caller's */
int file_read_fd(int fd, size_t max, char **ret_data, size_t *ret_size);
