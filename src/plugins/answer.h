/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* The password, from a descriptor and to standard output. Bounds: PIECES_MAX bytes. */

#include "base/pieces.h"

/**
 * answer_read() - all bytes up to the end of @fd; may be interrupted
 *
 * Errors: -EINTR after a signal; those of pieces_read().
 */
int answer_read(int fd, struct pieces *answer);

/**
 * answer_give() - writes it to standard output and closes that; may be interrupted
 *
 * Errors: -EINTR after a signal; errno of write(2) or close(2).
 */
int answer_give(const struct pieces *answer);
