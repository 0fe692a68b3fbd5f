/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/clients-source.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/secret.h"
#include "base/util.h"

#define FILE_NAME   "clients.conf"
#define FOLDER_NAME "clients.d"
#define PATTERN	    "*.conf"

/** struct complaint - from a bad line to the caller's report */
struct complaint {
	const char *path;
	settings_report_fn *report;
	void *userdata;
};

static void complain(const struct complaint *c, enum settings_severity severity, const char *format,
		     ...) _printf_(3, 4);

static void complain(const struct complaint *c, enum settings_severity severity, const char *format,
		     ...)
{
	_cleanup_free_ char *text = NULL;
	va_list ap;

	va_start(ap, format);
	if (vasprintf(&text, format, ap) < 0)
		text = NULL;
	va_end(ap);
	c->report(c->userdata, severity, text ? text : c->path);
}

static void on_bad_line(void *userdata, unsigned int line, const char *text)
{
	const struct complaint *c = userdata;

	complain(c, SETTINGS_SYNTAX, "%s:%u: %s", c->path, line, text);
}

/*
 * Returns the number of bad lines; the file is added whatever is wrong with its text.
 * Owner: @text, from file_read(), goes over to the call.
 */
static int add_text(struct clients_source *s, const struct complaint *c, char *text, size_t size)
{
	struct source_file *f = &s->files[s->n_files];
	int r;

	f->path = strdup(c->path);
	if (!f->path) {
		secret_erase(text, size);
		free(text);
		return -ENOMEM;
	}
	r = ini_parse_owned(text, size, on_bad_line, (void *)(uintptr_t)c, &f->ini);
	if (r < 0) {
		free(f->path);
		f->path = NULL;
		return r;
	}
	s->n_files++;
	return r;
}

/*
 * A main file that is not there, or not for us, is what an administrator can mean: it counts as
 * empty. Any other failure is fatal, since without its clients the server would drop their state,
 * and their refusals with it.
 */
static int add_main_file(struct clients_source *s, const struct complaint *c)
{
	char *text = NULL;
	size_t size = 0;
	int r = file_read(c->path, INI_FILE_MAX, &text, &size);

	if (r < 0 && r != -ENOENT && r != -EACCES && r != -EISDIR)
		return r;
	if (r < 0 && r != -ENOENT)
		complain(c, SETTINGS_WARNING, "%s: cannot be read: %s; going on without clients",
			 c->path, strerror(-r));
	/* Drop-in files make up for a main file that is missing, not for one that is locked. */
	s->absent = r < 0;
	s->is_missing = r == -ENOENT;
	if (!text)
		text = strdup("");
	return text ? add_text(s, c, text, size) : -ENOMEM;
}

/* A drop-in file that is there but cannot be read is an error: its clients would be forgotten. */
static int add_drop_in(struct clients_source *s, const struct complaint *c)
{
	char *text = NULL;
	size_t size = 0;
	int r = file_read(c->path, INI_FILE_MAX, &text, &size);

	if (r < 0) {
		complain(c, SETTINGS_SYNTAX, "%s: cannot be read: %s", c->path, strerror(-r));
		return 1;
	}
	return add_text(s, c, text, size);
}

static int is_drop_in(const struct dirent *e)
{
	return fnmatch(PATTERN, e->d_name, FNM_PERIOD) == 0;
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* Returns the number of errors in all drop-in files together. */
static int add_folder(struct clients_source *s, const char *folder, struct complaint *c)
{
	struct dirent **entries = NULL;
	int n = scandir(folder, &entries, is_drop_in, by_bytes);
	int n_bad = 0, r = 0;

	if (n < 0 && errno == ENOENT)
		return 0;
	if (n < 0) {
		complain(c, SETTINGS_SYNTAX, "%s: cannot be read: %s", folder, strerror(errno));
		return 1;
	}
	for (int i = 0; i < n; i++) {
		_cleanup_free_ char *path = NULL;

		if (r >= 0 && s->n_files == SOURCE_FILES_MAX)
			r = -E2BIG;
		if (r >= 0 && asprintf(&path, "%s/%s", folder, entries[i]->d_name) < 0) {
			path = NULL;
			r = -ENOMEM;
		}
		if (r >= 0) {
			c->path = path;
			r = add_drop_in(s, c);
			n_bad += r > 0 ? r : 0;
		}
		free(entries[i]);
	}
	free(entries);
	return r < 0 ? r : n_bad;
}

/** struct name_at - one section, for finding names that several files use */
struct name_at {
	const char *name;
	const char *path;
	unsigned int line;
	size_t place;
};

static int compare_names(const void *a, const void *b)
{
	const struct name_at *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order != 0 ? order : (x->place > y->place) - (x->place < y->place);
}

static size_t collect_names(const struct clients_source *s, struct name_at *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_files; i++) {
		const struct ini_section *section = NULL;

		while ((section = ini_next_section(s->files[i].ini, section))) {
			if (ret)
				ret[n] = (struct name_at){ ini_section_name(section),
							   s->files[i].path,
							   ini_section_line(section), n };
			n++;
		}
	}
	return n;
}

