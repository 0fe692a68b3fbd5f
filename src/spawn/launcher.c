/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spawn/launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/launch.h"

/*
 * posix_spawn() and not fork(): glibc makes it CLONE_VM | CLONE_VFORK, so a start does not copy our
 * page tables, and a failing chdir() or exec() comes back as the call's result instead of as an
 * exit status that a shell could have produced as well.
 *
 * No PR_SET_NO_NEW_PRIVS anywhere on this way: fping needs its file capabilities.
 */

int launcher_init(struct launcher *l, bool keep_output)
{
	int output, r;

	/* Neither of the two can fail in glibc. */
	(void)posix_spawnattr_init(&l->attributes);
	(void)posix_spawn_file_actions_init(&l->actions);
	l->null_fd = open("/dev/null", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (l->null_fd < 0)
		return -errno;
	r = launch_prepare_attributes(&l->attributes);
	if (r < 0)
		return r;
	output = keep_output ? -1 : l->null_fd;
	return launch_prepare_actions(&l->actions, (const int[3]){ l->null_fd, output, output });
}

void launcher_deinit(struct launcher *l)
{
	(void)posix_spawn_file_actions_destroy(&l->actions);
	(void)posix_spawnattr_destroy(&l->attributes);
	l->null_fd = fd_close(l->null_fd);
}

int launcher_start(const struct launcher *l, const char *command, pid_t *ret_pid)
{
	char shell[] = "/bin/sh", flag[] = "-c";
	/* exec never writes to its arguments; its prototype only predates const. */
	char *const argv[] = { shell, flag, (char *)(uintptr_t)command, NULL };
	pid_t pid;
	int r = posix_spawn(&pid, shell, &l->actions, &l->attributes, argv, environ);

	if (r != 0)
		return -r;
	*ret_pid = pid;
	return 0;
}
