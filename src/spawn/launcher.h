/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * How a checker is started: "/bin/sh -c COMMAND" in the surroundings that SRV-CHK-7 promises.
 *
 * Knows nothing of runs or of the core. Everything that can be prepared once is prepared once, so
 * that a start costs one vfork-like posix_spawn() and no more.
 */

#include <spawn.h>
#include <stdbool.h>
#include <sys/types.h>

struct launcher {
	posix_spawnattr_t attributes;
	posix_spawn_file_actions_t actions;
	int null_fd;
};

/**
 * launcher_init() - prepares the surroundings of all checkers
 * @keep_output: their standard output and error are ours (debug mode); else /dev/null
 *
 * Owner:  the caller; ends with launcher_deinit(), also after an error.
 * Errors: errno of opening /dev/null; -ENOMEM.
 */
int launcher_init(struct launcher *l, bool keep_output);

void launcher_deinit(struct launcher *l);

/**
 * launcher_start() - starts a shell as leader of a process group of its own
 * @command: NUL-terminated, and nobody else's until the call returns
 * @ret_pid: process ID, which is also the ID of its process group; unchanged on error
 *
 * Owner:  the caller reaps the process.
 * Errors: errno of what failed between fork and exec, both included (SRV-CHK-13); nothing is then
 *         left behind.
 * Source: SRV-CHK-1, SRV-CHK-7.
 */
int launcher_start(const struct launcher *l, const char *command, pid_t *ret_pid);
