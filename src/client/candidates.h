/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The servers that may have the password, and when each is asked next.
 *
 * Pure: time and chance are arguments. Each candidate is asked about every --retry seconds, for
 * ever, a little later rather than sooner, by chance: machines that lost their server together must
 * not come back together. One that is there and has too much to do is given more and more rest, up
 * to CANDIDATES_REST_MOST times that; one that is away costs nobody anything, and is not.
 *
 * Bounds: CANDIDATES_MAX. When full, the idle one that was found on the network and failed most
 * often makes room.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "wire/peer.h"

#define CANDIDATES_MAX 64

#define CANDIDATES_RETRY_MIN_USEC (10 * USEC_PER_MSEC) /* --retry=0 must not spin either */
#define CANDIDATES_PATIENT_TRIES  3		       /* in a row, before the rest grows */
#define CANDIDATES_REST_MOST	  4

/* How soon after its last attempt one is asked again because something changed for the better. */
#define CANDIDATES_WAKE_USEC (250 * USEC_PER_MSEC)

struct candidate {
	bool is_used;
	bool is_named; /* on the command line; never forgotten */
	bool is_gone;  /* found on the network, and then taken back */
	bool is_busy;
	bool was_away;	    /* the last attempt found nobody there */
	struct peer server; /* link-local: with its scope */
	uint32_t index;	    /* interface it was found on; 0: any */
	usec_t due;
	usec_t tried;		 /* when the last attempt began; 0: never */
	unsigned int n_failed;	 /* in a row */
	unsigned int n_strained; /* in a row, of those that say "too much to do" */
};

struct candidates {
	usec_t retry_usec;
	struct candidate list[CANDIDATES_MAX]; /* places do not change */
};

enum candidate_end {
	CANDIDATE_AWAY = 0, /* no connection */
	CANDIDATE_REFUSED,  /* answered, and gave nothing; or what could not be used */
	CANDIDATE_STRAINED, /* there, but did not get as far as an answer */
};

/**
 * candidates_add() - a server that was named or found; one that is known is not added twice
 *
 * A server that was away or said goodbye, and is announced again, is asked soon.
 * Returns NULL if there is no room. Source: CLI-DISC-2, CLI-DISC-3, CLI-DISC-5.
 */
struct candidate *candidates_add(struct candidates *c, const struct peer *server, uint32_t index,
				 bool is_named, usec_t now);

/** candidates_gone() - the network says that it is not there any more; it gets one more chance */
void candidates_gone(struct candidates *c, const struct peer *server, uint32_t index);

/** candidates_take_due() - one to be asked now, marked busy; NULL if there is none */
struct candidate *candidates_take_due(struct candidates *c, usec_t now);

/**
 * candidates_put_back() - after an attempt; returns the time until the next, USEC_NEVER if it was
 *                         forgotten
 * @chance: any number, by chance
 *
 * Source: CLI-DISC-6, CLI-DIR-2.
 */
usec_t candidates_put_back(struct candidates *c, struct candidate *one, enum candidate_end end,
			   usec_t now, uint32_t chance);

/** candidates_wake() - a network has become usable: those that were away may be there now */
void candidates_wake(struct candidates *c, usec_t now);

/** candidates_deadline() - when candidates_take_due() has something next */
usec_t candidates_deadline(const struct candidates *c);
