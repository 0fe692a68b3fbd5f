/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * This host's SSH key, as ssh-keyscan(1) sees it from the network, for a checker that recognises
 * the host by it.
 *
 * Bounds: SSH_OUTPUT_MAX bytes of its output, SSH_KEYSCAN_WAIT for each of three runs.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"

#define SSH_OUTPUT_MAX	 ((size_t)64 * 1024)
#define SSH_KEYSCAN_WAIT (30 * USEC_PER_SEC)

enum ssh_key_result {
	SSH_KEY_FOUND = 0,
	SSH_KEY_NONE, /* no server, no such key, or no ssh-keyscan: ordinary, and silent */
};

/** struct ssh_key - @type is a constant, as asked for; @key is "TYPE BASE64", freed by the owner */
struct ssh_key {
	const char *type;
	char *key;
};

/**
 * ssh_key_find() - the first key type that the SSH server on localhost has
 * @ret: set if SSH_KEY_FOUND is returned
 *
 * Errors: SSH_KEY_NONE; -ECANCELED after a signal, -ENOMEM.
 * Source: CLI-KEY-16.
 */
int ssh_key_find(struct ssh_key *ret);

/**
 * ssh_key_parse() - what ssh-keyscan printed, to "TYPE BASE64"
 * @output: NUL-terminated; changed in place
 *
 * Comment lines (OpenSSH 9.8) and lines of other hosts are skipped; the first key line counts.
 * Returns the key inside @output, or NULL if there is none, or if it holds anything but the letters
 * of a key type and of base64.
 * Source: CLI-KEY-16, CLI-KEY-18.
 */
const char *ssh_key_parse(char *output);
