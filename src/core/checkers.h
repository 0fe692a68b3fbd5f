/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Checkers: from a client's template to a run of the spawner (a shell command) or of the prober (a
 * built-in checker), and back to an outcome.
 *
 * Both are started here, the prober when it is first needed, and started again with back-off if
 * they die; runs that were under way then count as not having happened. Nothing blocks: what a
 * channel does not take waits in order.
 *
 * Fair: at most one check a client waits, and they start in the order in which they came.
 *
 * Bounds: CHECKER_RUNS_MAX runs, among them at most one a client that still counts, and
 * young_max of each runner that have just been started;
 * EXPAND_MAX bytes of command.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include <systemd/sd-event.h>

#include "base/hash.h"
#include "core/icmp.h"
#include "core/registry.h"

#define CHECKER_RUNS_MAX ((size_t)1 << 17)
/*
 * So many may be young at once; the others wait in order. A check that takes longer than
 * CHECKER_YOUNG_USEC does not count any more: checkers that hang must not keep others from
 * starting.
 */
#define CHECKERS_YOUNG_MAX	1024
#define PROBES_YOUNG_MAX	8192 /* no processes: what waits is a descriptor each */
#define CHECKER_YOUNG_USEC	(10 * USEC_PER_SEC)
#define RUNNER_BACKOFF_MIN_USEC (100 * USEC_PER_MSEC)
#define RUNNER_BACKOFF_MAX_USEC (10 * USEC_PER_SEC)
/* Exit status given to a checker that could not be started: what a shell says of a missing command.
 */
#define CHECKER_NOT_STARTED 127

struct manager;

/** struct run - one check, from the request to its end */
struct run {
	uint64_t id;
	struct runner *runner;
	struct client *client; /* NULL: aborted, its outcome no longer counts */
	char *command;
	bool queued;
	bool sent;
	bool young;
	usec_t young_until;
	TAILQ_ENTRY(run) queue_link;
	TAILQ_ENTRY(run) young_link;
	UT_hash_handle hh;
};

TAILQ_HEAD(run_list, run);

/** struct runner - a helper program that carries out runs, and what waits for it */
struct runner {
	struct checkers *checkers;
	const char *program;
	const char *called; /* in the log */
	size_t young_max;

	pid_t pid;
	int fd;
	sd_event_source *io_source;
	sd_event_source *child_source;
	sd_event_source *timer;
	usec_t backoff;
	bool want_write;

	struct run_list starts; /* to be started, in order */
	struct run_list kills;	/* to be ended */
	struct run_list young;	/* started last, in order */
	size_t n_young;
	sd_event_source *young_timer;
};

struct checkers {
	struct manager *manager;
	sd_event *event;
	bool debug; /* checkers write to our stdout and stderr (SRV-CHK-7) */
	int icmp_fds[ICMP_SOCKETS];

	uint64_t last_run;
	struct run *runs; /* by id, of both */
	struct runner spawner;
	struct runner prober;
	bool is_icmp_missed; /* and that was said */
};

/**
 * struct checkers_options - what checkers_start() needs
 *
 * @icmp_fds: of icmp_open(); the caller keeps them open
 */
struct checkers_options {
	sd_event *event;
	struct manager *manager;
	bool debug;
	int icmp_fds[ICMP_SOCKETS];
};

/** checkers_start() - starts the spawner; logs a failure. Owner: checkers_stop() */
int checkers_start(struct checkers *k, const struct checkers_options *options);

/**
 * checkers_stop() - ends spawner and prober, with what they run; bounded
 *
 * Nothing, if there was no start. Runs are forgotten without telling the manager.
 */
void checkers_stop(struct checkers *k);

/**
 * checkers_run() - EFFECT_START_CHECKER
 *
 * The outcome comes as CLIENT_EVENT_CHECKER_EXITED, or _CANCELLED (perhaps before the call returns)
 * when the template cannot be expanded or there is no room; that is logged at ERROR (SRV-CHK-6).
 */
void checkers_run(struct checkers *k, struct client *c, struct instant now);

/** checkers_abort() - EFFECT_STOP_CHECKER: the outcome no longer counts, the process is killed */
void checkers_abort(struct checkers *k, struct client *c, struct instant now);
