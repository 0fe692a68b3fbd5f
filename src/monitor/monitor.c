/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "monitor/monitor.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "monitor/feed.h"
#include "monitor/step.h"
#include "monitor/terminal.h"
#include "monitor/view.h"

/* Of sources of events: people first. */
#define PRIORITY_KEYS  (SD_EVENT_PRIORITY_NORMAL - 20)
#define PRIORITY_PAINT (SD_EVENT_PRIORITY_NORMAL - 10)

struct monitor {
	sd_event *event;
	sd_event_source *paint_timer, *tick_timer;
	struct model model;
	struct cells cells;
	struct cells shown;
	bool is_all_new; /* @shown is not what is on the screen */
	bool is_terminal_open;
	usec_t painted; /* CLOCK_BOOTTIME */
	struct feed feed;
	int signal; /* that ended it; 0: none did */
};

/* Only while the terminal is not taken over. Returns what is negative. */
static int report(int error, const char *what)
{
	(void)fprintf(stderr, "mandos-monitor: %s%s%s\n", what, error < 0 ? ": " : "",
		      error < 0 ? strerror(-error) : "");
	return error < 0 ? error : -EINVAL;
}

static void paint(struct monitor *mon)
{
	struct cells other = mon->shown;

	model_settle(&mon->model);
	view_draw(&mon->model, &mon->cells);
	terminal_paint(&mon->cells, mon->is_all_new ? NULL : &mon->shown);
	mon->shown = mon->cells;
	mon->cells = other;
	mon->is_all_new = false;
	mon->painted = instant_now().boot;
	(void)sd_event_source_set_enabled(mon->paint_timer, SD_EVENT_OFF);
}

static int fit(struct monitor *mon)
{
	unsigned n_rows, n_columns;
	int r;

	terminal_size(&n_rows, &n_columns);
	r = cells_resize(&mon->cells, n_rows, n_columns);
	if (r >= 0)
		r = cells_resize(&mon->shown, n_rows, n_columns);
	if (r < 0)
		return r;
	model_resize(&mon->model, mon->cells.n_rows, mon->cells.n_columns);
	mon->is_all_new = true;
	return 0;
}

static int on_paint(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct monitor *mon = userdata;

	mon->model.now = instant_now().real;
	paint(mon);
	return 0;
}

static void paint_soon(struct monitor *mon)
{
	int enabled = SD_EVENT_OFF;

	(void)sd_event_source_get_enabled(mon->paint_timer, &enabled);
	if (enabled != SD_EVENT_OFF)
		return;
	(void)sd_event_source_set_time(mon->paint_timer, mon->painted + MONITOR_PAINT_USEC);
	(void)sd_event_source_set_enabled(mon->paint_timer, SD_EVENT_ONESHOT);
}

static int on_tick(sd_event_source *source, uint64_t usec, void *userdata)
{
	paint_soon(userdata);
	(void)sd_event_source_set_time(source, usec + MONITOR_TICK_USEC);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static void on_changed(void *userdata, bool wants_person)
{
	struct monitor *mon = userdata;

	if (!mon->is_terminal_open)
		return;
	if (wants_person && mon->model.is_bell_on)
		terminal_bell();
	paint_soon(mon);
}

static void act(struct monitor *mon, const struct step_actions *a)
{
	for (size_t i = 0; i < a->n_calls; i++)
		feed_call(&mon->feed, a->calls[i].what, a->calls[i].client->path);
	if (a->suspend) {
		terminal_suspend();
		(void)fit(mon);
	}
	if (a->redraw) {
		terminal_repaint();
		mon->is_all_new = true;
	}
	if (a->quit)
		(void)sd_event_exit(mon->event, EXIT_SUCCESS);
}

static int on_keys(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct monitor *mon = userdata;
	struct input input;

	mon->model.now = instant_now().real;
	while (terminal_read(&input)) {
		struct step_actions actions = { 0 };

		(void)step_input(&mon->model, input, &actions);
		act(mon, &actions);
		step_actions_deinit(&actions);
	}
	if (events & (EPOLLHUP | EPOLLERR))
		return sd_event_exit(mon->event, EXIT_FAILURE);
	paint(mon);
	return 0;
}

static int on_resize(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	struct monitor *mon = userdata;

	if (fit(mon) >= 0)
		paint(mon);
	return 0;
}

static int on_continue(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	terminal_repaint();
	return on_resize(source, info, userdata);
}

static int on_end(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	struct monitor *mon = userdata;

	/* SIGINT is a way to quit (MON-2); of the others one dies, once the terminal is restored.
	 */
	if (info->ssi_signo != SIGINT)
		mon->signal = (int)info->ssi_signo;
	return sd_event_exit(mon->event, EXIT_SUCCESS);
}

static int add_signals(struct monitor *mon)
{
	static const struct {
		int number;
		sd_event_signal_handler_t handler;
	} signals[] = {
		{ SIGINT, on_end },	 { SIGTERM, on_end },	   { SIGHUP, on_end },
		{ SIGWINCH, on_resize }, { SIGCONT, on_continue },
	};
	sigset_t set;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		(void)sigaddset(&set, signals[i].number);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		sd_event_source *source = NULL;
		int r = sd_event_add_signal(mon->event, &source, signals[i].number,
					    signals[i].handler, mon);

		if (r < 0)
			return r;
		(void)sd_event_source_set_priority(source, PRIORITY_KEYS);
		(void)sd_event_source_set_floating(source, 1);
		(void)sd_event_source_unref(source);
	}
	return 0;
}

