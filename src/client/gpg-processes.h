/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Processes that GnuPG left running in a private directory: gpg-agent, or a gpg that is cut short.
 *
 * They are found by the directory's name on their command line: nobody else can know it, and unlike
 * parentage it also covers an agent that has made itself independent.
 *
 * Bounds: GPG_PROCESSES_MAX at a time, GPG_PROCESSES_ROUNDS searches.
 */

#include "base/clock.h"

#define GPG_PROCESSES_MAX    16
#define GPG_PROCESSES_ROUNDS 8

/**
 * gpg_processes_end() - SIGTERM, then SIGKILL, and waits until they are gone
 * @home:  absolute path of the directory
 * @grace_usec: for each of the two signals
 *
 * Without /proc nothing is found; an agent then ends by itself once its directory is gone.
 */
void gpg_processes_end(const char *home, usec_t grace_usec);
