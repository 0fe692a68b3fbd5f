/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Known answers, asked of the installed program by itself (--check): not a replacement for the test
 * suite, but a bad build is noticed before it is relied upon.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/** struct check - a row of a program's table */
struct check {
	const char *name;    /* for people */
	bool (*holds)(void); /* without traces, and the same each time */
};

/**
 * checks_run() - all of them, also behind one that fails
 * @out: gets a line for each that fails, how many there were, and "OK" or "FAILED" at the end
 *
 * Returns the exit status, EXIT_SUCCESS or EXIT_FAILURE. Source: SRV-CLI-9.
 */
int checks_run(const struct check *checks, size_t n_checks, FILE *out);
