/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keygen/secfile.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/secret.h"
#include "keygen/install.h"
#include "keygen/report.h"

/* What has another meaning in clients.conf, or would be stripped there, and cannot be written in
 * another way; a percent sign can. A "~" is special at the beginning only, where "/" is. */
static bool is_plain(const char *path)
{
	size_t size = strlen(path);

	for (const char *c = path; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f || *c == '$')
			return false;
	}
	return size > 0 && path[size - 1] != ' ';
}

static int make_absolute(const char *given, char ret_path[PATH_MAX])
{
	char here[PATH_MAX] = "";
	int n;

	if (*given != '/' && !getcwd(here, sizeof(here)))
		return -errno;
	n = snprintf(ret_path, PATH_MAX, "%s%s%s", here, *here ? "/" : "", given);
	return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

static int locate(const char *given, struct secfile *ret)
{
	int r = make_absolute(given, ret->path);
	char *slash;

	if (r < 0)
		return r;
	slash = strrchr(ret->path, '/');
	ret->name = slash + 1;
	if (*ret->name == '\0')
		return -EISDIR;
	if (!is_plain(ret->path))
		return -EINVAL;
	/* "/" keeps its slash. */
	(void)snprintf(ret->dir, sizeof(ret->dir), "%.*s",
		       (int)(slash > ret->path ? slash - ret->path : 1), ret->path);
	return install_check_name(ret->name);
}

int secfile_prepare(const char *given, bool replace, struct secfile *ret)
{
	int r = locate(given, ret);

	if (r == -EINVAL) {
		report_error("--secfile=%s: in clients.conf a name cannot have control characters, "
			     "\"$\", or a space at its end; choose another",
			     given);
		return r;
	}
	if (r < 0) {
		report_error("--secfile=%s: %s; choose another name", given, strerror(-r));
		return r;
	}
	r = install_check_dir(ret->dir, "--secfile", true);
	if (r < 0 || replace)
		return r;
	return install_check_absent(ret->dir, &ret->name, 1);
}

int secfile_write(const struct secfile *f, const uint8_t *message, size_t size, bool replace)
{
	/* Not a secret any more, but install_files() is for those. */
	_cleanup_secret_ struct secret *data = secret_copy(message, size);
	const struct install_file file = { .name = f->name, .data = data };

	if (!data) {
		report_error("cannot write %s: out of memory", f->path);
		return -ENOMEM;
	}
	return install_files(f->dir, &file, 1, replace);
}
