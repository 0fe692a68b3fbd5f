/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* Signals of a program that works from an event loop. */

#include <stddef.h>

/**
 * signals_for_loop() - blocks these and no others, so that the loop gets them; a negative errno
 *
 * It leaves nothing of what a starter had set: a blocked or ignored SIGCHLD would lose exits.
 * SIGPIPE is ignored, and a write says EPIPE.
 */
int signals_for_loop(const int *signals, size_t n_signals);
