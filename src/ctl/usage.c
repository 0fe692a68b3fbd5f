/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ctl/usage.h"

#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "ctl/options.h"

#define LINE_MAX    79
#define HELP_COLUMN 33

static const char usage_start[] = "usage: mandos-ctl";

/* "[-t TIME]", "[-e | -d]"; empty for an option that its opposite has shown already. */
static int format_usage(enum ctl_op op, char *ret, size_t size)
{
	const struct ctl_option *o = &ctl_options[op], *other = &ctl_options[o->opposite];
	const char *value = ctl_value_name(o->value);
	char name[CTL_BOTH_SIZE], opposite[CTL_BOTH_SIZE];

	*ret = '\0';
	if (o->opposite < op)
		return 0;
	(void)snprintf(name, sizeof(name), o->letter ? "-%.1s" : "--%s",
		       o->letter ? &o->letter : o->name);
	(void)snprintf(opposite, sizeof(opposite), other->letter ? "-%.1s" : "--%s",
		       other->letter ? &other->letter : other->name);
	if (o->opposite != op)
		return snprintf(ret, size, "[%s | %s]", name, opposite);
	return snprintf(ret, size, value ? "[%s %s]" : "[%s]", name, value);
}

void usage_print(FILE *out)
{
	int column = fprintf(out, "%s", usage_start);

	for (enum ctl_op op = 0; op <= CTL_N_OPTIONS; op++) {
		char word[2 * CTL_BOTH_SIZE + 8] = "[client ...]";
		int length = (int)strlen(word);

		if (op < CTL_N_OPTIONS)
			length = format_usage(op, word, sizeof(word));
		if (length == 0)
			continue;
		if (column + 1 + length > LINE_MAX)
			column = fprintf(out, "\n%*s", (int)strlen(usage_start), "") - 1;
		column += fprintf(out, " %s", word);
	}
	(void)fputc('\n', out);
}

static void print_option(FILE *out, enum ctl_op op)
{
	const struct ctl_option *o = &ctl_options[op];
	const char *value = ctl_value_name(o->value);
	int column;

	column = o->letter ? fprintf(out, "  -%c, --%s", o->letter, o->name)
			   : fprintf(out, "      --%s", o->name);
	if (value)
		column += fprintf(out, " %s", value);
	(void)fprintf(out, "%*s%s\n", MAX_OF(HELP_COLUMN - column, 1), "", o->help);
}

void usage_print_help(FILE *out)
{
	static const char *const headings[CTL_N_CLASSES] = {
		[CTL_CLASS_SHOW] =
			"Listing (by default a table of the clients, or of those named):",
		[CTL_CLASS_CLIENT] = "Doing something to the clients named, or to all:",
		[CTL_CLASS_SERVER] = "Doing something to the server, one thing at a time:",
		[CTL_CLASS_PROGRAM] = "And:",
	};
	enum ctl_class heading = CTL_N_CLASSES;

	usage_print(out);
	(void)fputs(
		"\nLooks after a running Mandos server. A client is named as in clients.conf, or "
		"by a\npattern such as 'web*'. TIME is written as in PT5M, PT1H30M or P1D.\n",
		out);
	for (enum ctl_op op = 0; op < CTL_N_OPTIONS; op++) {
		if (ctl_options[op].class != heading) {
			heading = ctl_options[op].class;
			(void)fprintf(out, "\n%s\n", headings[heading]);
		}
		print_option(out, op);
	}
}
