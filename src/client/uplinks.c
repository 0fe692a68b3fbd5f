/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/uplinks.h"

#include <errno.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "client/report.h"

/* CLI-NET-8. */
#define QUIET_CONSOLE_LEVEL 5

/* klogctl(2)'s numbers, which no header of the C library names. */
#define CONSOLE_LEVEL 8

/* Flags are 16 bits in this interface; those above are never set by us and are kept by the kernel.
 */
static int request(unsigned long what, uint32_t index, struct ifreq *r)
{
	_cleanup_fd_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (r->ifr_name[0] == '\0') {
		r->ifr_ifindex = (int)index;
		if (ioctl(fd, SIOCGIFNAME, r) < 0)
			return -errno;
	}
	return what != 0 && ioctl(fd, what, r) < 0 ? -errno : 0;
}

int uplinks_name(uint32_t index, char ret_name[16])
{
	struct ifreq r = { 0 };
	int e = request(0, index, &r);

	if (e == 0)
		memcpy(ret_name, r.ifr_name, IFNAMSIZ);
	return e;
}

int uplinks_flags(uint32_t index, uint32_t *ret_flags)
{
	struct ifreq r = { 0 };
	int e = request(SIOCGIFFLAGS, index, &r);

	if (e == 0)
		*ret_flags = (uint16_t)r.ifr_flags;
	return e;
}

/* The level that is to be restored, 0 if it is to be left alone. */
static int quieten_console(void)
{
	FILE *f = fopen("/proc/sys/kernel/printk", "re");
	int level = 0;

	if (!f)
		return 0;
	if (fscanf(f, "%d", &level) != 1)
		level = 0;
	(void)fclose(f);
	if (level <= QUIET_CONSOLE_LEVEL || klogctl(CONSOLE_LEVEL, NULL, QUIET_CONSOLE_LEVEL) < 0)
		return 0;
	return level;
}

static void restore_console(int level)
{
	if (level > 0 && klogctl(CONSOLE_LEVEL, NULL, level) < 0)
		report_error("cannot restore the console's log level %d: %s", level,
			     strerror(errno));
}

static int set_up(uint32_t index, bool is_up)
{
	struct ifreq r = { 0 };
	int level;
	int e = request(SIOCGIFFLAGS, index, &r);

	if (e < 0)
		return e;
	if (((r.ifr_flags & IFF_UP) != 0) == is_up)
		return 0;
	r.ifr_flags = (short)(is_up ? r.ifr_flags | IFF_UP : r.ifr_flags & ~IFF_UP);
	level = quieten_console();
	e = request(SIOCSIFFLAGS, index, &r);
	restore_console(level);
	if (e < 0)
		return e;
	report_debug("set interface %s %s", r.ifr_name, is_up ? "up" : "down");
	return 1;
}

int uplinks_raise(struct uplinks *u, uint32_t index)
{
	struct uplink *one = &u->raised[u->n_raised];
	char name[IFNAMSIZ];
	uint32_t flags = 0;
	int r;

	if (u->n_raised == UPLINKS_MAX)
		return -E2BIG;
	r = uplinks_flags(index, &flags);
	if (r == 0)
		r = uplinks_name(index, name);
	if (r < 0 || (flags & IFF_UP))
		return r;
	one->index = index;
	dad_hasten(name, &one->dad);
	r = set_up(index, true);
	if (r > 0)
		u->n_raised++;
	else
		dad_restore(name, &one->dad);
	return r;
}

static void lower(const struct uplink *one)
{
	char name[IFNAMSIZ];
	int r = set_up(one->index, false);

	/* One that has gone has nothing to be set down. */
	if (r < 0 && r != -ENODEV)
		report_error("cannot set interface %u down: %s", one->index, strerror(-r));
	if (uplinks_name(one->index, name) == 0)
		dad_restore(name, &one->dad);
}

void uplinks_lower_all(struct uplinks *u)
{
	for (size_t i = 0; i < u->n_raised; i++)
		lower(&u->raised[i]);
	u->n_raised = 0;
}
