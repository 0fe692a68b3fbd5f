/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/checks.h"

#include <stdlib.h>

int checks_run(const struct check *checks, size_t n_checks, FILE *out)
{
	size_t n_bad = 0;

	for (size_t i = 0; i < n_checks; i++) {
		if (checks[i].holds())
			continue;
		n_bad++;
		(void)fprintf(out, "failed: %s\n", checks[i].name);
	}
	(void)fprintf(out, "Ran %zu checks\n\n%s\n", n_checks, n_bad == 0 ? "OK" : "FAILED");
	return n_bad == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
