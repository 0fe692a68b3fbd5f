/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The interface list of --interface: which interface a link-local address belongs to.
 *
 * Bound: IFNAMSIZ bytes a name; a longer one names no interface.
 */

/** interfaces_lookup_fn - index of an interface, 0 if there is none of that name */
typedef unsigned int interfaces_lookup_fn(const char *name);

/**
 * interfaces_scope() - the index of the only interface in the list, 0 if there are none or several
 * @list:   comma separated; empty names, "none" and names without an interface do not count
 * @lookup: if_nametoindex(3), or a test's
 *
 * Looked up for each attempt, since an interface may appear while the client waits.
 * Source: CLI-NET-1, CLI-NET-4, CLI-NET-5, CLI-DIR-3.
 */
unsigned int interfaces_scope(const char *list, interfaces_lookup_fn *lookup);
