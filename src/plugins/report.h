/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* Messages of a plugin, on standard error. Bounds: as console_line(); REPORT_PREFIX_SIZE, or the
 * prefix is cut. */

#include <stdbool.h>

#include "base/util.h"

#define REPORT_PREFIX_SIZE 256

/** report_open() - @argv0 is the program's name in messages (CLI-GEN-5) */
void report_open(const char *argv0);

void report_set_debug(bool debug);

/** report_error(), report_debug() - one line "Mandos plugin NAME: text"; keep errno */
void report_error(const char *format, ...) _printf_(1, 2);
void report_debug(const char *format, ...) _printf_(1, 2);
