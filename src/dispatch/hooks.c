/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dispatch/hooks.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/match.h"
#include "wire/duration.h"
#include "wire/ini.h"

/* What a section may do without; limit and timeout are for both, a chat and a pager. */
#define DEFAULT_LIMIT	"10/PT10M"
#define DEFAULT_TIMEOUT "PT30S"

/** struct reading - one call of hooks_parse() */
struct reading {
	hooks_complain_fn *complain;
	void *userdata;
	struct ini *ini;
	const struct ini_section *section;
	int n_bad;
	bool out_of_memory;
};

static void ini_freep(struct ini **ini)
{
	(void)ini_free(*ini);
}

static void report(struct reading *r, unsigned int line, const char *format, ...) _printf_(3, 4);

static void report(struct reading *r, unsigned int line, const char *format, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	r->complain(r->userdata, line, text);
	r->n_bad++;
}

static void on_bad_line(void *userdata, unsigned int line, const char *text)
{
	struct reading *r = userdata;

	report(r, line, "%s", text);
}

/* As it is written: whoever writes commands needs each percent sign. */
static const char *value_of(struct reading *r, const char *key, const char *otherwise,
			    unsigned int *ret_line)
{
	const char *value = ini_raw(r->ini, r->section, key, ret_line);

	if (value)
		return value;
	*ret_line = ini_section_line(r->section);
	return otherwise;
}

static bool split(struct reading *r, unsigned int line, const char *key, const char *text,
		  struct words *ret)
{
	int result = words_split(text, ret);

	if (result < 0)
		r->out_of_memory = true;
	else if (result != WORDS_OK)
		report(r, line, "%s: %s%s", key, words_result_text((enum words_result)result),
		       result == WORDS_ACTIVE && strcmp(key, "command") == 0
			       ? "; with \"shell = yes\" there is one"
			       : "");
	return result == WORDS_OK;
}

static void take_events(struct reading *r, struct hook *hook)
{
	_cleanup_words_ struct words words = { 0 };
	unsigned int line;
	const char *text = value_of(r, "events", "", &line);

	if (!split(r, line, "events", text, &words))
		return;
	for (size_t i = 0; i < words.n; i++) {
		enum notice_kind kind;

		if (notice_find(words.list[i], &kind))
			hook->events |= NOTICE_BIT(kind);
		else
			report(r, line,
			       "events: there is none with the name '%.64s'; there are "
			       "need-approval, disabled, rejected, client-not-found, got-secret "
			       "and lockdown",
			       words.list[i]);
	}
	if (words.n == 0)
		hook->events = NOTICE_EVENTS_MASK;
}

static void take_clients(struct reading *r, struct hook *hook)
{
	unsigned int line;
	const char *text = value_of(r, "clients", "", &line);

	(void)split(r, line, "clients", text, &hook->clients);
}

static void take_command(struct reading *r, struct hook *hook)
{
	unsigned int line, shell_line;
	const char *text = value_of(r, "command", NULL, &line);
	const char *shell = value_of(r, "shell", "no", &shell_line);
	bool has_shell = false;

	if (!ini_bool(shell, &has_shell))
		report(r, shell_line, "shell: '%.64s' is neither yes nor no", shell);
	if (!text || !*text) {
		report(r, line, "command: there is none to run");
	} else if (!has_shell) {
		if (split(r, line, "command", text, &hook->command) &&
		    (hook->command.n == 0 || !*hook->command.list[0]))
			report(r, line, "command: there is none to run");
	} else if (strlen(text) > WORDS_TEXT_MAX) {
		report(r, line, "command: it is too long");
	} else {
		hook->script = strdup(text);
		r->out_of_memory = r->out_of_memory || !hook->script;
		hook->shell[0] = "/bin/sh";
		hook->shell[1] = "-c";
		hook->shell[2] = hook->script;
	}
}

/* "N/PERIOD" */
static bool limit_rule_parse(const char *text, struct limit_rule *ret)
{
	const char *slash = strchr(text, '/');
	char number[16];
	long long n;

	if (!slash || (size_t)(slash - text) >= sizeof(number))
		return false;
	memcpy(number, text, (size_t)(slash - text));
	number[slash - text] = '\0';
	if (!ini_int(number, &n) || n < 1 || n > HOOK_LIMIT_MAX ||
	    duration_parse(slash + 1, &ret->period) != DURATION_OK || ret->period < USEC_PER_SEC)
		return false;
	ret->n = (unsigned int)n;
	return true;
}

static void take_limit(struct reading *r, struct hook *hook)
{
	unsigned int line;
	const char *text = value_of(r, "limit", DEFAULT_LIMIT, &line);

	if (!limit_rule_parse(text, &hook->rule))
		report(r, line,
		       "limit: '%.64s' is not a number from 1 to %d, a slash, and a duration of "
		       "at least a second, as in " DEFAULT_LIMIT,
		       text, HOOK_LIMIT_MAX);
}

