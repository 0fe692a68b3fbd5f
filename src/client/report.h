/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Lines on standard error, each behind the prefix that tells the boot console who speaks.
 *
 * Each is a console_line(), with its bound. Secrets have no format directive, on purpose
 * (CLI-DBG-2).
 */

#include <stdbool.h>

#include "base/util.h"

/* CLI-GEN-5. */
#define REPORT_PREFIX "Mandos plugin mandos-client"

/** report_set_debug() - whether report_debug() says anything (CLI-DBG-1) */
void report_set_debug(bool debug);

/** report_error() - what failed, on what, and what to do; without a line feed */
void report_error(const char *format, ...) _printf_(1, 2);

/** report_debug() - a step that went as it should */
void report_debug(const char *format, ...) _printf_(1, 2);
