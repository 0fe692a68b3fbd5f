/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* The screen, as a pure function of the model: what tests compare is what people see. */

#include "monitor/cells.h"
#include "monitor/model.h"

/**
 * view_draw() - all cells
 * @m:     settled (model_settle()), with the size of @cells
 * @cells: overwritten
 *
 * Only what is visible is looked at, however many clients there are.
 * Source: MON-10 to MON-13, MON-20.
 */
void view_draw(const struct model *m, struct cells *cells);
