/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keygen/erase.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

static void closedirp(DIR **d)
{
	if (*d)
		(void)closedir(*d);
}

static int overwrite(int dir_fd, const char *name)
{
	static const char zeroes[4096];
	_cleanup_fd_ int fd = -1;
	struct stat st;
	size_t left;

	/* O_NONBLOCK so that a FIFO of that name cannot hold us. */
	fd = openat(dir_fd, name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return errno == ENXIO || errno == ELOOP ? 0 : -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	/* Another name of the same file is somebody's backup, not ours to destroy. */
	if (!S_ISREG(st.st_mode) || st.st_nlink != 1)
		return 0;
	left = MIN_OF((size_t)st.st_size, ERASE_FILE_MAX);
	while (left > 0) {
		ssize_t n = write(fd, zeroes, MIN_OF(left, sizeof(zeroes)));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		left -= (size_t)n;
	}
	return fdatasync(fd) < 0 ? -errno : 0;
}

int erase_file_at(int dir_fd, const char *name)
{
	int r = overwrite(dir_fd, name);

	if (unlinkat(dir_fd, name, 0) < 0 && r == 0)
		r = -errno;
	return r;
}

static int erase_content(int dir_fd, dev_t device, int depth);

static int erase_entry(int dir_fd, const char *name, dev_t device, int depth)
{
	_cleanup_fd_ int fd = -1;
	struct stat st;
	int r;

	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		/* GnuPG's sockets go away by themselves when the agent ends. */
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISDIR(st.st_mode)) {
		r = erase_file_at(dir_fd, name);
		return r == -ENOENT ? 0 : r;
	}
	if (st.st_dev != device)
		return -EXDEV;
	if (depth >= ERASE_DEPTH_MAX)
		return -ELOOP;
	fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = erase_content(fd, device, depth + 1);
	if (unlinkat(dir_fd, name, AT_REMOVEDIR) < 0 && r == 0)
		r = -errno;
	return r;
}

static int erase_content(int dir_fd, dev_t device, int depth)
{
	_cleanup_(closedirp) DIR *d = NULL;
	int first_error = 0, fd;

	fd = fcntl(dir_fd, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return -errno;
	d = fdopendir(fd);
	if (!d) {
		fd_close(fd);
		return -errno;
	}
	for (;;) {
		struct dirent *e;
		int r;

		errno = 0;
		e = readdir(d);
		if (!e) {
			if (errno != 0 && first_error == 0)
				first_error = -errno;
			return first_error;
		}
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		r = erase_entry(dir_fd, e->d_name, device, depth);
		if (r < 0 && first_error == 0)
			first_error = r;
	}
}

int erase_tree(const char *path)
{
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	r = erase_content(fd, st.st_dev, 1);
	if (rmdir(path) < 0 && r == 0)
		r = -errno;
	return r;
}
