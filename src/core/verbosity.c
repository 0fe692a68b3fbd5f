/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/verbosity.h"

#include <signal.h>

#include "core/gates.h"

/* The severities have a gap where syslog has NOTICE. */
static enum log_level one_more(enum log_level level)
{
	switch (level) {
	case LOG_LEVEL_CRITICAL:
		return LOG_LEVEL_ERROR;
	case LOG_LEVEL_ERROR:
		return LOG_LEVEL_WARNING;
	case LOG_LEVEL_WARNING:
		return LOG_LEVEL_INFO;
	case LOG_LEVEL_INFO:
	case LOG_LEVEL_DEBUG:
		break;
	}
	return LOG_LEVEL_DEBUG;
}

void verbosity_set(struct verbosity *v, enum log_level threshold)
{
	log_set_threshold(threshold);
	if (*v->gates)
		gates_set_log_threshold(*v->gates, (uint8_t)threshold);
	/* At the threshold itself: whoever has asked for it sees that it was heard. */
	log_msg(threshold, "Logging %s and above from now on", log_level_name(threshold));
}

static int on_more(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata)
{
	verbosity_set(userdata, one_more(log_threshold()));
	return 0;
}

static int on_configured(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata)
{
	struct verbosity *v = userdata;

	verbosity_set(v, v->configured);
	return 0;
}

int verbosity_start(struct verbosity *v, sd_event *event, struct gates *const *gates)
{
	int r;

	*v = (struct verbosity){ .configured = log_threshold(), .gates = gates };
	r = sd_event_add_signal(event, NULL, SIGUSR1 | SD_EVENT_SIGNAL_PROCMASK, on_more, v);
	if (r < 0)
		return r;
	return sd_event_add_signal(event, NULL, SIGUSR2 | SD_EVENT_SIGNAL_PROCMASK, on_configured,
				   v);
}
