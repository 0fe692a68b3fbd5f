/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The command line of mandos(8), taken apart but not yet merged with mandos.conf. For settings*.c.
 *
 * Bound: ARGUMENTS_UNKNOWN_MAX words that are no options are named in the usage error.
 */

#include <stdbool.h>

#include "base/util.h"

#define ARGUMENTS_UNKNOWN_MAX 8

/** enum argument - one for each option that carries something to the merge */
enum argument {
	ARGUMENT_INTERFACE,
	ARGUMENT_ADDRESS,
	ARGUMENT_PORT,
	ARGUMENT_DEBUG,
	ARGUMENT_DEBUGLEVEL,
	ARGUMENT_PRIORITY,
	ARGUMENT_SERVICENAME,
	ARGUMENT_CONFIGDIR,
	ARGUMENT_NO_DBUS,
	ARGUMENT_NO_IPV6,
	ARGUMENT_NO_RESTORE,
	ARGUMENT_SOCKET,
	ARGUMENT_STATEDIR,
	ARGUMENT_FOREGROUND,
	ARGUMENT_NO_ZEROCONF,
	ARGUMENT_CHECK_CONFIG,
	N_ARGUMENTS,
};

/**
 * struct arguments - what was given
 * @program: base name of the program
 * @values:  NULL: not given; a flag that was given has ""
 *
 * Owner: everything points into argv.
 */
struct arguments {
	const char *program;
	const char *values[N_ARGUMENTS];
};

/**
 * arguments_parse() - takes argv apart; does what --help and --version ask for
 *
 * Integers are checked for being such; all else is kept as given.
 * Errors: enum settings_action other than SETTINGS_FAILED; never negative.
 * Source: SRV-CLI-1, SRV-CLI-2, SRV-CLI-3, SRV-CLI-4, SRV-CLI-5, SRV-CLI-9, SRV-CLI-10.
 */
int arguments_parse(int argc, char *const argv[], struct arguments *ret);

/** arguments_fail() - the usage and one line on stderr (SRV-CLI-4); returns SETTINGS_USAGE */
int arguments_fail(const struct arguments *a, const char *format, ...) _printf_(2, 3);
