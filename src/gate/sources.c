/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "gate/sources.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "gate/hash.h"

struct source_key {
	uint32_t family;
	uint32_t scope_id;
	uint8_t address[16];
};

struct source {
	struct source_key key;
	TAILQ_ENTRY(source) in_bucket; /* while @n_expendable is not 0 */
	struct places expendable;      /* oldest first */
	size_t n_expendable;
	size_t n_places;
	bool known;
	UT_hash_handle hh;
};

static struct source_key key_of(const struct peer *p)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct source_key k;

	/* The key is compared as bytes. */
	memset(&k, 0, sizeof(k));
	k.family = (uint32_t)p->family;
	if (p->family == PEER_IPV4) {
		memcpy(k.address, p->address, 4);
	} else if (memcmp(p->address, mapped, sizeof(mapped)) == 0) {
		k.family = PEER_IPV4;
		memcpy(k.address, p->address + 12, 4);
	} else if (p->address[0] == 0xfe && (p->address[1] & 0xc0) == 0x80) {
		k.scope_id = p->scope_id;
		memcpy(k.address, p->address, 16);
	} else {
		memcpy(k.address, p->address, 8);
	}
	return k;
}

/* FNV-1a (draft-eastlake-fnv), from another start. */
uint32_t source_hash(const struct peer *peer, uint32_t seed)
{
	struct source_key key = key_of(peer);
	const uint8_t *bytes = (const uint8_t *)&key;
	uint32_t hash = 2166136261u ^ seed;

	for (size_t i = 0; i < sizeof(key); i++)
		hash = (hash ^ bytes[i]) * 16777619u;
	return hash;
}

int sources_init(struct sources *s, size_t max_places, size_t max_per_source)
{
	*s = (struct sources){
		.max_places = max_places,
		.max_per_source = MIN_OF(max_per_source, max_places),
	};
	s->buckets = calloc(s->max_per_source + 1, sizeof(*s->buckets));
	if (!s->buckets)
		return -ENOMEM;
	for (size_t i = 0; i <= s->max_per_source; i++)
		TAILQ_INIT(&s->buckets[i]);
	return 0;
}

void sources_deinit(struct sources *s)
{
	free(s->buckets);
	*s = (struct sources){ 0 };
}

static void set_n_expendable(struct sources *s, struct source *source, size_t n)
{
	if (source->n_expendable > 0)
		TAILQ_REMOVE(&s->buckets[source->n_expendable], source, in_bucket);
	source->n_expendable = n;
	if (n > 0)
		TAILQ_INSERT_TAIL(&s->buckets[n], source, in_bucket);
	/* It rises by one at most a call, so that the search for the fullest is paid for. */
	if (n > s->fullest)
		s->fullest = n;
}

void sources_set_expendable(struct sources *s, struct place *place, bool expendable)
{
	struct source *source = place->source;

	if (!source || place->expendable == expendable)
		return;
	place->expendable = expendable;
	if (expendable) {
		TAILQ_INSERT_TAIL(&source->expendable, place, entry);
		set_n_expendable(s, source, source->n_expendable + 1);
	} else {
		TAILQ_REMOVE(&source->expendable, place, entry);
		set_n_expendable(s, source, source->n_expendable - 1);
	}
}

static struct source *source_new(struct sources *s, const struct source_key *key)
{
	struct source *source = calloc(1, sizeof(*source));

	if (!source)
		return NULL;
	source->key = *key;
	TAILQ_INIT(&source->expendable);
	source->known = true;
	HASH_ADD(hh, s->by_key, key, sizeof(source->key), source);
	if (!source->known) {
		free(source);
		return NULL;
	}
	return source;
}

int sources_add(struct sources *s, const struct peer *peer, struct place *place)
{
	struct source_key key = key_of(peer);
	struct source *source;

	HASH_FIND(hh, s->by_key, &key, sizeof(key), source);
	if (source && source->n_places >= s->max_per_source)
		return SOURCES_SOURCE_FULL;
	if (s->n_places >= s->max_places)
		return SOURCES_FULL;
	if (!source)
		source = source_new(s, &key);
	if (!source)
		return -ENOMEM;
	*place = (struct place){ .source = source };
	source->n_places++;
	s->n_places++;
	sources_set_expendable(s, place, true);
	return SOURCES_OK;
}

void sources_remove(struct sources *s, struct place *place)
{
	struct source *source = place->source;

	if (!source)
		return;
	sources_set_expendable(s, place, false);
	place->source = NULL;
	s->n_places--;
	if (--source->n_places == 0) {
		HASH_DEL(s->by_key, source);
		free(source);
	}
}

struct place *sources_victim(struct sources *s)
{
	while (s->fullest > 0 && TAILQ_EMPTY(&s->buckets[s->fullest]))
		s->fullest--;
	if (s->fullest == 0)
		return NULL;
	return TAILQ_FIRST(&TAILQ_FIRST(&s->buckets[s->fullest])->expendable);
}
