/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The program that gets the password: the Mandos client, or what the command line names. It can be
 * run again, to see whether there is another password by now.
 *
 * Bounds: PIECES_MAX bytes of a password.
 */

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "agent/options.h"
#include "base/clock.h"
#include "base/pieces.h"

/* For a descendant to close the output, once the program itself has ended. */
#define FETCHER_OPEN_USEC (10 * USEC_PER_SEC)

enum fetcher_state {
	FETCHER_RUNS,
	FETCHER_READY,	/* @password is complete */
	FETCHER_FAILED, /* a message was printed */
};

struct fetcher {
	enum fetcher_state state;
	pid_t pid;    /* 0: there is none, or its status was collected */
	usec_t ended; /* CLOCK_MONOTONIC, when that was */
	int fd;	      /* its output; -1 at its end */
	struct pieces password;
	struct pieces previous; /* of the run before */
	bool has_previous;
};

/**
 * fetcher_start() - starts the program, for the first time or again
 * @start_mask: the signal mask it is to have
 *
 * Errors: errno of pipe2(2) or fork(2).
 * Source: CLI-AGT-4, CLI-AGT-5.
 */
int fetcher_start(struct fetcher *f, const struct options *o, const sigset_t *start_mask);

/** fetcher_read() - its output is ready */
void fetcher_read(struct fetcher *f);

/** fetcher_collect() - a child has ended; it may be this one */
void fetcher_collect(struct fetcher *f, usec_t now);

/** fetcher_judge() - brings @state up to date; CLI-AGT-6, CLI-AGT-7 */
void fetcher_judge(struct fetcher *f, usec_t now);

/** fetcher_deadline() - when fetcher_judge() is due without an event, or USEC_NEVER */
usec_t fetcher_deadline(const struct fetcher *f);

/** fetcher_password() - the latest that is complete; NULL: there is none yet */
const struct pieces *fetcher_password(const struct fetcher *f);

/** fetcher_has_other() - the program was run again, and its password is another one */
bool fetcher_has_other(const struct fetcher *f);

/** fetcher_stop() - SIGTERM if it runs; erases the passwords */
void fetcher_stop(struct fetcher *f);
