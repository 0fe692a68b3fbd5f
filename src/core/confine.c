/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/landlock.h"
#include "base/log.h"
#include "base/sandbox.h"

/* Of prctl(2), in headers newer than Debian 12's; a newer C library names its memory with it. */
#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif

static const struct sandbox_call allowed[] = {
	/* the event loop */
	{ .name = "epoll_create1" },
	{ .name = "epoll_ctl" },
	{ .name = "epoll_pwait" },
	{ .name = "epoll_pwait2" },
	{ .name = "epoll_wait" },
	{ .name = "eventfd2" },
	{ .name = "inotify_add_watch" },
	{ .name = "inotify_init1" },
	{ .name = "inotify_rm_watch" },
	{ .name = "poll" },
	{ .name = "ppoll" },
	{ .name = "ppoll_time64" },
	{ .name = "signalfd4" },
	{ .name = "timerfd_create" },
	{ .name = "timerfd_settime" },
	{ .name = "timerfd_settime64" },

	/* helpers, which the launcher has started */
	{ "kill", SANDBOX_IF_EQUAL, 1, SIGTERM },
	{ "kill", SANDBOX_IF_EQUAL, 1, SIGKILL },
	{ .name = "pidfd_open" },
	{ .name = "wait4" },
	{ .name = "waitid" },
	{ .name = "waitpid" },

	/* channels, the log, the bus, the service manager */
	{ "socket", SANDBOX_IF_EQUAL, 0, AF_UNIX },
	{ "socketpair", SANDBOX_IF_EQUAL, 0, AF_UNIX },
	{ .name = "connect" },
	{ .name = "getpeername" },
	{ .name = "getsockname" },
	{ .name = "getsockopt" },
	{ .name = "listen" },
	{ .name = "recv" },
	{ .name = "recvfrom" },
	{ .name = "recvmsg" },
	{ .name = "send" },
	{ .name = "sendmsg" },
	{ .name = "sendto" },
	{ .name = "setsockopt" },
	{ .name = "shutdown" },
	{ "prctl", SANDBOX_IF_EQUAL, 0, PR_GET_NAME },
	{ "prctl", SANDBOX_IF_EQUAL, 0, PR_SET_NAME },
	{ "prctl", SANDBOX_IF_EQUAL, 0, PR_SET_VMA },

	/* descriptors */
	{ .name = "close" },
	{ .name = "close_range" },
	{ .name = "dup" },
	{ .name = "dup2" },
	{ .name = "dup3" },
	{ .name = "read" },
	{ .name = "readv" },
	{ .name = "write" },
	{ .name = "writev" },
	/* Not F_SETOWN and F_SETSIG, which send signals. */
	{ "fcntl", SANDBOX_IF_EQUAL, 1, F_DUPFD },
	{ "fcntl", SANDBOX_IF_EQUAL, 1, F_DUPFD_CLOEXEC },
	{ "fcntl", SANDBOX_IF_EQUAL, 1, F_GETFD },
	{ "fcntl", SANDBOX_IF_EQUAL, 1, F_SETFD },
	{ "fcntl", SANDBOX_IF_EQUAL, 1, F_GETFL },
	{ "fcntl", SANDBOX_IF_EQUAL, 1, F_SETFL },
	{ "fcntl", SANDBOX_IF_EQUAL, 1, F_GETLK },
	{ "fcntl", SANDBOX_IF_EQUAL, 1, F_SETLK },
	{ "fcntl", SANDBOX_IF_EQUAL, 1, F_SETLKW },
	{ "fcntl64", SANDBOX_IF_EQUAL, 1, F_DUPFD },
	{ "fcntl64", SANDBOX_IF_EQUAL, 1, F_DUPFD_CLOEXEC },
	{ "fcntl64", SANDBOX_IF_EQUAL, 1, F_GETFD },
	{ "fcntl64", SANDBOX_IF_EQUAL, 1, F_SETFD },
	{ "fcntl64", SANDBOX_IF_EQUAL, 1, F_GETFL },
	{ "fcntl64", SANDBOX_IF_EQUAL, 1, F_SETFL },
	{ "fcntl64", SANDBOX_IF_EQUAL, 1, F_GETLK },
	{ "fcntl64", SANDBOX_IF_EQUAL, 1, F_SETLK },
	{ "fcntl64", SANDBOX_IF_EQUAL, 1, F_SETLKW },

	/* files: the state, the configuration, /dev/log, the time zone */
	{ .name = "access" },
	{ .name = "faccessat" },
	{ .name = "faccessat2" },
	{ .name = "fallocate" },
	{ .name = "fchmod" },
	{ .name = "fchown" },
	{ .name = "fchown32" },
	{ .name = "fdatasync" },
	{ .name = "flock" },
	{ .name = "fstat" },
	{ .name = "fstat64" },
	{ .name = "fstatat64" },
	{ .name = "fstatfs" },
	{ .name = "fstatfs64" },
	{ .name = "fsync" },
	{ .name = "ftruncate" },
	{ .name = "ftruncate64" },
	{ .name = "getcwd" },
	{ .name = "getdents" },
	{ .name = "getdents64" },
	{ .name = "_llseek" },
	{ .name = "lseek" },
	{ .name = "lstat" },
	{ .name = "lstat64" },
	{ .name = "msync" },
	{ .name = "newfstatat" },
	{ .name = "open" },
	{ .name = "openat" },
	{ .name = "pread64" },
	{ .name = "preadv" },
	{ .name = "pwrite64" },
	{ .name = "pwritev" },
	{ .name = "readlink" },
	{ .name = "readlinkat" },
	{ .name = "rename" },
	{ .name = "renameat" },
	{ .name = "renameat2" },
	{ .name = "stat" },
	{ .name = "stat64" },
	{ .name = "statfs" },
	{ .name = "statx" },
	{ .name = "unlink" },
	{ .name = "unlinkat" },
};

/* What is bound has been bound before; strangers are the gates'. */
static const char *const forbidden[] = { "accept", "accept4", "bind", "setrlimit" };

static int confine_files(const char *state_dir)
{
	_cleanup_fd_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_fd_ int state = open(state_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	const struct landlock_place places[] = {
		{ .fd = root },
		{ .fd = state, .may_write = true },
	};
	int version;

	if (root < 0 || state < 0)
		return -errno;
	/* Not alone: it ends gates that break the protocol, and speaks to the bus. */
	version = landlock_enter(&(struct landlock_rules){
		.places = places,
		.n_places = ARRAY_SIZE(places),
	});

	if (version == 0)
		log_debug("The kernel has no Landlock; the server's user may write where it could");
	return version < 0 ? version : 0;
}

int confine_core(const char *state_dir)
{
	/* It must not end for what a library tries: all clients would be without a server. */
	const struct sandbox_rules rules = {
		.allowed = allowed,
		.n_allowed = ARRAY_SIZE(allowed),
		.forbidden = forbidden,
		.n_forbidden = ARRAY_SIZE(forbidden),
		.penalty = SANDBOX_EPERM,
	};
	/* A root that could not become another user needs its capabilities to reach the state. */
	int r = geteuid() == 0 ? sandbox_no_new_privileges() : sandbox_drop_privileges();

	if (r == 0)
		r = confine_files(state_dir);
	return r < 0 ? r : sandbox_enter(&rules);
}
