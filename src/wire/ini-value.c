/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is made of a value when it is read: expansion of references, truth values, integers. */
#include "wire/ini.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "wire/text.h"

/* One value being expanded: measured while @out is NULL, written afterwards. Growing a buffer on
 * the way would leave pieces of secrets in freed memory. */
struct expansion {
	const struct ini *ini;
	const struct ini_section *section;
	const struct ini_key_value *defaults;
	char *out;
	size_t size;
	size_t work;
};

static const char *find_value(const struct expansion *x, const char *key, size_t key_size,
			      unsigned int *ret_line)
{
	const char *value = ini_raw_sized(x->ini, x->section, key, key_size, ret_line);

	if (value)
		return value;
	for (const struct ini_key_value *d = x->defaults; d && d->key; d++) {
		if (text_compare_lower(d->key, key, key_size) != 0)
			continue;
		if (ret_line)
			*ret_line = 0;
		return d->value;
	}
	return NULL;
}

/* @looked_at: bytes of the value that @size bytes of output were made from */
static enum ini_value_result emit(struct expansion *x, const char *text, size_t size,
				  size_t looked_at)
{
	if (size > INI_VALUE_MAX - x->size || looked_at > INI_WORK_MAX - x->work)
		return INI_VALUE_TOO_LONG;
	if (x->out && size > 0)
		memcpy(x->out + x->size, text, size);
	x->size += size;
	x->work += looked_at;
	return INI_VALUE_OK;
}

static enum ini_value_result expand_value(struct expansion *x, const char *value,
					  unsigned int depth);

/* @text stands behind "%("; @ret_end is set behind the conversion letter. */
static enum ini_value_result expand_reference(struct expansion *x, const char *text,
					      unsigned int depth, const char **ret_end)
{
	const char *end = strchr(text, ')');
	enum ini_value_result r;
	const char *value;

	if (!end || end[1] == '\0')
		return INI_VALUE_UNTERMINATED;
	if (end[1] != 's')
		return INI_VALUE_BAD_CONVERSION;
	*ret_end = end + 2;
	/* References to nothing give no output, but a thousand of them to each of a thousand more
	 * would still never end. */
	r = emit(x, NULL, 0, (size_t)(*ret_end - text));
	if (r != INI_VALUE_OK)
		return r;
	value = find_value(x, text, (size_t)(end - text), NULL);
	if (!value)
		return INI_VALUE_UNKNOWN_KEY;
	/* As in the reference, a value that needs no expansion makes no level. */
	return expand_value(x, value, strchr(value, '%') ? depth + 1 : depth);
}

static enum ini_value_result expand_value(struct expansion *x, const char *value,
					  unsigned int depth)
{
	if (depth > INI_DEPTH_MAX)
		return INI_VALUE_TOO_DEEP;
	for (;;) {
		const char *percent = strchrnul(value, '%');
		size_t literal = (size_t)(percent - value);
		enum ini_value_result r = emit(x, value, literal, literal);

		if (r != INI_VALUE_OK || *percent == '\0')
			return r;
		if (percent[1] == '%') {
			r = emit(x, "%", 1, 2);
			value = percent + 2;
		} else if (percent[1] == '(') {
			r = expand_reference(x, percent + 2, depth, &value);
		} else {
			r = INI_VALUE_BAD_PERCENT;
		}
		if (r != INI_VALUE_OK)
			return r;
	}
}

int ini_value(const struct ini *ini, const struct ini_section *s,
	      const struct ini_key_value *defaults, const char *key, char **ret_value,
	      unsigned int *ret_line)
{
	struct expansion x = { .ini = ini, .section = s, .defaults = defaults };
	const char *raw = find_value(&x, key, strlen(key), ret_line);
	enum ini_value_result r;

	if (!raw)
		return INI_VALUE_MISSING;
	r = expand_value(&x, raw, 1);
	if (r != INI_VALUE_OK)
		return (int)r;
	x.out = malloc(x.size + 1);
	if (!x.out)
		return -ENOMEM;
	x.size = 0;
	x.work = 0;
	r = expand_value(&x, raw, 1);
	x.out[x.size] = '\0';
	*ret_value = x.out;
	return (int)r;
}

const char *ini_value_result_text(enum ini_value_result result)
{
	static const char *const texts[] = {
		[INI_VALUE_OK] = "nothing is wrong",
		[INI_VALUE_MISSING] = "the key is missing",
		[INI_VALUE_BAD_PERCENT] =
			"a percent sign must be doubled, %%, unless it begins %(key)s",
		[INI_VALUE_UNTERMINATED] = "a reference that begins with %( does not end with )s",
		[INI_VALUE_BAD_CONVERSION] = "a reference ends with another letter than s",
		[INI_VALUE_UNKNOWN_KEY] = "a reference names a key that is not defined",
		[INI_VALUE_TOO_DEEP] =
			"references lead to references more than ten times, or in a circle",
		[INI_VALUE_TOO_LONG] = "the value, with its references replaced, is too long",
	};

	return texts[result];
}

static bool is_same_word(const char *text, const char *word)
{
	return text_compare_lower(word, text, strlen(text)) == 0;
}

bool ini_bool(const char *text, bool *ret)
{
	static const char *const words[2][4] = {
		{ "0", "no", "false", "off" },
		{ "1", "yes", "true", "on" },
	};

	for (unsigned int value = 0; value < 2; value++) {
		for (size_t i = 0; i < ARRAY_SIZE(words[value]); i++) {
			if (!is_same_word(text, words[value][i]))
				continue;
			*ret = value == 1;
			return true;
		}
	}
	return false;
}

bool ini_int(const char *text, long long *ret)
{
	size_t size = strlen(text);
	size_t start = text_strip_start(text, size);
	size_t end = text_strip_end(text, size);
	size_t digit = start;
	long long number;

	if (digit < end && (text[digit] == '+' || text[digit] == '-'))
		digit++;
	if (digit >= end)
		return false;
	for (size_t i = digit; i < end; i++)
		if (!text_is_digit(text[i]))
			return false;
	errno = 0;
	number = strtoll(text + start, NULL, 10);
	if (errno != 0)
		return false;
	*ret = number;
	return true;
}
