/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * What the simulated store keeps of a client, and how a start makes a life of it again.
 */

#include "core/client.h"

/** struct durable - one client in the store; times are CLOCK_REALTIME microseconds */
struct durable {
	bool removed;
	bool enabled;
	bool configured_enabled; /* in the file, when this was written */
	enum disable_cause cause;
	struct client_rules rules;
	usec_t created;
	usec_t last_enabled;
	usec_t disabled_at;
	usec_t expires;
	usec_t last_checked_ok;
	usec_t last_approval_request;
	usec_t saved;
	int16_t last_checker_status;
};

/** durable_save() - the values of @life that the store keeps, as seen from @now */
void durable_save(struct durable *d, const struct client_life *life, bool configured_enabled,
		  struct instant now);

/**
 * durable_restore() - a life from the store, before CLIENT_EVENT_START
 * @configured_enabled: in the file that is read now
 *
 * The merge itself is core/merge.c's, which is so under test.
 */
void durable_restore(const struct durable *d, bool configured_enabled, struct instant now,
		     struct client_life *ret);
