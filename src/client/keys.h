/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The four key files: the TLS pair is read at once, the OpenPGP pair checked while the network
 * works.
 *
 * The file of the secret OpenPGP key stays open, and is read by the opener only.
 * Bounds: KEYS_TLS_FILE_MAX bytes a TLS file, KEYS_CHECK_USEC for the check.
 */

#include "base/clock.h"
#include "client/opener.h"
#include "client/options.h"
#include "client/warden.h"
#include "tls/tls.h"

#define KEYS_TLS_FILE_MAX ((size_t)64 * 1024)
#define KEYS_CHECK_USEC	  (60 * USEC_PER_SEC)

/**
 * keys_load_tls() - the TLS context with this machine's key
 *
 * Owner:  tls_context_free().
 * Errors: an exit status (CLI-EXIT-3), after a message; 0 on success. Source: CLI-TLS-2, CLI-TLS-6,
 * CLI-TLS-7.
 */
int keys_load_tls(const struct options *o, struct tls_context **ret);

enum keys_state {
	KEYS_CHECKING = 0,
	KEYS_READY,
	KEYS_UNUSABLE, /* a message was printed */
};

/** struct keys - the OpenPGP pair */
struct keys {
	struct opener *opener;
	const struct options *options;
	enum keys_state state;
	int public_fd;
	int secret_fd; /* for opener_decrypt_start(), when they are ready */
	usec_t deadline;
};

/**
 * keys_start() - opens both files and starts the check
 * @opener, @o: must outlive @ret
 *
 * Both are opened first, so that a missing file is told before any server is troubled.
 * Owner:  keys_deinit(), whatever is returned.
 * Errors: -1 after a message (CLI-PGP-4).
 */
int keys_start(struct keys *ret, struct opener *opener, struct warden *w, const struct options *o,
	       struct instant now);

void keys_deinit(struct keys *k);

/** keys_step() - goes on when opener_state() has changed or the deadline has come */
enum keys_state keys_step(struct keys *k, struct instant now);
