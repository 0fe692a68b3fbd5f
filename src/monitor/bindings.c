/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "monitor/bindings.h"

#include "base/util.h"

const struct binding bindings[] = {
	{ COMMAND_QUIT, "q Q", "quit", { 'q', 'Q', INPUT_CTRL_C } },
	{ COMMAND_HELP, "? F1 Esc", "short help, in the log", { '?', INPUT_F1, INPUT_ESCAPE } },
	{ COMMAND_KEYS, "h H", "this table", { 'h', 'H' } },
	{ COMMAND_UP, "Up ^P k", "up one line", { INPUT_UP, INPUT_CTRL_P, 'k' } },
	{ COMMAND_DOWN, "Down ^N j", "down one line", { INPUT_DOWN, INPUT_CTRL_N, 'j' } },
	{ COMMAND_PAGE_UP, "PgUp M-v b", "up one page", { INPUT_PAGE_UP, INPUT_META_V, 'b' } },
	{ COMMAND_PAGE_DOWN,
	  "PgDn ^V Spc f",
	  "down one page",
	  { INPUT_PAGE_DOWN, INPUT_CTRL_V, ' ', 'f' } },
	{ COMMAND_FIRST, "Home g", "to the first line", { INPUT_HOME, 'g' } },
	{ COMMAND_LAST, "End G", "to the last line", { INPUT_END, 'G' } },
	{ COMMAND_SWITCH, "Tab", "to the other pane", { INPUT_TAB } },
	{ COMMAND_LOG, "l D", "show or hide the log", { 'l', 'D' } },
	{ COMMAND_WRAP, "w i", "wrap or cut log lines", { 'w', 'i' } },
	{ COMMAND_VERBOSE, "v", "log more, or less", { 'v' } },
	{ COMMAND_REDRAW, "^L", "redraw", { INPUT_CTRL_L } },
	{ COMMAND_SUSPEND, "^Z", "back to the shell", { INPUT_CTRL_Z } },
	{ COMMAND_BELL, "B", "bell for approvals on, off", { 'B' } },
	{ COMMAND_ENABLE, "+", "enable", { '+' } },
	{ COMMAND_DISABLE, "-", "disable", { '-' } },
	{ COMMAND_APPROVE, "a", "approve", { 'a' } },
	{ COMMAND_DENY, "d", "deny", { 'd' } },
	{ COMMAND_START_CHECKER, "s", "start a checker", { 's' } },
	{ COMMAND_STOP_CHECKER, "S", "stop the checker", { 'S' } },
	{ COMMAND_CHECKED_OK, "C", "count as checked", { 'C' } },
	{ COMMAND_REMOVE, "R _ ^K", "remove from the server", { 'R', '_', INPUT_CTRL_K } },
	{ COMMAND_DETAIL, "Enter", "all about the client", { INPUT_ENTER, '\n' } },
	{ COMMAND_MARK, "m", "mark, or not", { 'm' } },
	{ COMMAND_MARK_ALL, "M", "mark all that are listed", { 'M' } },
	{ COMMAND_UNMARK, "u", "unmark all", { 'u' } },
	{ COMMAND_SEARCH, "/", "search name or host", { '/' } },
	{ COMMAND_SEARCH_NEXT, "n", "next that was found", { 'n' } },
	{ COMMAND_SEARCH_PREVIOUS, "N", "the one before", { 'N' } },
	{ COMMAND_FILTER, "F", "filter: disabled, ...", { 'F' } },
	{ COMMAND_ORDER, "o", "by name, state, expiry", { 'o' } },
	{ COMMAND_REVERSE, "O", "the other way round", { 'O' } },
	{ COMMAND_EXPIRY, "e", "show time until expiry", { 'e' } },
};
const size_t n_bindings = ARRAY_SIZE(bindings);

enum command binding_command(uint32_t code)
{
	for (size_t i = 0; i < n_bindings; i++)
		for (size_t k = 0; k < BINDING_CODES_MAX && bindings[i].codes[k]; k++)
			if (bindings[i].codes[k] == code)
				return bindings[i].command;
	return COMMAND_NONE;
}
