/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keygen/ssh-key.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "keygen/child.h"

#define HOST_PREFIX  "localhost "
#define LETTERS	     "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
#define TYPE_LETTERS LETTERS "-@._"
#define BLOB_LETTERS LETTERS "+/="

static const char *const types[] = { "ecdsa-sha2-nistp256", "ed25519", "rsa" };

static bool is_key(const char *text)
{
	size_t type = strspn(text, TYPE_LETTERS), blob;

	if (type == 0 || text[type] != ' ')
		return false;
	blob = strspn(text + type + 1, BLOB_LETTERS);
	return blob > 0 && text[type + 1 + blob] == '\0';
}

const char *ssh_key_parse(char *output)
{
	char *save = NULL;

	for (char *line = strtok_r(output, "\r\n", &save); line;
	     line = strtok_r(NULL, "\r\n", &save)) {
		const char *key = line + strlen(HOST_PREFIX);

		if (strncmp(line, HOST_PREFIX, strlen(HOST_PREFIX)) != 0)
			continue;
		return is_key(key) ? key : NULL;
	}
	return NULL;
}

/* 0 with what one run printed in @output, or -ECANCELED, or another error for "no key". */
static int run_keyscan(const char *type, char *output, size_t size)
{
	/* execvp(3) only reads through these pointers. */
	char *const argv[] = { (char *)"ssh-keyscan", (char *)"-t", (char *)(uintptr_t)type,
			       (char *)"localhost", NULL };
	usec_t deadline = usec_add(instant_now().boot, SSH_KEYSCAN_WAIT);
	const struct child_plan plan = { .file = argv[0], .argv = argv, .in = -1, .err = -1 };
	int r = child_output(&plan, output, size, deadline);

	return r > 0 ? -ENODATA : r;
}

int ssh_key_find(struct ssh_key *ret)
{
	_cleanup_free_ char *output = malloc(SSH_OUTPUT_MAX);

	if (!output)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		const char *key;
		int r = run_keyscan(types[i], output, SSH_OUTPUT_MAX);

		if (r == -ECANCELED)
			return r;
		if (r < 0)
			continue;
		key = ssh_key_parse(output);
		if (!key)
			continue;
		ret->key = strdup(key);
		ret->type = types[i];
		return ret->key ? SSH_KEY_FOUND : -ENOMEM;
	}
	return SSH_KEY_NONE;
}
