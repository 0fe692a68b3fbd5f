/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * What the administrator asked for: the command line over mandos.conf over built-in defaults
 * (struct server_settings), and one struct client_settings for each good section of clients.conf.
 *
 * Reading is separate from using: nothing here opens sockets, and an error in one client's section
 * leaves out that client only. Bounds: SETTINGS_CLIENTS_MAX.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/log.h"
#include "base/secret.h"
#include "core/client.h"
#include "wire/keyid.h"

#define SETTINGS_CLIENTS_MAX ((size_t)1 << 17)

/** struct server_settings - one value for each option of SRV-CLI and key of SRV-CONF */
struct server_settings {
	char *interface; /* empty: all */
	char *address;	 /* empty: all */
	int port;	 /* -1: chosen by the system; 0 to 65535 */
	int socket;	 /* inherited descriptor, already moved above 2; -1: none */
	int kept_socket; /* this server's own of before a restart (notify.h); -1: none */
	bool debug;
	bool foreground;
	enum log_level log_threshold;
	char *priority;
	char *service_name;
	char *config_dir; /* absolute, as is the next, unless in the foreground (SRV-PROC-2) */
	char *state_dir;
	bool use_dbus;
	bool use_ipv6;
	bool restore;
	bool zeroconf;

	/* ours, not the reference's: mandos.conf keys of the same names */
	unsigned int max_connections; /* all gates together */
	unsigned int
		max_connections_per_source; /* one IPv4 address, IPv6 /64 or link-local address */
	unsigned int gates;		    /* 0: one per CPU */
};

/** enum settings_action - what the command line asks for */
enum settings_action {
	SETTINGS_RUN = 0,
	SETTINGS_EXIT,	       /* done (help, version); exit with status 0 */
	SETTINGS_USAGE,	       /* a usage error was reported on stderr; exit with status 2 */
	SETTINGS_FAILED,       /* mandos.conf is bad, reported on stderr; exit with status 1 */
	SETTINGS_SELF_TEST,    /* --check */
	SETTINGS_CHECK_CONFIG, /* --check-config */
};

/**
 * settings_read() - parses the command line, reads mandos.conf, merges
 * @ret: filled in for SETTINGS_RUN and SETTINGS_CHECK_CONFIG
 *
 * Owner:  settings_deinit().
 * Errors: enum settings_action; -ENOMEM.
 * Source: SRV-CLI-1 to -10, SRV-CONF-1 to -5.
 */
int settings_read(int argc, char *const argv[], struct server_settings *ret);
void settings_deinit(struct server_settings *s);

/** struct client_settings - one good section of clients.conf */
struct client_settings {
	char *name;
	char *host;
	char *checker;	   /* template: "%(host)s" is expanded at run time */
	char *fingerprint; /* normalised, may be empty */
	bool has_key_id;
	struct key_id key_id;
	struct secret *secret; /* never NULL */
	struct client_rules rules;
	bool enabled;
	const char *path;  /* of its file; valid as long as the source */
	unsigned int line; /* of the section header */
};

/**
 * struct client_file - all good sections of clients.conf, in file order
 *
 * @n_left_out: sections left out because of an error that was reported
 * @n_warnings: things reported that leave nobody out
 */
struct client_file {
	struct client_settings *clients;
	size_t n_clients;
	size_t n_left_out;
	size_t n_warnings;
};

/** enum settings_severity - for settings_report_fn */
enum settings_severity {
	SETTINGS_SYNTAX,   /* fatal (SRV-INI-12) */
	SETTINGS_LEFT_OUT, /* this client is refused (SRV-CLNT-11, Fix) */
	SETTINGS_WARNING,
};

/**
 * settings_report_fn - told about each thing that is wrong
 * @text: one line, "FILE:LINE: [CLIENT] KEY: what is wrong"; never a secret
 */
typedef void settings_report_fn(void *userdata, enum settings_severity severity, const char *text);

struct clients_source; /* clients.conf, syntax checked but not yet interpreted */

/**
 * clients_source_read() - reads clients.conf and checks its syntax (SRV-PROC-1, step 4)
 *
 * A missing file is empty (SRV-INI-2); one that may not be read is reported as a warning and empty.
 * Then the files of clients.d, *.conf in byte order of their names: the DEFAULT section of
 * clients.conf counts for them too, behind their own.
 * @ret is also set when there are syntax errors.
 * Errors: the number of syntax errors, all reported; negative errno.
 */
int clients_source_read(const char *config_dir, settings_report_fn *report, void *userdata,
			struct clients_source **ret);
/**
 * clients_source_read_folder() - only the drop-in files of a folder, and no DEFAULT but theirs
 *
 * Everything else as clients_source_read().
 */
int clients_source_read_folder(const char *folder, settings_report_fn *report, void *userdata,
			       struct clients_source **ret);
/** clients_source_parse() - the same from memory; @path is only for reports, @text is not kept */
int clients_source_parse(const char *path, const char *text, size_t size,
			 settings_report_fn *report, void *userdata, struct clients_source **ret);

/**
 * clients_source_is_absent() - there is no file at all, or clients.conf may not be read
 *
 * It counts as empty (SRV-INI-2), but nobody has said that the clients of yesterday are to go:
 * their refusals must not be forgotten on the word of a file that was not seen.
 */
bool clients_source_is_absent(const struct clients_source *s);
struct clients_source *clients_source_free(struct clients_source *s);

/**
 * clients_source_interpret() - types, secrets, secret files (step 10)
 *
 * A bad value leaves out its client only and is reported. Two clients with one key ID: the first
 * keeps it, the second is warned about and keeps none (SRV-CLNT-13).
 * Owner:  client_file_deinit().
 * Errors: -ENOMEM, -E2BIG beyond SETTINGS_CLIENTS_MAX.
 * Source: SRV-CLNT-1 to -14.
 */
int clients_source_interpret(const struct clients_source *s, settings_report_fn *report,
			     void *userdata, struct client_file *ret);
void client_file_deinit(struct client_file *f);
