/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/answered.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/report.h"
#include "base/fd.h"
#include "base/file.h"

#define LINE_SIZE (ASK_FILE_ID_SIZE + 16)

/* Returns its size, with the line feed. */
static size_t make_line(const struct ask_file *asker, char ret[LINE_SIZE])
{
	return (size_t)snprintf(ret, LINE_SIZE, "%d %s\n", (int)asker->pid, asker->id);
}

static bool has_line(const char *text, size_t size, const char *line, size_t line_size)
{
	while (size >= line_size) {
		const char *end = memchr(text, '\n', size);
		size_t length = end ? (size_t)(end - text) + 1 : size;

		if (length == line_size && memcmp(text, line, line_size) == 0)
			return true;
		text += length;
		size -= length;
	}
	return false;
}

bool answered_has(int directory, const struct ask_file *asker)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_fd_ int fd = -1;
	char line[LINE_SIZE];
	size_t size;
	int r;

	if (asker->id[0] == '\0')
		return false;
	fd = openat(directory, ANSWERED_FILE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	r = fd < 0 ? -errno : file_read_fd(fd, ANSWERED_SIZE_MAX, &text, &size);
	if (r == -ENOENT)
		return false;
	if (r < 0) {
		report_error("cannot read %s: %s", ANSWERED_FILE, strerror(-r));
		return false;
	}
	return has_line(text, size, line, make_line(asker, line));
}

static int append(int directory, const char *line, size_t size)
{
	_cleanup_fd_ int fd =
		openat(directory, ANSWERED_FILE,
		       O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if ((size_t)st.st_size + size > ANSWERED_SIZE_MAX)
		return -EFBIG;
	n = write(fd, line, size);
	if (n < 0)
		return -errno;
	return (size_t)n == size ? 0 : -ENOSPC;
}

void answered_add(int directory, const struct ask_file *asker)
{
	char line[LINE_SIZE];
	int r;

	if (asker->id[0] == '\0')
		return;
	r = append(directory, line, make_line(asker, line));
	if (r < 0)
		report_error("cannot write %s: %s", ANSWERED_FILE, strerror(-r));
}
