/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * What a command is told: an event of the server as words, sentence, answer and environment. Pure.
 *
 * All of it may come from strangers. Nothing of it ever becomes a part of a command line; control
 * characters are shown as escapes (admin/text.h).
 *
 * Bounds: NOTICE_VALUE_MAX bytes of each value, NOTICE_TEXT_SIZE, NOTICE_INPUT_SIZE.
 */

#include <stdbool.h>

#include "admin/events.h"
#include "admin/text.h"

#define NOTICE_VALUE_MAX  255 /* what is longer is cut */
#define NOTICE_VALUE_SIZE ADMIN_SHOWN_SIZE(NOTICE_VALUE_MAX)
#define NOTICE_TEXT_SIZE  (2 * NOTICE_VALUE_SIZE + 256)
/* Of a name each byte may take five to be quoted for a shell. */
#define NOTICE_ANSWER_SIZE (5 * NOTICE_VALUE_MAX + 64)
#define NOTICE_INPUT_SIZE  (NOTICE_TEXT_SIZE + 2 * NOTICE_ANSWER_SIZE + 64)

/** enum notice_kind - the events that hooks can ask for, and one that is about these */
enum notice_kind {
	NOTICE_NEED_APPROVAL,
	NOTICE_DISABLED,
	NOTICE_REJECTED,
	NOTICE_CLIENT_NOT_FOUND,
	NOTICE_GOT_SECRET,
	NOTICE_LOCKDOWN,
	NOTICE_SUPPRESSED, /* how many were kept from a hook by its limit */
};

#define NOTICE_N_EVENTS	   NOTICE_SUPPRESSED /* hooks can ask for those before it */
#define NOTICE_BIT(kind)   (1U << (kind))
#define NOTICE_EVENTS_MASK (NOTICE_BIT(NOTICE_N_EVENTS) - 1)

/** struct notice - one of them; what is not known is empty, and texts are fit to be shown */
struct notice {
	enum notice_kind kind;
	unsigned long n_suppressed;
	char client[NOTICE_VALUE_SIZE];
	char key_id[NOTICE_VALUE_SIZE];
	char reason[NOTICE_VALUE_SIZE];
	char address[NOTICE_VALUE_SIZE];
	char text[NOTICE_TEXT_SIZE];	  /* a sentence */
	char approve[NOTICE_ANSWER_SIZE]; /* a line for a shell; empty if the name has no safe one
					   */
	char deny[NOTICE_ANSWER_SIZE];
};

/** notice_word() - what configuration and environment call it; that of mandos-ctl --events */
const char *notice_word(enum notice_kind kind);

/** notice_find() - the event with a word; false if there is none */
bool notice_find(const char *word, enum notice_kind *ret);

/** notice_of_event() - of a signal; false for those that no hook can ask for */
bool notice_of_event(const struct admin_event *event, struct notice *ret);

/** notice_of_disabled() - a client that was enabled is not any more */
void notice_of_disabled(const struct admin_client *client, struct notice *ret);

/** notice_of_lockdown() - it has begun or ended */
void notice_of_lockdown(bool is_on, struct notice *ret);

/** notice_of_suppressed() - @n events of a kind that a hook was not told */
void notice_of_suppressed(enum notice_kind kind, const char *hook, unsigned long n,
			  struct notice *ret);

/** notice_input() - what the command reads: the sentence, and the answers if there are any */
void notice_input(const struct notice *n, char ret[NOTICE_INPUT_SIZE]);

#define NOTICE_N_VARIABLES 11
/* Names and numbers take less than 64 bytes each. */
#define NOTICE_VARIABLES_SIZE                                                \
	(4 * NOTICE_VALUE_SIZE + NOTICE_TEXT_SIZE + 2 * NOTICE_ANSWER_SIZE + \
	 NOTICE_N_VARIABLES * 64)

/** struct notice_environment - all of the command's environment */
struct notice_environment {
	char *list[NOTICE_N_VARIABLES + 1]; /* ended by NULL; points into @buffer */
	char buffer[NOTICE_VARIABLES_SIZE];
};

/* PATH of commands; where programs without a slash in their name are looked for as well. */
#define NOTICE_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/** notice_environment() - @ret must stay where it is, as it points into itself */
void notice_environment(const struct notice *n, struct notice_environment *ret);
