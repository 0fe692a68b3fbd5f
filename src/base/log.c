/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "base/log-sink.h"

static struct {
	bool open;
	bool to_stderr;
	enum log_level threshold;
	char program[64];
	int starting_fd; /* -1: not starting */
} state = { .threshold = LOG_LEVEL_WARNING, .starting_fd = -1 };

static const struct {
	const char *word;
	enum log_level level;
} level_words[] = {
	{ "CRITICAL", LOG_LEVEL_CRITICAL }, { "FATAL", LOG_LEVEL_CRITICAL },
	{ "ERROR", LOG_LEVEL_ERROR },	    { "WARNING", LOG_LEVEL_WARNING },
	{ "WARN", LOG_LEVEL_WARNING },	    { "INFO", LOG_LEVEL_INFO },
	{ "DEBUG", LOG_LEVEL_DEBUG },	    { "NOTSET", LOG_LEVEL_DEBUG },
};

bool log_level_parse(const char *word, enum log_level *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(level_words); i++) {
		if (strcasecmp(word, level_words[i].word) == 0) {
			*ret = level_words[i].level;
			return true;
		}
	}
	return false;
}

const char *log_level_name(enum log_level level)
{
	switch (level) {
	case LOG_LEVEL_CRITICAL:
		return "CRITICAL";
	case LOG_LEVEL_ERROR:
		return "ERROR";
	case LOG_LEVEL_WARNING:
		return "WARNING";
	case LOG_LEVEL_INFO:
		return "INFO";
	case LOG_LEVEL_DEBUG:
		return "DEBUG";
	}
	return "ERROR";
}

void log_set_starting(int fd)
{
	state.starting_fd = fd;
}

void log_set_threshold(enum log_level threshold)
{
	state.threshold = threshold;
}

enum log_level log_threshold(void)
{
	return state.threshold;
}

static void write_stderr(enum log_level level, const char *text)
{
	struct timespec ts;
	struct tm tm;
	char stamp[32] = "";

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	if (localtime_r(&ts.tv_sec, &tm))
		(void)strftime(stamp, sizeof(stamp), "%Y-%m-%d %H:%M:%S", &tm);
	(void)fprintf(stderr, "%s,%03ld %s [%ld]: %s: %s\n", stamp, ts.tv_nsec / 1000000,
		      state.program, (long)getpid(), log_level_name(level), text);
}

/*
 * A stranger's bytes must not forge a second record or move a terminal's cursor. U+0080 to U+009F
 * do the latter as well; in UTF-8 they are 0xc2 and a byte below 0xa0.
 */
static void replace_control_characters(char *text)
{
	for (unsigned char *c = (unsigned char *)text; *c; c++) {
		if (*c < ' ' || *c == 0x7f)
			*c = '?';
		else if (*c == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0)
			c[0] = c[1] = '?';
	}
}

static void set_names(const char *program, const char *service)
{
	char copy[LOG_SINK_NAME_MAX + 1];

	(void)snprintf(copy, sizeof(copy), "%s", service);
	replace_control_characters(copy);
	log_sink_set_names(program, copy);
}

void log_set_service_name(const char *name)
{
	set_names(NULL, name);
}

void log_open(const struct log_options *options)
{
	(void)snprintf(state.program, sizeof(state.program), "%s", options->program);
	set_names(options->program, options->service_name);
	state.threshold = options->threshold;
	state.to_stderr = options->to_stderr;
	state.open = true;
}

/* @text is changed: it has been made for this record. */
static void record(enum log_level level, const struct log_field *fields, char *text)
{
	replace_control_characters(text);
	if (!state.open) {
		(void)fprintf(stderr, "%s: %s\n", program_invocation_short_name, text);
		return;
	}
	log_sink_send(&(struct log_sink_record){
		.level = level,
		.level_name = log_level_name(level),
		.text = text,
		.fields = fields,
	});
	if (state.to_stderr)
		write_stderr(level, text);
	else if (state.starting_fd >= 0 && level <= LOG_LEVEL_ERROR)
		(void)dprintf(state.starting_fd, "%s: %s\n", state.program, text);
}

void log_msg(enum log_level level, const char *format, ...)
{
	char text[LOG_RECORD_MAX];
	int saved = errno;
	va_list ap;

	if (level > state.threshold)
		return;
	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	record(level, NULL, text);
	errno = saved;
}

void log_fields(enum log_level level, const struct log_field *fields, const char *text)
{
	char values[LOG_FIELDS_MAX][LOG_FIELD_SIZE], copy[LOG_RECORD_MAX];
	struct log_field clean[LOG_FIELDS_MAX + 1] = { { NULL, NULL } };
	int saved = errno;

	if (level > state.threshold)
		return;
	for (size_t i = 0; i < LOG_FIELDS_MAX && fields[i].name; i++) {
		clean[i].name = fields[i].name;
		if (!fields[i].value)
			continue;
		(void)snprintf(values[i], sizeof(values[i]), "%s", fields[i].value);
		replace_control_characters(values[i]);
		clean[i].value = values[i];
	}
	(void)snprintf(copy, sizeof(copy), "%s", text);
	record(level, clean, copy);
	errno = saved;
}
