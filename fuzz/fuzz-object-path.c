/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any name gives a valid object path below /clients, and fits into the room that is asked for. */
#include <ctype.h>
#include <stdbool.h>

#include "fuzz.h"
#include "wire/object-path.h"

static bool is_valid(const char *path)
{
	char before = '\0';

	for (; *path; path++) {
		bool plain = *path == '_' || ((unsigned char)*path < 128 && isalnum(*path));

		if (!plain && (*path != '/' || before == '/'))
			return false;
		before = *path;
	}
	return before != '/' && before != '\0';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *name = fuzz_text(data, size);
	char *path = malloc(OBJECT_PATH_SIZE(strlen(name)));

	REQUIRE(path);
	object_path_format(name, path);
	REQUIRE(strncmp(path, OBJECT_PATH_CLIENTS "/", strlen(OBJECT_PATH_CLIENTS "/")) == 0);
	REQUIRE(is_valid(path));
	free(path);
	free(name);
	return 0;
}
