/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A configuration is taken whole or not at all, and whatever is taken can be run. */
#include "dispatch/hooks.h"
#include "fuzz.h"

static void complain(void *userdata, unsigned int line, const char *text)
{
	int *n = userdata;

	REQUIRE(text[0] != '\0');
	(*n)++;
}

static void check(const struct hook *hook)
{
	char *const *argv = hook_argv(hook);

	REQUIRE(argv && argv[0] && argv[0][0] != '\0');
	REQUIRE(hook->events != 0 && (hook->events & ~NOTICE_EVENTS_MASK) == 0);
	REQUIRE(hook->rule.n >= 1 && hook->rule.n <= HOOK_LIMIT_MAX);
	REQUIRE(hook->rule.period >= USEC_PER_SEC);
	REQUIRE(hook->timeout >= USEC_PER_SEC && hook->timeout <= HOOK_TIMEOUT_MAX);
	(void)hook_wants(hook, NOTICE_DISABLED, "web1");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *exact = fuzz_exact(data, size);
	struct hooks hooks;
	int n_told = 0, n = hooks_parse((const char *)exact, size, complain, &n_told, &hooks);

	REQUIRE(n == n_told);
	REQUIRE(n == 0 || hooks.n == 0);
	REQUIRE(hooks.n <= HOOKS_MAX);
	for (size_t i = 0; i < hooks.n; i++)
		check(hooks.list[i]);
	hooks_deinit(&hooks);
	free(exact);
	return 0;
}
