/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* What the tests of the settings share: a configuration directory, and settings_read() watched. */

#include <setjmp.h> /* cmocka.h needs these four before it */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/util.h"
#include "core/settings.h"

#define OUTPUT_SIZE 8192
#define WORDS_MAX   16

static char config_dir[64];

static inline int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	return remove(path);
}

static inline int setup_config(void **state)
{
	(void)snprintf(config_dir, sizeof(config_dir), "/tmp/test-settings-XXXXXX");
	return mkdtemp(config_dir) ? 0 : -1;
}

static inline int teardown_config(void **state)
{
	return nftw(config_dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static inline void write_config_sized(const char *name, const void *text, size_t size)
{
	_cleanup_fd_ int fd = -1;
	char path[160];

	(void)snprintf(path, sizeof(path), "%s/%s", config_dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, size), (ssize_t)size);
}

static inline void write_config(const char *name, const char *text)
{
	write_config_sized(name, text, strlen(text));
}

/** struct outcome - what settings_read() did */
struct outcome {
	int result;
	struct server_settings settings;
	char out[OUTPUT_SIZE];
	char err[OUTPUT_SIZE];
};

static inline void read_back(int fd, char *ret_text)
{
	ssize_t n = pread(fd, ret_text, OUTPUT_SIZE - 1, 0);

	assert_true(n >= 0);
	ret_text[n] = '\0';
}

/* Above the standard descriptors, some of which a test may have closed. */
static inline int memory_file(void)
{
	int fd = memfd_create("output", MFD_CLOEXEC), high = fcntl(fd, F_DUPFD_CLOEXEC, 3);

	assert_true(high >= 0);
	(void)close(fd);
	return high;
}

/** read_settings() - with "mandos" and @words (ended by NULL) as command line */
static inline void read_settings(const char *const *words, struct outcome *ret)
{
	char *argv[WORDS_MAX + 2] = { strdup("/usr/sbin/mandos") };
	int out = memory_file(), err = memory_file(), argc = 1;
	int old_out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	int old_err = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);

	for (; words[argc - 1]; argc++) {
		assert_true(argc <= WORDS_MAX);
		argv[argc] = strdup(words[argc - 1]);
	}
	(void)fflush(NULL);
	(void)dup2(out, STDOUT_FILENO);
	(void)dup2(err, STDERR_FILENO);
	ret->settings = (struct server_settings){ .port = -1, .socket = -1 };
	ret->result = settings_read(argc, argv, &ret->settings);
	(void)fflush(NULL);
	(void)dup2(old_out, STDOUT_FILENO);
	(void)dup2(old_err, STDERR_FILENO);
	read_back(out, ret->out);
	read_back(err, ret->err);
	(void)close(out);
	(void)close(err);
	(void)close(old_out);
	(void)close(old_err);
	for (int i = 0; i < argc; i++)
		free(argv[i]);
}

/** READ() - read_settings() with the test's configuration directory and these words */
#define READ(outcome, ...)                                                                   \
	read_settings((const char *const[]){ "--configdir", config_dir, __VA_ARGS__, NULL }, \
		      outcome)

#define assert_contains(text, part)                                                 \
	do {                                                                        \
		if (!strstr(text, part))                                            \
			fail_msg("\"%s\" does not contain \"%s\"", (text), (part)); \
	} while (0)

static inline size_t count_lines(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}
