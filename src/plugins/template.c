/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * template: a plugin to begin a new one with (docs/plugin-contract.md). It is built and tested, and
 * not installed.
 *
 * This one gives the content of a file, as it might be on a USB stick that is plugged in some time.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/pieces.h"
#include "base/secret.h"
#include "plugins/answer.h"
#include "plugins/report.h"
#include "plugins/signals.h"

/* Interruptible, and in locked memory that is erased: what every plugin owes to the password. */
static int give_file(const char *path)
{
	/* Not waiting here, where a signal could not end it: answer_read() does. */
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	struct pieces password = { 0 };
	int r;

	/* Not there yet: come again. */
	if (fd < 0 && errno == ENOENT) {
		report_debug("%s is not there", path);
		return EX_TEMPFAIL;
	}
	if (fd < 0) {
		report_error("cannot open %s: %s", path, strerror(errno));
		return EX_UNAVAILABLE;
	}
	r = answer_read(fd, &password);
	if (r == 0)
		r = answer_give(&password);
	pieces_deinit(&password);
	if (r < 0 && r != -EINTR)
		report_error("cannot pass on %s: %s", path, strerror(-r));
	return r < 0 ? EX_IOERR : EX_OK;
}

int main(int argc, char **argv)
{
	const char *path = NULL;
	int status;

	report_open(argv[0]);
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--debug") == 0)
			report_set_debug(true);
		else if (strncmp(argv[i], "--file=", 7) == 0)
			path = argv[i] + 7;
	}
	/* Never 0 but for a password. */
	if (!path) {
		report_error("say which file: --file=FILE");
		return EX_USAGE;
	}
	if (secret_process_harden() < 0 || signals_start(false) < 0)
		return EX_OSERR;
	status = give_file(path);
	if (signals_caught())
		signals_die(signals_caught());
	return status;
}
