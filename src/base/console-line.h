/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Lines on a console that several programs share.
 *
 * Bounds: CONSOLE_LINE_MAX bytes a line, with its line feed; longer ones are cut.
 */

#include <stdarg.h>

#include "base/util.h"

#define CONSOLE_LINE_MAX 1024

/**
 * console_line() - "PREFIX: text" and a line feed, on standard error; keeps errno
 *
 * One write(2), so that the lines of programs do not run into each other. Control characters become
 * '?': what a stranger sent must not forge a second line or move the cursor.
 */
void console_line(const char *prefix, const char *format, va_list ap) _printf_(2, 0);
