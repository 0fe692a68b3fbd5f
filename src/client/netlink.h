/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The kernel's events about interfaces and addresses, applied to a struct links.
 *
 * Nothing waits but netlink_open() and a refresh, which wait for the kernel to tell what it knows:
 * NETLINK_ANSWER_MSEC at most. Needs no privileges.
 */

#include <stdbool.h>

#include "client/links.h"

#define NETLINK_ANSWER_MSEC 5000

struct netlink {
	int fd; /* readable: call netlink_read() */
	uint32_t sequence;
};

/**
 * netlink_open() - subscribes, and fills in what there is now
 *
 * Owner:  netlink_close(), whatever is returned.
 * Errors: errno of socket(2), bind(2), recvmsg(2); -ETIMEDOUT.
 */
int netlink_open(struct netlink *n, struct links *l);

void netlink_close(struct netlink *n);

/**
 * netlink_read() - applies what came
 * @ret_changed: set to true if anything is different; else left alone
 *
 * If the kernel had to drop events, everything is asked for again.
 * Errors: as netlink_open().
 */
int netlink_read(struct netlink *n, struct links *l, bool *ret_changed);
