/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* Figures for a monitoring system, as OpenMetrics text. Pure but for the writing. */

#include <stdio.h>

#include "ctl/figures.h"
#include "ctl/select.h"

/**
 * metrics_print() - how many clients there are, and of each how it is
 * @selection: NULL: the server could not be asked, which is a figure too
 * @figures:   of the server; not looked at then
 *
 * Times that are "none", and what the server does not tell, are left out.
 * Source: the OpenMetrics specification 1.0, text format; mandos-ctl(8), METRICS.
 */
void metrics_print(FILE *out, const struct selection *selection, const struct figures *figures);
