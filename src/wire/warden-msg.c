/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/warden-msg.h"

void warden_request_encode(struct writer *w, const struct warden_request *r)
{
	put_u8(w, (uint8_t)r->kind);
	put_u32(w, r->index);
	put_u64(w, r->seconds);
	peer_encode(w, &r->target);
}

bool warden_request_decode(const uint8_t *data, size_t size, struct warden_request *ret)
{
	struct reader r = READER(data, size);
	uint8_t kind = take_u8(&r);

	*ret = (struct warden_request){ .index = take_u32(&r) };
	ret->seconds = take_u64(&r);
	peer_decode(&r, &ret->target);
	if (!reader_done(&r) || kind == 0 || kind > WARDEN_REQUEST_KIND_LAST)
		return false;
	ret->kind = (enum warden_request_kind)kind;
	return true;
}

void warden_answer_encode(struct writer *w, int result)
{
	put_u32(w, (uint32_t)result);
}

bool warden_answer_decode(const uint8_t *data, size_t size, int *ret_result)
{
	struct reader r = READER(data, size);
	uint32_t value = take_u32(&r);

	if (!reader_done(&r))
		return false;
	*ret_result = (int)value;
	return true;
}
