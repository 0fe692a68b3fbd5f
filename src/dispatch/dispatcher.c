/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dispatch/dispatcher.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/signals.h"
#include "base/util.h"
#include "dispatch/hooks.h"
#include "dispatch/runs.h"
#include "dispatch/watch.h"

#define TIMER_ACCURACY_USEC (50 * USEC_PER_MSEC)

struct dispatcher {
	const char *config;
	sd_event *event;
	sd_event_source *timer; /* for what limits have kept back */
	struct hooks hooks;
	struct watch watch;
	struct runs runs;
	bool is_ending;
};

/* ---- the configuration ---- */

static int read_config(const char *path, hooks_complain_fn *complain, struct hooks *ret)
{
	_cleanup_free_ char *text = NULL;
	char words[160];
	size_t size;
	int r = file_read(path, HOOKS_FILE_MAX, &text, &size);

	*ret = (struct hooks){ 0 };
	if (r < 0) {
		(void)snprintf(words, sizeof(words), "it cannot be read: %s", strerror(-r));
		complain((void *)(uintptr_t)path, 0, words);
		return EX_NOINPUT;
	}
	r = hooks_parse(text, size, complain, (void *)(uintptr_t)path, ret);
	if (r < 0) {
		complain((void *)(uintptr_t)path, 0, strerror(-r));
		return EX_OSERR;
	}
	return r > 0 ? EX_CONFIG : EX_OK;
}

static void complain_to_log(void *userdata, unsigned int line, const char *text)
{
	const char *path = userdata;

	if (line > 0)
		log_error("%s:%u: %s", path, line, text);
	else
		log_error("%s: %s", path, text);
}

static void complain_to_terminal(void *userdata, unsigned int line, const char *text)
{
	const char *path = userdata;

	if (line > 0)
		(void)fprintf(stderr, "%s:%u: %s\n", path, line, text);
	else
		(void)fprintf(stderr, "%s: %s\n", path, text);
}

int dispatcher_check(const char *config)
{
	_cleanup_hooks_ struct hooks hooks = { 0 };
	int status = read_config(config, complain_to_terminal, &hooks);

	if (status == EX_OK)
		(void)printf("%zu hooks\n", hooks.n);
	return fflush(stdout) == 0 ? status : EX_IOERR;
}

/* ---- what is told ---- */

static void set_timer(struct dispatcher *d)
{
	usec_t due = USEC_NEVER;

	for (size_t i = 0; i < d->hooks.n; i++) {
		for (size_t k = 0; k < NOTICE_N_EVENTS; k++)
			due = MIN_OF(due, limit_due(&d->hooks.list[i]->limits[k]));
	}
	if (sd_event_source_set_time(d->timer, due) < 0 ||
	    sd_event_source_set_enabled(d->timer,
					due == USEC_NEVER ? SD_EVENT_OFF : SD_EVENT_ONESHOT) < 0)
		log_error("Cannot set a timer; what limits keep back may be told late");
}

static void on_notice(void *userdata, const struct notice *notice, const char *client)
{
	struct dispatcher *d = userdata;
	usec_t now = instant_now().boot;

	log_debug("%s", notice->text);
	for (size_t i = 0; i < d->hooks.n; i++) {
		struct hook *hook = d->hooks.list[i];
		struct limit *limit = &hook->limits[notice->kind];

		if (hook_wants(hook, notice->kind, client) && limit_pass(limit, &hook->rule, now) &&
		    runs_submit(&d->runs, hook, notice) < 0)
			limit_return(limit, &hook->rule, 1, now);
	}
	set_timer(d);
}

static void tell_suppressed(struct dispatcher *d, struct hook *hook, enum notice_kind kind,
			    usec_t now)
{
	struct limit *limit = &hook->limits[kind];
	unsigned long n = limit_take(limit, &hook->rule, now);
	struct notice notice;

	if (n == 0)
		return;
	notice_of_suppressed(kind, hook->name, n, &notice);
	log_warning("%s", notice.text);
	if (runs_submit(&d->runs, hook, &notice) < 0)
		limit_return(limit, &hook->rule, n, now);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct dispatcher *d = userdata;
	usec_t now = instant_now().boot;

	for (size_t i = 0; i < d->hooks.n; i++) {
		for (enum notice_kind kind = 0; kind < NOTICE_N_EVENTS; kind++)
			tell_suppressed(d, d->hooks.list[i], kind, now);
	}
	set_timer(d);
	return 0;
}

/* ---- what is asked of the program ---- */

