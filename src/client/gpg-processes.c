/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/gpg-processes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/util.h"

/* Enough of a command line: GnuPG puts --homedir first. */
#define CMDLINE_MAX 1024

static bool names(int proc, const char *pid, const char *home)
{
	char path[32], cmdline[CMDLINE_MAX];
	ssize_t n;

	if ((size_t)snprintf(path, sizeof(path), "%s/cmdline", pid) >= sizeof(path))
		return false;
	_cleanup_fd_ int fd = openat(proc, path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	n = read(fd, cmdline, sizeof(cmdline));
	return n > 0 && memmem(cmdline, (size_t)n, home, strlen(home));
}

/*
 * Handles, not numbers: a number may belong to somebody else by the time the signal is sent.
 * @ret_may_start is set if one of them may just have started another. An agent that leads a session
 * of its own has settled, and starts nothing.
 */
static nfds_t find(const char *home, struct pollfd ret_handles[GPG_PROCESSES_MAX],
		   bool *ret_may_start)
{
	DIR *proc = opendir("/proc");
	const pid_t self = getpid();
	struct dirent *e;
	nfds_t n = 0;

	*ret_may_start = false;
	if (!proc)
		return 0;
	while (n < GPG_PROCESSES_MAX && (e = readdir(proc))) {
		long pid = strtol(e->d_name, NULL, 10);
		int fd;

		if (pid <= 1 || pid == self || !names(dirfd(proc), e->d_name, home))
			continue;
		*ret_may_start |= getsid((pid_t)pid) != pid;
		fd = pidfd_open((pid_t)pid, 0);
		/* Once more with the handle open: now it is known whose it is. */
		if (fd >= 0 && names(dirfd(proc), e->d_name, home))
			ret_handles[n++] = (struct pollfd){ .fd = fd, .events = POLLIN };
		else
			(void)fd_close(fd);
	}
	*ret_may_start |= n == GPG_PROCESSES_MAX;
	(void)closedir(proc);
	return n;
}

/* A handle is readable when its process has ended; it is then closed, and -1 is what poll skips. */
static nfds_t wait_for(struct pollfd *handles, nfds_t n, usec_t grace_usec)
{
	usec_t end = usec_add(instant_now().boot, grace_usec);
	nfds_t n_left = n;

	for (;;) {
		usec_t left = usec_sub(end, instant_now().boot);
		int r;

		if (n_left == 0 || left == 0)
			return n_left;
		r = poll(handles, n, (int)(left / USEC_PER_MSEC) + 1);
		if (r < 0 && errno != EINTR)
			return n_left;
		for (nfds_t i = 0; r > 0 && i < n; i++) {
			if (handles[i].fd >= 0 && handles[i].revents) {
				handles[i].fd = fd_close(handles[i].fd);
				n_left--;
			}
		}
	}
}

static void send_to_all(const struct pollfd *handles, nfds_t n, int signal)
{
	for (nfds_t i = 0; i < n; i++) {
		if (handles[i].fd >= 0)
			(void)pidfd_send_signal(handles[i].fd, signal, NULL, 0);
	}
}

void gpg_processes_end(const char *home, usec_t grace_usec)
{
	struct pollfd handles[GPG_PROCESSES_MAX];

	bool may_start = true;

	/* A gpg that dies may have started an agent after the search had passed. */
	for (int i = 0; may_start && i < GPG_PROCESSES_ROUNDS; i++) {
		nfds_t n = find(home, handles, &may_start);

		send_to_all(handles, n, SIGTERM);
		if (wait_for(handles, n, grace_usec) > 0) {
			send_to_all(handles, n, SIGKILL);
			(void)wait_for(handles, n, grace_usec);
		}
		for (nfds_t k = 0; k < n; k++)
			(void)fd_close(handles[k].fd);
	}
}
