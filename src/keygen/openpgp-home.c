/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keygen/openpgp-home.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "keygen/erase.h"
#include "keygen/report.h"

#define CHILDREN_FILE "/proc/thread-self/children"
#define CHILDREN_MAX  4096 /* bytes of that file: some hundred processes; GnuPG has four */

/* Smart cards have no part in this, and the search for one costs time and a daemon more. */
static const char agent_options[] = "disable-scdaemon\n";

static int write_agent_options(const char *home)
{
	char path[PATH_MAX];
	_cleanup_fd_ int fd = -1;
	int n = snprintf(path, sizeof(path), "%s/gpg-agent.conf", home);

	if (n < 0 || (size_t)n >= sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	if (write(fd, agent_options, sizeof(agent_options) - 1) < 0)
		return -errno;
	return 0;
}

int openpgp_home_open(struct openpgp_home *ret)
{
	const char *parent = getenv("TMPDIR");
	struct openpgp_home home;
	int n, r;

	if (!parent || *parent == '\0')
		parent = "/tmp";
	n = snprintf(home.path, sizeof(home.path), "%s/mandos-keygen-XXXXXX", parent);
	if (n < 0 || (size_t)n >= sizeof(home.path)) {
		report_error("TMPDIR is too long; set it to a shorter directory name");
		return -ENAMETOOLONG;
	}
	if (!mkdtemp(home.path)) {
		r = -errno;
		report_error("cannot make a temporary directory in %s: %s; set TMPDIR to a "
			     "directory that can be written",
			     parent, strerror(-r));
		return r;
	}
	r = write_agent_options(home.path);
	if (r >= 0 && (setenv("GNUPGHOME", home.path, 1) < 0 ||
		       prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0))
		r = -errno;
	if (r < 0) {
		report_error("cannot prepare the temporary directory %s: %s", home.path,
			     strerror(-r));
		(void)erase_tree(home.path);
		return r;
	}
	*ret = home;
	return 0;
}

/* All are GnuPG's: ssh-keyscan has been waited for by whoever started it. */
static void signal_children(int signal_number)
{
	char list[CHILDREN_MAX + 1];
	_cleanup_fd_ int fd = open(CHILDREN_FILE, O_RDONLY | O_CLOEXEC);
	size_t used = 0;
	char *at = list;

	while (fd >= 0 && used < CHILDREN_MAX) {
		ssize_t n = read(fd, list + used, CHILDREN_MAX - used);

		if (n <= 0)
			break;
		used += (size_t)n;
	}
	list[used] = '\0';
	for (;;) {
		char *end;
		long pid = strtol(at, &end, 10);

		/* A number cut short at the end of the buffer has no space behind it. */
		if (end == at || *end != ' ')
			return;
		if (pid > 1)
			(void)kill((pid_t)pid, signal_number);
		at = end;
	}
}

/* True once there is no child left. A child that ends may leave us new ones: its own. */
static bool reap_all(void)
{
	pid_t pid;

	do
		pid = waitpid(-1, NULL, WNOHANG);
	while (pid > 0 || (pid < 0 && errno == EINTR));
	return pid < 0 && errno == ECHILD;
}

static void wait_for_child(const sigset_t *child_signal, usec_t left)
{
	struct timespec ts = {
		.tv_sec = (time_t)(left / USEC_PER_SEC),
		.tv_nsec = (long)(left % USEC_PER_SEC) * 1000,
	};

	(void)sigtimedwait(child_signal, NULL, &ts);
}

static bool end_children_with(int signal_number, const sigset_t *child_signal)
{
	usec_t deadline = usec_add(instant_now().boot, OPENPGP_END_WAIT);

	while (!reap_all()) {
		usec_t left = usec_sub(deadline, instant_now().boot);

		if (left == 0)
			return false;
		signal_children(signal_number);
		wait_for_child(child_signal, left);
	}
	return true;
}

static void end_children(void)
{
	sigset_t child_signal, old;

	/* Blocked, the signal waits for sigtimedwait(); nothing is started from here on. */
	(void)sigemptyset(&child_signal);
	(void)sigaddset(&child_signal, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &child_signal, &old);
	if (!end_children_with(SIGTERM, &child_signal) &&
	    !end_children_with(SIGKILL, &child_signal))
		report_warning("processes that GnuPG started are still there");
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
}

void openpgp_home_close(struct openpgp_home *home)
{
	int r;

	if (home->path[0] == '\0')
		return;
	end_children();
	r = erase_tree(home->path);
	if (r < 0)
		report_error("cannot remove %s: %s; remove it by hand, it may hold a secret key",
			     home->path, strerror(-r));
	home->path[0] = '\0';
}
