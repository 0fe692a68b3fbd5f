/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Each turn of the loop looks at everything that can have changed, and then sleeps for what can
 * change it: sockets, the opener's pipe, the kernel's network events, standard output. What was not
 * ready is asked once too often; nothing here is expensive enough to keep books about it.
 *
 * avahi-core brings its own descriptors and times. Its loop is the program's: the turn comes before
 * each round of it, and the sleep inside it is ours.
 */
#include "client/client.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "client/report.h"
#include "client/signals.h"
#include "client/status.h"

/* avahi-core has five or six. */
#define LOOP_LIBRARY_FDS_MAX 32
#define LOOP_FDS_MAX	     (LOOP_LIBRARY_FDS_MAX + CANDIDATES_MAX + OPTIONS_SERVERS_MAX + INQUIRY_FDS + 3)

static void enter_over(struct client *c, int exit_status)
{
	c->phase = CLIENT_OVER;
	c->exit_status = exit_status;
}

static void give_up_message(struct client *c)
{
	c->plaintext = secret_free(c->plaintext);
	talks_end(&c->talks, c->decrypting, CANDIDATE_REFUSED, c->now, c->chance);
	c->decrypting = NULL;
	c->phase = CLIENT_FETCHING;
}

static void turn_fetching(struct client *c)
{
	struct talk *t = talks_message(&c->talks);
	const uint8_t *message;
	size_t size;

	if (!t || c->keys.state != KEYS_READY)
		return;
	message = attempt_message(t->attempt, &size);
	c->decrypting = t;
	c->phase = CLIENT_DECRYPTING;
	c->decrypt_deadline = usec_add(c->now, CLIENT_DECRYPT_USEC);
	/* A failure to start is the operation's result like any other, and is met in the next turn.
	 */
	(void)opener_decrypt_start(&c->opener, c->keys.secret_fd, message, size);
}

static void turn_decrypting(struct client *c)
{
	if (opener_state(&c->opener) == OPENER_BUSY) {
		if (c->now < c->decrypt_deadline)
			return;
		opener_cancel(&c->opener, "it took too long");
	}
	if (opener_state(&c->opener) == OPENER_FAILED) {
		report_error("cannot decrypt what %s sent: %s",
			     attempt_name(c->decrypting->attempt), opener_error_text(&c->opener));
		(void)opener_take(&c->opener);
		give_up_message(c);
		return;
	}
	c->plaintext = opener_take(&c->opener);
	report_debug("decrypted");
	c->n_written = 0;
	c->phase = CLIENT_WRITING;
}

/*
 * At most PIPE_BUF bytes once poll() has said yes: that never blocks, and standard output need not
 * be made non-blocking, which everybody who shares it would feel. Returns false to be called later.
 */
static bool write_some(struct client *c)
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
		give_up_message(c);
	else
		enter_over(c, EX_IOERR);
	return false;
}

static void add_candidate(struct client *c, const struct peer *server, uint32_t index,
			  bool is_named)
{
	if (!candidates_add(&c->talks.candidates, server, index, is_named, c->now))
		report_debug("one server too many; it is left out");
}

static void on_found(void *userdata, const struct peer *server, uint32_t index)
{
	add_candidate(userdata, server, index, false);
}

static void on_gone(void *userdata, const struct peer *server, uint32_t index)
{
	struct client *c = userdata;

	candidates_gone(&c->talks.candidates, server, index);
}

static void on_looked_up(void *userdata, const struct peer *server)
{
	add_candidate(userdata, server, 0, true);
}

/* A link-local address is one on each of our links (CLI-DIR-3, where there is only one). */
static void add_on_links(struct client *c, const struct peer *server)
{
	for (size_t i = 0; i < c->network->links.n_links; i++) {
		const struct link *link = &c->network->links.links[i];
		struct peer scoped = *server;

		if (network_role(c->network, link) == SELECTION_NOT || !link_is_running(link))
			continue;
		scoped.scope_id = link->index;
		add_candidate(c, &scoped, link->index, true);
	}
}

