/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The linker sends calls of the store here first: -Wl,--wrap. */
#include "book.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"

struct books *books;

int __real_store_put(struct store *s, const struct store_record *record);
int __real_store_put_life(struct store *s, const char *name, const struct store_life *life);
int __real_store_put_current(struct store *s, const struct store_record *record);
int __real_store_put_removed(struct store *s, const char *name);
int __real_store_remove(struct store *s, const char *name);
void __real_store_put_lockdown(struct store *s, usec_t since);
void __real_store_commit(struct store *s, store_done_fn *done, void *userdata);
int __wrap_store_put(struct store *s, const struct store_record *record);
int __wrap_store_put_life(struct store *s, const char *name, const struct store_life *life);
int __wrap_store_put_current(struct store *s, const struct store_record *record);
int __wrap_store_put_removed(struct store *s, const char *name);
int __wrap_store_remove(struct store *s, const char *name);
void __wrap_store_put_lockdown(struct store *s, usec_t since);
void __wrap_store_commit(struct store *s, store_done_fn *done, void *userdata);

static void write_settings(char *to, const struct store_settings *s)
{
	char key[KEY_ID_TEXT_SIZE] = "none";
	int n;

	if (s->has_key_id)
		key_id_format(&s->key_id, key);
	n = snprintf(to, BOOK_TEXT_MAX,
		     "%.64s|%.64s|%.64s|%s|%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64
		     " %d %d",
		     s->host ? s->host : "", s->checker ? s->checker : "",
		     s->fingerprint ? s->fingerprint : "", key, s->rules.timeout,
		     s->rules.extended_timeout, s->rules.interval, s->rules.approval_delay,
		     s->rules.approval_duration, s->rules.approved_by_default, s->enabled);
	if (n < 0 || n >= BOOK_TEXT_MAX)
		abort();
}

static void write_in_force(struct book_entry *e, const struct store_record *record)
{
	e->removed = record->removed;
	write_settings(e->current, &record->current);
	e->sealed[0] = '\0';
	if (record->sealed && 2 * record->sealed_size >= BOOK_TEXT_MAX)
		abort();
	for (size_t i = 0; record->sealed && i < record->sealed_size; i++)
		(void)snprintf(e->sealed + 2 * i, 3, "%02x", record->sealed[i]);
	e->life = record->life;
}

struct book_entry *book_find(struct book *book, const char *name)
{
	for (size_t i = 0; i < book->n; i++) {
		if (strcmp(book->entries[i].name, name) == 0)
			return &book->entries[i];
	}
	return NULL;
}

void book_put(struct book *book, const struct store_record *record)
{
	struct book_entry *e = book_find(book, record->name);

	if (!e) {
		if (book->n == BOOK_CLIENTS_MAX)
			abort();
		e = &book->entries[book->n++];
		(void)snprintf(e->name, sizeof(e->name), "%s", record->name);
	}
	write_settings(e->configured, &record->configured);
	write_in_force(e, record);
}

static bool same_life(const struct store_life *a, const struct store_life *b)
{
	return a->enabled == b->enabled && a->disable_cause == b->disable_cause &&
	       a->created == b->created && a->last_enabled == b->last_enabled &&
	       a->disabled_at == b->disabled_at && a->expires == b->expires &&
	       a->last_checked_ok == b->last_checked_ok &&
	       a->last_approval_request == b->last_approval_request && a->saved == b->saved &&
	       a->last_checker_status == b->last_checker_status;
}

static bool differ(const struct book_entry *e, const char *what, bool is_told)
{
	if (is_told)
		(void)fprintf(stderr, "  client %s: %s\n", e->name, what);
	return false;
}

bool book_equal(const struct book *a, const struct book *b, bool is_told)
{
	for (size_t i = 0; i < a->n; i++) {
		const struct book_entry *x = &a->entries[i];
		const struct book_entry *y = book_find((struct book *)(uintptr_t)b, x->name);

		if (!y)
			return differ(x, "is missing", is_told);
		if (x->removed != y->removed)
			return differ(x, "is removed, or is not", is_told);
		/* What a removed one was does not matter any more, but for the secret. */
		if (strcmp(x->sealed, y->sealed) != 0)
			return differ(x, "has another secret", is_told);
		if (x->removed)
			continue;
		if (strcmp(x->current, y->current) != 0)
			return differ(x, "has other settings", is_told);
		if (strcmp(x->configured, y->configured) != 0)
			return differ(x, "was configured otherwise", is_told);
		if (!same_life(&x->life, &y->life))
			return differ(x, "has another life", is_told);
	}
	if (a->is_locked_down != b->is_locked_down) {
		if (is_told)
			(void)fprintf(stderr, "  the lockdown is lost, or not lifted\n");
		return false;
	}
	if (a->n != b->n && is_told)
		(void)fprintf(stderr, "  there are %zu clients, not %zu\n", b->n, a->n);
	return a->n == b->n;
}

/* ---- in front of the store ---- */

static struct book_entry *entry_of(const char *name)
{
	struct book_entry *e = book_find(&books->trying, name);

	if (!e)
		abort();
	return e;
}

void __wrap_store_put_lockdown(struct store *s, usec_t since)
{
	books->trying.is_locked_down = since != USEC_NEVER;
	__real_store_put_lockdown(s, since);
}

int __wrap_store_put(struct store *s, const struct store_record *record)
{
	book_put(&books->trying, record);
	return __real_store_put(s, record);
}

int __wrap_store_put_life(struct store *s, const char *name, const struct store_life *life)
{
	entry_of(name)->life = *life;
	return __real_store_put_life(s, name, life);
}

int __wrap_store_put_current(struct store *s, const struct store_record *record)
{
	write_in_force(entry_of(record->name), record);
	return __real_store_put_current(s, record);
}

int __wrap_store_put_removed(struct store *s, const char *name)
{
	struct book_entry *e = entry_of(name);

	e->removed = true;
	e->sealed[0] = '\0';
	e->life.enabled = false;
	return __real_store_put_removed(s, name);
}

int __wrap_store_remove(struct store *s, const char *name)
{
	struct book_entry *e = book_find(&books->trying, name);

	if (e)
		*e = books->trying.entries[--books->trying.n];
	return __real_store_remove(s, name);
}

struct waiting {
	store_done_fn *done;
	void *userdata;
};

static void on_done(void *userdata, int result)
{
	struct waiting *w = userdata;

	if (result == 0) {
		books->kept = books->trying;
		books->n_commits++;
	}
	w->done(w->userdata, result);
}

void __wrap_store_commit(struct store *s, store_done_fn *done, void *userdata)
{
	struct waiting w = { .done = done, .userdata = userdata };

	__real_store_commit(s, on_done, &w);
}
