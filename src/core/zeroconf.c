/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A state machine with one call in flight. D-Bus keeps the order of messages between two peers, and
 * that carries most of the argument here: a Reset needs no answer before the next call, a signal
 * that arrives after an answer was sent after it, and what arrives while AddService is unanswered
 * is about the time before and is ignored.
 */
#include "core/zeroconf.h"

#include <errno.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"

#define AVAHI		 "org.freedesktop.Avahi"
#define AVAHI_SERVER	 AVAHI ".Server"
#define AVAHI_GROUP	 AVAHI ".EntryGroup"
#define AVAHI_COLLISION	 AVAHI ".CollisionError"
#define SERVICE_TYPE	 "_mandos._tcp"
#define ANY_INTERFACE	 (-1)
#define BUS_SERVICE	 "org.freedesktop.DBus"
#define BUS_ERROR	 BUS_SERVICE ".Error."
#define WITHOUT_DEADLINE UINT64_MAX

/* Avahi's AVAHI_PROTO_*. */
enum avahi_protocol {
	AVAHI_IPV4 = 0,
	AVAHI_IPV6 = 1
};

/* Avahi's AvahiServerState; others are possible. */
enum avahi_server_state {
	AVAHI_SERVER_INVALID = 0,
	AVAHI_SERVER_REGISTERING = 1,
	AVAHI_SERVER_RUNNING = 2,
	AVAHI_SERVER_COLLISION = 3,
	AVAHI_SERVER_FAILURE = 4,
};

/* Avahi's AvahiEntryGroupState; others are possible. */
enum avahi_group_state {
	AVAHI_GROUP_ESTABLISHED = 2,
	AVAHI_GROUP_COLLISION = 3,
	AVAHI_GROUP_FAILURE = 4,
};

enum zeroconf_state {
	ZEROCONF_NO_BUS = 0,
	ZEROCONF_NO_AVAHI,   /* until somebody owns its bus name */
	ZEROCONF_ASKING,     /* GetState is unanswered */
	ZEROCONF_GROUPING,   /* EntryGroupNew is unanswered */
	ZEROCONF_WAITING,    /* until Avahi's server runs; nothing is in the group */
	ZEROCONF_ADDING,     /* AddService is unanswered */
	ZEROCONF_COMMITTING, /* Commit was called, the group is not established yet */
	ZEROCONF_ANNOUNCED,
	ZEROCONF_RENAMING, /* GetAlternativeServiceName is unanswered */
	ZEROCONF_FAILED,   /* until the back-off is over; then as WAITING */
	ZEROCONF_GIVEN_UP, /* out of names, until Avahi is another one */
};

struct zeroconf {
	struct bus *bus;
	struct bus_user user;
	char *name;
	char *interface;
	uint16_t port;
	bool ipv6;

	enum zeroconf_state state;
	sd_bus *connection;
	sd_bus_slot *owner_match, *server_match, *group_match;
	sd_bus_slot *call;
	sd_event_source *timer;
	char *owner; /* unique bus name of the Avahi daemon */
	char *group; /* object path of our entry group */
	bool filled; /* something was added to the group since it was last reset */
	bool renamed;
	int32_t server_state;
	unsigned int n_renames;
	usec_t backoff;
	/* Told once, until the service is established again. */
	bool told_away, told_failed, told_stuck;
};

static void enter(struct zeroconf *z, enum zeroconf_state state);
static void begin(struct zeroconf *z);

/* ---- calls ---- */

static int new_call(struct zeroconf *z, const char *path, const char *interface, const char *member,
		    sd_bus_message **ret)
{
	return sd_bus_message_new_method_call(z->connection, ret, z->owner ? z->owner : AVAHI, path,
					      interface, member);
}

static void fail(struct zeroconf *z, const char *name, const char *message)
{
	log_msg(z->told_failed ? LOG_LEVEL_DEBUG : LOG_LEVEL_CRITICAL, "D-Bus Exception: %s: %s",
		name, message ? message : "no details");
	z->told_failed = true;
	enter(z, ZEROCONF_FAILED);
}

/* The answer has no deadline: Avahi would still do what it was asked, and nobody would undo it. If
 * it dies, the bus answers for it. */
