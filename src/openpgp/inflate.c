/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "openpgp/inflate.h"

#include <errno.h>
#include <stdbool.h>

/* Its input is const then. */
#define ZLIB_CONST
#include <zlib.h>

#include "openpgp/result.h"

#define UNCOMPRESSED 0
#define ZIP	     1
#define ZLIB	     2
#define BZIP2	     3

/* Its state holds what it has just read and written. */
static voidpf allocate(voidpf userdata, uInt n, uInt size)
{
	struct secret *s = secret_new((size_t)n * size);

	return s ? s->data : Z_NULL;
}

static void release(voidpf userdata, voidpf data)
{
	(void)secret_free(container_of(data, struct secret, data));
}

static int inflate_all(const uint8_t *data, size_t size, bool is_raw, struct secret *room,
		       size_t *ret_size)
{
	z_stream z = { .zalloc = allocate, .zfree = release };
	int r = inflateInit2(&z, is_raw ? -MAX_WBITS : MAX_WBITS);

	if (r != Z_OK)
		return -ENOMEM;
	z.next_in = data;
	z.avail_in = (uInt)size;
	z.next_out = room->data;
	z.avail_out = (uInt)room->size;
	r = inflate(&z, Z_FINISH);
	*ret_size = room->size - z.avail_out;
	size = z.avail_in;
	(void)inflateEnd(&z);
	if (r == Z_MEM_ERROR)
		return -ENOMEM;
	if (r == Z_STREAM_END)
		return size == 0 ? OPENPGP_OK : OPENPGP_MALFORMED;
	return *ret_size == room->size ? OPENPGP_TOO_LARGE : OPENPGP_MALFORMED;
}

int openpgp_inflate(const uint8_t *body, size_t size, struct secret **ret, size_t *ret_size)
{
	_cleanup_secret_ struct secret *room = NULL;
	uint8_t algorithm;
	int r;

	if (size < 1)
		return OPENPGP_MALFORMED;
	algorithm = *body++;
	size--;
	if (algorithm == UNCOMPRESSED) {
		*ret = secret_copy(body, size);
		*ret_size = size;
		return *ret ? OPENPGP_OK : -ENOMEM;
	}
	if (algorithm == BZIP2)
		return OPENPGP_BZIP2;
	if (algorithm != ZIP && algorithm != ZLIB)
		return OPENPGP_UNSUPPORTED;
	room = secret_new(SECRET_SIZE_MAX);
	if (!room)
		return -ENOMEM;
	r = inflate_all(body, size, algorithm == ZIP, room, ret_size);
	if (r == OPENPGP_OK)
		*ret = STEAL_PTR(room);
	return r;
}
