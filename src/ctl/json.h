/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * JSON, written. Its layout is part of the interface, to the byte (CTL-JSON-2), and no library
 * writes that one.
 */

#include <stdint.h>
#include <stdio.h>

#include "ctl/select.h"

/** json_string() - quoted; everything but printable ASCII is escaped (CTL-JSON-2) */
void json_string(FILE *out, const char *text);

/** json_property() - the value of one property (CTL-JSON-1) */
void json_property(FILE *out, const struct admin_client *client, enum admin_property_id id);

/** json_print() - one object with a member for each client, and a line feed (CTL-JSON-1) */
void json_print(FILE *out, const struct selection *selection);
