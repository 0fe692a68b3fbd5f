/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * uthash as the gate uses it: an element has a member @known, true while it is in its table.
 *
 * A stranger who exhausts memory must not end the gate, and uthash would call exit(): an element
 * that could not be added is instead left with @known false. Its default hash function falls
 * through switch labels, which our warnings forbid. A stranger may choose addresses that collide;
 * the limit on connections bounds how many.
 */

#define HASH_NONFATAL_OOM	     1
#define uthash_nonfatal_oom(element) ((element)->known = false)
#define HASH_FUNCTION		     HASH_FNV
#include <uthash.h>
