/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The lines of the detail pane: every property of the focused client, and its latest events. Pure.
 *
 * Bound: DETAIL_LINE_MAX bytes a line.
 */

#include "monitor/model.h"

#define DETAIL_LINE_MAX LOGBOOK_TEXT_MAX

/** detail_n_lines() - at least one */
size_t detail_n_lines(const struct model *m);

/**
 * detail_line() - number @i, below detail_n_lines()
 * @ret: DETAIL_LINE_MAX bytes; what others wrote is in it as they wrote it
 *
 * Returns true for a heading.
 */
bool detail_line(const struct model *m, size_t i, char *ret);
