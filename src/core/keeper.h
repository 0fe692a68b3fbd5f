/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Brings what has changed into the store, at the right time: what lowers trust before the turn
 * ends, the rest within KEEPER_BATCH_USEC.
 *
 * Bound: each client is noted at most once.
 */

#include <stdbool.h>

#include <systemd/sd-event.h>

#include "core/registry.h"
#include "core/store.h"

#define KEEPER_BATCH_USEC (1 * USEC_PER_SEC)
/* After a failed commit the next try comes by itself, so that a disk that was full is caught up. */
#define KEEPER_RETRY_USEC (5 * USEC_PER_SEC)

struct turn;

TAILQ_HEAD(save_list, client);

struct keeper {
	struct store *store;
	struct turn *turn;
	sd_event_source *timer;
	struct save_list urgent;
	struct save_list batched;
	bool failed; /* the last commit was not kept; logged once */
};

/** keeper_init() - over an open store, which stays the caller's; Owner: keeper_deinit() */
int keeper_init(struct keeper *k, sd_event *event, struct turn *turn, struct store *store);
void keeper_deinit(struct keeper *k);

/** keeper_note() - @c has changed; @urgent: before anybody is told (EFFECT_SAVE) */
void keeper_note(struct keeper *k, struct client *c, bool urgent);

/** keeper_note_settings() - its settings or its secret were changed at run time; urgent */
void keeper_note_settings(struct keeper *k, struct client *c);

/**
 * keeper_note_removed() - @c is removed at run time
 * @is_configured: the file still has it, and that it is removed has to be remembered (SRV-STATE-18)
 *
 * Comes before manager_remove(). Never fails for lack of memory. Errors: -ENOENT.
 */
int keeper_note_removed(struct keeper *k, struct client *c, bool is_configured);

/** keeper_note_lockdown() - begun at @since, or lifted: USEC_NEVER; urgent */
void keeper_note_lockdown(struct keeper *k, usec_t since);

/**
 * keeper_commit() - makes everything that is urgent durable, and what is batched if @all
 *
 * Returns 0, or the negative errno of the store: nothing was kept, the changes stay noted and
 * will be tried again, at the latest after KEEPER_RETRY_USEC. The failure has been logged. The
 * first success after it asks for a turn, so that what waited to be announced is.
 */
int keeper_commit(struct keeper *k, bool all, struct instant now);

/**
 * keeper_is_durable() - the last commit was kept
 *
 * While it was not, no secret may be given: a refusal could not be made to last (docs/state.md).
 */
static inline bool keeper_is_durable(const struct keeper *k)
{
	return !k->failed;
}

/**
 * keeper_finish() - the last commit of an orderly end, of everything
 *
 * Returns 0, also when the directory or the permission is missing: that is only said (SRV-STATE-3,
 * L39). Errors: negative errno otherwise, said too; the program ends with status 1. Whether it was
 * kept is what keeper_is_durable() says afterwards.
 */
int keeper_finish(struct keeper *k, struct instant now);

/** keeper_forget() - @c is going; what was noted of it need not be saved */
void keeper_forget(struct keeper *k, struct client *c);

/** keeper_all_saved() - forgets what was noted: somebody else has just put and committed it all */
void keeper_all_saved(struct keeper *k);

/** keeper_life() - the run-time values of a client as the store has them */
struct store_life keeper_life(const struct client *c, struct instant now);