static void take_timeout(struct reading *r, struct hook *hook)
{
	unsigned int line;
	const char *text = value_of(r, "timeout", DEFAULT_TIMEOUT, &line);

	if (duration_parse(text, &hook->timeout) != DURATION_OK || hook->timeout < USEC_PER_SEC ||
	    hook->timeout > HOOK_TIMEOUT_MAX)
		report(r, line, "timeout: '%.64s' is no duration from PT1S to PT1H", text);
}

/* A key with a slip in it would be as good as none, and nobody would be called. */
static void check_keys(struct reading *r, const struct ini_section *s)
{
	static const char *const known[] = { "events", "clients", "command",
					     "shell",  "limit",	  "timeout" };

	for (const char *key = ini_next_key(s, NULL); key; key = ini_next_key(s, key)) {
		unsigned int line = 0;
		size_t i = 0;

		while (i < ARRAY_SIZE(known) && strcmp(known[i], key) != 0)
			i++;
		(void)ini_raw(r->ini, s, key, &line);
		if (i == ARRAY_SIZE(known))
			report(r, line,
			       "there is no setting '%.64s'; there are events, clients, command, "
			       "shell, limit and timeout",
			       key);
	}
}

static struct hook *read_hook(struct reading *r, const struct ini_section *s)
{
	struct hook *hook = calloc(1, sizeof(*hook));

	if (hook) {
		hook->n_refs = 1;
		hook->name = strdup(ini_section_name(s));
	}
	if (!hook || !hook->name) {
		r->out_of_memory = true;
		return hook_unref(hook);
	}
	r->section = s;
	check_keys(r, s);
	take_events(r, hook);
	take_clients(r, hook);
	take_command(r, hook);
	take_limit(r, hook);
	take_timeout(r, hook);
	return hook;
}

static void read_all(struct reading *r, struct hooks *hooks)
{
	check_keys(r, ini_default_section(r->ini));
	for (const struct ini_section *s = ini_next_section(r->ini, NULL); s && !r->out_of_memory;
	     s = ini_next_section(r->ini, s)) {
		if (hooks->n == HOOKS_MAX) {
			report(r, ini_section_line(s), "there are more than %d sections",
			       HOOKS_MAX);
			return;
		}
		hooks->list[hooks->n] = read_hook(r, s);
		if (hooks->list[hooks->n])
			hooks->n++;
	}
}

int hooks_parse(const char *text, size_t size, hooks_complain_fn *complain, void *userdata,
		struct hooks *ret)
{
	_cleanup_(ini_freep) struct ini *ini = NULL;
	_cleanup_hooks_ struct hooks hooks = { 0 };
	struct reading reading = { .complain = complain, .userdata = userdata };
	int r;

	*ret = (struct hooks){ 0 };
	if (size > HOOKS_FILE_MAX)
		return -EFBIG;
	r = ini_parse(text, size, on_bad_line, &reading, &ini);
	if (r < 0)
		return r;
	hooks.list = calloc(HOOKS_MAX, sizeof(struct hook *));
	if (!hooks.list)
		return -ENOMEM;
	reading.ini = ini;
	read_all(&reading, &hooks);
	if (reading.out_of_memory)
		return -ENOMEM;
	if (reading.n_bad == 0) {
		*ret = hooks;
		hooks = (struct hooks){ 0 };
	}
	return reading.n_bad;
}

void hooks_carry(struct hooks *hooks, const struct hooks *old)
{
	for (size_t i = 0; i < hooks->n; i++) {
		for (size_t j = 0; j < old->n; j++) {
			if (strcmp(hooks->list[i]->name, old->list[j]->name) == 0)
				memcpy(hooks->list[i]->limits, old->list[j]->limits,
				       sizeof(old->list[j]->limits));
		}
	}
}

void hooks_deinit(struct hooks *hooks)
{
	for (size_t i = 0; i < hooks->n; i++)
		(void)hook_unref(hooks->list[i]);
	free(hooks->list);
	*hooks = (struct hooks){ 0 };
}

bool hook_wants(const struct hook *hook, enum notice_kind kind, const char *client)
{
	if (!(hook->events & NOTICE_BIT(kind)))
		return false;
	return client ? admin_match(client, (const char *const *)hook->clients.list,
				    hook->clients.n)
		      : hook->clients.n == 0;
}

char *const *hook_argv(const struct hook *hook)
{
	/* exec never writes to its arguments; its prototype only predates const. */
	return hook->script ? (char *const *)(uintptr_t)hook->shell : hook->command.list;
}

struct hook *hook_ref(struct hook *hook)
{
	hook->n_refs++;
	return hook;
}

struct hook *hook_unref(struct hook *hook)
{
	if (!hook || --hook->n_refs > 0)
		return NULL;
	free(hook->name);
	free(hook->script);
	words_deinit(&hook->clients);
	words_deinit(&hook->command);
	free(hook);
	return NULL;
}
