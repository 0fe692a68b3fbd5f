/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Built-in checkers: "builtin:tcp web1.example.net 22", as text that has been expanded, to what
 * there is to be done.
 *
 *   builtin:ping HOST
 *   builtin:tcp HOST PORT
 *   builtin:ssh-hostkey HOST [PORT] SHA256:FINGERPRINT...
 *
 * Words stand apart by spaces or tabs. What expand_template() has quoted for a shell is read as it
 * is meant; nothing else of a shell's language is.
 *
 * Bounds: BUILTIN_TEXT_MAX bytes, BUILTIN_WORDS_MAX words, BUILTIN_HOST_MAX bytes of host,
 * BUILTIN_FINGERPRINTS_MAX.
 */

#include <stdbool.h>
#include <stdint.h>

#define BUILTIN_PREFIX		 "builtin:"
#define BUILTIN_TEXT_MAX	 2048
#define BUILTIN_HOST_MAX	 253 /* RFC 1035, 2.3.4, without the root's dot */
#define BUILTIN_FINGERPRINTS_MAX 8
#define BUILTIN_FINGERPRINT_SIZE 32
#define BUILTIN_WORDS_MAX	 (3 + BUILTIN_FINGERPRINTS_MAX)
#define BUILTIN_SSH_PORT	 22

enum builtin_kind {
	BUILTIN_PING = 1,
	BUILTIN_TCP,
	BUILTIN_SSH_HOSTKEY,
};

/** struct builtin - one check */
struct builtin {
	enum builtin_kind kind;
	/* IPv4 address, IPv6 address with or without "%scope", or a name; without brackets */
	char host[BUILTIN_HOST_MAX + 1];
	uint16_t port;		     /* 0 for BUILTIN_PING */
	unsigned int n_fingerprints; /* 0 unless BUILTIN_SSH_HOSTKEY */
	uint8_t fingerprints[BUILTIN_FINGERPRINTS_MAX][BUILTIN_FINGERPRINT_SIZE];
};

enum builtin_result {
	BUILTIN_OK = 0,
	BUILTIN_UNKNOWN, /* no built-in checker has this name, or the text has no prefix at all */
	BUILTIN_BAD_QUOTES,
	BUILTIN_NO_HOST,
	BUILTIN_BAD_HOST,
	BUILTIN_NO_PORT,
	BUILTIN_BAD_PORT,
	BUILTIN_NO_FINGERPRINT,
	BUILTIN_BAD_FINGERPRINT,
	BUILTIN_TOO_LONG,
};

/**
 * builtin_is_meant() - whether a template is that of a built-in checker and not a shell command
 *
 * To be asked of the template, before expansion: what a value holds must not decide it.
 */
bool builtin_is_meant(const char *template);

/**
 * builtin_parse() - of an expanded template
 * @ret: unspecified unless BUILTIN_OK is returned
 *
 * Errors: the results above; never negative.
 * Source: mandos-clients.conf(5), Built-in checkers.
 */
enum builtin_result builtin_parse(const char *text, struct builtin *ret);

/** builtin_result_text() - what is wrong, in half a sentence */
const char *builtin_result_text(enum builtin_result result);

/**
 * enum builtin_status - what a check came to, as an exit status; fping(8) has the first three
 *
 * Anything but BUILTIN_ALIVE is a check that failed.
 */
enum builtin_status {
	BUILTIN_ALIVE = 0,
	BUILTIN_NO_ANSWER = 1,
	BUILTIN_NO_ADDRESS = 2, /* the name has none */
	BUILTIN_REFUSED = 3,	/* the host is there, and says no */
	BUILTIN_OTHER_KEY = 4,	/* it proved another SSH host key */
	BUILTIN_NO_PROOF = 5,	/* it showed a key that it could not prove */
	BUILTIN_NO_SSH = 6,	/* it does not speak SSH, or not as this does */
	BUILTIN_FAULT = 7, /* this machine could not do it: no route, no descriptor, no memory */
};

/** builtin_status_text() - half a sentence for the log; NULL for a status that is none of these */
const char *builtin_status_text(unsigned int status);
