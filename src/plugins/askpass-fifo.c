/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * askpass-fifo: gives what somebody writes to the FIFO of cryptsetup's own askpass.
 *
 * Set-user-ID root for the FIFO alone. The command line is ignored (CLI-GEN-4), signals have their
 * default action (CLI-FIFO-3), and the FIFO stays (CLI-FIFO-1).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/pieces.h"
#include "base/secret.h"
#include "plugins/answer.h"
#include "plugins/report.h"

#define FIFO "/lib/cryptsetup/passfifo"

/* CLI-FIFO-4. */
static int status_of_making(int error)
{
	switch (error) {
	case ENOENT:
		return EX_UNAVAILABLE;
	case EACCES:
	case ENOTDIR:
	case ELOOP:
		return EX_OSFILE;
	default:
		return EX_OSERR;
	}
}

static int status_of_opening(int error)
{
	return error == EACCES ? EX_UNAVAILABLE : status_of_making(error);
}

static int status_of_reading(int error)
{
	return error == EISDIR ? EX_UNAVAILABLE : error == EIO ? EX_IOERR : EX_OSERR;
}

/* Waits for somebody to write. */
static int open_fifo(int *ret_fd)
{
	int status;

	if (mkfifo(FIFO, S_IRUSR | S_IWUSR) < 0 && errno != EEXIST) {
		status = status_of_making(errno);
		report_error("cannot make %s: %s", FIFO, strerror(errno));
		return status;
	}
	*ret_fd = open(FIFO, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (*ret_fd >= 0)
		return 0;
	status = status_of_opening(errno);
	report_error("cannot open %s: %s", FIFO, strerror(errno));
	return status;
}

static bool drop_privileges(void)
{
	if (setresgid(getgid(), getgid(), getgid()) == 0 &&
	    setresuid(getuid(), getuid(), getuid()) == 0)
		return true;
	report_error("cannot give up root's rights: %s", strerror(errno));
	return false;
}

static int pass_on(int fd)
{
	struct pieces answer = { 0 };
	int status = EX_OK;
	int r = answer_read(fd, &answer);

	if (r < 0) {
		status = status_of_reading(-r);
		report_error("cannot read %s: %s", FIFO, strerror(-r));
	} else {
		r = answer_give(&answer);
		if (r < 0) {
			status = r == -EBADF ? EX_OSFILE : EX_IOERR;
			report_error("cannot write the password: %s", strerror(-r));
		}
	}
	pieces_deinit(&answer);
	return status;
}

int main(int argc, char **argv)
{
	int fd = -1, status;

	report_open(argc > 0 ? argv[0] : NULL);
	status = open_fifo(&fd);
	if (status != 0)
		return status;
	if (!drop_privileges() || secret_process_harden() < 0)
		return EX_OSERR;
	return pass_on(fd);
}
