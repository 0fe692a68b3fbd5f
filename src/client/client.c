/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Each turn of the loop looks at everything that can have changed, and then sleeps for the three
 * things that can change it: the attempt's socket, gpg's pipes, standard output. What was not ready
 * is asked once too often; nothing here is expensive enough to keep books about it.
 */
#include "client/client.h"

#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "client/interfaces.h"
#include "client/report.h"
#include "client/signals.h"

static void enter_over(struct client *c, int exit_status)
{
	c->phase = CLIENT_OVER;
	c->exit_status = exit_status;
}

static void enter_resting(struct client *c, usec_t now)
{
	usec_t rest = MAX_OF(c->options->retry_usec, CLIENT_RETRY_MIN_USEC);

	c->attempt = attempt_free(c->attempt);
	c->plaintext = secret_free(c->plaintext);
	c->phase = CLIENT_RESTING;
	c->deadline = usec_add(now, rest);
	report_debug("trying again in %llu ms", (unsigned long long)(rest / USEC_PER_MSEC));
}

static void enter_talking(struct client *c)
{
	struct peer server = c->options->server;

	server.scope_id = interfaces_scope(c->options->interfaces, if_nametoindex);
	report_debug("connecting to %s", c->options->connect);
	c->attempt = attempt_new(c->tls, &server);
	if (!c->attempt) {
		report_error("out of memory");
		enter_over(c, EX_OSERR);
		return;
	}
	c->phase = CLIENT_TALKING;
}

static void enter_decrypting(struct client *c, usec_t now)
{
	size_t size;
	const uint8_t *message = attempt_message(c->attempt, &size);

	c->phase = CLIENT_DECRYPTING;
	c->deadline = usec_add(now, CLIENT_DECRYPT_USEC);
	/* A failure to start is the operation's result like any other, and is met in the next turn.
	 */
	(void)openpgp_decrypt_start(c->openpgp, message, size);
}

static void turn_talking(struct client *c, usec_t now)
{
	size_t size;

	switch (attempt_step(c->attempt, now)) {
	case ATTEMPT_GOING:
		return;
	case ATTEMPT_RECEIVED:
		(void)attempt_message(c->attempt, &size);
		report_debug("received %zu bytes from %s", size, c->options->connect);
		c->phase = CLIENT_HOLDING;
		return;
	case ATTEMPT_REFUSED:
		report_debug("%s gives no password (denied, disabled or unknown)",
			     c->options->connect);
		enter_resting(c, now);
		return;
	case ATTEMPT_FAILED:
		if (attempt_is_quiet(c->attempt))
			report_debug("%s: %s", c->options->connect, attempt_error_text(c->attempt));
		else
			report_error("%s: %s", c->options->connect, attempt_error_text(c->attempt));
		enter_resting(c, now);
		return;
	}
}

static void turn_decrypting(struct client *c, usec_t now)
{
	if (openpgp_state(c->openpgp) == OPENPGP_BUSY) {
		if (now < c->deadline)
			return;
		openpgp_cancel(c->openpgp, "gpg took too long");
	}
	if (openpgp_state(c->openpgp) == OPENPGP_FAILED) {
		report_error("cannot decrypt what %s sent: %s", c->options->connect,
			     openpgp_error_text(c->openpgp));
		(void)openpgp_take(c->openpgp);
		enter_resting(c, now);
		return;
	}
	c->plaintext = openpgp_take(c->openpgp);
	c->attempt = attempt_free(c->attempt);
	if (!c->plaintext) {
		report_error("out of memory");
		enter_over(c, EX_OSERR);
		return;
	}
	report_debug("decrypted");
	c->n_written = 0;
	c->phase = CLIENT_WRITING;
}

/*
 * At most PIPE_BUF bytes once poll() has said yes: that never blocks, and standard output need not
 * be made non-blocking, which everybody who shares it would feel. Returns false to be called later.
 */