static int add_timer(struct monitor *mon, usec_t delay, sd_event_time_handler_t handler,
		     sd_event_source **ret)
{
	int r = sd_event_add_time_relative(mon->event, ret, CLOCK_BOOTTIME, delay, USEC_PER_MSEC,
					   handler, mon);

	return r < 0 ? r : sd_event_source_set_priority(*ret, PRIORITY_PAINT);
}

static int add_keyboard(struct monitor *mon)
{
	sd_event_source *keys = NULL;
	int r = sd_event_add_io(mon->event, &keys, STDIN_FILENO, EPOLLIN, on_keys, mon);

	if (r >= 0)
		r = sd_event_source_set_priority(keys, PRIORITY_KEYS);
	if (r >= 0)
		r = sd_event_source_set_floating(keys, 1);
	(void)sd_event_source_unref(keys);
	return r;
}

/* The bus comes first: without one the terminal is not touched (MON-62). */
static int start(struct monitor *mon, const struct options *o)
{
	int r = sd_event_new(&mon->event);

	if (r >= 0)
		r = model_init(&mon->model, instant_now().real);
	if (r < 0)
		return report(r, "cannot start");
	mon->model.is_bell_on = !o->no_bell;
	mon->feed = (struct feed){
		.event = mon->event, .model = &mon->model, .changed = on_changed, .userdata = mon
	};
	r = feed_open(&mon->feed);
	if (r < 0)
		return report(r, "cannot use the system bus");
	r = add_signals(mon);
	if (r >= 0)
		r = add_timer(mon, 0, on_paint, &mon->paint_timer);
	if (r >= 0)
		r = add_timer(mon, MONITOR_TICK_USEC, on_tick, &mon->tick_timer);
	if (r < 0)
		return report(r, "cannot start");
	r = terminal_open(o->with_mouse);
	if (r == -ENXIO)
		return report(0, "cannot use this type of terminal; is TERM set?");
	if (r < 0)
		return report(r, "needs a terminal");
	mon->is_terminal_open = true;
	r = add_keyboard(mon);
	return r < 0 ? r : fit(mon);
}

static void stop(struct monitor *mon)
{
	terminal_close();
	mon->is_terminal_open = false;
	feed_close(&mon->feed);
	mon->paint_timer = sd_event_source_disable_unref(mon->paint_timer);
	mon->tick_timer = sd_event_source_disable_unref(mon->tick_timer);
	cells_deinit(&mon->cells);
	cells_deinit(&mon->shown);
	model_deinit(&mon->model);
	mon->event = sd_event_unref(mon->event);
}

/* Dies of a signal as anybody else does, so that whoever sent it sees that it worked. */
static void die_of(int number)
{
	sigset_t set;

	(void)signal(number, SIG_DFL);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, number);
	(void)raise(number);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
}

int monitor_run(const struct options *o)
{
	struct monitor mon = { 0 };
	int r = start(&mon, o);
	bool was_shown = mon.is_terminal_open;

	if (r >= 0)
		r = sd_event_loop(mon.event);
	stop(&mon);
	/* What went wrong before, start() has said. */
	if (r < 0 && was_shown)
		(void)report(r, "cannot go on");
	if (mon.signal != 0)
		die_of(mon.signal);
	return r < 0 ? EXIT_FAILURE : r;
}
