/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * OpenPGP by GPGME, one operation at a time, inside the caller's loop.
 *
 * Nothing here waits except openpgp_new(), which runs "gpg --version" once, and a cancellation. The
 * plaintext goes from gpg's pipe into secret memory; no passphrase is ever asked for; signatures
 * are not verified.
 *
 * Bounds: OPENPGP_FDS_MAX descriptors, OPENPGP_PLAINTEXT_MAX bytes (a message of 64 KiB can
 * decompress to a thousand times as much), OPENPGP_CANCEL_ROUNDS.
 */

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/secret.h"

#define OPENPGP_FDS_MAX	      16
#define OPENPGP_PLAINTEXT_MAX SECRET_SIZE_MAX

/* How often and how long a cancelled gpg's end is waited for; a second where all goes well. */
#define OPENPGP_CANCEL_ROUNDS	  50
#define OPENPGP_CANCEL_ROUND_MSEC 20

struct openpgp;

enum openpgp_state {
	OPENPGP_IDLE = 0, /* nothing was started, or its result was taken */
	OPENPGP_BUSY,
	OPENPGP_DONE,
	OPENPGP_FAILED, /* openpgp_error_text() says why */
};

/**
 * openpgp_new() - finds gpg
 * @home:      directory for key rings; must outlive the object
 * @ret_error: static text when the call fails
 *
 * Owner:  openpgp_free(), before @home is removed.
 * Errors: -ENOMEM, -ENOPKG if there is no usable gpg.
 */
int openpgp_new(const char *home, struct openpgp **ret, const char **ret_error);

/** openpgp_free() - cancels what is going on; NULL is fine; returns NULL */
struct openpgp *openpgp_free(struct openpgp *o);

enum openpgp_key {
	OPENPGP_KEY_PUBLIC = 1,
	OPENPGP_KEY_SECRET,
};

/**
 * openpgp_import_start() - a key file into the key ring
 * @fd: of the file; must stay open until the operation is over
 *
 * Errors: 0, or -EIO with openpgp_error_text(). The end shows in openpgp_state().
 * Source: CLI-PGP-4.
 */
int openpgp_import_start(struct openpgp *o, int fd, enum openpgp_key kind);

/**
 * openpgp_decrypt_start() - a binary message to plaintext
 * @data, @size: must stay unchanged until the operation is over
 *
 * Errors: as openpgp_import_start(). Source: CLI-PGP-1, CLI-PGP-6, CLI-PGP-7.
 */
int openpgp_decrypt_start(struct openpgp *o, const void *data, size_t size);

/**
 * openpgp_cancel() - ends the operation that is going on, and its gpg; it has then failed
 *
 * Waits until gpg is gone. The agent goes too; the next operation starts another.
 */
void openpgp_cancel(struct openpgp *o, const char *why);

/** openpgp_poll_set() - what to wait for; returns how many of OPENPGP_FDS_MAX were filled in */
nfds_t openpgp_poll_set(struct openpgp *o, struct pollfd ret_fds[OPENPGP_FDS_MAX]);

/** openpgp_dispatch() - after poll(2), with the same array */
void openpgp_dispatch(struct openpgp *o, const struct pollfd *fds, nfds_t n_fds);

enum openpgp_state openpgp_state(const struct openpgp *o);
const char *openpgp_error_text(const struct openpgp *o);

/**
 * openpgp_take() - ends an operation that is over, and gives its plaintext
 *
 * Owner:   the caller frees it. NULL after an import, a failure, or if there is no memory.
 */
struct secret *openpgp_take(struct openpgp *o);
