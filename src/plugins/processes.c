/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plugins/processes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/util.h"

static void closedirp(DIR **d)
{
	if (*d)
		(void)closedir(*d);
}

/* The number that a name in /proc is, or 0. */
static pid_t number_of(const char *name)
{
	char *end;
	long n = strtol(name, &end, 10);

	return *name >= '1' && *name <= '9' && *end == '\0' && n > 0 && n <= INT_MAX ? (pid_t)n : 0;
}

/* The first process that @is_wanted agrees to; 0: none; negative: /proc cannot be read. */
static int search(bool (*is_wanted)(pid_t pid, const char *what), const char *what)
{
	_cleanup_(closedirp) DIR *proc = opendir("/proc");
	const struct dirent *entry;

	if (!proc)
		return -errno;
	while (errno = 0, entry = readdir(proc)) {
		pid_t pid = number_of(entry->d_name);

		if (pid > 0 && is_wanted(pid, what))
			return pid;
	}
	return -errno;
}

static char *file_of(pid_t pid, const char *name)
{
	char *path;

	return asprintf(&path, "/proc/%d/%s", (int)pid, name) < 0 ? NULL : path;
}

static int read_command_line(pid_t pid, char **ret_text, size_t *ret_size)
{
	_cleanup_free_ char *path = file_of(pid, "cmdline");

	return path ? file_read(path, PROCESSES_COMMAND_MAX, ret_text, ret_size) : -ENOMEM;
}

static bool is_named(pid_t pid, const char *name)
{
	_cleanup_free_ char *text = NULL;
	const char *slash;
	size_t size;

	if (read_command_line(pid, &text, &size) < 0)
		return false;
	slash = strrchr(text, '/');
	return strcmp(slash ? slash + 1 : text, name) == 0;
}

bool processes_has_name(const char *name)
{
	return search(is_named, name) > 0;
}

static bool executes(pid_t pid, const char *path)
{
	_cleanup_free_ char *link = file_of(pid, "exe");
	char target[PATH_MAX];
	struct stat st;
	ssize_t n;

	if (!link || lstat(link, &st) < 0 || st.st_uid != 0 || st.st_gid != 0)
		return false;
	n = readlink(link, target, sizeof(target) - 1);
	if (n < 0)
		return false;
	target[n] = '\0';
	if (strcmp(target, path) == 0)
		return true;
	return strncmp(target, "/usr", 4) == 0 && strcmp(target + 4, path) == 0;
}

/* @text ends with a NUL; so does each word in it. */
static char **split(char *text, size_t size)
{
	size_t n = 0;
	char **argv;

	for (size_t i = 0; i < size; i++)
		n += text[i] == '\0';
	argv = calloc(n + 2, sizeof(*argv));
	if (!argv)
		return NULL;
	n = 0;
	for (size_t i = 0; i < size; i += strlen(text + i) + 1)
		argv[n++] = text + i;
	return argv;
}

int process_hold(pid_t pid, struct process *ret)
{
	size_t size;

	*ret = (struct process){ .fd = pidfd_open(pid, 0), .pid = pid };
	if (ret->fd < 0)
		return -errno;
	/* One without a command line can still be ended. */
	if (read_command_line(pid, &ret->words, &size) == 0 && size > 0)
		ret->argv = split(ret->words, size);
	return 0;
}

int processes_find(const char *path, struct process *ret)
{
	int r = search(executes, path);

	*ret = (struct process){ .fd = -1 };
	if (r <= 0)
		return r < 0 ? r : -ESRCH;
	r = process_hold(r, ret);
	if (r < 0)
		return r;
	/* Held now; but is it still the one that was found? */
	if (!executes(ret->pid, path)) {
		process_deinit(ret);
		return -ESRCH;
	}
	return 0;
}

bool process_has_ended(const struct process *p, int msec)
{
	struct pollfd end = { .fd = p->fd, .events = POLLIN };

	return poll(&end, 1, msec) > 0;
}

void process_end(const struct process *p)
{
	if (p->fd < 0)
		return;
	(void)pidfd_send_signal(p->fd, SIGTERM, NULL, 0);
	if (process_has_ended(p, PROCESSES_TERM_MSEC))
		return;
	for (int i = 0; i < PROCESSES_KILL_MAX; i++) {
		(void)pidfd_send_signal(p->fd, SIGKILL, NULL, 0);
		if (process_has_ended(p, PROCESSES_KILL_MSEC))
			return;
	}
}

void process_deinit(struct process *p)
{
	p->fd = fd_close(p->fd);
	free(p->argv);
	free(p->words);
	*p = (struct process){ .fd = -1 };
}
