/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* What the server says of itself, as numbers. */

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

enum figure {
	FIGURE_LOCKDOWN,
	FIGURE_ENABLED_CLIENTS,
	FIGURE_WAITING_CLIENTS,
	FIGURE_CHECKERS_RUNNING,
	FIGURE_CHECKERS_WAITING,
	FIGURE_PASSWORDS_GIVEN,
	FIGURE_PASSWORDS_REFUSED,
	FIGURE_UNKNOWN_KEYS,
	N_FIGURES,
};

/** struct figures - those that are not known are left out */
struct figures {
	bool is_known[N_FIGURES];
	uint64_t values[N_FIGURES];
};

/** figures_load() - one more round trip; a server of 1.8.16 tells none, and that is no error */
void figures_load(sd_bus *bus, struct figures *ret);
