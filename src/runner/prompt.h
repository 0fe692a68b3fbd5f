/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The question that is asked when no plugin is left.
 *
 * Bounds: PIECES_MAX bytes of an answer.
 */

#include <stdbool.h>
#include <termios.h>

#include "base/pieces.h"

enum prompt_result {
	PROMPT_MORE = 0, /* the line is not at its end */
	PROMPT_ANSWERED,
	PROMPT_ENDED, /* the input has ended without an answer */
};

struct prompt {
	bool is_open;
	bool is_silent;
	int tty; /* the controlling terminal, or -1: standard input and error */
	struct termios normal;
	struct pieces answer;
};

/** prompt_open() - switches the echo off and asks; what was typed before is an answer too */
void prompt_open(struct prompt *p);

/** prompt_fd() - where to wait for input, or -1 */
int prompt_fd(const struct prompt *p);

/** prompt_step() - input is there; the answer is in @answer, without its line feed (CLI-RUN-35) */
enum prompt_result prompt_step(struct prompt *p);

/** prompt_close() - the terminal as it was; keeps the answer */
void prompt_close(struct prompt *p);
