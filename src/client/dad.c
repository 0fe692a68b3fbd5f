/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/dad.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "client/report.h"

#define OPTIMISTIC "/proc/sys/net/ipv6/conf/%s/optimistic_dad"

/* Between repeated questions for a neighbour; also what detection waits for (RFC 4861, section 10).
 */
#define RETRANSMIT "/proc/sys/net/ipv6/neigh/%s/retrans_time_ms"

static int read_number(const char *path)
{
	FILE *f = fopen(path, "re");
	int number;

	if (!f)
		return -1;
	if (fscanf(f, "%d", &number) != 1)
		number = -1;
	(void)fclose(f);
	return number;
}

static int write_number(const char *path, int number)
{
	FILE *f = fopen(path, "we");
	int r;

	if (!f)
		return -errno;
	r = fprintf(f, "%d\n", number) < 0 ? -EIO : 0;
	if (fclose(f) != 0)
		r = -errno;
	return r;
}

/* Returns what it was; -1 if it cannot be changed, which costs a second or two. */
static int change(const char *path, int number)
{
	int before = read_number(path);
	int r = before < 0 ? 0 : write_number(path, number);

	if (r < 0)
		report_debug("cannot change %s: %s", path, strerror(-r));
	return r < 0 ? -1 : before;
}

static void put_back(const char *path, int number)
{
	int r = number < 0 ? 0 : write_number(path, number);

	if (r < 0)
		report_error("cannot set %s to %d again: %s", path, number, strerror(-r));
}

void dad_hasten(const char *interface, struct dad *ret_before)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), OPTIMISTIC, interface);
	ret_before->optimistic = change(path, 1);
	(void)snprintf(path, sizeof(path), RETRANSMIT, interface);
	ret_before->wait_msec = change(path, DAD_WAIT_MSEC);
}

void dad_restore(const char *interface, const struct dad *before)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), OPTIMISTIC, interface);
	put_back(path, before->optimistic);
	(void)snprintf(path, sizeof(path), RETRANSMIT, interface);
	put_back(path, before->wait_msec);
}
