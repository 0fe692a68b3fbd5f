/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * What configuration file and command line say about the plugins.
 *
 * Bounds: SETTINGS_WORDS_MAX words in a list, SETTINGS_PLUGINS_MAX plugins with settings.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define SETTINGS_WORDS_MAX   4096
#define SETTINGS_PLUGINS_MAX 256

/* CLI-RUN-1. */
#define SETTINGS_PLUGIN_DIR  "/lib/mandos/plugins.d"
#define SETTINGS_HELPER_DIR  "/lib/mandos/plugin-helpers"
#define SETTINGS_CONFIG_FILE "/conf/conf.d/mandos/plugin-runner.conf"
#define SETTINGS_ID	     65534

/** struct words - owned strings; a NULL follows the last one; zeroed is empty (@list NULL) */
struct words {
	char **list;
	size_t n;
};

struct plugin_settings {
	char *name;
	struct words args;
	struct words env;
	bool disabled;
};

/** struct settings - paths point into the command line or the configuration file's words */
struct settings {
	const char *plugin_dir;
	const char *helper_dir;
	const char *config_file;
	const char *shown; /* the plugin whose options are to be shown, or NULL */
	uid_t uid;
	gid_t gid;
	bool debug;
	struct words args; /* for every plugin */
	struct words env;
	struct plugin_settings *plugins;
	size_t n_plugins;
};

/** words_add() - appends a copy; -ENOMEM, -EOVERFLOW at SETTINGS_WORDS_MAX */
int words_add(struct words *w, const char *word);

/** words_add_list() - appends the pieces between commas, empty ones too (CLI-RUN-2) */
int words_add_list(struct words *w, const char *list);

/** words_set() - an environment entry, in place of one with the same name (CLI-RUN-4) */
int words_set(struct words *w, const char *entry);

void words_deinit(struct words *w);

void settings_init(struct settings *s);
void settings_deinit(struct settings *s);

/**
 * settings_for() - the settings of the plugin whose name is the first @length bytes of @name
 *
 * Made if there are none. Owner: @s; valid until the next call.
 * Errors: -ENOMEM; -EOVERFLOW at SETTINGS_PLUGINS_MAX.
 */
int settings_for(struct settings *s, const char *name, size_t length, struct plugin_settings **ret);

/** settings_find() - the settings of a plugin, or NULL */
const struct plugin_settings *settings_find(const struct settings *s, const char *name);