static void call(struct zeroconf *z, const char *interface, const char *member,
		 sd_bus_message_handler_t handler, const char *types, ...)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	const char *path = strcmp(interface, AVAHI_GROUP) == 0 ? z->group : "/";
	va_list ap;
	int r = new_call(z, path, interface, member, &m);

	va_start(ap, types);
	if (r >= 0)
		r = sd_bus_message_appendv(m, types, ap);
	va_end(ap);
	if (r >= 0)
		r = sd_bus_call_async(z->connection, &z->call, m, handler, z, WITHOUT_DEADLINE);
	/* A lost connection is the bus's to report. */
	if (r < 0 && r != -ENOTCONN)
		fail(z, member, strerror(-r));
}

/* What goes wrong here shows in the call that follows. */
static void withdraw(struct zeroconf *z)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;

	if (!z->filled)
		return;
	z->filled = false;
	if (new_call(z, z->group, AVAHI_GROUP, "Reset", &m) < 0 ||
	    sd_bus_message_set_expect_reply(m, 0) < 0)
		return;
	(void)sd_bus_send(z->connection, m, NULL);
}

static void tell_away(struct zeroconf *z, const char *what, const char *why)
{
	log_msg(z->told_away ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR,
		"%s: %s; the server is not announced by Zeroconf until it comes", what,
		why ? why : "no details");
	z->told_away = true;
}

/* Nobody owns the name, or the bus could not start its owner, for whichever of many reasons. */
static bool means_away(const struct zeroconf *z, const char *error)
{
	if (z->owner)
		return strcmp(error, BUS_ERROR "ServiceUnknown") == 0 ||
		       strcmp(error, BUS_ERROR "NameHasNoOwner") == 0;
	return strcmp(error, BUS_ERROR "AccessDenied") != 0;
}

/* True if the answer is an error, which has then been dealt with. */
static bool is_refused(struct zeroconf *z, sd_bus_message *m)
{
	const sd_bus_error *error = sd_bus_message_get_error(m);

	z->call = sd_bus_slot_unref(z->call);
	if (!error)
		return false;
	if (strcmp(error->name, BUS_ERROR "NoReply") == 0) {
		/* Avahi or the bus has just died, which is about to be told by a signal. */
		log_debug("The Avahi daemon gave no answer: %s", error->message);
		enter(z, ZEROCONF_FAILED);
	} else if (means_away(z, error->name)) {
		tell_away(z, "No Avahi daemon on the system bus", error->message);
		enter(z, ZEROCONF_NO_AVAHI);
	} else if (strcmp(error->name, AVAHI_COLLISION) == 0) {
		log_info("Local Zeroconf service name collision.");
		enter(z, ZEROCONF_RENAMING);
	} else {
		fail(z, error->name, error->message);
	}
	return true;
}

/* ---- from one state to the next ---- */

static int on_committed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	(void)is_refused(userdata, m);
	return 0;
}

static int on_added(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct zeroconf *z = userdata;

	if (!is_refused(z, m))
		enter(z, ZEROCONF_COMMITTING);
	return 0;
}

static int on_renamed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct zeroconf *z = userdata;
	const char *name;
	char *copy;

	if (is_refused(z, m))
		return 0;
	copy = sd_bus_message_read(m, "s", &name) >= 0 ? strdup(name) : NULL;
	if (!copy) {
		fail(z, "GetAlternativeServiceName", "malformed answer");
		return 0;
	}
	free(z->name);
	z->name = copy;
	z->renamed = true;
	z->n_renames++;
	log_info("Changing Zeroconf service name to '%s' ...", z->name);
	enter(z, ZEROCONF_ADDING);
	return 0;
}

static void follow_server(struct zeroconf *z)
{
	bool running = z->server_state == AVAHI_SERVER_RUNNING;

	switch (z->state) {
	case ZEROCONF_NO_BUS:
	case ZEROCONF_NO_AVAHI:
	case ZEROCONF_ASKING:
	case ZEROCONF_GROUPING:
	case ZEROCONF_GIVEN_UP:
		break;
	case ZEROCONF_WAITING:
	case ZEROCONF_FAILED:
		if (z->group)
			enter(z, running ? ZEROCONF_ADDING : ZEROCONF_WAITING);
		break;
	case ZEROCONF_ADDING:
	case ZEROCONF_COMMITTING:
	case ZEROCONF_ANNOUNCED:
	case ZEROCONF_RENAMING:
		if (!running)
			enter(z, ZEROCONF_WAITING);
		break;
	}
}

