/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A file of its own, so that who needs only this does not link libseccomp. */
#include "base/sandbox.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int sandbox_no_new_privileges(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}

int sandbox_drop_privileges(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { { 0 } };
	struct __user_cap_data_struct has[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

	/* Inheritable and with them ambient ones as well. The bounding set decides about what is
	 * executed, which the other call does better. Whoever has none may have been forbidden to
	 * set them. */
	if (syscall(SYS_capget, &header, has) < 0)
		return -errno;
	if (memcmp(has, none, sizeof(has)) != 0 && syscall(SYS_capset, &header, none) < 0)
		return -errno;
	return sandbox_no_new_privileges();
}
