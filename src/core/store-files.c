/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The state as files: what to do about an error, and whether they are still where they were.
 *
 * SQLite goes on writing into a file that somebody has taken away; a commit to it is not one.
 */
#include "core/store-sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/util.h"

static const char *const names[] = { STORE_FILE_NAME, STORE_FILE_NAME "-wal" };

const char *store_way_out(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		return "create the directory, mode 0700, for the server's user, or name another "
		       "with --statedir";
	case EACCES:
	case EPERM:
		return "the server's user must own the directory and the files in it";
	case EROFS:
		return "mount it writable, or name another directory with --statedir";
	case ENOSPC:
	case EDQUOT:
		return "make room on that file system";
	case EEXIST:
		return "remove those that are no longer needed";
	default:
		return "check the file system, or name another directory with --statedir";
	}
}

void store_files_remember(struct store_files *files, int directory_fd)
{
	_Static_assert(ARRAY_SIZE(names) == ARRAY_SIZE(files->known), "one place for each file");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct stat st;

		files->known[i] = fstatat(directory_fd, names[i], &st, AT_SYMLINK_NOFOLLOW) == 0;
		files->device[i] = files->known[i] ? st.st_dev : 0;
		files->inode[i] = files->known[i] ? st.st_ino : 0;
	}
}

bool store_files_are_there(const struct store_files *files, int directory_fd)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct stat st;

		if (!files->known[i])
			continue;
		if (fstatat(directory_fd, names[i], &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    st.st_dev != files->device[i] || st.st_ino != files->inode[i])
			return false;
	}
	return true;
}
