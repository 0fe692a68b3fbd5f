/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/discovery.h"

#include <avahi-common/address.h>
#include <avahi-common/error.h>
#include <avahi-core/core.h>
#include <avahi-core/log.h>
#include <avahi-core/lookup.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "client/address.h"
#include "client/report.h"

#define SERVICE_TYPE "_mandos._tcp"
#define DOMAIN	     "local"

struct stage {
	unsigned int msec;
	bool is_anew;
};

static const struct stage stages[] = DISCOVERY_STAGES;

#define LAST_STAGE (ARRAY_SIZE(stages) - 1)

struct search {
	struct discovery *discovery; /* NULL: the place is free */
	AvahiSServiceBrowser *browser;
	uint32_t index;
	enum peer_family family;
	bool is_wanted;
	bool has_found; /* the library has */
	size_t stage;	/* of the next question */
	size_t n_heard; /* since the last one */
	usec_t again;
};

/* A service whose address is asked for, or known: its name is what the network takes back. */
struct service {
	struct discovery *discovery;
	AvahiSServiceResolver *resolver; /* NULL: resolved */
	char *name;			 /* NULL: the place is free */
	uint32_t index;
	enum peer_family family;
	struct peer server; /* port 0: not known yet */
};

struct discovery {
	const AvahiPoll *poll;
	struct discovery_events events;
	AvahiServer *server;
	bool is_broken; /* to be made anew, which its callbacks must not do */
	usec_t repair;
	usec_t deadline;
	struct inquiry inquiry;
	struct search searches[DISCOVERY_SEARCHES_MAX];
	struct service services[DISCOVERY_RESOLVES_MAX];
};

static void on_log(AvahiLogLevel level, const char *text)
{
	(void)level;
	report_debug("mDNS: %s", text);
}

static AvahiProtocol protocol_of(enum peer_family family)
{
	return family == PEER_IPV4 ? AVAHI_PROTO_INET : AVAHI_PROTO_INET6;
}

static void on_server(AvahiServer *server, AvahiServerState state, void *userdata)
{
	struct discovery *d = userdata;

	(void)server;
	if (state == AVAHI_SERVER_FAILURE)
		d->is_broken = true;
}

static int start_server(struct discovery *d, const char **ret_error)
{
	AvahiServerConfig config;
	int error = 0;

	(void)avahi_server_config_init(&config);
	config.disable_publishing = 1;
	config.publish_hinfo = 0;
	config.publish_addresses = 0;
	config.publish_workstation = 0;
	config.publish_domain = 0;
	config.enable_wide_area = 0;
	/* An interface that was named by hand is used whatever its kind (CLI-NET-3); which ones are
	 * used is decided by where we search. */
	config.allow_point_to_point = 1;
	d->server = avahi_server_new(d->poll, &config, on_server, d, &error);
	avahi_server_config_free(&config);
	if (!d->server)
		*ret_error = avahi_strerror(error);
	return d->server ? 0 : -EIO;
}

int discovery_new(const AvahiPoll *poll, const struct discovery_events *events, uint32_t chance,
		  struct discovery **ret, const char **ret_error)
{
	struct discovery *d = calloc(1, sizeof(*d));
	int r;

	*ret_error = "out of memory";
	if (!d)
		return -ENOMEM;
	d->poll = poll;
	d->events = *events;
	d->deadline = USEC_NEVER;
	inquiry_open(&d->inquiry, (uint16_t)chance);
	avahi_set_log_function(on_log);
	r = start_server(d, ret_error);
	if (r < 0)
		(void)discovery_free(d);
	else
		*ret = d;
	return r;
}

static void end_service(struct service *s)
{
	if (s->resolver)
		avahi_s_service_resolver_free(s->resolver);
	free(s->name);
	*s = (struct service){ 0 };
}

static void end_search(struct search *s)
{
	if (s->browser)
		avahi_s_service_browser_free(s->browser);
	*s = (struct search){ 0 };
}

static void stop_server(struct discovery *d)
{
	for (size_t i = 0; i < ARRAY_SIZE(d->services); i++)
		end_service(&d->services[i]);
	for (size_t i = 0; i < ARRAY_SIZE(d->searches); i++)
		end_search(&d->searches[i]);
	if (d->server)
		avahi_server_free(d->server);
	d->server = NULL;
}

struct discovery *discovery_free(struct discovery *d)
{
	if (d) {
		stop_server(d);
		inquiry_close(&d->inquiry);
	}
	free(d);
	return NULL;
}

static struct peer peer_of(const AvahiAddress *a, uint16_t port, uint32_t index)
{
	struct peer p = { .family = a->proto == AVAHI_PROTO_INET ? PEER_IPV4 : PEER_IPV6,
			  .port = port };

	memcpy(p.address, &a->data, p.family == PEER_IPV4 ? 4 : 16);
	if (address_needs_scope(&p))
		p.scope_id = index;
	return p;
}

