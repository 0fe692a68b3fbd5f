/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * One probe: a built-in checker that is being carried out, from its request to its outcome.
 *
 *   RESOLVING -> PINGING ---------------------------> OVER
 *             -> CONNECTING [-> TALKING] -> PARTING -> OVER
 *
 * The outcome is known when PARTING or OVER is entered. PARTING only waits until the other side has
 * read its end of the connection, so that it is not reset.
 *
 * Bounds: PROBE_USEC for all of it, and PROBE_PARTING_USEC more.
 */

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/heap.h"
#include "probe/ping.h"
#include "probe/resolve.h"
#include "wire/builtin.h"
#include "wire/spawn-msg.h"
#include "wire/ssh-kex.h"

/* Longer than a busy host takes, and shorter than any sensible interval. */
#define PROBE_USEC	   (10 * USEC_PER_SEC)
#define PROBE_PARTING_USEC USEC_PER_SEC
#define PROBE_PINGS	   3

enum probe_state {
	PROBE_RESOLVING,
	PROBE_PINGING,
	PROBE_CONNECTING,
	PROBE_TALKING,
	PROBE_PARTING,
	PROBE_OVER,
};

struct probes;

struct probe {
	struct probes *probes;
	sd_event *event; /* of the table */
	uint64_t id;
	struct builtin what;
	enum probe_state state;
	usec_t end;
	struct heap_node timer;

	struct resolve *resolve;
	struct addresses to;

	struct ping ping;
	unsigned int n_pings;

	unsigned int n_tried;	    /* addresses */
	usec_t address_end;	    /* the present one's time is over */
	enum builtin_status so_far; /* the most telling reason up to now */
	int fd;
	sd_event_source *io;
	struct ssh_kex *kex;
	unsigned int key_types; /* that have not been seen yet, of this address */

	enum spawn_outcome outcome;
	uint32_t value;
	bool is_reported;
	struct probe *next_done;
	UT_hash_handle hh; /* in probes->by_id, until it has an outcome */
};

/* ---- what the parts of a probe's life call ---- */

/** probe_note() - a reason why it failed so far; the most telling one is what is reported */
void probe_note(struct probe *p, enum builtin_status reason);

/**
 * probe_decide() - the outcome; only the first one counts
 * @is_parting: the connection is still to be ended in an orderly way
 */
void probe_decide(struct probe *p, enum builtin_status status, bool is_parting, usec_t now);

/** probe_set_timer() - when probe_expire() is to be called */
void probe_set_timer(struct probe *p, usec_t when);

/** probe_over() - nothing is waited for any more; the outcome must be known */
void probe_over(struct probe *p);

/** probe_close() - the connection and what is with it, at once */
void probe_close(struct probe *p);

/* ---- dial.c: TCP ---- */

/** dial_next() - connects to the next address, or decides if there is none */
void dial_next(struct probe *p, usec_t now);

/** dial_again() - connects to the same one again */
void dial_again(struct probe *p, usec_t now);

/** dial_drain() - PARTING: throws away what comes; false once there is nothing to wait for */
bool dial_drain(struct probe *p);

/** dial_failed() - a reason for an errno of connecting, reading or writing */
enum builtin_status dial_failed(int e);

/* ---- talk.c: SSH, over a connection that stands ---- */

/** talk_start() - TALKING */
void talk_start(struct probe *p, usec_t now);

/** talk_on_io() - the connection is ready for @events */
void talk_on_io(struct probe *p, uint32_t events, usec_t now);
