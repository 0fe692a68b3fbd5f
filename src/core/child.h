/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Starting our own helper programs, with exactly the descriptors they need.
 */

#include <sys/types.h>

/* A helper gets its descriptors from 3 on; more than these are never needed. */
#define CHILD_FDS_MAX 2

/**
 * struct child_program - what to start
 *
 * @name:     file name; looked for beside the calling program, then in the package's library folder
 * @argument: the one argument, or NULL
 * @fds:      become 3, 4, ... in the child; the caller keeps its own
 * @keep_environment: pass ours on; else the child's is empty, since libraries take settings from
 *                    it (GnuTLS would write session keys to $SSLKEYLOGFILE)
 */
struct child_program {
	const char *name;
	const char *argument;
	int fds[CHILD_FDS_MAX];
	unsigned int n_fds;
	int keep_environment;
};

/**
 * child_start() - forks and executes
 *
 * The child has default signal dispositions, an empty signal mask, and no other descriptor of ours
 * but 0, 1 and 2.
 * Owner:  the caller reaps @ret_pid.
 * Errors: -ENOENT if the program is in neither place, errno of fork(2). A program that cannot be
 *         executed ends with status 127.
 */
int child_start(const struct child_program *program, pid_t *ret_pid);
