/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Running another program as root, on behalf of the client: a network hook or the route helper.
 *
 * It gets /dev/null as standard input and standard error as standard output, never the pipe of the
 * password; no other descriptor; the signals as the client was started with them. Where root's
 * power is lent (privileges_are_lent()), also "/" and a umask that are not the user's.
 */

#include <stdbool.h>
#include <sys/types.h>

#include "base/clock.h"

struct program {
	const char *path; /* scripts work too */
	char *const *argv;
	bool needs_root; /* without it the child ends with status 77 (CLI-PRIV-7) */
};

/** PROGRAM_STATUS - the wait status of a program that exits with @code, for one that never ran */
#define PROGRAM_STATUS(code) ((code) << 8)

/** program_start() - returns its process, or negative errno of fork(2) */
pid_t program_start(const struct program *p);

/**
 * program_wait() - its wait status
 * @stop_fd: -1, or a descriptor: as soon as it has input or is closed, the program gets SIGTERM
 * @limit_usec: how long it may run before SIGTERM, and then before SIGKILL; USEC_NEVER: for ever
 */
int program_wait(pid_t pid, int stop_fd, usec_t limit_usec);

/** program_failed() - reports a wait status that is not success; true if it was reported */
bool program_failed(const char *what, int wait_status);
