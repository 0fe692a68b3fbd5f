/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/gate-msg.h"

#include <errno.h>
#include <string.h>

#include "base/util.h"

#define PHASE(p) (1u << (p))

/* In which phases of its session each message may arrive. A message not listed is never allowed. */
static const unsigned int allowed_phases[] = {
	[GATE_MSG_CONFIG] = PHASE(GATE_PHASE_NONE),
	[GATE_MSG_READY] = PHASE(GATE_PHASE_NONE),
	[GATE_MSG_EVENT] = ~0u,
	[GATE_MSG_CLAIM] = PHASE(GATE_PHASE_NONE),
	[GATE_MSG_WAIT] = PHASE(GATE_PHASE_CLAIMED),
	[GATE_MSG_GIVE] = PHASE(GATE_PHASE_CLAIMED) | PHASE(GATE_PHASE_GIVING),
	/* Disabled between two chunks: the rest must not follow (SRV-APR-9). */
	[GATE_MSG_REFUSE] = PHASE(GATE_PHASE_CLAIMED) | PHASE(GATE_PHASE_GIVING),
	[GATE_MSG_SENT] = PHASE(GATE_PHASE_GIVEN),
	[GATE_MSG_FAILED] = PHASE(GATE_PHASE_GIVING) | PHASE(GATE_PHASE_GIVEN),
	[GATE_MSG_GONE] = PHASE(GATE_PHASE_CLAIMED) | PHASE(GATE_PHASE_GIVING) |
			  PHASE(GATE_PHASE_GIVEN) | PHASE(GATE_PHASE_REFUSED),
	[GATE_MSG_LEVEL] = PHASE(GATE_PHASE_NONE),
};

bool gate_msg_may(enum gate_msg_type type, enum gate_phase phase)
{
	return (size_t)type < ARRAY_SIZE(allowed_phases) && allowed_phases[type] & PHASE(phase);
}

/* An empty chunk is legal only as the whole of an empty secret, else it could go on for ever. */
static bool is_sound_give(const struct gate_msg *m)
{
	return m->give.total_size <= GATE_SECRET_MAX && m->give.offset <= m->give.total_size &&
	       m->give.data_size <= m->give.total_size - m->give.offset &&
	       m->give.data_size <= GATE_CHUNK_MAX &&
	       (m->give.data_size > 0 || m->give.total_size == 0);
}

/* The bounds of the fields, for both ways: what is not sound is neither sent nor taken. */
static bool is_sound(const struct gate_msg *m)
{
	switch (m->type) {
	case GATE_MSG_CONFIG:
		return memchr(m->config.priority, '\0', sizeof(m->config.priority));
	case GATE_MSG_READY:
		return m->ready.detail_size <= GATE_DETAIL_MAX;
	case GATE_MSG_EVENT:
		return m->event.kind >= GATE_EVENT_ACCEPTED &&
		       m->event.kind <= GATE_EVENT_LIBRARY &&
		       m->event.detail_size <= GATE_DETAIL_MAX;
	case GATE_MSG_GIVE:
		return is_sound_give(m);
	case GATE_MSG_FAILED:
	case GATE_MSG_GONE:
		return m->end.reason >= GATE_END_CLOSED && m->end.reason <= GATE_END_REFUSED &&
		       m->end.detail_size <= GATE_DETAIL_MAX;
	case GATE_MSG_CLAIM:
	case GATE_MSG_WAIT:
	case GATE_MSG_REFUSE:
	case GATE_MSG_SENT:
	case GATE_MSG_LEVEL:
		return true;
	}
	return false;
}

static void encode_config(struct writer *w, const struct gate_config *c)
{
	put_u32(w, c->max_connections);
	put_u32(w, c->max_per_source);
	put_u64(w, c->hello_usec);
	put_u64(w, c->handshake_usec);
	put_u64(w, c->send_usec);
	put_u64(w, c->bye_usec);
	put_u8(w, c->log_threshold);
	put_u8(w, c->debug);
	put_bytes(w, c->priority, strlen(c->priority));
}