/* SRV-INI-6 over several files: within one, ini_parse() has seen to it. */
static int find_doubles(const struct clients_source *s, const struct complaint *c)
{
	size_t n;
	struct name_at *names;
	int n_bad = 0;

	if (s->n_files < 2)
		return 0;
	n = collect_names(s, NULL);
	names = calloc(n + 1, sizeof(*names));
	if (!names)
		return -ENOMEM;
	(void)collect_names(s, names);
	qsort(names, n, sizeof(*names), compare_names);
	for (size_t i = 1; i < n; i++) {
		const struct name_at *first = &names[i - 1], *second = &names[i];

		if (strcmp(first->name, second->name) != 0 || first->path == second->path)
			continue;
		complain(c, SETTINGS_SYNTAX, "%s:%u: the section [%s] is also at %s:%u",
			 second->path, second->line, second->name, first->path, first->line);
		n_bad++;
	}
	free(names);
	return n_bad;
}

static struct clients_source *source_new(void)
{
	struct clients_source *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->files = calloc(SOURCE_FILES_MAX, sizeof(*s->files));
	if (!s->files) {
		free(s);
		return NULL;
	}
	return s;
}

int clients_source_parse(const char *path, const char *text, size_t size,
			 settings_report_fn *report, void *userdata, struct clients_source **ret)
{
	const struct complaint c = { .path = path, .report = report, .userdata = userdata };
	struct clients_source *s = source_new();
	char *copy = s ? malloc(size + 1) : NULL;
	int r = -ENOMEM;

	if (copy) {
		memcpy(copy, text, size);
		r = add_text(s, &c, copy, size);
	}

	if (r < 0) {
		(void)clients_source_free(s);
		return r;
	}
	*ret = s;
	return r;
}

/* Adds up numbers of errors; a negative errno wins. */
static int sum(int a, int b)
{
	return a < 0 ? a : b < 0 ? b : a + b;
}

/* Of files that have been read, with @r for a result: the source becomes @ret's or is freed. */
static int finish(struct clients_source *s, int r, const struct complaint *c,
		  struct clients_source **ret)
{
	if (r >= 0)
		r = sum(r, find_doubles(s, c));
	if (r < 0)
		(void)clients_source_free(s);
	else
		*ret = s;
	return r;
}

int clients_source_read(const char *config_dir, settings_report_fn *report, void *userdata,
			struct clients_source **ret)
{
	_cleanup_free_ char *path = NULL, *folder = NULL;
	struct complaint c = { .report = report, .userdata = userdata };
	struct clients_source *s;
	int r;

	if (asprintf(&path, "%s/%s", config_dir, FILE_NAME) < 0)
		path = NULL;
	if (asprintf(&folder, "%s/%s", config_dir, FOLDER_NAME) < 0)
		folder = NULL;
	s = path && folder ? source_new() : NULL;
	if (!s)
		return -ENOMEM;
	c.path = path;
	r = add_main_file(s, &c);
	if (r >= 0)
		r = sum(r, add_folder(s, folder, &c));
	if (s->is_missing && s->n_files > 1)
		s->absent = false;
	return finish(s, r, &c, ret);
}

int clients_source_read_folder(const char *folder, settings_report_fn *report, void *userdata,
			       struct clients_source **ret)
{
	struct complaint c = { .path = folder, .report = report, .userdata = userdata };
	struct clients_source *s = source_new();
	char *nothing = s ? strdup("") : NULL;
	int r = nothing ? add_text(s, &c, nothing, 0) : -ENOMEM;

	if (r >= 0)
		r = add_folder(s, folder, &c);
	return finish(s, r, &c, ret);
}

bool clients_source_is_absent(const struct clients_source *s)
{
	return s->absent;
}

struct clients_source *clients_source_free(struct clients_source *s)
{
	if (!s)
		return NULL;
	for (size_t i = 0; i < s->n_files; i++) {
		(void)ini_free(s->files[i].ini);
		free(s->files[i].path);
	}
	free(s->files);
	free(s);
	return NULL;
}
