/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/sessions.h"

#include "base/log.h"
#include "core/dbus-signals.h"
#include "core/events.h"
#include "core/manager.h"
#include "core/policy.h"

static void apply(struct sessions *all, struct client *c, enum client_event_type type,
		  struct instant now)
{
	const struct client_event event = { .type = type };

	manager_apply(all->manager, c, &event, now);
}

static void tell(const struct session *s, enum event_kind kind)
{
	event_log(kind, &(struct event_details){ .client = s->client, .peer = &s->peer });
}

static void refuse(struct sessions *all, struct session *s, enum policy_verdict verdict)
{
	switch (verdict) {
	case POLICY_REFUSE_DISABLED:
		tell(s, EVENT_REFUSED_DISABLED);
		break;
	case POLICY_REFUSE_DENIED:
		tell(s, EVENT_REFUSED_DENIED);
		break;
	case POLICY_REFUSE_TIMED_OUT:
		tell(s, EVENT_REFUSED_TIMED_OUT);
		break;
	case POLICY_REFUSE_LOCKDOWN:
		tell(s, EVENT_REFUSED_LOCKDOWN);
		break;
	case POLICY_REFUSE_UNSAVED:
		tell(s, EVENT_REFUSED_UNSAVED);
		break;
	case POLICY_GIVE:
	case POLICY_ASK:
	case POLICY_HOLD:
		break;
	}
	all->tally.refused++;
	dbus_signal_rejected(all->manager->dbus, s->client, policy_reason(verdict));
	gates_answer(s, SESSION_ANSWER_REFUSE);
}

static void let_wait(struct session *s)
{
	if (s->answer == SESSION_ANSWER_NONE)
		gates_answer(s, SESSION_ANSWER_WAIT);
}

/* A human has to decide. The peer is told nothing; its gate stops counting the time (SRV-APR-8). */
static void ask(struct sessions *all, struct session *s, struct instant now)
{
	tell(s, EVENT_APPROVAL_NEEDED);
	apply(all, s->client, CLIENT_EVENT_ASKED, now);
	dbus_signal_need_approval(all->manager->dbus, s->client, usec_sub(s->wait_until, now.boot));
	let_wait(s);
	alarm_set(&all->approvals, &s->deadline, s->wait_until);
}

/* The approval delay is over; only for those to whom one applied when they came (SRV-APR-1). */
static bool has_waited(const struct session *s, struct instant now)
{
	return s->counted && now.boot >= s->wait_until;
}

static void decide(struct sessions *all, struct session *s, struct instant now)
{
	enum policy_verdict verdict = policy_decide(&s->client->life, now, has_waited(s, now),
						    manager_is_locked_down(all->manager));

	alarm_set(&all->approvals, &s->deadline, USEC_NEVER);
	switch (verdict) {
	case POLICY_ASK:
		ask(all, s, now);
		break;
	case POLICY_HOLD:
		/* The end of the judging comes as a DECIDE. */
		let_wait(s);
		break;
	case POLICY_GIVE:
		gates_answer(s, SESSION_ANSWER_GIVE);
		break;
	case POLICY_REFUSE_DISABLED:
	case POLICY_REFUSE_DENIED:
	case POLICY_REFUSE_TIMED_OUT:
	case POLICY_REFUSE_LOCKDOWN:
	case POLICY_REFUSE_UNSAVED:
		refuse(all, s, verdict);
		break;
	}
}

/*
 * On a busy server an expiry that has come may not have been served yet. It is served before
 * anything is decided on it, so that a refusal for it is a durable one.
 */
static void serve_deadline(struct sessions *all, struct client *c, struct instant now)
{
	if (client_next_deadline(&c->life) <= now.boot)
		apply(all, c, CLIENT_EVENT_TICK, now);
}

/* Not decided yet: the only sessions that an approval, a denial or a disabling still concerns. */
static bool is_waiting(const struct session *s)
{
	return s->phase == GATE_PHASE_CLAIMED &&
	       (s->answer == SESSION_ANSWER_NONE || s->answer == SESSION_ANSWER_WAIT);
}

