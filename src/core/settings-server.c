/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The command line over mandos.conf over built-in defaults. Reading mandos.conf goes on after an
 * error, so that an administrator sees all of them at once.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/util.h"
#include "core/notify.h"
#include "core/settings-args.h"
#include "core/settings-path.h"
#include "core/settings.h"
#include "wire/ini.h"

#define FILE_NAME	"mandos.conf"
#define SERVER_FILE_MAX ((size_t)1 << 20)

#define MAX_CONNECTIONS_MAX 1000000
#define GATES_MAX	    64

/* SRV-CONF-1, -5; references in the file may name them. An empty integer is one that is not set. */
static const struct ini_key_value defaults[] = {
	{ "interface", "" },
	{ "address", "" },
	{ "port", "" },
	{ "debug", "False" },
	{ "debuglevel", "" },
	{ "priority", "SECURE128:!CTYPE-X.509:+CTYPE-RAWPK:!RSA:!VERS-ALL:+VERS-TLS1.3"
		      ":%PROFILE_ULTRA" },
	{ "servicename", "Mandos" },
	{ "use_dbus", "True" },
	{ "use_ipv6", "True" },
	{ "restore", "True" },
	{ "socket", "" },
	{ "statedir", STATE_DIR },
	{ "foreground", "False" },
	{ "zeroconf", "True" },
	{ "max_connections", "10000" },
	{ "max_connections_per_source", "200" },
	{ "gates", "0" },
	{ NULL, NULL },
};

/** struct reading - one call of settings_read() */
struct reading {
	struct arguments arguments;
	char *path;
	struct ini *ini;
	size_t n_errors;
	bool out_of_memory;
	struct server_settings *settings;
};

static void ini_freep(struct ini **ini)
{
	(void)ini_free(*ini);
}

static _printf_(4, 5) void report(struct reading *r, unsigned int line, const char *key,
				  const char *format, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	if (line > 0)
		log_error("%s:%u: %s%s%s", r->path, line, key ? key : "", key ? ": " : "", text);
	else
		log_error("%s%s%s", key ? key : r->path, ": ", text);
	r->n_errors++;
}

static void on_bad_line(void *userdata, unsigned int line, const char *text)
{
	report(userdata, line, NULL, "%s", text);
}

/* A file that is missing is empty, and so is one that cannot be read, with a warning (SRV-INI-2).
 */
static int read_file(struct reading *r)
{
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	int result = file_read(r->path, SERVER_FILE_MAX, &text, &size);

	if (result == -ENOMEM)
		return result;
	if (result == -EFBIG) {
		log_error("%s: is larger than %zu bytes", r->path, SERVER_FILE_MAX);
		r->n_errors++;
	} else if (result < 0 && result != -ENOENT) {
		log_warning("%s: cannot be read: %s; going on without it", r->path,
			    strerror(-result));
	}
	result = ini_parse(text ? text : "", size, on_bad_line, r, &r->ini);
	return result < 0 ? result : 0;
}

static const char *default_text(const char *key)
{
	const struct ini_key_value *d = defaults;

	while (strcmp(d->key, key) != 0)
		d++;
	return d->value;
}

/* As written, without interpolation (SRV-CONF-2). */
static const char *file_text(const struct reading *r, const char *key, unsigned int *ret_line)
{
	const char *value = ini_raw(r->ini, ini_default_section(r->ini), key, ret_line);

	return value ? value : default_text(key);
}

/* With interpolation; NULL after an error that was reported. */
static char *file_value(struct reading *r, const char *key, unsigned int *ret_line)
{
	char *value = NULL;
	int result =
		ini_value(r->ini, ini_default_section(r->ini), defaults, key, &value, ret_line);

	if (result < 0)
		r->out_of_memory = true;
	else if (result != INI_VALUE_OK)
		report(r, *ret_line, key, "%s",
		       ini_value_result_text((enum ini_value_result)result));
	return value;
}

static void take_text(struct reading *r, enum argument argument, const char *key, char **ret)
{
	unsigned int line;
	const char *given = r->arguments.values[argument];

	*ret = strdup(given ? given : file_text(r, key, &line));
	if (!*ret)
		r->out_of_memory = true;
}

/* The file's value is checked even if the command line overrides it (SRV-CONF-3). */
static bool file_bool(struct reading *r, const char *key)
{
	unsigned int line = 0;
	_cleanup_free_ char *value = file_value(r, key, &line);
	bool result = false;

	if (value && !ini_bool(value, &result))
		report(r, line, key, "'%.64s' is neither yes nor no", value);
	return result;
}

