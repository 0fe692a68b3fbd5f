/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Log records of the server: to /dev/log in its fixed datagram form, or to the journal with fields
 * (log-sink.h), and to stderr in debug mode.
 *
 * A missing or full /dev/log never stops or delays the program (SRV-LOG-7): sending does not block
 * and a lost record is lost. Records are at most LOG_RECORD_MAX bytes; longer ones are cut.
 * Secrets have no format directive, on purpose.
 */

#include <stdbool.h>
#include <sys/types.h>

#include "base/util.h"

#define LOG_RECORD_MAX 2048
#define LOG_FIELDS_MAX 8
#define LOG_FIELD_SIZE 512 /* of a value, with its NUL byte; longer ones are cut */

/** enum log_level - syslog severities, under the names of SRV-LOG-4 */
enum log_level {
	LOG_LEVEL_CRITICAL = 2,
	LOG_LEVEL_ERROR = 3,
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_INFO = 6,
	LOG_LEVEL_DEBUG = 7,
};

/**
 * struct log_options - where records go, and under which name
 *
 * @program:      base name of the program, for stderr (SRV-LOG-5)
 * @service_name: Zeroconf service name; other than "Mandos" it shows in the prefix (SRV-LOG-2)
 * @threshold:    records below this severity are dropped
 * @to_stderr:    also write to stderr, with a time stamp (debug mode)
 *
 * Owner: the strings are copied by log_open().
 */
struct log_options {
	const char *program;
	const char *service_name;
	enum log_level threshold;
	bool to_stderr;
};

/** log_open() - starts logging; before it, records go to stderr as bare lines "PROGRAM: text" */
void log_open(const struct log_options *options);

/**
 * log_set_starting() - while the program starts, errors also go to @fd as bare lines
 * @fd: the standard error of whoever started it; -1: the program runs
 *
 * Whoever starts a server by hand must see why it does not come up, or who is left out (K-17,
 * SRV-PROC-1 Fix); once it runs, the log is the only place (SRV-LOG-5).
 */
void log_set_starting(int fd);

/** log_set_service_name() - another name for the prefix, at run time; copied (SRV-LOG-2) */
void log_set_service_name(const char *name);

/** log_set_threshold() - at run time */
void log_set_threshold(enum log_level threshold);
enum log_level log_threshold(void);

/**
 * log_level_parse() - a debuglevel word, in any letter case, to a level
 *
 * NOTSET is DEBUG, FATAL is CRITICAL, WARN is WARNING. Returns false for any other word.
 * Source: SRV-LOG-4.
 */
bool log_level_parse(const char *word, enum log_level *ret);

/** log_level_name() - the word of SRV-LOG-1; static */
const char *log_level_name(enum log_level level);

/** log_msg() - one record; keeps errno. Control characters in it become question marks. */
void log_msg(enum log_level level, const char *format, ...) _printf_(2, 3);

/** struct log_field - something more that a journal can be searched for; never a secret */
struct log_field {
	const char *name;  /* A to Z, 0 to 9 and underscores; NULL ends a list */
	const char *value; /* NULL: not known, left out */
};

/**
 * log_fields() - one record with fields; everything else as log_msg() does it
 * @fields: at most LOG_FIELDS_MAX, and one without a name
 */
void log_fields(enum log_level level, const struct log_field *fields, const char *text);

#define log_critical(...) log_msg(LOG_LEVEL_CRITICAL, __VA_ARGS__)
#define log_error(...)	  log_msg(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...)  log_msg(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...)	  log_msg(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)	  log_msg(LOG_LEVEL_DEBUG, __VA_ARGS__)
