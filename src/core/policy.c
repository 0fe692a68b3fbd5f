/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/policy.h"

#include <stddef.h>

bool policy_may_send(const struct client_life *life, struct instant now)
{
	/* No expiry at all is not one that is far away: the server has not started this client yet.
	 */
	return life->enabled && !life->removed && life->expires != USEC_NEVER &&
	       now.boot < life->expires;
}

enum policy_verdict policy_decide(const struct client_life *life, struct instant now,
				  bool waited_out, bool lockdown)
{
	/* Inclusive: with an approval duration of zero the decision still holds for this moment. */
	bool decided = now.boot <= life->decision_until;

	if (lockdown && life->enabled && !life->removed)
		return POLICY_REFUSE_LOCKDOWN;
	/* Neither given nor refused: a refusal could be taken back by the check, and must not be.
	 */
	if (life->enabled && !life->removed && life->judging != JUDGING_NOT)
		return POLICY_HOLD;
	if (!policy_may_send(life, now))
		return POLICY_REFUSE_DISABLED;
	if (decided && life->decision == DECISION_APPROVED)
		return POLICY_GIVE;
	/* A delay that was set to zero meanwhile frees whoever is woken, but at the end of a wait
	 * it is the default that decides (SRV-APR-2, step 5). */
	if (life->rules.approval_delay == 0 && !waited_out)
		return POLICY_GIVE;
	if (decided && life->decision == DECISION_DENIED)
		return POLICY_REFUSE_DENIED;
	if (!waited_out)
		return POLICY_ASK;
	return life->rules.approved_by_default ? POLICY_GIVE : POLICY_REFUSE_TIMED_OUT;
}

const char *policy_reason(enum policy_verdict verdict)
{
	switch (verdict) {
	case POLICY_REFUSE_DISABLED:
		return "Disabled";
	case POLICY_REFUSE_DENIED:
		return "Denied";
	case POLICY_REFUSE_TIMED_OUT:
		return "Approval timed out";
	case POLICY_REFUSE_LOCKDOWN:
		return "Lockdown";
	case POLICY_REFUSE_UNSAVED:
		return "State cannot be saved";
	case POLICY_GIVE:
	case POLICY_ASK:
	case POLICY_HOLD:
		break;
	}
	return NULL;
}
