/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * All plugins side by side, and the prompt when none of them is left: the loop of the program.
 *
 * Bounds: RACE_PLUGINS_MAX plugins; the waits below.
 */

#include "runner/plugin.h"
#include "runner/prompt.h"

#define RACE_PLUGINS_MAX 64

/* For plugins to end after SIGTERM; splash plugins need 5 s (CLI-RUN-29). */
#define RACE_TERM_USEC (10 * USEC_PER_SEC)
/* After SIGKILL: only the kernel can still hold a process. */
#define RACE_KILL_USEC (2 * USEC_PER_SEC)

struct race {
	struct settings settings;
	struct signals signals;
	char *const *environment; /* the inherited one */
	struct plugin plugins[RACE_PLUGINS_MAX];
	size_t n_plugins;
	struct prompt prompt;
	bool has_input_ended; /* the prompt's */
};

/** race_add() - a plugin to start; @name stays the caller's; -EOVERFLOW at RACE_PLUGINS_MAX */
int race_add(struct race *r, const char *name);

/** race_start() - starts all plugins; errors as plugin_start(), after which some may run */
int race_start(struct race *r);

/**
 * race_run() - until there is a password
 * @ret: what to print; owned by @r
 *
 * Asks for it when no plugin runs (CLI-RUN-33); plugins that wait for a restart go on waiting.
 * Errors: -EINTR when a signal wants the program to end, else errno of poll(2).
 */
int race_run(struct race *r, const struct pieces **ret);

/**
 * race_deliver() - the password to standard output
 *
 * Errors: -EINTR as above; errno of write(2).
 */
int race_deliver(struct race *r, const struct pieces *output);

/** race_forget() - erases every password that was given; after race_deliver() */
void race_forget(struct race *r);

/** race_stop() - ends all plugins, first kindly; when it returns, none has a process to signal */
void race_stop(struct race *r);

/** race_deinit() - erases */
void race_deinit(struct race *r);
