/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * getopt_long(3) does not tell an ambiguous option from an unknown one, takes "-i -a" for the
 * interface "-a", and reads "-p=4711" as the port "=4711"; the reference does none of that, and
 * scripts see its error texts. What is left to do by hand is one table and one loop.
 */
#include "core/settings-args.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/settings.h"
#include "wire/ini.h"
#include "wire/text.h"

#define USAGE_WIDTH 79
#define HELP_COLUMN 24

enum option_kind {
	OPTION_HELP,
	OPTION_VERSION,
	OPTION_CHECK, /* seen before all others; in the table for the usage and prefixes */
	OPTION_FLAG,
	OPTION_TEXT,
	OPTION_INTEGER,
};

struct option {
	enum option_kind kind;
	char letter; /* '\0': none */
	const char *name;
	const char *value; /* NULL for flags */
	enum argument argument;
	const char *help;
};

static const struct option options[] = {
	{ OPTION_HELP, 'h', "help", NULL, N_ARGUMENTS, "show this help and exit" },
	{ OPTION_VERSION, 'v', "version", NULL, N_ARGUMENTS, "show the version and exit" },
	{ OPTION_TEXT, 'i', "interface", "IF", ARGUMENT_INTERFACE,
	  "network interface to listen and announce on" },
	{ OPTION_TEXT, 'a', "address", "ADDRESS", ARGUMENT_ADDRESS, "address to listen on" },
	{ OPTION_INTEGER, 'p', "port", "PORT", ARGUMENT_PORT, "port to listen on" },
	{ OPTION_CHECK, '\0', "check", NULL, N_ARGUMENTS, "run self-tests and exit" },
	{ OPTION_FLAG, '\0', "check-config", NULL, ARGUMENT_CHECK_CONFIG,
	  "check mandos.conf and clients.conf, and exit" },
	{ OPTION_FLAG, '\0', "debug", NULL, ARGUMENT_DEBUG,
	  "log everything, to the terminal too; in the foreground" },
	{ OPTION_TEXT, '\0', "debuglevel", "LEVEL", ARGUMENT_DEBUGLEVEL,
	  "log threshold: CRITICAL, ERROR, WARNING, INFO or DEBUG" },
	{ OPTION_TEXT, '\0', "priority", "STRING", ARGUMENT_PRIORITY, "GnuTLS priority string" },
	{ OPTION_TEXT, '\0', "servicename", "NAME", ARGUMENT_SERVICENAME, "Zeroconf service name" },
	{ OPTION_TEXT, '\0', "configdir", "DIR", ARGUMENT_CONFIGDIR,
	  "directory of mandos.conf and clients.conf" },
	{ OPTION_FLAG, '\0', "no-dbus", NULL, ARGUMENT_NO_DBUS, "do not offer the D-Bus API" },
	{ OPTION_FLAG, '\0', "no-ipv6", NULL, ARGUMENT_NO_IPV6, "use IPv4 only" },
	{ OPTION_FLAG, '\0', "no-restore", NULL, ARGUMENT_NO_RESTORE, "do not load saved state" },
	{ OPTION_INTEGER, '\0', "socket", "FD", ARGUMENT_SOCKET,
	  "use this open descriptor as the socket" },
	{ OPTION_TEXT, '\0', "statedir", "DIR", ARGUMENT_STATEDIR,
	  "directory to save the state in" },
	{ OPTION_FLAG, '\0', "foreground", NULL, ARGUMENT_FOREGROUND,
	  "do not run in the background" },
	{ OPTION_FLAG, '\0', "no-zeroconf", NULL, ARGUMENT_NO_ZEROCONF,
	  "do not announce the server" },
};

/** struct parsing - one call of arguments_parse() */
struct parsing {
	struct arguments *arguments;
	int argc;
	char *const *argv;
	int next; /* index of the next word */
	const char *unknown[ARGUMENTS_UNKNOWN_MAX];
	size_t n_unknown;
};

