/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/selection.h"

#include <net/if.h>
#include <string.h>

#include "wire/rtnl.h"

/* The next name of the list; empty names and those that no interface can have are passed over. */
static bool next_name(const char **list, char ret[RTNL_NAME_SIZE])
{
	while (**list) {
		size_t size = strcspn(*list, ",");
		const char *name = *list;

		*list += size + ((*list)[size] == ',' ? 1 : 0);
		if (size == 0 || size >= RTNL_NAME_SIZE)
			continue;
		memcpy(ret, name, size);
		ret[size] = '\0';
		return true;
	}
	return false;
}

static bool is_none(const char *name)
{
	return strcmp(name, "none") == 0;
}

struct selection selection_make(const char *list, bool has_connect, selection_exists_fn *exists,
				selection_missing_fn *missing, void *userdata)
{
	struct selection s = { .list = list, .has_connect = has_connect };
	bool has_none = false, has_one = false;
	char name[RTNL_NAME_SIZE];

	while (next_name(&list, name)) {
		if (is_none(name))
			has_none = true;
		else if (exists(userdata, name))
			has_one = true;
		else if (missing)
			missing(userdata, name);
	}
	s.is_automatic = !has_one && !has_none;
	s.is_free = !has_one && has_none;
	return s;
}

static bool is_suitable(const struct selection *s, const char *name, uint32_t flags)
{
	if (name[0] == '.' || (flags & IFF_LOOPBACK))
		return false;
	if (s->has_connect && (flags & IFF_POINTOPOINT))
		return true;
	return (flags & IFF_BROADCAST) && !(flags & IFF_NOARP);
}

enum selection_role selection_role(const struct selection *s, const char *name, uint32_t flags)
{
	enum selection_role role = SELECTION_RAISE;
	const char *list = s->list;
	char wanted[RTNL_NAME_SIZE];

	while (next_name(&list, wanted)) {
		if (is_none(wanted))
			role = SELECTION_USE;
		else if (strcmp(wanted, name) == 0)
			return role;
	}
	if (s->is_free)
		return flags & IFF_LOOPBACK ? SELECTION_NOT : SELECTION_USE;
	return s->is_automatic && is_suitable(s, name, flags) ? SELECTION_RAISE : SELECTION_NOT;
}
