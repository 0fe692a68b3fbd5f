/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * A process that gives up the files it will not need, by Landlock: whatever path it comes by.
 *
 * The kernel says how much of Landlock it has; what it lacks is left out, so that a newer kernel
 * forbids more. Source: Documentation/userspace-api/landlock.rst of Linux.
 */

#include <stdbool.h>
#include <stddef.h>

/** struct landlock_place - a directory below which files may be used */
struct landlock_place {
	int fd;		/* stays the caller's; O_PATH is enough */
	bool may_write; /* else read; never execute */
};

/**
 * struct landlock_rules - all that stays allowed
 *
 * @is_alone: no signal to, and no abstract UNIX socket of, anybody who is not as confined as this
 * @uses_network: TCP sockets may connect and bind; else only those that are open stay usable
 */
struct landlock_rules {
	const struct landlock_place *places;
	size_t n_places;
	bool is_alone;
	bool uses_network;
};

/**
 * landlock_enter() - from here on the rules hold, for what is forked as well; cannot be undone
 *
 * After sandbox_no_new_privileges(). Returns the version of Landlock in use, or 0 if the kernel has
 * none or it is switched off: nothing has changed then.
 * Errors: errno of what the kernel refused; -EBADF for a place that is not open.
 */
int landlock_enter(const struct landlock_rules *rules);
