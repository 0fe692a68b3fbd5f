/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/fd.h"
#include "base/log.h"
#include "core/notify.h"

#define BIND_WAIT_MSEC	3000
#define BIND_PAUSE_MSEC 50

union socket_address {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

static socklen_t address_size(const union socket_address *a)
{
	return a->sa.sa_family == AF_INET ? sizeof(a->in) : sizeof(a->in6);
}

/* Not fatal: the server goes on without the restriction, as documented (SRV-NET-3, K-17). */
static void bind_to_interface(int fd, const char *interface)
{
	if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface,
		       (socklen_t)strlen(interface) + 1) == 0)
		return;
	switch (errno) {
	case ENODEV:
		log_error("Interface %s does not exist, cannot bind", interface);
		break;
	case EPERM:
		log_error("No permission to bind to interface %s", interface);
		break;
	case ENOPROTOOPT:
		log_error("SO_BINDTODEVICE not available; cannot bind to interface %s", interface);
		break;
	default:
		log_error("Cannot bind to interface %s: %s", interface, strerror(errno));
	}
}

static int resolve(const struct server_settings *s, int family, union socket_address *ret)
{
	const struct addrinfo hints = {
		.ai_family = family,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE,
	};
	struct addrinfo *found = NULL;
	int r = getaddrinfo(s->address[0] ? s->address : NULL, "0", &hints, &found);

	if (r != 0) {
		log_critical("Cannot use address '%s' for an %s socket: %s", s->address,
			     family == AF_INET6 ? "IPv6" : "IPv4",
			     r == EAI_SYSTEM ? strerror(errno) : gai_strerror(r));
		return -EADDRNOTAVAIL;
	}
	memcpy(ret, found->ai_addr, MIN_OF((size_t)found->ai_addrlen, sizeof(*ret)));
	freeaddrinfo(found);
	if (ret->sa.sa_family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&ret->in6.sin6_addr) &&
	    ret->in6.sin6_scope_id == 0 && s->interface[0])
		ret->in6.sin6_scope_id = if_nametoindex(s->interface);
	return 0;
}

/*
 * The gates of a server that was killed hold its socket until they have noticed, which is a moment:
 * whoever starts another one at once should not have to know that (W-05). Nothing is served yet, so
 * waiting here keeps nobody waiting. An address that somebody else uses is told after the limit.
 */
static int bind_patiently(int fd, const union socket_address *a)
{
	const struct timespec pause = { .tv_nsec = BIND_PAUSE_MSEC * 1000000L };

	for (int waited = 0;; waited += BIND_PAUSE_MSEC) {
		if (bind(fd, &a->sa, address_size(a)) == 0)
			return 0;
		if (errno != EADDRINUSE || waited >= BIND_WAIT_MSEC)
			return -errno;
		(void)nanosleep(&pause, NULL);
	}
}

static int bind_address(int fd, const struct server_settings *s, int family)
{
	union socket_address a = { .sa = { 0 } };
	const int on = 1;
	int r = resolve(s, family, &a);

	if (r < 0)
		return r;
	if (s->port >= 0) {
		/* Both families keep the port at the same place. */
		a.in.sin_port = htons((uint16_t)s->port);
		if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
			log_warning("Cannot set SO_REUSEADDR: %s", strerror(errno));
	}
	r = bind_patiently(fd, &a);
	if (r < 0) {
		log_critical("Cannot bind to address '%s', port %d: %s", s->address,
			     MAX_OF(s->port, 0), strerror(-r));
		return r;
	}
	return 0;
}

static int check_inherited(int fd, int family)
{
	int domain = 0, type = 0;
	socklen_t size = sizeof(domain);

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0) {
		int r = -errno;

		log_critical("Cannot use the inherited socket: %s", strerror(-r));
		return r;
	}
	if (domain != family || type != SOCK_STREAM) {
		log_critical("Cannot use the inherited socket: it is not a TCP socket for %s",
			     family == AF_INET6 ? "IPv6" : "IPv4");
		return -EINVAL;
	}
	return 0;
}

