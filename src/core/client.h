/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The life of a client as one pure function: client_step(life, event, now) -> effects.
 *
 * No clock, no I/O, no allocation. The manager carries the effects out, in order. Deadlines are
 * CLOCK_BOOTTIME microseconds and USEC_NEVER when unset; stamps are CLOCK_REALTIME microseconds and
 * USEC_NEVER when "none".
 *
 * Bound: CLIENT_EFFECTS_MAX effects a step.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

#define CLIENT_EFFECTS_MAX 12

/* SRV-LIFE-38: checkers of one client start at least this far apart. */
#define CLIENT_INTERVAL_MIN USEC_PER_SEC

/* SRV-LIFE-1 */
#define CHECKER_STATUS_NONE	 -2
#define CHECKER_STATUS_SIGNALLED -1

enum client_decision {
	DECISION_NONE = 0,
	DECISION_APPROVED,
	DECISION_DENIED,
};

/** enum disable_cause - why a client is not enabled; goes into the log (SRV-LOG-9) and the state */
enum disable_cause {
	DISABLE_NONE = 0,
	DISABLE_CONFIGURED,    /* "enabled = no" in clients.conf */
	DISABLE_TIMEOUT,       /* not seen for its timeout */
	DISABLE_ADMINISTRATOR, /* asked for at run time */
	DISABLE_STATE_LOST,    /* the state could not be read: nothing is vouched for */
};

/** struct client_rules - the settings that the life of a client depends on; microseconds */
struct client_rules {
	usec_t timeout;
	usec_t extended_timeout;
	usec_t interval;
	usec_t approval_delay;
	usec_t approval_duration;
	bool approved_by_default;
};

/** struct client_life - everything that client_step() reads and writes */
struct client_life {
	struct client_rules rules;

	bool enabled;
	bool removed;
	enum disable_cause disable_cause;

	/* stamps */
	usec_t created;
	usec_t last_enabled;
	usec_t last_checked_ok;
	usec_t last_approval_request;
	int16_t last_checker_status;

	/* deadlines */
	usec_t expires;
	usec_t extended_until; /* a successful check does not move expires below this */
	usec_t check_due;
	usec_t decision_until;

	enum client_decision decision;
	bool checker_running;
	usec_t checker_started; /* boot time of the last start; 0: never */
	uint32_t n_pending;	/* sessions that approval applies to (SRV-APR-1) */
};
