/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ctl/command.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"

/* struct parsing - the arguments under way */
struct parsing {
	struct ctl_command *command;
	int argc, next;
	char *const *argv;
	char *message;
	size_t unknown_length; /* of the list of unknown options that @message holds */
};

static int bad(struct parsing *p, const char *format, ...) _printf_(2, 3);

static int bad(struct parsing *p, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(p->message, CTL_MESSAGE_SIZE, format, ap);
	va_end(ap);
	return CTL_COMMAND_BAD;
}

/* All of them are told at once, after everything else was found right. */
static void remember_unknown(struct parsing *p, const char *argument)
{
	int n = snprintf(p->message + p->unknown_length, CTL_MESSAGE_SIZE - p->unknown_length,
			 "%s %s", p->unknown_length ? "" : "unrecognized arguments:", argument);

	if (n > 0)
		p->unknown_length =
			MIN_OF(p->unknown_length + (size_t)n, (size_t)CTL_MESSAGE_SIZE - 1);
}

/* Takes an option, whose value (or NULL) is already at hand. */
static int take(struct parsing *p, enum ctl_op op, const char *value)
{
	struct ctl_command *c = p->command;
	const struct ctl_option *option = &ctl_options[op];
	char both[CTL_BOTH_SIZE], other[CTL_BOTH_SIZE];

	if (ctl_command_has(c, option->opposite) && option->opposite != op)
		return bad(p, "argument %s: not allowed with argument %s",
			   ctl_option_both(op, both, sizeof(both)),
			   ctl_option_both(option->opposite, other, sizeof(other)));
	/* Of all that a flag can be twice, this alone is an error (CTL-ARG-13). */
	if (op == CTL_DUMP_JSON && ctl_command_has(c, op))
		return bad(p, "--dump-json can only be used alone.");
	c->given |= CTL_BIT(op);
	if ((option->class == CTL_CLASS_CLIENT || option->class == CTL_CLASS_SERVER) &&
	    op != CTL_ALL)
		c->actions[c->n_actions++] = (struct ctl_action){ .op = op, .text = value };
	if (op == CTL_HELP)
		return CTL_COMMAND_HELP;
	if (op == CTL_VERSION)
		return CTL_COMMAND_VERSION;
	return CTL_COMMAND_OK;
}

/* An option that needs a value, which was not joined to it: the next argument. */
static int take_next(struct parsing *p, enum ctl_op op)
{
	const char *value = p->next < p->argc ? p->argv[p->next] : NULL;
	char both[CTL_BOTH_SIZE];

	if (!value || (value[0] == '-' && value[1] != '\0'))
		return bad(p, "argument %s: expected one argument",
			   ctl_option_both(op, both, sizeof(both)));
	p->next++;
	return take(p, op, value);
}

static int ambiguous(struct parsing *p, const char *name, size_t length, uint64_t matches)
{
	size_t used;
	const char *comma = " ";

	(void)bad(p, "ambiguous option: --%.*s could match", (int)MIN_OF(length, (size_t)64), name);
	for (enum ctl_op op = 0; op < CTL_N_OPTIONS; op++) {
		if (!(matches & CTL_BIT(op)))
			continue;
		used = strlen(p->message);
		(void)snprintf(p->message + used, CTL_MESSAGE_SIZE - used, "%s--%s", comma,
			       ctl_options[op].name);
		comma = ", ";
	}
	return CTL_COMMAND_BAD;
}

/* "--name" or "--name=value". */
static int take_long(struct parsing *p, const char *argument)
{
	const char *name = argument + 2, *equals = strchr(name, '=');
	size_t length = equals ? (size_t)(equals - name) : strlen(name);
	char both[CTL_BOTH_SIZE];
	uint64_t matches;
	enum ctl_op op;

	switch (ctl_option_find(name, length, &op, &matches)) {
	case CTL_FIND_UNKNOWN:
		remember_unknown(p, argument);
		return CTL_COMMAND_OK;
	case CTL_FIND_AMBIGUOUS:
		return ambiguous(p, name, length, matches);
	case CTL_FIND_OK:
		break;
	}
	if (ctl_options[op].value != CTL_VALUE_NONE)
		return equals ? take(p, op, equals + 1) : take_next(p, op);
	if (equals)
		return bad(p, "argument %s: ignored explicit argument '%s'",
			   ctl_option_both(op, both, sizeof(both)), equals + 1);
	return take(p, op, NULL);
}

