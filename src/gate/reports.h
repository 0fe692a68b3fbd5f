/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * What strangers did, told to the core for its log: never faster than a log can bear, never
 * waiting.
 *
 * Bounds: REPORTS_PER_SECOND warnings, and as many routine reports, so that routine cannot crowd
 * out a warning; of either, REPORTS_PER_SOURCE about one source, so that one stranger cannot crowd
 * out another. What is not told is counted, and the count is told (W-56). What the TLS library says
 * in debug mode is hundreds of lines a session; its bound is the room in the channel.
 */

#include "gate/deadlines.h"
#include "gate/port.h"
#include "wire/gate-msg.h"

#define REPORTS_PER_SECOND 50
#define REPORTS_PER_SOURCE 10
/* Sources that meet in one slot share what is one's; 8 bits of a hash tell which it is. */
#define REPORTS_SLOTS 256

/** struct reports_count - what has been told in this second */
struct reports_count {
	unsigned int n;
	uint8_t by_source[REPORTS_SLOTS];
};

struct reports {
	struct port *port;
	struct deadlines *deadlines;
	uint8_t threshold; /* enum log_level */
	uint32_t seed;
	struct reports_count warnings;
	struct reports_count routine;
	uint64_t n_suppressed;
	struct deadline second; /* set while a second is being counted */
};

/** reports_init() - takes one place in @deadlines */
void reports_init(struct reports *r, struct port *port, struct deadlines *deadlines);

/**
 * reports_tell() - tells the core, or counts
 * @event: an EVENT; its detail may hold any bytes, and is cut at GATE_DETAIL_MAX
 * @now:   CLOCK_BOOTTIME
 */
void reports_tell(struct reports *r, const struct gate_msg *event, usec_t now);

/**
 * reports_tell_library() - one line of the TLS library's debug output, without a line feed
 *
 * Cut at GATE_DETAIL_MAX; counted where there is no room. Source: SRV-LOG-6.
 */
void reports_tell_library(struct reports *r, const char *line, usec_t now);
