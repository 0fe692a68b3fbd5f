/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * What a key does: to the model at once, and to the world by way of a list of actions. Pure.
 */

#include "monitor/bindings.h"
#include "monitor/model.h"

/** struct input - one key, or one click */
struct input {
	uint32_t code;
	unsigned row; /* of INPUT_CLICK and the wheel */
};

/** struct step_call - to ask the server for something */
struct step_call {
	enum model_call what;
	const struct admin_client *client; /* valid until the next event of the server */
};

/** struct step_actions - what is to be done after a step; { 0 } is nothing */
struct step_actions {
	bool quit;
	bool redraw; /* from nothing: the terminal may show something else */
	bool suspend;
	struct step_call *calls;
	size_t n_calls;
	size_t n_allocated;
};

void step_actions_deinit(struct step_actions *a);

/**
 * step_input() - one key
 * @a: added to
 *
 * Owner:  step_actions_deinit().
 * Errors: -ENOMEM: the key did less than it should.
 * Source: section 9 of the specification; MON-30, MON-31, MON-54 to MON-56.
 */
int step_input(struct model *m, struct input input, struct step_actions *a);
