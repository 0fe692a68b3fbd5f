/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * systemd's open questions: the files ask.* of one directory, watched.
 *
 * Bounds: QUESTIONS_MAX at a time; more are reported and left to other agents. ASK_FILE_MAX bytes
 * each.
 */

#include <limits.h>
#include <stdbool.h>

#include "base/clock.h"
#include "base/pieces.h"
#include "wire/ask-file.h"

#define QUESTIONS_MAX 128

/* Between two attempts to answer one whose socket does not take it (CLI-AGT-14). */
#define QUESTIONS_RETRY_USEC (200 * USEC_PER_MSEC)

struct question {
	char name[NAME_MAX + 1];
	struct ask_file file;
	bool is_repeated; /* an earlier answer did not help: it is a person's */
};

struct questions {
	int directory;
	int watch;	       /* inotify(7) */
	struct question *list; /* owned */
	size_t n;
	bool has_seen_any; /* files of questions, good ones or not */
	usec_t retry_at;   /* USEC_NEVER: nothing to repeat */
};

/**
 * questions_open() - begins to watch a directory, and reads what is there
 *
 * Owner:  questions_deinit(), whatever is returned.
 * Errors: errno of opening or watching it; -ENOMEM.
 * Source: CLI-AGT-8.
 */
int questions_open(struct questions *q, const char *directory, usec_t now);

/** questions_read() - all events that are there (CLI-AGT-9); errno of read(2) */
int questions_read(struct questions *q, usec_t now);

/** questions_expire() - drops those whose NotAfter has come (CLI-AGT-11, CLI-AGT-15) */
void questions_expire(struct questions *q, usec_t now);

/** questions_has_repeated() - there is one that questions_answer() leaves alone */
bool questions_has_repeated(const struct questions *q);

/** questions_reopen() - there is another password, which may be tried at all */
void questions_reopen(struct questions *q, usec_t now);

/**
 * questions_answer() - tries to give the password to all, and drops those that have it or cannot
 *
 * Not to those that are repeated.
 * Source: CLI-AGT-12, CLI-AGT-13, CLI-AGT-14.
 */
void questions_answer(struct questions *q, const struct pieces *password, usec_t now);

void questions_deinit(struct questions *q);