static bool write_some(struct client *c, usec_t now)
{
	struct pollfd out = { .fd = STDOUT_FILENO, .events = POLLOUT };
	ssize_t n;

	if (c->n_written == c->plaintext->size) {
		c->plaintext = secret_free(c->plaintext);
		enter_over(c, EX_OK);
		return false;
	}
	if (poll(&out, 1, 0) <= 0)
		return false;
	n = write(STDOUT_FILENO, c->plaintext->data + c->n_written,
		  MIN_OF(c->plaintext->size - c->n_written, (size_t)PIPE_BUF));
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return false;
	if (n > 0) {
		c->n_written += (size_t)n;
		return true;
	}
	report_error("cannot write the password: %s", n < 0 ? strerror(errno) : "nothing taken");
	/* CLI-CONN-8; but a second copy behind a part of the first would be a wrong password. */
	if (c->n_written == 0)
		enter_resting(c, now);
	else
		enter_over(c, EX_IOERR);
	return false;
}

static void turn(struct client *c, struct instant now)
{
	enum client_phase before;

	if (keys_step(&c->keys, c->options, now) == KEYS_UNUSABLE) {
		enter_over(c, EX_UNAVAILABLE);
		return;
	}
	/* Ends: phases only go on to the next, or to RESTING, whose deadline is in the future. */
	do {
		before = c->phase;
		switch (c->phase) {
		case CLIENT_RESTING:
			if (now.boot >= c->deadline)
				enter_talking(c);
			break;
		case CLIENT_TALKING:
			turn_talking(c, now.boot);
			break;
		case CLIENT_HOLDING:
			if (c->keys.state == KEYS_READY)
				enter_decrypting(c, now.boot);
			break;
		case CLIENT_DECRYPTING:
			turn_decrypting(c, now.boot);
			break;
		case CLIENT_WRITING:
			while (write_some(c, now.boot))
				;
			break;
		case CLIENT_OVER:
			break;
		}
	} while (c->phase != before);
}

static usec_t next_deadline(const struct client *c)
{
	usec_t when = c->keys.deadline;

	if (c->phase == CLIENT_RESTING || c->phase == CLIENT_DECRYPTING)
		when = MIN_OF(when, c->deadline);
	if (c->phase == CLIENT_TALKING)
		when = MIN_OF(when, attempt_deadline(c->attempt));
	return when;
}

/* Returns false if the sleep failed for a reason that will not go away. */
static bool sleep_until_ready(struct client *c, usec_t now)
{
	struct pollfd fds[OPENPGP_FDS_MAX + 1];
	nfds_t n_gpg = openpgp_poll_set(c->openpgp, fds);
	nfds_t n = n_gpg;
	usec_t when = next_deadline(c);
	usec_t left = usec_sub(when, now);
	struct timespec ts = { .tv_sec = (time_t)(left / USEC_PER_SEC),
			       .tv_nsec = (long)(left % USEC_PER_SEC * 1000) };

	if (c->phase == CLIENT_TALKING)
		fds[n++] = (struct pollfd){ .fd = attempt_fd(c->attempt),
					    .events = attempt_events(c->attempt) };
	if (c->phase == CLIENT_WRITING)
		fds[n++] = (struct pollfd){ .fd = STDOUT_FILENO, .events = POLLOUT };
	if (ppoll(fds, n, when == USEC_NEVER ? NULL : &ts, signals_sleep_mask()) < 0)
		return errno == EINTR;
	openpgp_dispatch(c->openpgp, fds, n_gpg);
	return true;
}

int client_start(struct client *c, const struct options *o, struct tls_context *tls,
		 struct openpgp *openpgp)
{
	*c = (struct client){ .options = o, .tls = tls, .openpgp = openpgp };
	return keys_start(&c->keys, openpgp, o, instant_now()) < 0 ? EX_UNAVAILABLE : 0;
}

void client_deinit(struct client *c)
{
	c->attempt = attempt_free(c->attempt);
	c->plaintext = secret_free(c->plaintext);
	c->openpgp = openpgp_free(c->openpgp);
	keys_deinit(&c->keys);
	c->tls = tls_context_free(c->tls);
}

int client_run(struct client *c)
{
	while (!signals_caught()) {
		struct instant now = instant_now();

		turn(c, now);
		if (c->phase == CLIENT_OVER)
			return c->exit_status;
		if (!sleep_until_ready(c, now.boot)) {
			report_error("cannot wait: %s", strerror(errno));
			return EX_OSERR;
		}
	}
	return EXIT_FAILURE;
}
