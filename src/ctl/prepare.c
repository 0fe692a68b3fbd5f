/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ctl/prepare.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/file.h"
#include "base/util.h"
#include "ctl/interval.h"
#include "ctl/report.h"
#include "wire/text.h"

static int prepare_time(struct ctl_action *action, char *message)
{
	char both[CTL_BOTH_SIZE];

	(void)ctl_option_both(action->op, both, sizeof(both));
	switch (interval_parse(action->text, &action->milliseconds)) {
	case INTERVAL_OK:
		return 0;
	case INTERVAL_OLD:
		report_line("Invalid RFC 3339 duration: \"%s\" - Parsing as pre-1.6.1 interval "
			    "instead",
			    action->text);
		return 0;
	case INTERVAL_OVERFLOW:
		(void)snprintf(message, CTL_MESSAGE_SIZE,
			       "argument %s: '%s' is longer than any time can be", both,
			       action->text);
		return -EINVAL;
	case INTERVAL_MALFORMED:
		break;
	}
	(void)snprintf(message, CTL_MESSAGE_SIZE,
		       "argument %s: invalid time '%s'; five minutes are PT5M, a day is P1D", both,
		       action->text);
	return -EINVAL;
}

static int take_file(struct ctl_action *action)
{
	char *data = NULL;
	size_t size = 0;
	int r = secret_process_harden();

	if (r >= 0)
		r = strcmp(action->text, "-") == 0
			    ? file_read_fd(STDIN_FILENO, SECRET_SIZE_MAX, &data, &size)
			    : file_read(action->text, SECRET_SIZE_MAX, &data, &size);
	if (r < 0)
		return r;
	action->bytes = secret_copy(data, size);
	secret_erase(data, size);
	free(data);
	return action->bytes ? 0 : -ENOMEM;
}

static int prepare_file(struct ctl_action *action, char *message)
{
	char both[CTL_BOTH_SIZE];
	int r = take_file(action);

	if (r >= 0)
		return 0;
	(void)ctl_option_both(action->op, both, sizeof(both));
	(void)snprintf(message, CTL_MESSAGE_SIZE,
		       "argument %s: can't open '%s': [Errno %d] %s: '%s'", both, action->text, -r,
		       strerror(-r), action->text);
	return -EINVAL;
}

static int prepare_text(struct ctl_action *action, char *message)
{
	char both[CTL_BOTH_SIZE];

	if (text_is_utf8(action->text, strlen(action->text)))
		return 0;
	(void)snprintf(message, CTL_MESSAGE_SIZE,
		       "argument %s: the value is not UTF-8, and the bus carries nothing else",
		       ctl_option_both(action->op, both, sizeof(both)));
	return -EINVAL;
}

static int prepare_level(struct ctl_action *action, char *message)
{
	/* base/log.h knows them too, but it brings a connection to the log with it. */
	static const char *const levels[] = { "CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG" };

	for (size_t i = 0; i < ARRAY_SIZE(levels); i++) {
		if (strcasecmp(levels[i], action->text) == 0)
			return 0;
	}
	(void)snprintf(message, CTL_MESSAGE_SIZE,
		       "argument --%s: no level is named '%s'; there are CRITICAL, ERROR, WARNING, "
		       "INFO and DEBUG",
		       ctl_options[action->op].name, action->text);
	return -EINVAL;
}

int prepare_values(struct ctl_command *command, char *ret_message)
{
	for (size_t i = 0; i < command->n_actions; i++) {
		struct ctl_action *action = &command->actions[i];
		int r = 0;

		switch (ctl_options[action->op].value) {
		case CTL_VALUE_TIME:
			r = prepare_time(action, ret_message);
			break;
		case CTL_VALUE_FILE:
			r = prepare_file(action, ret_message);
			break;
		case CTL_VALUE_LEVEL:
			r = prepare_level(action, ret_message);
			break;
		case CTL_VALUE_TEXT:
		case CTL_VALUE_COMMAND:
			r = prepare_text(action, ret_message);
			break;
		case CTL_VALUE_NONE:
			break;
		}
		if (r < 0)
			return r;
	}
	return 0;
}