static void on_resolved(AvahiSServiceResolver *resolver, AvahiIfIndex index, AvahiProtocol protocol,
			AvahiResolverEvent event, const char *name, const char *type,
			const char *domain, const char *host, const AvahiAddress *address,
			uint16_t port, AvahiStringList *txt, AvahiLookupResultFlags flags,
			void *userdata)
{
	struct service *s = userdata;
	struct discovery *d = s->discovery;

	if (event == AVAHI_RESOLVER_FAILURE) {
		report_error("cannot tell the address of server \"%s\": %s", name,
			     avahi_strerror(avahi_server_errno(d->server)));
		end_service(s);
		return;
	}
	s->server = peer_of(address, port, (uint32_t)index);
	report_debug("found server \"%s\" on host %s, interface %d, port %u", name, host, index,
		     port);
	/* One answer is enough; it would go on asking. */
	avahi_s_service_resolver_free(s->resolver);
	s->resolver = NULL;
	d->events.found(d->events.userdata, &s->server, s->index);
}

static struct service *find_service(struct discovery *d, const struct search *at, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(d->services); i++) {
		struct service *s = &d->services[i];

		if (s->name && s->index == at->index && s->family == at->family &&
		    strcmp(s->name, name) == 0)
			return s;
	}
	return NULL;
}

static struct service *find_room(struct discovery *d)
{
	for (size_t i = 0; i < ARRAY_SIZE(d->services); i++) {
		if (!d->services[i].name)
			return &d->services[i];
	}
	return NULL;
}

static void resolve(struct search *at, const char *name)
{
	struct discovery *d = at->discovery;
	struct service *s = find_service(d, at, name);
	AvahiProtocol protocol = protocol_of(at->family);

	if (s && s->resolver)
		return;
	/* Asked again: a server that was away may have another port now. */
	if (!s)
		s = find_room(d);
	if (!s) {
		report_debug("server \"%s\" is one too many", name);
		return;
	}
	end_service(s);
	*s = (struct service){
		.discovery = d, .name = strdup(name), .index = at->index, .family = at->family
	};
	if (s->name)
		s->resolver = avahi_s_service_resolver_new(d->server, (AvahiIfIndex)at->index,
							   protocol, name, SERVICE_TYPE, DOMAIN,
							   protocol, 0, on_resolved, s);
	if (s->resolver)
		return;
	report_error("cannot ask for the address of server \"%s\": %s", name,
		     avahi_strerror(avahi_server_errno(d->server)));
	end_service(s);
}

static void forget(struct search *at, const char *name)
{
	struct discovery *d = at->discovery;
	struct service *s = find_service(d, at, name);

	if (!s)
		return;
	report_debug("server \"%s\" says goodbye", name);
	if (s->server.port)
		d->events.gone(d->events.userdata, &s->server, s->index);
	end_service(s);
	at->has_found = false;
}

static void on_browse(AvahiSServiceBrowser *browser, AvahiIfIndex index, AvahiProtocol protocol,
		      AvahiBrowserEvent event, const char *name, const char *type,
		      const char *domain, AvahiLookupResultFlags flags, void *userdata)
{
	struct search *s = userdata;

	switch (event) {
	case AVAHI_BROWSER_NEW:
		s->has_found = true;
		resolve(s, name);
		return;
	case AVAHI_BROWSER_REMOVE:
		forget(s, name);
		return;
	case AVAHI_BROWSER_FAILURE:
		/* D3: made anew instead of ending the program. */
		report_debug("the search on interface %u failed: %s", s->index,
			     avahi_strerror(avahi_server_errno(s->discovery->server)));
		s->discovery->is_broken = true;
		return;
	case AVAHI_BROWSER_CACHE_EXHAUSTED:
	case AVAHI_BROWSER_ALL_FOR_NOW:
		return;
	}
}

static void begin_browser(struct search *s)
{
	struct discovery *d = s->discovery;

	if (s->browser)
		avahi_s_service_browser_free(s->browser);
	s->browser = avahi_s_service_browser_new(d->server, (AvahiIfIndex)s->index,
						 protocol_of(s->family), SERVICE_TYPE, DOMAIN, 0,
						 on_browse, s);
	if (!s->browser)
		d->is_broken = true;
}

static void ask(struct search *s, const struct mdns_service *about)
{
	int r = inquiry_ask(&s->discovery->inquiry, s->index, s->family, about);

	if (r < 0)
		report_debug("cannot ask on interface %u by IPv%d: %s", s->index, (int)s->family,
			     strerror(-r));
}

static void rest(struct search *s, const struct stage *stage, usec_t now, uint32_t chance)
{
	usec_t distance = stage->msec * USEC_PER_MSEC;

	s->again = usec_add(now, distance + distance / 4 * (chance % 1024) / 1024);
}

