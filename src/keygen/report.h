/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * What mandos-keygen tells the person at the terminal: lines on standard error, and of --test what
 * is well on standard output.
 *
 * Lines are at most REPORT_LINE_MAX bytes, longer ones are cut, and control characters become '?':
 * file names and GnuPG's words are repeated in them. Secrets have no format directive.
 */

#include "base/util.h"

#define REPORT_LINE_MAX 2048

/** report_error() - what failed, on what, and what to do; without a line feed */
void report_error(const char *format, ...) _printf_(1, 2);

/** report_warning() - something the user should know although the work goes on */
void report_warning(const char *format, ...) _printf_(1, 2);

/** report_success() - a step that was asked for is done; on standard output, and at once */
void report_success(const char *format, ...) _printf_(1, 2);
