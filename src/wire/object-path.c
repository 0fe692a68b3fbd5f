/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/object-path.h"

#include <stdbool.h>
#include <string.h>

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

void object_path_format(const char *name, char *ret_path)
{
	static const char digits[] = "0123456789abcdef";
	char *at = ret_path + strlen(OBJECT_PATH_CLIENTS);

	memcpy(ret_path, OBJECT_PATH_CLIENTS "/", sizeof(OBJECT_PATH_CLIENTS "/"));
	at++;
	if (!*name)
		*at++ = '_';
	for (; *name; name++) {
		/* An element of a path may not be empty, neither between nor behind slashes. */
		bool separates = *name == '/' && at[-1] != '/' && name[1];

		if (is_plain(*name) || separates) {
			*at++ = *name;
		} else if (*name == '.' || *name == '-') {
			*at++ = '_';
		} else {
			*at++ = '_';
			*at++ = digits[(unsigned char)*name >> 4];
			*at++ = digits[*name & 0xf];
		}
	}
	*at = '\0';
}
