/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/ask-file.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>

#define GROUP "[Ask]"

/* A part of the text; @at NULL: none. */
struct span {
	const char *at;
	size_t size;
};

struct found {
	struct span socket, pid, not_after, id;
};

static struct span trimmed(struct span s)
{
	while (s.size > 0 && (*s.at == ' ' || *s.at == '\t')) {
		s.at++;
		s.size--;
	}
	while (s.size > 0 && strchr(" \t\r", s.at[s.size - 1]) && s.at[s.size - 1] != '\0')
		s.size--;
	return s;
}

static bool is(struct span s, const char *word)
{
	return s.size == strlen(word) && memcmp(s.at, word, s.size) == 0;
}

static void take_pair(struct span line, struct found *found)
{
	const char *equals = memchr(line.at, '=', line.size);
	struct span key, value;

	if (!equals)
		return;
	key = trimmed((struct span){ line.at, (size_t)(equals - line.at) });
	value = trimmed((struct span){ equals + 1, line.size - (size_t)(equals - line.at) - 1 });
	if (is(key, "Socket"))
		found->socket = value;
	else if (is(key, "PID"))
		found->pid = value;
	else if (is(key, "NotAfter"))
		found->not_after = value;
	else if (is(key, "Id"))
		found->id = value;
}

static struct found find_pairs(const char *text, size_t size)
{
	struct found found = { 0 };
	bool in_group = false;

	while (size > 0) {
		const char *end = memchr(text, '\n', size);
		size_t length = end ? (size_t)(end - text) : size;
		struct span line = trimmed((struct span){ text, length });

		if (line.size > 0 && *line.at == '[')
			in_group = is(line, GROUP);
		else if (in_group && line.size > 0 && *line.at != '#' && *line.at != ';')
			take_pair(line, &found);
		length += end ? 1 : 0;
		text += length;
		size -= length;
	}
	return found;
}

/* Digits and nothing else. */
static bool parse_number(struct span s, uint64_t *ret)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s.size; i++) {
		uint64_t digit = (uint64_t)(unsigned char)s.at[i] - '0';

		if (digit > 9 || __builtin_mul_overflow(n, (uint64_t)10, &n) ||
		    __builtin_add_overflow(n, digit, &n))
			return false;
	}
	*ret = n;
	return s.size > 0;
}

enum ask_file_result ask_file_parse(const char *text, size_t size, struct ask_file *ret)
{
	struct found found = find_pairs(text, size);
	struct ask_file file = { .not_after = USEC_NEVER };
	uint64_t pid, not_after = 0;

	if (found.socket.size == 0 || *found.socket.at != '/' ||
	    memchr(found.socket.at, '\0', found.socket.size))
		return ASK_FILE_NO_SOCKET;
	if (found.socket.size >= sizeof(file.socket))
		return ASK_FILE_LONG_SOCKET;
	if (!parse_number(found.pid, &pid) || pid == 0 || pid > INT_MAX)
		return ASK_FILE_NO_PID;
	if (found.not_after.at && !parse_number(found.not_after, &not_after))
		file.is_bad_not_after = true;
	else if (not_after > 0)
		file.not_after = not_after;
	file.pid = (pid_t)pid;
	memcpy(file.socket, found.socket.at, found.socket.size);
	if (found.id.size > 0 && found.id.size < sizeof(file.id) &&
	    !memchr(found.id.at, '\0', found.id.size))
		memcpy(file.id, found.id.at, found.id.size);
	*ret = file;
	return ASK_FILE_OK;
}

const char *ask_file_result_text(enum ask_file_result result)
{
	switch (result) {
	case ASK_FILE_OK:
		return "it is good";
	case ASK_FILE_NO_SOCKET:
		return "it names no socket";
	case ASK_FILE_LONG_SOCKET:
		return "the name of its socket is too long";
	case ASK_FILE_NO_PID:
		return "it names no process";
	}
	return "?";
}
