/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/manager.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "core/dbus-signals.h"
#include "core/events.h"
#include "core/sealed.h"

static const char *cause_text(enum disable_cause cause)
{
	switch (cause) {
	case DISABLE_TIMEOUT:
		return "it was not seen for its timeout";
	case DISABLE_ADMINISTRATOR:
		return "an administrator said so";
	case DISABLE_CONFIGURED:
		return "its configuration says so";
	case DISABLE_STATE_LOST:
		return "the saved state could not be read";
	case DISABLE_LOCKDOWN:
		return "it was not seen for its timeout during a lockdown";
	case DISABLE_NONE:
		break;
	}
	return "no reason is known";
}

/* SRV-LOG-9: each change of the enabled state, with its cause. */
static void log_enabled(const struct client *c)
{
	struct event_details details = { .client = c };

	if (!c->life.enabled)
		details.reason = cause_text(c->life.disable_cause);
	event_log(c->life.enabled ? EVENT_CLIENT_ENABLED : EVENT_CLIENT_DISABLED, &details);
}

/* Durable before visible: the log, too, hears of it only after the commit. */
static void note_announcement(struct manager *m, struct client *c)
{
	if (c->to_announce)
		return;
	c->to_announce = true;
	TAILQ_INSERT_TAIL(&m->announcements, c, announce_link);
}

static void forget_announcement(struct manager *m, struct client *c)
{
	if (c->to_announce)
		TAILQ_REMOVE(&m->announcements, c, announce_link);
	c->to_announce = false;
}

void manager_announce(struct manager *m)
{
	struct client *c;

	if (m->lockdown_to_announce)
		event_log(manager_is_locked_down(m) ? EVENT_LOCKDOWN : EVENT_LOCKDOWN_LIFTED,
			  &(struct event_details){ .reason = "an administrator said so" });
	m->lockdown_to_announce = false;
	while ((c = TAILQ_FIRST(&m->announcements))) {
		forget_announcement(m, c);
		if (!c->life.removed) {
			log_enabled(c);
			continue;
		}
		event_log(EVENT_CLIENT_REMOVED,
			  &(struct event_details){ .client = c,
						   .reason = "an administrator said so" });
		registry_release(m->registry, c);
	}
}

/* A setting is saved as part of another record than the life. */
static bool is_setting(enum client_property property)
{
	switch (property) {
	case CLIENT_TIMEOUT:
	case CLIENT_INTERVAL:
	case CLIENT_EXTENDED_TIMEOUT:
	case CLIENT_APPROVAL_DELAY:
	case CLIENT_APPROVAL_DURATION:
	case CLIENT_APPROVED_BY_DEFAULT:
		return true;
	case CLIENT_ENABLED:
	case CLIENT_LAST_ENABLED:
	case CLIENT_EXPIRES:
	case CLIENT_LAST_CHECKED_OK:
	case CLIENT_LAST_CHECKER_STATUS:
	case CLIENT_CHECKER_RUNNING:
	case CLIENT_APPROVAL_PENDING:
	case CLIENT_LAST_APPROVAL_REQUEST:
		break;
	}
	return false;
}

static void carry_out(struct manager *m, struct client *c, const struct client_effect *effect,
		      struct instant now)
{
	switch (effect->type) {
	case EFFECT_CHANGED:
		dbus_signal_changed(m->dbus, c, effect->property, now);
		if (effect->property == CLIENT_ENABLED)
			note_announcement(m, c);
		if (is_setting(effect->property))
			keeper_note_settings(m->keeper, c);
		break;
	case EFFECT_START_CHECKER:
		checkers_run(m->checkers, c, now);
		break;
	case EFFECT_STOP_CHECKER:
		checkers_abort(m->checkers, c, now);
		break;
	case EFFECT_DECIDE:
		sessions_decide(m->sessions, c, now);
		break;
	case EFFECT_SAVE:
		keeper_note(m->keeper, c, true);
		break;
	case EFFECT_SAVE_SOON:
		keeper_note(m->keeper, c, false);
		break;
	}
}

void manager_apply(struct manager *m, struct client *c, const struct client_event *event,
		   struct instant now)
{
	struct client_effects effects;

	client_step(&c->life, event, now, &effects);
	/* Perhaps it was not seen because it waited for its password. */
	if (manager_is_locked_down(m) && c->life.disable_cause == DISABLE_TIMEOUT &&
	    c->life.disabled_at == now.real)
		c->life.disable_cause = DISABLE_LOCKDOWN;
	alarm_set(&m->deadlines, &c->timer, client_next_deadline(&c->life));
	for (unsigned int i = 0; i < effects.n; i++)
		carry_out(m, c, &effects.list[i], now);
}

