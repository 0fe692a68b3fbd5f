/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Which interfaces are used, and which of them are brought up: the rules of --interface.
 *
 * Pure. Names that do not exist yet count as soon as they do. Bound: RTNL_NAME_SIZE bytes a name; a
 * longer one names no interface.
 */

#include <stdbool.h>
#include <stdint.h>

struct selection {
	const char *list;  /* of --interface; not owned */
	bool has_connect;  /* servers were named by --connect */
	bool is_automatic; /* nothing was named that exists: take what looks suitable */
	bool is_free;	   /* only "none" was left: use all there is, touch nothing */
};

enum selection_role {
	SELECTION_NOT = 0, /* not ours */
	SELECTION_USE,	   /* use it as it is */
	SELECTION_RAISE,   /* use it, and bring it up first */
};

/** selection_exists_fn - whether there is an interface of that name */
typedef bool selection_exists_fn(void *userdata, const char *name);

/** selection_missing_fn - told of each name without an interface */
typedef void selection_missing_fn(void *userdata, const char *name);

/**
 * selection_make() - looks which of the names exist; after the start hooks, which may make some
 *
 * Source: CLI-NET-1, CLI-NET-2, CLI-NET-4, CLI-HOOK-7.
 */
struct selection selection_make(const char *list, bool has_connect, selection_exists_fn *exists,
				selection_missing_fn *missing, void *userdata);

/**
 * selection_role() - what to do with an interface
 * @flags: IFF_*
 *
 * Source: CLI-NET-2, CLI-NET-3, CLI-NET-4, CLI-NET-7.
 */
enum selection_role selection_role(const struct selection *s, const char *name, uint32_t flags);
