/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/lookup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "client/report.h"
#include "client/signals.h"

void lookup_init(struct lookup *l, const char *host, uint16_t port, usec_t now)
{
	*l = (struct lookup){ .host = host, .port = port, .fd = -1, .deadline = now };
}

static void end(struct lookup *l)
{
	l->fd = fd_close(l->fd);
	if (l->pid > 0) {
		/* Also one that is done: it may not have ended yet, and has nothing to clean up. */
		(void)kill(l->pid, SIGKILL);
		while (waitpid(l->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	l->pid = 0;
}

void lookup_deinit(struct lookup *l)
{
	end(l);
}

static void add_name_server(const char *text)
{
	struct sockaddr_in server = { .sin_family = AF_INET, .sin_port = htons(NAMESERVER_PORT) };

	if (_res.nscount >= MAXNS || inet_pton(AF_INET, text, &server.sin_addr) != 1 ||
	    server.sin_addr.s_addr == INADDR_ANY)
		return;
	_res.nsaddr_list[_res.nscount++] = server;
}

/* IPV4DNS0='192.0.2.1' */
static void read_lease(const char *path)
{
	FILE *f = fopen(path, "re");
	char line[256], address[64];

	if (!f)
		return;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "IPV4DNS%*1[01]='%63[0-9.]'", address) == 1 ||
		    sscanf(line, "IPV4DNS%*1[01]=%63[0-9.]", address) == 1)
			add_name_server(address);
	}
	(void)fclose(f);
}

/* In a boot image, a lease is often all there is. */
static void configure(void)
{
	glob_t leases;

	if (res_init() < 0 || access("/etc/resolv.conf", F_OK) == 0 ||
	    glob(LOOKUP_LEASES, 0, NULL, &leases) != 0)
		return;
	_res.nscount = 0;
	for (size_t i = 0; i < leases.gl_pathc; i++)
		read_lease(leases.gl_pathv[i]);
	globfree(&leases);
}

static void put_address(struct writer *w, const struct sockaddr *sa, uint16_t port)
{
	struct peer p = { .port = port };

	if (sa->sa_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, sa, sizeof(in));
		p.family = PEER_IPV4;
		memcpy(p.address, &in.sin_addr, 4);
	} else if (sa->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;

		memcpy(&in6, sa, sizeof(in6));
		p.family = PEER_IPV6;
		memcpy(p.address, &in6.sin6_addr, 16);
		p.scope_id = in6.sin6_scope_id;
	} else {
		return;
	}
	peer_encode(w, &p);
}

static void look_up(const struct lookup *l, int fd)
{
	static const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	uint8_t data[sizeof(l->received)];
	struct writer w = WRITER(data, sizeof(data));
	struct addrinfo *found = NULL;
	int r;

	configure();
	r = getaddrinfo(l->host, NULL, &hints, &found);
	if (r != 0)
		report_debug("cannot look up %s: %s", l->host, gai_strerror(r));
	for (struct addrinfo *a = found; r == 0 && a && !w.failed; a = a->ai_next)
		put_address(&w, a->ai_addr, l->port);
	/* A pipe takes this much at once; nobody is left to tell if it does not. */
	if (write(fd, data, w.used - w.used % PEER_WIRE_SIZE) < 0)
		return;
}

static int begin(struct lookup *l)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	l->n_received = 0;
	l->pid = fork();
	if (l->pid == 0) {
		/* Ends by the first signal: it has nothing to clean up. */
		signals_default();
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		look_up(l, fds[1]);
		_exit(0);
	}
	if (l->pid < 0) {
		int r = -errno;

		l->pid = 0;
		(void)fd_close(fds[0]);
		(void)fd_close(fds[1]);
		return r;
	}
	(void)fd_close(fds[1]);
	l->fd = fds[0];
	return 0;
}

static bool is_over(struct lookup *l)
{
	for (;;) {
		ssize_t n = read(l->fd, l->received + l->n_received,
				 sizeof(l->received) - l->n_received);

		if (n > 0)
			l->n_received += (size_t)n;
		else if (n == 0 || errno != EINTR)
			return n == 0 || errno != EAGAIN;
	}
}

static size_t tell(const struct lookup *l, lookup_found_fn *found, void *userdata)
{
	struct reader r = READER(l->received, l->n_received);
	size_t n = 0;

	while (reader_left(&r) > 0) {
		struct peer p;

		peer_decode(&r, &p);
		if (r.failed)
			break;
		p.port = l->port;
		found(userdata, &p);
		n++;
	}
	return n;
}

void lookup_step(struct lookup *l, usec_t now, usec_t retry_usec, lookup_found_fn *found,
		 void *userdata)
{
	bool has_ended = l->pid > 0 && is_over(l);

	if (has_ended || (l->pid > 0 && now >= l->deadline)) {
		bool is_good = has_ended && tell(l, found, userdata) > 0;

		if (!has_ended)
			report_debug("no answer for %s", l->host);
		end(l);
		l->deadline = usec_add(now, is_good ? LOOKUP_AGAIN_USEC : retry_usec);
	} else if (l->pid == 0 && now >= l->deadline) {
		report_debug("looking up %s", l->host);
		l->deadline = usec_add(now, LOOKUP_USEC);
		if (begin(l) < 0)
			l->deadline = usec_add(now, retry_usec);
	}
}

void lookup_wake(struct lookup *l, usec_t now)
{
	if (l->pid == 0 && l->n_received == 0)
		l->deadline = now;
}
