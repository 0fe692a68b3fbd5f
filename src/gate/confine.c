/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "gate/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/resource.h>

#include "base/landlock.h"
#include "base/sandbox.h"
#include "base/util.h"

static const struct sandbox_call allowed[] = {
	{ .name = "accept" },
	{ .name = "accept4" },
	{ .name = "close" },
	{ .name = "epoll_ctl" },
	{ .name = "epoll_pwait" },
	{ .name = "epoll_pwait2" },
	{ .name = "epoll_wait" },
	{ "fcntl", SANDBOX_IF_EQUAL, 1, F_GETFL },
	{ "fcntl64", SANDBOX_IF_EQUAL, 1, F_GETFL },
	{ .name = "getsockopt" },
	{ .name = "poll" },
	{ .name = "ppoll" },
	{ .name = "ppoll_time64" },
	{ .name = "read" },
	{ .name = "recv" },
	{ .name = "recvfrom" },
	{ .name = "recvmsg" },
	{ .name = "send" },
	{ .name = "sendmsg" },
	{ .name = "sendto" },
	{ .name = "setsockopt" },
	{ .name = "shutdown" },
	{ .name = "timerfd_create" },
	{ .name = "timerfd_settime" },
	{ .name = "timerfd_settime64" },
	{ .name = "write" },
	{ .name = "writev" },
};

/*
 * To open a file is not among them: it only fails, since libraries try that of themselves (sd-event
 * looks for the ID of the boot when it first sets a timer).
 */
static const char *const forbidden[] = {
	/* sockets other than those it is given */
	"socket",
	"socketpair",
	"connect",
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

static int set_limit(int resource, rlim_t value)
{
	struct rlimit limit;

	if (getrlimit((__rlimit_resource_t)resource, &limit) < 0)
		return -errno;
	/* Never more than it has. */
	value = MIN_OF(value, limit.rlim_max);
	limit = (struct rlimit){ .rlim_cur = value, .rlim_max = value };
	return setrlimit((__rlimit_resource_t)resource, &limit) < 0 ? -errno : 0;
}

static int set_limits(size_t n_connections)
{
	/* Not RLIMIT_FSIZE: the one file it could ever reach is the one that its last words go to.
	 */
	int r = set_limit(RLIMIT_NOFILE, n_connections + CONFINE_FDS_EXTRA);

	if (r == 0)
		r = set_limit(RLIMIT_NPROC, 0);
#ifndef SANDBOX_WITH_SANITIZERS
	/* Not RLIMIT_AS, which also counts libraries and what is only reserved. */
	if (r == 0)
		r = set_limit(RLIMIT_DATA,
			      CONFINE_MEMORY_BASE + n_connections * CONFINE_MEMORY_EACH);
#endif
	return r;
}

int confine_gate(size_t n_connections)
{
	const struct sandbox_rules rules = {
		.allowed = allowed,
		.n_allowed = ARRAY_SIZE(allowed),
		.forbidden = forbidden,
		.n_forbidden = ARRAY_SIZE(forbidden),
		.penalty = SANDBOX_KILL,
	};
	int r = set_limits(n_connections);

	if (r == 0)
		r = sandbox_drop_privileges();
#ifndef SANDBOX_WITH_SANITIZERS
	/* Belt and braces: should the filter have a hole, there is no file behind it. */
	if (r == 0)
		r = landlock_enter(&(struct landlock_rules){ .is_alone = true });
#endif
	return r < 0 ? r : sandbox_enter(&rules);
}
