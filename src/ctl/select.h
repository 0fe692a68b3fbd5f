/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Which clients the names of a command line mean.
 *
 * Bound: those that there are; ten thousand names among ten thousand clients take no time to speak
 * of.
 */

#include <stdbool.h>
#include <stddef.h>

#include "admin/clients.h"

/** struct selection - in order; { 0 } is an empty one */
struct selection {
	struct admin_client **clients;
	size_t n;
};

enum select_result {
	SELECT_OK = 0,
	SELECT_UNKNOWN, /* a name or pattern that fits no client */
};

/**
 * select_clients() - those named, or all if no name is given
 * @clients:     their @data is used here
 * @ret:         borrows the clients; ends with select_deinit()
 * @ret_unknown: the first name that fits none; one of @names
 *
 * A name that some client has means that client. Another one with *, ? or [ in it is a pattern
 * (fnmatch(3)) and means all that fit, in the server's order. The selection has the order of the
 * names, and each client once.
 * Errors: SELECT_UNKNOWN; -ENOMEM.
 * Source: CTL-RUN-2.
 */
int select_clients(const struct admin_clients *clients, const char *const *names, size_t n_names,
		   struct selection *ret, const char **ret_unknown);

void select_deinit(struct selection *selection);

#define _cleanup_selection_ _cleanup_(select_deinit)
