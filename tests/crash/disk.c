/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The inline functions of <fcntl.h> and <unistd.h> would collide with the ones defined here. */
#undef _FORTIFY_SOURCE

#include "disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/util.h"
#include "rng.h"

#define SECTOR	  ((size_t)512)
#define NAME_SIZE 64

#define REPLACES __attribute__((visibility("default")))

/* Whatever happens in here must not look like a failing of what is tested. */
#define MUST(condition)                                                                          \
	do {                                                                                     \
		if (!(condition)) {                                                              \
			(void)fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #condition, \
				      strerror(errno));                                          \
			_exit(EXIT_FAILURE);                                                     \
		}                                                                                \
	} while (0)

/** struct change - one write, or one truncation (@data is NULL), that nobody has synced */
struct change {
	struct change *next;
	uint8_t *data;
	size_t size; /* of @data; of the file, for a truncation */
	size_t offset;
};

/** struct inode - what is surely on the disk of a file, and what may be */
struct inode {
	ino_t number;
	uint8_t *data;
	size_t size, room;
	struct change *changes, **last;
};

struct name {
	char text[NAME_SIZE];
	const struct inode *inode; /* not by number: that of a removed file may come again */
};

struct listing {
	size_t n;
	struct name names[DISK_FILES_MAX];
};

static struct {
	bool is_on;
	struct disk_plan plan;
	char directory[PATH_MAX];
	int fd;
	struct stat st;
	unsigned int n_operations;
	struct rng rng;
	struct inode inodes[DISK_INODES_MAX];
	size_t n_inodes;
	/* The first is on the disk; the others came after it. */
	struct listing listings[DISK_LISTINGS_MAX];
	size_t n_listings;
} disk = { .fd = -1 };

/* ---- contents ---- */

static void grow(struct inode *i, size_t size)
{
	if (size > i->room) {
		i->room = MAX_OF(2 * i->room, size);
		i->data = realloc(i->data, i->room);
		MUST(i->data);
	}
	if (size > i->size)
		memset(i->data + i->size, 0, size - i->size);
	i->size = MAX_OF(i->size, size);
}

static void write_part(struct inode *i, const struct change *c, size_t from, size_t size)
{
	grow(i, c->offset + from + size);
	memcpy(i->data + c->offset + from, c->data + from, size);
}

static void apply(struct inode *i, const struct change *c)
{
	if (c->data) {
		write_part(i, c, 0, c->size);
	} else {
		grow(i, c->size);
		i->size = c->size;
	}
}

/* Each sector by itself; the size of the file follows what is there. */
static void apply_torn(struct inode *i, const struct change *c)
{
	if (!c->data && rng_chance(&disk.rng, 500))
		apply(i, c);
	for (size_t from = 0; c->data && from < c->size; from += SECTOR) {
		if (rng_chance(&disk.rng, 500))
			write_part(i, c, from, MIN_OF(SECTOR, c->size - from));
	}
}

static void sync_inode(struct inode *i)
{
	struct change *c;

	while ((c = i->changes)) {
		apply(i, c);
		i->changes = c->next;
		free(c->data);
		free(c);
	}
	i->last = &i->changes;
}

static void note_change(struct inode *i, const void *data, size_t size, size_t offset)
{
	struct change *c = calloc(1, sizeof(*c));

	MUST(c);
	c->size = size;
	c->offset = offset;
	if (data) {
		c->data = malloc(MAX_OF(size, (size_t)1));
		MUST(c->data);
		memcpy(c->data, data, size);
	}
	*i->last = c;
	i->last = &c->next;
}

/* ---- names ---- */

static struct inode *find_inode(ino_t number)
{
	for (size_t i = disk.n_inodes; i > 0; i--) {
		if (disk.inodes[i - 1].number == number)
			return &disk.inodes[i - 1];
	}
	return NULL;
}

static struct inode *add_inode(ino_t number)
{
	struct inode *i = &disk.inodes[disk.n_inodes++];

	MUST(disk.n_inodes <= ARRAY_SIZE(disk.inodes));
	*i = (struct inode){ .number = number };
	i->last = &i->changes;
	return i;
}

static void list(struct listing *ret)
{
	int fd = (int)syscall(SYS_openat, AT_FDCWD, disk.directory, O_RDONLY | O_DIRECTORY);
	DIR *d = fdopendir(fd);
	const struct dirent *e;

	MUST(d);
	ret->n = 0;
	while ((e = readdir(d))) {
		struct name *name = &ret->names[ret->n];

		if (e->d_name[0] == '.')
			continue;
		MUST(++ret->n <= DISK_FILES_MAX && strlen(e->d_name) < NAME_SIZE);
		strcpy(name->text, e->d_name);
		name->inode = find_inode(e->d_ino);
		if (!name->inode)
			name->inode = add_inode(e->d_ino);
	}
	(void)closedir(d);
}

static void note_names(void)
{
	MUST(disk.n_listings < DISK_LISTINGS_MAX);
	list(&disk.listings[disk.n_listings++]);
}

/* The file of the directory that @fd is, or NULL. */
static struct inode *inode_of(int fd)
{
	struct stat st;

	if (!disk.is_on || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    st.st_dev != disk.st.st_dev)
		return NULL;
	return find_inode(st.st_ino);
}

static bool is_directory(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_dev == disk.st.st_dev && st.st_ino == disk.st.st_ino;
}

/* Is @path, from @fd, a name in the directory? */
static bool is_inside(int fd, const char *path)
{
	size_t length = strlen(disk.directory);

	if (!disk.is_on)
		return false;
	if (path[0] == '/')
		return strncmp(path, disk.directory, length) == 0 && path[length] == '/';
	return fd != AT_FDCWD && is_directory(fd);
}

