/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/status.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/util.h"

#define ADVICE ": type the passphrase, or connect this machine to a network with its Mandos server"

struct text {
	char *data;
	size_t used;
	size_t room; /* without the advice */
};

/* All of it or nothing. */
static bool add(struct text *t, const char *format, ...) _printf_(2, 3);
static bool add(struct text *t, const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(t->data + t->used, t->room - t->used, format, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= t->room - t->used) {
		t->data[t->used] = '\0';
		return false;
	}
	t->used += (size_t)n;
	return true;
}

static bool add_link(struct text *t, const struct link *link, const char *lead)
{
	const struct peer *address = link_address(link, PEER_IPV6);
	char name[PEER_ADDRESS_SIZE];

	if (!link_is_up(link))
		return add(t, "%s%s is down", lead, link->name);
	if (!link_is_running(link))
		return add(t, "%sno carrier on %s", lead, link->name);
	if (!address)
		address = link_address(link, PEER_IPV4);
	if (!address)
		return add(t, "%sno address on %s (link up)", lead, link->name);
	peer_format_address(address, name);
	return add(t, "%sno server answered on %s (link up, %s)", lead, link->name, name);
}

void status_format(const struct links *l, const struct selection *s, size_t n_servers,
		   char ret_text[STATUS_TEXT_SIZE])
{
	struct text t = { .data = ret_text, .room = STATUS_TEXT_SIZE - sizeof(ADVICE) };
	bool has_one = false;

	ret_text[0] = '\0';
	for (size_t i = 0; i < l->n_links; i++) {
		const struct link *link = &l->links[i];

		if (selection_role(s, link->name, link->flags) == SELECTION_NOT)
			continue;
		if (!add_link(&t, link, has_one ? ", " : ""))
			break;
		has_one = true;
	}
	if (!has_one)
		(void)add(&t, "there is no network interface yet");
	if (n_servers > 0)
		(void)add(&t, " (%zu server%s known)", n_servers, n_servers == 1 ? "" : "s");
	(void)snprintf(ret_text + t.used, STATUS_TEXT_SIZE - t.used, "%s", ADVICE);
}
