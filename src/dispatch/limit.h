/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * How often a hook is told of one kind of event; what is too much is counted, and told as a number
 * when the time is over. Pure; @now is CLOCK_BOOTTIME.
 *
 * A window begins with the first event after the last one is over, and lets as many through as the
 * rule says. If something was kept back meanwhile, the next window begins with telling so, which is
 * one of its own.
 */

#include <stdbool.h>

#include "base/clock.h"

/** struct limit_rule - @n in each @period; both at least 1 */
struct limit_rule {
	unsigned int n;
	usec_t period;
};

/** struct limit - the window at hand; { 0 } at first */
struct limit {
	usec_t end;
	unsigned int n_passed;
	unsigned long n_suppressed;
};

/** limit_pass() - one more event: true if it may be told now; else it is counted */
bool limit_pass(struct limit *l, const struct limit_rule *rule, usec_t now);

/** limit_return() - @n events that could not be told after all are counted as suppressed */
void limit_return(struct limit *l, const struct limit_rule *rule, unsigned long n, usec_t now);

/** limit_due() - when limit_take() has something; USEC_NEVER if nothing was kept back */
usec_t limit_due(const struct limit *l);

/** limit_take() - how many were kept back, once their window is over, else 0; begins the next */
unsigned long limit_take(struct limit *l, const struct limit_rule *rule, usec_t now);
