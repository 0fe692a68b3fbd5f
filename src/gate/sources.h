/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Who holds how many connections, and whose is dropped when all places are taken.
 *
 * A source is an IPv4 address (also a mapped one), the /64 network of an IPv6 address, or a whole
 * link-local address with its zone: what one stranger can be expected to own. A connection is
 * expendable until its peer has proved a key, and again while it is only being closed.
 *
 * Bounds: the two of sources_init(). Adding, removing and choosing take constant time.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "wire/peer.h"

struct source;

/** struct place - a connection's place; embed it */
struct place {
	struct source *source; /* NULL: in no table */
	TAILQ_ENTRY(place) entry;
	bool expendable;
};

TAILQ_HEAD(places, place);
TAILQ_HEAD(source_list, source);

struct sources {
	struct source *by_key; /* uthash */
	/* Sources by the number of their expendable places, 1 to @max_per_source. */
	struct source_list *buckets;
	size_t fullest; /* no bucket above it has a source */
	size_t n_places;
	size_t max_places;
	size_t max_per_source;
};

enum sources_result {
	SOURCES_OK = 0,
	SOURCES_FULL,	     /* all places are taken */
	SOURCES_SOURCE_FULL, /* this source has its share */
};

/**
 * source_hash() - a number that all connections of one source share, and few others have
 * @seed: random, so that no stranger can choose whom to share it with
 */
uint32_t source_hash(const struct peer *peer, uint32_t seed);

/** sources_init() - both bounds at least 1; -ENOMEM */
int sources_init(struct sources *s, size_t max_places, size_t max_per_source);

/** sources_deinit() - every place must have been removed */
void sources_deinit(struct sources *s);

/**
 * sources_add() - an expendable place for a connection from @peer
 *
 * Owner:  @place stays the caller's; sources_remove() before it goes.
 * Errors: the results above, or -ENOMEM; @place is then in no table.
 */
int sources_add(struct sources *s, const struct peer *peer, struct place *place);

/** sources_remove() - fine if @place is in no table */
void sources_remove(struct sources *s, struct place *place);

void sources_set_expendable(struct sources *s, struct place *place, bool expendable);

/**
 * sources_victim() - the oldest expendable place of the source that has most of them
 *
 * Returns NULL if no place is expendable. The place stays in the table.
 */
struct place *sources_victim(struct sources *s);