/* "-e", "-eb", "-t TIME", "-tTIME", "-t=TIME". */
static int take_letters(struct parsing *p, const char *argument)
{
	for (const char *letter = argument + 1; *letter; letter++) {
		enum ctl_op op = ctl_option_by_letter(*letter);
		char both[CTL_BOTH_SIZE];
		int r;

		if (op == CTL_N_OPTIONS && letter == argument + 1) {
			remember_unknown(p, argument);
			return CTL_COMMAND_OK;
		}
		if (op == CTL_N_OPTIONS)
			return bad(p, "argument %s: ignored explicit argument '%s'",
				   ctl_option_both(ctl_option_by_letter(letter[-1]), both,
						   sizeof(both)),
				   letter);
		if (ctl_options[op].value != CTL_VALUE_NONE)
			return letter[1] == '\0' ? take_next(p, op)
						 : take(p, op, letter + (letter[1] == '=' ? 2 : 1));
		r = take(p, op, NULL);
		if (r != CTL_COMMAND_OK)
			return r;
	}
	return CTL_COMMAND_OK;
}

static int take_all(struct parsing *p)
{
	bool options_end = false;

	while (p->next < p->argc) {
		const char *argument = p->argv[p->next++];
		int r = CTL_COMMAND_OK;

		if (options_end || argument[0] != '-' || argument[1] == '\0')
			p->command->names[p->command->n_names++] = argument;
		else if (strcmp(argument, "--") == 0)
			options_end = true;
		else if (argument[1] == '-')
			r = take_long(p, argument);
		else
			r = take_letters(p, argument);
		if (r != CTL_COMMAND_OK)
			return r;
	}
	return p->unknown_length ? CTL_COMMAND_BAD : CTL_COMMAND_OK;
}

static bool asks_for_check(int argc, char *const argv[])
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--check") == 0)
			return true;
	}
	return false;
}

/* Letters can be joined, so that one argument is as many actions as it has characters. */
static size_t most_actions(int argc, char *const argv[])
{
	size_t n = 1;

	for (int i = 1; i < argc; i++)
		n += argv[i][0] == '-' && argv[i][1] != '-' ? strlen(argv[i]) : 1;
	return n;
}

int ctl_command_parse(int argc, char *const argv[], struct ctl_command *ret, char *ret_message)
{
	struct parsing p = { .command = ret, .argc = argc, .next = 1, .argv = argv };

	p.message = ret_message;
	*ret = (struct ctl_command){ 0 };
	ret->actions = calloc(most_actions(argc, argv), sizeof(*ret->actions));
	ret->names = calloc((size_t)MAX_OF(argc, 1), sizeof(*ret->names));
	if (!ret->actions || !ret->names)
		return -ENOMEM;
	if (asks_for_check(argc, argv))
		return CTL_COMMAND_CHECK;
	return take_all(&p);
}

void ctl_command_order(struct ctl_command *command)
{
	struct ctl_action *actions = command->actions;
	size_t first = 0;

	while (first < command->n_actions && actions[first].op != CTL_REMOVE)
		first++;
	for (size_t i = first + 1; i < command->n_actions; i++) {
		struct ctl_action deny = actions[i];

		if (deny.op != CTL_DENY)
			continue;
		memmove(&actions[first + 1], &actions[first], (i - first) * sizeof(*actions));
		actions[first++] = deny;
	}
}

void ctl_command_deinit(struct ctl_command *command)
{
	for (size_t i = 0; i < command->n_actions; i++)
		(void)secret_free(command->actions[i].bytes);
	free(command->actions);
	free(command->names);
	*command = (struct ctl_command){ 0 };
}
