/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/owners.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "client/report.h"

/* Through the descriptor: between a look at a name and its use, it can become another file's. */
static void give(const char *path, const char *by_default, unsigned int user, unsigned int group)
{
	_cleanup_fd_ int fd = -1;
	struct stat st;

	if (!path || strcmp(path, by_default) != 0)
		return;
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0) {
		report_debug("cannot look at %s: %s", path, strerror(errno));
		return;
	}
	if (!S_ISREG(st.st_mode) || st.st_uid != 0 || st.st_gid != 0)
		return;
	if (fchown(fd, user, group) < 0)
		report_error("cannot give %s to user %u: %s", path, user, strerror(errno));
}

void owners_fix(const struct options *o, unsigned int user, unsigned int group)
{
	struct stat st;

	give(o->seckey, OPTIONS_KEY_DIR "seckey.txt", user, group);
	give(o->pubkey, OPTIONS_KEY_DIR "pubkey.txt", user, group);
	give(o->tls_privkey, OPTIONS_KEY_DIR "tls-privkey.pem", user, group);
	give(o->tls_pubkey, OPTIONS_KEY_DIR "tls-pubkey.pem", user, group);
	give(o->dh_params, OPTIONS_KEY_DIR "dhparams.pem", user, group);
	if (lstat("/dev/fd", &st) < 0 && errno == ENOENT && symlink("/proc/self/fd", "/dev/fd") < 0)
		report_error("cannot make /dev/fd: %s", strerror(errno));
}
