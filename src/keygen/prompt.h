/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Asking for the password, twice, on the terminal.
 *
 * Prompts go to /dev/tty whatever standard output is; the answers come from standard input. Echo is
 * off while a question is open, and as it was before on every way out: answers, errors, signals,
 * and while the program is stopped by the terminal. Bound: PROMPT_LINE_MAX bytes an answer; people
 * may take as long as they like.
 */

#include "base/secret.h"

#define PROMPT_LINE_MAX ((size_t)4096) /* more than a terminal line can hold */

/**
 * prompt_passphrase() - two equal answers, without white space at both ends
 *
 * Unequal ones are asked for again if standard input is a terminal. Failures are reported.
 * Owner:  secret_free() ends @ret.
 * Errors: -ENXIO etc. without a controlling terminal, -ENODATA at the end of the input,
 *         -EKEYREJECTED for unequal answers, -EMSGSIZE, -ECANCELED after a signal, -ENOMEM.
 * Source: CLI-KEY-11, CLI-KEY-12.
 */
int prompt_passphrase(struct secret **ret);

/** prompt_strip() - @size bytes at @line without spaces and tabs at both ends; NULL: no memory */
struct secret *prompt_strip(const uint8_t *line, size_t size);