static bool is_bound_to(int fd, const struct server_settings *s, int family)
{
	union socket_address asked = { .sa = { 0 } }, bound = { .sa = { 0 } };
	socklen_t size = sizeof(bound);

	if (resolve(s, family, &asked) < 0 || getsockname(fd, &bound.sa, &size) < 0)
		return false;
	/* Both families keep the port at the same place. */
	if (s->port > 0 && ntohs(bound.in.sin_port) != s->port)
		return false;
	if (family == AF_INET)
		return asked.in.sin_addr.s_addr == bound.in.sin_addr.s_addr;
	return memcmp(&asked.in6.sin6_addr, &bound.in6.sin6_addr, sizeof(struct in6_addr)) == 0 &&
	       asked.in6.sin6_scope_id == bound.in6.sin6_scope_id;
}

static bool is_bound_to_interface(int fd, const char *interface)
{
	char name[IF_NAMESIZE] = "";
	socklen_t size = sizeof(name);

	return getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, &size) == 0 &&
	       strcmp(name, interface) == 0;
}

/* What was kept over a restart serves as long as nobody asked for another socket meanwhile. */
static bool is_as_asked(int fd, const struct server_settings *s, int family)
{
	int domain = 0, listening = 0;
	socklen_t size = sizeof(domain);

	if (s->socket >= 0 || getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) < 0 ||
	    domain != family || getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) < 0 ||
	    !listening)
		return false;
	return is_bound_to(fd, s, family) && is_bound_to_interface(fd, s->interface);
}

/* Returns whether *ret_fd is the kept socket. */
static bool take_kept(const struct server_settings *s, int family, int *ret_fd)
{
	_cleanup_fd_ int fd = s->kept_socket;

	if (fd < 0)
		return false;
	if (!is_as_asked(fd, s, family)) {
		log_info("The socket of before the restart is not the one asked for now");
		notify_drop_socket();
		return false;
	}
	(void)fd_set_cloexec(fd, 1);
	*ret_fd = STEAL_FD(fd);
	return true;
}

static int make_socket(int family, int *ret_fd)
{
	int r;

	*ret_fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*ret_fd >= 0)
		return 0;
	r = -errno;
	log_critical("Cannot make an %s socket: %s", family == AF_INET6 ? "IPv6" : "IPv4",
		     strerror(-r));
	return r;
}

int listen_open(const struct server_settings *s, int *ret_fd)
{
	int family = s->use_ipv6 ? AF_INET6 : AF_INET;
	_cleanup_fd_ int fd = -1;
	int r;

	if (take_kept(s, family, ret_fd))
		return 0;
	if (s->socket >= 0) {
		fd = s->socket;
		r = check_inherited(fd, family);
		if (r < 0)
			return r;
		(void)fd_set_cloexec(fd, 1);
	} else {
		r = make_socket(family, &fd);
		if (r < 0)
			return r;
	}
	r = fd_set_nonblock(fd);
	if (r < 0)
		return r;
	if (s->interface[0])
		bind_to_interface(fd, s->interface);
	if (s->address[0] || s->port >= 0) {
		r = bind_address(fd, s, family);
		if (r < 0)
			return r;
	}
	*ret_fd = STEAL_FD(fd);
	return 0;
}

int listen_start(int fd)
{
	int r;

	if (listen(fd, LISTEN_BACKLOG) == 0)
		return 0;
	r = -errno;
	log_critical("Cannot listen: %s", strerror(-r));
	return r;
}

uint16_t listen_port(int fd)
{
	union socket_address a = { .sa = { 0 } };
	socklen_t size = sizeof(a);

	/* Both families keep the port at the same place. */
	return getsockname(fd, &a.sa, &size) < 0 ? 0 : ntohs(a.in.sin_port);
}

void listen_announce(int fd)
{
	union socket_address a = { .sa = { 0 } };
	socklen_t size = sizeof(a);
	char text[INET6_ADDRSTRLEN] = "?";

	if (getsockname(fd, &a.sa, &size) < 0)
		return;
	if (a.sa.sa_family == AF_INET) {
		(void)inet_ntop(AF_INET, &a.in.sin_addr, text, sizeof(text));
		log_info("Now listening on address '%s', port %u", text,
			 (unsigned int)ntohs(a.in.sin_port));
		return;
	}
	(void)inet_ntop(AF_INET6, &a.in6.sin6_addr, text, sizeof(text));
	log_info("Now listening on address '%s', port %u, flowinfo %u, scope_id %u", text,
		 (unsigned int)ntohs(a.in6.sin6_port), (unsigned int)a.in6.sin6_flowinfo,
		 (unsigned int)a.in6.sin6_scope_id);
}
