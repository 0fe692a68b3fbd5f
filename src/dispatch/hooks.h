/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The configuration: which commands are run for which events, mandos-dispatch.conf(5).
 *
 * Bounds: HOOKS_MAX hooks, HOOKS_FILE_MAX bytes, HOOK_LIMIT_MAX, HOOK_TIMEOUT_MAX, and those of
 * wire/words.h for each line.
 */

#include <stdbool.h>
#include <stddef.h>

#include "dispatch/limit.h"
#include "dispatch/notice.h"
#include "wire/words.h"

#define HOOKS_MAX	 64
#define HOOKS_FILE_MAX	 ((size_t)1 << 20)
#define HOOK_LIMIT_MAX	 10000
#define HOOK_TIMEOUT_MAX (3600 * USEC_PER_SEC)

/**
 * struct hook - one section of the file
 *
 * Owner: counted; those who use it after the configuration may have been read anew hold a
 * reference.
 */
struct hook {
	unsigned int n_refs;
	char *name;
	unsigned int events;  /* NOTICE_BIT() of each */
	struct words clients; /* patterns; none: all clients, and events without one */
	struct words command; /* without a shell */
	char *script;	      /* for /bin/sh -c; NULL: @command */
	const char *shell[4]; /* that command line */
	struct limit_rule rule;
	usec_t timeout;

	struct limit limits[NOTICE_N_EVENTS]; /* a flood of one kind hides no other */
	unsigned int n_waiting, n_running;    /* for runs.c */
};

/** struct hooks - all of them, in the order of the file; { 0 } is none */
struct hooks {
	struct hook **list;
	size_t n;
};

/**
 * hooks_complain_fn - told about each thing that is wrong
 * @line: 0 if it is about no line
 * @text: one sentence
 */
typedef void hooks_complain_fn(void *userdata, unsigned int line, const char *text);

/**
 * hooks_parse() - the bytes of a configuration file
 * @ret: set if nothing is wrong, or it is empty
 *
 * Owner:  hooks_deinit(). @text is copied.
 * Errors: the number of things that are wrong, each of which has been told; -ENOMEM, -EFBIG.
 * Source: mandos-dispatch.conf(5).
 */
int hooks_parse(const char *text, size_t size, hooks_complain_fn *complain, void *userdata,
		struct hooks *ret);

/** hooks_carry() - counts and windows of the old configuration, to hooks of the same name */
void hooks_carry(struct hooks *hooks, const struct hooks *old);

void hooks_deinit(struct hooks *hooks);

#define _cleanup_hooks_ _cleanup_(hooks_deinit)

/**
 * hook_wants() - whether a notice is for this hook
 * @client: its very name; NULL: it is about no client
 */
bool hook_wants(const struct hook *hook, enum notice_kind kind, const char *client);

/** hook_argv() - as execve(2) wants it; borrowed */
char *const *hook_argv(const struct hook *hook);

struct hook *hook_ref(struct hook *hook);

/** hook_unref() - NULL is fine; returns NULL */
struct hook *hook_unref(struct hook *hook);
