/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * What mandos-ctl tells the person at the terminal: lines on standard error.
 *
 * Lines are cut at REPORT_LINE_MAX bytes, and what a terminal would act on is escaped: names and
 * the words of servers are repeated in them. Secrets have no format directive.
 */

#include "base/util.h"

#define REPORT_LINE_MAX 4096

/** report_line() - without a line feed */
void report_line(const char *format, ...) _printf_(1, 2);
