/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The table of probes: begins them, moves them on, ends them, and keeps their outcomes for the
 * core.
 *
 * A probe leaves the table when it is over and its outcome has been sent, so the queue of reports
 * needs no bound of its own.
 *
 * Bound: @max probes; while there are so many probes_may_start() is false, and the caller takes no
 * further message from the core. What waits then waits there, in order.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "probe/probe.h"

#define PROBES_MAX ((size_t)8192)

struct probes {
	sd_event *event;
	struct pinger pinger;
	size_t max;
	size_t n;
	uint64_t last_id;
	struct heap timers;
	struct probe *by_id;
	struct probe **slots; /* @max of them: where a ping's number leads */
	uint32_t *spare;      /* stack of free slots */
	size_t n_spare;
	struct probe *first_done;
	struct probe **last_done;
	struct probe *over; /* by @next_done; for probes_sweep() */
};

/**
 * probes_init() - an empty table
 * @max: PROBES_MAX, or less where descriptors are scarce
 *
 * Errors: -ENOMEM.
 */
int probes_init(struct probes *t, sd_event *event, const struct pinger *pinger, size_t max);

/** probes_deinit() - ends all probes; nothing is reported */
void probes_deinit(struct probes *t);

/** probes_may_start() - false while the table is full */
static inline bool probes_may_start(const struct probes *t)
{
	return t->n < t->max;
}

/**
 * probes_start() - begins a check; one that cannot be begun is decided at once
 * @id:   must be above all earlier ones
 * @text: @text_size bytes without NUL, of an expanded template; copied
 *
 * Errors: -EPROTO if @id was used before or is 0, or if @text is no built-in checker: the core has
 *         asked for what it should have refused. -ENOMEM if there is no memory even for the probe.
 */
int probes_start(struct probes *t, uint64_t id, const char *text, size_t text_size, usec_t now);

/**
 * probes_kill() - ends a probe as if it were a process that got SIGTERM (SRV-CHK-12)
 *
 * Errors: -EPROTO if no probe of this number was ever begun.
 */
int probes_kill(struct probes *t, uint64_t id, usec_t now);

/** probes_on_ping() - a socket of the pinger has something; at most PING_BURST packets of it */
void probes_on_ping(struct probes *t, int fd, usec_t now);

/** probes_deadline() - when probes_expire() has something to do; USEC_NEVER if nothing */
usec_t probes_deadline(const struct probes *t);

/** probes_expire() - moves on what has waited until @now; at most PING_BURST of them */
void probes_expire(struct probes *t, usec_t now);

/** probes_first_report() - the EXITED message that is due next; false if there is none */
bool probes_first_report(const struct probes *t, struct spawn_msg *ret);

/** probes_drop_report() - it has been sent; not to be called from a callback of a probe */
void probes_drop_report(struct probes *t);

/** probes_sweep() - gives back what is over and reported; not from a callback of a probe either */
void probes_sweep(struct probes *t);
