/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * A machine whose clock has no battery wakes up in 1970, when its own keys do not exist yet.
 */

#include <stdbool.h>

#include "base/clock.h"
#include "client/warden.h"

/** wall_clock_is_unset() - true in January 1970 (CLI-PGP-5); @real: CLOCK_REALTIME */
bool wall_clock_is_unset(usec_t real);

/**
 * wall_clock_repair() - has an unset clock set to when the key file was last changed
 * @real: CLOCK_REALTIME now
 * @key_fd: the open key file
 *
 * Failure is reported and nothing more: OpenPGP may still be content. Source: CLI-PGP-5.
 */
void wall_clock_repair(usec_t real, int key_fd, struct warden *w);
