/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * What the list says of one client: its state, and the line of it. Pure.
 *
 * Bounds: ENTRY_TEXT_MAX, of which a name takes ENTRY_NAME_MAX at most.
 */

#include <stdbool.h>

#include "admin/clients.h"
#include "base/clock.h"

#define ENTRY_NAME_MAX	   512
#define ENTRY_TEXT_MAX	   1024
#define ENTRY_DURATION_MAX 40

/** enum entry_state - in the order in which they want attention */
enum entry_state {
	ENTRY_APPROVING, /* gets its secret soon, unless somebody denies it */
	ENTRY_DENYING,	 /* is refused soon, unless somebody approves it */
	ENTRY_FAILING,	 /* its last checker failed */
	ENTRY_UNCHECKED, /* enabled; no checker has ended yet */
	ENTRY_ENABLED,
	ENTRY_DISABLED,
};

/** entry_state() - Source: MON-20, MON-22 */
enum entry_state entry_state(const struct admin_client *client);

/** entry_is_waiting() - for a person's approval or denial */
bool entry_is_waiting(const struct admin_client *client);

/** entry_left() - microseconds until the state ends by itself; 0 if that is not known (MON-21) */
usec_t entry_left(const struct admin_client *client, usec_t now);

/**
 * entry_format_duration() - H:MM:SS, behind "1 day, " or "N days, " from one day on
 * @ret: ENTRY_DURATION_MAX bytes
 *
 * Fractions are dropped. Source: MON-21.
 */
void entry_format_duration(usec_t usec, char *ret);

/**
 * entry_format() - "NAME: STATE"
 * @with_expiry: also the time that an enabled client has left
 * @ret, @size:   ENTRY_TEXT_MAX bytes are enough; what others named is in it as they wrote it
 *
 * Source: MON-20, MON-21.
 */
void entry_format(const struct admin_client *client, usec_t now, bool with_expiry, char *ret,
		  size_t size);
