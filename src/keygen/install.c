/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keygen/install.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "keygen/erase.h"
#include "keygen/report.h"

/* How far the installation of one file has come: what would have to be taken back. */
struct step {
	const struct install_file *file;
	char fresh[INSTALL_NAME_MAX];  /* name the new file was written under; empty: not there */
	char backup[INSTALL_NAME_MAX]; /* name the old file also has; empty: there was none */
	bool backup_moved;	       /* the old file has no other name than that */
	bool in_place;
};

struct installation {
	const char *dir;
	int dir_fd;
	bool replace;
	size_t n_steps;
	struct step steps[INSTALL_FILES_MAX];
};

static void closedirp(DIR **d)
{
	if (*d)
		(void)closedir(*d);
}

int install_check_dir(const char *dir, const char *option, bool must_be_writable)
{
	struct stat st;
	int r;

	if (stat(dir, &st) < 0) {
		r = -errno;
		report_error("%s: %s; make the directory, or name another with %s", dir,
			     strerror(-r), option);
		return r;
	}
	if (!S_ISDIR(st.st_mode)) {
		report_error("%s is not a directory; name one with %s", dir, option);
		return -ENOTDIR;
	}
	if (access(dir, R_OK) < 0) {
		report_error("directory %s cannot be read; run this as its owner, or as root", dir);
		return -EACCES;
	}
	if (must_be_writable && access(dir, W_OK) < 0) {
		report_error("directory %s cannot be written; run this as its owner, or as root",
			     dir);
		return -EACCES;
	}
	return 0;
}

int install_check_name(const char *name)
{
	return strlen(name) + INSTALL_SUFFIX_MAX < INSTALL_NAME_MAX ? 0 : -ENAMETOOLONG;
}

