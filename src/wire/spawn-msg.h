/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Messages between the core and the spawner.
 *
 * One message is one SOCK_SEQPACKET packet. A run is one checker process; its number is given by
 * the core, counts up from 1 and is never used twice on a channel.
 *
 *   RUN, KILL   core -> spawner   KILL: after RUN, any number of times; late ones are ignored
 *   EXITED      spawner -> core   once per RUN, after the process has been reaped
 */

#include <stddef.h>
#include <stdint.h>

#include "wire/expand.h"

#define SPAWN_MSG_MAX (EXPAND_MAX + 64)

enum spawn_msg_type {
	SPAWN_MSG_RUN = 1,
	SPAWN_MSG_KILL,
	SPAWN_MSG_EXITED,
};

/** enum spawn_outcome - how a run ended */
enum spawn_outcome {
	SPAWN_EXITED = 1,  /* value: exit status, 0 to 255 */
	SPAWN_SIGNALLED,   /* value: signal number */
	SPAWN_NOT_STARTED, /* value: errno of what failed (SRV-CHK-13) */
};

struct spawn_msg {
	enum spawn_msg_type type;
	uint64_t run;
	union {
		struct {
			const char *command; /* not NUL-terminated; no NUL inside */
			size_t command_size;
		} start; /* RUN */
		struct {
			enum spawn_outcome outcome;
			uint32_t value;
		} exited;
	};
};

/** spawn_msg_encode() - number of bytes, or -EINVAL if the message breaks a bound */
int spawn_msg_encode(const struct spawn_msg *m, uint8_t *ret_data, size_t size);

/** spawn_msg_decode() - 0, or -EBADMSG for anything that spawn_msg_encode() cannot have produced */
int spawn_msg_decode(const uint8_t *data, size_t size, struct spawn_msg *ret);
