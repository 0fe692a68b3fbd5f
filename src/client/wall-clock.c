/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/wall-clock.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "client/report.h"

bool wall_clock_is_unset(usec_t real)
{
	return real < (usec_t)31 * 86400 * USEC_PER_SEC;
}

void wall_clock_repair(usec_t real, int key_fd, struct warden *w)
{
	struct warden_request request = { .kind = WARDEN_CLOCK_SET,
					  .target = { .family = PEER_IPV6 } };
	struct stat st;
	int r;

	if (!wall_clock_is_unset(real))
		return;
	if (fstat(key_fd, &st) < 0) {
		report_error("cannot tell the age of the key file: %s", strerror(errno));
		return;
	}
	request.seconds = (uint64_t)st.st_mtim.tv_sec;
	r = warden_ask(w, &request);
	if (r < 0)
		report_error("the clock says 1970 and cannot be set: %s", strerror(-r));
	else
		report_debug("the clock said 1970; set to the age of the key file");
}
