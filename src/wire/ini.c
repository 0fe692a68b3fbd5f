/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One copy of the text, cut up in place: keys, values and names become NUL-terminated where they
 * stand, and a value of several lines is moved together, which only ever makes it shorter. Beside
 * it there are arrays of offsets.
 *
 * Keys are looked up, and duplicates found, by sorting: n log n whatever the file holds, while a
 * hash table would need a secret seed to promise that. The price is that duplicates are reported
 * after all other bad lines.
 */
#include "wire/ini.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "wire/text.h"

/* An offset is enough for INI_FILE_MAX and half as long as a pointer. */
struct key {
	uint32_t name;
	uint32_t value;
	uint32_t line;
};

/* @by_name: the places of each section's keys, sorted by name and then by line */
struct key_list {
	char *text;
	struct key *keys;
	uint32_t *by_name;
	uint32_t n_keys;
	uint32_t n_allocated;
};

struct ini_section {
	const struct key_list *list;
	const char *name;
	uint32_t line;
	uint32_t first;
	uint32_t n_keys;
};

/* DEFAULT has a list of its own since it may go on anywhere in the file. */
struct ini {
	char *text;
	size_t size;
	struct key_list keys;
	struct key_list default_keys;
	struct ini_section *sections;
	uint32_t n_sections;
	uint32_t n_allocated;
	struct ini_section default_section;
};

/** enum option_state - what an indented line goes on with */
enum option_state {
	OPTION_NONE = 0,
	OPTION_OPEN,
	OPTION_DROPPED, /* a bad line: it takes its continuation lines with it */
};

struct parser {
	struct ini *ini;
	struct ini_section *section; /* NULL before the first header */
	ini_complain_fn *complain;
	void *userdata;
	uint32_t line;
	int n_bad;
	enum option_state option;
	size_t indent;	 /* of the line that started the option; in characters */
	char *value_end; /* OPTION_OPEN: where the next line of the value goes */
	size_t n_empty;	 /* empty lines since, kept only if another line follows */
};

static void bad_line(struct parser *p, uint32_t line, const char *text)
{
	p->n_bad++;
	if (p->complain)
		p->complain(p->userdata, line, text);
}

/* Makes room for one more element. The arrays hold offsets only, so that what realloc() leaves
 * behind is no secret. */
static int grow(void **array, uint32_t n, uint32_t *n_allocated, size_t element_size)
{
	uint32_t n_wanted;
	void *grown;

	if (n < *n_allocated)
		return 0;
	n_wanted = MAX_OF(*n_allocated * 2, (uint32_t)16);
	grown = reallocarray(*array, n_wanted, element_size);
	if (!grown)
		return -ENOMEM;
	*array = grown;
	*n_allocated = n_wanted;
	return 0;
}

static void close_option(struct parser *p)
{
	if (p->option == OPTION_OPEN)
		*p->value_end = '\0';
	p->option = OPTION_NONE;
	p->n_empty = 0;
}

/* Never overtakes what has not been read: each line feed written here stands for a line end, and
 * each character for itself. */
static void continue_option(struct parser *p, const char *text, size_t size)
{
	if (p->option != OPTION_OPEN)
		return;
	memset(p->value_end, '\n', p->n_empty + 1);
	p->value_end += p->n_empty + 1;
	p->n_empty = 0;
	memmove(p->value_end, text, size);
	p->value_end += size;
}

static int start_section(struct parser *p, char *name, size_t size)
{
	struct ini *ini = p->ini;
	int r;

	name[size] = '\0';
	if (strcmp(name, "DEFAULT") == 0) {
		p->section = &ini->default_section;
		if (p->section->line == 0)
			p->section->line = p->line;
		return 0;
	}
	r = grow((void **)&ini->sections, ini->n_sections, &ini->n_allocated,
		 sizeof(*ini->sections));
	if (r < 0)
		return r;
	p->section = &ini->sections[ini->n_sections++];
	*p->section = (struct ini_section){
		.list = &ini->keys, .name = name, .line = p->line, .first = ini->keys.n_keys
	};
	return 0;
}

static int start_option(struct parser *p, char *name, size_t name_size, char *value,
			size_t value_size)
{
	struct ini *ini = p->ini;
	struct key_list *list =
		p->section == &ini->default_section ? &ini->default_keys : &ini->keys;
	int r = grow((void **)&list->keys, list->n_keys, &list->n_allocated, sizeof(*list->keys));

	if (r < 0)
		return r;
	for (size_t i = 0; i < name_size; i++)
		name[i] = text_to_lower(name[i]);
	name[name_size] = '\0';
	list->keys[list->n_keys++] = (struct key){
		.name = (uint32_t)(name - ini->text),
		.value = (uint32_t)(value - ini->text),
		.line = p->line,
	};
	p->section->n_keys++;
	p->option = OPTION_OPEN;
	p->value_end = value + value_size;
	return 0;
}

