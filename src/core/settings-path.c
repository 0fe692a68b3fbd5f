/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/settings-path.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "wire/text.h"

/** struct path - what has been put together so far; @failed once it did not fit */
struct path {
	char text[PATH_MAX];
	size_t size;
	bool failed;
};

static void append(struct path *p, const char *text, size_t size)
{
	if (p->failed || size >= sizeof(p->text) - p->size) {
		p->failed = true;
		return;
	}
	memcpy(p->text + p->size, text, size);
	p->size += size;
	p->text[p->size] = '\0';
}

static bool is_name_character(char c)
{
	char lower = text_to_lower(c);

	return text_is_digit(c) || c == '_' || (lower >= 'a' && lower <= 'z');
}

/* The value of the variable whose name begins at @name, or NULL; a name that does not fit into
 * @copy is not one of ours. */
static const char *variable(const char *name, size_t size)
{
	char copy[256];

	if (size == 0 || size >= sizeof(copy))
		return NULL;
	memcpy(copy, name, size);
	copy[size] = '\0';
	return getenv(copy);
}

/* Bytes of the reference at @at, which is a dollar sign; 1 if it is only that. */
static size_t take_reference(const char *at, const char **ret_value)
{
	size_t size = 0;
	const char *end;

	*ret_value = NULL;
	if (at[1] == '{') {
		end = strchr(at, '}');
		if (!end)
			return 1;
		*ret_value = variable(at + 2, (size_t)(end - at) - 2);
		return (size_t)(end - at) + 1;
	}
	while (is_name_character(at[1 + size]))
		size++;
	*ret_value = variable(at + 1, size);
	return 1 + size;
}

static void expand_variables(struct path *p, const char *text)
{
	while (*text) {
		size_t literal = strcspn(text, "$");
		const char *value;
		size_t size;

		append(p, text, literal);
		text += literal;
		if (!*text)
			break;
		size = take_reference(text, &value);
		append(p, value ? value : text, value ? strlen(value) : size);
		text += size;
	}
}

/* The home directory that @path begins with, or NULL; @size: of the tilde and the user name. */
static const char *home_of(const char *path, size_t size)
{
	char name[256];
	const char *home = size == 1 ? getenv("HOME") : NULL;
	const struct passwd *pw;

	if (home)
		return home;
	if (size > sizeof(name))
		return NULL;
	memcpy(name, path + 1, size - 1);
	name[size - 1] = '\0';
	pw = size == 1 ? getpwuid(getuid()) : getpwnam(name);
	return pw ? pw->pw_dir : NULL;
}

int path_expand(const char *text, char **ret_path)
{
	struct path variables = { .size = 0 }, path = { .size = 0 };
	const char *rest = variables.text, *home = NULL;

	expand_variables(&variables, text);
	if (variables.failed)
		return -ENAMETOOLONG;
	if (*rest == '~')
		home = home_of(rest, strcspn(rest, "/"));
	if (home) {
		size_t size = strlen(home);

		while (size > 0 && home[size - 1] == '/')
			size--;
		append(&path, home, size);
		rest += strcspn(rest, "/");
	}
	append(&path, rest, strlen(rest));
	if (home && path.size == 0)
		append(&path, "/", 1);
	if (path.failed)
		return -ENAMETOOLONG;
	*ret_path = strdup(path.text);
	return *ret_path ? 0 : -ENOMEM;
}

int path_make_absolute(const char *directory, char **path)
{
	_cleanup_free_ char *working = NULL;
	char *whole;

	if (**path == '/')
		return 0;
	if (!directory) {
		working = getcwd(NULL, 0);
		if (!working)
			return -errno;
		directory = working;
	}
	if (asprintf(&whole, "%s/%s", strcmp(directory, "/") == 0 ? "" : directory, *path) < 0)
		return -ENOMEM;
	free(*path);
	*path = whole;
	return 0;
}
