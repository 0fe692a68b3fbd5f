/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * One plugin: its process, its two pipes, what it has printed, and what that means.
 *
 * Bounds: PIECES_MAX bytes of output; the waits below.
 */

#include <stdbool.h>
#include <sys/types.h>

#include "base/clock.h"
#include "base/pieces.h"
#include "runner/console.h"
#include "runner/settings.h"
#include "runner/signals.h"

/* For a descendant to close the output, once the plugin itself has ended (CLI-RUN-23). */
#define PLUGIN_OPEN_USEC (10 * USEC_PER_SEC)
/* For a plugin to end, once it has closed its output; network hooks may need a while. */
#define PLUGIN_CLOSED_USEC (30 * USEC_PER_SEC)
/* Before a plugin that asked for it is started again: doubled each time up to the second. */
#define PLUGIN_RESTART_MIN_USEC (1 * USEC_PER_SEC)
#define PLUGIN_RESTART_MAX_USEC (32 * USEC_PER_SEC)

enum plugin_state {
	PLUGIN_FAILED, /* for good, or not started yet */
	PLUGIN_RUNNING,
	PLUGIN_RESTARTING, /* ended with EX_TEMPFAIL; waits for @restart_at */
	PLUGIN_SUCCEEDED,
};

struct plugin {
	const char *name; /* not owned */
	enum plugin_state state;
	pid_t pid;     /* 0: there is no process, or its status was collected */
	int status;    /* of waitpid(2), once @pid is 0 */
	usec_t ended;  /* when that was */
	int out_fd;    /* -1: at its end */
	usec_t closed; /* when that was */
	int err_fd;
	struct relay relay;
	struct pieces output;
	bool has_failed_output; /* too much of it, or it could not be read */
	unsigned int n_restarts;
	usec_t restart_at;
};

/** struct launch - what starting needs besides the plugin */
struct launch {
	const struct settings *settings;
	const struct signals *signals;
	char *const *environment; /* the inherited one */
};

/** plugin_init() - @name stays the caller's */
void plugin_init(struct plugin *p, const char *name);

/**
 * plugin_start() - starts the process; @p is PLUGIN_RUNNING then
 *
 * Errors: errno of pipe2(2) or fork(2), -ENOMEM. A program that cannot be executed ends with 71.
 * Source: CLI-RUN-20, CLI-RUN-21, CLI-RUN-22.
 */
int plugin_start(struct plugin *p, const struct launch *launch);

/** plugin_read_output(), plugin_read_messages() - when their descriptors are ready; bounded */
void plugin_read_output(struct plugin *p, usec_t now);
void plugin_read_messages(struct plugin *p);

/** plugin_on_end() - its status was collected */
void plugin_on_end(struct plugin *p, int status, usec_t now);

/**
 * plugin_judge() - changes the state of a running plugin to what it has come to
 *
 * Signals one that has failed and lives on. Otherwise pure.
 * Source: CLI-RUN-23, CLI-RUN-24, CLI-RUN-31.
 */
void plugin_judge(struct plugin *p, usec_t now);

/** plugin_deadline() - when plugin_judge() or a restart is due without an event; USEC_NEVER */
usec_t plugin_deadline(const struct plugin *p);

/** plugin_signal() - only if there is a process whose status was not collected (CLI-RUN-30) */
void plugin_signal(const struct plugin *p, int signal);

/** plugin_deinit() - erases and closes; the process is the caller's care */
void plugin_deinit(struct plugin *p);
