/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/mdns.h"

#include <string.h>

#include "base/util.h"

#define HEADER_SIZE 12
#define LABEL_MAX   63
#define POINTER	    0xc0

#define FLAG_RESPONSE 0x8000
#define MASK_OPCODE   0x7800
#define MASK_RCODE    0x000f

#define CLASS_IN   1
#define MASK_CLASS 0x7fff /* the bit above: "forget what you knew" */

enum type {
	TYPE_A = 1,
	TYPE_PTR = 12,
	TYPE_AAAA = 28,
	TYPE_SRV = 33,
};

/* The empty label at the end is the literal's own NUL. */
static const uint8_t service_type[] = "\7_mandos\4_tcp\5local";

struct record {
	struct mdns_name owner;
	uint16_t type; /* 0: of no use, whatever it is */
	struct reader data;
};

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 'a' - 'A') : c;
}

/* Lengths of labels are below the letters, and are compared like them. */
static bool is_equal(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size)
{
	size_t i = 0;

	while (i < a_size && i < b_size && lower(a[i]) == lower(b[i]))
		i++;
	return i == a_size && i == b_size;
}

static bool is_same_name(const struct mdns_name *a, const struct mdns_name *b)
{
	return is_equal(a->data, a->size, b->data, b->size);
}

static bool is_service_type(const struct mdns_name *n)
{
	return is_equal(n->data, n->size, service_type, sizeof(service_type));
}

/* One label, and the service type. */
static bool is_instance(const struct mdns_name *n)
{
	size_t own = 1 + (size_t)n->data[0];

	return own > 1 && n->size == own + sizeof(service_type) &&
	       is_equal(n->data + own, n->size - own, service_type, sizeof(service_type));
}

static bool append(struct mdns_name *n, uint8_t size, const uint8_t *label)
{
	if (!label || n->size + 1 + size > MDNS_NAME_SIZE)
		return false;
	n->data[n->size++] = size;
	memcpy(n->data + n->size, label, size);
	n->size += size;
	return true;
}

/* Leaves the reader where the name ends here: behind its first pointer, if it has any. */
static bool take_name(struct reader *r, struct mdns_name *ret)
{
	struct reader at = *r;
	size_t front = r->used;
	bool has_jumped = false;
	uint8_t size;

	ret->size = 0;
	do {
		size = take_u8(&at);
		if ((size & POINTER) == POINTER) {
			size_t to = (size_t)(size & ~POINTER) << 8 | take_u8(&at);

			/* Each further to the front than the one before. */
			if (at.failed || to < HEADER_SIZE || to >= front)
				return false;
			if (!has_jumped)
				r->used = at.used;
			has_jumped = true;
			front = at.used = to;
			continue;
		}
		if (at.failed || size > LABEL_MAX || !append(ret, size, take_bytes(&at, size)))
			return false;
	} while (size != 0);
	if (!has_jumped)
		r->used = at.used;
	return true;
}

/* A reader of the whole packet, for the sake of compression, that ends with these bytes. */
static bool take_data(struct reader *r, struct reader *ret)
{
	size_t size = take_u16(r);

	*ret = *r;
	if (!take_bytes(r, size))
		return false;
	ret->size = r->used;
	return true;
}

static bool take_record(struct reader *r, struct record *ret)
{
	uint16_t class;
	uint32_t ttl;

	if (!take_name(r, &ret->owner))
		return false;
	ret->type = take_u16(r);
	class = take_u16(r);
	ttl = take_u32(r);
	if (!take_data(r, &ret->data))
		return false;
	/* A time to live of nothing is a goodbye. */
	if ((class & MASK_CLASS) != CLASS_IN || ttl == 0)
		ret->type = 0;
	return true;
}

static bool take_target(const struct record *r, struct mdns_name *ret)
{
	struct reader data = r->data;

	return take_name(&data, ret) && reader_done(&data);
}

static bool take_srv(const struct record *r, struct mdns_name *ret_host, uint16_t *ret_port)
{
	struct reader data = r->data;

	(void)take_u16(&data); /* priority */
	(void)take_u16(&data); /* weight */
	*ret_port = take_u16(&data);
	return !data.failed && take_name(&data, ret_host) && reader_done(&data);
}