/* A line that is neither blank, comment nor continuation; without the blanks around it. */
static int take_start(struct parser *p, char *text, size_t size)
{
	const char *bracket = text[0] == '[' ? memrchr(text, ']', size) : NULL;
	size_t separator = 0;
	size_t name_size;
	size_t value;

	if (bracket && bracket > text + 1)
		return start_section(p, text + 1, (size_t)(bracket - text) - 1);

	/* From here on the line is either an option or bad; and whatever is wrong with it, it takes
	 * its continuation lines along. Its text is not repeated: it may be a piece of a secret. */
	p->option = OPTION_DROPPED;
	while (separator < size && text[separator] != '=' && text[separator] != ':')
		separator++;
	name_size = text_strip_end(text, separator);
	if (!p->section)
		bad_line(p, p->line, "this stands before the first section header, [NAME]");
	else if (separator == size)
		bad_line(p, p->line,
			 "this is no section header, [NAME], no option, KEY = VALUE, and no "
			 "comment; a line that continues a value must be indented");
	else if (name_size == 0)
		bad_line(p, p->line, "there is no key before the separator");
	else {
		value = separator + 1;
		value += text_strip_start(text + value, size - value);
		return start_option(p, text, name_size, text + value, size - value);
	}
	return 0;
}

static size_t count_characters(const char *text, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < size; i++)
		n += ((unsigned char)text[i] & 0xc0) != 0x80;
	return n;
}

/* One line without its end. */
static int take_line(struct parser *p, char *line, size_t size)
{
	size_t start;
	size_t indent;

	p->line++;
	if (memchr(line, '\0', size)) {
		bad_line(p, p->line, "there is a NUL byte in this line");
		return 0;
	}
	if (!text_is_utf8(line, size)) {
		bad_line(p, p->line, "this line is not UTF-8");
		return 0;
	}
	start = text_strip_start(line, size);
	if (start == size) {
		p->n_empty += p->option == OPTION_OPEN;
		return 0;
	}
	if (line[start] == '#' || line[start] == ';')
		return 0;
	indent = count_characters(line, start);
	size = text_strip_end(line, size);
	if (p->option != OPTION_NONE && indent > p->indent) {
		continue_option(p, line + start, size - start);
		return 0;
	}
	close_option(p);
	p->indent = indent;
	return take_start(p, line + start, size - start);
}

