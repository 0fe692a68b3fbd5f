/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Programs that mandos-keygen starts itself, without a shell: one at a time, waited for with a
 * deadline, and ended when a signal comes (keygen/interrupt.h). GnuPG is GPGME's to start.
 *
 * Bound: CHILD_END_WAIT from the request to end until it is killed.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/clock.h"

#define CHILD_END_WAIT (10 * USEC_PER_SEC)

/* Exit statuses of a child whose program could not be executed, and of one that a signal ended. */
#define CHILD_NOT_RUN  127
#define CHILD_SIGNALED 128

/** struct child_plan - what to start, and how */
struct child_plan {
	const char *file; /* looked for in PATH unless there is a slash in it */
	char *const *argv;
	int in, out,
		err;   /* become descriptors 0, 1 and 2; -1: /dev/null. No others are passed on */
	bool is_plain; /* none of root's rights but to what root owns (capabilities(7)) */
};

/**
 * child_start() - it ends with SIGTERM if this process ends before it
 *
 * Signals that are caught here have their default action there.
 * Owner:  the caller keeps the descriptors, and ends the child with child_end().
 * Errors: errno of fork(2). A program that cannot be executed ends with CHILD_NOT_RUN.
 */
int child_start(const struct child_plan *plan, pid_t *ret_pid);

/**
 * child_read() - what @fd gives until its end
 * @output: NUL-terminated, whatever is returned; @size bytes of room
 *
 * Errors: -EFBIG if there is no room for more; as interrupt_wait(), errno of read(2).
 */
int child_read(int fd, char *output, size_t size, usec_t deadline);

/**
 * child_output() - a program from its start to its end, and what it printed
 * @plan:    its @out is not looked at
 * @output:  as child_read()
 *
 * Returns its exit status as child_end().
 * Errors: as child_start() and child_read(); -ECANCELED once a signal was caught.
 */
int child_output(const struct child_plan *plan, char *output, size_t size, usec_t deadline);

/**
 * child_end() - waits for it, until @deadline
 *
 * One that is late gets SIGTERM, and SIGKILL CHILD_END_WAIT later; so does one that runs when a
 * signal was caught.
 * Returns the exit status, or CHILD_SIGNALED and more, as a shell has it.
 */
int child_end(pid_t pid, usec_t deadline);
