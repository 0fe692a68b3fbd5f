/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * What the specification says a client is: the second opinion that the simulation compares with.
 *
 * Written from sections 5, 7 and 10.3 and not from core/client.c; it shares only the types of the
 * interface with it. It knows no effects, no order and no lists: only what is true at a moment.
 */

#include "core/client.h"
#include "core/policy.h"
#include "restore.h"

struct model {
	bool exists;
	bool enabled;
	enum disable_cause cause;
	struct client_rules rules;
	usec_t expires;	      /* meaningful when enabled */
	usec_t extension_end; /* 0: not in an extended timeout */
	usec_t next_check;    /* meaningful when enabled */
	bool check_came; /* in this step; where next_check goes from here is still to be seen */
	bool before_first_check;
	bool checker;
	usec_t verdict_by; /* 0: no verdict of a check is waited for after a lateness of the server
			    */
	bool check_is_stale; /* the running checker is older than that lateness */
	int status;
	usec_t last_ok;
	usec_t last_enabled;
	usec_t disabled_at;
	uint32_t pending;
	enum client_decision decision;
	usec_t decision_end;
};

/** model_init() - section 5.1; the client is not started yet */
void model_init(struct model *m, const struct client_rules *rules, bool enabled,
		struct instant now);

/** model_restore() - section 10.3 and docs/state.md: a client as the state had it */
void model_restore(struct model *m, const struct durable *d, bool configured_enabled,
		   struct instant now);

/** model_event() - what @event makes of the client */
void model_event(struct model *m, const struct client_event *event, struct instant now);

/** model_verdict() - SRV-APR-2 */
enum policy_verdict model_verdict(const struct model *m, struct instant now, bool waited_out);

/** model_may_give() - SRV-LIFE-2, SRV-APR-9 */
bool model_may_give(const struct model *m, struct instant now);

/** model_difference() - the name of the first thing in which @life is not as it should be, or NULL
 */
const char *model_difference(struct model *m, const struct client_life *life, struct instant now);