static void print_usage(const struct arguments *a, FILE *to)
{
	int indent = fprintf(to, "usage: %s", a->program);
	int column = indent;

	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		const struct option *o = &options[i];
		char text[64];
		int size;

		if (o->letter)
			size = snprintf(text, sizeof(text), " [-%c%s%s]", o->letter,
					o->value ? " " : "", o->value ? o->value : "");
		else
			size = snprintf(text, sizeof(text), " [--%s%s%s]", o->name,
					o->value ? " " : "", o->value ? o->value : "");
		if (column + size > USAGE_WIDTH)
			column = fprintf(to, "\n%*s", indent, "") - 1;
		column += fprintf(to, "%s", text);
	}
	(void)fputc('\n', to);
}

static void print_help(const struct arguments *a)
{
	print_usage(a, stdout);
	(void)printf("\nMandos server: gives clients that are alive their disk passwords\n"
		     "\noptions:\n");
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		const struct option *o = &options[i];
		char text[64];

		(void)snprintf(text, sizeof(text), "  %s%c%s--%s%s%s", o->letter ? "-" : "",
			       o->letter ? o->letter : ' ', o->letter ? ", " : "", o->name,
			       o->value ? " " : "", o->value ? o->value : "");
		if (strlen(text) + 2 > HELP_COLUMN)
			(void)printf("%s\n%*s%s\n", text, HELP_COLUMN, "", o->help);
		else
			(void)printf("%-*s%s\n", HELP_COLUMN, text, o->help);
	}
}

int arguments_fail(const struct arguments *a, const char *format, ...)
{
	va_list ap;

	print_usage(a, stderr);
	(void)fprintf(stderr, "%s: error: ", a->program);
	va_start(ap, format);
	(void)vfprintf(stderr, format, ap);
	va_end(ap);
	(void)fputc('\n', stderr);
	return SETTINGS_USAGE;
}

/* "-p/--port" or "--socket" */
static const char *option_label(const struct option *o)
{
	static char label[64];

	if (o->letter)
		(void)snprintf(label, sizeof(label), "-%c/--%s", o->letter, o->name);
	else
		(void)snprintf(label, sizeof(label), "--%s", o->name);
	return label;
}

/* A word that the reference never takes as a value: "-x", but not "-", "-5" or "- x". */
static bool looks_like_option(const char *word)
{
	const char *digits = word + 1;

	if (word[0] != '-' || word[1] == '\0' || strchr(word, ' '))
		return false;
	while (text_is_digit(*digits))
		digits++;
	return *digits != '\0' || digits == word + 1;
}

static int check_value(const struct parsing *p, const struct option *o, const char *value)
{
	long long number;

	if (o->kind == OPTION_INTEGER && !ini_int(value, &number))
		return arguments_fail(p->arguments, "argument %s: invalid int value: '%s'",
				      option_label(o), value);
	return SETTINGS_RUN;
}

/* @value: what is joined to the option, NULL if nothing is */
static int take_option(struct parsing *p, const struct option *o, const char *value)
{
	if (!o->value && value)
		return arguments_fail(p->arguments, "argument %s: ignored explicit argument '%s'",
				      option_label(o), value);
	switch (o->kind) {
	case OPTION_HELP:
		print_help(p->arguments);
		return SETTINGS_EXIT;
	case OPTION_VERSION:
		(void)printf("%s %s\n", p->arguments->program, MANDOS_VERSION);
		return SETTINGS_EXIT;
	case OPTION_CHECK:
		return SETTINGS_SELF_TEST;
	case OPTION_FLAG:
		p->arguments->values[o->argument] = "";
		return SETTINGS_RUN;
	case OPTION_TEXT:
	case OPTION_INTEGER:
		break;
	}
	if (!value && p->next < p->argc && !looks_like_option(p->argv[p->next]))
		value = p->argv[p->next++];
	if (!value)
		return arguments_fail(p->arguments, "argument %s: expected one argument",
				      option_label(o));
	p->arguments->values[o->argument] = value;
	return check_value(p, o, value);
}