/* What is not used is not looked into. */
static bool is_well_formed(const struct record *r)
{
	struct mdns_name name;
	uint16_t port;

	switch (r->type) {
	case TYPE_PTR:
		return take_target(r, &name);
	case TYPE_SRV:
		return take_srv(r, &name, &port);
	case TYPE_A:
		return reader_left(&r->data) == 4;
	case TYPE_AAAA:
		return reader_left(&r->data) == 16;
	default:
		return true;
	}
}

static void put_question(struct writer *w, const uint8_t *name, size_t size, enum type type)
{
	put_bytes(w, name, size);
	put_u16(w, (uint16_t)type);
	put_u16(w, CLASS_IN);
}

void mdns_put_query(struct writer *w, uint16_t id, const struct mdns_service *about,
		    enum peer_family family)
{
	bool has_host = about && about->host.size > 0;

	put_u16(w, id);
	put_u16(w, 0); /* flags */
	put_u16(w, has_host ? 2 : 1);
	for (int i = 0; i < 3; i++)
		put_u16(w, 0); /* no records */
	if (!about) {
		put_question(w, service_type, sizeof(service_type), TYPE_PTR);
		return;
	}
	/* Also what is known, so that the answer stands for itself and nothing need be kept. */
	put_question(w, about->instance.data, about->instance.size, TYPE_SRV);
	if (has_host)
		put_question(w, about->host.data, about->host.size,
			     family == PEER_IPV4 ? TYPE_A : TYPE_AAAA);
}

static bool skip_questions(struct reader *r, size_t n)
{
	struct mdns_name name;

	/* Ends with the packet: each takes some of it. */
	for (; n > 0; n--) {
		if (!take_name(r, &name) || !take_bytes(r, 4))
			return false;
	}
	return true;
}

bool mdns_open(const uint8_t *data, size_t size, uint16_t id, struct mdns_answer *ret)
{
	struct reader r = READER(data, size);
	uint16_t its_id = take_u16(&r);
	uint16_t flags = take_u16(&r);
	size_t n_questions = take_u16(&r);
	struct record record;
	size_t n = 0;

	if (size > MDNS_DATAGRAM_MAX || its_id != id || !(flags & FLAG_RESPONSE) ||
	    (flags & (MASK_OPCODE | MASK_RCODE)))
		return false;
	/* Answers, authorities and additional records are all the same to us. */
	for (int i = 0; i < 3; i++)
		n += take_u16(&r);
	if (r.failed || !skip_questions(&r, n_questions))
		return false;
	ret->packet = ret->next = r;
	ret->n_records = ret->n_left = MIN_OF(n, (size_t)MDNS_RECORDS_MAX);
	for (size_t i = 0; i < ret->n_records; i++) {
		if (!take_record(&r, &record) || !is_well_formed(&record))
			return false;
	}
	return true;
}

static bool find_record(const struct mdns_answer *a, const struct mdns_name *owner, enum type type,
			struct record *ret)
{
	struct reader r = a->packet;

	for (size_t i = 0; i < a->n_records; i++) {
		if (take_record(&r, ret) && ret->type == type && is_same_name(&ret->owner, owner))
			return true;
	}
	return false;
}

static bool read_srv(const struct mdns_answer *a, enum peer_family family, const struct record *srv,
		     struct mdns_service *ret)
{
	struct record address;

	if (!is_instance(&srv->owner) || !take_srv(srv, &ret->host, &ret->server.port) ||
	    ret->server.port == 0)
		return false;
	ret->instance = srv->owner;
	ret->server.family = family;
	ret->has_address =
		find_record(a, &ret->host, family == PEER_IPV4 ? TYPE_A : TYPE_AAAA, &address);
	if (ret->has_address)
		memcpy(ret->server.address, address.data.data + address.data.used,
		       reader_left(&address.data));
	return true;
}

static bool read_ptr(const struct mdns_answer *a, const struct record *ptr,
		     struct mdns_service *ret)
{
	struct record srv;

	return is_service_type(&ptr->owner) && take_target(ptr, &ret->instance) &&
	       is_instance(&ret->instance) && !find_record(a, &ret->instance, TYPE_SRV, &srv);
}

bool mdns_next(struct mdns_answer *a, enum peer_family family, struct mdns_service *ret)
{
	struct record r;

	while (a->n_left > 0) {
		a->n_left--;
		if (!take_record(&a->next, &r))
			return false;
		*ret = (struct mdns_service){ 0 };
		if ((r.type == TYPE_SRV && read_srv(a, family, &r, ret)) ||
		    (r.type == TYPE_PTR && read_ptr(a, &r, ret)))
			return true;
	}
	return false;
}
