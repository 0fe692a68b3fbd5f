/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The terminal, by way of ncurses: keys in, cells out. The only file that knows ncurses.
 *
 * There is one, as ncurses has it. Only what differs from the last time is written, first by rows
 * here and then by cells there. Text comes from struct cells alone, which holds nothing that a
 * terminal could take for a command.
 */

#include "monitor/cells.h"
#include "monitor/step.h"

/**
 * terminal_open() - takes over the terminal of standard input and output
 * @with_mouse: clicks and the wheel are reported, and the terminal's own selection is not
 *
 * Errors: -ENOTTY; -ENXIO for a type of terminal that is not known or not fit.
 */
int terminal_open(bool with_mouse);

/** terminal_close() - gives it back as it was; does nothing if it is not open */
void terminal_close(void);

/** terminal_size() - asks the kernel, and adapts */
void terminal_size(unsigned *ret_n_rows, unsigned *ret_n_columns);

/** terminal_read() - the next key that has been typed; false if there is none */
bool terminal_read(struct input *ret);

/** terminal_paint() - shows @cells; @before: what was shown last, of the same size, or NULL */
void terminal_paint(const struct cells *cells, const struct cells *before);

/** terminal_repaint() - the next terminal_paint() writes everything */
void terminal_repaint(void);

/** terminal_suspend() - gives it back, stops this process, and takes it over again */
void terminal_suspend(void);

/** terminal_bell() - what the terminal does to call somebody */
void terminal_bell(void);