/* A hook that is in the configuration no more has nobody to be told to. */
static void log_lost(const struct hooks *hooks, const struct hooks *after)
{
	for (size_t i = 0; i < hooks->n; i++) {
		const struct hook *hook = hooks->list[i];
		unsigned long n = 0;
		bool stays = false;

		for (size_t j = 0; after && j < after->n; j++)
			stays = stays || strcmp(after->list[j]->name, hook->name) == 0;
		for (size_t k = 0; !stays && k < NOTICE_N_EVENTS; k++)
			n += hook->limits[k].n_suppressed;
		if (n > 0)
			log_warning("Hook %s: %lu events that its limit kept back are not told",
				    hook->name, n);
	}
}

static int on_reload(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata)
{
	struct dispatcher *d = userdata;
	struct hooks hooks;

	if (d->is_ending)
		return 0;
	(void)sd_notify(0, "RELOADING=1");
	if (read_config(d->config, complain_to_log, &hooks) != EX_OK) {
		log_error("The configuration was not read anew; the old one stays in force");
		(void)sd_notify(0, "READY=1\nSTATUS=The new configuration is not in force");
		return 0;
	}
	hooks_carry(&hooks, &d->hooks);
	log_lost(&d->hooks, &hooks);
	hooks_deinit(&d->hooks);
	d->hooks = hooks;
	set_timer(d);
	log_info("The configuration was read anew: %zu hooks", d->hooks.n);
	(void)sd_notifyf(0, "READY=1\nSTATUS=%zu hooks", d->hooks.n);
	return 0;
}

static void on_idle(void *userdata)
{
	struct dispatcher *d = userdata;

	(void)sd_event_exit(d->event, EX_OK);
}

static int on_end(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata)
{
	struct dispatcher *d = userdata;
	unsigned int n;

	if (d->is_ending)
		return 0;
	d->is_ending = true;
	(void)sd_notify(0, "STOPPING=1");
	watch_stop(&d->watch);
	log_lost(&d->hooks, NULL);
	hooks_deinit(&d->hooks);
	set_timer(d);
	n = runs_end(&d->runs);
	if (n > 0)
		log_warning("%u commands that waited are not run any more", n);
	return 0;
}

/* ---- the loop ---- */

static int add_sources(struct dispatcher *d)
{
	static const struct {
		int number;
		sd_event_signal_handler_t handler;
	} signals[] = { { SIGHUP, on_reload }, { SIGTERM, on_end }, { SIGINT, on_end } };
	int r = sd_event_new(&d->event);

	if (r >= 0)
		r = sd_event_set_watchdog(d->event, 1);
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(signals); i++)
		r = sd_event_add_signal(d->event, NULL, signals[i].number, signals[i].handler, d);
	if (r >= 0)
		r = sd_event_add_time(d->event, &d->timer, CLOCK_BOOTTIME, USEC_NEVER,
				      TIMER_ACCURACY_USEC, on_timer, d);
	if (r >= 0)
		r = sd_event_source_set_enabled(d->timer, SD_EVENT_OFF);
	return r;
}

static int loop(struct dispatcher *d)
{
	int r = add_sources(d);

	if (r < 0)
		return r;
	runs_init(&d->runs, d->event);
	d->runs.on_idle = on_idle;
	d->runs.userdata = d;
	d->watch = (struct watch){ .event = d->event, .on_notice = on_notice, .userdata = d };
	watch_start(&d->watch);
	log_info("%zu hooks", d->hooks.n);
	(void)sd_notifyf(0, "READY=1\nSTATUS=%zu hooks", d->hooks.n);
	log_set_starting(-1);
	r = sd_event_loop(d->event);
	if (!d->is_ending)
		watch_stop(&d->watch);
	runs_deinit(&d->runs);
	return r;
}

int dispatcher_run(const char *config)
{
	static struct dispatcher d; /* too large for a stack */
	const int signals[] = { SIGCHLD, SIGHUP, SIGTERM, SIGINT };
	int status = read_config(config, complain_to_log, &d.hooks);
	int r;

	if (status != EX_OK)
		return status;
	d.config = config;
	r = signals_for_loop(signals, ARRAY_SIZE(signals));
	if (r >= 0)
		r = loop(&d);
	if (r < 0)
		log_critical("Cannot go on: %s", strerror(-r));
	hooks_deinit(&d.hooks);
	d.timer = sd_event_source_disable_unref(d.timer);
	d.event = sd_event_unref(d.event);
	return r < 0 ? EX_OSERR : r;
}
