/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Whether the server is locked down: a property of its object "/". A server that has none is not.
 */

#include <stdbool.h>
#include <systemd/sd-bus.h>

enum lockdown_state {
	LOCKDOWN_UNKNOWN, /* never heard */
	LOCKDOWN_OFF,
	LOCKDOWN_ON,
};

/**
 * struct lockdown - @state as it was last heard, over connections and servers
 *
 * @on_change: another value than the one that was known, or a change of one that was not
 */
struct lockdown {
	enum lockdown_state state;
	void (*on_change)(void *userdata, bool is_on);
	void *userdata;
};

/**
 * lockdown_watch() - asks a new connection for changes, and for the value of now
 *
 * Nothing is waited for. Errors: errno of sd_bus_add_match_async(3) or sd_bus_call_async(3).
 */
int lockdown_watch(struct lockdown *l, sd_bus *bus);

/** lockdown_ask() - only for the value, when another server has come */
int lockdown_ask(struct lockdown *l, sd_bus *bus);
