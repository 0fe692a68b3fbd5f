/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runner/plugin.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/fd.h"
#include "runner/environment.h"

#define MESSAGES_SIZE 4096

struct pipes {
	int out[2]; /* read here, written by the plugin */
	int err[2];
};

/* What execve(2) is given. Owned. */
struct invocation {
	char *path;
	struct words args;
	char **environment;
};

void plugin_init(struct plugin *p, const char *name)
{
	*p = (struct plugin){ .name = name, .out_fd = -1, .err_fd = -1, .relay = { .name = name } };
}

static void invocation_deinit(struct invocation *i)
{
	free(i->path);
	words_deinit(&i->args);
	environment_free(i->environment);
}

static int add_words(struct words *to, const struct words *from)
{
	for (size_t i = 0; i < from->n; i++) {
		int r = words_add(to, from->list[i]);

		if (r < 0)
			return r;
	}
	return 0;
}

static int prepare(const struct plugin *p, const struct launch *l, struct invocation *ret)
{
	static const struct plugin_settings none = { 0 };
	const struct plugin_settings *own = settings_find(l->settings, p->name);
	struct environment_sources sources;
	int r;

	own = own ? own : &none;
	sources = (struct environment_sources){
		.own = own->env.list,
		.global = l->settings->env.list,
		.inherited = l->environment,
		.helper_dir = l->settings->helper_dir,
	};
	/* Not by descriptor: a script would find neither its name nor, without /dev/fd, itself. */
	if (asprintf(&ret->path, "%s/%s", l->settings->plugin_dir, p->name) < 0) {
		ret->path = NULL;
		return -ENOMEM;
	}
	ret->environment = environment_merge(&sources);
	if (!ret->environment)
		return -ENOMEM;
	r = words_add(&ret->args, p->name);
	if (r == 0)
		r = add_words(&ret->args, &own->args);
	return r == 0 ? add_words(&ret->args, &l->settings->args) : r;
}

static void pipes_close(struct pipes *p)
{
	for (size_t i = 0; i < 2; i++) {
		p->out[i] = fd_close(p->out[i]);
		p->err[i] = fd_close(p->err[i]);
	}
}

/* Only our ends do not wait: programs expect a standard output that does. */
static int pipes_open(struct pipes *p)
{
	int r;

	if (pipe2(p->out, O_CLOEXEC) < 0 || pipe2(p->err, O_CLOEXEC) < 0)
		return -errno;
	r = fd_set_nonblock(p->out[0]);
	return r < 0 ? r : fd_set_nonblock(p->err[0]);
}

static void run(const struct pipes *pipes, const struct invocation *i,
		const struct signals *signals, pid_t runner) _noreturn_;

static void run(const struct pipes *pipes, const struct invocation *i,
		const struct signals *signals, pid_t runner)
{
	if (dup2(pipes->out[1], STDOUT_FILENO) < 0 || dup2(pipes->err[1], STDERR_FILENO) < 0)
		_exit(EX_OSERR);
	signals_restore(signals);
	/* A runner that is killed outright leaves nobody behind. The kernel takes this away from
	 * set-user-ID programs, which then notice that nobody reads. */
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != runner)
		_exit(EX_OSERR);
	(void)execve(i->path, i->args.list, i->environment);
	(void)dprintf(STDERR_FILENO, "cannot execute %s: %s\n", i->path, strerror(errno));
	_exit(EX_OSERR);
}

static void reset(struct plugin *p)
{
	p->out_fd = fd_close(p->out_fd);
	p->err_fd = fd_close(p->err_fd);
	p->relay.unfinished = false;
	p->has_failed_output = false;
	pieces_deinit(&p->output);
}