static void keep_unknown(struct parsing *p, const char *word)
{
	if (p->n_unknown < ARGUMENTS_UNKNOWN_MAX)
		p->unknown[p->n_unknown++] = word;
}

static int fail_ambiguous(const struct parsing *p, const char *word, size_t size)
{
	char candidates[512];
	size_t used = 0;

	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		if (strncmp(options[i].name, word + 2, size) != 0)
			continue;
		used += (size_t)snprintf(candidates + used, sizeof(candidates) - used, "%s--%s",
					 used ? ", " : "", options[i].name);
	}
	return arguments_fail(p->arguments, "ambiguous option: %.*s could match %s", (int)size + 2,
			      word, candidates);
}

static int take_long(struct parsing *p, const char *word)
{
	const char *equals = strchr(word, '=');
	size_t size = equals ? (size_t)(equals - word) - 2 : strlen(word) - 2;
	const struct option *found = NULL;
	size_t n_found = 0;

	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		if (strncmp(options[i].name, word + 2, size) != 0)
			continue;
		found = &options[i];
		n_found++;
		if (options[i].name[size] == '\0') {
			n_found = 1;
			break;
		}
	}
	if (n_found > 1)
		return fail_ambiguous(p, word, size);
	if (n_found == 1)
		return take_option(p, found, equals ? equals + 1 : NULL);
	keep_unknown(p, word);
	return SETTINGS_RUN;
}

static const struct option *find_letter(char letter)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		if (letter && options[i].letter == letter)
			return &options[i];
	}
	return NULL;
}

/* "-p 4711", "-p4711", "-p=4711". Of "-hv" only the first counts: short flags end the program. */
static int take_short(struct parsing *p, const char *word)
{
	const struct option *o = find_letter(word[1]);
	const char *value = word[2] == '=' ? word + 3 : word[2] ? word + 2 : NULL;

	if (!o) {
		keep_unknown(p, word);
		return SETTINGS_RUN;
	}
	return take_option(p, o, !o->value && find_letter(word[2]) ? NULL : value);
}

/* SRV-CLI-9: wherever it stands, and whatever else does. "--c" could be "--configdir", and the
 * prefixes of the reference's option keep their meaning although "--check-config" has them too. */
static bool asks_for_check(int argc, char *const argv[])
{
	for (int i = 1; i < argc; i++) {
		size_t size = strlen(argv[i]);

		if (size >= strlen("--ch") && strncmp("--check", argv[i], size) == 0)
			return true;
	}
	return false;
}

static int fail_unknown(const struct parsing *p)
{
	char words[512] = "";
	size_t used = 0;

	for (size_t i = 0; i < p->n_unknown && used < sizeof(words); i++)
		used += (size_t)snprintf(words + used, sizeof(words) - used, " %s", p->unknown[i]);
	return arguments_fail(p->arguments, "unrecognized arguments:%s", words);
}

int arguments_parse(int argc, char *const argv[], struct arguments *ret)
{
	struct parsing p = { .arguments = ret, .argc = argc, .argv = argv, .next = 1 };
	const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
	int r = SETTINGS_RUN;

	*ret = (struct arguments){ .program = slash ? slash + 1 : argc > 0 ? argv[0] : "mandos" };
	if (asks_for_check(argc, argv))
		return SETTINGS_SELF_TEST;
	while (p.next < argc && r == SETTINGS_RUN) {
		const char *word = argv[p.next++];

		if (strcmp(word, "--") == 0) {
			keep_unknown(&p, word);
			for (; p.next < argc; p.next++)
				keep_unknown(&p, argv[p.next]);
		} else if (strncmp(word, "--", 2) == 0) {
			r = take_long(&p, word);
		} else if (word[0] == '-' && word[1] != '\0') {
			r = take_short(&p, word);
		} else {
			keep_unknown(&p, word);
		}
	}
	return r == SETTINGS_RUN && p.n_unknown > 0 ? fail_unknown(&p) : r;
}
