/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Children are found by waitid(P_ALL) and not by a pidfd each: a hundred thousand descriptors would
 * need a raised RLIMIT_NOFILE, which every checker would inherit, and posix_spawn() cannot lower it
 * again. Until it is reaped a process ID is as good a handle as a pidfd, and this file is the only
 * one that reaps.
 */
#include "spawn/runs.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/util.h"

struct run {
	uint64_t id;
	pid_t pid;
	bool is_killed;
	struct heap_node deadline;
	struct run *next_by_id;
	struct run *next_by_pid;
	struct run *next_done;
	enum spawn_outcome outcome;
	uint32_t value;
};

void runs_init(struct runs *r, const struct launcher *launcher, size_t max)
{
	memset(r, 0, sizeof(*r));
	r->launcher = launcher;
	r->max = max;
	r->last_done = &r->first_done;
}

void runs_deinit(struct runs *r)
{
	while (r->first_done)
		runs_drop_report(r);
	for (size_t i = 0; i < RUNS_BUCKETS; i++) {
		while (r->by_id[i]) {
			struct run *run = r->by_id[i];

			r->by_id[i] = run->next_by_id;
			heap_remove(&r->deadlines, &run->deadline);
			free(run);
		}
	}
	heap_deinit(&r->deadlines);
}

static struct run **id_bucket(struct runs *r, uint64_t id)
{
	return &r->by_id[id % RUNS_BUCKETS];
}

static struct run **pid_bucket(struct runs *r, pid_t pid)
{
	return &r->by_pid[(size_t)pid % RUNS_BUCKETS];
}

static struct run *find_by_id(struct runs *r, uint64_t id)
{
	struct run *run = *id_bucket(r, id);

	while (run && run->id != id)
		run = run->next_by_id;
	return run;
}

static struct run *find_by_pid(struct runs *r, pid_t pid)
{
	struct run *run = *pid_bucket(r, pid);

	while (run && run->pid != pid)
		run = run->next_by_pid;
	return run;
}

static void enter_alive(struct runs *r, struct run *run, pid_t pid)
{
	struct run **by_id = id_bucket(r, run->id), **by_pid = pid_bucket(r, pid);

	run->pid = pid;
	run->next_by_id = *by_id;
	*by_id = run;
	run->next_by_pid = *by_pid;
	*by_pid = run;
	r->n_alive++;
}

static void leave_alive(struct runs *r, struct run *run)
{
	struct run **by_id = id_bucket(r, run->id), **by_pid = pid_bucket(r, run->pid);

	while (*by_id != run)
		by_id = &(*by_id)->next_by_id;
	*by_id = run->next_by_id;
	while (*by_pid != run)
		by_pid = &(*by_pid)->next_by_pid;
	*by_pid = run->next_by_pid;
	heap_remove(&r->deadlines, &run->deadline);
	r->n_alive--;
}

static void enter_done(struct runs *r, struct run *run, enum spawn_outcome outcome, uint32_t value)
{
	run->outcome = outcome;
	run->value = value;
	*r->last_done = run;
	r->last_done = &run->next_done;
}

int runs_start(struct runs *r, uint64_t id, const char *command, size_t command_size)
{
	struct run *run;
	pid_t pid;
	int e;

	if (id <= r->last_id || command_size > EXPAND_MAX)
		return -EPROTO;
	run = calloc(1, sizeof(*run));
	if (!run)
		return -ENOMEM;
	run->id = r->last_id = id;
	if (r->n_runs++ >= r->max) {
		enter_done(r, run, SPAWN_NOT_STARTED, EAGAIN);
		return 0;
	}
	/* The message has no NUL at its end, and its buffer is the next message's. */
	memcpy(r->command, command, command_size);
	r->command[command_size] = '\0';
	e = launcher_start(r->launcher, r->command, &pid);
	if (e < 0)
		enter_done(r, run, SPAWN_NOT_STARTED, (uint32_t)-e);
	else
		enter_alive(r, run, pid);
	return 0;
}

static void signal_group(const struct run *run, int signal_number)
{
	/* EPERM when all of the group has become another user, as by sudo: the run then lasts as
	 * long as they do, and nothing here could change that. */
	(void)kill(-run->pid, signal_number);
}

static void kill_run(struct runs *r, struct run *run, usec_t now)
{
	if (run->is_killed)
		return;
	run->is_killed = true;
	signal_group(run, SIGTERM);
	/* Without memory for the deadline there can be no grace. */
	if (heap_set(&r->deadlines, &run->deadline, usec_add(now, RUNS_GRACE_USEC)) < 0)
		signal_group(run, SIGKILL);
}

int runs_kill(struct runs *r, uint64_t id, usec_t now)
{
	struct run *run;

	if (id == 0 || id > r->last_id)
		return -EPROTO;
	run = find_by_id(r, id);
	if (run)
		kill_run(r, run, now);
	return 0;
}

void runs_kill_all(struct runs *r, usec_t now)
{
	for (size_t i = 0; i < RUNS_BUCKETS; i++) {
		for (struct run *run = r->by_id[i]; run; run = run->next_by_id)
			kill_run(r, run, now);
	}
}

usec_t runs_deadline(const struct runs *r)
{
	const struct heap_node *first = heap_first(&r->deadlines);

	return first ? first->when : USEC_NEVER;
}

void runs_expire(struct runs *r, usec_t now)
{
	struct heap_node *first;

	while ((first = heap_first(&r->deadlines)) && first->when <= now) {
		heap_remove(&r->deadlines, first);
		signal_group(container_of(first, struct run, deadline), SIGKILL);
	}
}

void runs_reap(struct runs *r)
{
	for (;;) {
		siginfo_t info = { .si_pid = 0 };
		struct run *run;

		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == 0)
			return;
		run = find_by_pid(r, info.si_pid);
		if (run && run->is_killed)
			signal_group(run, SIGKILL);
		(void)waitid(P_PID, (id_t)info.si_pid, &info, WEXITED | WNOHANG);
		/* A child that is no run was there before our program was executed. */
		if (!run)
			continue;
		leave_alive(r, run);
		enter_done(r, run, info.si_code == CLD_EXITED ? SPAWN_EXITED : SPAWN_SIGNALLED,
			   (uint32_t)info.si_status);
	}
}

bool runs_first_report(const struct runs *r, struct spawn_msg *ret)
{
	const struct run *run = r->first_done;

	if (!run)
		return false;
	*ret = (struct spawn_msg){
		.type = SPAWN_MSG_EXITED,
		.run = run->id,
		.exited = { .outcome = run->outcome, .value = run->value },
	};
	return true;
}

void runs_drop_report(struct runs *r)
{
	struct run *run = r->first_done;

	r->first_done = run->next_done;
	if (!r->first_done)
		r->last_done = &r->first_done;
	r->n_runs--;
	free(run);
}
