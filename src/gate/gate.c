/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "gate/gate.h"

#include <err.h>
#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/util.h"
#include "gate/confine.h"

/* Deadlines that are not connections': the listener's pause and the reports' second. */
#define DEADLINES_RESERVED 2

usec_t gate_now(struct gate *g)
{
	uint64_t now = 0;

	/* Fails only for a clock that no kernel lacks, or after a fork. */
	(void)sd_event_now(g->event, CLOCK_BOOTTIME, &now);
	return now;
}

static void gate_exit(struct gate *g, enum gate_exit code)
{
	(void)sd_event_exit(g->event, code);
}

/* More connections than descriptors would only turn the limits' refusal into the kernel's. */
static size_t connections_possible(const struct gate_config *c)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur <= CONFINE_FDS_EXTRA)
		return 1;
	return (size_t)MIN_OF((rlim_t)c->max_connections, limit.rlim_cur - CONFINE_FDS_EXTRA);
}

static int send_ready(struct gate *g, const char *problem)
{
	struct gate_msg m = { .type = GATE_MSG_READY, .ready = { .ok = !problem } };

	if (problem) {
		m.ready.detail = problem;
		m.ready.detail_size = strnlen(problem, GATE_DETAIL_MAX);
	}
	return port_send(&g->port, &m);
}

static void refuse_config(struct gate *g, const char *problem)
{
	(void)send_ready(g, problem);
	gate_exit(g, GATE_EXIT_CONFIG);
}

static void on_library_line(void *userdata, const char *line)
{
	struct gate *g = userdata;

	reports_tell_library(&g->reports, line, gate_now(g));
}

/* No stranger before the gate is confined; what CONFIG needs of files has been read by now. */
static int serve(struct gate *g, size_t n_connections)
{
	int r = confine_gate(n_connections);

	if (r < 0) {
		warnx("cannot give up what a gate does not need: %s", strerror(-r));
		return r;
	}
	r = send_ready(g, NULL);
	if (r == 0)
		r = listener_start(&g->listener, g, g->listener.fd);
	if (r < 0)
		warnx("cannot start to accept connections: %s", strerror(-r));
	return r;
}

static void configure(struct gate *g, const struct gate_config *config)
{
	const char *problem = NULL;
	size_t n;

	g->config = *config;
	g->reports.threshold = config->log_threshold;
	if (config->max_connections == 0 || config->max_per_source == 0) {
		refuse_config(g, "no connections allowed");
		return;
	}
	if (tls_context_new_gate_side(g->config.priority, &g->tls, &problem) < 0) {
		refuse_config(g, problem ? problem : "out of memory");
		return;
	}
	n = connections_possible(config);
	if (deadlines_reserve(&g->deadlines, n + DEADLINES_RESERVED) < 0 ||
	    sources_init(&g->sources, n, config->max_per_source) < 0) {
		refuse_config(g, "too many connections allowed");
		return;
	}
	if (serve(g, n) < 0) {
		gate_exit(g, GATE_EXIT_SYSTEM);
		return;
	}
	/* Not before READY, which is the first word that the core takes. */
	if (config->debug)
		tls_set_debug(on_library_line, g);
}

static bool is_answer(enum gate_msg_type type)
{
	return type == GATE_MSG_WAIT || type == GATE_MSG_GIVE || type == GATE_MSG_REFUSE;
}

static int on_message(void *userdata, const struct gate_msg *m)
{
	struct gate *g = userdata;
	struct session *s;

	if (!g->tls) {
		if (m->type != GATE_MSG_CONFIG)
			return -EBADMSG;
		configure(g, &m->config);
		return 0;
	}
	if (m->type == GATE_MSG_LEVEL) {
		g->reports.threshold = m->log_threshold;
		return 0;
	}
	HASH_FIND(hh, g->claimed, &m->session, sizeof(m->session), s);
	if (s)
		return session_on_message(s, m);
	/* An answer that crossed the end of its session is late, not wrong. */
	if (is_answer(m->type) && m->session > 0 && m->session <= g->last_number)
		return 0;
	return -EBADMSG;
}

static void on_end(void *userdata, int error)
{
	struct gate *g = userdata;

	if (error == 0) {
		gate_exit(g, GATE_EXIT_OK);
		return;
	}
	warnx("the core broke the protocol of the channel: %s", strerror(-error));
	gate_exit(g, GATE_EXIT_PROTOCOL);
}

int gate_init(struct gate *g, int channel, int listening)
{
	const struct port_handler handler = {
		.on_message = on_message,
		.on_end = on_end,
		.userdata = g,
	};
	int r;

	*g = (struct gate){ .listener = { .fd = listening }, .poller = { .epoll = -1 } };
	LIST_INIT(&g->sessions);
	r = sd_event_new(&g->event);
	if (r < 0)
		return r;
	r = deadlines_init(&g->deadlines, g->event);
	if (r < 0)
		return r;
	r = poller_init(&g->poller, g->event);
	if (r < 0)
		return r;
	reports_init(&g->reports, &g->port, &g->deadlines);
	return port_init(&g->port, g->event, channel, &handler);
}

void gate_deinit(struct gate *g)
{
	struct session *s;

	listener_stop(&g->listener);
	while ((s = LIST_FIRST(&g->sessions)))
		session_abandon(s);
	sources_deinit(&g->sources);
	deadlines_deinit(&g->deadlines);
	poller_deinit(&g->poller);
	port_deinit(&g->port);
	g->tls = tls_context_free(g->tls);
	g->event = sd_event_unref(g->event);
}
