/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Bringing interfaces up, and those that were brought up down again.
 *
 * Works as root, with the ioctls of a socket that needs neither IPv4 nor IPv6 in the kernel.
 * Bound: UPLINKS_MAX interfaces; one more is refused.
 */

#include <stddef.h>
#include <stdint.h>

#include "client/dad.h"

#define UPLINKS_MAX 256

struct uplink {
	uint32_t index; /* its name may change meanwhile */
	struct dad dad;
};

struct uplinks {
	size_t n_raised;
	struct uplink raised[UPLINKS_MAX]; /* in the order of time */
};

/**
 * uplinks_name() - name of an interface
 *
 * Errors: errno of ioctl(2); -ENODEV.
 */
int uplinks_name(uint32_t index, char ret_name[16]);

/** uplinks_flags() - IFF_* of an interface; errors as uplinks_name() (CLI-NET-6) */
int uplinks_flags(uint32_t index, uint32_t *ret_flags);

/**
 * uplinks_raise() - sets the interface up if it is down, with a hasty address, and remembers that
 *
 * Kernel messages of that moment stay off the console, which may show a prompt.
 * Errors: as uplinks_name(), -E2BIG. Source: CLI-NET-8, CLI-NET-9, CLI-NET-13.
 */
int uplinks_raise(struct uplinks *u, uint32_t index);

/** uplinks_lower_all() - sets down what uplinks_raise() set up, in the same order, and all is as it
 * was */
void uplinks_lower_all(struct uplinks *u);