static void step_search(struct search *s, usec_t now, uint32_t chance)
{
	const struct stage *stage = &stages[s->stage];

	ask(s, NULL);
	if (stage->is_anew)
		begin_browser(s);
	s->n_heard = 0;
	s->stage = MIN_OF(s->stage + 1, LAST_STAGE);
	rest(s, stage, now, chance);
}

static struct search *find_search(struct discovery *d, uint32_t index, enum peer_family family)
{
	for (size_t i = 0; i < ARRAY_SIZE(d->searches); i++) {
		struct search *s = &d->searches[i];

		if (s->discovery && s->index == index && s->family == family)
			return s;
	}
	return NULL;
}

static void take_server(struct search *s, const struct peer *server, usec_t now, uint32_t chance)
{
	struct discovery *d = s->discovery;
	struct peer p = *server;
	char name[ADDRESS_FORMAT_SIZE];

	if (address_needs_scope(&p))
		p.scope_id = s->index;
	address_format(&p, name);
	report_debug("interface %u answers that there is a server at %s", s->index, name);
	if (s->stage < LAST_STAGE) {
		s->stage = LAST_STAGE;
		rest(s, &stages[LAST_STAGE], now, chance);
	}
	d->events.found(d->events.userdata, &p, s->index);
}

static void take_answer(struct search *s, const struct inquiry_answer *answer, usec_t now,
			uint32_t chance)
{
	struct mdns_service service;
	struct mdns_answer a;

	if (!mdns_open(answer->data, answer->size, s->discovery->inquiry.id, &a))
		return;
	while (s->n_heard < DISCOVERY_HEARD_MAX && mdns_next(&a, s->family, &service)) {
		s->n_heard++;
		if (service.has_address)
			take_server(s, &service.server, now, chance);
		else
			ask(s, &service);
	}
}

static void take_answers(struct discovery *d, enum peer_family family, usec_t now, uint32_t chance)
{
	struct inquiry_answer answer;
	bool is_empty = false;

	for (size_t i = 0; i < DISCOVERY_ANSWERS_MAX && !is_empty; i++) {
		struct search *s;

		if (!inquiry_receive(&d->inquiry, family, &answer, &is_empty))
			continue;
		s = find_search(d, answer.index, family);
		if (s)
			take_answer(s, &answer, now, chance);
	}
}

static void want_search(struct discovery *d, const struct link *link, enum peer_family family,
			usec_t now, uint32_t chance)
{
	struct search *s = find_search(d, link->index, family);

	for (size_t i = 0; i < ARRAY_SIZE(d->searches) && !s; i++) {
		if (d->searches[i].discovery)
			continue;
		s = &d->searches[i];
		*s = (struct search){ .discovery = d, .index = link->index, .family = family };
		report_debug("searching on %s by IPv%d", link->name, (int)family);
	}
	if (!s)
		return;
	s->is_wanted = true;
	if (!s->has_found && now >= s->again)
		step_search(s, now, chance);
}

static bool is_repaired(struct discovery *d, usec_t now)
{
	const char *error;

	if (d->is_broken) {
		report_debug("mDNS is started again");
		stop_server(d);
		d->is_broken = false;
		d->repair = usec_add(now, DISCOVERY_REPAIR_USEC);
	}
	if (d->server)
		return true;
	d->deadline = d->repair;
	if (now < d->repair)
		return false;
	if (start_server(d, &error) == 0)
		return true;
	report_debug("mDNS cannot be started: %s", error);
	d->repair = usec_add(now, DISCOVERY_REPAIR_USEC);
	d->deadline = d->repair;
	return false;
}

void discovery_step(struct discovery *d, const struct links *l, const struct selection *s,
		    usec_t now, uint32_t chance)
{
	static const enum peer_family families[] = { PEER_IPV6, PEER_IPV4 };

	if (!is_repaired(d, now))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		take_answers(d, families[i], now, chance);
	for (size_t i = 0; i < ARRAY_SIZE(d->searches); i++)
		d->searches[i].is_wanted = false;
	for (size_t i = 0; i < l->n_links; i++) {
		const struct link *link = &l->links[i];

		if (!link_is_running(link) ||
		    selection_role(s, link->name, link->flags) == SELECTION_NOT)
			continue;
		for (size_t f = 0; f < ARRAY_SIZE(families); f++) {
			if (link_address(link, families[f]))
				want_search(d, link, families[f], now, chance);
		}
	}
	d->deadline = d->is_broken ? now : USEC_NEVER;
	for (size_t i = 0; i < ARRAY_SIZE(d->searches); i++) {
		struct search *one = &d->searches[i];

		if (one->discovery && !one->is_wanted)
			end_search(one);
		else if (one->discovery && !one->has_found)
			d->deadline = MIN_OF(d->deadline, one->again);
	}
}

nfds_t discovery_poll_set(const struct discovery *d, struct pollfd *ret_fds)
{
	return inquiry_poll_set(&d->inquiry, ret_fds);
}

usec_t discovery_deadline(const struct discovery *d)
{
	return d->deadline;
}
