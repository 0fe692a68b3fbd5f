/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runner/catalogue.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/util.h"
#include "runner/console.h"

static bool ends_with(const char *name, const char *end)
{
	size_t length = strlen(name), end_length = strlen(end);

	return length >= end_length && strcmp(name + length - end_length, end) == 0;
}

bool catalogue_is_name(const char *name)
{
	static const char *const ends[] = { "~", ".dpkg-new", ".dpkg-old", ".dpkg-bak",
					    ".dpkg-divert" };

	if (*name == '.' || *name == '\0')
		return false;
	if (*name == '#' && name[1] != '\0' && ends_with(name, "#"))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		if (ends_with(name, ends[i]))
			return false;
	}
	return true;
}

/* Why the file is not started, or NULL. */
static const char *reason_to_skip(int directory, const char *name)
{
	_cleanup_fd_ int fd = -1;
	struct stat st;

	/* First, because opening a device may do something. */
	if (fstatat(directory, name, &st, 0) < 0)
		return strerror(errno);
	if (!S_ISREG(st.st_mode))
		return "not a regular file";
	if (faccessat(directory, name, X_OK, AT_EACCESS) < 0)
		return "not executable";
	fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		report_error("plugin '%s' cannot be opened: %s", name, strerror(errno));
		return "not readable";
	}
	return NULL;
}

static int consider(const struct settings *s, int directory, const char *name,
		    struct words *ret_names)
{
	const struct plugin_settings *plugin = settings_find(s, name);
	const char *reason = "its name";

	if (plugin && plugin->disabled)
		reason = "disabled";
	else if (catalogue_is_name(name))
		reason = reason_to_skip(directory, name);
	if (!reason)
		return words_add(ret_names, name);
	report_debug("skips '%s': %s", name, reason);
	return 0;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void closedirp(DIR **d)
{
	if (*d)
		(void)closedir(*d);
}

int catalogue_read(const struct settings *s, struct words *ret_names)
{
	_cleanup_(closedirp) DIR *directory = opendir(s->plugin_dir);
	const struct dirent *entry;

	if (!directory)
		return -errno;
	while (errno = 0, entry = readdir(directory)) {
		int r = consider(s, dirfd(directory), entry->d_name, ret_names);

		if (r < 0)
			return -r;
	}
	if (errno)
		return errno;
	if (ret_names->n > 1)
		qsort(ret_names->list, ret_names->n, sizeof(char *), compare);
	return 0;
}