/* ---- the crash ---- */

static void put_file(const struct name *name)
{
	const struct inode *i = name->inode;
	int fd = (int)syscall(SYS_openat, disk.fd, name->text, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	MUST(fd >= 0);
	MUST(i->size == 0 || syscall(SYS_pwrite64, fd, i->data, i->size, 0) == (long)i->size);
	(void)close(fd);
}

static void leave_what_is_durable(void)
{
	bool is_torn = disk.plan.crash == DISK_TORN;
	size_t which = is_torn ? rng_below(&disk.rng, disk.n_listings) : 0;
	struct listing now;

	for (size_t i = 0; is_torn && i < disk.n_inodes; i++) {
		for (const struct change *c = disk.inodes[i].changes; c; c = c->next)
			apply_torn(&disk.inodes[i], c);
	}
	list(&now);
	for (size_t i = 0; i < now.n; i++)
		MUST(syscall(SYS_unlinkat, disk.fd, now.names[i].text, 0) == 0);
	for (size_t i = 0; i < disk.listings[which].n; i++)
		put_file(&disk.listings[which].names[i]);
}

static _Noreturn void crash(void)
{
	if (disk.plan.crash != DISK_KILL && disk.plan.crash != DISK_KILL_HALF)
		leave_what_is_durable();
	_exit(DISK_CRASHED);
}

static bool is_the_one(void)
{
	return ++disk.n_operations == disk.plan.at;
}

static void count(void)
{
	if (is_the_one())
		crash();
}

/* ---- what the C library would do ---- */

REPLACES ssize_t pwrite(int fd, const void *data, size_t size, off_t offset)
{
	struct inode *i = inode_of(fd);
	ssize_t n;

	if (i && is_the_one()) {
		if (disk.plan.crash == DISK_KILL_HALF)
			(void)syscall(SYS_pwrite64, fd, data, size / 2, offset);
		else if (disk.plan.crash == DISK_TORN)
			note_change(i, data, size, (size_t)offset);
		crash();
	}
	n = syscall(SYS_pwrite64, fd, data, size, offset);
	if (i && n > 0)
		note_change(i, data, (size_t)n, (size_t)offset);
	return n;
}

REPLACES int ftruncate(int fd, off_t size)
{
	struct inode *i = inode_of(fd);
	int r;

	if (i)
		count();
	r = (int)syscall(SYS_ftruncate, fd, size);
	if (i && r == 0)
		note_change(i, NULL, (size_t)size, 0);
	return r;
}

static int sync_any(int fd)
{
	struct inode *i = inode_of(fd);
	bool of_directory = disk.is_on && is_directory(fd);

	if (!i && !of_directory)
		return 0;
	count();
	if (disk.plan.crash == DISK_LIES)
		return 0;
	if (i)
		sync_inode(i);
	if (of_directory) {
		disk.listings[0] = disk.listings[disk.n_listings - 1];
		disk.n_listings = 1;
	}
	return 0;
}

REPLACES int fsync(int fd)
{
	return sync_any(fd);
}

REPLACES int fdatasync(int fd)
{
	return sync_any(fd);
}

REPLACES int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned int flags)
{
	bool inside = is_inside(from_fd, from);
	int r;

	if (inside)
		count();
	r = (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, flags);
	if (inside && r == 0)
		note_names();
	return r;
}

REPLACES int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
	return renameat2(from_fd, from, to_fd, to, 0);
}

REPLACES int unlinkat(int fd, const char *path, int flags)
{
	bool inside = is_inside(fd, path);
	int r;

	if (inside)
		count();
	r = (int)syscall(SYS_unlinkat, fd, path, flags);
	if (inside && r == 0)
		note_names();
	return r;
}

REPLACES int unlink(const char *path)
{
	return unlinkat(AT_FDCWD, path, 0);
}

REPLACES int openat(int at, const char *path, int flags, ...)
{
	bool inside = is_inside(at, path), is_new;
	mode_t mode = 0;
	struct stat st;
	va_list ap;
	int fd;

	if (flags & O_CREAT) {
		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
	}
	is_new = inside && flags & O_CREAT && faccessat(at, path, F_OK, AT_SYMLINK_NOFOLLOW) < 0;
	if (is_new)
		count();
	fd = (int)syscall(SYS_openat, at, path, flags, mode);
	if (is_new && fd >= 0) {
		MUST(fstat(fd, &st) == 0);
		(void)add_inode(st.st_ino);
		note_names();
	}
	return fd;
}

REPLACES int open(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;

	if (flags & O_CREAT) {
		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
	}
	return openat(AT_FDCWD, path, flags, mode);
}

/* ---- ---- */

void disk_begin(const char *directory, const struct disk_plan *plan)
{
	disk.plan = *plan;
	disk.n_operations = 0;
	rng_init(&disk.rng, plan->seed);
	(void)snprintf(disk.directory, sizeof(disk.directory), "%s", directory);
	disk.fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	MUST(disk.fd >= 0 && fstat(disk.fd, &disk.st) == 0);
	note_names();
	for (size_t i = 0; i < disk.n_inodes; i++) {
		struct inode *inode = &disk.inodes[i];
		int fd = openat(disk.fd, disk.listings[0].names[i].text, O_RDONLY | O_CLOEXEC);
		struct stat st;

		MUST(fd >= 0 && fstat(fd, &st) == 0 && st.st_ino == inode->number);
		grow(inode, (size_t)st.st_size);
		MUST(pread(fd, inode->data, inode->size, 0) == st.st_size);
		(void)close(fd);
	}
	disk.is_on = true;
}

unsigned int disk_operations(void)
{
	return disk.n_operations;
}