static void on_server_state(struct zeroconf *z, int32_t state, const char *error)
{
	const char *what = NULL;

	log_debug("Avahi server state change: %d", state);
	switch (state) {
	case AVAHI_SERVER_INVALID:
		what = "Zeroconf server invalid";
		break;
	case AVAHI_SERVER_COLLISION:
		what = "Zeroconf server name collision";
		break;
	case AVAHI_SERVER_FAILURE:
		what = "Zeroconf server failure";
		break;
	case AVAHI_SERVER_REGISTERING:
	case AVAHI_SERVER_RUNNING:
		break;
	default: /* Avahi's own enum, which may grow: not known here, no reason to act (SRV-ZC-3) */
		return;
	}
	if (what)
		log_error("%s%s%s", what, error[0] ? ": " : "", error);
	z->server_state = state;
	follow_server(z);
}

static int on_group_made(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct zeroconf *z = userdata;
	const char *path;

	if (is_refused(z, m))
		return 0;
	z->group = sd_bus_message_read(m, "o", &path) >= 0 ? strdup(path) : NULL;
	if (!z->group) {
		fail(z, "EntryGroupNew", "malformed answer");
		return 0;
	}
	enter(z, ZEROCONF_WAITING);
	follow_server(z);
	return 0;
}

static int on_state_got(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct zeroconf *z = userdata;
	int32_t state;

	if (is_refused(z, m))
		return 0;
	if (!z->owner && sd_bus_message_get_sender(m))
		z->owner = strdup(sd_bus_message_get_sender(m));
	if (!z->owner || sd_bus_message_read(m, "i", &state) < 0) {
		fail(z, "GetState", "malformed answer");
		return 0;
	}
	on_server_state(z, state, "");
	enter(z, ZEROCONF_GROUPING);
	return 0;
}

/* ---- the one place that changes the state ---- */

static int on_time(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct zeroconf *z = userdata;

	if (z->state != ZEROCONF_FAILED) {
		log_msg(z->told_stuck ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR,
			"The Avahi daemon does not answer; the server is not announced by Zeroconf "
			"until it does");
		z->told_stuck = true;
		return 0;
	}
	if (z->group)
		follow_server(z);
	else
		begin(z);
	return 0;
}

static void arm(struct zeroconf *z, usec_t delay)
{
	if (sd_event_add_time_relative(z->bus->event, &z->timer, CLOCK_BOOTTIME, delay,
				       10 * USEC_PER_MSEC, on_time, z) < 0)
		log_critical("Cannot announce the server by Zeroconf: no timer");
}

static void add(struct zeroconf *z)
{
	unsigned int found = z->interface[0] ? if_nametoindex(z->interface) : 0;
	int32_t interface = found ? (int32_t)found : ANY_INTERFACE;
	int32_t protocol = z->ipv6 ? AVAHI_IPV6 : AVAHI_IPV4;

	withdraw(z);
	log_debug("Adding Zeroconf service '%s' of type '" SERVICE_TYPE "' ...", z->name);
	z->filled = true;
	call(z, AVAHI_GROUP, "AddService", on_added, "iiussssqaay", interface, protocol,
	     (uint32_t)0, z->name, SERVICE_TYPE, "", "", (int)z->port, 0);
	if (z->renamed)
		log_set_service_name(z->name);
}

static void ask_for_name(struct zeroconf *z)
{
	if (z->n_renames >= ZEROCONF_RENAMES_MAX) {
		log_critical("The Zeroconf service name was changed %d times and is still taken; "
			     "the server is not announced until the Avahi daemon is restarted",
			     ZEROCONF_RENAMES_MAX);
		enter(z, ZEROCONF_GIVEN_UP);
		return;
	}
	call(z, AVAHI_SERVER, "GetAlternativeServiceName", on_renamed, "s", z->name);
}