static void add_named(struct client *c)
{
	for (size_t i = 0; i < c->options->n_servers; i++) {
		const struct server_option *s = &c->options->servers[i];

		if (s->host[0])
			continue;
		if (address_needs_scope(&s->address))
			add_on_links(c, &s->address);
		else
			add_candidate(c, &s->address, 0, true);
	}
}

/* Servers that are named are asked when there is a network; then again when it changes. */
static void turn_network(struct client *c)
{
	bool has_changed = network_step(c->network);

	if (!network_is_ready(c->network, c->now))
		return;
	if (!c->has_begun || has_changed)
		add_named(c);
	if (has_changed)
		candidates_wake(&c->talks.candidates, c->now);
	for (size_t i = 0; i < c->n_lookups; i++) {
		if (has_changed)
			lookup_wake(&c->lookups[i], c->now);
		lookup_step(&c->lookups[i], c->now, MAX_OF(c->options->retry_usec, USEC_PER_SEC),
			    on_looked_up, c);
	}
	c->has_begun = true;
}

static void turn_silence(struct client *c)
{
	char text[STATUS_TEXT_SIZE];
	size_t n = 0;

	if (c->has_told || c->talks.was_answered || c->now < c->silence_end)
		return;
	c->has_told = true;
	for (size_t i = 0; i < CANDIDATES_MAX; i++)
		n += c->talks.candidates.list[i].is_used;
	status_format(&c->network->links, &c->network->selection, n, text);
	report_error("%s", text);
}

/* Not for secrets: without it the next time is only a little less by chance. */
static void take_chance(struct client *c)
{
	if (getrandom(&c->chance, sizeof(c->chance), GRND_NONBLOCK) < 0)
		c->chance = (uint32_t)c->now;
}

static void turn(struct client *c, struct instant now)
{
	enum client_phase before;

	c->now = now.boot;
	opener_step(&c->opener);
	take_chance(c);
	if (keys_step(&c->keys, now) == KEYS_UNUSABLE) {
		enter_over(c, EX_UNAVAILABLE);
		return;
	}
	if (c->phase == CLIENT_FETCHING || c->phase == CLIENT_DECRYPTING) {
		turn_network(c);
		if (c->discovery)
			discovery_step(c->discovery, &c->network->links, &c->network->selection,
				       c->now, c->chance);
		talks_step(&c->talks, c->now, c->chance);
		turn_silence(c);
	}
	/* Ends: a message that was given up is not in the list any more. */
	do {
		before = c->phase;
		if (c->phase == CLIENT_FETCHING)
			turn_fetching(c);
		else if (c->phase == CLIENT_DECRYPTING)
			turn_decrypting(c);
		else if (c->phase == CLIENT_WRITING)
			while (write_some(c))
				;
	} while (c->phase != before);
}

static usec_t next_deadline(const struct client *c)
{
	usec_t when = c->keys.deadline;

	if (c->phase == CLIENT_WRITING)
		return when;
	if (c->phase == CLIENT_DECRYPTING)
		when = MIN_OF(when, c->decrypt_deadline);
	when = MIN_OF(when, talks_deadline(&c->talks));
	if (c->discovery)
		when = MIN_OF(when, discovery_deadline(c->discovery));
	if (!c->has_begun)
		when = MIN_OF(when, c->network->patience);
	for (size_t i = 0; c->has_begun && i < c->n_lookups; i++)
		when = MIN_OF(when, c->lookups[i].deadline);
	if (!c->has_told && !c->talks.was_answered)
		when = MIN_OF(when, c->silence_end);
	return when;
}

/* What is ours to wait for. */
static nfds_t fill_fds(const struct client *c, struct pollfd *ret_fds)
{
	nfds_t n = 0;

	if (opener_fd(&c->opener) >= 0)
		ret_fds[n++] = (struct pollfd){ .fd = opener_fd(&c->opener), .events = POLLIN };
	if (c->phase == CLIENT_WRITING) {
		ret_fds[n++] = (struct pollfd){ .fd = STDOUT_FILENO, .events = POLLOUT };
		return n;
	}
	n += talks_poll_set(&c->talks, ret_fds + n);
	ret_fds[n++] = (struct pollfd){ .fd = c->network->netlink.fd, .events = POLLIN };
	for (size_t i = 0; i < c->n_lookups; i++)
		ret_fds[n++] = (struct pollfd){ .fd = c->lookups[i].fd, .events = POLLIN };
	if (c->discovery)
		n += discovery_poll_set(c->discovery, ret_fds + n);
	return n;
}