static void on_deadline(void *userdata, struct heap_node *node, struct instant now)
{
	const struct client_event tick = { .type = CLIENT_EVENT_TICK };

	manager_apply(userdata, container_of(node, struct client, timer), &tick, now);
}

/* Whole milliseconds, 0 to interval (SRV-LIFE-3). Not security: it only spreads the load. */
static usec_t random_delay(usec_t interval)
{
	uint64_t n = 0;

	if (getrandom(&n, sizeof(n), GRND_NONBLOCK) != sizeof(n))
		n = instant_now().boot;
	return n % (interval / USEC_PER_MSEC + 1) * USEC_PER_MSEC;
}

void manager_start_client(struct manager *m, struct client *c, struct instant now)
{
	const struct client_event start = {
		.type = CLIENT_EVENT_START,
		.usec = random_delay(client_check_interval(&c->life)),
	};

	manager_apply(m, c, &start, now);
}

void manager_start_all(struct manager *m, struct instant now)
{
	struct client *c;

	TAILQ_FOREACH (c, &m->registry->clients, link) {
		manager_start_client(m, c, now);
	}
}

int manager_set_secret(struct manager *m, struct client *c, struct secret *secret,
		       struct instant now)
{
	const struct seal seal = { .configured = registry_configured_secret(c), .client = c->name };
	struct sealed *sealed = NULL;
	uint8_t salt[SEALED_SALT_SIZE];
	int r;

	if (!secret_equal(secret, seal.configured)) {
		if (getrandom(salt, sizeof(salt), 0) != sizeof(salt))
			return -errno;
		r = sealed_close(secret, &seal, salt, &sealed);
		if (r < 0)
			return r;
	}
	registry_set_secret(c, secret, sealed);
	keeper_note_settings(m->keeper, c);
	dbus_signal_property(m->dbus, c, DBUS_SECRET, now);
	return 0;
}

int manager_set_text(struct manager *m, struct client *c, enum manager_text which, const char *text,
		     struct instant now)
{
	char **setting = which == MANAGER_HOST ? &c->host : &c->checker;
	int r;

	if (strcmp(*setting, text) == 0)
		return 0;
	r = registry_set_text(setting, text);
	if (r < 0)
		return r;
	keeper_note_settings(m->keeper, c);
	dbus_signal_property(m->dbus, c, which == MANAGER_HOST ? DBUS_HOST : DBUS_CHECKER, now);
	return 0;
}

static void take_out(struct manager *m, struct client *c, struct instant now)
{
	const struct client_event remove = { .type = CLIENT_EVENT_REMOVE };

	manager_apply(m, c, &remove, now);
	alarm_set(&m->deadlines, &c->timer, USEC_NEVER);
	keeper_forget(m->keeper, c);
	dbus_signal_removed(m->dbus, c);
	registry_remove(m->registry, c);
}

void manager_remove(struct manager *m, struct client *c, struct instant now)
{
	forget_announcement(m, c);
	take_out(m, c, now);
}

int manager_remove_at_run_time(struct manager *m, struct client *c, bool is_configured,
			       struct instant now)
{
	int r = keeper_note_removed(m->keeper, c, is_configured);

	if (r < 0)
		return r;
	/* It stays in memory until that has been announced. */
	note_announcement(m, c);
	take_out(m, c, now);
	return 0;
}

void manager_set_lockdown(struct manager *m, bool on, struct instant now)
{
	struct client *c;

	if (on == manager_is_locked_down(m))
		return;
	m->lockdown = on ? now.real : USEC_NEVER;
	m->lockdown_to_announce = true;
	keeper_note_lockdown(m->keeper, m->lockdown);
	dbus_signal_server(m->dbus, DBUS_LOCKDOWN, now);
	dbus_signal_server(m->dbus, DBUS_LOCKDOWN_TIME, now);
	if (!on)
		return;
	TAILQ_FOREACH (c, &m->registry->clients, link) {
		sessions_decide(m->sessions, c, now);
	}
}

int manager_init(struct manager *m, sd_event *event, const struct manager_rooms *rooms)
{
	*m = (struct manager){
		.registry = rooms->registry,
		.keeper = rooms->keeper,
		.checkers = rooms->checkers,
		.sessions = rooms->sessions,
		.lockdown = USEC_NEVER,
	};
	TAILQ_INIT(&m->announcements);
	return alarm_init(&m->deadlines, event, on_deadline, m);
}

void manager_deinit(struct manager *m)
{
	alarm_deinit(&m->deadlines);
}
