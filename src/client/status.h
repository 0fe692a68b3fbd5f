/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* One sentence for whoever stands before a machine that does not boot. */

#include <stddef.h>

#include "client/links.h"
#include "client/selection.h"

#define STATUS_TEXT_SIZE 700

/**
 * status_format() - what keeps the password away, interface by interface, and what can be done
 * @n_servers: named or found so far
 *
 * Cut at an interface's end when there are too many.
 */
void status_format(const struct links *l, const struct selection *s, size_t n_servers,
		   char ret_text[STATUS_TEXT_SIZE]);
