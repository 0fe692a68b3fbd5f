/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The section for the server's clients.conf, as text. Pure formatting; nothing in it is secret,
 * the password is encrypted by then.
 */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define SECTION_BASE64_COLUMNS 64

/** struct section - what is printed; NULL leaves a line out where it says so */
struct section {
	const char *name;
	const char *key_id; /* or NULL: 64 lower-case hexadecimal digits */
	const char *fingerprint;
	const char *secfile;	/* or NULL: the file that has the message; then no @message */
	const uint8_t *message; /* the binary OpenPGP message */
	size_t message_size;
	const char *ssh_type; /* or NULL: key type as ssh-keyscan(1) was asked for it */
	const char *ssh_key;  /* key type and base64 blob; only with @ssh_type */
};

/**
 * section_write() - to @out, in the order of CLI-KEY-15
 *
 * A percent sign in a value is doubled, since the server expands values (SRV-CLNT).
 * Errors: -ENOMEM; the stream's own errors are left in the stream.
 * Source: CLI-KEY-15, CLI-KEY-17.
 */
int section_write(FILE *out, const struct section *s);
