/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * How much is logged, changed while the server runs: SIGUSR1 logs one level more, SIGUSR2 as much
 * as was configured. The gates are told, since they do not send what would not be logged.
 */

#include <systemd/sd-event.h>

#include "base/log.h"

struct gates;

struct verbosity {
	enum log_level configured;
	struct gates *const *gates; /* where the server keeps them; NULL there before they start */
};

/**
 * verbosity_start() - takes the two signals
 * @v:     lives as long as the event loop; the threshold of now becomes @v->configured
 * @gates: read at each change
 *
 * Errors: negative errno of the event loop.
 */
int verbosity_start(struct verbosity *v, sd_event *event, struct gates *const *gates);

/** verbosity_set() - another threshold, from now on and for gates that start later */
void verbosity_set(struct verbosity *v, enum log_level threshold);
