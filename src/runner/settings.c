/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runner/settings.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runner/environment.h"

/* @word is owned by the list afterwards, or freed. */
static int words_take(struct words *w, char *word)
{
	char **list;

	if (!word)
		return -ENOMEM;
	if (w->n >= SETTINGS_WORDS_MAX) {
		free(word);
		return -EOVERFLOW;
	}
	list = reallocarray(w->list, w->n + 2, sizeof(*list));
	if (!list) {
		free(word);
		return -ENOMEM;
	}
	w->list = list;
	list[w->n++] = word;
	list[w->n] = NULL;
	return 0;
}

int words_add(struct words *w, const char *word)
{
	return words_take(w, strdup(word));
}

int words_add_list(struct words *w, const char *list)
{
	for (;;) {
		size_t length = strcspn(list, ",");
		int r = words_take(w, strndup(list, length));

		if (r < 0 || list[length] == '\0')
			return r;
		list += length + 1;
	}
}

int words_set(struct words *w, const char *entry)
{
	for (size_t i = 0; i < w->n; i++) {
		char *copy;

		if (!environment_same_name(w->list[i], entry))
			continue;
		copy = strdup(entry);
		if (!copy)
			return -ENOMEM;
		free(w->list[i]);
		w->list[i] = copy;
		return 0;
	}
	return words_add(w, entry);
}

void words_deinit(struct words *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->list[i]);
	free(w->list);
	*w = (struct words){ 0 };
}

void settings_init(struct settings *s)
{
	*s = (struct settings){
		.plugin_dir = SETTINGS_PLUGIN_DIR,
		.helper_dir = SETTINGS_HELPER_DIR,
		.config_file = SETTINGS_CONFIG_FILE,
		.uid = SETTINGS_ID,
		.gid = SETTINGS_ID,
	};
}

void settings_deinit(struct settings *s)
{
	for (size_t i = 0; i < s->n_plugins; i++) {
		words_deinit(&s->plugins[i].args);
		words_deinit(&s->plugins[i].env);
		free(s->plugins[i].name);
	}
	free(s->plugins);
	words_deinit(&s->args);
	words_deinit(&s->env);
	*s = (struct settings){ 0 };
}

int settings_for(struct settings *s, const char *name, size_t length, struct plugin_settings **ret)
{
	struct plugin_settings *plugins;
	char *copy;

	for (size_t i = 0; i < s->n_plugins; i++) {
		if (strlen(s->plugins[i].name) == length &&
		    memcmp(s->plugins[i].name, name, length) == 0) {
			*ret = &s->plugins[i];
			return 0;
		}
	}
	if (s->n_plugins >= SETTINGS_PLUGINS_MAX)
		return -EOVERFLOW;
	copy = strndup(name, length);
	plugins = reallocarray(s->plugins, s->n_plugins + 1, sizeof(*plugins));
	if (plugins)
		s->plugins = plugins;
	if (!plugins || !copy) {
		free(copy);
		return -ENOMEM;
	}
	*ret = &plugins[s->n_plugins++];
	**ret = (struct plugin_settings){ .name = copy };
	return 0;
}

const struct plugin_settings *settings_find(const struct settings *s, const char *name)
{
	for (size_t i = 0; i < s->n_plugins; i++) {
		if (strcmp(s->plugins[i].name, name) == 0)
			return &s->plugins[i];
	}
	return NULL;
}
