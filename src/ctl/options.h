/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The one table of mandos-ctl's options: the parser, the help, the man page's check and the
 * completions of the shells all come from it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** enum ctl_op - what an option asks for; also its row in the table, in the order of the help */
enum ctl_op {
	CTL_VERBOSE,
	CTL_DUMP_JSON,
	CTL_NAMES,
	CTL_METRICS,
	CTL_EVENTS,

	CTL_ALL,
	CTL_IS_ENABLED,
	CTL_ENABLE,
	CTL_DISABLE,
	CTL_BUMP_TIMEOUT,
	CTL_START_CHECKER,
	CTL_STOP_CHECKER,
	CTL_REMOVE,
	CTL_CHECKER,
	CTL_TIMEOUT,
	CTL_EXTENDED_TIMEOUT,
	CTL_INTERVAL,
	CTL_APPROVE_BY_DEFAULT,
	CTL_DENY_BY_DEFAULT,
	CTL_APPROVAL_DELAY,
	CTL_APPROVAL_DURATION,
	CTL_HOST,
	CTL_SECRET,
	CTL_APPROVE,
	CTL_DENY,

	CTL_ADD,
	CTL_RELOAD,
	CTL_LOCKDOWN,
	CTL_LIFT,
	CTL_LOG_LEVEL,

	CTL_HELP,
	CTL_VERSION,
	CTL_CHECK,
	CTL_DEBUG,
	CTL_DRY_RUN,
	CTL_STRICT,

	CTL_N_OPTIONS, /* also: no option */
};

#define CTL_BIT(op) (UINT64_C(1) << (op))

/** enum ctl_class - which part of the work an option belongs to; its heading in the help */
enum ctl_class {
	CTL_CLASS_SHOW,	  /* what is printed */
	CTL_CLASS_CLIENT, /* done to each selected client */
	CTL_CLASS_SERVER, /* done to the server */
	CTL_CLASS_PROGRAM,
	CTL_N_CLASSES,
};

/** enum ctl_value - what an option's value is */
enum ctl_value {
	CTL_VALUE_NONE,
	CTL_VALUE_TIME,
	CTL_VALUE_TEXT,
	CTL_VALUE_COMMAND,
	CTL_VALUE_FILE, /* whose bytes count, "-" is standard input */
	CTL_VALUE_LEVEL,
};

/** struct ctl_option - a row */
struct ctl_option {
	const char *name; /* without its dashes */
	const char *help;
	enum ctl_class class;
	enum ctl_value value;
	char letter;	      /* 0: none */
	bool is_new;	      /* not in mandos 1.8.16: see ctl_option_find() */
	enum ctl_op opposite; /* not together with it (CTL-ARG-10); itself: there is none */
};

extern const struct ctl_option ctl_options[CTL_N_OPTIONS];

/** ctl_value_name() - "TIME", as the help has it; NULL for none */
const char *ctl_value_name(enum ctl_value value);

enum ctl_find_result {
	CTL_FIND_OK = 0,
	CTL_FIND_UNKNOWN,
	CTL_FIND_AMBIGUOUS,
};

/**
 * ctl_option_find() - by name, or by the start of a name if it fits one option only
 * @name, @length: without dashes
 * @ret_matches:   CTL_BIT() of all that fit, for a message
 *
 * A start that was unambiguous in mandos 1.8.16 still means the same: options that are new count
 * only where no old one fits.
 * Source: CTL-ARG-2.
 */
enum ctl_find_result ctl_option_find(const char *name, size_t length, enum ctl_op *ret_op,
				     uint64_t *ret_matches);

/** ctl_option_by_letter() - CTL_N_OPTIONS if there is none */
enum ctl_op ctl_option_by_letter(char letter);

/** ctl_option_both() - "-d/--disable", or "--strict" without a letter; CTL_BOTH_SIZE bytes are
 * enough */
const char *ctl_option_both(enum ctl_op op, char *ret, size_t size);

#define CTL_BOTH_SIZE 64
