/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Which key does what: one table, which the keyboard and the table of all keys both read.
 *
 * Bound: BINDING_CODES_MAX keys for one command.
 */

#include <stddef.h>
#include <stdint.h>

#define BINDING_CODES_MAX 5

/** enum input_code - keys that are no characters; characters are their Unicode code points */
enum input_code {
	INPUT_NONE = 0,
	INPUT_CTRL_C = 0x03,
	INPUT_BACKSPACE_8 = 0x08,
	INPUT_TAB = '\t',
	INPUT_CTRL_K = 0x0b,
	INPUT_CTRL_L = 0x0c,
	INPUT_ENTER = '\r',
	INPUT_CTRL_N = 0x0e,
	INPUT_CTRL_P = 0x10,
	INPUT_CTRL_V = 0x16,
	INPUT_CTRL_Z = 0x1a,
	INPUT_ESCAPE = 0x1b,
	INPUT_BACKSPACE = 0x7f,
	INPUT_UP = 0x110000, /* beyond the last code point */
	INPUT_DOWN,
	INPUT_PAGE_UP,
	INPUT_PAGE_DOWN,
	INPUT_HOME,
	INPUT_END,
	INPUT_F1,
	INPUT_META_V,
	INPUT_CLICK, /* at a row of the screen */
	INPUT_WHEEL_UP,
	INPUT_WHEEL_DOWN,
};

enum command {
	COMMAND_NONE,
	COMMAND_QUIT,
	COMMAND_HELP,
	COMMAND_KEYS,
	COMMAND_LOG,
	COMMAND_SWITCH,
	COMMAND_WRAP,
	COMMAND_VERBOSE,
	COMMAND_REDRAW,
	COMMAND_SUSPEND,
	COMMAND_UP,
	COMMAND_DOWN,
	COMMAND_PAGE_UP,
	COMMAND_PAGE_DOWN,
	COMMAND_FIRST,
	COMMAND_LAST,
	COMMAND_ENABLE,
	COMMAND_DISABLE,
	COMMAND_APPROVE,
	COMMAND_DENY,
	COMMAND_REMOVE,
	COMMAND_START_CHECKER,
	COMMAND_STOP_CHECKER,
	COMMAND_CHECKED_OK,
	COMMAND_DETAIL,
	COMMAND_SEARCH,
	COMMAND_SEARCH_NEXT,
	COMMAND_SEARCH_PREVIOUS,
	COMMAND_FILTER,
	COMMAND_ORDER,
	COMMAND_REVERSE,
	COMMAND_MARK,
	COMMAND_MARK_ALL,
	COMMAND_UNMARK,
	COMMAND_EXPIRY,
	COMMAND_BELL,
};

struct binding {
	enum command command;
	const char *keys; /* for people */
	const char *text;
	uint32_t codes[BINDING_CODES_MAX];
};

/** bindings - Source: section 9 of the specification of mandos-monitor, and what it has more */
extern const struct binding bindings[];
extern const size_t n_bindings;

/** binding_command() - of a key, or COMMAND_NONE */
enum command binding_command(uint32_t code);
