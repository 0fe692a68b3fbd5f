/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Starting our own helper programs, with exactly the descriptors they need.
 *
 * The core asks its launcher (launch.h) for that, and may not execute anything itself. There is one
 * launcher a process.
 *
 * Bound: a launcher that does not answer within CHILD_ANSWER_MSEC counts as gone.
 */

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include <systemd/sd-event.h>

#include "core/user.h"

/* A helper gets its descriptors from 3 on; more than these are never needed. */
#define CHILD_FDS_MAX	  3
#define CHILD_ANSWER_MSEC 10000

/**
 * child_launcher_start() - forks the launcher; before the first secret is read
 * @user: whom it becomes at once
 *
 * Owner:  ends with child_launcher_stop(), also after an error.
 * Errors: errno of socketpair(2), fork(2) or of giving up privileges; -ETIMEDOUT.
 */
int child_launcher_start(const struct server_user *user);

/**
 * child_launcher_watch() - from now on the launcher's end is the server's
 *
 * Without a launcher nothing that dies can be replaced. Its end is logged, and ends the loop with
 * EXIT_FAILURE, so that the service manager starts all of it again.
 * Errors: of sd_event_add_child(3).
 */
int child_launcher_watch(sd_event *event);

/** child_launcher_stop() - fine if none was started; the helpers are not touched */
void child_launcher_stop(void);

/**
 * struct child_program - what to start
 *
 * @name:  file name; looked for beside the calling program, then in the package's library folder
 * @debug: with the argument --debug
 * @fds:   become 3, 4, ... in the child; the caller keeps its own
 */
struct child_program {
	const char *name;
	bool debug;
	int fds[CHILD_FDS_MAX];
	unsigned int n_fds;
};

/**
 * child_start() - starts a helper
 *
 * It is a child of this process, with our descriptors 0, 1 and 2, default signal dispositions and
 * an empty signal mask.
 * Owner:  the caller reaps @ret_pid.
 * Errors: -ENOENT if the program is none of ours or in neither place, -EPIPE or -ETIMEDOUT if the
 *         launcher is gone, errno of clone(2). A program that cannot be executed ends with status
 *         127.
 */
int child_start(const struct child_program *program, pid_t *ret_pid);

/**
 * child_log_forbidden() - says so if a helper was ended by its sandbox
 * @name: for people
 *
 * The end of its channel has been told of by then; the cause is more than that.
 */
void child_log_forbidden(const char *name, const siginfo_t *si);
