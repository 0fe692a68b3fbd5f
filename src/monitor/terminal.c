/* SPDX-License-Identifier: GPL-3.0-or-later */
#define NCURSES_WIDECHAR 1
#include "monitor/terminal.h"

#include <errno.h>
#include <ncurses.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "wire/text.h"

#define ESCAPE_DELAY_MSEC 25 /* how long Esc waits for being the start of another key */

static SCREEN *screen;

static void set_modes(void)
{
	/* Raw: ^V, ^K and ^Z are keys of this program, and ^C ends it in good order. */
	(void)raw();
	(void)noecho();
	(void)nonl();
	(void)nodelay(stdscr, TRUE);
	(void)keypad(stdscr, TRUE);
	(void)leaveok(stdscr, TRUE);
	(void)curs_set(0);
}

int terminal_open(bool with_mouse)
{
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return -ENOTTY;
	screen = newterm(NULL, stdout, stdin);
	if (!screen)
		return -ENXIO;
	/* ncurses has its own idea of stopping; terminal_suspend() does it in the open. */
	(void)signal(SIGTSTP, SIG_DFL);
	(void)set_escdelay(ESCAPE_DELAY_MSEC);
	set_modes();
	if (with_mouse) {
		(void)mousemask(BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
		(void)mouseinterval(0);
	}
	return 0;
}

void terminal_close(void)
{
	if (!screen)
		return;
	(void)endwin();
	delscreen(screen);
	screen = NULL;
}

void terminal_size(unsigned *ret_n_rows, unsigned *ret_n_columns)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0)
		(void)resizeterm(size.ws_row, size.ws_col);
	*ret_n_rows = (unsigned)MAX_OF(getmaxy(stdscr), 0);
	*ret_n_columns = (unsigned)MAX_OF(getmaxx(stdscr), 0);
}

static struct input read_mouse(void)
{
	MEVENT event;
	uint32_t code = INPUT_NONE;

	if (getmouse(&event) != OK)
		return (struct input){ 0 };
	if (event.bstate & BUTTON1_PRESSED)
		code = INPUT_CLICK;
	else if (event.bstate & BUTTON4_PRESSED)
		code = INPUT_WHEEL_UP;
	else if (event.bstate & BUTTON5_PRESSED)
		code = INPUT_WHEEL_DOWN;
	return (struct input){ .code = code, .row = (unsigned)MAX_OF(event.y, 0) };
}

static struct input function_key(wint_t key)
{
	static const struct {
		wint_t key;
		uint32_t code;
	} keys[] = {
		{ KEY_UP, INPUT_UP },	      { KEY_DOWN, INPUT_DOWN },
		{ KEY_PPAGE, INPUT_PAGE_UP }, { KEY_NPAGE, INPUT_PAGE_DOWN },
		{ KEY_HOME, INPUT_HOME },     { KEY_END, INPUT_END },
		{ KEY_F(1), INPUT_F1 },	      { KEY_BACKSPACE, INPUT_BACKSPACE },
		{ KEY_ENTER, INPUT_ENTER },
	};

	if (key == KEY_MOUSE)
		return read_mouse();
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (keys[i].key == key)
			return (struct input){ .code = keys[i].code };
	return (struct input){ 0 };
}

/* Esc alone, or the start of Meta-v; anything else behind it is a key of its own. */
static struct input read_after_escape(void)
{
	wint_t next;
	int r = get_wch(&next);

	if (r == OK && (next == 'v' || next == 'V'))
		return (struct input){ .code = INPUT_META_V };
	if (r == OK)
		(void)unget_wch((wchar_t)next);
	else if (r == KEY_CODE_YES)
		(void)ungetch((int)next);
	return (struct input){ .code = INPUT_ESCAPE };
}

bool terminal_read(struct input *ret)
{
	wint_t key;
	int r = get_wch(&key);

	if (r == ERR)
		return false;
	if (r == KEY_CODE_YES)
		*ret = function_key(key);
	else if (key == INPUT_ESCAPE)
		*ret = read_after_escape();
	else
		*ret = (struct input){ .code = (uint32_t)key };
	return true;
}

static void paint_cell(unsigned row, unsigned column, const struct cell *cell)
{
	wchar_t wide[2 + GLYPH_MARKS_MAX] = { 0 };
	const char *at = cell->text;
	attr_t attributes = A_NORMAL;
	cchar_t c;

	for (size_t i = 0; *at != '\0' && i + 1 < ARRAY_SIZE(wide); i++) {
		uint32_t code;
		size_t size = text_decode(at, &code);

		if (size == 0)
			break;
		wide[i] = (wchar_t)code;
		at += size;
	}
	if (cell->look & LOOK_STANDOUT)
		attributes |= A_STANDOUT;
	if (cell->look & LOOK_BOLD)
		attributes |= A_BOLD;
	if (setcchar(&c, wide, attributes, 0, NULL) == OK)
		(void)mvadd_wch((int)row, (int)column, &c);
}

void terminal_paint(const struct cells *cells, const struct cells *before)
{
	size_t row_size = cells->n_columns * sizeof(struct cell);

	for (unsigned y = 0; y < cells->n_rows; y++) {
		const struct cell *row = cells_row(cells, y);

		if (before && memcmp(row, cells_row(before, y), row_size) == 0)
			continue;
		for (unsigned x = 0; x < cells->n_columns; x++)
			if (row[x].text[0] != '\0')
				paint_cell(y, x, &row[x]);
	}
	(void)refresh();
}

void terminal_repaint(void)
{
	(void)clearok(stdscr, TRUE);
}

void terminal_suspend(void)
{
	(void)def_prog_mode();
	(void)endwin();
	(void)raise(SIGTSTP);
	(void)reset_prog_mode();
	set_modes();
	terminal_repaint();
}

void terminal_bell(void)
{
	(void)beep();
}
