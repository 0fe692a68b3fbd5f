/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keygen/fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/locate.h"
#include "keygen/child.h"
#include "keygen/install.h"
#include "keygen/interrupt.h"
#include "keygen/report.h"

#define CLIENT	     "mandos-client"
#define RUNNER	     "plugin-runner"
#define RUNNER_WAIT  (60 * USEC_PER_SEC)
#define PLUGIN_PLACE SBIN_TO_PKGLIB "/plugins.d/"
#define KEY_WORDS    4
#define FIXED_WORDS  (KEY_WORDS + 4) /* the program, two more options, and the NULL */

/* No interface is brought up that is named behind "none" (mandos-client(8mandos)). */
#define INTERFACES_AS_THEY_ARE "--interface=none"
#define NO_HOOKS	       "--network-hook-dir=/nonexistent"

static char *word(const char *text)
{
	/* execv(3) only reads through these pointers. */
	return (char *)(uintptr_t)text;
}

static int locate(const char *place, const char *name, char ret_path[PATH_MAX])
{
	int r = locate_program(place, name, ret_path);

	if (r < 0)
		report_error("there is no %s where this program was installed: %s; install the "
			     "package mandos-client",
			     name, strerror(-r));
	return r;
}

/* What the boot's plugin-runner would start the client with, one word a line. */
static int read_options(char output[FETCH_OPTIONS_MAX])
{
	char path[PATH_MAX];
	char *argv[] = { path, word("--show-options=" CLIENT),
			 word("--config-file=" FETCH_CONFIG_FILE), NULL };
	const struct child_plan plan = {
		.file = path, .argv = argv, .in = -1, .err = STDERR_FILENO, .is_plain = true
	};
	int r = locate(SBIN_TO_PKGLIB "/", RUNNER, path);

	if (r < 0)
		return r;
	r = child_output(&plan, output, FETCH_OPTIONS_MAX,
			 usec_add(instant_now().boot, RUNNER_WAIT));
	if (r == 0 || r == -ECANCELED)
		return r;
	if (r == EX_UNAVAILABLE)
		report_error(FETCH_CONFIG_FILE
			     " disables " CLIENT
			     ": a boot would not ask any server; remove --disable=" CLIENT);
	else
		report_error("cannot take the options of " CLIENT " from " FETCH_CONFIG_FILE
			     "%s%s; look at that file",
			     r < 0 ? ": " : "", r < 0 ? strerror(-r) : "");
	return -ENODATA;
}

static size_t count_lines(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

/* Appends the lines of @text, which becomes the words. */
static size_t split(char *text, char **argv)
{
	size_t n = 0;

	for (char *end = strchr(text, '\n'); end; end = strchr(text, '\n')) {
		*end = '\0';
		argv[n++] = text;
		text = end + 1;
	}
	return n;
}

struct key_words {
	char words[KEY_WORDS][PATH_MAX + 32];
};

static void name_keys(const char *dir, struct key_words *ret)
{
	static const char *const files[KEY_WORDS][2] = { { "pubkey", FILE_PUBKEY },
							 { "seckey", FILE_SECKEY },
							 { "tls-pubkey", FILE_TLS_PUBKEY },
							 { "tls-privkey", FILE_TLS_PRIVKEY } };

	for (size_t i = 0; i < KEY_WORDS; i++)
		(void)snprintf(ret->words[i], sizeof(ret->words[i]), "--%s=%s/%s", files[i][0], dir,
			       files[i][1]);
}

/* The first "none" and the last hook directory are what counts, so these have the ends. */
static char **make_argv(const struct fetch_plan *plan, char *program, char *options,
			struct key_words *keys)
{
	char **argv = calloc(count_lines(options) + plan->n_words + FIXED_WORDS, sizeof(*argv));
	size_t n = 0;

	if (!argv)
		return NULL;
	argv[n++] = program;
	argv[n++] = word(INTERFACES_AS_THEY_ARE);
	n += split(options, argv + n);
	name_keys(plan->dir, keys);
	for (size_t i = 0; i < KEY_WORDS; i++)
		argv[n++] = keys->words[i];
	for (size_t i = 0; i < plan->n_words; i++)
		argv[n++] = plan->words[i];
	argv[n++] = word(NO_HOOKS);
	return argv;
}

static int read_password(int fd, struct pieces *ret, usec_t deadline)
{
	for (;;) {
		ssize_t n;
		int r = interrupt_wait(fd, POLLIN, deadline);

		if (r < 0)
			return r;
		n = pieces_read(ret, fd, PIECES_SIZE);
		if (n == 0)
			return 0;
		if (n < 0 && n != -EINTR && n != -EAGAIN)
			return (int)n;
	}
}

static int report_failure(int error, int status, usec_t wait)
{
	if (error == -ECANCELED)
		return error; /* the user knows */
	if (error == -ETIMEDOUT) {
		report_error("no server gave the password within %llu s; " CLIENT
			     " has said above what it met. Look in the server's log whether it "
			     "knows this client and whether it is enabled; a server that is not "
			     "found can be named: -- --connect=ADDRESS:PORT",
			     (unsigned long long)(wait / USEC_PER_SEC));
		return error;
	}
	if (error < 0)
		report_error("cannot run " CLIENT ": %s", strerror(-error));
	else if (status == EX_USAGE)
		report_error(CLIENT
			     " does not take its options; they are those of " FETCH_CONFIG_FILE
			     " and those behind --");
	else
		report_error(CLIENT
			     " ended with status %d and without a password; see what it said",
			     status);
	return -ENODATA;
}

static int run_client(char *const *argv, usec_t wait, struct pieces *ret)
{
	struct child_plan plan = {
		.file = argv[0], .argv = argv, .in = -1, .err = STDERR_FILENO, .is_plain = true
	};
	usec_t deadline = usec_add(instant_now().boot, wait);
	_cleanup_fd_ int read_end = -1;
	int fds[2], r, status = 0;
	pid_t pid = 0;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return report_failure(-errno, 0, wait);
	read_end = fds[0];
	plan.out = fds[1];
	r = child_start(&plan, &pid);
	fd_close(fds[1]);
	if (r < 0)
		return report_failure(r, 0, wait);
	r = read_password(read_end, ret, deadline);
	status = child_end(pid, r < 0 ? 0 : deadline);
	if (interrupt_signal())
		r = -ECANCELED;
	/* Only with status 0 is what it printed a password. */
	return r == 0 && status == 0 ? 0 : report_failure(r, status, wait);
}

int fetch_password(const struct fetch_plan *plan, struct pieces *ret, usec_t *ret_time)
{
	_cleanup_free_ char *options = malloc(FETCH_OPTIONS_MAX);
	struct key_words keys;
	char program[PATH_MAX];
	char **argv;
	usec_t start;
	int r;

	if (!options)
		return report_failure(-ENOMEM, 0, 0);
	/* It would let the client change routes, if it could. */
	(void)unsetenv("MANDOSPLUGINHELPERDIR");
	r = locate(PLUGIN_PLACE, CLIENT, program);
	if (r == 0)
		r = read_options(options);
	if (r < 0)
		return r;
	argv = make_argv(plan, program, options, &keys);
	if (!argv)
		return report_failure(-ENOMEM, 0, 0);
	start = instant_now().boot;
	r = run_client(argv, plan->wait, ret);
	*ret_time = usec_sub(instant_now().boot, start);
	free(argv);
	return r;
}
