/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The greeting: the one line that a peer sends before TLS starts.
 *
 * Bound: HELLO_LINE_MAX bytes, line feed included.
 */

#include <stdbool.h>
#include <stddef.h>

#define HELLO_LINE_MAX 64

enum hello_result {
	HELLO_OK = 0,
	HELLO_MORE,	/* no line feed yet, and still within the bound */
	HELLO_BAD,	/* a line that does not name protocol version 1 (or an older one) */
	HELLO_TOO_LONG, /* HELLO_LINE_MAX bytes without a line feed */
};

/**
 * hello_parse() - judges what a peer has sent so far
 * @data:     the bytes received, at most HELLO_LINE_MAX are looked at
 * @size:     their number
 * @at_end:   the peer has closed its side: end of stream ends the line (SRV-PROTO-3)
 * @ret_used: bytes of the line, with its line feed; set when HELLO_OK is returned
 *
 * Errors: the results above; never negative.
 * Source: SRV-PROTO-1, SRV-PROTO-2, SRV-PROTO-3, SRV-PROTO-5.
 */
enum hello_result hello_parse(const void *data, size_t size, bool at_end, size_t *ret_used);
