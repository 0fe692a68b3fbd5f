/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The opener: a process of this program that reads the secret key, and what a stranger sent.
 *
 * It is made for one look at one message and has: the key file, a pipe to answer, and the few
 * system calls for that. Everything else it has given up before it reads a byte; a kernel that does
 * not allow it to is told of, and nothing is read (docs/decisions/0018).
 *
 * Bounds: OPENER_DATA_MAX bytes of memory, on top of what the program had; those of openpgp/.
 */

#include <stddef.h>

#include "base/util.h"

#define OPENER_DATA_MAX ((size_t)64 << 20)

/** struct opener_task - what is to be done; descriptors stay the caller's */
struct opener_task {
	int answer_fd;
	int secret_fd;
	int public_fd;	     /* -1: it is not looked at */
	const void *message; /* NULL: only the key files are looked at */
	size_t message_size;
};

/** opener_work() - in a child of its own; answers as wire/opener-msg.h says */
void opener_work(const struct opener_task *task) _noreturn_;