/* A lone CR ends a line too: the reference takes it so, and a value must not swallow the next. */
static int take_lines(struct parser *p)
{
	char *at = p->ini->text;
	char *end = at + p->ini->size;
	char *line_feed = NULL; /* the next one; looked for once, or lone CRs would make it slow */

	/* A byte order mark would make the first line a bad one (SRV-INI-1 lets us skip it). */
	if (p->ini->size >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
		at += 3;
	while (at < end) {
		char *line_end;
		int r;

		if (!line_feed || line_feed < at)
			line_feed = memchr(at, '\n', (size_t)(end - at));
		if (!line_feed)
			line_feed = end;
		line_end = memchr(at, '\r', (size_t)(line_feed - at));
		if (!line_end)
			line_end = line_feed;
		r = take_line(p, at, (size_t)(line_end - at));
		if (r < 0)
			return r;
		at = line_end + 1;
		if (line_end + 1 < end && line_end[0] == '\r' && line_end[1] == '\n')
			at++;
	}
	close_option(p);
	return 0;
}

static int compare_keys(const void *a, const void *b, void *userdata)
{
	const struct key_list *list = userdata;
	uint32_t i = *(const uint32_t *)a;
	uint32_t j = *(const uint32_t *)b;
	int order = strcmp(list->text + list->keys[i].name, list->text + list->keys[j].name);

	return order != 0 ? order : (i > j) - (i < j);
}

static int compare_sections(const void *a, const void *b, void *userdata)
{
	const struct ini_section *sections = userdata;
	uint32_t i = *(const uint32_t *)a;
	uint32_t j = *(const uint32_t *)b;
	int order = strcmp(sections[i].name, sections[j].name);

	return order != 0 ? order : (i > j) - (i < j);
}

static void sort_keys(struct parser *p, struct key_list *list, const struct ini_section *s)
{
	uint32_t *order;

	if (s->n_keys == 0)
		return;
	order = list->by_name + s->first;
	for (uint32_t i = 0; i < s->n_keys; i++)
		order[i] = s->first + i;
	qsort_r(order, s->n_keys, sizeof(*order), compare_keys, list);
	for (uint32_t i = 1; i < s->n_keys; i++) {
		const struct key *one = &list->keys[order[i - 1]];
		const struct key *other = &list->keys[order[i]];

		if (strcmp(list->text + one->name, list->text + other->name) == 0)
			bad_line(p, other->line, "this key was given before in the same section");
	}
}

static int index_list(struct key_list *list)
{
	if (list->n_keys == 0)
		return 0;
	list->by_name = calloc(list->n_keys, sizeof(*list->by_name));
	return list->by_name ? 0 : -ENOMEM;
}

static int find_duplicate_sections(struct parser *p)
{
	struct ini *ini = p->ini;
	uint32_t *order;

	if (ini->n_sections == 0)
		return 0;
	order = calloc(ini->n_sections, sizeof(*order));
	if (!order)
		return -ENOMEM;
	for (uint32_t i = 0; i < ini->n_sections; i++)
		order[i] = i;
	qsort_r(order, ini->n_sections, sizeof(*order), compare_sections, ini->sections);
	for (uint32_t i = 1; i < ini->n_sections; i++) {
		const struct ini_section *other = &ini->sections[order[i]];

		if (strcmp(ini->sections[order[i - 1]].name, other->name) == 0)
			bad_line(p, other->line, "there was a section of this name before");
	}
	free(order);
	return 0;
}

static int index_keys(struct parser *p)
{
	struct ini *ini = p->ini;
	int r = index_list(&ini->keys);

	if (r == 0)
		r = index_list(&ini->default_keys);
	if (r < 0)
		return r;
	sort_keys(p, &ini->default_keys, &ini->default_section);
	for (uint32_t i = 0; i < ini->n_sections; i++)
		sort_keys(p, &ini->keys, &ini->sections[i]);
	return find_duplicate_sections(p);
}

static void ini_freep(struct ini **ini)
{
	(void)ini_free(*ini);
}

int ini_parse(const char *text, size_t size, ini_complain_fn *complain, void *userdata,
	      struct ini **ret)
{
	char *copy;

	if (size > INI_FILE_MAX)
		return -EFBIG;
	copy = malloc(size + 1);
	if (!copy)
		return -ENOMEM;
	if (size > 0)
		memcpy(copy, text, size);
	return ini_parse_owned(copy, size, complain, userdata, ret);
}

int ini_parse_owned(char *text, size_t size, ini_complain_fn *complain, void *userdata,
		    struct ini **ret)
{
	_cleanup_(ini_freep) struct ini *ini = calloc(1, sizeof(*ini));
	struct parser p = { .complain = complain, .userdata = userdata };
	int r;

	if (!ini || size > INI_FILE_MAX) {
		explicit_bzero(text, size);
		free(text);
		return ini ? -EFBIG : -ENOMEM;
	}
	ini->text = text;
	ini->size = size;
	ini->keys.text = ini->text;
	ini->default_keys.text = ini->text;
	ini->default_section =
		(struct ini_section){ .list = &ini->default_keys, .name = "DEFAULT" };
	p.ini = ini;
	r = take_lines(&p);
	if (r == 0)
		r = index_keys(&p);
	if (r < 0)
		return r;
	*ret = STEAL_PTR(ini);
	return p.n_bad;
}

struct ini *ini_free(struct ini *ini)
{
	if (!ini)
		return NULL;
	if (ini->text)
		explicit_bzero(ini->text, ini->size + 1);
	free(ini->text);
	free(ini->keys.keys);
	free(ini->keys.by_name);
	free(ini->default_keys.keys);
	free(ini->default_keys.by_name);
	free(ini->sections);
	free(ini);
	return NULL;
}

const struct ini_section *ini_next_section(const struct ini *ini, const struct ini_section *after)
{
	const struct ini_section *next = after ? after + 1 : ini->sections;

	return ini->n_sections > 0 && next < ini->sections + ini->n_sections ? next : NULL;
}

const struct ini_section *ini_default_section(const struct ini *ini)
{
	return &ini->default_section;
}

const char *ini_section_name(const struct ini_section *s)
{
	return s->name;
}

unsigned int ini_section_line(const struct ini_section *s)
{
	return s->line;
}

const char *ini_next_key(const struct ini_section *s, const char *after)
{
	uint32_t low = s->first;
	uint32_t end = s->first + s->n_keys;
	uint32_t high = end;

	/* Keys are in the order in which their names stand in the text. */
	while (after && low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (s->list->text + s->list->keys[middle].name <= after)
			low = middle + 1;
		else
			high = middle;
	}
	return low < end ? s->list->text + s->list->keys[low].name : NULL;
}

/* The first of that name, should there be several. */
static const struct key *find_key(const struct ini_section *s, const char *key, size_t key_size)
{
	const struct key_list *list = s->list;
	uint32_t low = s->first;
	uint32_t end = s->first + s->n_keys;
	uint32_t high = end;
	const struct key *found;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		found = &list->keys[list->by_name[middle]];
		if (text_compare_lower(list->text + found->name, key, key_size) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == end)
		return NULL;
	found = &list->keys[list->by_name[low]];
	return text_compare_lower(list->text + found->name, key, key_size) == 0 ? found : NULL;
}

const char *ini_raw_sized(const struct ini *ini, const struct ini_section *s, const char *key,
			  size_t key_size, unsigned int *ret_line)
{
	const struct key *found = find_key(s, key, key_size);

	if (!found)
		found = find_key(&ini->default_section, key, key_size);
	if (!found)
		return NULL;
	if (ret_line)
		*ret_line = found->line;
	return ini->text + found->value;
}

const char *ini_raw(const struct ini *ini, const struct ini_section *s, const char *key,
		    unsigned int *ret_line)
{
	return ini_raw_sized(ini, s, key, strlen(key), ret_line);
}
