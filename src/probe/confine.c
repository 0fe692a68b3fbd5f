/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probe/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "base/landlock.h"
#include "base/sandbox.h"

static const struct sandbox_call allowed[] = {
	/* the event loop */
	{ .name = "epoll_create1" },
	{ .name = "epoll_ctl" },
	{ .name = "epoll_pwait" },
	{ .name = "epoll_pwait2" },
	{ .name = "epoll_wait" },
	{ .name = "poll" },
	{ .name = "ppoll" },
	{ .name = "ppoll_time64" },
	{ .name = "signalfd4" },
	{ .name = "timerfd_create" },
	{ .name = "timerfd_settime" },
	{ .name = "timerfd_settime64" },

	/*
	 * Hosts and name servers. The C library asks a UNIX socket for the number of an interface;
	 * one of any other type would reach the bus, where this user may order the server about.
	 */
	{ "socket", SANDBOX_IF_EQUAL, 0, AF_INET },
	{ "socket", SANDBOX_IF_EQUAL, 0, AF_INET6 },
	{ "socket", SANDBOX_IF_PAIR, 0, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC },
	{ .name = "connect" },
	{ .name = "getpeername" },
	{ .name = "getsockname" },
	{ .name = "getsockopt" },
	{ .name = "recv" },
	{ .name = "recvfrom" },
	{ .name = "recvmsg" },
	{ .name = "send" },
	{ .name = "sendmsg" },
	{ .name = "sendto" },
	{ .name = "setsockopt" },
	{ .name = "shutdown" },
	{ "ioctl", SANDBOX_IF_EQUAL, 1, FIONBIO },
	{ "ioctl", SANDBOX_IF_EQUAL, 1, SIOCGIFINDEX },

	/* descriptors; the words of an error */
	{ .name = "close" },
	{ .name = "read" },
	{ .name = "write" },
	{ .name = "writev" },
	{ "fcntl", SANDBOX_IF_EQUAL, 1, F_GETFD },
	{ "fcntl", SANDBOX_IF_EQUAL, 1, F_SETFD },
	{ "fcntl", SANDBOX_IF_EQUAL, 1, F_GETFL },
	{ "fcntl", SANDBOX_IF_EQUAL, 1, F_SETFL },
	{ "fcntl64", SANDBOX_IF_EQUAL, 1, F_GETFD },
	{ "fcntl64", SANDBOX_IF_EQUAL, 1, F_SETFD },
	{ "fcntl64", SANDBOX_IF_EQUAL, 1, F_GETFL },
	{ "fcntl64", SANDBOX_IF_EQUAL, 1, F_SETFL },

	/* files that c-ares reads */
	{ "open", SANDBOX_IF_CLEAR, 1, O_ACCMODE | O_CREAT | O_TRUNC },
	{ "openat", SANDBOX_IF_CLEAR, 2, O_ACCMODE | O_CREAT | O_TRUNC },
	{ .name = "fstat" },
	{ .name = "fstat64" },
	{ .name = "_llseek" },
	{ .name = "lseek" },
	{ .name = "newfstatat" },
	{ .name = "stat" },
	{ .name = "stat64" },
	{ .name = "statx" },
};

static const char *const forbidden[] = {
	/* to be connected to */
	"accept",
	"accept4",
	"bind",
	"listen",
	/* signals to others */
	"kill",
	"tkill",
	"rt_sigqueueinfo",
	"rt_tgsigqueueinfo",
	"pidfd_open",
	"pidfd_send_signal",
	"setrlimit",
	"prctl",
};

#ifndef SANDBOX_WITH_SANITIZERS
static int confine_files(void)
{
	_cleanup_fd_ int etc = open("/etc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	/* resolv.conf is often a link to a file there. */
	_cleanup_fd_ int run = open("/run", O_PATH | O_DIRECTORY | O_CLOEXEC);
	const struct landlock_place places[] = { { .fd = etc }, { .fd = run } };
	int version;

	if (etc < 0 || run < 0)
		return -errno;
	version = landlock_enter(&(struct landlock_rules){
		.places = places,
		.n_places = ARRAY_SIZE(places),
		.is_alone = true,
		.uses_network = true,
	});
	return version < 0 ? version : 0;
}
#endif

int confine_prober(void)
{
	const struct sandbox_rules rules = {
		.allowed = allowed,
		.n_allowed = ARRAY_SIZE(allowed),
		.forbidden = forbidden,
		.n_forbidden = ARRAY_SIZE(forbidden),
		.penalty = SANDBOX_KILL,
	};
	const struct rlimit none = { 0, 0 };
	int r;

	if (prctl(PR_SET_DUMPABLE, 0) < 0 || setrlimit(RLIMIT_NPROC, &none) < 0)
		return -errno;
	r = sandbox_drop_privileges();
#ifndef SANDBOX_WITH_SANITIZERS
	if (r == 0)
		r = confine_files();
#endif
	return r < 0 ? r : sandbox_enter(&rules);
}
