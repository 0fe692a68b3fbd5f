/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Standard error: the program's own messages, and those of the plugins with their names in front.
 *
 * Nothing here ever waits, since a console that was stopped with Ctrl-S must not hold up a
 * password, neither here nor in the plugin that wrote. What the console cannot take waits in
 * CONSOLE_QUEUE_SIZE bytes; what does not fit there is dropped. Use one console per process.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/util.h"

#define CONSOLE_QUEUE_SIZE ((size_t)16 * 1024)
#define CONSOLE_LINE_MAX   1024

/** struct relay - one plugin's standard error; zeroed but for the name */
struct relay {
	const char *name; /* the plugin's; not owned */
	bool unfinished;  /* the last text did not end its line */
};

/**
 * console_open() - before the privileges are given up; a terminal is opened once more, without
 * waiting
 */
void console_open(void);

void console_set_debug(bool debug);

/**
 * console_relay() - text that a plugin wrote
 *
 * Lines get "Mandos plugin NAME: " in front unless they have "Mandos plugin " already. Text that
 * does not end its line is a prompt and stays as it is.
 */
void console_relay(struct relay *relay, const char *text, size_t size);

/** console_write() - text as it is */
void console_write(const char *text, size_t size);

/** console_fd() - where to wait for POLLOUT, or -1 while there is nothing to write */
int console_fd(void);

/** console_flush() - writes what can be written now */
void console_flush(void);

/** report_error(), report_debug() - one line, with the program's name */
void report_error(const char *format, ...) _printf_(1, 2);
void report_debug(const char *format, ...) _printf_(1, 2);
