/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * A disk for one directory that fails at a chosen operation, and loses what nobody synced.
 *
 * The functions of the C library that change files are defined here, so that the program and SQLite
 * call these. Operations on files of the directory are counted: creating, writing, truncating,
 * syncing, renaming, removing. At the chosen one the process ends, and the directory is left as the
 * kind of crash would leave it. Syncs cost nothing: what they would make durable is only noted.
 *
 * Bounds: DISK_FILES_MAX files at a time, DISK_INODES_MAX in all, DISK_LISTINGS_MAX changes of
 * names between two syncs of the directory; more end the program.
 */

#include <stdbool.h>
#include <stdint.h>

#define DISK_FILES_MAX	  16
#define DISK_INODES_MAX	  256
#define DISK_LISTINGS_MAX 32

/* Exit status of a process that ended at the chosen operation. */
#define DISK_CRASHED 99

enum disk_crash {
	DISK_KILL,	/* kill -9 before the operation: what was written is there */
	DISK_KILL_HALF, /* the same, in the middle of a write */
	DISK_CUT,	/* power cut: what was synced is there, and nothing else */
	DISK_TORN,	/* power cut: of what was not synced, some sectors are there, some names */
	DISK_LIES,	/* power cut on a disk whose syncs do nothing: no promise can be kept */
};

/**
 * struct disk_plan - what is going to happen
 *
 * @at:   number of the operation that does not happen any more, from 1; 0: none
 * @seed: decides what DISK_TORN leaves
 */
struct disk_plan {
	enum disk_crash crash;
	unsigned int at;
	uint64_t seed;
};

/** disk_begin() - from here on; what is in @directory now is on the disk */
void disk_begin(const char *directory, const struct disk_plan *plan);

/** disk_operations() - how many there were since disk_begin() */
unsigned int disk_operations(void);
