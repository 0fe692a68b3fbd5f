/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dispatch/limit.h"

bool limit_pass(struct limit *l, const struct limit_rule *rule, usec_t now)
{
	/* Whoever was kept back is told of first, or the number would be that of two windows. */
	if (now >= l->end && l->n_suppressed == 0)
		*l = (struct limit){ .end = usec_add(now, rule->period) };
	if (l->n_passed < rule->n && l->n_suppressed == 0) {
		l->n_passed++;
		return true;
	}
	l->n_suppressed++;
	return false;
}

void limit_return(struct limit *l, const struct limit_rule *rule, unsigned long n, usec_t now)
{
	l->n_suppressed += n;
	if (now >= l->end)
		l->end = usec_add(now, rule->period);
}

usec_t limit_due(const struct limit *l)
{
	return l->n_suppressed > 0 ? l->end : USEC_NEVER;
}

unsigned long limit_take(struct limit *l, const struct limit_rule *rule, usec_t now)
{
	unsigned long n = now >= limit_due(l) ? l->n_suppressed : 0;

	if (n > 0)
		*l = (struct limit){ .end = usec_add(now, rule->period), .n_passed = 1 };
	return n;
}
