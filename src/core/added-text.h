/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* A client's settings as a section of clients.conf. Pure. */

#include "base/secret.h"
#include "core/settings.h"

/**
 * added_text_make() - a text from which clients_source_interpret() makes the same settings
 *
 * With every setting written out: no DEFAULT section can change what it means.
 * Owner:  secret_free().
 * Errors: -EINVAL if there is no such text (a line of a value begins like a comment, say), -EFBIG
 *         beyond SECRET_SIZE_MAX, -ENOMEM.
 */
int added_text_make(const struct client_settings *s, struct secret **ret);
