/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * argp knows the rules of CLI-GEN-1 and writes the help. Its own --help, --usage and --version are
 * switched off, because they end the program with a status that looks like an obtained password
 * (CLI-GEN-3); ours come back as a result.
 */
#include "client/options.h"

#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "client/address.h"
#include "client/report.h"
#include "tls/tls.h"
#include "wire/rtnl.h"

/* Codes of what the parser stops for; argp hands them through. */
#define STOP_SHOWN ECANCELED
#define STOP_BAD   EINVAL

enum key {
	KEY_USAGE = 256,
	KEY_SERVER,
	KEY_PRIORITY,
	KEY_DELAY,
	KEY_RETRY,
	KEY_DH_BITS,
	KEY_DH_PARAMS,
	KEY_HOOK_DIR,
	KEY_DEBUG,
};

static const struct argp_option option_table[] = {
	{ "connect", 'c', "ADDRESS:PORT", 0, "Ask this server and do not look for others", 1 },
	{ "server", KEY_SERVER, "ADDRESS:PORT", 0, "Ask this server too", 1 },
	{ "interface", 'i', "NAME[,NAME...]", 0, "Use only these network interfaces", 1 },
	{ "pubkey", 'p', "FILE", 0, "OpenPGP public key", 1 },
	{ "seckey", 's', "FILE", 0, "OpenPGP secret key", 1 },
	/* They meant --seckey when there was no --server. */
	{ "se", 's', "FILE", OPTION_HIDDEN, NULL, 1 },
	{ "s", 's', "FILE", OPTION_HIDDEN, NULL, 1 },
	{ "tls-pubkey", 'T', "FILE", 0, "TLS raw public key", 1 },
	{ "tls-privkey", 't', "FILE", 0, "TLS private key", 1 },
	{ "priority", KEY_PRIORITY, "STRING", 0, "GnuTLS priority string", 1 },
	{ "delay", KEY_DELAY, "SECONDS", 0, "Wait at most this long for an interface", 1 },
	{ "retry", KEY_RETRY, "SECONDS", 0, "Ask a server again after this time", 1 },
	{ "network-hook-dir", KEY_HOOK_DIR, "DIR", 0, "Directory of network hooks", 1 },
	{ "dh-bits", KEY_DH_BITS, "BITS", 0, "Accepted; TLS 1.3 has no use for it", 1 },
	{ "dh-params", KEY_DH_PARAMS, "FILE", 0, "Accepted; TLS 1.3 has no use for it", 1 },
	{ "debug", KEY_DEBUG, NULL, 0, "Say what is done, on standard error", 1 },
	{ "help", '?', NULL, 0, "Show this help", 2 },
	{ "usage", KEY_USAGE, NULL, 0, "Show a short usage message", 2 },
	{ "version", 'V', NULL, 0, "Show name and version", 2 },
	{ 0 },
};

static bool parse_seconds(const char *text, double *ret)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end != '\0' || !isfinite(value))
		return false;
	*ret = value;
	return true;
}

static usec_t usec_of(double seconds)
{
	return (usec_t)(seconds * (double)USEC_PER_SEC + 0.5);
}

static error_t set_retry(struct options *o, const char *text)
{
	double seconds;

	if (!parse_seconds(text, &seconds) || seconds < 0 ||
	    seconds * 1000 > (double)OPTIONS_MSEC_MAX) {
		report_error("--retry=%s is no number of seconds from 0 to 2147483", text);
		return STOP_BAD;
	}
	o->retry_usec = usec_of(seconds);
	return 0;
}

/* Unlike --retry, any number is legal (CLI-MC-2): a negative delay is none, a huge one is endless.
 */
static error_t set_delay(struct options *o, const char *text)
{
	const double most = (double)(OPTIONS_MSEC_MAX / 1000);
	double seconds;

	if (!parse_seconds(text, &seconds)) {
		report_error("--delay=%s is no number of seconds", text);
		return STOP_BAD;
	}
	o->delay_usec = seconds < 0 ? 0 : usec_of(MIN_OF(seconds, most));
	return 0;
}

static error_t set_dh_bits(struct options *o, const char *text)
{
	uintmax_t bits;
	char *end;

	errno = 0;
	bits = strtoumax(text, &end, 10);
	/* strtoumax() takes "-1" for a very large number. */
	if (errno || end == text || *end != '\0' || strchr(text, '-') || bits > UINT_MAX) {
		report_error("--dh-bits=%s is no number of bits", text);
		return STOP_BAD;
	}
	o->dh_bits = (unsigned int)bits;
	return 0;
}

static error_t add_server(struct options *o, const char *text, bool is_connect)
{
	struct server_option *server = &o->servers[o->n_servers];
	const char *option = is_connect ? "connect" : "server";
	enum address_result r;

	if (o->n_servers == OPTIONS_SERVERS_MAX) {
		report_error("--%s=%s is one too many; %d servers can be named", option, text,
			     OPTIONS_SERVERS_MAX);
		return STOP_BAD;
	}
	r = address_parse_server(text, &server->address, server->host);
	if (r != ADDRESS_OK) {
		report_error("--%s=%s %s", option, text, address_result_text(r));
		return STOP_BAD;
	}
	server->text = text;
	server->is_connect = is_connect;
	o->n_servers++;
	return 0;
}

