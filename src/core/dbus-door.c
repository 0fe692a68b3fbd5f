/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/dbus-door.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "core/dbus-private.h"
#include "core/dbus-signals.h"
#include "core/turn.h"

/* Bounds what one turn spends on telling of clients. */
#define TELL_BATCH 16

#define NAME_IS_OURS 1 /* DBUS_REQUEST_NAME_REPLY_PRIMARY_OWNER */

static const char *const names[] = { DBUS_NAME, DBUS_OLD_NAME };

/* ---- what waits ---- */

static void held_free(struct dbus_held *h)
{
	(void)sd_bus_message_unref(h->message);
	(void)sd_bus_message_unref(h->call);
	free(h);
}

static void forget_held(struct dbus_door *d)
{
	struct dbus_held *h;

	while ((h = TAILQ_FIRST(&d->held))) {
		TAILQ_REMOVE(&d->held, h, link);
		held_free(h);
	}
	while ((h = TAILQ_FIRST(&d->listings))) {
		TAILQ_REMOVE(&d->listings, h, link);
		held_free(h);
	}
	d->n_held = d->n_listings = 0;
}

static void break_off(struct dbus_door *d)
{
	d->is_broken = true;
	turn_request(d->options.turn);
}

/* Takes over what @h refers to, also when it fails. */
static int hold(struct dbus_door *d, struct dbus_held h)
{
	struct dbus_held *copy = d->n_held < DBUS_QUEUE_MAX ? malloc(sizeof(*copy)) : NULL;

	if (!copy) {
		(void)sd_bus_message_unref(h.message);
		(void)sd_bus_message_unref(h.call);
		break_off(d);
		return -ENOMEM;
	}
	*copy = h;
	TAILQ_INSERT_TAIL(&d->held, copy, link);
	d->n_held++;
	turn_request(d->options.turn);
	return 0;
}

void dbus_send_signal(struct dbus_door *d, sd_bus_message *m, int r)
{
	if (r < 0) {
		(void)sd_bus_message_unref(m);
		break_off(d);
		return;
	}
	(void)hold(d, (struct dbus_held){ .message = m });
}

int dbus_answer(struct dbus_call *call, sd_bus_message *reply, bool only_reads)
{
	int r = hold(call->door, (struct dbus_held){
					 .message = reply,
					 .call = sd_bus_message_ref(call->message),
					 .only_reads = only_reads,
				 });

	return r < 0 ? r : DBUS_ANSWERED;
}

int dbus_answer_later(struct dbus_call *call, dbus_method_fn *listing)
{
	struct dbus_door *d = call->door;
	struct dbus_held *h = d->n_listings < DBUS_LISTINGS_MAX ? calloc(1, sizeof(*h)) : NULL;

	if (!h)
		return -ENOBUFS;
	h->call = sd_bus_message_ref(call->message);
	h->listing = listing;
	TAILQ_INSERT_TAIL(&d->listings, h, link);
	d->n_listings++;
	turn_request(d->options.turn);
	return DBUS_ANSWERED;
}

void dbus_answer_error(struct dbus_call *call, int r)
{
	sd_bus_message *reply = NULL;

	if (r == -ENOBUFS && !sd_bus_error_is_set(&call->error))
		(void)sd_bus_error_set(&call->error, SD_BUS_ERROR_LIMITS_EXCEEDED,
				       "Too many of these calls are under way");
	if (!sd_bus_error_is_set(&call->error))
		(void)sd_bus_error_set_errno(&call->error, r);
	r = sd_bus_message_new_method_error(call->message, &reply, &call->error);
	if (r >= 0)
		(void)dbus_answer(call, reply, true);
	else
		break_off(call->door);
}

/* ---- sending ---- */

static uint64_t n_on_their_way(const struct dbus_door *d)
{
	uint64_t n = 0;

	(void)sd_bus_get_n_queued_write(d->connection, &n);
	return n;
}

