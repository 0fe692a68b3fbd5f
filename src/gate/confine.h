/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * What a gate gives up before it accepts the first stranger: all capabilities and new privileges,
 * all files, all system calls but those of its work, which end it at once if they are such as an
 * attacker would try; memory and descriptors beyond what its connections need.
 *
 * Bounds: CONFINE_FDS_EXTRA descriptors, CONFINE_MEMORY_BASE and CONFINE_MEMORY_EACH bytes.
 */

#include <stddef.h>

/* Descriptors that are not connections: the standard three, ours, and those of the event loop. */
#define CONFINE_FDS_EXTRA 16
/* Data in bytes. A session holds 10 KiB in its handshake, and the secret while that is sent. */
#define CONFINE_MEMORY_BASE ((size_t)64 << 20)
#define CONFINE_MEMORY_EACH ((size_t)256 << 10)

/**
 * confine_gate() - for good
 * @n_connections: that it will hold at most
 *
 * In a build with sanitizers memory is not limited: theirs is all that could be given.
 * Errors: errno of what the kernel refused; the gate must not serve.
 */
int confine_gate(size_t n_connections);
