/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/gpg-home.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "client/gpg-processes.h"

#define PLACE "/run/tmp"
#define OTHER "/tmp"

/*
 * No signature is looked at (CLI-PGP-6), nothing is fetched, and a clock that is behind the keys is
 * no reason to refuse them. scdaemon would be started for a smart card that is not there.
 */
static const char gpg_conf[] = "skip-verify\n"
			       "no-auto-check-trustdb\n"
			       "disable-dirmngr\n"
			       "ignore-time-conflict\n"
			       "ignore-valid-from\n"
			       "no-random-seed-file\n";
static const char agent_conf[] = "disable-scdaemon\n";

static int write_file(const char *home, const char *name, const char *text)
{
	char path[GPG_HOME_PATH_MAX + 32];
	size_t size = strlen(text);
	ssize_t n;

	(void)snprintf(path, sizeof(path), "%s/%s", home, name);
	_cleanup_fd_ int fd =
		open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return -errno;
	n = write(fd, text, size);
	if (n < 0)
		return -errno;
	return (size_t)n == size ? 0 : -ENOSPC;
}

int gpg_home_make_under(struct gpg_home *h, const char *place, const char *other)
{
	int r;

	(void)snprintf(h->path, sizeof(h->path), "%s/mandosXXXXXX", place);
	if (!mkdtemp(h->path)) {
		/* ENOENT alone: a place that exists and refuses must not be talked around. */
		if (errno == ENOENT) {
			(void)snprintf(h->path, sizeof(h->path), "%s/mandosXXXXXX", other);
			errno = mkdtemp(h->path) ? 0 : errno;
		}
		if (errno) {
			h->path[0] = '\0';
			return -errno;
		}
	}
	r = write_file(h->path, "gpg.conf", gpg_conf);
	if (r < 0)
		return r;
	return write_file(h->path, "gpg-agent.conf", agent_conf);
}

int gpg_home_make(struct gpg_home *h)
{
	return gpg_home_make_under(h, PLACE, OTHER);
}

/* GnuPG's files of unencrypted private keys; a file system in memory keeps their pages otherwise.
 */
static void erase_file(int dir, const char *name)
{
	static const char zeros[4096];
	_cleanup_fd_ int fd = openat(dir, name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	off_t left;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	for (left = st.st_size; left > 0;) {
		ssize_t n = write(fd, zeros, (size_t)MIN_OF(left, (off_t)sizeof(zeros)));

		/* Removing it is what was promised; erasing is done as far as it goes. */
		if (n <= 0)
			return;
		left -= n;
	}
}

static int remove_content(int fd, unsigned int depth);

static int remove_directory(int parent, const char *name, unsigned int depth)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int r, r2;

	if (fd < 0)
		return -errno;
	r = remove_content(fd, depth);
	r2 = unlinkat(parent, name, AT_REMOVEDIR) < 0 ? -errno : 0;
	return r < 0 ? r : r2;
}

static bool is_directory(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

/* Takes the descriptor. Goes on after an error, so that as little as possible is left behind. */
static int remove_content(int fd, unsigned int depth)
{
	DIR *dir = fdopendir(fd);
	struct dirent *e;
	int r = 0;

	if (!dir) {
		r = -errno;
		(void)fd_close(fd);
		return r;
	}
	while ((e = readdir(dir))) {
		int one = 0;

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (is_directory(fd, e->d_name)) {
			one = depth == 0 ? -ELOOP : remove_directory(fd, e->d_name, depth - 1);
		} else {
			erase_file(fd, e->d_name);
			if (unlinkat(fd, e->d_name, 0) < 0 && errno != ENOENT)
				one = -errno;
		}
		if (one < 0)
			r = one;
	}
	(void)closedir(dir);
	return r;
}

int gpg_home_remove(struct gpg_home *h)
{
	int r;

	if (h->path[0] == '\0')
		return 0;
	gpg_processes_end(h->path, GPG_HOME_GRACE_USEC);
	r = remove_directory(AT_FDCWD, h->path, GPG_HOME_DEPTH_MAX - 1);
	h->path[0] = '\0';
	return r;
}