/* What the caller asked for is in force, but a crash would undo it. */
static int send_unsaved(struct dbus_door *d, struct dbus_held *h)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	int r = sd_bus_message_new_method_errorf(
		h->call, &reply, SD_BUS_ERROR_IO_ERROR,
		"It is done, but could not be saved; the log says why");

	return r < 0 ? r : sd_bus_send(d->connection, reply, NULL);
}

static int send_held(struct dbus_door *d, struct dbus_held *h, bool is_saved)
{
	if (h->call && !sd_bus_message_get_expect_reply(h->call))
		return 0;
	if (!is_saved && h->call && !h->only_reads)
		return send_unsaved(d, h);
	return sd_bus_send(d->connection, h->message, NULL);
}

/* Signals wait for a turn that is saved; answers do not, since their callers do. */
static int send_all(struct dbus_door *d, bool is_saved)
{
	struct dbus_held *h, *next;
	int r = 0;

	for (h = TAILQ_FIRST(&d->held); h && r >= 0; h = next) {
		next = TAILQ_NEXT(h, link);
		if (!is_saved && !h->call)
			continue;
		r = send_held(d, h, is_saved);
		TAILQ_REMOVE(&d->held, h, link);
		d->n_held--;
		held_free(h);
	}
	return r;
}

static void make_listing(struct dbus_door *d, struct instant now)
{
	struct dbus_held *h = TAILQ_FIRST(&d->listings);
	struct dbus_call call = {
		.door = d,
		.message = h->call,
		.now = now,
		.error = SD_BUS_ERROR_NULL,
	};
	int r;

	TAILQ_REMOVE(&d->listings, h, link);
	d->n_listings--;
	d->has_listed = true;
	r = h->listing(&call);
	if (r < 0)
		dbus_answer_error(&call, r);
	sd_bus_error_free(&call.error);
	held_free(h);
}

/* One listing or a few clients at a time, and only while the bus keeps up. */
static bool make_more(struct dbus_door *d, struct instant now)
{
	if (n_on_their_way(d) >= DBUS_QUEUE_LOW || d->is_broken)
		return false;
	if (d->n_listings > 0) {
		make_listing(d, now);
		return true;
	}
	if (d->state != DBUS_UP || TAILQ_EMPTY(&d->untold))
		return false;
	for (int i = 0; i < TELL_BATCH && !TAILQ_EMPTY(&d->untold); i++)
		dbus_tell_next(d, now);
	return true;
}

static void watch_for_room(struct dbus_door *d)
{
	bool wants = d->n_listings > 0 || d->has_listed ||
		     (d->state == DBUS_UP && !TAILQ_EMPTY(&d->untold));

	(void)sd_event_source_set_enabled(d->post, wants ? SD_EVENT_ON : SD_EVENT_OFF);
}

/* Something has been sent, perhaps. */
static int on_post(sd_event_source *source, void *userdata)
{
	struct dbus_door *d = userdata;

	if (!d->connection || n_on_their_way(d) >= DBUS_QUEUE_LOW)
		return 0;
	if (d->n_listings > 0 || !TAILQ_EMPTY(&d->untold))
		turn_request(d->options.turn);
	if (d->has_listed && n_on_their_way(d) == 0) {
		/* Megabytes, which are not needed again soon. */
		d->has_listed = false;
		(void)malloc_trim(0);
	}
	watch_for_room(d);
	return 0;
}

static void give_up_connection(struct dbus_door *d, const char *why)
{
	log_error("The D-Bus connection is given up and made again: %s", why);
	bus_reset(d->options.bus);
}

void dbus_door_flush(struct dbus_door *d, bool is_saved, struct instant now)
{
	int r;

	if (!d || !d->connection)
		return;
	r = send_all(d, is_saved);
	if (r >= 0 && make_more(d, now))
		r = send_all(d, is_saved);
	if (r < 0)
		give_up_connection(d, strerror(-r));
	else if (d->is_broken)
		give_up_connection(d, "a message could not be kept");
	else if (n_on_their_way(d) > DBUS_QUEUE_MAX)
		give_up_connection(d, "the bus does not take what is sent to it");
	else
		watch_for_room(d);
}