static void forget_avahi(struct zeroconf *z)
{
	free(z->owner);
	free(z->group);
	z->owner = z->group = NULL;
	z->filled = false;
	z->server_state = AVAHI_SERVER_INVALID;
}

static void enter(struct zeroconf *z, enum zeroconf_state state)
{
	z->state = state;
	z->call = sd_bus_slot_unref(z->call);
	z->timer = sd_event_source_disable_unref(z->timer);
	switch (state) {
	case ZEROCONF_NO_BUS:
	case ZEROCONF_NO_AVAHI:
		forget_avahi(z);
		break;
	case ZEROCONF_ASKING:
		arm(z, ZEROCONF_PATIENCE_USEC);
		call(z, AVAHI_SERVER, "GetState", on_state_got, "");
		break;
	case ZEROCONF_GROUPING:
		arm(z, ZEROCONF_PATIENCE_USEC);
		call(z, AVAHI_SERVER, "EntryGroupNew", on_group_made, "");
		break;
	case ZEROCONF_WAITING:
	case ZEROCONF_GIVEN_UP:
		withdraw(z);
		break;
	case ZEROCONF_ADDING:
		arm(z, ZEROCONF_PATIENCE_USEC);
		add(z);
		break;
	case ZEROCONF_COMMITTING:
		arm(z, ZEROCONF_PATIENCE_USEC);
		call(z, AVAHI_GROUP, "Commit", on_committed, "");
		break;
	case ZEROCONF_ANNOUNCED:
		z->backoff = ZEROCONF_BACKOFF_MIN_USEC;
		z->told_away = z->told_failed = z->told_stuck = false;
		break;
	case ZEROCONF_RENAMING:
		arm(z, ZEROCONF_PATIENCE_USEC);
		ask_for_name(z);
		break;
	case ZEROCONF_FAILED:
		withdraw(z);
		arm(z, z->backoff);
		z->backoff = MIN_OF(2 * z->backoff, ZEROCONF_BACKOFF_MAX_USEC);
		break;
	}
}

/* ---- signals ---- */

/* Anybody may send a signal to anybody; the bus only vouches for the sender's name. */
static bool is_from(sd_bus_message *m, const char *name)
{
	const char *sender = sd_bus_message_get_sender(m);

	return name && sender && strcmp(sender, name) == 0;
}

static int on_server_signal(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct zeroconf *z = userdata;
	const char *error;
	int32_t state;

	if (is_from(m, z->owner) && sd_bus_message_read(m, "is", &state, &error) >= 0)
		on_server_state(z, state, error);
	return 0;
}

static void on_group_state(struct zeroconf *z, int32_t state, const char *error)
{
	log_debug("Avahi entry group state change: %d", state);
	if (z->state != ZEROCONF_COMMITTING && z->state != ZEROCONF_ANNOUNCED)
		return;
	switch (state) {
	case AVAHI_GROUP_ESTABLISHED:
		log_debug("Zeroconf service established.");
		enter(z, ZEROCONF_ANNOUNCED);
		break;
	case AVAHI_GROUP_COLLISION:
		log_info("Zeroconf service name collision.");
		enter(z, ZEROCONF_RENAMING);
		break;
	case AVAHI_GROUP_FAILURE:
		log_msg(z->told_failed ? LOG_LEVEL_DEBUG : LOG_LEVEL_CRITICAL,
			"Zeroconf service failure: %s", error[0] ? error : "no details");
		z->told_failed = true;
		enter(z, ZEROCONF_FAILED);
		break;
	default: /* Avahi's own enum: the states on the way, and any it may get */
		break;
	}
}

static int on_group_signal(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct zeroconf *z = userdata;
	const char *error;
	int32_t state;

	if (is_from(m, z->owner) && z->group && strcmp(sd_bus_message_get_path(m), z->group) == 0 &&
	    sd_bus_message_read(m, "is", &state, &error) >= 0)
		on_group_state(z, state, error);
	return 0;
}

