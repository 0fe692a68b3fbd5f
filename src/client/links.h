/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The machine's network interfaces and their addresses, as the kernel's messages have told so far.
 *
 * Pure: netlink.h brings the messages. Bounds: LINKS_MAX interfaces, LINK_ADDRESSES_MAX addresses
 * on each; what is beyond is not looked at.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/rtnl.h"

#define LINKS_MAX	   256
#define LINK_ADDRESSES_MAX 8

struct link_address {
	struct peer address;
	bool is_tentative;
};

struct link {
	uint32_t index;
	uint32_t flags; /* IFF_* */
	char name[RTNL_NAME_SIZE];
	size_t n_addresses;
	struct link_address addresses[LINK_ADDRESSES_MAX];
};

struct links {
	size_t n_links; /* in the order of their names */
	struct link links[LINKS_MAX];
};

/** links_apply() - one message; returns true if it changed anything */
bool links_apply(struct links *l, const struct rtnl_message *m);

struct link *links_find(struct links *l, uint32_t index);

/** links_find_name() - by name, NULL if there is none */
const struct link *links_find_name(const struct links *l, const char *name);

bool link_is_up(const struct link *l);

/** link_is_running() - up, and with a carrier as far as its driver can tell */
bool link_is_running(const struct link *l);

/** link_address() - the first usable address of the family, NULL if there is none yet */
const struct peer *link_address(const struct link *l, enum peer_family family);
