/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The launcher: the one process of the server that may start our helper programs.
 *
 * It is forked off before the core has read a secret, gives up its privileges at once, and then
 * does one thing: for two bytes and some descriptors it starts a program of its table. The core may
 * so forbid itself to execute anything, and still replace a gate that died. What it starts are the
 * core's children (CLONE_PARENT), not its own: the core waits for them and learns of their ends
 * without a message.
 *
 * Bounds: LAUNCH_FDS_MAX descriptors a program.
 */

#include <stdint.h>

#include "core/user.h"

/* 0, 1 and 2, and what a program needs from 3 on. */
#define LAUNCH_FDS_STANDARD 3u
#define LAUNCH_FDS_MAX	    (LAUNCH_FDS_STANDARD + 3)

/** struct launch_request - a message to the launcher; its descriptors become 0, 1, 2, 3, ... */
struct launch_request {
	uint8_t helper; /* from launch_find() */
	uint8_t debug;	/* 1: with the argument --debug, if the table allows that */
};

/**
 * launch_find() - the number of a helper program
 *
 * Errors: -ENOENT for a program that is not in the table.
 */
int launch_find(const char *name);

/**
 * launch_serve() - becomes the launcher; for a child that has just been forked
 * @channel: to the core; all other descriptors are closed, 0 to 2 point at /dev/null
 *
 * The first message that it sends, and the answer to each request, is an int32_t: 0 or a process
 * ID, or a negative errno: -EPROTO for a bad request, -ENOENT for a missing program, errno of
 * clone(2). A program that cannot be executed ends with status 127. Ends when the channel does.
 */
_Noreturn void launch_serve(int channel, const struct server_user *user);
