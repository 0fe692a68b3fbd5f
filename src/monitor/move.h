/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* Up and down in the pane that has the focus. */

#include "monitor/bindings.h"
#include "monitor/model.h"

#define MOVE_WHEEL_ROWS 3 /* for one notch of the wheel */

/** move() - @command: COMMAND_UP to COMMAND_LAST; never leaves the pane (MON-30) */
void move(struct model *m, enum command command);

/** move_mouse() - a click focuses, the wheel scrolls, in the pane at @row of the screen */
void move_mouse(struct model *m, uint32_t code, unsigned row);