void sessions_decide(struct sessions *all, struct client *c, struct instant now)
{
	struct session *s;

	LIST_FOREACH (s, &c->sessions, client_link) {
		if (is_waiting(s))
			decide(all, s, now);
	}
}

static void on_waited_out(void *userdata, struct heap_node *node, struct instant now)
{
	struct session *s = container_of(node, struct session, deadline);

	serve_deadline(userdata, s->client, now);
	if (is_waiting(s))
		decide(userdata, s, now);
}

static void on_claim(void *userdata, struct session *s, const struct key_id *id, struct instant now)
{
	struct sessions *all = userdata;
	struct client *c = NULL;

	event_log(EVENT_PEER_KEY, &(struct event_details){ .key_id = id, .peer = &s->peer });
	/* SRV-PROTO-13: the digest of nothing never matches, whatever the configuration says. */
	if (!key_id_is_of_nothing(id))
		c = registry_find_key(all->registry, id);
	if (!c || c->life.removed) {
		all->tally.unknown++;
		event_log(EVENT_PEER_UNKNOWN_KEY,
			  &(struct event_details){ .key_id = id, .peer = &s->peer });
		dbus_signal_not_found(all->manager->dbus, id, &s->peer);
		gates_answer(s, SESSION_ANSWER_REFUSE);
		return;
	}
	serve_deadline(all, c, now);
	s->client = c;
	LIST_INSERT_HEAD(&c->sessions, s, client_link);
	s->wait_until = usec_add(now.boot, c->life.rules.approval_delay);
	if (c->life.rules.approval_delay > 0) {
		s->counted = true;
		apply(all, c, CLIENT_EVENT_SESSION_BEGIN, now);
	}
	decide(all, s, now);
}

/*
 * A server that cannot write could not keep a refusal over a restart, so it gives nothing:
 * otherwise a full disk and a crash would bring back whoever was disabled in between.
 */
static const struct secret *may_send(void *userdata, struct session *s, struct instant now)
{
	const struct sessions *all = userdata;
	const struct client_life *life = &s->client->life;
	bool lockdown = manager_is_locked_down(all->manager);

	serve_deadline(userdata, s->client, now);
	if (policy_may_send(life, now) && !lockdown && keeper_is_durable(all->manager->keeper))
		return s->client->secret;
	if (life->enabled && lockdown)
		refuse(userdata, s, POLICY_REFUSE_LOCKDOWN);
	else if (s->phase == GATE_PHASE_CLAIMED &&
		 policy_decide(life, now, false, lockdown) == POLICY_HOLD)
		gates_answer(s, SESSION_ANSWER_WAIT);
	else if (!policy_may_send(life, now))
		refuse(userdata, s, POLICY_REFUSE_DISABLED);
	else
		refuse(userdata, s, POLICY_REFUSE_UNSAVED);
	return NULL;
}

static void on_sent(void *userdata, struct session *s, struct instant now)
{
	struct sessions *all = userdata;
	char peer[PEER_TEXT_SIZE];

	all->tally.given++;
	tell(s, EVENT_SECRET_SENT);
	peer_format(&s->peer, peer);
	log_debug("The secret of %s went to %s", s->client->name, peer);
	apply(all, s->client, CLIENT_EVENT_SECRET_SENT, now);
	dbus_signal_got_secret(all->manager->dbus, s->client);
}

static void on_end(void *userdata, struct session *s, struct instant now)
{
	struct sessions *all = userdata;

	if (!s->client)
		return;
	alarm_set(&all->approvals, &s->deadline, USEC_NEVER);
	LIST_REMOVE(s, client_link);
	if (s->counted)
		apply(all, s->client, CLIENT_EVENT_SESSION_END, now);
	registry_release(all->registry, s->client);
}

struct gates_handler sessions_handler(void)
{
	return (struct gates_handler){
		.claim = on_claim,
		.may_send = may_send,
		.sent = on_sent,
		.end = on_end,
	};
}

int sessions_init(struct sessions *s, sd_event *event, struct registry *registry,
		  struct manager *manager)
{
	*s = (struct sessions){ .registry = registry, .manager = manager };
	return alarm_init(&s->approvals, event, on_waited_out, s);
}

void sessions_deinit(struct sessions *s)
{
	alarm_deinit(&s->approvals);
}
