/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keygen/crypttab.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"

#define BLANKS	    " \t\r\n"
#define KEYSCRIPT   "keyscript="
#define OUR_PROGRAM "plugin-runner"

/* The text behind @name, if @option is that one. */
static const char *value_of(const char *option, const char *name)
{
	size_t size = strlen(name);

	return strncmp(option, name, size) == 0 ? option + size : NULL;
}

/* Other kinds of encryption have no keyslots; swap and tmp have a new key with every boot. */
static bool is_other_kind(const char *option)
{
	static const char *const kinds[] = {
		"plain", "swap", "tmp", "tcrypt", "bitlk", "veracrypt"
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const char *rest = value_of(option, kinds[i]);

		if (rest && (*rest == '\0' || *rest == '=' || *rest == '-'))
			return true;
	}
	return false;
}

static void take_option(struct crypttab_entry *e, const char *option)
{
	const char *script = value_of(option, KEYSCRIPT);
	const char *slash;

	if (is_other_kind(option))
		e->why_not = "it is not LUKS";
	if (value_of(option, "header="))
		e->header = value_of(option, "header=");
	if (value_of(option, "key-slot="))
		e->slot = value_of(option, "key-slot=");
	if (value_of(option, "keyslot="))
		e->slot = value_of(option, "keyslot=");
	if (!script)
		return;
	slash = strrchr(script, '/');
	if (strcmp(slash ? slash + 1 : script, OUR_PROGRAM) != 0)
		e->why_not = "it has a key script of its own";
}

bool crypttab_parse(char *line, struct crypttab_entry *ret)
{
	char *save = NULL, *name = strtok_r(line, BLANKS, &save);
	char *source = strtok_r(NULL, BLANKS, &save), *key = strtok_r(NULL, BLANKS, &save);
	char *options = strtok_r(NULL, BLANKS, &save), *save_option = NULL;
	/* Then the field of the key is the script's own. */
	bool has_script = options && strstr(options, KEYSCRIPT);

	if (!name || *name == '#' || !source)
		return false;
	*ret = (struct crypttab_entry){ .name = name, .source = source };
	for (char *option = options ? strtok_r(options, ",", &save_option) : NULL; option;
	     option = strtok_r(NULL, ",", &save_option))
		take_option(ret, option);
	if (!ret->why_not && !has_script && key && strcmp(key, "none") != 0 &&
	    strcmp(key, "-") != 0)
		ret->why_not = "it has a key file";
	return true;
}

int crypttab_device(const char *source, char ret_path[PATH_MAX])
{
	static const struct {
		const char *tag, *dir;
	} tags[] = {
		{ "UUID=", "/dev/disk/by-uuid/" },
		{ "PARTUUID=", "/dev/disk/by-partuuid/" },
		{ "LABEL=", "/dev/disk/by-label/" },
		{ "PARTLABEL=", "/dev/disk/by-partlabel/" },
	};
	const char *dir = "", *name = source;
	int n;

	for (size_t i = 0; i < ARRAY_SIZE(tags); i++) {
		const char *value = value_of(source, tags[i].tag);

		if (value) {
			dir = tags[i].dir;
			name = value;
		}
	}
	n = snprintf(ret_path, PATH_MAX, "%s%s", dir, name);
	return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}
