/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/landlock.h"

#include <errno.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"

/* Newer than the headers of Debian 12; the kernel's numbers do not change. */
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
#ifndef LANDLOCK_ACCESS_FS_IOCTL_DEV
#define LANDLOCK_ACCESS_FS_IOCTL_DEV (1ULL << 15)
#endif
#ifndef LANDLOCK_ACCESS_NET_BIND_TCP
#define LANDLOCK_ACCESS_NET_BIND_TCP	(1ULL << 0)
#define LANDLOCK_ACCESS_NET_CONNECT_TCP (1ULL << 1)
#endif
#ifndef LANDLOCK_SCOPE_SIGNAL
#define LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET (1ULL << 0)
#define LANDLOCK_SCOPE_SIGNAL		    (1ULL << 1)
#endif

#define READING (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define WRITING                                                        \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG | \
	 LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE)

/* struct landlock_ruleset_attr as of version 6; an older kernel takes it if the rest is zero. */
struct ruleset {
	uint64_t files;
	uint64_t network;
	uint64_t scopes;
};

static int landlock_version(void)
{
	long version =
		syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	if (version < 0)
		/* The last: some container that does not know it yet. */
		return errno == ENOSYS || errno == EOPNOTSUPP || errno == EPERM ? 0 : -errno;
	return (int)version;
}

/* What is not handled is not restricted: everything that the version knows. */
static struct ruleset handled(int version, const struct landlock_rules *rules)
{
	struct ruleset r = { .files = LANDLOCK_ACCESS_FS_MAKE_SYM * 2 - 1 };

	if (version >= 2)
		r.files |= LANDLOCK_ACCESS_FS_REFER;
	if (version >= 3)
		r.files |= LANDLOCK_ACCESS_FS_TRUNCATE;
	if (version >= 4 && !rules->uses_network)
		r.network = LANDLOCK_ACCESS_NET_BIND_TCP | LANDLOCK_ACCESS_NET_CONNECT_TCP;
	if (version >= 5)
		r.files |= LANDLOCK_ACCESS_FS_IOCTL_DEV;
	if (version >= 6 && rules->is_alone)
		r.scopes = LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | LANDLOCK_SCOPE_SIGNAL;
	return r;
}

static int add_place(int ruleset, const struct landlock_place *place, uint64_t known)
{
	const struct landlock_path_beneath_attr rule = {
		.allowed_access = (READING | (place->may_write ? WRITING : 0)) & known,
		.parent_fd = place->fd,
	};

	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0)
		return -errno;
	return 0;
}

int landlock_enter(const struct landlock_rules *rules)
{
	int version = landlock_version();
	struct ruleset r = handled(version, rules);
	_cleanup_fd_ int fd = -1;

	if (version <= 0)
		return version;
	fd = (int)syscall(SYS_landlock_create_ruleset, &r, sizeof(r), 0);
	if (fd < 0)
		return -errno;
	for (size_t i = 0; i < rules->n_places; i++) {
		int e = add_place(fd, &rules->places[i], r.files);

		if (e < 0)
			return e;
	}
	if (syscall(SYS_landlock_restrict_self, fd, 0) < 0)
		return -errno;
	return version;
}
