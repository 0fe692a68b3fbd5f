/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runner/environment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"

bool environment_same_name(const char *a, const char *b)
{
	size_t length = strcspn(a, "=");

	return strcspn(b, "=") == length && memcmp(a, b, length) == 0;
}

static size_t count(char *const *list)
{
	size_t n = 0;

	while (list && list[n])
		n++;
	return n;
}

static bool add(char **merged, size_t *n, const char *entry)
{
	for (size_t i = 0; i < *n; i++) {
		if (environment_same_name(merged[i], entry))
			return true;
	}
	merged[*n] = strdup(entry);
	return merged[*n] && ++*n;
}

static bool add_all(char **merged, size_t *n, char *const *list)
{
	for (; list && *list; list++) {
		if (!add(merged, n, *list))
			return false;
	}
	return true;
}

char **environment_merge(const struct environment_sources *s)
{
	size_t n = 0, most = count(s->own) + count(s->global) + count(s->inherited) + 1;
	_cleanup_free_ char *helper = NULL;
	char **merged = calloc(most + 1, sizeof(*merged));

	if (!merged || asprintf(&helper, "%s=%s", ENVIRONMENT_HELPER_DIR, s->helper_dir) < 0) {
		helper = NULL;
		free(merged);
		return NULL;
	}
	if (add_all(merged, &n, s->own) && add(merged, &n, helper) &&
	    add_all(merged, &n, s->global) && add_all(merged, &n, s->inherited))
		return merged;
	environment_free(merged);
	return NULL;
}

void environment_free(char **environment)
{
	for (char **entry = environment; entry && *entry; entry++)
		free(*entry);
	free(environment);
}
