/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Who was given a password and asks again: it did not fit, and the tries that are left are a
 * person's.
 *
 * Each agent is a new process, so this is in a file beside the questions. There are no secrets in
 * it: it has a line "PID ID" for each answer. What has no Id is not remembered.
 *
 * Bounds: ANSWERED_SIZE_MAX bytes of the file; more lines are not added.
 */

#include <stdbool.h>

#include "wire/ask-file.h"

/* No question by its name, so all agents pass it over. */
#define ANSWERED_FILE	  "mandos-answered"
#define ANSWERED_SIZE_MAX ((size_t)64 * 1024)

/** answered_has() - @asker was given a password before; a message if that cannot be read */
bool answered_has(int directory, const struct ask_file *asker);

/** answered_add() - @asker was given one; a message if that cannot be written */
void answered_add(int directory, const struct ask_file *asker);
