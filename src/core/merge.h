/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * What a client is after a restart: the configuration of today against the state and the
 * configuration of yesterday. Pure.
 */

#include "core/store.h"

/** enum merge_note - what happened to the enabled state, for one log record (L10 to L12) */
enum merge_note {
	MERGE_UNREMARKABLE = 0,
	MERGE_KEPT,	      /* L12: had expired during the downtime, last check was good */
	MERGE_NEVER_CHECKED,  /* L10: had expired and never had a good check: disabled */
	MERGE_LAST_CHECK_BAD, /* L11: had expired and its last check was bad: disabled */
	MERGE_SHORTENED,      /* its expiry was further ahead than any time-out allows */
	MERGE_ENABLED_AFRESH, /* was disabled by the file and is not any more */
	MERGE_DISABLED_BY_FILE,
};

/**
 * merge_settings() - each setting: yesterday's run-time value, unless the file has changed since
 * @configured: today's file
 * @record:     yesterday's state
 * @ret:        strings point into the arguments
 *
 * Source: SRV-STATE-10.
 */
void merge_settings(const struct store_settings *configured, const struct store_record *record,
		    struct store_settings *ret);

/**
 * merge_expires() - a saved expiry on the boot clock
 * @rules: as merged
 *
 * What was written lies in the past. If the clock says otherwise it was set back meanwhile (an
 * empty battery is enough), and then no time counts as passed: more than was left when it was
 * written is never left. Nor is more than the longest that the rules can grant, whatever the state
 * says: 1970 must not become years of trust.
 * Source: docs/state.md, clocks.
 */
usec_t merge_expires(const struct client_rules *rules, const struct store_life *saved,
		     struct instant now);

/**
 * merge_life() - the life that goes on
 * @life:       rules and enabled as configured today; becomes the merged life
 * @configured_enabled: today's file
 *
 * The rules must have been merged already. CLIENT_EVENT_START comes next.
 * Source: SRV-STATE-10, SRV-STATE-13, SRV-STATE-14, SRV-STATE-15, SRV-STATE-16; docs/state.md.
 */
enum merge_note merge_life(struct client_life *life, bool configured_enabled,
			   const struct store_record *record, struct instant now);