int plugin_start(struct plugin *p, const struct launch *launch)
{
	_cleanup_(pipes_close) struct pipes pipes = { { -1, -1 }, { -1, -1 } };
	_cleanup_(invocation_deinit) struct invocation invocation = { 0 };
	pid_t runner = getpid(), pid;
	int r = prepare(p, launch, &invocation);

	if (r == 0)
		r = pipes_open(&pipes);
	if (r < 0)
		return r;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		run(&pipes, &invocation, launch->signals, runner);
	reset(p);
	p->pid = pid;
	p->out_fd = STEAL_FD(pipes.out[0]);
	p->err_fd = STEAL_FD(pipes.err[0]);
	p->state = PLUGIN_RUNNING;
	report_debug("started '%s' as process %d", p->name, (int)pid);
	return 0;
}

/* What a plugin prints cannot keep the loop from the others: one piece a turn. */
void plugin_read_output(struct plugin *p, usec_t now)
{
	ssize_t n = pieces_read(&p->output, p->out_fd, PIECES_SIZE);

	if (n > 0 || n == -EAGAIN || n == -EINTR)
		return;
	if (n < 0) {
		report_error("cannot keep what '%s' prints: %s", p->name, strerror((int)-n));
		p->has_failed_output = true;
	}
	p->out_fd = fd_close(p->out_fd);
	p->closed = now;
}

void plugin_read_messages(struct plugin *p)
{
	char text[MESSAGES_SIZE];
	ssize_t n = read(p->err_fd, text, sizeof(text));

	if (n > 0)
		console_relay(&p->relay, text, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		p->err_fd = fd_close(p->err_fd);
}

void plugin_on_end(struct plugin *p, int status, usec_t now)
{
	p->pid = 0;
	p->status = status;
	p->ended = now;
}

static void fail(struct plugin *p)
{
	p->state = PLUGIN_FAILED;
	p->out_fd = fd_close(p->out_fd);
	pieces_deinit(&p->output);
}

static void fail_for_now(struct plugin *p, usec_t now)
{
	usec_t delay = PLUGIN_RESTART_MIN_USEC << MIN_OF(p->n_restarts, 16U);

	fail(p);
	p->state = PLUGIN_RESTARTING;
	p->restart_at = usec_add(now, MIN_OF(delay, PLUGIN_RESTART_MAX_USEC));
	p->n_restarts++;
}

static void judge_ended(struct plugin *p, usec_t now)
{
	if (!WIFEXITED(p->status)) {
		report_debug("'%s' died of signal %d", p->name, WTERMSIG(p->status));
		fail(p);
	} else if (WEXITSTATUS(p->status) == EX_TEMPFAIL) {
		fail_for_now(p, now);
		report_debug("'%s' asks to be started again", p->name);
	} else if (WEXITSTATUS(p->status) != 0) {
		report_debug("'%s' failed with status %d", p->name, WEXITSTATUS(p->status));
		fail(p);
	} else if (p->has_failed_output) {
		fail(p);
	} else if (p->out_fd < 0 || now >= usec_add(p->ended, PLUGIN_OPEN_USEC)) {
		p->out_fd = fd_close(p->out_fd);
		p->state = PLUGIN_SUCCEEDED;
	}
}

void plugin_judge(struct plugin *p, usec_t now)
{
	bool is_late;

	if (p->state != PLUGIN_RUNNING)
		return;
	if (p->pid == 0) {
		judge_ended(p, now);
		return;
	}
	is_late = p->out_fd < 0 && now >= usec_add(p->closed, PLUGIN_CLOSED_USEC);
	if (is_late)
		report_error("'%s' has closed its output and does not end", p->name);
	if (is_late || p->has_failed_output) {
		plugin_signal(p, SIGTERM);
		fail(p);
	}
}

usec_t plugin_deadline(const struct plugin *p)
{
	if (p->state == PLUGIN_RESTARTING)
		return p->restart_at;
	if (p->state != PLUGIN_RUNNING)
		return USEC_NEVER;
	if (p->pid == 0)
		return usec_add(p->ended, PLUGIN_OPEN_USEC);
	return p->out_fd < 0 ? usec_add(p->closed, PLUGIN_CLOSED_USEC) : USEC_NEVER;
}

void plugin_signal(const struct plugin *p, int signal)
{
	if (p->pid > 0)
		(void)kill(p->pid, signal);
}

void plugin_deinit(struct plugin *p)
{
	reset(p);
}
