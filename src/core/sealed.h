/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * A secret that was set at run time, so encrypted that only the secret in the configuration opens
 * it: who has the state alone learns nothing, and another secret in the file makes it void.
 *
 * Pure: the salt is an argument. Bounds: SEALED_SIZE_MAX.
 */

#include <stdint.h>

#include "base/secret.h"

#define SEALED_SALT_SIZE ((size_t)32)
/* Version, salt, authentication tag. */
#define SEALED_OVERHEAD (1 + SEALED_SALT_SIZE + 16)
#define SEALED_SIZE_MAX (SECRET_SIZE_MAX + SEALED_OVERHEAD)

/** struct sealed - not secret; ends with free() */
struct sealed {
	size_t size;
	uint8_t data[];
};

/** struct seal - what opens it: both must be the same again; neither changes hands */
struct seal {
	const struct secret *configured;
	const char *client; /* one client's is never taken for another's */
};

enum sealed_result {
	SEALED_OK = 0,
	SEALED_WRONG, /* another secret or client, or damaged: cannot be told apart */
};

/**
 * sealed_close() - seals a secret
 * @salt: random, never used before
 *
 * Owner:  the caller's; ends with free().
 * Errors: -ENOMEM.
 */
int sealed_close(const struct secret *plain, const struct seal *seal,
		 const uint8_t salt[SEALED_SALT_SIZE], struct sealed **ret);

/** sealed_copy() - as bytes from the store; NULL without memory or beyond SEALED_SIZE_MAX */
struct sealed *sealed_copy(const uint8_t *data, size_t size);

/**
 * sealed_open() - the secret again
 *
 * Owner:  secret_free().
 * Errors: SEALED_WRONG; -ENOMEM.
 * Source: SRV-STATE-7, SRV-STATE-12.
 */
int sealed_open(const uint8_t *data, size_t size, const struct seal *seal, struct secret **ret);