static int on_owner_signal(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct zeroconf *z = userdata;
	const char *name, *before, *after;

	if (!is_from(m, BUS_SERVICE) || sd_bus_message_read(m, "sss", &name, &before, &after) < 0 ||
	    strcmp(name, AVAHI) != 0)
		return 0;
	enter(z, ZEROCONF_NO_AVAHI);
	if (!after[0]) {
		tell_away(z, "The Avahi daemon", "it has left the system bus");
		return 0;
	}
	z->owner = strdup(after);
	enter(z, ZEROCONF_ASKING);
	return 0;
}

/* ---- the bus ---- */

static void unwatch(struct zeroconf *z)
{
	z->owner_match = sd_bus_slot_unref(z->owner_match);
	z->server_match = sd_bus_slot_unref(z->server_match);
	z->group_match = sd_bus_slot_unref(z->group_match);
}

/* A match that the bus refuses ends the connection, which is then tried again. */
static int watch(struct zeroconf *z)
{
	int r;

	unwatch(z);
	r = sd_bus_add_match_async(z->connection, &z->owner_match,
				   "type='signal',sender='" BUS_SERVICE "',interface='" BUS_SERVICE
				   "',member='NameOwnerChanged',arg0='" AVAHI "'",
				   on_owner_signal, NULL, z);
	if (r < 0)
		return r;
	r = sd_bus_match_signal_async(z->connection, &z->server_match, AVAHI, "/", AVAHI_SERVER,
				      "StateChanged", on_server_signal, NULL, z);
	if (r < 0)
		return r;
	return sd_bus_match_signal_async(z->connection, &z->group_match, AVAHI, NULL, AVAHI_GROUP,
					 "StateChanged", on_group_signal, NULL, z);
}

/* The first call goes to the well-known name, so that the bus starts Avahi if it knows how. */
static void begin(struct zeroconf *z)
{
	int r = z->group_match ? 0 : watch(z);

	if (r < 0)
		fail(z, "AddMatch", strerror(-r));
	else
		enter(z, ZEROCONF_ASKING);
}

static void on_bus_up(void *userdata, sd_bus *connection)
{
	struct zeroconf *z = userdata;

	z->connection = connection;
	begin(z);
}

static void let_go(struct zeroconf *z)
{
	enter(z, ZEROCONF_NO_BUS);
	unwatch(z);
	z->connection = NULL;
}

static void on_bus_down(void *userdata, int error)
{
	struct zeroconf *z = userdata;

	tell_away(z, "No connection to the system bus",
		  error < 0 ? strerror(-error) : "it was closed");
	let_go(z);
}

/* Avahi would notice our leaving the bus as well, but then after we are gone. */
static void say_goodbye(struct zeroconf *z)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	int r = new_call(z, z->group, AVAHI_GROUP, "Free", &m);

	if (r >= 0)
		r = sd_bus_call(z->connection, m, ZEROCONF_GOODBYE_USEC, NULL, NULL);
	if (r < 0)
		log_debug("The Avahi daemon did not confirm the withdrawal: %s", strerror(-r));
}

static struct zeroconf *discard(struct zeroconf *z)
{
	free(z->name);
	free(z->interface);
	free(z);
	return NULL;
}

int zeroconf_new(struct bus *bus, const struct zeroconf_options *options, struct zeroconf **ret)
{
	struct zeroconf *z = calloc(1, sizeof(*z));
	int r;

	if (!z)
		return -ENOMEM;
	z->bus = bus;
	z->user = (struct bus_user){ .up = on_bus_up, .down = on_bus_down, .userdata = z };
	z->name = strdup(options->name);
	z->interface = strdup(options->interface);
	z->port = options->port;
	z->ipv6 = options->ipv6;
	z->backoff = ZEROCONF_BACKOFF_MIN_USEC;
	r = z->name && z->interface ? bus_join(bus, &z->user) : -ENOMEM;
	if (r < 0) {
		(void)discard(z);
		return r;
	}
	*ret = z;
	return 0;
}

struct zeroconf *zeroconf_free(struct zeroconf *z)
{
	if (!z)
		return NULL;
	if (z->group)
		say_goodbye(z);
	let_go(z);
	bus_leave(z->bus, &z->user);
	return discard(z);
}
