/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runner/config-file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/util.h"

#define BLANKS " \t\r\f\v\n"

static int add_word(struct words *words, const char *text, size_t length)
{
	_cleanup_free_ char *word = strndup(text, length);

	return word ? words_add(words, word) : -ENOMEM;
}

int config_file_split(const char *text, struct words *words)
{
	for (;;) {
		size_t length;
		int r;

		text += strspn(text, BLANKS);
		if (*text == '#') {
			text += strcspn(text, "\n");
			continue;
		}
		if (*text == '\0')
			return 0;
		length = strcspn(text, BLANKS "#");
		r = add_word(words, text, length);
		if (r < 0)
			return r;
		text += length;
	}
}

int config_file_read(const char *path, struct words *words)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	int r = file_read(path, CONFIG_FILE_MAX, &text, &size);

	if (r == -ENOMEM || r == -EMFILE || r == -ENFILE || r == -EFBIG)
		return r;
	return r < 0 ? 0 : config_file_split(text, words);
}
