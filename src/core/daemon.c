/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"

/* ---- the process that was started ---- */

/* A file of its own that takes the place of the old one: no reader finds half of it (W-51). */
static int replace_file(const char *path, const char *text)
{
	char draft[PATH_MAX];
	_cleanup_fd_ int fd = -1;
	size_t size = strlen(text);
	ssize_t n;
	int r = 0;

	(void)snprintf(draft, sizeof(draft), "%s.new", path);
	(void)unlink(draft);
	fd = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	n = write(fd, text, size);
	if (n < 0 || (size_t)n != size)
		r = n < 0 ? -errno : -ENOSPC;
	else if (rename(draft, path) < 0)
		r = -errno;
	if (r < 0)
		(void)unlink(draft);
	return r;
}

/* Not fatal (SRV-PROC-4). */
static void write_pid_file(pid_t pid)
{
	struct stat st;
	const char *path = stat("/run/.", &st) == 0 && S_ISDIR(st.st_mode) ? "/run/" PID_FILE
									   : "/var/run/" PID_FILE;
	char text[16];
	int r;

	(void)snprintf(text, sizeof(text), "%d\n", (int)pid);
	r = replace_file(path, text);
	if (r < 0)
		log_error("Could not open file '%s': %s", path, strerror(-r));
}

static int wait_for_server(int fd, pid_t middle)
{
	pid_t pid = 0;
	ssize_t n;

	while (waitpid(middle, NULL, 0) < 0 && errno == EINTR)
		continue;
	do {
		n = recv(fd, &pid, sizeof(pid), 0);
	} while (n < 0 && errno == EINTR);
	if (n != sizeof(pid)) {
		(void)fprintf(stderr, "%s: the server did not start\n",
			      program_invocation_short_name);
		return EXIT_FAILURE;
	}
	write_pid_file(pid);
	return EXIT_SUCCESS;
}

/* ---- the server ---- */

/* In the process in between. Its child can never get a controlling terminal: it leads no session.
 */
static void fork_server(void)
{
	pid_t pid;

	(void)setsid();
	pid = fork();
	if (pid == 0)
		return;
	if (pid < 0)
		log_critical("Cannot become a daemon: %s", strerror(errno));
	_exit(pid < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}

int daemon_fork(struct daemon *ret, int *ret_status)
{
	int pair[2], r;
	pid_t pid;

	*ret = DAEMON_FOREGROUND;
	/* Sockets, because a write to a pipe whose reader has gone would end the server. */
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		r = -errno;
		log_critical("Cannot become a daemon: %s", strerror(-r));
		return r;
	}
	pid = fork();
	if (pid < 0) {
		r = -errno;
		log_critical("Cannot become a daemon: %s", strerror(-r));
		pair[0] = fd_close(pair[0]);
		pair[1] = fd_close(pair[1]);
		return r;
	}
	if (pid > 0) {
		pair[1] = fd_close(pair[1]);
		*ret_status = wait_for_server(pair[0], pid);
		pair[0] = fd_close(pair[0]);
		return DAEMON_STARTER;
	}
	pair[0] = fd_close(pair[0]);
	fork_server();
	ret->starter_fd = pair[1];
	return DAEMON_SERVER;
}

int daemon_detach(struct daemon *d)
{
	_cleanup_fd_ int null = -1;
	int r = 0;

	if (d->starter_fd < 0)
		return 0;
	d->error_fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (d->error_fd >= 0)
		log_set_starting(d->error_fd);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0 || chdir("/") < 0)
		r = -errno;
	for (int fd = STDIN_FILENO; r == 0 && fd <= STDERR_FILENO; fd++) {
		if (dup2(null, fd) < 0)
			r = -errno;
	}
	if (r < 0)
		log_critical("Cannot become a daemon: %s", strerror(-r));
	return r;
}

int daemon_ready(struct daemon *d)
{
	const pid_t pid = getpid();
	int r = 0;

	if (d->starter_fd < 0)
		return 0;
	if (send(d->starter_fd, &pid, sizeof(pid), MSG_NOSIGNAL) < 0) {
		r = -errno;
		log_critical("Not starting: the process that would tell of it is gone: %s",
			     strerror(-r));
	}
	daemon_end(d);
	return r;
}

void daemon_end(struct daemon *d)
{
	/* The log must not keep the number of a descriptor that is about to be another file's. */
	if (d->error_fd >= 0)
		log_set_starting(-1);
	d->error_fd = fd_close(d->error_fd);
	d->starter_fd = fd_close(d->starter_fd);
}
