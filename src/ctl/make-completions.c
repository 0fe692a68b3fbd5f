/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Not installed: prints a shell's completions for mandos-ctl, which integration/completions/ holds
 * as files so that a build for another machine need not run what it built.
 */
#include <stdio.h>
#include <stdlib.h>

#include "ctl/completions.h"

int main(int argc, char *argv[])
{
	if (argc != 2 || completions_print(stdout, argv[1]) < 0) {
		(void)fprintf(stderr, "usage: make-completions {bash | zsh | fish}\n");
		return EXIT_FAILURE;
	}
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
