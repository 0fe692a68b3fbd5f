/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The state of Debian's server, from a pickle's values to plain structs.
 *
 * Times are microseconds since the epoch, durations microseconds up to DURATION_MAX_USEC; below
 * zero they are zero. What an older server did not write is unknown; what it wrote in another shape
 * is damage. So is text that is no UTF-8, or holds a NUL, unknown: no configuration file can say
 * it.
 *
 * Bounds: PICKLED_CLIENTS_MAX names in either half, PICKLED_ATTRIBUTES_MAX attributes of
 * a name, PICKLED_TEXT_MAX bytes of text.
 */

#include <stdint.h>

#include "base/clock.h"
#include "wire/pickle-arena.h"
#include "wire/pickle.h"

#define PICKLED_CLIENTS_MAX ((uint32_t)1 << 17)

/* A client has some forty; without a bound, one large dict could be read for every name. */
#define PICKLED_ATTRIBUTES_MAX 256
#define PICKLED_TEXT_MAX       65536 /* bytes of a name or a setting */

enum pickled_flag {
	PICKLED_UNKNOWN = 0,
	PICKLED_FALSE,
	PICKLED_TRUE,
};

/** struct pickled_settings - text is NULL and durations are USEC_NEVER when unknown */
struct pickled_settings {
	const char *host;
	const char *checker;
	const char *fingerprint;
	const char *key_id;
	usec_t timeout;
	usec_t extended_timeout;
	usec_t interval;
	usec_t approval_delay;
	usec_t approval_duration;
	enum pickled_flag approved_by_default;
	enum pickled_flag enabled;
};

/** struct pickled_client - stamps are USEC_NEVER when none */
struct pickled_client {
	const char *name;
	uint32_t order;	  /* in the file */
	bool is_alive;	  /* the server knew it when it ended: @current and what follows is set */
	bool was_in_file; /* @configured is set */
	struct pickled_settings current;
	struct pickled_settings configured;
	usec_t created;
	usec_t last_enabled;
	usec_t expires;
	usec_t last_checked_ok;
	usec_t last_approval_request;
	int last_checker_status;
	const uint8_t *encrypted_secret; /* OpenPGP (SRV-PKL-5) */
	size_t encrypted_secret_size;
};

struct pickled_state {
	struct pickled_client *clients;
	size_t n_clients;
	struct pickle_arena arena; /* of the strings */
};

/**
 * pickled_state_read() - interprets the top value of a pickle
 * @p:        must outlive the result
 * @ret:      set for PICKLE_OK
 * @ret_what: for PICKLE_DAMAGED and _TOO_LARGE: what was wrong, a static string
 *
 * A client whose name is no UTF-8, or holds a NUL, is left out.
 * Owner:  pickled_state_deinit().
 * Errors: enum pickle_result; -ENOMEM.
 * Source: SRV-PKL-4.
 */
int pickled_state_read(const struct pickle *p, struct pickled_state *ret, const char **ret_what);
void pickled_state_deinit(struct pickled_state *s);
