/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Memory for secrets: locked against swap, left out of core dumps, erased when given back.
 *
 * A struct secret has one owner. It is freed with secret_free(), which erases it; there is no other
 * way to end it. Locking may be refused (RLIMIT_MEMLOCK): the secret is then still usable, and
 * secret_unlocked_bytes() tells the program how much it could not lock, so that it can say so.
 *
 * Secrets do not survive fork(): the child finds zeros, so that nothing it starts can carry a copy.
 * A program that goes into the background does so before it reads its first secret.
 *
 * Small secrets share pages that are mapped for secrets alone, since ten thousand clients at a page
 * each would be 40 MiB. Bounds: SECRET_SIZE_MAX per secret.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/util.h"

#define SECRET_SIZE_MAX ((size_t)1 << 20)

struct secret {
	size_t size;
	uint8_t data[];
};

/**
 * secret_new() - room for @size bytes, zeroed
 *
 * Returns NULL when there is no memory or @size is above SECRET_SIZE_MAX. @size 0 is legal.
 * Owner: the caller; ends with secret_free().
 */
struct secret *secret_new(size_t size);

/** secret_copy() - a secret that holds @size bytes of @data; NULL as secret_new() */
struct secret *secret_copy(const void *data, size_t size);

/** secret_free() - erases and gives back; NULL is fine; returns NULL */
struct secret *secret_free(struct secret *s);

static inline void secret_freep(struct secret **s)
{
	(void)secret_free(*s);
}
#define _cleanup_secret_ _cleanup_(secret_freep)

/** secret_equal() - the same bytes; in a time that depends on the sizes only */
bool secret_equal(const struct secret *a, const struct secret *b);

/** secret_erase() - overwrites memory in a way the compiler may not drop */
void secret_erase(void *data, size_t size);

/**
 * secret_start_anew() - in a child that is to have secrets of its own: before the first of them
 *
 * What the parent had is zeros, and not locked any more; it must not be freed, and is not used
 * again.
 */
void secret_start_anew(void);

/** secret_unlocked_bytes() - bytes of secret pages that the kernel refused to lock so far */
size_t secret_unlocked_bytes(void);

/**
 * secret_process_harden() - no core dumps and no ptrace by the same user, for the whole process
 *
 * Errors: errno of prctl(2) or setrlimit(2); a program that holds secrets treats it as fatal.
 * Source: W-57, SRV-PROTO-31, CLI-PGP-8.
 */
int secret_process_harden(void);
