/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Waiting for a GPGME operation in a way that a signal can interrupt.
 *
 * GPGME's own waiting goes on through signals; key generation lasts. So the program polls GPGME's
 * descriptors itself, together with the one of keygen/interrupt. Bound: OPENPGP_WATCHES_MAX
 * descriptors at a time; GPGME uses one for each of status, command, input, output and diagnosis.
 */

#include <gpgme.h>
#include <stdbool.h>

#include "base/clock.h"

#define OPENPGP_WATCHES_MAX 16

struct openpgp_watch {
	bool used;
	bool fresh; /* added since the last poll(2) */
	bool for_reading;
	int fd;
	gpgme_io_cb_t call;
	void *data;
};

/** struct openpgp_loop - zero-initialise; must stay where it is while attached */
struct openpgp_loop {
	struct openpgp_watch watches[OPENPGP_WATCHES_MAX];
	bool done;
	gpgme_error_t result;
};

/** openpgp_loop_attach() - from now on @ctx's operations are waited for by openpgp_loop_run() */
void openpgp_loop_attach(struct openpgp_loop *loop, gpgme_ctx_t ctx);

/**
 * openpgp_loop_run() - until the operation that was just started has ended
 * @ctx:        the one @loop is attached to
 * @started:    what the gpgme_op_..._start() call returned
 * @deadline:   on CLOCK_BOOTTIME
 * @ret_result: the operation's own error, or that of starting it; set if 0 is returned
 *
 * Errors: -ECANCELED once a signal was caught, -ETIMEDOUT, errno of poll(2); the operation has then
 *         been cancelled.
 */
int openpgp_loop_run(struct openpgp_loop *loop, gpgme_ctx_t ctx, gpgme_error_t started,
		     usec_t deadline, gpgme_error_t *ret_result);
