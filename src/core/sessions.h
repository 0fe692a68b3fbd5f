/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * What becomes of a peer that has proved a key: found, decided, made to wait for approval, given or
 * refused. The rules are policy.c's; this room carries them out.
 *
 * Bound: one deadline a session; sessions are bounded by the gates.
 */

#include "core/alarm.h"
#include "core/gates.h"
#include "core/registry.h"

struct manager;

/** struct sessions_tally - since the server started */
struct sessions_tally {
	uint64_t given;	  /* passwords that a peer has received */
	uint64_t refused; /* peers whose key is known */
	uint64_t unknown; /* peers whose key is not */
};

struct sessions {
	struct registry *registry;
	struct manager *manager;
	struct alarm approvals; /* ends of approval delays */
	struct sessions_tally tally;
};

/** sessions_init() - Owner: sessions_deinit(), after the gates are gone */
int sessions_init(struct sessions *s, sd_event *event, struct registry *registry,
		  struct manager *manager);
void sessions_deinit(struct sessions *s);

/** sessions_handler() - the gates' handler, with @s as its userdata */
struct gates_handler sessions_handler(void);

/** sessions_decide() - decides every waiting session of a client again (EFFECT_DECIDE) */
void sessions_decide(struct sessions *s, struct client *c, struct instant now);
