/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * uthash ends the program when malloc() fails; registry_add() is only called while the server
 * starts, where that is an honest end.
 */
#include "core/registry.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "core/sealed.h"
#include "wire/object-path.h"

/* "_" and the number of a client of SETTINGS_CLIENTS_MAX that all have one path. */
#define PATH_SUFFIX_SIZE 12

void registry_init(struct registry *r)
{
	*r = (struct registry){ .n_clients = 0 };
	TAILQ_INIT(&r->clients);
	TAILQ_INIT(&r->leaving);
}

const struct secret *registry_configured_secret(const struct client *c)
{
	return c->configured ? c->configured : c->secret;
}

void registry_set_secret(struct client *c, struct secret *secret, struct sealed *sealed)
{
	struct secret *configured = c->configured ? c->configured : c->secret;

	if (c->configured)
		c->secret = secret_free(c->secret);
	free(c->sealed);
	c->sealed = sealed;
	c->configured = sealed ? configured : NULL;
	if (!sealed)
		(void)secret_free(configured);
	c->secret = secret;
}

void registry_configure_secret(struct client *c, struct secret *secret)
{
	c->configured = secret_free(c->configured);
	free(c->sealed);
	c->sealed = NULL;
	(void)secret_free(c->secret);
	c->secret = secret;
}

static void client_free(struct client *c)
{
	free(c->name);
	free(c->host);
	free(c->checker);
	free(c->fingerprint);
	free(c->path);
	registry_configure_secret(c, NULL);
	free(c);
}

void registry_deinit(struct registry *r)
{
	struct client *c;

	HASH_CLEAR(by_key_id, r->by_key_id);
	HASH_CLEAR(by_name, r->by_name);
	HASH_CLEAR(by_path, r->by_path);
	while ((c = TAILQ_FIRST(&r->clients))) {
		TAILQ_REMOVE(&r->clients, c, link);
		client_free(c);
	}
	while ((c = TAILQ_FIRST(&r->leaving))) {
		TAILQ_REMOVE(&r->leaving, c, link);
		client_free(c);
	}
	r->n_clients = 0;
}

static void index_key(struct registry *r, struct client *c)
{
	c->indexed = c->has_key_id && !key_id_is_of_nothing(&c->key_id) &&
		     !registry_find_key(r, &c->key_id);
	if (c->indexed)
		HASH_ADD_KEYPTR(by_key_id, r->by_key_id, c->key_id.bytes, KEY_ID_SIZE, c);
}

static void unindex_key(struct registry *r, struct client *c)
{
	if (c->indexed)
		HASH_DELETE(by_key_id, r->by_key_id, c);
	c->indexed = false;
}

/* The first of those that would have one path gets it, the others a number behind it. */
static int give_path(struct registry *r, struct client *c)
{
	char *path = malloc(OBJECT_PATH_SIZE(strlen(c->name)) + PATH_SUFFIX_SIZE);
	size_t length;

	if (!path)
		return -ENOMEM;
	object_path_format(c->name, path);
	length = strlen(path);
	for (unsigned int n = 2; registry_find_path(r, path); n++)
		(void)snprintf(path + length, PATH_SUFFIX_SIZE, "_%u", n);
	if (path[length])
		log_warning("Client %s: another client has its D-Bus object path; its own is %s",
			    c->name, path);
	c->path = path;
	HASH_ADD_KEYPTR(by_path, r->by_path, c->path, strlen(c->path), c);
	return 0;
}

void registry_use_paths(struct registry *r)
{
	r->has_paths = true;
}

int registry_add(struct registry *r, struct client_settings *settings, struct instant now,
		 struct client **ret)
{
	struct client *c;

	if (registry_find_name(r, settings->name))
		return -EEXIST;
	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->name = strdup(settings->name);
	c->host = strdup(settings->host);
	c->checker = strdup(settings->checker);
	c->fingerprint = strdup(settings->fingerprint);
	if (!c->name || !c->host || !c->checker || !c->fingerprint ||
	    (r->has_paths && give_path(r, c) < 0)) {
		client_free(c);
		return -ENOMEM;
	}
	c->secret = STEAL_PTR(settings->secret);
	c->key_id = settings->key_id;
	c->has_key_id = settings->has_key_id;
	client_life_init(&c->life, &settings->rules, settings->enabled, now);
	LIST_INIT(&c->sessions);

	TAILQ_INSERT_TAIL(&r->clients, c, link);
	r->n_clients++;
	HASH_ADD_KEYPTR(by_name, r->by_name, c->name, strlen(c->name), c);
	index_key(r, c);
	*ret = c;
	return 0;
}

void registry_set_key(struct registry *r, struct client *c, const struct key_id *id)
{
	unindex_key(r, c);
	c->has_key_id = id != NULL;
	c->key_id = id ? *id : (struct key_id){ { 0 } };
	index_key(r, c);
}

int registry_set_text(char **text, const char *value)
{
	char *copy;

	if (strcmp(*text, value) == 0)
		return 0;
	copy = strdup(value);
	if (!copy)
		return -ENOMEM;
	free(*text);
	*text = copy;
	return 0;
}

void registry_remove(struct registry *r, struct client *c)
{
	unindex_key(r, c);
	HASH_DELETE(by_name, r->by_name, c);
	if (c->path)
		HASH_DELETE(by_path, r->by_path, c);
	TAILQ_REMOVE(&r->clients, c, link);
	r->n_clients--;
	TAILQ_INSERT_TAIL(&r->leaving, c, link);
	c->leaving = true;
	registry_release(r, c);
}

void registry_release(struct registry *r, struct client *c)
{
	if (!c->leaving || c->to_announce || !LIST_EMPTY(&c->sessions))
		return;
	TAILQ_REMOVE(&r->leaving, c, link);
	client_free(c);
}

void registry_reindex(struct registry *r)
{
	struct client *c;

	HASH_CLEAR(by_key_id, r->by_key_id);
	TAILQ_FOREACH (c, &r->clients, link) {
		index_key(r, c);
	}
}

struct client *registry_find_key(const struct registry *r, const struct key_id *id)
{
	struct client *c;

	HASH_FIND(by_key_id, r->by_key_id, id->bytes, KEY_ID_SIZE, c);
	return c;
}

struct client *registry_find_name(const struct registry *r, const char *name)
{
	struct client *c;

	HASH_FIND(by_name, r->by_name, name, strlen(name), c);
	return c;
}

struct client *registry_find_path(const struct registry *r, const char *path)
{
	struct client *c;

	HASH_FIND(by_path, r->by_path, path, strlen(path), c);
	return c;
}
