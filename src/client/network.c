/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/network.h"

#include <errno.h>
#include <string.h>

#include "client/report.h"

enum selection_role network_role(const struct network *n, const struct link *link)
{
	return selection_role(&n->selection, link->name, link->flags);
}

static bool was_raised(const struct network *n, uint32_t index)
{
	for (size_t i = 0; i < n->n_raised; i++) {
		if (n->raised[i] == index)
			return true;
	}
	return false;
}

static void raise_link(struct network *n, const struct link *link)
{
	struct warden_request r = { .kind = WARDEN_LINK_UP,
				    .index = link->index,
				    .target = { .family = PEER_IPV6 } };
	int result = warden_ask(n->warden, &r);

	n->raised[n->n_raised++] = link->index;
	if (result < 0)
		report_error("cannot bring up interface %s: %s", link->name, strerror(-result));
}

static void raise_all(struct network *n)
{
	for (size_t i = 0; i < n->links.n_links && n->n_raised < LINKS_MAX; i++) {
		const struct link *link = &n->links.links[i];

		if (network_role(n, link) == SELECTION_RAISE && !link_is_up(link) &&
		    !was_raised(n, link->index))
			raise_link(n, link);
	}
}

static bool exists(void *userdata, const char *name)
{
	const struct links *l = userdata;

	return links_find_name(l, name) != NULL;
}

static void report_missing(void *userdata, const char *name)
{
	(void)userdata;
	report_error("there is no interface %s; it is used if it appears", name);
}

int network_start(struct network *ret, const struct options *o, struct warden *w, usec_t now)
{
	int r;

	memset(ret, 0, sizeof(*ret));
	ret->warden = w;
	ret->patience = usec_add(now, o->delay_usec);
	r = netlink_open(&ret->netlink, &ret->links);
	if (r < 0)
		return r;
	ret->selection = selection_make(o->interfaces, options_has_connect(o), exists,
					report_missing, &ret->links);
	raise_all(ret);
	return 0;
}

void network_close(struct network *n)
{
	netlink_close(&n->netlink);
}

bool network_step(struct network *n)
{
	bool has_changed = false;
	int r = netlink_read(&n->netlink, &n->links, &has_changed);

	if (r < 0)
		report_error("cannot read the kernel's network events: %s", strerror(-r));
	if (has_changed)
		raise_all(n);
	return has_changed;
}

bool network_is_ready(const struct network *n, usec_t now)
{
	bool is_waiting = false;

	for (size_t i = 0; i < n->links.n_links; i++) {
		const struct link *link = &n->links.links[i];

		if (network_role(n, link) == SELECTION_NOT)
			continue;
		if (link_is_running(link))
			return true;
		is_waiting = true;
	}
	return !is_waiting || now >= n->patience;
}
