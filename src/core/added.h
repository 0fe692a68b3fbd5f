/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Clients that were added while the server ran: sections that nobody wrote into clients.conf.
 *
 * Each is a file of its own in STATEDIR/clients.d, with all its settings, in the form of
 * clients.conf: what brings it back after a restart is the same code that reads the rest of the
 * configuration, and an administrator can read it, or move it into clients.conf. It is on the disk
 * before anybody is told of the client. Files are read as the server's user, never as root: a
 * secfile in one reaches what that user may read.
 *
 * Bounds: ADDED_NAME_MAX bytes of a name in its file's name; SECRET_SIZE_MAX bytes of a file.
 */

#include "core/manager.h"
#include "core/settings.h"

#define ADDED_FOLDER   "clients.d"
#define ADDED_NAME_MAX 240

struct store;

/** struct added - where they are kept, and what else has to know of a new one */
struct added {
	struct manager *manager;
	struct store *store;
	const char *state_dir;
};

/** added_prepare() - makes the folder if it is missing; a failure shows when it is needed */
void added_prepare(const char *state_dir);

/**
 * added_read() - appends them to the clients of the configuration
 * @file: one of a name that is there already is left out, as is one with an error
 *
 * Errors: -ENOMEM, -E2BIG beyond SETTINGS_CLIENTS_MAX or SOURCE_FILES_MAX.
 */
int added_read(const char *state_dir, settings_report_fn *report, void *userdata,
	       struct client_file *file);

/**
 * added_add() - new clients, from now on and after each start
 * @text:        sections as in clients.conf; the DEFAULT section of that does not count here
 * @ret_problem: a sentence, when nothing has changed; the caller frees it; NULL without memory
 *
 * All or none, except when memory ends. They stand last in the registry. Their files are durable on
 * return, their records as after any change: at the end of the turn, if keeper_is_durable() then.
 * Returns how many. Errors: -EINVAL (something is wrong with @text), -EEXIST (there is such a
 * client), -ENAMETOOLONG, -E2BIG, -ENOMEM, errno of the file system.
 */
int added_add(const struct added *a, const char *text, size_t size, struct instant now,
	      char **ret_problem);

/**
 * added_forget() - before the removal of a client at run time: no start brings it back
 *
 * Returns 1 if it was added at run time, 0 if not: then clients.conf has it. Errors: errno of the
 * file system; nothing has changed then.
 */
int added_forget(const struct added *a, const char *name);
