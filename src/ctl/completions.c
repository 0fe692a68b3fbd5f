/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ctl/completions.h"

#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "ctl/options.h"

/* Of each script: the licence, and where it comes from. */
static const char origin[] =
	"# SPDX-License-Identifier: GPL-3.0-or-later\n"
	"# Made of mandos-ctl's table of options; a test tells when it is old.\n";

static const char levels[] = "CRITICAL ERROR WARNING INFO DEBUG";

/* "--checker|-c" of all options with such a value, as a pattern of a case. */
static void put_bash_case(FILE *out, enum ctl_value value, const char *reply)
{
	const char *bar = "\t";

	for (enum ctl_op op = 0; op < CTL_N_OPTIONS; op++) {
		if (ctl_options[op].value != value)
			continue;
		(void)fprintf(out, "%s--%s", bar, ctl_options[op].name);
		if (ctl_options[op].letter)
			(void)fprintf(out, " | -%c", ctl_options[op].letter);
		bar = " | ";
	}
	(void)fprintf(out, ")\n\t\t%s\n\t\treturn\n\t\t;;\n", reply);
}

static void print_bash(FILE *out)
{
	(void)fprintf(out,
		      "# shellcheck shell=bash\n"
		      "%s"
		      "_mandos_ctl() {\n"
		      "\tlocal current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD "
		      "- 1]} name\n"
		      "\tCOMPREPLY=()\n"
		      "\tcase $previous in\n",
		      origin);
	put_bash_case(out, CTL_VALUE_FILE, "mapfile -t COMPREPLY < <(compgen -f -- \"$current\")");
	put_bash_case(out, CTL_VALUE_COMMAND,
		      "mapfile -t COMPREPLY < <(compgen -c -- \"$current\")");
	put_bash_case(out, CTL_VALUE_TEXT,
		      "mapfile -t COMPREPLY < <(compgen -A hostname -- \"$current\")");
	(void)fprintf(
		out,
		"\t--log-level)\n\t\tmapfile -t COMPREPLY < <(compgen -W '%s' -- \"$current\")\n"
		"\t\treturn\n\t\t;;\n",
		levels);
	put_bash_case(out, CTL_VALUE_TIME, ": # a time is the user's to think of");
	(void)fputs("\tesac\n"
		    "\tif [[ $current == -* ]]; then\n"
		    "\t\tmapfile -t COMPREPLY < <(compgen -W '",
		    out);
	for (enum ctl_op op = 0; op < CTL_N_OPTIONS; op++) {
		(void)fprintf(out, "%s--%s", op > 0 ? " " : "", ctl_options[op].name);
		if (ctl_options[op].letter)
			(void)fprintf(out, " -%c", ctl_options[op].letter);
	}
	/* Not by compgen -W, which would run what a name has between $( and ). */
	(void)fputs("' -- \"$current\")\n"
		    "\t\treturn\n"
		    "\tfi\n"
		    "\twhile IFS= read -r name; do\n"
		    "\t\tif [[ $name == \"$current\"* ]]; then\n"
		    "\t\t\tprintf -v name %q \"$name\"\n"
		    "\t\t\tCOMPREPLY+=(\"$name\")\n"
		    "\t\tfi\n"
		    "\tdone < <(mandos-ctl --names 2>/dev/null)\n"
		    "}\n"
		    "complete -F _mandos_ctl mandos-ctl\n",
		    out);
}

/* In zsh a bracket ends a description, and a colon begins the next field. */
static void put_zsh_text(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (strchr("[]:", *text))
			(void)fprintf(out, "\\%c", *text);
		else if (*text == '\'')
			(void)fputs("'\\''", out);
		else
			(void)fputc(*text, out);
	}
}

static const char *zsh_action(enum ctl_value value)
{
	static const char *const actions[] = {
		[CTL_VALUE_NONE] = "",
		[CTL_VALUE_TIME] = ":time\\: PT5M, P1D:",
		[CTL_VALUE_TEXT] = ":host:_hosts",
		[CTL_VALUE_COMMAND] = ":command:_cmdstring",
		[CTL_VALUE_FILE] = ":file:_files",
		[CTL_VALUE_LEVEL] = ":level:(CRITICAL ERROR WARNING INFO DEBUG)",
	};

	return actions[value];
}

static void put_zsh_option(FILE *out, enum ctl_op op)
{
	const struct ctl_option *o = &ctl_options[op], *other = &ctl_options[o->opposite];
	const char *equals = o->value == CTL_VALUE_NONE ? "" : "=";

	(void)fputs("\t'(", out);
	if (o->letter)
		(void)fprintf(out, "-%c ", o->letter);
	(void)fprintf(out, "--%s", o->name);
	if (o->opposite != op && other->letter)
		(void)fprintf(out, " -%c", other->letter);
	if (o->opposite != op)
		(void)fprintf(out, " --%s", other->name);
	if (o->letter)
		(void)fprintf(out, ")'{-%c%s,--%s%s}'[", o->letter, *equals ? "+" : "", o->name,
			      equals);
	else
		(void)fprintf(out, ")--%s%s[", o->name, equals);
	put_zsh_text(out, o->help);
	(void)fprintf(out, "]%s' \\\n", zsh_action(o->value));
}

static void print_zsh(FILE *out)
{
	(void)fprintf(
		out,
		"#compdef mandos-ctl\n"
		"%s"
		"_mandos_ctl_clients() {\n"
		"\tlocal -a clients\n"
		"\tclients=(${(f)\"$(_call_program clients mandos-ctl --names 2>/dev/null)\"})\n"
		"\tcompadd -a clients\n"
		"}\n\n"
		"_arguments -s -S \\\n",
		origin);
	for (enum ctl_op op = 0; op < CTL_N_OPTIONS; op++)
		put_zsh_option(out, op);
	(void)fputs("\t'*:client:_mandos_ctl_clients'\n", out);
}

static const char *fish_arguments(enum ctl_value value)
{
	static const char *const arguments[] = {
		[CTL_VALUE_NONE] = "",
		[CTL_VALUE_TIME] = " -x -a 'PT5M PT1H P1D'",
		[CTL_VALUE_TEXT] = " -x -a '(__fish_print_hostnames)'",
		[CTL_VALUE_COMMAND] = " -x -a '(__fish_complete_command)'",
		[CTL_VALUE_FILE] = " -r -F",
		[CTL_VALUE_LEVEL] = " -x -a 'CRITICAL ERROR WARNING INFO DEBUG'",
	};

	return arguments[value];
}

static void print_fish(FILE *out)
{
	(void)fprintf(out,
		      "%s"
		      "complete -c mandos-ctl -f -a '(mandos-ctl --names 2>/dev/null)'\n",
		      origin);
	for (enum ctl_op op = 0; op < CTL_N_OPTIONS; op++) {
		const struct ctl_option *o = &ctl_options[op];

		(void)fputs("complete -c mandos-ctl", out);
		if (o->letter)
			(void)fprintf(out, " -s %c", o->letter);
		(void)fprintf(out, " -l %s%s -d \"%s\"\n", o->name, fish_arguments(o->value),
			      o->help);
	}
}

int completions_print(FILE *out, const char *shell)
{
	static const struct {
		const char *shell;
		void (*print)(FILE *out);
	} shells[] = { { "bash", print_bash }, { "zsh", print_zsh }, { "fish", print_fish } };

	for (size_t i = 0; i < ARRAY_SIZE(shells); i++) {
		if (strcmp(shells[i].shell, shell) == 0) {
			shells[i].print(out);
			return 0;
		}
	}
	return -EINVAL;
}
