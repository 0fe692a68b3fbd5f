/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * What the state must be: written down beside the store, in memory that outlives the process.
 *
 * Every change that goes into the store goes into "trying" as well, and "kept" becomes the same
 * when a commit has reported success, which is the moment from which people may rely on it. After a
 * crash the store is one of the two, whole.
 *
 * Bounds: BOOK_CLIENTS_MAX clients, BOOK_TEXT_MAX bytes of each text.
 */

#include <stdbool.h>

#include "core/store.h"

#define BOOK_CLIENTS_MAX 16
#define BOOK_TEXT_MAX	 512

struct book_entry {
	char name[16];
	bool removed;
	char sealed[BOOK_TEXT_MAX];
	char current[BOOK_TEXT_MAX];
	char configured[BOOK_TEXT_MAX];
	struct store_life life;
};

struct book {
	bool is_locked_down;
	size_t n;
	struct book_entry entries[BOOK_CLIENTS_MAX];
};

struct books {
	struct book kept;
	struct book trying;
	unsigned int n_commits;
};

/** books - shared with the parent; set once, before the first fork */
extern struct books *books;

/** book_put() - a whole record, as store_put() */
void book_put(struct book *book, const struct store_record *record);

/** book_find() - NULL: nobody of that name */
struct book_entry *book_find(struct book *book, const char *name);

/** book_equal() - the same clients in the same state; says in which they differ if @is_told */
bool book_equal(const struct book *a, const struct book *b, bool is_told);
