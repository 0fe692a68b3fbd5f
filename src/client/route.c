/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mandos-client-iprouteadddel: adds or deletes a route to one address over one interface.
 *
 * A program of its own, so that an administrator can replace it. Source: CLI-ROUTE-2 to
 * CLI-ROUTE-5.
 */
#include <argp.h>
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sysexits.h>

#include "base/fd.h"
#include "base/util.h"
#include "wire/rtnl.h"

#define PREFIX	    "Mandos plugin helper mandos-client-iprouteadddel: "
#define ANSWER_MSEC 5000
#define TEXT_MAX    64

enum {
	KEY_DEBUG = 256
};

struct words {
	bool is_debug;
	size_t n_operands;
	const char *operands[3]; /* verb, address, interface */
};

static error_t set_option(int key, char *arg, struct argp_state *state)
{
	struct words *w = state->input;

	switch (key) {
	case KEY_DEBUG:
		w->is_debug = true;
		return 0;
	case ARGP_KEY_ARG:
		if (w->n_operands < ARRAY_SIZE(w->operands))
			w->operands[w->n_operands] = arg;
		w->n_operands++;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* "ADDRESS" or "ADDRESS/PREFIX" */
static bool parse_target(const char *text, struct peer *ret, uint8_t *ret_prefix)
{
	size_t size = strcspn(text, "/");
	char host[TEXT_MAX], *end;
	unsigned long prefix;

	if (size >= sizeof(host))
		return false;
	memcpy(host, text, size);
	host[size] = '\0';
	*ret = (struct peer){ .family = strchr(host, ':') ? PEER_IPV6 : PEER_IPV4 };
	if (inet_pton(ret->family == PEER_IPV6 ? AF_INET6 : AF_INET, host, ret->address) != 1)
		return false;
	*ret_prefix = rtnl_prefix_max(ret->family);
	if (text[size] == '\0')
		return true;
	prefix = strtoul(text + size + 1, &end, 10);
	if (text[size + 1] < '0' || text[size + 1] > '9' || *end || prefix > *ret_prefix)
		return false;
	*ret_prefix = (uint8_t)prefix;
	return true;
}

static int receive_answer(int fd, uint32_t sequence)
{
	uint8_t data[RTNL_DATAGRAM_MAX];
	struct pollfd in = { .fd = fd, .events = POLLIN };

	for (;;) {
		struct rtnl_message m;
		struct reader r;
		ssize_t size;
		int n = poll(&in, 1, ANSWER_MSEC);

		if (n == 0)
			return -ETIMEDOUT;
		size = n < 0 ? -1 : recv(fd, data, sizeof(data), 0);
		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0)
			return -errno;
		r = READER(data, (size_t)size);
		while (rtnl_take(&r, &m) == RTNL_OK) {
			if (m.kind == RTNL_ERROR && m.sequence == sequence)
				return m.error;
		}
	}
}

static int change(bool is_add, const struct peer *target, uint8_t prefix, uint32_t index)
{
	_cleanup_fd_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	uint8_t request[RTNL_REQUEST_MAX];
	struct writer w = WRITER(request, sizeof(request));

	if (fd < 0)
		return -errno;
	rtnl_put_route(&w, is_add, target, prefix, index, 1);
	if (w.failed)
		return -EMSGSIZE;
	if (send(fd, request, w.used, 0) < 0)
		return -errno;
	return receive_answer(fd, 1);
}

static int carry_out(const struct words *w)
{
	const char *verb = w->operands[0], *address = w->operands[1], *interface = w->operands[2];
	struct peer target;
	unsigned int index;
	uint8_t prefix;
	bool is_add;
	int r;

	if (w->n_operands != ARRAY_SIZE(w->operands)) {
		(void)fprintf(stderr, PREFIX "give a verb, an address and an interface\n");
		return EX_USAGE;
	}
	is_add = strcasecmp(verb, "add") == 0;
	if (!is_add && strcasecmp(verb, "delete") != 0) {
		(void)fprintf(stderr, PREFIX "'%s' is neither \"add\" nor \"delete\"\n", verb);
		return EX_USAGE;
	}
	if (!parse_target(address, &target, &prefix)) {
		(void)fprintf(stderr, PREFIX "'%s' is no address\n", address);
		return EX_USAGE;
	}
	index = if_nametoindex(interface);
	r = index == 0 ? -ENODEV : change(is_add, &target, prefix, index);
	if (r < 0) {
		(void)fprintf(stderr, PREFIX "cannot %s a route to %s over %s: %s\n",
			      is_add ? "add" : "delete", address, interface, strerror(-r));
		return EX_OSERR;
	}
	if (w->is_debug)
		(void)fprintf(stderr, PREFIX "route to %s over %s: %s\n", address, interface,
			      is_add ? "added" : "deleted");
	return EX_OK;
}

int main(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "debug", KEY_DEBUG, NULL, 0, "Say what is done, on standard error", 1 },
		{ 0 },
	};
	static const struct argp argp = {
		.options = options,
		.parser = set_option,
		.args_doc = "add|delete ADDRESS INTERFACE",
		.doc = "Adds or deletes a route to an address over an interface, for "
		       "mandos-client.",
	};
	struct words words = { 0 };

	argp_program_version = "mandos-client-iprouteadddel " MANDOS_VERSION;
	argp_err_exit_status = EX_USAGE;
	if (argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &words) != 0)
		return EX_OSERR;
	return carry_out(&words);
}
