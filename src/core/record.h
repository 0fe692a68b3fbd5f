/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* A client as the store keeps it: what it is now, and what the configuration says of it. */

#include "core/registry.h"
#include "core/settings.h"
#include "core/store.h"

/** record_current() - the settings in force; strings stay the client's, @enabled is not filled in
 */
struct store_settings record_current(const struct client *c);

/** record_configured() - what the file says; strings stay the file's */
struct store_settings record_configured(const struct client_settings *s);

/** record_in_force() - without what the file says; for store_put_current(); strings as above */
struct store_record record_in_force(const struct client *c, struct instant now);

/** record_make() - the whole; strings stay the arguments' */
struct store_record record_make(const struct client *c, const struct client_settings *s,
				struct instant now);
