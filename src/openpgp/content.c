/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "openpgp/content.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "openpgp/inflate.h"

static struct secret *without_returns(const uint8_t *data, size_t size)
{
	struct secret *s;
	size_t n = 0;

	for (size_t i = 0; i < size; i++)
		n += data[i] != '\r';
	s = secret_new(n);
	if (!s)
		return NULL;
	n = 0;
	for (size_t i = 0; i < size; i++) {
		if (data[i] != '\r')
			s->data[n++] = data[i];
	}
	return s;
}

static int read_literal(const struct openpgp_packet *packet, struct secret **ret)
{
	struct reader in = READER(packet->data, packet->size);
	uint8_t format = take_u8(&in);
	const uint8_t *data;
	size_t size;

	/* A file's name and time. */
	(void)take_bytes(&in, take_u8(&in));
	(void)take_u32(&in);
	size = reader_left(&in);
	data = take_bytes(&in, size);
	if (!data)
		return OPENPGP_MALFORMED;
	*ret = format == 't' || format == 'u' ? without_returns(data, size)
					      : secret_copy(data, size);
	return *ret ? OPENPGP_OK : -ENOMEM;
}

static bool is_signature(int tag, bool is_after)
{
	return tag == OPENPGP_SIGNATURE || (!is_after && tag == OPENPGP_ONE_PASS);
}

static int skip_signatures(struct openpgp_packet *rest, bool is_after)
{
	for (int n = 0; is_signature(openpgp_packet_look(rest), is_after); n++) {
		struct openpgp_packet packet;
		int r = n == OPENPGP_SIGNATURES_MAX ? OPENPGP_TOO_LARGE
						    : openpgp_packet_take(rest, &packet);

		if (r != OPENPGP_OK)
			return r;
	}
	return OPENPGP_OK;
}

static int read_signed(struct openpgp_packet *rest, struct secret **ret)
{
	struct openpgp_packet literal;
	int r = skip_signatures(rest, false);

	if (r == OPENPGP_OK)
		r = openpgp_packet_take(rest, &literal);
	if (r != OPENPGP_OK)
		return r;
	if (literal.tag != OPENPGP_LITERAL)
		return OPENPGP_UNSUPPORTED;
	r = skip_signatures(rest, true);
	if (r != OPENPGP_OK)
		return r;
	return rest->size > 0 ? OPENPGP_MALFORMED : read_literal(&literal, ret);
}

int openpgp_content_read(struct openpgp_packet *content, struct secret **ret)
{
	_cleanup_secret_ struct secret *inflated = NULL;
	struct openpgp_packet packet;
	int r;

	if (openpgp_packet_look(content) != OPENPGP_COMPRESSED)
		return read_signed(content, ret);
	r = openpgp_packet_take(content, &packet);
	if (r != OPENPGP_OK)
		return r;
	if (content->size > 0)
		return OPENPGP_MALFORMED;
	r = openpgp_inflate(packet.data, packet.size, &inflated, &packet.size);
	if (r != OPENPGP_OK)
		return r;
	packet.data = inflated->data;
	return read_signed(&packet, ret);
}
