/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * A server that keeps a thousand clients for a year, without a clock, a process or a file.
 *
 * Time is a number that jumps to the next thing on somebody's agenda. world.c says what people,
 * checkers and peers do; server.c is a small manager around client_step() and policy_decide(), with
 * a store that forgets at a crash what was not committed; model.c knows what should have come out.
 * Everything random comes from one seed.
 *
 * Bounds: SIM_CLIENTS_MAX clients, SIM_PEERS_MAX sessions each.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/heap.h"
#include "core/client.h"
#include "model.h"
#include "restore.h"
#include "rng.h"

#define SIM_CLIENTS_MAX 100000U
#define SIM_PEERS_MAX	4

/* All times of the world are "true" microseconds since its beginning; see sim_now(). */

enum agenda {
	AGENDA_TICK,	/* the client's next deadline */
	AGENDA_CHECKER, /* its checker ends */
	AGENDA_FATE,	/* the machine dies, or comes back */
	AGENDA_PERSON,	/* an administrator does something */
	AGENDA_PEER,	/* somebody who has the client's key does */
	N_AGENDA,
};

enum peer_state {
	PEER_NONE = 0,
	PEER_WAITING, /* for approval */
	PEER_HELD,    /* until a check has judged the client */
	PEER_CHOSEN,  /* to get the secret when this turn is committed */
	PEER_GIVEN,   /* the secret is on its way */
};

struct peer {
	enum peer_state state;
	bool is_counted;   /* approval applies: SRV-APR-1 */
	usec_t wait_ends;  /* PEER_WAITING */
	usec_t hangs_up;   /* PEER_WAITING */
	usec_t answers;	   /* PEER_GIVEN */
	bool will_receive; /* PEER_GIVEN */
};

/** enum unsaved - what the store does not have yet of a client */
enum unsaved {
	UNSAVED_NOTHING = 0,
	UNSAVED_SOON,
	UNSAVED_URGENT,
};

struct sim_client {
	struct heap_node node;
	unsigned int index;

	struct client_life life;
	struct model model;
	uint64_t n_pending; /* sessions that began and did not end, counted here */
	bool is_unbound;    /* settings moved expires out of bounds */

	/* the store */
	enum unsaved unsaved;
	bool is_in_batch;
	struct durable durable;
	int64_t durable_offset; /* of the wall clock, when that was committed */

	/* what people and peers have been told, and may rely on */
	bool told_disabled;
	bool told_removed;

	/* the world */
	usec_t at[N_AGENDA];
	usec_t next_claim;
	bool is_alive;
	bool configured_enabled;
	bool has_run; /* the spawner has a checker of this client */
	int16_t run_status;
	bool run_is_cancelled;
	struct peer peers[SIM_PEERS_MAX];
};

/** enum crash_point - where in a turn the next crash strikes */
enum crash_point {
	CRASH_NONE = 0,
	CRASH_BEFORE_COMMIT,
	CRASH_BEFORE_TELLING,
	CRASH_AFTER_TURN,
};

struct sim_counts {
	uint64_t steps;
	uint64_t checkers_started;
	uint64_t checkers_ended;
	uint64_t checkers_stopped;
	uint64_t checkers_lost; /* in a crash */
	uint64_t grants;
	uint64_t refusals;
	uint64_t expiries;
	uint64_t expiries_on_time;
	uint64_t judged_dead;  /* after the server had been behind, by a check of its own */
	uint64_t judged_alive; /* the same, and the client answered */
	uint64_t disables;
	uint64_t crashes;
	uint64_t stalls;
	uint64_t clock_steps;
};

struct sim {
	struct rng rng;
	uint64_t seed;
	struct sim_client *clients;
	unsigned int n_clients;
	struct heap heap;
	usec_t interval_min; /* of the checkers; the length of a run depends on it */
	long traced;	     /* index of the client whose events are printed, or -1 */

	usec_t t;
	usec_t booted;	     /* true time at which CLOCK_BOOTTIME was zero */
	int64_t real_offset; /* the wall clock's error */
	usec_t stalled_until;

	/* the world's own agenda */
	usec_t next_stall;
	usec_t next_crash;
	usec_t next_clock_step;
	usec_t next_batch;
	enum crash_point crash_point;

	struct sim_client **soon; /* for the next batch, each once; as many as there are clients */
	unsigned int n_soon;

	struct sim_counts counts;
};

/* sim.c */

/** sim_now() - the moment on the clocks that the server sees */
struct instant sim_now(const struct sim *s);

/** sim_fail() - prints seed, step and client, and ends the program */
_Noreturn void sim_fail(const struct sim *s, const struct sim_client *c, const char *what);

#define SIM_CHECK(s, c, condition, what)            \
	do {                                        \
		if (!(condition))                   \
			sim_fail((s), (c), (what)); \
	} while (0)

/* server.c */

void server_add(struct sim *s, struct sim_client *c, const struct client_rules *rules,
		bool enabled);
void server_start(struct sim *s, struct sim_client *c);
void server_event(struct sim *s, struct sim_client *c, struct client_event event);
void server_probe(struct sim *s, struct sim_client *c);
void server_serve_deadlines(struct sim *s, struct sim_client *c);
void server_claim(struct sim *s, struct sim_client *c);
void server_wait_over(struct sim *s, struct sim_client *c, struct peer *p);
void server_peer_gone(struct sim *s, struct sim_client *c, struct peer *p);
void server_peer_answers(struct sim *s, struct sim_client *c, struct peer *p);
void server_end_turn(struct sim *s, struct sim_client *c);
void server_batch(struct sim *s);
void server_crash(struct sim *s, usec_t downtime, bool is_reboot);

/* world.c */

struct client_rules world_rules(struct sim *s);
void world_begin(struct sim *s, struct sim_client *c);
void world_checker_started(struct sim *s, struct sim_client *c);
void world_wake(struct sim *s, struct sim_client *c);
void world_set_node(struct sim *s, struct sim_client *c);
