/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * How the kernel makes sure that nobody else has an interface's IPv6 address (duplicate address
 * detection), and how long it takes before the address can be used.
 *
 * By default the kernel waits up to a second by chance before it asks, and then one for an
 * objection. Made hasty, an interface asks at once, as one that is optimistic does (RFC 4429), and
 * waits DAD_WAIT_MSEC. Works as root; changes settings of the kernel that outlive this program.
 */

#define DAD_WAIT_MSEC 200

/** struct dad - settings as they were; -1: not there, or not ours to change */
struct dad {
	int optimistic;
	int wait_msec;
};

/** dad_hasten() - for an interface that is about to be set up; dad_restore() when it is down again
 */
void dad_hasten(const char *interface, struct dad *ret_before);

void dad_restore(const char *interface, const struct dad *before);
