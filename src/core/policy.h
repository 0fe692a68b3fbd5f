/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Whether a client that has proved its key gets its secret now. Pure; the whole of SRV-APR-2.
 */

#include <stdbool.h>

#include "core/client.h"

enum policy_verdict {
	POLICY_GIVE,
	POLICY_ASK,  /* a human has to decide; until then wait */
	POLICY_HOLD, /* the server was behind; a check has to decide, and soon will; until then wait
		      */
	POLICY_REFUSE_DISABLED,
	POLICY_REFUSE_DENIED,
	POLICY_REFUSE_TIMED_OUT, /* nobody decided in time, and the default is to deny */
	POLICY_REFUSE_LOCKDOWN,	 /* an administrator said that nobody gets anything */
	POLICY_REFUSE_UNSAVED,	 /* the state cannot be saved: policy_decide() never says this */
};

/**
 * policy_decide() - the verdict on one session
 * @life:       of the client whose key was proved
 * @waited_out: the session has waited for the whole approval delay
 * @lockdown:   nobody gets anything: whoever is enabled is refused at once, without being judged
 *
 * Asked when the key is proved, whenever something changes while the session waits, and when the
 * wait is over. Whoever then gives the secret asks policy_may_send() as the last thing before it.
 * POLICY_REFUSE_DISABLED for a client that is still marked enabled means that its expiry has not
 * been served: step it with CLIENT_EVENT_TICK first, so that the refusal is durable before it is
 * given.
 * Source: SRV-APR-2, SRV-APR-6, SRV-APR-9.
 */
enum policy_verdict policy_decide(const struct client_life *life, struct instant now,
				  bool waited_out, bool lockdown);

/**
 * policy_may_send() - the client still exists, is enabled, and has not expired (SRV-APR-9)
 *
 * A client whose time is over counts as disabled even before its timer has been served: on a busy
 * server the two are not the same moment.
 */
bool policy_may_send(const struct client_life *life, struct instant now);

/** policy_reason() - the reason as D-Bus has it ("Disabled", ...); NULL for GIVE, ASK and HOLD */
const char *policy_reason(enum policy_verdict verdict);
