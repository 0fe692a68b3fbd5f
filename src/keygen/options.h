/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The command line of mandos-keygen. Parsing and checking only: nothing here opens a file.
 *
 * Texts that end up in GnuPG's parameter block or in clients.conf are at most OPTION_TEXT_MAX bytes
 * (GnuPG reads that block in lines of 1023) and hold no control characters. OPTION_DEVICES_MAX
 * devices can be named, and OPTION_WAIT_MAX seconds of waiting.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/clock.h"

#define OPTION_TEXT_MAX	      512
#define OPTION_DEVICES_MAX    64
#define OPTION_WAIT_MAX	      86400
#define OPENPGP_LENGTH_MIN    512
#define OPTION_MESSAGE_MAX    256
#define DEFAULT_OPENPGP_TYPE  "RSA"
#define DEFAULT_OPENPGP_BITS  "4096"
#define DEFAULT_CURVE_SUBTYPE "cv25519" /* with a key type that is a curve */
#define DEFAULT_TLS_KEY_TYPE  "ed25519"
#define DEFAULT_OPENPGP_VALID "0"
#define DEFAULT_WAIT	      (60 * USEC_PER_SEC)

enum options_mode {
	OPTIONS_MAKE_KEYS,
	OPTIONS_MAKE_PASSWORD,
	OPTIONS_TEST,
};

enum options_result {
	OPTIONS_OK = 0,
	OPTIONS_SHOW_HELP,
	OPTIONS_SHOW_VERSION,
	OPTIONS_BAD, /* getopt_long(3) has said why on standard error */
};

/**
 * struct options - what was asked for
 *
 * The strings belong to argv or are constants. @dir and @name are NULL when not given: their
 * defaults need the file system and the resolver.
 */
struct options {
	enum options_mode mode;
	const char *dir;
	const char *type, *length;
	const char *subtype, *sublength;
	const char *name, *email, *comment;
	const char *expire;
	const char *tls_key_type;
	const char *passfile;
	const char *secfile;
	const char *devices[OPTION_DEVICES_MAX];
	size_t n_devices; /* one more than there is room for: too many were named */
	usec_t wait;	  /* 0: what was given is no time */
	char **words;	  /* those that are no options */
	size_t n_words;
	bool force;
	bool keep;
	bool no_ssh;
	bool has_password_option; /* one that asks for OPTIONS_MAKE_PASSWORD */
	bool has_test_option;	  /* one that is for OPTIONS_TEST only */
};

/**
 * options_parse() - argv to options
 * @ret: filled in unless OPTIONS_BAD is returned
 *
 * A bad option wins over --help and --version, which win over everything else; the first of those
 * two counts.
 * Owner:  @ret refers to @argv, whose order may change.
 * Errors: OPTIONS_BAD; never negative.
 * Source: CLI-KEY-1, CLI-GEN-1; observed: mandos-keygen 1.8.16.
 */
enum options_result options_parse(int argc, char **argv, struct options *ret);

/**
 * options_check_texts() - the values, in the order of CLI-KEY-3, and that they go together
 * @o:           with its name filled in
 * @ret_message: why not; at least OPTION_MESSAGE_MAX bytes
 *
 * In password mode only the name is looked at.
 * Returns true if they are usable.
 */
bool options_check_texts(const struct options *o, char *ret_message);

/** options_print_help() - to @out, with the program's name as invoked */
void options_print_help(FILE *out, const char *program);
