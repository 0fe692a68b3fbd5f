/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * OpenPGP by the opener (opener-work.h), one operation at a time, inside the caller's loop.
 *
 * Nothing here waits. The plaintext goes from the opener's pipe into secret memory; no passphrase
 * is ever asked for; signatures are not verified (CLI-PGP-6).
 *
 * Bounds: one descriptor, one process, OPENER_PLAINTEXT_MAX bytes. How long it may take is the
 * caller's to say, by opener_cancel().
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/secret.h"
#include "wire/opener-msg.h"

#define OPENER_PLAINTEXT_MAX SECRET_SIZE_MAX
#define OPENER_ERROR_MAX     160

enum opener_state {
	OPENER_IDLE = 0, /* nothing was started, or its result was taken */
	OPENER_BUSY,
	OPENER_DONE,
	OPENER_FAILED, /* opener_error_text() says why */
};

struct opener {
	enum opener_state state;
	pid_t pid;
	int fd; /* -1 unless busy */
	uint8_t head[OPENER_ANSWER_SIZE];
	size_t n_head;
	bool wants_plaintext;
	struct opener_answer answer; /* once the head is complete */
	struct secret *plaintext;
	size_t n_plaintext;
	char error_text[OPENER_ERROR_MAX];
};

/** opener_init() - idle. Owner: opener_deinit(). */
void opener_init(struct opener *o);

/** opener_deinit() - ends what is going on, and erases what was not taken */
void opener_deinit(struct opener *o);

/**
 * opener_check_start() - are these a public and a usable secret key?
 * @public_fd, @secret_fd: regular files; read from their beginnings, wherever they are at
 *
 * Errors: 0, or -EIO with opener_error_text(). The end shows in opener_state(), and which file it
 * was in opener_culprit(). Source: CLI-PGP-2, CLI-PGP-4.
 */
int opener_check_start(struct opener *o, int public_fd, int secret_fd);

/**
 * opener_decrypt_start() - a message to plaintext
 * @secret_fd: the file of the secret key
 * @data, @size: in ordinary memory; not needed any more when this returns
 *
 * Errors: as opener_check_start(). Source: CLI-PGP-1, CLI-PGP-6, CLI-PGP-7.
 */
int opener_decrypt_start(struct opener *o, int secret_fd, const void *data, size_t size);

/** opener_cancel() - ends the operation that is going on; it has then failed */
void opener_cancel(struct opener *o, const char *why);

/** opener_fd() - becomes readable when opener_step() has something to do; -1: nothing to wait for
 */
int opener_fd(const struct opener *o);

/** opener_step() - reads what is there */
void opener_step(struct opener *o);

enum opener_state opener_state(const struct opener *o);
const char *opener_error_text(const struct opener *o);

/** opener_culprit() - the file that the failure is about; 0 if it is about none */
int opener_culprit(const struct opener *o);

/**
 * opener_take() - ends an operation that is over, and gives its plaintext
 *
 * Owner:   the caller frees it. NULL after a check or a failure.
 */
struct secret *opener_take(struct opener *o);
