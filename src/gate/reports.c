/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "gate/reports.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/log.h"
#include "base/util.h"
#include "gate/sources.h"

/* SRV-LOG-8; the last four have no counterpart there. */
static const uint8_t levels[] = {
	[GATE_EVENT_ACCEPTED] = LOG_LEVEL_INFO,
	[GATE_EVENT_GREETING] = LOG_LEVEL_DEBUG,
	[GATE_EVENT_BAD_GREETING] = LOG_LEVEL_ERROR,
	[GATE_EVENT_HANDSHAKE_FAILED] = LOG_LEVEL_WARNING,
	[GATE_EVENT_HANDSHAKE_DONE] = LOG_LEVEL_DEBUG,
	[GATE_EVENT_BAD_KEY] = LOG_LEVEL_WARNING,
	[GATE_EVENT_BYE_FAILED] = LOG_LEVEL_WARNING,
	[GATE_EVENT_DEADLINE] = LOG_LEVEL_INFO,
	[GATE_EVENT_FULL] = LOG_LEVEL_WARNING,
	[GATE_EVENT_SOURCE_FULL] = LOG_LEVEL_WARNING,
	[GATE_EVENT_SUPPRESSED] = LOG_LEVEL_WARNING,
	[GATE_EVENT_LIBRARY] = LOG_LEVEL_DEBUG,
};

static void tell_suppressed(struct reports *r)
{
	char count[24];
	struct gate_msg m = {
		.type = GATE_MSG_EVENT,
		.event = { .kind = GATE_EVENT_SUPPRESSED,
			   .peer = { .family = PEER_IPV4 },
			   .detail = count },
	};
	int n = snprintf(count, sizeof(count), "%" PRIu64, r->n_suppressed);

	m.event.detail_size = (size_t)n;
	if (!port_has_waiters(r->port) && port_send(r->port, &m) == 0)
		r->n_suppressed = 0;
}

static void on_second_over(struct deadline *d, usec_t now)
{
	struct reports *r = container_of(d, struct reports, second);

	r->warnings = (struct reports_count){ 0 };
	r->routine = (struct reports_count){ 0 };
	if (r->n_suppressed > 0)
		tell_suppressed(r);
	/* The core is slow: it learns the number in a second. */
	if (r->n_suppressed > 0)
		deadlines_set(r->deadlines, &r->second, usec_add(now, USEC_PER_SEC));
}

void reports_init(struct reports *r, struct port *port, struct deadlines *deadlines)
{
	*r = (struct reports){
		.port = port,
		.deadlines = deadlines,
		.threshold = LOG_LEVEL_WARNING,
		.second = { .on_due = on_second_over },
	};
	/* Without one, strangers could at worst choose whose limit they share. */
	if (getrandom(&r->seed, sizeof(r->seed), GRND_NONBLOCK) < 0)
		r->seed = 0;
}

static void count(struct reports *r, usec_t now)
{
	r->n_suppressed++;
	if (r->second.node.place == 0)
		deadlines_set(r->deadlines, &r->second, usec_add(now, USEC_PER_SEC));
}

void reports_tell(struct reports *r, const struct gate_msg *event, usec_t now)
{
	struct gate_msg m = *event;
	bool warning = levels[m.event.kind] <= LOG_LEVEL_WARNING;
	struct reports_count *told = warning ? &r->warnings : &r->routine;
	uint8_t *n_of_source;

	if (levels[m.event.kind] > r->threshold)
		return;
	/* The upper bits are those that depend on all of the seed. */
	n_of_source = &told->by_source[source_hash(&m.event.peer, r->seed) >> 24];
	m.event.detail_size = MIN_OF(m.event.detail_size, (size_t)GATE_DETAIL_MAX);
	if (r->second.node.place == 0)
		deadlines_set(r->deadlines, &r->second, usec_add(now, USEC_PER_SEC));
	if (told->n >= REPORTS_PER_SECOND || *n_of_source >= REPORTS_PER_SOURCE ||
	    port_has_waiters(r->port) || port_send(r->port, &m) != 0) {
		r->n_suppressed++;
		return;
	}
	told->n++;
	(*n_of_source)++;
}

void reports_tell_library(struct reports *r, const char *line, usec_t now)
{
	const struct gate_msg m = {
		.type = GATE_MSG_EVENT,
		.event = { .kind = GATE_EVENT_LIBRARY,
			   .peer = { .family = PEER_IPV4 },
			   .detail = line,
			   .detail_size = strnlen(line, GATE_DETAIL_MAX) },
	};

	if (levels[GATE_EVENT_LIBRARY] > r->threshold)
		return;
	if (port_has_waiters(r->port) || port_send(r->port, &m) != 0)
		count(r, now);
}
