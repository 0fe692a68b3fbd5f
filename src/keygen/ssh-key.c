/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keygen/ssh-key.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "keygen/interrupt.h"

#define HOST_PREFIX  "localhost "
#define LETTERS	     "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
#define TYPE_LETTERS LETTERS "-@._"
#define BLOB_LETTERS LETTERS "+/="

static const char *const types[] = { "ecdsa-sha2-nistp256", "ed25519", "rsa" };

static bool is_key(const char *text)
{
	size_t type = strspn(text, TYPE_LETTERS), blob;

	if (type == 0 || text[type] != ' ')
		return false;
	blob = strspn(text + type + 1, BLOB_LETTERS);
	return blob > 0 && text[type + 1 + blob] == '\0';
}

const char *ssh_key_parse(char *output)
{
	char *save = NULL;

	for (char *line = strtok_r(output, "\r\n", &save); line;
	     line = strtok_r(NULL, "\r\n", &save)) {
		const char *key = line + strlen(HOST_PREFIX);

		if (strncmp(line, HOST_PREFIX, strlen(HOST_PREFIX)) != 0)
			continue;
		return is_key(key) ? key : NULL;
	}
	return NULL;
}

static int spawn_keyscan(const char *type, int stdout_fd, pid_t *ret_pid)
{
	/* posix_spawnp() only reads through these pointers. */
	char *const argv[] = { (char *)"ssh-keyscan", (char *)"-t", (char *)(uintptr_t)type,
			       (char *)"localhost", NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t defaults;
	int r;

	if (posix_spawn_file_actions_init(&actions) != 0)
		return -ENOMEM;
	if (posix_spawnattr_init(&attributes) != 0) {
		(void)posix_spawn_file_actions_destroy(&actions);
		return -ENOMEM;
	}
	(void)sigemptyset(&defaults);
	(void)sigaddset(&defaults, SIGPIPE);
	r = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&actions, stdout_fd, STDOUT_FILENO);
	if (r == 0)
		r = posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY,
						     0);
	if (r == 0)
		r = posix_spawnattr_setsigdefault(&attributes, &defaults);
	if (r == 0)
		r = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
	if (r == 0)
		r = posix_spawnp(ret_pid, "ssh-keyscan", &actions, &attributes, argv, environ);
	(void)posix_spawnattr_destroy(&attributes);
	(void)posix_spawn_file_actions_destroy(&actions);
	return -r;
}

/* All of @fd, NUL-terminated, or an error; more than fits is no key either. */
static int read_output(int fd, char *output, size_t size, usec_t deadline)
{
	size_t used = 0;

	for (;;) {
		ssize_t n;
		int r = interrupt_wait(fd, POLLIN, deadline);

		if (r < 0)
			return r;
		n = read(fd, output + used, size - used);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0) {
			output[used] = '\0';
			return 0;
		}
		if (n > 0)
			used += (size_t)n;
		if (used == size)
			return -EFBIG;
	}
}

/* The exit status, or -1 for a process that had to be killed. */
static int wait_for_end(pid_t pid, bool kill_now, usec_t deadline)
{
	_cleanup_fd_ int pidfd = pidfd_open(pid, 0);
	int status = 0;

	if (kill_now || pidfd < 0 || interrupt_wait(pidfd, POLLIN, deadline) < 0)
		(void)kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* 0 with what one run printed in @output, or -ECANCELED, or another error for "no key". */
static int run_keyscan(const char *type, char *output, size_t size)
{
	usec_t deadline = usec_add(instant_now().boot, SSH_KEYSCAN_WAIT);
	_cleanup_fd_ int read_end = -1;
	int fds[2], r, status;
	pid_t pid = 0;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	read_end = fds[0];
	r = spawn_keyscan(type, fds[1], &pid);
	fd_close(fds[1]);
	if (r < 0)
		return r;
	r = read_output(read_end, output, size, deadline);
	status = wait_for_end(pid, r < 0, deadline);
	if (interrupt_signal())
		return -ECANCELED;
	if (r < 0)
		return r;
	return status == 0 ? 0 : -ENODATA;
}

int ssh_key_find(struct ssh_key *ret)
{
	_cleanup_free_ char *output = malloc(SSH_OUTPUT_MAX);

	if (!output)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		const char *key;
		int r = run_keyscan(types[i], output, SSH_OUTPUT_MAX);

		if (r == -ECANCELED)
			return r;
		if (r < 0)
			continue;
		key = ssh_key_parse(output);
		if (!key)
			continue;
		ret->key = strdup(key);
		ret->type = types[i];
		return ret->key ? SSH_KEY_FOUND : -ENOMEM;
	}
	return SSH_KEY_NONE;
}
