/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/util.h"

#define FIRST_GUESS ((size_t)4096)
#define HUGE_PAGE   ((size_t)2 << 20)

/* A large file in small pages takes more time in page faults than in reading. */
static char *allocate(size_t size)
{
	void *data = NULL;

	if (size < 2 * HUGE_PAGE)
		return malloc(size);
	if (posix_memalign(&data, HUGE_PAGE, size) != 0)
		return NULL;
	(void)madvise(data, size / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE);
	return data;
}

/* Grows by copying: realloc() would leave an unerased copy of a secret behind. */
static int grow(char **data, size_t *allocated, size_t used, size_t want)
{
	char *bigger = allocate(want);

	if (!bigger)
		return -ENOMEM;
	if (*data) {
		memcpy(bigger, *data, used);
		explicit_bzero(*data, used);
		free(*data);
	}
	*data = bigger;
	*allocated = want;
	return 0;
}

static void erase_and_free(char *data, size_t size)
{
	if (data)
		explicit_bzero(data, size);
	free(data);
}

int file_read_fd(int fd, size_t max, char **ret_data, size_t *ret_size)
{
	char *data = NULL;
	size_t allocated = 0, used = 0, first = FIRST_GUESS;
	struct stat st;
	int r;

	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
	    (size_t)st.st_size <= max)
		first = (size_t)st.st_size + 2;
	for (;;) {
		ssize_t n;

		if (allocated - used < 2) {
			r = grow(&data, &allocated, used, allocated ? 2 * allocated : first);
			if (r < 0)
				goto fail;
		}
		n = read(fd, data + used, allocated - used - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			r = -errno;
			goto fail;
		}
		if (n == 0)
			break;
		used += (size_t)n;
		if (used > max) {
			r = -EFBIG;
			goto fail;
		}
	}
	data[used] = '\0';
	*ret_data = data;
	*ret_size = used;
	return 0;
fail:
	erase_and_free(data, used);
	return r;
}

int file_read(const char *path, size_t max, char **ret_data, size_t *ret_size)
{
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return -errno;
	return file_read_fd(fd, max, ret_data, ret_size);
}
