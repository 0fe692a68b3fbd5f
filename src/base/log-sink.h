/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Where log records go: /dev/log in its fixed datagram form, or the journal in its own protocol,
 * which has room for fields. Never both: the journal listens on both. For log.c alone.
 *
 * The journal is spoken to in its protocol only if /dev/log is its own or missing; whoever put
 * another daemon there wants that one to have the records. It is looked up at each connection.
 * Sending does not block (SRV-LOG-7). Bounds: LOG_SINK_NAME_MAX, and those of log.h.
 */

#include <sys/types.h>

#include "base/log.h"

#define LOG_SINK_NAME_MAX 256 /* bytes of the service name that are shown */

/** struct log_sink_record - one record; its text holds no control characters */
struct log_sink_record {
	enum log_level level;
	const char *level_name;
	const char *text;
	const struct log_field *fields; /* ended by one without a name; NULL: none */
};

/** log_sink_set_names() - @service is "Mandos" or shows in the record; both are copied */
void log_sink_set_names(const char *program, const char *service);

/** log_sink_send() - sends or loses */
void log_sink_send(const struct log_sink_record *record);
