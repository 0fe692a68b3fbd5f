/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Known answers of the pieces on which everything hangs. */
#include "core/selftest.h"

#include <string.h>

#include "base/checks.h"
#include "base/util.h"
#include "core/policy.h"
#include "wire/base64.h"
#include "wire/duration.h"
#include "wire/hello.h"
#include "wire/keyid.h"

static bool durations_are_read(void)
{
	usec_t usec = 0;

	return duration_parse("P1Y2M3DT4H5M6S", &usec) == DURATION_OK &&
	       usec == 36561906 * USEC_PER_SEC && duration_parse("1h30m", &usec) != DURATION_OK;
}

static bool greetings_are_judged(void)
{
	size_t used;

	return hello_parse("1\r\n", 3, false, &used) == HELLO_OK && used == 3 &&
	       hello_parse("2\r\n", 3, false, &used) == HELLO_BAD;
}

static bool nothing_has_no_key(void)
{
	struct key_id id;

	return key_id_parse("E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855",
			    &id) == KEY_ID_OK &&
	       key_id_is_of_nothing(&id);
}

static bool base64_is_read(void)
{
	static const char text[] = "aGVs bG8=";
	uint8_t data[16];
	size_t size = 0;

	return base64_decode_lenient(text, strlen(text), data, &size) == BASE64_OK && size == 5 &&
	       memcmp(data, "hello", size) == 0;
}

static bool expired_is_refused(void)
{
	const struct client_rules rules = {
		.timeout = 10 * USEC_PER_SEC,
		.interval = 2 * USEC_PER_SEC,
	};
	const struct client_event start = { .type = CLIENT_EVENT_START };
	struct instant now = { .boot = USEC_PER_SEC, .real = USEC_PER_SEC };
	struct client_effects effects;
	struct client_life life;

	client_life_init(&life, &rules, true, now);
	client_step(&life, &start, now, &effects);
	if (policy_decide(&life, now, false, false) != POLICY_GIVE)
		return false;
	now.boot = life.expires;
	return policy_decide(&life, now, false, false) == POLICY_REFUSE_DISABLED;
}

static const struct check checks[] = {
	{ "durations", durations_are_read }, { "greetings", greetings_are_judged },
	{ "key IDs", nothing_has_no_key },   { "base64", base64_is_read },
	{ "expiry", expired_is_refused },
};

int selftest_run(void)
{
	return checks_run(checks, ARRAY_SIZE(checks), stderr);
}
