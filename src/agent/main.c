/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * password-agent: answers systemd's password questions with the password of the Mandos client.
 *
 * One of several agents that a boot may have, so it never says no: a question that it has no answer
 * to stays open for the others.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/report.h"
#include "base/fd.h"
#include "base/secret.h"

/* A pipe that took the place of a closed descriptor would be mistaken for it. */
static void open_standard_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	(void)fd_close(fd);
}

static void die(int signal)
{
	const struct sigaction by_default = { .sa_handler = SIG_DFL };
	sigset_t set;

	(void)sigaction(signal, &by_default, NULL);
	(void)raise(signal);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, signal);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
}

int main(int argc, char **argv)
{
	struct options options;
	int status, signal = 0, r;

	open_standard_descriptors();
	r = options_parse(argc, argv, &options);
	if (r == OPTIONS_OK) {
		int hardened = secret_process_harden();

		if (hardened < 0)
			report_error("cannot protect the password's memory: %s",
				     strerror(-hardened));
		status = hardened < 0 ? EX_OSERR : agent_run(&options, &signal);
	} else {
		status = r == OPTIONS_SHOWN ? EX_OK : r == -ENOMEM ? EX_OSERR : EX_USAGE;
	}
	options_deinit(&options);
	if (signal)
		die(signal);
	return status;
}