/* Flags work in one direction only (SRV-CLI-6). */
static bool take_flag(struct reading *r, enum argument argument, const char *key, bool given_means)
{
	bool of_file = file_bool(r, key);

	return r->arguments.values[argument] ? given_means : of_file;
}

struct range {
	long long min;
	long long max;
	const char *what;
};

static bool in_range(struct reading *r, unsigned int line, const char *key, long long number,
		     const struct range *range)
{
	if (number >= range->min && number <= range->max)
		return true;
	report(r, line, key, "%lld is no %s (%lld to %lld)", number, range->what, range->min,
	       range->max);
	return false;
}

/* An empty value is -1. */
static long long file_integer(struct reading *r, const char *key, const struct range *range)
{
	unsigned int line = 0;
	_cleanup_free_ char *value = file_value(r, key, &line);
	long long number;

	if (!value || !*value)
		return -1;
	if (!ini_int(value, &number)) {
		report(r, line, key, "'%.64s' is no integer", value);
		return -1;
	}
	return in_range(r, line, key, number, range) ? number : -1;
}

static int take_integer(struct reading *r, enum argument argument, const char *key,
			const struct range *range)
{
	long long number = file_integer(r, key, range);
	const char *given = r->arguments.values[argument];

	if (given && ini_int(given, &number)) {
		char option[32];

		(void)snprintf(option, sizeof(option), "--%s", key);
		if (!in_range(r, 0, option, number, range))
			return -1;
	}
	return (int)number;
}

static unsigned int file_count(struct reading *r, const char *key, const struct range *range)
{
	long long number = file_integer(r, key, range);

	if (number < 0)
		(void)ini_int(default_text(key), &number);
	return (unsigned int)number;
}

/* SRV-LOG-3, SRV-LOG-4 */
static int take_log_threshold(struct reading *r)
{
	struct server_settings *s = r->settings;
	const char *given = r->arguments.values[ARGUMENT_DEBUGLEVEL];
	unsigned int line = 0;
	const char *word = given ? given : file_text(r, "debuglevel", &line);

	s->log_threshold = s->debug ? LOG_LEVEL_DEBUG : LOG_LEVEL_WARNING;
	if (s->debug || !*word || log_level_parse(word, &s->log_threshold))
		return SETTINGS_RUN;
	if (given)
		return arguments_fail(&r->arguments,
				      "argument --debuglevel: invalid level: '%s' (choose from "
				      "CRITICAL, ERROR, WARNING, INFO, DEBUG)",
				      given);
	report(r, line, "debuglevel", "'%.64s' is none of CRITICAL, ERROR, WARNING, INFO and DEBUG",
	       word);
	return SETTINGS_RUN;
}

static int merge(struct reading *r)
{
	static const struct range port = { 0, 65535, "port" };
	static const struct range descriptor = { 0, 1 << 20, "file descriptor" };
	static const struct range connections = { 1, MAX_CONNECTIONS_MAX, "number of connections" };
	static const struct range gates = { 0, GATES_MAX, "number of gates" };
	struct server_settings *s = r->settings;

	take_text(r, ARGUMENT_INTERFACE, "interface", &s->interface);
	take_text(r, ARGUMENT_ADDRESS, "address", &s->address);
	take_text(r, ARGUMENT_PRIORITY, "priority", &s->priority);
	take_text(r, ARGUMENT_SERVICENAME, "servicename", &s->service_name);
	take_text(r, ARGUMENT_STATEDIR, "statedir", &s->state_dir);
	s->port = take_integer(r, ARGUMENT_PORT, "port", &port);
	s->socket = take_integer(r, ARGUMENT_SOCKET, "socket", &descriptor);
	s->debug = take_flag(r, ARGUMENT_DEBUG, "debug", true);
	s->foreground = take_flag(r, ARGUMENT_FOREGROUND, "foreground", true) || s->debug;
	s->use_dbus = take_flag(r, ARGUMENT_NO_DBUS, "use_dbus", false);
	s->use_ipv6 = take_flag(r, ARGUMENT_NO_IPV6, "use_ipv6", false);
	s->restore = take_flag(r, ARGUMENT_NO_RESTORE, "restore", false);
	s->zeroconf = take_flag(r, ARGUMENT_NO_ZEROCONF, "zeroconf", false);
	s->max_connections = file_count(r, "max_connections", &connections);
	s->max_connections_per_source = file_count(r, "max_connections_per_source", &connections);
	s->gates = file_count(r, "gates", &gates);
	return take_log_threshold(r);
}

