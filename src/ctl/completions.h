/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* Completions of the command line for three shells, made of the table of options. */

#include <stdio.h>

/**
 * completions_print() - the script of one shell
 * @shell: "bash", "zsh" or "fish"
 *
 * Errors: -EINVAL for another shell.
 */
int completions_print(FILE *out, const char *shell);
