/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runner/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "runner/console.h"

/*
 * CLI-RUN-13. The directory may be of mode 0700 and root's in a boot image, where nobody knows the
 * user's number. To start what is in there, the group is enough: a directory that belonged to the
 * user would let one plugin put its own program in the place of another.
 */
static void open_plugin_dir(const struct settings *s)
{
	_cleanup_fd_ int fd =
		open(SETTINGS_PLUGIN_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0) {
		if (errno != ENOENT && errno != ENOTDIR)
			report_error("cannot open %s: %s", SETTINGS_PLUGIN_DIR, strerror(errno));
		return;
	}
	if (fstat(fd, &st) < 0 || st.st_uid != 0 || st.st_gid != 0)
		return;
	/* The mode first: the group never gets what root's own group could write. */
	if (fchmod(fd, (st.st_mode & 07777 & ~(mode_t)S_IWGRP) | S_IRGRP | S_IXGRP) < 0 ||
	    fchown(fd, (uid_t)-1, s->gid) < 0)
		report_error("cannot give %s to group %u: %s", SETTINGS_PLUGIN_DIR,
			     (unsigned int)s->gid, strerror(errno));
}

/* Scripts of some shells use it. */
static void make_dev_fd(void)
{
	if (symlink("/proc/self/fd", "/dev/fd") < 0 && errno != EEXIST)
		report_error("cannot make /dev/fd: %s", strerror(errno));
}

void identity_enter(const struct settings *s)
{
	if (getuid() == 0) {
		open_plugin_dir(s);
		make_dev_fd();
		if (setgroups(0, NULL) < 0)
			report_error("cannot give up supplementary groups: %s", strerror(errno));
	}
	if (setresgid(s->gid, s->gid, s->gid) < 0)
		report_error("cannot become group %u: %s", (unsigned int)s->gid, strerror(errno));
	if (setresuid(s->uid, s->uid, s->uid) < 0)
		report_error("cannot become user %u: %s", (unsigned int)s->uid, strerror(errno));
}
