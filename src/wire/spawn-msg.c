/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/spawn-msg.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/bytes.h"

/* The bounds of the fields, for both ways: what is not sound is neither sent nor taken. */
static bool is_sound(const struct spawn_msg *m)
{
	switch (m->type) {
	case SPAWN_MSG_RUN:
		return m->start.command_size <= EXPAND_MAX &&
		       (m->start.command_size == 0 ||
			!memchr(m->start.command, '\0', m->start.command_size));
	case SPAWN_MSG_EXITED:
		return m->exited.outcome >= SPAWN_EXITED &&
		       m->exited.outcome <= SPAWN_NOT_STARTED &&
		       (m->exited.outcome != SPAWN_EXITED || m->exited.value <= 255);
	case SPAWN_MSG_KILL:
		return true;
	}
	return false;
}

int spawn_msg_encode(const struct spawn_msg *m, uint8_t *ret_data, size_t size)
{
	struct writer w = WRITER(ret_data, size);

	if (!is_sound(m))
		return -EINVAL;
	put_u8(&w, (uint8_t)m->type);
	put_u64(&w, m->run);
	switch (m->type) {
	case SPAWN_MSG_RUN:
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
		m.start.command_size = reader_left(&r);
		m.start.command = (const char *)take_bytes(&r, m.start.command_size);
		break;
	case SPAWN_MSG_EXITED:
		m.exited.outcome = (enum spawn_outcome)take_u8(&r);
		m.exited.value = take_u32(&r);
		break;
	case SPAWN_MSG_KILL:
		break;
	}
	if (!reader_done(&r) || !is_sound(&m))
		return -EBADMSG;
	*ret = m;
	return 0;
}
