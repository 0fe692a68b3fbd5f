/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The table of runs: which checker is which process, which are being killed, which have ended.
 *
 * A run is alive (has a process that has not been reaped) or done (waits to be reported). It leaves
 * the table when its report has been sent, so the queue of reports needs no bound of its own.
 *
 * Bound: @max runs, plus the one that is refused because of it. While that one has not been
 * reported runs_may_start() is false, and the caller takes no further message from the core.
 *
 * Process IDs are signalled only as long as they are ours: a process group gets a signal while its
 * leader has not been reaped, hence while neither number can have been given to somebody else.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/heap.h"
#include "spawn/launcher.h"
#include "wire/spawn-msg.h"

/* Ten times the clients a large installation has, at one run each (SRV-CHK-8). */
#define RUNS_MAX ((size_t)131072)

/* Run numbers and process IDs both count up, so the remainder spreads them evenly. */
#define RUNS_BUCKETS ((size_t)16384)

/* From SIGTERM to SIGKILL (SRV-CHK-12). */
#define RUNS_GRACE_USEC (2 * USEC_PER_SEC)

struct run;

struct runs {
	const struct launcher *launcher;
	size_t max;
	size_t n_runs;	/* alive and done */
	size_t n_alive; /* of these */
	uint64_t last_id;
	struct heap deadlines; /* of the runs that have got SIGTERM and not yet SIGKILL */
	struct run *first_done;
	struct run **last_done;
	struct run *by_id[RUNS_BUCKETS];  /* alive only */
	struct run *by_pid[RUNS_BUCKETS]; /* alive only */
	char command[EXPAND_MAX + 1];	  /* of the run that is being started */
};

/**
 * runs_init() - an empty table
 * @launcher: stays the caller's and must outlive the table
 * @max:      RUNS_MAX, or less in tests
 */
void runs_init(struct runs *r, const struct launcher *launcher, size_t max);

/** runs_deinit() - forgets all runs; what is still alive is no longer known to anybody */
void runs_deinit(struct runs *r);

/** runs_may_start() - false while a run beyond the bound waits to be reported */
static inline bool runs_may_start(const struct runs *r)
{
	return r->n_runs <= r->max;
}

/**
 * runs_start() - starts a checker; one that cannot be started is done at once
 * @id:      must be above all earlier ones
 * @command: @command_size bytes without NUL, at most EXPAND_MAX; copied
 *
 * Errors: -EPROTO if @id was used before or is 0; -ENOMEM if there is no memory even for the run.
 *         Everything else is the run's outcome: SPAWN_NOT_STARTED with an errno, EAGAIN beyond
 * @max. Source: SRV-CHK-1, SRV-CHK-13.
 */
int runs_start(struct runs *r, uint64_t id, const char *command, size_t command_size);

/**
 * runs_kill() - SIGTERM to the run's process group, SIGKILL after RUNS_GRACE_USEC
 *
 * A run that has ended, or is being killed already, is left as it is.
 * Errors: -EPROTO if no run of this number was ever started.
 * Source: SRV-CHK-12.
 */
int runs_kill(struct runs *r, uint64_t id, usec_t now);

/** runs_kill_all() - runs_kill() for every run that is alive */
void runs_kill_all(struct runs *r, usec_t now);

/** runs_deadline() - when runs_expire() has something to do; USEC_NEVER if nothing */
usec_t runs_deadline(const struct runs *r);

/** runs_expire() - SIGKILL for the groups whose grace is over at @now */
void runs_expire(struct runs *r, usec_t now);

/**
 * runs_reap() - collects every child that has exited
 *
 * A run ends with its shell (SRV-CHK-10). What the shell has left behind in its process group is
 * left alone, as the reference does: a command may have meant to leave it. If the run was being
 * killed the rest of the group gets SIGKILL first, so that its report means "all of it is over".
 */
void runs_reap(struct runs *r);

/** runs_first_report() - the EXITED message that is due next; false if there is none */
bool runs_first_report(const struct runs *r, struct spawn_msg *ret);

/** runs_drop_report() - takes that one out of the table: it has been sent, or nobody wants it */
void runs_drop_report(struct runs *r);
