/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dispatch/runs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/launch.h"
#include "base/log.h"

#define TIMER_ACCURACY_USEC (50 * USEC_PER_MSEC)

/** struct job - a command that waits */
struct job {
	struct job *next;
	struct hook *hook; /* a reference */
	struct notice notice;
};

static void start_waiting(struct runs *r);

/* ---- what a command says ---- */

static void end_line(struct run *run)
{
	if (run->line_size == 0)
		return;
	run->line[run->line_size] = '\0';
	run->line_size = 0;
	if (run->n_lines++ < RUN_LINES_MAX)
		log_info("Hook %s: %s", run->hook->name, run->line);
	else if (run->n_lines == RUN_LINES_MAX + 1)
		log_info("Hook %s: (more than %d lines; the rest is thrown away)", run->hook->name,
			 RUN_LINES_MAX);
}

static void take_output(struct run *run, const char *data, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (data[i] == '\n') {
			end_line(run);
			continue;
		}
		if (run->line_size == RUN_LINE_MAX)
			end_line(run);
		run->line[run->line_size++] = data[i];
	}
}

/* Once: who writes without end must not keep the loop busy. Returns 0 at the end; negative errno.
 */
static int read_output(struct run *run)
{
	char data[4096];
	ssize_t n = read(run->output_fd, data, sizeof(data));

	if (n < 0)
		return -errno;
	take_output(run, data, (size_t)n);
	return (int)n;
}

static int on_output(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct run *run = userdata;
	int r = read_output(run);

	if (r <= 0 && r != -EAGAIN)
		run->output = sd_event_source_disable_unref(run->output);
	return 0;
}

/* ---- its end ---- */

static void signal_group(const struct run *run, int signal_number)
{
	/* It is ours as long as its leader has not been reaped. */
	(void)kill(-run->pid, signal_number);
}

static void release(struct run *run)
{
	struct runs *r = run->runs;

	run->child = sd_event_source_disable_unref(run->child);
	run->output = sd_event_source_disable_unref(run->output);
	run->timer = sd_event_source_disable_unref(run->timer);
	run->output_fd = fd_close(run->output_fd);
	run->hook->n_running--;
	run->hook = hook_unref(run->hook);
	run->pid = 0;
	r->n_running--;
}

static void report_end(const struct run *run, const siginfo_t *si)
{
	if (run->is_late)
		log_warning("Hook %s: the command %s", run->hook->name,
			    run->runs->is_ending ? "was ended together with this program"
						 : "took longer than its time, and was ended");
	else if (si->si_code != CLD_EXITED)
		log_warning("Hook %s: the command was killed by signal %d", run->hook->name,
			    si->si_status);
	else if (si->si_status != 0)
		log_warning("Hook %s: the command failed with exit status %d", run->hook->name,
			    si->si_status);
	else
		log_debug("Hook %s: done", run->hook->name);
}

static int on_child(sd_event_source *source, const siginfo_t *si, void *userdata)
{
	struct run *run = userdata;
	struct runs *r = run->runs;

	/* What it said last may not have been read yet; a pipe holds no more than this. */
	for (int i = 0; i < 16 && read_output(run) > 0; i++)
		continue;
	end_line(run);
	report_end(run, si);
	if (run->is_late)
		signal_group(run, SIGKILL);
	release(run);
	start_waiting(r);
	if (r->is_ending && r->n_running == 0 && r->on_idle)
		r->on_idle(r->userdata);
	return 0;
}

static int on_time(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct run *run = userdata;

	signal_group(run, run->is_late ? SIGKILL : SIGTERM);
	if (run->is_late)
		return 0;
	run->is_late = true;
	/* Without a timer there can be no grace. */
	if (sd_event_source_set_time_relative(source, RUNS_GRACE_USEC) < 0 ||
	    sd_event_source_set_enabled(source, SD_EVENT_ONESHOT) < 0)
		signal_group(run, SIGKILL);
	return 0;
}

/* ---- its start ---- */

/* A file in memory: a pipe may hold less than the text, and nobody would read while we write. */
static int open_input(const struct notice *notice)
{
	char text[NOTICE_INPUT_SIZE];
	_cleanup_fd_ int fd = memfd_create("mandos-dispatch", MFD_CLOEXEC);
	size_t size;

	if (fd < 0)
		return -errno;
	notice_input(notice, text);
	size = strlen(text);
	if (write(fd, text, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET) < 0)
		return -EIO;
	return STEAL_FD(fd);
}

