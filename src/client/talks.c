/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/talks.h"

#include <string.h>

#include "base/util.h"
#include "client/address.h"
#include "client/report.h"

void talks_init(struct talks *ret, struct tls_context *tls, struct warden *w, bool may_route,
		usec_t retry_usec)
{
	memset(ret, 0, sizeof(*ret));
	ret->tls = tls;
	ret->warden = w;
	ret->may_route = may_route;
	ret->candidates.retry_usec = retry_usec;
}

static int ask_route(struct talks *t, struct talk *one, enum warden_request_kind kind)
{
	struct warden_request r = { .kind = kind,
				    .index = one->with->index,
				    .target = one->with->server };

	return warden_ask(t->warden, &r);
}

static void close_talk(struct talks *t, struct talk *one)
{
	one->attempt = attempt_free(one->attempt);
	if (one->has_route && ask_route(t, one, WARDEN_ROUTE_DELETE) < 0)
		report_error("cannot take the route back"); /* CLI-ROUTE-6 */
	*one = (struct talk){ 0 };
}

void talks_deinit(struct talks *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(t->list); i++) {
		if (t->list[i].with)
			close_talk(t, &t->list[i]);
	}
}

void talks_end(struct talks *t, struct talk *one, enum candidate_end end, usec_t now,
	       uint32_t chance)
{
	struct candidate *with = one->with;
	char name[ADDRESS_FORMAT_SIZE];
	usec_t rest;

	address_format(&with->server, name);
	close_talk(t, one);
	rest = candidates_put_back(&t->candidates, with, end, now, chance);
	if (rest == USEC_NEVER)
		report_debug("%s is gone", name);
	else
		report_debug("%s: trying again in %llu ms", name,
			     (unsigned long long)(rest / USEC_PER_MSEC));
}

/* CLI-CONN-3. Returns true if the conversation begins again, with a route. */
static bool is_helped_by_route(struct talks *t, struct talk *one)
{
	if (!attempt_lacks_route(one->attempt) || one->with->index == 0 || one->with->is_named ||
	    !t->may_route || one->has_route || address_is_link_local(&one->with->server))
		return false;
	if (ask_route(t, one, WARDEN_ROUTE_ADD) < 0)
		return false;
	one->has_route = true;
	one->attempt = attempt_free(one->attempt);
	one->attempt = attempt_new(t->tls, &one->with->server);
	return one->attempt != NULL;
}

static void end_failed(struct talks *t, struct talk *one, usec_t now, uint32_t chance)
{
	const struct attempt *a = one->attempt;
	bool has_connected = attempt_has_connected(a);

	if (attempt_is_quiet(a))
		report_debug("%s: %s", attempt_name(a), attempt_error_text(a));
	else
		report_error("%s: %s", attempt_name(a), attempt_error_text(a));
	talks_end(t, one, has_connected ? CANDIDATE_STRAINED : CANDIDATE_AWAY, now, chance);
}

static void step(struct talks *t, struct talk *one, usec_t now, uint32_t chance)
{
	size_t size;

	switch (attempt_step(one->attempt, now)) {
	case ATTEMPT_GOING:
		t->was_answered |= attempt_has_handshaken(one->attempt);
		return;
	case ATTEMPT_RECEIVED:
		t->was_answered = true;
		one->has_message = true;
		(void)attempt_message(one->attempt, &size);
		report_debug("received %zu bytes from %s", size, attempt_name(one->attempt));
		return;
	case ATTEMPT_REFUSED:
		t->was_answered = true;
		report_debug("%s gives no password (denied, disabled or unknown)",
			     attempt_name(one->attempt));
		talks_end(t, one, CANDIDATE_REFUSED, now, chance);
		return;
	case ATTEMPT_FAILED:
		if (is_helped_by_route(t, one))
			step(t, one, now, chance);
		else if (one->attempt)
			end_failed(t, one, now, chance);
		else
			talks_end(t, one, CANDIDATE_AWAY, now, chance);
		return;
	}
}

static void begin(struct talks *t, struct candidate *with, usec_t now, uint32_t chance)
{
	struct talk *one = &t->list[with - t->candidates.list];
	struct attempt *a = attempt_new(t->tls, &with->server);

	*one = (struct talk){ .with = with, .attempt = a };
	if (!a) {
		report_error("out of memory");
		talks_end(t, one, CANDIDATE_AWAY, now, chance);
		return;
	}
	report_debug("connecting to %s", attempt_name(a));
}

void talks_step(struct talks *t, usec_t now, uint32_t chance)
{
	struct candidate *due;

	while ((due = candidates_take_due(&t->candidates, now)))
		begin(t, due, now, chance);
	for (size_t i = 0; i < ARRAY_SIZE(t->list); i++) {
		struct talk *one = &t->list[i];

		/* Each its own chance, or those that failed together come back together. */
		if (one->with && !one->has_message)
			step(t, one, now, chance * (2 * (uint32_t)i + 1));
	}
}

struct talk *talks_message(struct talks *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(t->list); i++) {
		if (t->list[i].with && t->list[i].has_message)
			return &t->list[i];
	}
	return NULL;
}

nfds_t talks_poll_set(const struct talks *t, struct pollfd *ret_fds)
{
	nfds_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(t->list); i++) {
		const struct talk *one = &t->list[i];

		if (one->with && !one->has_message)
			ret_fds[n++] = (struct pollfd){ .fd = attempt_fd(one->attempt),
							.events = attempt_events(one->attempt) };
	}
	return n;
}

usec_t talks_deadline(const struct talks *t)
{
	usec_t when = candidates_deadline(&t->candidates);

	for (size_t i = 0; i < ARRAY_SIZE(t->list); i++) {
		if (t->list[i].with && !t->list[i].has_message)
			when = MIN_OF(when, attempt_deadline(t->list[i].attempt));
	}
	return when;
}