static bool is_there(int dir_fd, const char *name)
{
	return faccessat(dir_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static int open_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (fd >= 0)
		return fd;
	r = -errno;
	report_error("directory %s cannot be opened: %s", dir, strerror(-r));
	return r;
}

int install_find_pair(const char *dir, const char *first, const char *second, bool *ret_has)
{
	_cleanup_fd_ int fd = open_dir(dir);
	bool has_first, has_second;

	if (fd < 0)
		return fd;
	has_first = is_there(fd, first);
	has_second = is_there(fd, second);
	if (has_first != has_second) {
		report_error("in %s there is %s without %s; restore it, or make all keys anew with "
			     "--force (a backup is kept)",
			     dir, has_first ? first : second, has_first ? second : first);
		return -EBADMSG;
	}
	*ret_has = has_first;
	return 0;
}

int install_check_absent(const char *dir, const char *const *names, size_t n_names)
{
	_cleanup_fd_ int fd = open_dir(dir);

	if (fd < 0)
		return fd;
	for (size_t i = 0; i < n_names; i++) {
		if (is_there(fd, names[i])) {
			report_error("%s/%s exists; use --force to replace it (a backup is kept)",
				     dir, names[i]);
			return -EEXIST;
		}
	}
	return 0;
}

unsigned long install_backup_number(const char *name, const char *entry)
{
	size_t name_size = strlen(name);
	unsigned long number = 0;

	if (strncmp(entry, name, name_size) != 0)
		return 0;
	entry += name_size;
	if (strncmp(entry, ".~", 2) != 0 || entry[2] == '0')
		return 0;
	for (entry += 2; *entry >= '0' && *entry <= '9'; entry++) {
		number = 10 * number + (unsigned long)(*entry - '0');
		if (number > INSTALL_BACKUP_MAX)
			return 0;
	}
	return strcmp(entry, "~") == 0 ? number : 0;
}

static int next_backup_number(const struct installation *in, const char *name, unsigned long *ret)
{
	_cleanup_(closedirp) DIR *d = opendir(in->dir);
	unsigned long highest = 0;

	if (!d)
		return -errno;
	for (;;) {
		struct dirent *e;

		errno = 0;
		e = readdir(d);
		if (!e)
			break;
		highest = MAX_OF(highest, install_backup_number(name, e->d_name));
	}
	if (errno != 0)
		return -errno;
	if (highest == INSTALL_BACKUP_MAX)
		return -ERANGE;
	*ret = highest + 1;
	return 0;
}

static int write_all(int fd, const struct secret *data)
{
	for (size_t used = 0; used < data->size;) {
		ssize_t n = write(fd, data->data + used, data->size - used);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		used += (size_t)n;
	}
	return 0;
}

static int write_fresh(const struct installation *in, struct step *s)
{
	_cleanup_fd_ int fd = -1;
	uint64_t random;
	int r;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return -EIO;
	(void)snprintf(s->fresh, sizeof(s->fresh), "%s.new-%016llx~", s->file->name,
		       (unsigned long long)random);
	fd = openat(in->dir_fd, s->fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		    0600);
	if (fd < 0) {
		r = -errno;
		s->fresh[0] = '\0';
		return r;
	}
	r = write_all(fd, s->file->data);
	if (r < 0)
		return r;
	return fsync(fd) < 0 ? -errno : 0;
}

/*
 * The old file gets a second name, and loses the first one by the rename that follows: there is no
 * moment without a key. File systems without hard links, and the kernel's protected_hardlinks, make
 * us move it instead.
 */
static int keep_backup(const struct installation *in, struct step *s)
{
	const char *name = s->file->name;
	unsigned long number;
	int r;

	if (faccessat(in->dir_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	r = next_backup_number(in, name, &number);
	if (r < 0)
		return r;
	(void)snprintf(s->backup, sizeof(s->backup), "%s.~%lu~", name, number);
	if (linkat(in->dir_fd, name, in->dir_fd, s->backup, 0) == 0)
		return 0;
	if (errno != EEXIST && renameat(in->dir_fd, name, in->dir_fd, s->backup) == 0) {
		s->backup_moved = true;
		return 0;
	}
	r = -errno;
	s->backup[0] = '\0';
	return r;
}

static int move_into_place(const struct installation *in, struct step *s)
{
	const char *name = s->file->name;
	int r;

	if (in->replace) {
		r = keep_backup(in, s);
		if (r < 0)
			return r;
		r = renameat(in->dir_fd, s->fresh, in->dir_fd, name);
	} else {
		r = renameat2(in->dir_fd, s->fresh, in->dir_fd, name, RENAME_NOREPLACE);
		/* Some network file systems cannot promise it: then the check was the one before.
		 */
		if (r < 0 && errno == EINVAL)
			r = renameat(in->dir_fd, s->fresh, in->dir_fd, name);
	}
	if (r < 0)
		return -errno;
	s->in_place = true;
	s->fresh[0] = '\0';
	return 0;
}

static void take_back(const struct installation *in)
{
	for (size_t i = in->n_steps; i-- > 0;) {
		const struct step *s = &in->steps[i];

		if (s->fresh[0])
			(void)erase_file_at(in->dir_fd, s->fresh);
		if (s->in_place && !s->backup[0])
			(void)erase_file_at(in->dir_fd, s->file->name);
		/* Renaming one of two names of a file over the other does nothing: unlink it. */
		if (s->backup[0] && !s->in_place && !s->backup_moved)
			(void)unlinkat(in->dir_fd, s->backup, 0);
		else if (s->backup[0])
			(void)renameat(in->dir_fd, s->backup, in->dir_fd, s->file->name);
	}
	(void)fsync(in->dir_fd);
}

static int run(struct installation *in)
{
	int r;

	for (size_t i = 0; i < in->n_steps; i++) {
		r = write_fresh(in, &in->steps[i]);
		if (r < 0) {
			report_error("cannot write a new %s in %s: %s", in->steps[i].file->name,
				     in->dir, strerror(-r));
			return r;
		}
	}
	for (size_t i = 0; i < in->n_steps; i++) {
		r = move_into_place(in, &in->steps[i]);
		if (r < 0) {
			report_error("cannot install %s/%s: %s; nothing was changed", in->dir,
				     in->steps[i].file->name, strerror(-r));
			return r;
		}
	}
	if (fsync(in->dir_fd) < 0) {
		r = -errno;
		report_error("cannot flush the directory %s to disk: %s", in->dir, strerror(-r));
		return r;
	}
	return 0;
}

int install_files(const char *dir, const struct install_file *files, size_t n_files, bool replace)
{
	_cleanup_fd_ int dir_fd = open_dir(dir);
	struct installation in = { .dir = dir, .dir_fd = dir_fd, .replace = replace };
	int r;

	if (dir_fd < 0)
		return dir_fd;
	for (size_t i = 0; i < n_files; i++) {
		if (!files[i].data)
			continue;
		if (in.n_steps == INSTALL_FILES_MAX)
			return -E2BIG;
		in.steps[in.n_steps++].file = &files[i];
	}
	r = run(&in);
	if (r < 0)
		take_back(&in);
	return r;
}
