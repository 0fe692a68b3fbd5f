/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Finding a client by a part of its name or host, in any letter case, while it is being typed.
 *
 * Bound: MODEL_SEARCH_MAX.
 */

#include "monitor/model.h"

/** search_begin() - the keys that follow go to search_input() */
void search_begin(struct model *m);

/** search_input() - one key: characters and Backspace search, Enter ends, all else goes back */
void search_input(struct model *m, uint32_t code);

/** search_again() - the next listed client that fits, or the one before; round the end */
void search_again(struct model *m, bool forward);