static void free_names(char **names, int n)
{
	for (int i = 0; i < n; i++)
		free(names[i]);
	free(names);
}

/*
 * A socket unit hands over open sockets: the first is the one to use, unless the administrator
 * names another or a port. The service manager also hands back what an earlier run of the server
 * gave it to keep. The rest would only make peers wait.
 */
static void take_activated_sockets(struct server_settings *s)
{
	char **names = NULL;
	int n = sd_listen_fds_with_names(1, &names);
	bool may_use = s->socket < 0 && s->port < 0;

	for (int i = 0; i < n; i++) {
		int fd = SD_LISTEN_FDS_START + i;

		if (strcmp(names[i], NOTIFY_SOCKET_NAME) == 0 && s->kept_socket < 0) {
			s->kept_socket = fd;
		} else if (may_use) {
			s->socket = fd;
			may_use = false;
		} else {
			(void)fd_close(fd);
		}
	}
	if (n > 0)
		free_names(names, n);
}

/* SRV-CONF-4: out of the way of what the standard descriptors are pointed at later. */
static void move_socket(struct reading *r)
{
	struct server_settings *s = r->settings;
	int moved;

	if (s->socket < 0 || s->socket > 2)
		return;
	moved = fcntl(s->socket, F_DUPFD_CLOEXEC, 3);
	if (moved < 0)
		report(r, 0, "socket", "descriptor %d cannot be used: %s", s->socket,
		       strerror(errno));
	s->socket = moved;
}

/* SRV-PROC-2: a daemon changes its directory to /, and reads the configuration again after that. */
static int make_paths_absolute(struct server_settings *s)
{
	int r = path_make_absolute(NULL, &s->config_dir);

	return r < 0 ? r : path_make_absolute("/", &s->state_dir);
}

static int read_and_merge(struct reading *r)
{
	struct server_settings *s = r->settings;
	const char *directory = r->arguments.values[ARGUMENT_CONFIGDIR];
	int result;

	s->config_dir = strdup(directory && *directory ? directory : CONFIG_DIR);
	if (!s->config_dir)
		return -ENOMEM;
	if (asprintf(&r->path, "%s/%s", s->config_dir, FILE_NAME) < 0) {
		r->path = NULL;
		return -ENOMEM;
	}
	result = read_file(r);
	if (result == 0)
		result = merge(r);
	if (result != SETTINGS_RUN)
		return result;
	if (r->out_of_memory)
		return -ENOMEM;
	if (r->n_errors > 0)
		return SETTINGS_FAILED;
	take_activated_sockets(s);
	/* SRV-CLI-8: nobody would find the server. */
	if (!s->zeroconf && s->port <= 0 && s->socket < 0)
		return arguments_fail(&r->arguments,
				      "Needs port or socket to work without Zeroconf");
	if (r->arguments.values[ARGUMENT_CHECK_CONFIG])
		return SETTINGS_CHECK_CONFIG;
	move_socket(r);
	if (r->n_errors > 0)
		return SETTINGS_FAILED;
	return s->foreground ? SETTINGS_RUN : make_paths_absolute(s);
}

int settings_read(int argc, char *const argv[], struct server_settings *ret)
{
	_cleanup_(ini_freep) struct ini *ini = NULL;
	_cleanup_free_ char *path = NULL;
	struct server_settings settings = { .port = -1, .socket = -1, .kept_socket = -1 };
	struct reading r = { .settings = &settings };
	int result = arguments_parse(argc, argv, &r.arguments);

	if (result != SETTINGS_RUN)
		return result;
	result = read_and_merge(&r);
	ini = r.ini;
	path = r.path;
	if (result != SETTINGS_RUN && result != SETTINGS_CHECK_CONFIG) {
		settings_deinit(&settings);
		return result;
	}
	*ret = settings;
	return result;
}

void settings_deinit(struct server_settings *s)
{
	free(s->interface);
	free(s->address);
	free(s->priority);
	free(s->service_name);
	free(s->config_dir);
	free(s->state_dir);
	*s = (struct server_settings){ .port = -1, .socket = -1, .kept_socket = -1 };
}
