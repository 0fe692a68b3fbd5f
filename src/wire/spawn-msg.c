/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/spawn-msg.h"

#include <errno.h>
#include <string.h>

#include "base/bytes.h"

int spawn_msg_encode(const struct spawn_msg *m, uint8_t *ret_data, size_t size)
{
	struct writer w = WRITER(ret_data, size);

	put_u8(&w, (uint8_t)m->type);
	put_u64(&w, m->run);
	switch (m->type) {
	case SPAWN_MSG_RUN:
		if (m->start.command_size > EXPAND_MAX)
			w.failed = true;
		put_bytes(&w, m->start.command, m->start.command_size);
		break;
	case SPAWN_MSG_EXITED:
		put_u8(&w, (uint8_t)m->exited.outcome);
		put_u32(&w, m->exited.value);
		break;
	case SPAWN_MSG_KILL:
		break;
	}
	return w.failed ? -EINVAL : (int)w.used;
}

static void decode_run(struct reader *r, struct spawn_msg *m)
{
	m->start.command_size = reader_left(r);
	m->start.command = (const char *)take_bytes(r, m->start.command_size);
	if (!m->start.command || m->start.command_size > EXPAND_MAX ||
	    memchr(m->start.command, '\0', m->start.command_size))
		r->failed = true;
}

static void decode_exited(struct reader *r, struct spawn_msg *m)
{
	uint8_t outcome = take_u8(r);

	m->exited.value = take_u32(r);
	if (outcome < SPAWN_EXITED || outcome > SPAWN_NOT_STARTED)
		r->failed = true;
	else if (outcome == SPAWN_EXITED && m->exited.value > 255)
		r->failed = true;
	m->exited.outcome = (enum spawn_outcome)outcome;
}

int spawn_msg_decode(const uint8_t *data, size_t size, struct spawn_msg *ret)
{
	struct reader r = READER(data, size);
	struct spawn_msg m = { .type = 0 };
	uint8_t type = take_u8(&r);

	if (type < SPAWN_MSG_RUN || type > SPAWN_MSG_EXITED)
		return -EBADMSG;
	m.type = (enum spawn_msg_type)type;
	m.run = take_u64(&r);
	switch (m.type) {
	case SPAWN_MSG_RUN:
		decode_run(&r, &m);
		break;
	case SPAWN_MSG_EXITED:
		decode_exited(&r, &m);
		break;
	case SPAWN_MSG_KILL:
		break;
	}
	if (!reader_done(&r))
		return -EBADMSG;
	*ret = m;
	return 0;
}
