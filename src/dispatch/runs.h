/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The commands that are under way, and those that wait for their turn.
 *
 * Each gets its text on standard input, an environment of our own making, no other descriptor, and
 * a process group of its own. What it says goes to the log, line by line. When its time is over,
 * its group gets SIGTERM, and SIGKILL after RUNS_GRACE_USEC. A run ends with the process that was
 * started: what that one left in its group is left alone, as a mail program may mean it, unless it
 * ran out of time.
 *
 * Bounds: those below. A hook that is slow takes no other hook's place among those that wait, and
 * not all places of those that run.
 */

#include <stdbool.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#include "dispatch/hooks.h"

#define RUNS_MAX	  16
#define RUNS_PER_HOOK_MAX 4
#define JOBS_PER_HOOK_MAX 32
#define RUNS_GRACE_USEC	  (2 * USEC_PER_SEC)
/* For what is under way when the program is to end. */
#define RUNS_END_USEC (5 * USEC_PER_SEC)

#define RUN_LINE_MAX  512 /* bytes of a line of output; a longer one is logged in pieces */
#define RUN_LINES_MAX 20  /* what a run says beyond is thrown away */

struct runs;
struct job;

/** struct run - a place for one that is under way; pid 0: free */
struct run {
	struct runs *runs;
	struct hook *hook; /* a reference */
	pid_t pid;
	bool is_late; /* its group has got SIGTERM */
	int output_fd;
	unsigned int n_lines;
	size_t line_size;
	char line[RUN_LINE_MAX + 1];
	sd_event_source *child, *output, *timer;
};

/** struct runs - { 0 } but for @event and the callback at first */
struct runs {
	sd_event *event;
	void (*on_idle)(
		void *userdata); /* after runs_end(), once nothing is under way; may be NULL */
	void *userdata;

	struct run places[RUNS_MAX];
	unsigned int n_running;
	struct job *first, **last; /* in the order they came */
	bool is_ending;
};

/**
 * runs_init() - nothing under way
 *
 * SIGCHLD must be blocked, and stay so.
 */
void runs_init(struct runs *r, sd_event *event);

/**
 * runs_submit() - a hook's command is run with a notice, now or when there is a place
 * @hook:   a reference is taken
 * @notice: copied
 *
 * What goes wrong from then on is logged.
 * Errors: -ENOBUFS beyond JOBS_PER_HOOK_MAX, -ENOMEM; it is then not run. -ESHUTDOWN after
 *         runs_end().
 */
int runs_submit(struct runs *r, struct hook *hook, const struct notice *notice);

/**
 * runs_end() - starts nothing more, and ends what is under way in RUNS_END_USEC at most
 *
 * Returns how many that waited are left out.
 */
unsigned int runs_end(struct runs *r);

/** runs_deinit() - kills what is still under way, and waits for it */
void runs_deinit(struct runs *r);
