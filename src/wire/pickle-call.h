/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* The five constructors that a state may name (SRV-PKL-3): what they make of their arguments. */

#include "wire/pickle-arena.h"
#include "wire/pickle.h"

enum pickle_function {
	PICKLE_ENCODE,
	PICKLE_EMPTY_BYTES,
	PICKLE_MAKE_DATETIME,
	PICKLE_MAKE_TIMEDELTA,
	PICKLE_MAKE_BOOLEAN,
};

/** pickle_function_find() - by its module and name, not terminated; false: not one of the five */
bool pickle_function_find(const struct pickle_value *module, const struct pickle_value *name,
			  enum pickle_function *ret);

/**
 * pickle_call() - fills in @ret
 * @arguments: a tuple
 *
 * Errors: enum pickle_result; -ENOMEM.
 */
int pickle_call(enum pickle_function function, const struct pickle_value *arguments,
		struct pickle_arena *arena, struct pickle_value *ret);
