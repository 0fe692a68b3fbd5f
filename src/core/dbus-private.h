/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * What the files of the D-Bus door share, and nobody else includes: its state, and the way out.
 *
 * dbus-door.c has the connection, the names and the queue; dbus-call.c finds what is called;
 * dbus-standard.c, dbus-server.c and dbus-client.c are the interfaces that the reference has too,
 * dbus-control.c and dbus-status.c those that it has not, dbus-table.c what they have in common;
 * dbus-signals.c tells what happens.
 */

#include <sys/queue.h>

#include "core/dbus-door.h"
#include "core/dbus-table.h"

enum dbus_state {
	DBUS_DOWN = 0, /* no connection */
	DBUS_CLAIMING, /* calls are answered; the names are not ours yet */
	DBUS_UP,
	DBUS_REFUSED, /* a name is another's: no object is there (DBUS-BUS-2), until a later try */
};

/** struct dbus_held - a message that waits for the end of the turn, or a listing for its place */
struct dbus_held {
	sd_bus_message *message; /* NULL: a listing, which is made when there is room */
	sd_bus_message *call;	 /* that this answers; NULL: a signal */
	bool only_reads;
	dbus_method_fn *listing;
	TAILQ_ENTRY(dbus_held) link;
};
TAILQ_HEAD(dbus_held_list, dbus_held);

struct dbus_door {
	struct dbus_options options;
	struct bus_user user;
	sd_bus *connection; /* NULL while DBUS_DOWN */
	enum dbus_state state;
	sd_bus_slot *calls;
	sd_bus_slot *claims[2];
	unsigned int n_claimed;

	sd_event_source *post;
	sd_event_source *settle_timer;
	sd_event_source *retry_timer; /* while DBUS_REFUSED */
	bool is_settled;
	bool told_down;	   /* that there is no bus; logged once */
	bool told_refused; /* logged once */
	bool is_broken;	   /* something could not be queued; the connection ends with the turn */

	struct dbus_held_list held; /* in order */
	size_t n_held;
	struct dbus_held_list listings;
	size_t n_listings;
	bool has_listed;	     /* and not yet given the memory back */
	TAILQ_HEAD(, client) untold; /* InterfacesAdded is still to be sent */
};

extern const struct dbus_object dbus_server_object;
extern const struct dbus_object dbus_client_object;
extern const struct dbus_object dbus_node_object; /* on the way to clients */

extern const struct dbus_interface dbus_server_interface, dbus_old_server_interface;
extern const struct dbus_interface dbus_control_interface;
extern const struct dbus_interface dbus_client_interface, dbus_old_client_interface;
extern const struct dbus_interface dbus_status_interface;
extern const struct dbus_interface dbus_properties_interface;
extern const struct dbus_interface dbus_object_manager_interface;
extern const struct dbus_interface dbus_introspectable_interface;

/** dbus_on_call() - an sd_bus_message_handler_t for every path */
int dbus_on_call(sd_bus_message *m, void *userdata, sd_bus_error *error);

/**
 * dbus_send_signal() - a signal leaves at the end of the turn, after those before it
 * @m: taken over
 * @r: of making it; if negative, nothing is sent, and the connection is given up: a signal that is
 *     lost must be noticed
 */
void dbus_send_signal(struct dbus_door *d, sd_bus_message *m, int r);

/** dbus_answer() - an answer leaves at the end of the turn; @reply is taken over. -ENOMEM */
int dbus_answer(struct dbus_call *call, sd_bus_message *reply, bool only_reads);

/**
 * dbus_answer_later() - a large answer, made by @listing when there is room for it
 *
 * @listing is called like a method and gives its answer with dbus_answer().
 * Returns DBUS_ANSWERED. Errors: -ENOBUFS beyond DBUS_LISTINGS_MAX, -ENOMEM.
 */
int dbus_answer_later(struct dbus_call *call, dbus_method_fn *listing);

/** dbus_listing_size() - bytes of all clients with the properties of one interface, at most */
size_t dbus_listing_size(const struct registry *registry);

/** dbus_listing_too_large() - returns what the method is to return */
int dbus_listing_too_large(struct dbus_call *call);

/** dbus_answer_error() - @call->error, or words for the errno @r; leaves as an answer does */
void dbus_answer_error(struct dbus_call *call, int r);

/** dbus_append_interfaces() - a{sa{sv}} of a client, as in InterfacesAdded (DBUS-STD-10) */
int dbus_append_interfaces(sd_bus_message *m, const struct dbus_view *view, bool with_old);

/** dbus_tell_next() - tells of the first client in @untold, and takes it out */
void dbus_tell_next(struct dbus_door *d, struct instant now);

/** dbus_client_gone() - tells that a client is gone, if the bus knew of it */
void dbus_client_gone(struct dbus_door *d, struct client *c);

/** dbus_expires() - the wall-clock time that the bus is told @c expires at; steady between changes
 */
usec_t dbus_expires(struct client *c, struct instant now);
