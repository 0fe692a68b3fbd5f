/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The core, as far as a gate sees it: starts the real mandos-gate with a channel and a listening
 * socket on loopback, and speaks the channel's messages. The program is $MANDOS_GATE.
 */

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/clock.h"
#include "wire/gate-msg.h"

struct fake_core {
	int channel;
	int listening;
	pid_t gate;
	struct sockaddr_in address; /* where the gate listens */
	uint8_t buffer[GATE_MSG_MAX];
};

/** fake_core_config() - limits that no test reaches by accident, and the default priority string */
struct gate_config fake_core_config(void);

/** fake_core_open() - listens and starts the gate, without CONFIG; errors: errno */
int fake_core_open(struct fake_core *c);

/**
 * fake_core_close() - closes the channel and waits for the gate
 *
 * Returns its exit status, or -1 if it ended by a signal or had to be killed after @limit.
 */
int fake_core_close(struct fake_core *c, usec_t limit);

/** fake_core_wait_exit() - the exit status, with the channel open; -1 as fake_core_close() */
int fake_core_wait_exit(struct fake_core *c, usec_t limit);

/** fake_core_configure() - sends CONFIG; true if READY says all is well within @limit */
bool fake_core_configure(struct fake_core *c, const struct gate_config *config, usec_t limit);

/** fake_core_send() - one message; GIVE with its data; false if the gate is gone or full */
bool fake_core_send(struct fake_core *c, const struct gate_msg *m);

/** fake_core_give() - GIVE in chunks of GATE_CHUNK_MAX, waiting for room */
bool fake_core_give(struct fake_core *c, uint64_t session, const void *data, size_t size);

/**
 * fake_core_receive() - the next message, EVENTs too
 * @ret: byte strings point into @c until the next call
 *
 * Returns false at the end of the channel, after @limit, or for a message that cannot be decoded.
 */
bool fake_core_receive(struct fake_core *c, struct gate_msg *ret, usec_t limit);

/** fake_core_expect() - the same, skipping EVENTs, and true only if it is of @type */
bool fake_core_expect(struct fake_core *c, enum gate_msg_type type, struct gate_msg *ret,
		      usec_t limit);

/** fake_core_expect_event() - skips EVENTs of other kinds; any other message is false */
bool fake_core_expect_event(struct fake_core *c, enum gate_event kind, struct gate_msg *ret,
			    usec_t limit);
