/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A pool of mapped chunks. A chunk is cut into cells of one size class; freed cells are erased and
 * chained. Large secrets have a mapping of their own. malloc() would be simpler, but its pages are
 * shared with everything else, so neither locking nor MADV_DONTDUMP could be said of them.
 */
#include "base/secret.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#define CELL_STEP ((size_t)64)
#define CELL_MAX  ((size_t)4096)
#define N_CLASSES (CELL_MAX / CELL_STEP)
/* A chunk is locked, and so filled with pages, in one go: a thousand page faults one by one cost as
 * much as all else that a large start does. Chunks double, so that few secrets take little. */
#define CHUNK_MIN ((size_t)64 * 1024)
#define CHUNK_MAX ((size_t)1024 * 1024)

struct free_cell {
	struct free_cell *next;
};

struct size_class {
	struct free_cell *free_cells;
	uint8_t *fresh; /* never used part of the newest chunk */
	size_t n_fresh;
	size_t chunk_size; /* of the newest chunk; 0: none yet */
};

static struct size_class classes[N_CLASSES];
static size_t unlocked_bytes;

bool secret_equal(const struct secret *a, const struct secret *b)
{
	uint8_t difference = 0;

	if (a->size != b->size)
		return false;
	for (size_t i = 0; i < a->size; i++)
		difference |= a->data[i] ^ b->data[i];
	return difference == 0;
}

void secret_erase(void *data, size_t size)
{
	if (size > 0)
		explicit_bzero(data, size);
}

static void *map_pages(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	/* A child that forks and has not yet executed must not carry a copy either. */
	(void)madvise(p, size, MADV_DONTDUMP);
	(void)madvise(p, size, MADV_WIPEONFORK);
	/* Not mlock(), which the sanitizers replace by nothing. */
	if (mlock2(p, size, 0) < 0)
		unlocked_bytes += size;
	return p;
}

static size_t cell_size(size_t payload)
{
	size_t total = sizeof(struct secret) + payload;

	return (total + CELL_STEP - 1) / CELL_STEP * CELL_STEP;
}

static void *take_cell(struct size_class *c, size_t size)
{
	void *cell;

	if (c->free_cells) {
		cell = c->free_cells;
		c->free_cells = c->free_cells->next;
		return cell;
	}
	if (c->n_fresh == 0) {
		size_t wanted = MIN_OF(MAX_OF(2 * c->chunk_size, CHUNK_MIN), CHUNK_MAX);
		uint8_t *chunk = map_pages(wanted);

		if (!chunk)
			return NULL;
		c->chunk_size = wanted;
		c->fresh = chunk;
		c->n_fresh = wanted / size;
	}
	cell = c->fresh;
	c->fresh += size;
	c->n_fresh--;
	return cell;
}

struct secret *secret_new(size_t size)
{
	size_t cell;
	struct secret *s;

	if (size > SECRET_SIZE_MAX)
		return NULL;
	cell = cell_size(size);
	if (cell > CELL_MAX)
		s = map_pages(cell);
	else
		s = take_cell(&classes[cell / CELL_STEP - 1], cell);
	if (!s)
		return NULL;
	memset(s, 0, sizeof(struct secret) + size);
	s->size = size;
	return s;
}

struct secret *secret_copy(const void *data, size_t size)
{
	struct secret *s = secret_new(size);

	if (s && size > 0)
		memcpy(s->data, data, size);
	return s;
}

struct secret *secret_free(struct secret *s)
{
	size_t cell;

	if (!s)
		return NULL;
	cell = cell_size(s->size);
	secret_erase(s, sizeof(struct secret) + s->size);
	if (cell > CELL_MAX) {
		(void)munmap(s, cell);
	} else {
		struct free_cell *f = (struct free_cell *)(void *)s;
		struct size_class *c = &classes[cell / CELL_STEP - 1];

		f->next = c->free_cells;
		c->free_cells = f;
	}
	return NULL;
}

void secret_start_anew(void)
{
	memset(classes, 0, sizeof(classes));
	unlocked_bytes = 0;
}

size_t secret_unlocked_bytes(void)
{
	return unlocked_bytes;
}

int secret_process_harden(void)
{
	const struct rlimit none = { .rlim_cur = 0, .rlim_max = 0 };

	if (setrlimit(RLIMIT_CORE, &none) < 0)
		return -errno;
	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		return -errno;
	return 0;
}
