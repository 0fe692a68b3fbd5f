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

#define CLIENT_EFFECTS_MAX 10

/* SRV-LIFE-38: checkers of one client start at least this far apart. */
#define CLIENT_INTERVAL_MIN USEC_PER_SEC

/*
 * No deadline is later than this: some 4566 years, so that also on the wall clock it has a year of
 * four digits, and an enabled client never looks as if it had no expiry (SRV-DUR-6, W-08).
 */
#define CLIENT_DEADLINE_MAX ((usec_t)1 << 57)

/* An expiry served later than this was late through the server's own fault: it had no chance to see
 * what the client answered meanwhile. Then it checks before it judges. */
#define CLIENT_LATE_USEC USEC_PER_SEC

/* How long such a check may take, if the client's interval is not longer. */
#define CLIENT_JUDGE_MIN_USEC (10 * USEC_PER_SEC)

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
	DISABLE_LOCKDOWN,      /* not seen for its timeout, while nobody was given anything */
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

/**
 * enum client_judging - an expiry that came while the server was behind (suspended, overloaded)
 *
 * The client stays enabled but expired, so nothing is given to it (policy_may_send()), until a
 * check that was begun after the server had caught up says whether it is alive.
 */
enum client_judging {
	JUDGING_NOT = 0,
	JUDGING_OLD_CHECK, /* the running check began before: its failure may be the server's */
	JUDGING_CHECK,	   /* the next outcome decides */
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
	usec_t disabled_at; /* none while it is enabled */
	usec_t last_checked_ok;
	usec_t last_approval_request;
	int16_t last_checker_status;

	/* deadlines */
	usec_t expires;
	usec_t extended_until; /* a successful check does not move expires below this */
	usec_t check_due;
	usec_t decision_until;

	usec_t judge_by; /* set while @judging: no outcome by then is a bad one */

	enum client_decision decision;
	enum client_judging judging;
	bool checker_running;
	bool checker_waiting;	  /* running by name only: it still waits for its turn to start */
	bool first_check_pending; /* SRV-LIFE-3: the first check lifts expires to an interval ahead
				   */
	uint32_t n_pending;	  /* sessions that approval applies to (SRV-APR-1) */
};

enum client_event_type {
	CLIENT_EVENT_START,	       /* the server starts; @usec: random delay of the first check.
					* Once for each client; another one has no effect */
	CLIENT_EVENT_TICK,	       /* client_next_deadline() has come, or any time later */
	CLIENT_EVENT_CHECKER_LAUNCHED, /* EFFECT_START_CHECKER has become a process */
	CLIENT_EVENT_CHECKER_EXITED,   /* @status: 0 to 255, or CHECKER_STATUS_SIGNALLED */
	CLIENT_EVENT_CHECKER_CANCELLED, /* START could not be carried out: nothing has run */
	CLIENT_EVENT_CHECKED_OK,	/* a human or a program vouches for the client */
	CLIENT_EVENT_SECRET_SENT,
	CLIENT_EVENT_ENABLE,
	CLIENT_EVENT_DISABLE, /* @cause */
	CLIENT_EVENT_REMOVE,
	CLIENT_EVENT_CHECKER_START, /* on request; also on a disabled client */
	CLIENT_EVENT_CHECKER_STOP,
	CLIENT_EVENT_APPROVE,
	CLIENT_EVENT_DENY,
	CLIENT_EVENT_SESSION_BEGIN, /* approval applies to a new session */
	CLIENT_EVENT_SESSION_END,   /* such a session ended, however */
	CLIENT_EVENT_ASKED,	    /* a human was asked to approve */
	CLIENT_EVENT_SET_TIMEOUT,   /* @usec for all durations, @flag for the boolean */
	CLIENT_EVENT_SET_INTERVAL,
	CLIENT_EVENT_SET_EXTENDED_TIMEOUT,
	CLIENT_EVENT_SET_APPROVAL_DELAY,
	CLIENT_EVENT_SET_APPROVAL_DURATION,
	CLIENT_EVENT_SET_APPROVED_BY_DEFAULT,
};

struct client_event {
	enum client_event_type type;
	union {
		int16_t status;
		enum disable_cause cause;
		usec_t usec;
		bool flag;
	};
};

/** enum client_property - what people see change; names and order of changes as DBUS-CHG-4 */
enum client_property {
	CLIENT_ENABLED,
	CLIENT_LAST_ENABLED,
	CLIENT_EXPIRES,
	CLIENT_LAST_CHECKED_OK,
	CLIENT_LAST_CHECKER_STATUS,
	CLIENT_CHECKER_RUNNING,
	CLIENT_APPROVAL_PENDING,
	CLIENT_LAST_APPROVAL_REQUEST,
	CLIENT_TIMEOUT,
	CLIENT_INTERVAL,
	CLIENT_EXTENDED_TIMEOUT,
	CLIENT_APPROVAL_DELAY,
	CLIENT_APPROVAL_DURATION,
	CLIENT_APPROVED_BY_DEFAULT,
};

enum client_effect_type {
	EFFECT_CHANGED, /* @property has a new value */
	EFFECT_START_CHECKER,
	EFFECT_STOP_CHECKER, /* TERM, then KILL; its outcome no longer counts */
	EFFECT_DECIDE,	     /* sessions that wait are to be decided again, now */
	EFFECT_SAVE,	     /* must be durable before anybody is told */
	EFFECT_SAVE_SOON,    /* may wait for the next batch: losing it only lowers trust */
};

struct client_effect {
	enum client_effect_type type;
	enum client_property property; /* EFFECT_CHANGED */
};

struct client_effects {
	struct client_effect list[CLIENT_EFFECTS_MAX];
	unsigned int n;
};

/** client_life_init() - a client that nobody has seen before (section 5.1 of the lifecycle) */
void client_life_init(struct client_life *life, const struct client_rules *rules, bool enabled,
		      struct instant now);

/**
 * client_step() - one event in the life of a client
 * @life:        changed in place
 * @ret_effects: what the caller must carry out, in order
 *
 * Total: any event is legal in any state; one that means nothing there has no effect. After
 * CLIENT_EVENT_REMOVE only session ends are counted. A client whose time is over is disabled before
 * anything that happens to it can matter, so a turn may serve its events in any order. A list holds
 * at most one of EFFECT_SAVE and EFFECT_SAVE_SOON, in any place.
 * Source: SRV-LIFE-3 to -37, SRV-CHK-8, -12, SRV-APR-1, -4, -5.
 */
void client_step(struct client_life *life, const struct client_event *event, struct instant now,
		 struct client_effects *ret_effects);

/** client_next_deadline() - when CLIENT_EVENT_TICK is due (boot time); USEC_NEVER: not at all */
usec_t client_next_deadline(const struct client_life *life);

/** client_check_interval() - the interval as enforced (SRV-LIFE-38) */
usec_t client_check_interval(const struct client_life *life);