static bool are_names(const char *list)
{
	for (size_t size; *list; list += size + (list[size] == ',' ? 1 : 0)) {
		size = strcspn(list, ",");
		if (size >= RTNL_NAME_SIZE)
			return false;
	}
	return true;
}

static error_t add_interfaces(struct options *o, const char *text)
{
	char *joined;

	/* A typing error, most likely: such a name can never come to be. */
	if (!are_names(text))
		report_error("--interface=%s has a name of more than %d bytes, which no interface "
			     "can have; it is left out",
			     text, RTNL_NAME_SIZE - 1);
	if (asprintf(&joined, "%s%s%s", o->interfaces, *o->interfaces ? "," : "", text) < 0)
		return ENOMEM;
	free(o->interfaces);
	o->interfaces = joined;
	return 0;
}

static error_t show(struct argp_state *state, int key)
{
	static char program_name[] = "mandos-client";

	state->name = program_name;
	if (key == 'V')
		(void)printf(REPORT_PREFIX ": mandos-client %s\n", MANDOS_VERSION);
	else
		argp_state_help(state, stdout,
				key == '?' ? ARGP_HELP_LONG | ARGP_HELP_SHORT_USAGE | ARGP_HELP_DOC
					   : ARGP_HELP_USAGE);
	return STOP_SHOWN;
}

static error_t set_option(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		/* Its "Try ..." lines have no prefix. */
		state->err_stream = NULL;
		return 0;
	case 'c':
		return add_server(o, arg, true);
	case KEY_SERVER:
		return add_server(o, arg, false);
	case 'i':
		return add_interfaces(o, arg);
	case 'p':
		o->pubkey = arg;
		return 0;
	case 's':
		o->seckey = arg;
		return 0;
	case 'T':
		o->tls_pubkey = arg;
		return 0;
	case 't':
		o->tls_privkey = arg;
		return 0;
	case KEY_PRIORITY:
		o->priority = arg;
		return 0;
	case KEY_DELAY:
		return set_delay(o, arg);
	case KEY_RETRY:
		return set_retry(o, arg);
	case KEY_DH_BITS:
		return set_dh_bits(o, arg);
	case KEY_DH_PARAMS:
		o->dh_params = arg;
		return 0;
	case KEY_HOOK_DIR:
		o->network_hook_dir = arg;
		return 0;
	case KEY_DEBUG:
		o->debug = true;
		return 0;
	case '?':
	case 'V':
	case KEY_USAGE:
		return show(state, key);
	case ARGP_KEY_ARG:
		report_error("unexpected word '%s'; mandos-client takes only options", arg);
		return STOP_BAD;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int options_parse(int argc, char **argv, struct options *ret)
{
	static char prefix[] = REPORT_PREFIX;
	static const struct argp argp = {
		.options = option_table,
		.parser = set_option,
		.doc = "Gets this machine's disk password from a Mandos server.",
	};
	char **words;
	error_t r;

	*ret = (struct options){
		.interfaces = strdup(""),
		.pubkey = OPTIONS_KEY_DIR "pubkey.txt",
		.seckey = OPTIONS_KEY_DIR "seckey.txt",
		.tls_pubkey = OPTIONS_KEY_DIR "tls-pubkey.pem",
		.tls_privkey = OPTIONS_KEY_DIR "tls-privkey.pem",
		.priority = TLS_DEFAULT_PRIORITY,
		.delay_usec = 2500 * USEC_PER_MSEC,
		.retry_usec = 10 * USEC_PER_SEC,
		.network_hook_dir = OPTIONS_HOOK_DIR,
	};
	words = calloc((size_t)argc + 2, sizeof(*words));
	if (!ret->interfaces || !words) {
		free(words);
		return -ENOMEM;
	}
	/* The C library puts word 0 before its own complaints (CLI-GEN-5). */
	words[0] = prefix;
	for (int i = 1; i < argc; i++)
		words[i] = argv[i];
	r = argp_parse(&argp, MAX_OF(argc, 1), words, ARGP_IN_ORDER | ARGP_NO_HELP | ARGP_NO_EXIT,
		       NULL, ret);
	free(words);
	if (r == 0)
		return OPTIONS_OK;
	if (r == STOP_SHOWN)
		return OPTIONS_SHOWN;
	return r == ENOMEM ? -ENOMEM : OPTIONS_BAD;
}

void options_deinit(struct options *o)
{
	free(o->interfaces);
	o->interfaces = NULL;
}

bool options_has_connect(const struct options *o)
{
	for (size_t i = 0; i < o->n_servers; i++) {
		if (o->servers[i].is_connect)
			return true;
	}
	return false;
}

char *options_connect_text(const struct options *o)
{
	char *joined = NULL;

	for (size_t i = 0; i < o->n_servers; i++) {
		char *longer;
		int n;

		if (!o->servers[i].is_connect)
			continue;
		n = asprintf(&longer, "%s%s%s", joined ? joined : "", joined ? "," : "",
			     o->servers[i].text);
		free(joined);
		if (n < 0)
			return NULL;
		joined = longer;
	}
	return joined;
}