/* ---- names ---- */

static void settle(struct dbus_door *d)
{
	d->settle_timer = sd_event_source_disable_unref(d->settle_timer);
	if (d->is_settled)
		return;
	d->is_settled = true;
	d->options.settled(d->options.userdata);
}

static int on_patience_over(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct dbus_door *d = userdata;

	log_error("The system bus does not answer; there is no D-Bus interface until it does");
	d->told_down = true;
	settle(d);
	return 0;
}

static void claim(struct dbus_door *d);

static void release_names(struct dbus_door *d)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		(void)sd_bus_release_name_async(d->connection, NULL, names[i], NULL, NULL);
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct dbus_door *d = userdata;

	d->retry_timer = sd_event_source_disable_unref(d->retry_timer);
	claim(d);
	return 0;
}

/* DBUS-BUS-2. Without the calls, every object is unknown to callers. */
static void refuse(struct dbus_door *d, const char *why)
{
	log_msg(d->told_refused ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR, "Disabling D-Bus: %s", why);
	d->told_refused = true;
	d->state = DBUS_REFUSED;
	if (sd_event_add_time_relative(d->options.bus->event, &d->retry_timer, CLOCK_BOOTTIME,
				       DBUS_RETRY_USEC, 10 * USEC_PER_MSEC, on_retry, d) < 0)
		log_critical("Cannot ask for the bus names again: no timer");
	d->calls = sd_bus_slot_unref(d->calls);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		d->claims[i] = sd_bus_slot_unref(d->claims[i]);
	release_names(d);
	forget_held(d);
	settle(d);
}

static int on_claimed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct dbus_door *d = userdata;
	uint32_t result = 0;

	if (d->state != DBUS_CLAIMING)
		return 0;
	if (sd_bus_message_is_method_error(m, NULL)) {
		refuse(d, sd_bus_message_get_error(m)->message);
		return 0;
	}
	if (sd_bus_message_read(m, "u", &result) < 0 || result != NAME_IS_OURS) {
		refuse(d, "another program has the bus name " DBUS_NAME " or " DBUS_OLD_NAME);
		return 0;
	}
	if (++d->n_claimed < ARRAY_SIZE(names))
		return 0;
	d->state = DBUS_UP;
	if (d->told_down || d->told_refused)
		log_info("The D-Bus interface is there now");
	d->told_down = d->told_refused = false;
	turn_request(d->options.turn);
	settle(d);
	return 0;
}

/* ---- the connection ---- */

/* DBUS-BUS-4 Fix: the objects are there before the names are. */
static int begin(struct dbus_door *d)
{
	int r = sd_bus_add_fallback(d->connection, &d->calls, "/", dbus_on_call, d);

	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(names); i++)
		r = sd_bus_request_name_async(d->connection, &d->claims[i], names[i], 0, on_claimed,
					      d);
	return r;
}

/* A new connection is told everything. */
static void untell_all(struct dbus_door *d)
{
	struct client *c;

	TAILQ_INIT(&d->untold);
	TAILQ_FOREACH (c, &d->options.registry->clients, link) {
		c->told.is_told = false;
		TAILQ_INSERT_TAIL(&d->untold, c, untold_link);
	}
}

static void claim(struct dbus_door *d)
{
	int r;

	d->state = DBUS_CLAIMING;
	d->n_claimed = 0;
	d->is_broken = false;
	r = begin(d);
	if (r < 0)
		refuse(d, strerror(-r));
}

static void on_up(void *userdata, sd_bus *connection)
{
	struct dbus_door *d = userdata;

	d->connection = connection;
	claim(d);
}

