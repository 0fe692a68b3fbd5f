/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spawn/launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"

/*
 * posix_spawn() and not fork(): glibc makes it CLONE_VM | CLONE_VFORK, so a start does not copy our
 * page tables, and a failing chdir() or exec() comes back as the call's result instead of as an
 * exit status that a shell could have produced as well.
 *
 * No PR_SET_NO_NEW_PRIVS anywhere on this way: fping needs its file capabilities.
 */
static int prepare_attributes(posix_spawnattr_t *a)
{
	sigset_t none, all;
	int r;

	(void)sigemptyset(&none);
	/* Not sigfillset(): it leaves out the two signals that glibc keeps for itself, and
	 * posix_spawn() would then have checkers start with these ignored. */
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

static int prepare_actions(posix_spawn_file_actions_t *a, int null_fd, bool keep_output)
{
	int r = posix_spawn_file_actions_adddup2(a, null_fd, STDIN_FILENO);

	for (int fd = STDOUT_FILENO; r == 0 && !keep_output && fd <= STDERR_FILENO; fd++)
		r = posix_spawn_file_actions_adddup2(a, null_fd, fd);
	/* Ours are close-on-exec, but what was inherited from whoever started us may not be. */
	if (r == 0)
		r = posix_spawn_file_actions_addclosefrom_np(a, STDERR_FILENO + 1);
	if (r == 0)
		r = posix_spawn_file_actions_addchdir_np(a, "/");
	return -r;
}

int launcher_init(struct launcher *l, bool keep_output)
{
	int r;

	/* Neither of the two can fail in glibc. */
	(void)posix_spawnattr_init(&l->attributes);
	(void)posix_spawn_file_actions_init(&l->actions);
	l->null_fd = open("/dev/null", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (l->null_fd < 0)
		return -errno;
	r = prepare_attributes(&l->attributes);
	if (r < 0)
		return r;
	return prepare_actions(&l->actions, l->null_fd, keep_output);
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
