/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/added.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/hash.h"
#include "base/log.h"
#include "core/added-text.h"
#include "core/clients-source.h"
#include "core/dbus-signals.h"
#include "core/events.h"
#include "core/record.h"
#include "core/report.h"

#define SUFFIX	       ".conf"
#define FILE_NAME_SIZE (ADDED_NAME_MAX + sizeof(SUFFIX))
#define NEW_NAME       ".new" /* no drop-in file: those of hidden names are not read */

/* ---- files ---- */

void added_prepare(const char *state_dir)
{
	_cleanup_free_ char *path = NULL;

	if (asprintf(&path, "%s/" ADDED_FOLDER, state_dir) < 0)
		path = NULL;
	else
		(void)mkdir(path, 0700);
}

static int open_folder(const struct added *a)
{
	_cleanup_free_ char *path = NULL;
	int fd;

	if (asprintf(&path, "%s/" ADDED_FOLDER, a->state_dir) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Letters and digits as they are; anything else as % and two hexadecimal digits. */
static int file_name(const char *name, char ret[FILE_NAME_SIZE])
{
	size_t used = 0;

	for (const char *p = name; *p; p++) {
		bool is_plain = isalnum((unsigned char)*p) || *p == '-' || *p == '_' ||
				(*p == '.' && p > name);

		if (used + 3 > ADDED_NAME_MAX)
			return -ENAMETOOLONG;
		used += (size_t)snprintf(ret + used, 4, is_plain ? "%c" : "%%%02X",
					 (unsigned char)*p);
	}
	memcpy(ret + used, SUFFIX, sizeof(SUFFIX));
	return 0;
}

static int write_all(int fd, const struct secret *text)
{
	size_t done = 0;

	while (done < text->size) {
		ssize_t n = write(fd, text->data + done, text->size - done);

		if (n < 0 && errno != EINTR)
			return -errno;
		done += n > 0 ? (size_t)n : 0;
	}
	return fsync(fd) < 0 ? -errno : 0;
}

/* Whole or not at all, and never over another one. */
static int write_file(int folder, const char *name, const struct secret *text)
{
	_cleanup_fd_ int fd = -1;
	int r;

	if (unlinkat(folder, NEW_NAME, 0) < 0 && errno != ENOENT)
		return -errno;
	fd = openat(folder, NEW_NAME, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	r = write_all(fd, text);
	if (r == 0 && renameat2(folder, NEW_NAME, folder, name, RENAME_NOREPLACE) < 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(folder, NEW_NAME, 0);
	return r;
}

/* ---- reading ---- */

/** struct known - a name of the configuration */
struct known {
	const char *name;
	UT_hash_handle hh;
};

static void leave_out(const struct client_settings *s, settings_report_fn *report, void *userdata)
{
	_cleanup_free_ char *text = NULL;

	if (asprintf(&text,
		     "%s:%u: [%.128s]: clients.conf has a client of this name too; remove the file",
		     s->path, s->line, s->name) < 0)
		text = NULL;
	report(userdata, SETTINGS_LEFT_OUT, text ? text : s->path);
}

static int append(struct client_file *file, struct client_file *more, settings_report_fn *report,
		  void *userdata)
{
	size_t n = file->n_clients;
	struct known *all = calloc(n + 1, sizeof(*all)), *by_name = NULL, *twin;
	struct client_settings *grown =
		reallocarray(file->clients, n + more->n_clients + 1, sizeof(*grown));

	if (grown)
		file->clients = grown;
	if (!all || !grown) {
		free(all);
		return -ENOMEM;
	}
	for (size_t i = 0; i < n; i++) {
		all[i].name = file->clients[i].name;
		HASH_ADD_KEYPTR(hh, by_name, all[i].name, strlen(all[i].name), &all[i]);
	}
	for (size_t i = 0; i < more->n_clients; i++) {
		struct client_settings *s = &more->clients[i];

		HASH_FIND(hh, by_name, s->name, strlen(s->name), twin);
		if (twin) {
			leave_out(s, report, userdata);
			file->n_left_out++;
			continue;
		}
		file->clients[file->n_clients++] = *s;
		*s = (struct client_settings){};
	}
	HASH_CLEAR(hh, by_name);
	free(all);
	file->n_left_out += more->n_left_out;
	file->n_warnings += more->n_warnings;
	return 0;
}

/* Those with a bad line are left out like those with a bad value: the others did nothing wrong. */
int added_read(const char *state_dir, settings_report_fn *report, void *userdata,
	       struct client_file *file)
{
	_cleanup_free_ char *folder = NULL;
	struct clients_source *source = NULL;
	struct client_file more = {};
	int bad, r;

	if (asprintf(&folder, "%s/" ADDED_FOLDER, state_dir) < 0) {
		folder = NULL;
		return -ENOMEM;
	}
	bad = clients_source_read_folder(folder, report, userdata, &source);
	if (bad < 0)
		return bad;
	r = clients_source_interpret(source, report, userdata, &more);
	if (r == 0 && file->n_clients + more.n_clients > SETTINGS_CLIENTS_MAX)
		r = -E2BIG;
	if (r == 0)
		r = append(file, &more, report, userdata);
	file->n_left_out += (size_t)bad;
	client_file_deinit(&more);
	(void)clients_source_free(source);
	return r;
}

/* ---- adding ---- */

/** struct adding - one call of added_add() */
struct adding {
	const struct added *added;
	struct instant now;
	int folder;
	struct client_file file;
	struct secret **texts; /* of each of its clients */
	char *problem;	       /* the first */
};

static _printf_(2, 3) void object(struct adding *x, const char *format, ...)
{
	va_list ap;

	if (x->problem)
		return;
	va_start(ap, format);
	if (vasprintf(&x->problem, format, ap) < 0)
		x->problem = NULL;
	va_end(ap);
}

static void on_report(void *userdata, enum settings_severity severity, const char *text)
{
	if (severity == SETTINGS_WARNING)
		log_warning("%s", text);
	else
		object(userdata, "%s", text);
}

static int interpret(struct adding *x, const char *text, size_t size)
{
	struct clients_source *source = NULL;
	int bad = clients_source_parse("new client", text, size, on_report, x, &source);
	int r = bad;

	if (bad >= 0)
		r = clients_source_interpret(source, on_report, x, &x->file);
	(void)clients_source_free(source);
	if (r < 0)
		return r;
	if (bad > 0 || x->file.n_left_out > 0)
		return -EINVAL;
	if (x->file.n_clients > 0)
		return 0;
	object(x, "there is no client in it: a [NAME] and settings as in clients.conf are needed");
	return -EINVAL;
}

/* What clients.conf is only warned of is refused here: somebody is there to mend it. */
static int check(struct adding *x, const struct client_settings *s)
{
	const struct registry *registry = x->added->manager->registry;
	const struct client *twin;

	if (registry_find_name(registry, s->name)) {
		object(x, "there is a client %s already", s->name);
		return -EEXIST;
	}
	if (store_knows(x->added->store, s->name)) {
		object(x,
		       "clients.conf has a client %s, which was removed while the server ran; "
		       "take it out of the file and reload first",
		       s->name);
		return -EEXIST;
	}
	if (!s->has_key_id) {
		object(x, "[%s] has no key_id of its own that anybody could prove", s->name);
		return -EINVAL;
	}
	twin = registry_find_key(registry, &s->key_id);
	if (twin) {
		object(x, "the key_id of [%s] is that of client %s", s->name, twin->name);
		return -EEXIST;
	}
	return 0;
}

static int make_texts(struct adding *x)
{
	x->texts = calloc(x->file.n_clients, sizeof(*x->texts));
	if (!x->texts)
		return -ENOMEM;
	for (size_t i = 0; i < x->file.n_clients; i++) {
		const struct client_settings *s = &x->file.clients[i];
		char name[FILE_NAME_SIZE];
		int r = check(x, s);

		if (r == 0)
			r = file_name(s->name, name);
		if (r == 0)
			r = added_text_make(s, &x->texts[i]);
		if (r < 0) {
			object(x, "client %s cannot be saved: %s", s->name, strerror(-r));
			return r;
		}
	}
	return 0;
}

static void take_back(struct adding *x, size_t n)
{
	char name[FILE_NAME_SIZE];

	for (size_t i = 0; i < n; i++) {
		if (file_name(x->file.clients[i].name, name) == 0)
			(void)unlinkat(x->folder, name, 0);
	}
}

static int write_files(struct adding *x)
{
	char name[FILE_NAME_SIZE];
	size_t i;
	int r = 0;

	x->folder = open_folder(x->added);
	if (x->folder < 0) {
		object(x, "%s/" ADDED_FOLDER ": %s", x->added->state_dir, strerror(-x->folder));
		return x->folder;
	}
	for (i = 0; r == 0 && i < x->file.n_clients; i++) {
		(void)file_name(x->file.clients[i].name, name);
		r = write_file(x->folder, name, x->texts[i]);
	}
	if (r == 0 && fsync(x->folder) < 0)
		r = -errno;
	if (r == 0)
		return 0;
	object(x, "%s/" ADDED_FOLDER "/%s: %s", x->added->state_dir, name, strerror(-r));
	take_back(x, r == -EEXIST ? i - 1 : i);
	return r;
}

static int enter(struct adding *x, struct client_settings *s)
{
	struct manager *m = x->added->manager;
	struct store_record record;
	struct client *c;
	int r = registry_add(m->registry, s, x->now, &c);

	if (r < 0)
		return r;
	manager_start_client(m, c, x->now);
	dbus_signal_added(m->dbus, c);
	record = record_make(c, s, x->now);
	r = store_put(x->added->store, &record);
	keeper_note(m->keeper, c, true);
	return r;
}

static void tell(const struct adding *x)
{
	for (size_t i = 0; i < x->file.n_clients; i++) {
		const struct client *c =
			registry_find_name(x->added->manager->registry, x->file.clients[i].name);

		event_log(EVENT_CLIENT_ADDED,
			  &(struct event_details){ .client = c,
						   .reason = "an administrator said so" });
	}
}

static int add(struct adding *x, const char *text, size_t size)
{
	const struct manager *m = x->added->manager;
	int r = interpret(x, text, size);

	if (r == 0 && m->registry->n_clients + x->file.n_clients > SETTINGS_CLIENTS_MAX)
		r = -E2BIG;
	if (r == 0)
		r = make_texts(x);
	if (r == 0)
		r = write_files(x);
	for (size_t i = 0; r == 0 && i < x->file.n_clients; i++)
		r = enter(x, &x->file.clients[i]);
	if (r < 0)
		return r;
	/* Durable before visible. A commit that fails is tried again by itself. */
	if (keeper_commit(m->keeper, false, x->now) == 0)
		tell(x);
	return (int)x->file.n_clients;
}

int added_add(const struct added *a, const char *text, size_t size, struct instant now,
	      char **ret_problem)
{
	struct adding x = { .added = a, .now = now, .folder = -1 };
	int r = add(&x, text, size);

	for (size_t i = 0; x.texts && i < x.file.n_clients; i++)
		(void)secret_free(x.texts[i]);
	free(x.texts);
	client_file_deinit(&x.file);
	(void)fd_close(x.folder);
	*ret_problem = x.problem;
	return r;
}

/* ---- removing ---- */

int added_forget(const struct added *a, const char *name)
{
	_cleanup_fd_ int folder = -1;
	char file[FILE_NAME_SIZE];

	/* A name that no file can have has none. */
	if (file_name(name, file) < 0)
		return 0;
	folder = open_folder(a);
	if (folder < 0)
		return folder == -ENOENT ? 0 : folder;
	if (unlinkat(folder, file, 0) < 0)
		return errno == ENOENT ? 0 : -errno;
	return fsync(folder) < 0 ? -errno : 1;
}
