/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "openpgp/number.h"

#include <stdlib.h>
#include <string.h>

#include <gmp.h>

#include "base/secret.h"

struct openpgp_number openpgp_number_take(struct reader *in)
{
	size_t size = ((size_t)take_u16(in) + 7) / 8;
	const uint8_t *data = take_bytes(in, size);

	if (!data)
		return (struct openpgp_number){ 0 };
	while (size > 0 && *data == 0) {
		data++;
		size--;
	}
	return (struct openpgp_number){ .data = data, .size = size };
}

/* GMP has no way to be told that there is no memory. */
static void *allocate(size_t size)
{
	struct secret *s = secret_new(size);

	if (!s)
		abort();
	return s->data;
}

static void release(void *data, size_t size)
{
	(void)size;
	(void)secret_free(container_of(data, struct secret, data));
}

static void *reallocate(void *data, size_t size, size_t new_size)
{
	void *to = allocate(new_size);

	memcpy(to, data, MIN_OF(size, new_size));
	release(data, size);
	return to;
}

void openpgp_number_memory_is_secret(void)
{
	mp_set_memory_functions(allocate, reallocate, release);
}
