/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mandos-keygen: the keys of a Mandos client, its password for the server, and a trial of both.
 */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/secret.h"
#include "keygen/install.h"
#include "keygen/interrupt.h"
#include "keygen/make-keys.h"
#include "keygen/make-password.h"
#include "keygen/options.h"
#include "keygen/report.h"
#include "keygen/try-boot.h"

#define OLD_KEY_DIR CONFIG_DIR "/keys"

static const char *default_dir(void)
{
	struct stat st;

	return stat(KEY_DIR, &st) == 0 && S_ISDIR(st.st_mode) ? KEY_DIR : OLD_KEY_DIR;
}

/* The resolver's name for this host, as "hostname --fqdn" prints it, or the host's own name. */
static char *host_name(void)
{
	const struct addrinfo hints = { .ai_flags = AI_CANONNAME, .ai_socktype = SOCK_DGRAM };
	struct addrinfo *list = NULL;
	char host[NI_MAXHOST] = "", *name;

	if (gethostname(host, sizeof(host) - 1) < 0)
		return NULL;
	if (getaddrinfo(host, NULL, &hints, &list) != 0)
		return strdup(host);
	name = strdup(list->ai_canonname ? list->ai_canonname : host);
	freeaddrinfo(list);
	return name;
}

/* The checks of CLI-KEY-3, in its order. */
static int check(const struct options *o, const char *dir)
{
	static const char *const names[] = { FILE_SECKEY, FILE_PUBKEY, FILE_TLS_PRIVKEY,
					     FILE_TLS_PUBKEY };
	char message[OPTION_MESSAGE_MAX];

	if (o->n_words > 0 && o->mode != OPTIONS_TEST) {
		report_error("unknown argument \"%s\"; --help lists the options", o->words[0]);
		return -EINVAL;
	}
	if (install_check_dir(dir, "--dir", o->mode == OPTIONS_MAKE_KEYS) < 0)
		return -EINVAL;
	if (!options_check_texts(o, message)) {
		report_error("%s", message);
		return -EINVAL;
	}
	if (o->mode == OPTIONS_MAKE_KEYS && !o->force && !o->keep)
		return install_check_absent(dir, names, ARRAY_SIZE(names));
	return 0;
}

static int run(struct options *o)
{
	const char *dir = o->dir ? o->dir : default_dir();
	_cleanup_free_ char *name = NULL;
	int status = EXIT_FAILURE;

	if (!o->name && o->mode != OPTIONS_TEST) {
		name = host_name();
		o->name = name ? name : "";
	}
	if (check(o, dir) < 0)
		return EXIT_FAILURE;
	switch (o->mode) {
	case OPTIONS_MAKE_KEYS:
		status = make_keys(o, dir);
		break;
	case OPTIONS_MAKE_PASSWORD:
		status = make_password(o, dir);
		break;
	case OPTIONS_TEST:
		status = try_boot(o, dir);
	}
	o->name = NULL;
	return status;
}

int main(int argc, char **argv)
{
	struct options o;
	int status = EXIT_FAILURE, r = secret_process_harden();

	if (r < 0) {
		report_error("cannot protect the process's memory: %s", strerror(-r));
		return EXIT_FAILURE;
	}
	(void)umask(077);
	switch (options_parse(argc, argv, &o)) {
	case OPTIONS_BAD:
		return EXIT_FAILURE;
	case OPTIONS_SHOW_HELP:
		options_print_help(stdout, program_invocation_short_name);
		return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
	case OPTIONS_SHOW_VERSION:
		(void)printf("%s %s\n", program_invocation_short_name, MANDOS_VERSION);
		return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
	case OPTIONS_OK:
		status = run(&o);
	}
	if (status != EXIT_SUCCESS && interrupt_signal())
		interrupt_raise();
	return status;
}