int gate_msg_encode(const struct gate_msg *m, uint8_t *ret_data, size_t size)
{
	struct writer w = WRITER(ret_data, size);

	if (!is_sound(m))
		return -EINVAL;
	put_u8(&w, (uint8_t)m->type);
	put_u64(&w, m->session);
	switch (m->type) {
	case GATE_MSG_CONFIG:
		encode_config(&w, &m->config);
		break;
	case GATE_MSG_READY:
		put_u8(&w, m->ready.ok);
		put_bytes(&w, m->ready.detail, m->ready.detail_size);
		break;
	case GATE_MSG_EVENT:
		put_u8(&w, (uint8_t)m->event.kind);
		peer_encode(&w, &m->event.peer);
		put_bytes(&w, m->event.detail, m->event.detail_size);
		break;
	case GATE_MSG_CLAIM:
		put_bytes(&w, m->claim.key_id.bytes, KEY_ID_SIZE);
		peer_encode(&w, &m->claim.peer);
		break;
	case GATE_MSG_GIVE:
		put_u32(&w, m->give.total_size);
		put_u32(&w, m->give.offset);
		break;
	case GATE_MSG_FAILED:
	case GATE_MSG_GONE:
		put_u8(&w, (uint8_t)m->end.reason);
		put_bytes(&w, m->end.detail, m->end.detail_size);
		break;
	case GATE_MSG_LEVEL:
		put_u8(&w, m->log_threshold);
		break;
	case GATE_MSG_WAIT:
	case GATE_MSG_REFUSE:
	case GATE_MSG_SENT:
		break;
	}
	return w.failed ? -EINVAL : (int)w.used;
}

static void decode_config(struct reader *r, struct gate_config *c)
{
	size_t size;
	const uint8_t *priority;
	uint8_t debug;

	c->max_connections = take_u32(r);
	c->max_per_source = take_u32(r);
	c->hello_usec = take_u64(r);
	c->handshake_usec = take_u64(r);
	c->send_usec = take_u64(r);
	c->bye_usec = take_u64(r);
	c->log_threshold = take_u8(r);
	debug = take_u8(r);
	c->debug = debug == 1;
	size = reader_left(r);
	priority = take_bytes(r, size);
	if (debug > 1 || !priority || size > GATE_PRIORITY_MAX || memchr(priority, '\0', size)) {
		r->failed = true;
		return;
	}
	memcpy(c->priority, priority, size);
	c->priority[size] = '\0';
}

static void take_detail(struct reader *r, const char **ret_detail, size_t *ret_size)
{
	*ret_size = reader_left(r);
	*ret_detail = (const char *)take_bytes(r, *ret_size);
}

static void decode_give(struct reader *r, struct gate_msg *m)
{
	m->give.total_size = take_u32(r);
	m->give.offset = take_u32(r);
	m->give.data_size = reader_left(r);
	m->give.data = take_bytes(r, m->give.data_size);
}

static void decode_claim(struct reader *r, struct gate_msg *m)
{
	const uint8_t *id = take_bytes(r, KEY_ID_SIZE);

	if (id)
		memcpy(m->claim.key_id.bytes, id, KEY_ID_SIZE);
	peer_decode(r, &m->claim.peer);
}

static void decode_event(struct reader *r, struct gate_msg *m)
{
	m->event.kind = (enum gate_event)take_u8(r);
	peer_decode(r, &m->event.peer);
	take_detail(r, &m->event.detail, &m->event.detail_size);
}

static void decode_end(struct reader *r, struct gate_msg *m)
{
	m->end.reason = (enum gate_end_reason)take_u8(r);
	take_detail(r, &m->end.detail, &m->end.detail_size);
}

static void decode_ready(struct reader *r, struct gate_msg *m)
{
	uint8_t ok = take_u8(r);

	if (ok > 1)
		r->failed = true;
	m->ready.ok = ok == 1;
	take_detail(r, &m->ready.detail, &m->ready.detail_size);
}

int gate_msg_decode(const uint8_t *data, size_t size, struct gate_msg *ret)
{
	struct reader r = READER(data, size);
	struct gate_msg m = { .type = 0 };
	uint8_t type = take_u8(&r);

	if (type < GATE_MSG_CONFIG || type > GATE_MSG_LEVEL)
		return -EBADMSG;
	m.type = (enum gate_msg_type)type;
	m.session = take_u64(&r);
	switch (m.type) {
	case GATE_MSG_CONFIG:
		decode_config(&r, &m.config);
		break;
	case GATE_MSG_READY:
		decode_ready(&r, &m);
		break;
	case GATE_MSG_EVENT:
		decode_event(&r, &m);
		break;
	case GATE_MSG_CLAIM:
		decode_claim(&r, &m);
		break;
	case GATE_MSG_GIVE:
		decode_give(&r, &m);
		break;
	case GATE_MSG_FAILED:
	case GATE_MSG_GONE:
		decode_end(&r, &m);
		break;
	case GATE_MSG_LEVEL:
		m.log_threshold = take_u8(&r);
		break;
	case GATE_MSG_WAIT:
	case GATE_MSG_REFUSE:
	case GATE_MSG_SENT:
		break;
	}
	if (!reader_done(&r) || !is_sound(&m))
		return -EBADMSG;
	*ret = m;
	return 0;
}
