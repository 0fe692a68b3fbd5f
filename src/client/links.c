/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/links.h"

#include <net/if.h>
#include <string.h>

static size_t place_of_name(const struct links *l, const char *name)
{
	size_t i = 0;

	while (i < l->n_links && strcmp(l->links[i].name, name) < 0)
		i++;
	return i;
}

struct link *links_find(struct links *l, uint32_t index)
{
	for (size_t i = 0; i < l->n_links; i++) {
		if (l->links[i].index == index)
			return &l->links[i];
	}
	return NULL;
}

const struct link *links_find_name(const struct links *l, const char *name)
{
	size_t i = place_of_name(l, name);

	return i < l->n_links && strcmp(l->links[i].name, name) == 0 ? &l->links[i] : NULL;
}

static void take_out(struct links *l, struct link *link)
{
	size_t i = (size_t)(link - l->links);

	memmove(link, link + 1, (l->n_links - i - 1) * sizeof(*link));
	l->n_links--;
}

static bool put_in(struct links *l, const struct link *link)
{
	size_t i = place_of_name(l, link->name);

	if (l->n_links == LINKS_MAX)
		return false;
	memmove(&l->links[i + 1], &l->links[i], (l->n_links - i) * sizeof(*link));
	l->links[i] = *link;
	l->n_links++;
	return true;
}

static bool apply_link(struct links *l, const struct rtnl_message *m)
{
	struct link *old = links_find(l, m->index);
	struct link link = { .index = m->index };

	if (old && old->flags == m->flags && strcmp(old->name, m->name) == 0)
		return false;
	if (old) {
		link = *old;
		take_out(l, old);
	}
	link.flags = m->flags;
	memcpy(link.name, m->name, sizeof(link.name));
	return put_in(l, &link);
}

static bool is_same(const struct peer *a, const struct peer *b)
{
	return a->family == b->family && memcmp(a->address, b->address, sizeof(a->address)) == 0;
}

static struct link_address *find_address(struct link *link, const struct peer *p)
{
	for (size_t i = 0; i < link->n_addresses; i++) {
		if (is_same(&link->addresses[i].address, p))
			return &link->addresses[i];
	}
	return NULL;
}

static bool apply_address(struct links *l, const struct rtnl_message *m)
{
	struct link *link = links_find(l, m->index);
	struct link_address *a = link ? find_address(link, &m->address) : NULL;

	if (!link)
		return false;
	if (m->kind == RTNL_ADDRESS_GONE) {
		if (!a)
			return false;
		*a = link->addresses[--link->n_addresses];
		return true;
	}
	if (a && a->is_tentative == m->is_tentative)
		return false;
	if (!a && link->n_addresses == LINK_ADDRESSES_MAX)
		return false;
	if (!a)
		a = &link->addresses[link->n_addresses++];
	*a = (struct link_address){ m->address, m->is_tentative };
	return true;
}

bool links_apply(struct links *l, const struct rtnl_message *m)
{
	struct link *link;

	switch (m->kind) {
	case RTNL_LINK:
		return apply_link(l, m);
	case RTNL_LINK_GONE:
		link = links_find(l, m->index);
		if (link)
			take_out(l, link);
		return link != NULL;
	case RTNL_ADDRESS:
	case RTNL_ADDRESS_GONE:
		return apply_address(l, m);
	case RTNL_OTHER:
	case RTNL_DONE:
	case RTNL_ERROR:
		break;
	}
	return false;
}

bool link_is_up(const struct link *l)
{
	return l->flags & IFF_UP;
}

bool link_is_running(const struct link *l)
{
	return (l->flags & IFF_UP) && (l->flags & IFF_RUNNING);
}

const struct peer *link_address(const struct link *l, enum peer_family family)
{
	for (size_t i = 0; i < l->n_addresses; i++) {
		if (l->addresses[i].address.family == family && !l->addresses[i].is_tentative)
			return &l->addresses[i].address;
	}
	return NULL;
}