static void let_go(struct dbus_door *d)
{
	forget_held(d);
	untell_all(d);
	(void)sd_event_source_set_enabled(d->post, SD_EVENT_OFF);
	d->retry_timer = sd_event_source_disable_unref(d->retry_timer);
	d->calls = sd_bus_slot_unref(d->calls);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		d->claims[i] = sd_bus_slot_unref(d->claims[i]);
	d->connection = NULL;
	d->state = DBUS_DOWN;
}

static void on_down(void *userdata, int error)
{
	struct dbus_door *d = userdata;

	log_msg(d->told_down ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR,
		"No connection to the system bus (%s); there is no D-Bus interface until there is",
		error < 0 ? strerror(-error) : "it was closed");
	d->told_down = true;
	let_go(d);
	settle(d);
}

int dbus_door_new(const struct dbus_options *options, struct dbus_door **ret)
{
	struct dbus_door *d = calloc(1, sizeof(*d));
	sd_event *event = options->bus->event;
	int r;

	if (!d)
		return -ENOMEM;
	d->options = *options;
	d->user = (struct bus_user){ .up = on_up, .down = on_down, .userdata = d };
	TAILQ_INIT(&d->held);
	TAILQ_INIT(&d->listings);
	untell_all(d);
	r = sd_event_add_post(event, &d->post, on_post, d);
	if (r >= 0)
		r = sd_event_source_set_enabled(d->post, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_event_add_time_relative(event, &d->settle_timer, CLOCK_BOOTTIME,
					       DBUS_SETTLE_USEC, 10 * USEC_PER_MSEC,
					       on_patience_over, d);
	if (r >= 0)
		r = bus_join(options->bus, &d->user);
	if (r < 0) {
		d->post = sd_event_source_disable_unref(d->post);
		d->settle_timer = sd_event_source_disable_unref(d->settle_timer);
		free(d);
		return r;
	}
	*ret = d;
	return 0;
}

/* ---- the end ---- */

/* Waits until the bus has taken what was sent, or until @until; false: it has not. */
static bool drain(struct dbus_door *d, usec_t until, uint64_t enough)
{
	usec_t now;

	while (n_on_their_way(d) > enough && (now = instant_now().boot) < until) {
		struct pollfd p = { .fd = sd_bus_get_fd(d->connection), .events = POLLOUT };

		if (p.fd < 0 || poll(&p, 1, (int)((until - now) / USEC_PER_MSEC) + 1) < 0 ||
		    sd_bus_process(d->connection, NULL) < 0)
			return false;
	}
	return n_on_their_way(d) <= enough;
}

/* False: the bus does not take it. */
static bool say_all_are_gone(struct dbus_door *d, usec_t until)
{
	struct client *c;

	TAILQ_FOREACH (c, &d->options.registry->clients, link) {
		dbus_client_gone(d, c);
		if (d->n_held >= DBUS_QUEUE_LOW &&
		    (send_all(d, true) < 0 || !drain(d, until, DBUS_QUEUE_LOW)))
			return false;
	}
	return send_all(d, true) >= 0;
}

/* What was not saved is nobody's news: the next server will not know of it either. */
static void say_goodbye(struct dbus_door *d, bool is_saved)
{
	usec_t until = instant_now().boot + DBUS_GOODBYE_USEC;
	bool taken = send_all(d, is_saved) >= 0;

	/* No call is carried out any more: the state has been saved for the last time. */
	d->calls = sd_bus_slot_unref(d->calls);
	forget_held(d);
	if (taken && say_all_are_gone(d, until)) {
		release_names(d);
		(void)drain(d, until, 0);
	}
}

struct dbus_door *dbus_door_free(struct dbus_door *d, bool is_saved)
{
	if (!d)
		return NULL;
	if (d->state == DBUS_UP)
		say_goodbye(d, is_saved);
	let_go(d);
	bus_leave(d->options.bus, &d->user);
	d->post = sd_event_source_disable_unref(d->post);
	d->settle_timer = sd_event_source_disable_unref(d->settle_timer);
	free(d);
	return NULL;
}