static int spawn(const struct hook *hook, const struct notice *notice, int output_fd,
		 pid_t *ret_pid)
{
	_cleanup_fd_ int input_fd = open_input(notice);
	struct notice_environment environment;
	char *const *argv = hook_argv(hook);
	posix_spawnattr_t attributes;
	posix_spawn_file_actions_t actions;
	int r;

	if (input_fd < 0)
		return input_fd;
	notice_environment(notice, &environment);
	(void)posix_spawnattr_init(&attributes);
	(void)posix_spawn_file_actions_init(&actions);
	r = launch_prepare_attributes(&attributes);
	if (r >= 0)
		r = launch_prepare_actions(&actions,
					   (const int[3]){ input_fd, output_fd, output_fd });
	/* The program is looked for in our own PATH, which main() has set to theirs. */
	if (r >= 0)
		r = -posix_spawnp(ret_pid, argv[0], &actions, &attributes, argv, environment.list);
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)posix_spawnattr_destroy(&attributes);
	return r;
}

static int watch(struct run *run)
{
	struct runs *r = run->runs;
	int e = sd_event_add_child(r->event, &run->child, run->pid, WEXITED, on_child, run);

	if (e >= 0)
		e = sd_event_add_io(r->event, &run->output, run->output_fd, EPOLLIN, on_output,
				    run);
	if (e >= 0)
		e = sd_event_add_time_relative(r->event, &run->timer, CLOCK_BOOTTIME,
					       run->hook->timeout, TIMER_ACCURACY_USEC, on_time,
					       run);
	return e;
}

static void kill_and_reap(struct run *run)
{
	pid_t pid = run->pid;

	signal_group(run, SIGKILL);
	release(run);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
}

/* In a free place. */
static int start(struct runs *r, struct run *run, struct hook *hook, const struct notice *notice)
{
	_cleanup_fd_ int ours = -1, theirs = -1;
	int fds[2], e;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	ours = fds[0];
	theirs = fds[1];
	e = fd_set_nonblock(ours);
	if (e >= 0)
		e = spawn(hook, notice, theirs, &pid);
	if (e < 0)
		return e;
	*run = (struct run){
		.runs = r, .hook = hook_ref(hook), .pid = pid, .output_fd = STEAL_FD(ours)
	};
	hook->n_running++;
	r->n_running++;
	e = watch(run);
	if (e < 0)
		kill_and_reap(run);
	return e;
}

static struct run *free_place(struct runs *r)
{
	for (size_t i = 0; i < RUNS_MAX; i++) {
		if (r->places[i].pid == 0)
			return &r->places[i];
	}
	return NULL;
}

static void drop_job(struct runs *r, struct job **place)
{
	struct job *job = *place;

	*place = job->next;
	if (!job->next)
		r->last = place;
	job->hook->n_waiting--;
	(void)hook_unref(job->hook);
	free(job);
}

static void start_waiting(struct runs *r)
{
	struct job **place = &r->first;
	struct run *run;

	while (*place && (run = free_place(r))) {
		struct job *job = *place;
		int e;

		if (job->hook->n_running >= RUNS_PER_HOOK_MAX) {
			place = &job->next;
			continue;
		}
		log_debug("Hook %s: started for %s %s", job->hook->name,
			  notice_word(job->notice.kind), job->notice.client);
		e = start(r, run, job->hook, &job->notice);
		if (e < 0)
			log_error("Hook %s: the command could not be started: %s; lost: %s",
				  job->hook->name, strerror(-e), job->notice.text);
		drop_job(r, place);
	}
}

void runs_init(struct runs *r, sd_event *event)
{
	*r = (struct runs){ .event = event };
	r->last = &r->first;
}

int runs_submit(struct runs *r, struct hook *hook, const struct notice *notice)
{
	struct job *job;

	if (r->is_ending)
		return -ESHUTDOWN;
	if (hook->n_waiting >= JOBS_PER_HOOK_MAX)
		return -ENOBUFS;
	job = malloc(sizeof(*job));
	if (!job)
		return -ENOMEM;
	*job = (struct job){ .hook = hook_ref(hook), .notice = *notice };
	hook->n_waiting++;
	*r->last = job;
	r->last = &job->next;
	start_waiting(r);
	return 0;
}

unsigned int runs_end(struct runs *r)
{
	unsigned int n = 0;
	uint64_t now = 0;

	r->is_ending = true;
	(void)sd_event_now(r->event, CLOCK_BOOTTIME, &now);
	for (; r->first; n++)
		drop_job(r, &r->first);
	for (size_t i = 0; i < RUNS_MAX; i++) {
		struct run *run = &r->places[i];
		uint64_t due;

		if (run->pid == 0 || run->is_late || sd_event_source_get_time(run->timer, &due) < 0)
			continue;
		if (due > usec_add(now, RUNS_END_USEC))
			(void)sd_event_source_set_time_relative(run->timer, RUNS_END_USEC);
	}
	if (r->n_running == 0 && r->on_idle)
		r->on_idle(r->userdata);
	return n;
}

void runs_deinit(struct runs *r)
{
	while (r->first)
		drop_job(r, &r->first);
	for (size_t i = 0; i < RUNS_MAX; i++) {
		if (r->places[i].pid != 0)
			kill_and_reap(&r->places[i]);
	}
}
