/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Other processes: looking for them, starting them, ending them.
 *
 * A process that was found is held by a descriptor, so that what is ended later is what was found,
 * even if its number has been given to another one meanwhile.
 * Bounds: PROCESSES_COMMAND_MAX bytes of a command line; the waits below.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define PROCESSES_COMMAND_MAX ((size_t)64 * 1024)

/* CLI-USP-4. */
#define PROCESSES_TERM_MSEC 2000
#define PROCESSES_KILL_MSEC 1000
#define PROCESSES_KILL_MAX  5

/** struct process - one that runs; zeroed with @fd -1 is none */
struct process {
	int fd; /* pidfd_open(2) */
	pid_t pid;
	char *words; /* the command line, each word with its NUL; then argv points here */
	char **argv; /* NULL if the command line could not be read */
};

/** processes_has_name() - is there a process whose first word is @name, less directories? */
bool processes_has_name(const char *name);

/**
 * processes_find() - a process of root that executes @path, or /usr with @path behind it
 *
 * Owner:  the caller, with process_deinit(), whatever is returned.
 * Errors: -ESRCH if there is none; errno of opening /proc; -ENOMEM.
 * Source: CLI-PROMPT-3, D24.
 */
int processes_find(const char *path, struct process *ret);

/** process_hold() - the same for a known number */
int process_hold(pid_t pid, struct process *ret);

/** process_has_ended() - waits at most @msec for it; not interruptible */
bool process_has_ended(const struct process *p, int msec);

/** process_end() - SIGTERM, and SIGKILL if that does not help; bounded; not interruptible */
void process_end(const struct process *p);

void process_deinit(struct process *p);

/** enum command_kind - as what another program is started */
enum command_kind {
	COMMAND_ANSWERS, /* its standard output is ours */
	COMMAND_QUIET,	 /* its standard output is our standard error */
	COMMAND_DAEMON,	 /* outlives us: root in all respects, a session of its own, in "/" */
};

/**
 * command_start() - starts @path
 *
 * A program that cannot be executed ends with 69, 71 or 72. Errors: errno of fork(2).
 * Source: CLI-PLY-5, CLI-PLY-7, CLI-SPL-2, CLI-USP-4.
 */
int command_start(const char *path, char *const *argv, enum command_kind kind, pid_t *ret_pid);

/**
 * command_wait() - until it ends
 * @ret_status: of waitpid(2)
 *
 * Errors: if @interruptible, -EINTR after a signal: it still runs then; errno of waitpid(2).
 */
int command_wait(pid_t pid, bool interruptible, int *ret_status);

/** command_run() - starts, and waits without being interruptible; is the exit status 0? */
bool command_run(const char *path, char *const *argv, enum command_kind kind);

/** command_end() - SIGTERM, SIGKILL if need be, and waits */
void command_end(pid_t pid);
