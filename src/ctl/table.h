/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* Clients as a table. Pure but for the writing. */

#include <stdbool.h>
#include <stdio.h>

#include "ctl/select.h"

/* "[DT]HH:MM:SS" of any number of milliseconds, and a NUL. */
#define TABLE_DURATION_SIZE 32

/**
 * table_print() - a header line, and a line for each client
 * @is_wide:     all of the columns, else those of CTL-TAB-2 by default
 * @is_coloured: for a terminal: what needs an eye is marked; the characters are the same
 *
 * Source: CTL-TAB-1 to CTL-TAB-8.
 */
void table_print(FILE *out, const struct selection *selection, bool is_wide, bool is_coloured);

/** table_duration() - "00:05:00", "1T01:01:01"; milliseconds are dropped (CTL-TAB-4) */
void table_duration(uint64_t milliseconds, char ret[TABLE_DURATION_SIZE]);
