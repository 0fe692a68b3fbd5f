/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/hooks.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"
#include "client/place.h"
#include "client/program.h"
#include "client/report.h"

bool hooks_is_name(const char *name)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789_.-";

	return *name && name[strspn(name, letters)] == '\0';
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_hook(const char *directory, const char *name)
{
	_cleanup_free_ char *path = NULL;
	struct stat st;

	if (!hooks_is_name(name) || asprintf(&path, "%s/%s", directory, name) < 0)
		return false;
	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode) || !(st.st_mode & 0111)) {
		report_debug("%s is no network hook", path);
		return false;
	}
	return true;
}

static void add(struct hooks *h, const char *name)
{
	char *copy = strdup(name);

	if (copy)
		h->names[h->n_names++] = copy;
	else
		report_error("out of memory; network hook %s is not run", name);
}

static void read_directory(struct hooks *h, DIR *dir)
{
	struct dirent *entry;

	h->names = calloc(HOOKS_MAX, sizeof(*h->names));
	while (h->names && (entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
		    !is_hook(h->directory, entry->d_name))
			continue;
		if (h->n_names == HOOKS_MAX) {
			report_error("%s has more than %d network hooks; the rest is not run",
				     h->directory, HOOKS_MAX);
			break;
		}
		add(h, entry->d_name);
	}
	if (h->n_names > 0)
		qsort(h->names, h->n_names, sizeof(*h->names), by_bytes);
}

void hooks_init(struct hooks *h, const struct options *o)
{
	DIR *dir;

	*h = (struct hooks){ .options = o };
	h->directory = place_of_programs(o->network_hook_dir, OPTIONS_HOOK_DIR);
	dir = h->directory ? opendir(h->directory) : NULL;
	if (dir) {
		read_directory(h, dir);
		(void)closedir(dir);
	} else if (errno == ENOENT) {
		report_debug("there are no network hooks: no %s", o->network_hook_dir);
	} else if (h->directory) {
		report_error("cannot open network hook directory %s: %s", h->directory,
			     strerror(errno));
	}
}

void hooks_deinit(struct hooks *h)
{
	for (size_t i = 0; i < h->n_names; i++)
		free(h->names[i]);
	free(h->names);
	free(h->directory);
	h->directory = NULL;
	h->names = NULL;
	h->n_names = 0;
}

/*
 * CLI-HOOK-4. The process is the warden, which nobody else reads the environment of. The directory
 * is the one that was looked at: behind a name that somebody chose there can be another one now.
 */
static int set_environment(const struct hooks *h, const char *mode)
{
	const struct options *o = h->options;
	char delay[40];
	_cleanup_free_ char *connect = options_connect_text(o);

	(void)snprintf(delay, sizeof(delay), "%llu.%06llu",
		       (unsigned long long)(o->delay_usec / USEC_PER_SEC),
		       (unsigned long long)(o->delay_usec % USEC_PER_SEC));
	if (setenv("MANDOSNETHOOKDIR", h->directory, 1) < 0 ||
	    setenv("DEVICE", o->interfaces, 1) < 0 || setenv("MODE", mode, 1) < 0 ||
	    setenv("VERBOSITY", o->debug ? "1" : "0", 1) < 0 || setenv("DELAY", delay, 1) < 0)
		return -errno;
	if (!connect)
		return unsetenv("CONNECT") < 0 ? -errno : 0;
	return setenv("CONNECT", connect, 1) < 0 ? -errno : 0;
}

static void run(const struct hooks *h, const char *name, enum hooks_mode mode)
{
	char *word = mode == HOOKS_START ? (char[]){ "start" } : (char[]){ "stop" };
	_cleanup_free_ char *path = place_of_program(h->directory, OPTIONS_HOOK_DIR, name);
	_cleanup_free_ char *what = NULL;
	struct program p = { .needs_root = true };
	pid_t pid;

	if (!path)
		return;
	if (asprintf(&what, "network hook %s", name) < 0 || set_environment(h, word) < 0) {
		report_error("out of memory; network hook %s is not run", name);
		return;
	}
	p.path = path;
	p.argv = (char *[]){ path, word, NULL };
	report_debug("%s, mode %s", what, word);
	pid = program_start(&p);
	if (pid < 0)
		report_error("cannot run %s: %s", what, strerror(-pid));
	else
		(void)program_failed(what, program_wait(pid, -1, USEC_NEVER));
}

bool hooks_run_next(struct hooks *h, enum hooks_mode mode)
{
	if (h->next[mode] == h->n_names)
		return false;
	run(h, h->names[h->next[mode]++], mode);
	return true;
}
