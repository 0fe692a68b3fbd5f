/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * A day in the life of a server that has no network and no clock: everything that can change the
 * state, with starts, ends and reloads in between. Registry, manager, keeper and store are real.
 *
 * Whatever is not as it must be ends the process with status 1 and a sentence.
 */

/** struct day_folders - both exist; clients.conf is rewritten in the course of the day */
struct day_folders {
	const char *state;
	const char *config;
};

/** day_run() - from the first start to the last end */
void day_run(const struct day_folders *folders);

/** day_run_long() - a day whose changes are so large that the log is moved into the database */
void day_run_long(const struct day_folders *folders);

/**
 * day_restart() - a start and an end, an hour later, with whatever was left behind
 *
 * Nobody is enabled then who was not in books->kept, and nobody is there who was removed.
 */
void day_restart(const struct day_folders *folders);
