/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Becoming a daemon whose starter learns how the start went.
 *
 * The fork comes first of all, since secrets do not survive one (base/secret.h); what may be seen
 * of it, the directory and the standard descriptors, changes later, where the documented order has
 * it (SRV-PROC-1, step 8). The process that was started waits until the server serves, writes the
 * PID file with the rights it was started with, and exits with 0; or with 1 if the server ended
 * before, which has told its errors on standard error by then.
 *
 * No wait is bounded here: the start of the server is.
 */

#define PID_FILE "mandos.pid"

struct daemon {
	int starter_fd; /* to the process that was started; -1: in the foreground */
	int error_fd;	/* the starter's standard error while starting, or -1 */
};

#define DAEMON_FOREGROUND ((struct daemon){ .starter_fd = -1, .error_fd = -1 })

enum daemon_result {
	DAEMON_SERVER = 0, /* this process is to be the server */
	DAEMON_STARTER,	   /* this one is to exit: all has been done */
};

/**
 * daemon_fork() - forks twice, with a new session in between
 * @ret_status: exit status, for DAEMON_STARTER
 *
 * Owner:  @ret ends with daemon_end().
 * Errors: enum daemon_result; errno of socketpair(2) or fork(2), which has been logged.
 * Source: SRV-PROC-1, SRV-PROC-2, SRV-PROC-4.
 */
int daemon_fork(struct daemon *ret, int *ret_status);

/**
 * daemon_detach() - directory to /, descriptors 0 to 2 to /dev/null; nothing in the foreground
 *
 * Errors of the start still go to the starter's standard error (log_set_starting()).
 * Errors: errno of chdir(2), open(2) or dup2(2), which has been logged.
 */
int daemon_detach(struct daemon *d);

/**
 * daemon_ready() - the server serves: lets the starter go
 *
 * Errors: -EPIPE if the starter is gone. Who ends it does not want the server: it must not go on.
 */
int daemon_ready(struct daemon *d);

/** daemon_end() - closes what is open; a starter that still waits learns that the start failed */
void daemon_end(struct daemon *d);
