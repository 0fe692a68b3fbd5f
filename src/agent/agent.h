/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* The agent's loop: one program that fetches a password, and the questions it is for. */

#include "agent/options.h"
#include "base/clock.h"

/* For the program to end after SIGTERM, so that the next agent does not meet it. */
#define AGENT_TERM_USEC (5 * USEC_PER_SEC)

/* Between two looks whether the server has another password than the one that does not fit. */
#define AGENT_AGAIN_USEC (30 * USEC_PER_SEC)

/**
 * agent_run() - until no question is open, or there will be no password
 * @ret_signal: the signal to die of, or 0
 *
 * Returns the exit status (CLI-AGT-17, CLI-AGT-18). A message says why if it is not 0.
 */
int agent_run(const struct options *o, int *ret_signal);
