/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* What the gates tell about strangers, as log records (SRV-LOG-8). */

#include "wire/gate-msg.h"

struct client;

/** gate_event_log() - logs a GATE_MSG_EVENT; the gate has limited their rate (W-56) */
void gate_event_log(const struct gate_msg *m);

/** gate_event_log_failed() - logs a GATE_MSG_FAILED: the secret of @c did not reach @peer */
void gate_event_log_failed(const struct client *c, const struct peer *peer,
			   const struct gate_msg *m);
