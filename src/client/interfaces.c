/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/interfaces.h"

#include <net/if.h>
#include <string.h>

unsigned int interfaces_scope(const char *list, interfaces_lookup_fn *lookup)
{
	unsigned int found = 0;

	for (;;) {
		size_t size = strcspn(list, ",");
		char name[IFNAMSIZ];
		unsigned int index = 0;

		if (size > 0 && size < sizeof(name)) {
			memcpy(name, list, size);
			name[size] = '\0';
			if (strcmp(name, "none") != 0)
				index = lookup(name);
		}
		if (index && found && index != found)
			return 0;
		if (index)
			found = index;
		if (list[size] == '\0')
			return found;
		list += size + 1;
	}
}
