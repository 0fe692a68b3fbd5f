/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The four key files: the TLS pair at once, the OpenPGP pair step by step while the network works.
 *
 * Bounds: KEYS_TLS_FILE_MAX bytes a TLS file, KEYS_STEP_USEC for gpg to import one OpenPGP file.
 */

#include "base/clock.h"
#include "client/openpgp.h"
#include "client/options.h"
#include "client/warden.h"
#include "tls/tls.h"

#define KEYS_TLS_FILE_MAX ((size_t)64 * 1024)
#define KEYS_STEP_USEC	  (60 * USEC_PER_SEC)

/**
 * keys_load_tls() - the TLS context with this machine's key
 *
 * Owner:  tls_context_free().
 * Errors: an exit status (CLI-EXIT-3), after a message; 0 on success. Source: CLI-TLS-2, CLI-TLS-6,
 * CLI-TLS-7.
 */
int keys_load_tls(const struct options *o, struct tls_context **ret);

enum keys_state {
	KEYS_IMPORTING_PUBLIC = 0,
	KEYS_IMPORTING_SECRET,
	KEYS_READY,
	KEYS_UNUSABLE, /* a message was printed */
};

/** struct keys - the OpenPGP pair on its way into the key ring */
struct keys {
	struct openpgp *openpgp;
	struct warden *warden;
	enum keys_state state;
	const char *path; /* of the file being imported */
	int public_fd;
	int secret_fd;
	usec_t deadline;
};

/**
 * keys_start() - opens both files and starts the first import
 * @openpgp, @w: must outlive @ret
 *
 * Both are opened first, so that a missing file is told before any server is troubled.
 * Owner:  keys_deinit(), whatever is returned.
 * Errors: -1 after a message (CLI-PGP-4).
 */
int keys_start(struct keys *ret, struct openpgp *openpgp, struct warden *w, const struct options *o,
	       struct instant now);

void keys_deinit(struct keys *k);

/** keys_step() - goes on when openpgp_state() has changed or the deadline has come */
enum keys_state keys_step(struct keys *k, const struct options *o, struct instant now);
