/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The few macros every file may use: cleanup attributes, stealing, array size, container lookup.
 * Nothing here allocates, logs or fails.
 */

#include <stddef.h>
#include <stdlib.h>

#define _cleanup_(f)	    __attribute__((cleanup(f)))
#define _printf_(fmt, args) __attribute__((format(printf, fmt, args)))
#define _unused_	    __attribute__((unused))
#define _noreturn_	    __attribute__((noreturn))
#define _warn_unused_	    __attribute__((warn_unused_result))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MIN_OF(a, b)  ((a) < (b) ? (a) : (b))
#define MAX_OF(a, b)  ((a) > (b) ? (a) : (b))

/** STEAL_PTR() - hands a pointer on and leaves NULL behind, so that a cleanup attribute lets go */
#define STEAL_PTR(p)                         \
	({                                   \
		__typeof__(p) _stolen = (p); \
		(p) = NULL;                  \
		_stolen;                     \
	})

/** STEAL_FD() - the same for a file descriptor, leaving -1 */
#define STEAL_FD(fd)                \
	({                          \
		int _stolen = (fd); \
		(fd) = -1;          \
		_stolen;            \
	})

/** container_of() - the structure that embeds @member at @ptr */
#define container_of(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

static inline void free_charp(char **p)
{
	free(*p);
}
#define _cleanup_free_ _cleanup_(free_charp)
