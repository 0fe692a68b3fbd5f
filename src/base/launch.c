/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"

int launch_occupy_standard(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR | O_NOCTTY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd < 0)
		return -errno;
	(void)fd_close(fd);
	return 0;
}

int launch_prepare_attributes(posix_spawnattr_t *a)
{
	sigset_t none, all;
	int r;

	(void)sigemptyset(&none);
	/* Not sigfillset(): it leaves out the two signals that glibc keeps for itself, and
	 * posix_spawn() would then have commands start with these ignored. */
	memset(&all, 0xff, sizeof(all));
	r = posix_spawnattr_setflags(a, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
						POSIX_SPAWN_SETSIGDEF);
	if (r == 0)
		r = posix_spawnattr_setpgroup(a, 0);
	if (r == 0)
		r = posix_spawnattr_setsigmask(a, &none);
	if (r == 0)
		r = posix_spawnattr_setsigdefault(a, &all);
	return -r;
}

int launch_prepare_actions(posix_spawn_file_actions_t *a, const int standard[3])
{
	int r = 0;

	for (int fd = STDIN_FILENO; r == 0 && fd <= STDERR_FILENO; fd++) {
		if (standard[fd] >= 0)
			r = posix_spawn_file_actions_adddup2(a, standard[fd], fd);
	}
	/* Ours are close-on-exec, but what was inherited from whoever started us may not be. */
	if (r == 0)
		r = posix_spawn_file_actions_addclosefrom_np(a, STDERR_FILENO + 1);
	if (r == 0)
		r = posix_spawn_file_actions_addchdir_np(a, "/");
	return -r;
}
