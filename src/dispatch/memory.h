/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Which clients were enabled when they were last seen, by name, so that being disabled is noticed
 * once, also if it happened while the server or the bus was away. Pure.
 *
 * A server that ends in good order takes leave of each of its clients as if they were removed
 * (DBUS-BUS-6). So one that was removed is only forgotten when something else is heard of that
 * server.
 *
 * Bound: the number of clients is the server's.
 */

#include <stdbool.h>

#include "admin/clients.h"

struct known_client;

/** struct memory - { 0 } at first */
struct memory {
	struct known_client *by_name; /* uthash */
	unsigned long round;	      /* of memory_keep() */
	unsigned int n_leaving;
};

/**
 * memory_see() - a client as it is now
 *
 * Returns true if it was enabled when last seen, and is disabled; a client never seen before is no
 * news. Without memory nothing is kept of it.
 */
bool memory_see(struct memory *m, const char *name, bool is_enabled);

/** memory_leave() - the server has removed the client, or is about to end */
void memory_leave(struct memory *m, const char *name);

/** memory_settle() - the server goes on: who left is forgotten */
void memory_settle(struct memory *m);

/** memory_interrupt() - the server or the bus has gone: who left may be seen again */
void memory_interrupt(struct memory *m);

/** memory_keep() - forgets all that are not in a complete list */
void memory_keep(struct memory *m, const struct admin_clients *clients);

void memory_deinit(struct memory *m);
