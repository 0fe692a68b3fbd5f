/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What giving a password costs at the very least: GnuTLS and the kernel, one connection after the
 * other in a blocking loop, no limits, no deadlines, no decision. The server is measured against
 * it.
 *
 * The handshake is the server's own: same priority string, same session flags. Copies share the
 * listening socket. SIGTERM ends it; it then prints what it has used.
 */
#include <err.h>
#include <gnutls/gnutls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "identities.h"

#define COPIES_MAX 64
#define FLAGS                                                                         \
	(GNUTLS_CLIENT | GNUTLS_NO_SIGNAL | GNUTLS_ENABLE_RAWPK | GNUTLS_NO_TICKETS | \
	 GNUTLS_NO_EXTENSIONS | GNUTLS_KEY_SHARE_TOP)

struct shared {
	gnutls_priority_t priority;
	gnutls_certificate_credentials_t credentials;
	uint8_t secret[IDENTITY_SECRET_SIZE];
	atomic_ulong *n_given; /* of all copies */
};

static bool read_greeting(int fd)
{
	char c = 0;

	/* Byte by byte as the line is three of them, and what follows it is not ours. */
	while (c != '\n') {
		if (read(fd, &c, 1) != 1)
			return false;
	}
	return true;
}

static bool serve(struct shared *s, int fd)
{
	gnutls_session_t tls;
	bool ok = false;
	int r;

	if (!read_greeting(fd) || gnutls_init(&tls, FLAGS) < 0)
		return false;
	if (gnutls_priority_set(tls, s->priority) < 0 ||
	    gnutls_credentials_set(tls, GNUTLS_CRD_CERTIFICATE, s->credentials) < 0)
		goto out;
	gnutls_transport_set_int(tls, fd);
	do
		r = gnutls_handshake(tls);
	while (r < 0 && !gnutls_error_is_fatal(r));
	ok = r == 0 &&
	     gnutls_record_send(tls, s->secret, sizeof(s->secret)) == (ssize_t)sizeof(s->secret) &&
	     gnutls_bye(tls, GNUTLS_SHUT_RDWR) == 0;
out:
	gnutls_deinit(tls);
	return ok;
}

/* One copy. SIGTERM may end it anywhere; what it has given is counted outside of it. */
static void loop(struct shared *s, int listening)
{
	const int one = 1;

	for (;;) {
		_cleanup_fd_ int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0)
			continue;
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		if (serve(s, fd))
			atomic_fetch_add(s->n_given, 1);
	}
}

static int listen_on(uint16_t port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
				  .sin_port = htons(port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(sa);
	const int one = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
	    bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 || listen(fd, 4096) < 0 ||
	    getsockname(fd, (struct sockaddr *)&sa, &size) < 0)
		err(1, "cannot listen");
	(void)printf("listening on port %u\n", ntohs(sa.sin_port));
	(void)fflush(stdout);
	return fd;
}

static void prepare(struct shared *s)
{
	if (gnutls_priority_init(&s->priority, TLS_DEFAULT_PRIORITY, NULL) < 0 ||
	    gnutls_certificate_allocate_credentials(&s->credentials) < 0)
		errx(1, "cannot set up TLS");
	identity_secret(0, s->secret, sizeof(s->secret));
	s->n_given = mmap(NULL, sizeof(*s->n_given), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s->n_given == MAP_FAILED)
		err(1, "cannot map memory");
}

static double seconds(struct timeval tv)
{
	return (double)tv.tv_sec + (double)tv.tv_usec / 1e6;
}

static void print_usage(const struct shared *s)
{
	struct rusage u;
	unsigned long n = atomic_load(s->n_given);
	double used;

	(void)getrusage(RUSAGE_CHILDREN, &u);
	used = seconds(u.ru_utime) + seconds(u.ru_stime);
	(void)printf("%lu passwords, %.3f s of CPU, %.1f us each\n", n, used,
		     n > 0 ? used * 1e6 / (double)n : 0);
}

static pid_t start_copy(struct shared *s, int listening, const sigset_t *term)
{
	pid_t pid = fork();

	if (pid < 0)
		err(1, "cannot fork");
	if (pid == 0) {
		(void)sigprocmask(SIG_UNBLOCK, term, NULL);
		loop(s, listening);
	}
	return pid;
}

int main(int argc, char *argv[])
{
	static struct shared shared;
	pid_t copies[COPIES_MAX];
	int n_copies = argc > 1 ? atoi(argv[1]) : 1, listening, number;
	sigset_t term;

	if (argc > 3 || n_copies < 1 || n_copies > COPIES_MAX)
		errx(2, "usage: bare-handshake [COPIES [PORT]]");
	(void)sigemptyset(&term);
	(void)sigaddset(&term, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &term, NULL);
	prepare(&shared);
	listening = listen_on((uint16_t)(argc > 2 ? atoi(argv[2]) : 0));
	for (int i = 0; i < n_copies; i++)
		copies[i] = start_copy(&shared, listening, &term);
	(void)sigwait(&term, &number);
	for (int i = 0; i < n_copies; i++) {
		(void)kill(copies[i], SIGTERM);
		(void)waitpid(copies[i], NULL, 0);
	}
	print_usage(&shared);
	return 0;
}
