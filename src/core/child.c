/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/child.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "core/launch.h"

static struct {
	pid_t pid; /* 0: none */
	int fd;
	sd_event_source *source;
} launcher = { .fd = -1 };

/* Returns what the launcher says, or what keeps it from saying anything. */
static int wait_for_answer(void)
{
	struct pollfd p = { .fd = launcher.fd, .events = POLLIN };
	int32_t answer = 0;
	ssize_t n;
	int r;

	do
		r = poll(&p, 1, CHILD_ANSWER_MSEC);
	while (r < 0 && errno == EINTR);
	n = r > 0 ? channel_receive(launcher.fd, &answer, sizeof(answer)) : r < 0 ? -errno : 0;
	if (n == sizeof(answer))
		return answer;
	/* An answer that came now would be taken for the next one's. */
	launcher.fd = fd_close(launcher.fd);
	if (n < 0)
		return (int)n;
	return r == 0 ? -ETIMEDOUT : -EPIPE;
}

int child_launcher_start(const struct server_user *user)
{
	int pair[2];
	int r = channel_pair(pair);

	if (r < 0)
		return r;
	launcher.fd = pair[0];
	launcher.pid = fork();
	if (launcher.pid == 0)
		launch_serve(pair[1], user);
	r = launcher.pid < 0 ? -errno : 0;
	pair[1] = fd_close(pair[1]);
	return r < 0 ? r : wait_for_answer();
}

static int on_launcher_exit(sd_event_source *source, const siginfo_t *si, void *userdata)
{
	sd_event *event = sd_event_source_get_event(source);

	launcher.source = sd_event_source_disable_unref(launcher.source);
	launcher.pid = 0;
	log_critical("The launcher is gone, without which no gate and no spawner can be replaced; "
		     "ending");
	return sd_event_exit(event, EXIT_FAILURE);
}

int child_launcher_watch(sd_event *event)
{
	return sd_event_add_child(event, &launcher.source, launcher.pid, WEXITED, on_launcher_exit,
				  NULL);
}

void child_launcher_stop(void)
{
	launcher.source = sd_event_source_disable_unref(launcher.source);
	launcher.fd = fd_close(launcher.fd);
	if (launcher.pid > 0) {
		/* It holds nothing that would need waiting for. */
		(void)kill(launcher.pid, SIGKILL);
		while (waitpid(launcher.pid, NULL, 0) < 0 && errno == EINTR)
			continue;
	}
	launcher.pid = 0;
}

int child_start(const struct child_program *p, pid_t *ret_pid)
{
	struct launch_request request = { .debug = p->debug };
	int fds[LAUNCH_FDS_MAX] = { STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO };
	int r = launch_find(p->name);

	if (r < 0)
		return r;
	if (launcher.fd < 0)
		return -EPIPE;
	request.helper = (uint8_t)r;
	memcpy(fds + LAUNCH_FDS_STANDARD, p->fds, sizeof(int) * p->n_fds);
	r = channel_send_fds(launcher.fd, &request, sizeof(request), fds,
			     LAUNCH_FDS_STANDARD + p->n_fds);
	if (r == 0)
		r = wait_for_answer();
	if (r < 0)
		return r;
	*ret_pid = r;
	return 0;
}

void child_log_forbidden(const char *name, const siginfo_t *si)
{
	if (si->si_code == CLD_EXITED || si->si_status != SIGSYS)
		return;
	log_error("%s was ended by the kernel for a system call that it never makes: an attack, or "
		  "a library that it does not know; the kernel's log has the number of the call",
		  name);
}