/* The library's poll(): everybody's descriptors, the earliest time, and signals let in. */
static int sleep_until_ready(struct pollfd *library_fds, unsigned int n_library, int msec,
			     void *userdata)
{
	struct client *c = userdata;
	struct pollfd fds[LOOP_FDS_MAX];
	usec_t left = usec_sub(next_deadline(c), instant_now().boot);
	struct timespec ts;
	nfds_t n;
	int r;

	if (n_library > LOOP_LIBRARY_FDS_MAX) {
		errno = E2BIG;
		return -1;
	}
	memcpy(fds, library_fds, n_library * sizeof(*fds));
	n = n_library + fill_fds(c, fds + n_library);
	if (msec >= 0)
		left = MIN_OF(left, (usec_t)msec * USEC_PER_MSEC);
	ts.tv_sec = (time_t)(left / USEC_PER_SEC);
	ts.tv_nsec = (long)(left % USEC_PER_SEC * 1000);
	r = ppoll(fds, n, left == USEC_NEVER ? NULL : &ts, signals_sleep_mask());
	if (r < 0)
		return errno == EINTR ? 0 : -1;
	memcpy(library_fds, fds, n_library * sizeof(*fds));
	return r;
}

static int start_discovery(struct client *c)
{
	struct discovery_events events = { .found = on_found, .gone = on_gone, .userdata = c };
	const char *error;

	take_chance(c);
	if (discovery_new(avahi_simple_poll_get(c->loop), &events, c->chance, &c->discovery,
			  &error) == 0)
		return 0;
	report_error("cannot search for servers: %s", error);
	return EX_UNAVAILABLE;
}

static void start_lookups(struct client *c)
{
	for (size_t i = 0; i < c->options->n_servers; i++) {
		const struct server_option *s = &c->options->servers[i];

		if (s->host[0])
			lookup_init(&c->lookups[c->n_lookups++], s->host, s->address.port, c->now);
	}
}

int client_start(struct client *c, const struct client_parts *parts)
{
	struct instant now = instant_now();
	const struct options *o = parts->options;
	bool has_connect = options_has_connect(o);

	*c = (struct client){ .options = o,
			      .tls = parts->tls,
			      .warden = parts->warden,
			      .network = parts->network,
			      .now = now.boot,
			      .silence_end = usec_add(now.boot, CLIENT_SILENCE_USEC) };
	opener_init(&c->opener);
	talks_init(&c->talks, c->tls, c->warden, !has_connect, o->retry_usec);
	start_lookups(c);
	if (keys_start(&c->keys, &c->opener, c->warden, o, now) < 0)
		return EX_UNAVAILABLE;
	c->loop = avahi_simple_poll_new();
	if (!c->loop) {
		report_error("out of memory");
		return EX_OSERR;
	}
	avahi_simple_poll_set_func(c->loop, sleep_until_ready, c);
	return has_connect ? 0 : start_discovery(c);
}

void client_deinit(struct client *c)
{
	for (size_t i = 0; i < c->n_lookups; i++)
		lookup_deinit(&c->lookups[i]);
	c->discovery = discovery_free(c->discovery);
	talks_deinit(&c->talks);
	c->plaintext = secret_free(c->plaintext);
	opener_deinit(&c->opener);
	keys_deinit(&c->keys);
	c->tls = tls_context_free(c->tls);
	if (c->loop)
		avahi_simple_poll_free(c->loop);
	c->loop = NULL;
}

int client_run(struct client *c)
{
	while (!signals_caught()) {
		turn(c, instant_now());
		if (c->phase == CLIENT_OVER)
			return c->exit_status;
		if (avahi_simple_poll_iterate(c->loop, -1) < 0) {
			report_error("cannot wait: %s", strerror(errno));
			return EX_OSERR;
		}
	}
	return EXIT_FAILURE;
}
