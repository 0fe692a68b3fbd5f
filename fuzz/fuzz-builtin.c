/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is accepted keeps its bounds, and is accepted again when it is written out plainly. */
#include "fuzz.h"
#include "wire/builtin.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), plain[BUILTIN_TEXT_MAX];
	struct builtin b, again;
	enum builtin_result r = builtin_parse(text, &b);

	REQUIRE(builtin_result_text(r)[0] != '\0');
	REQUIRE(r != BUILTIN_OK || strlen(text) <= BUILTIN_TEXT_MAX);
	free(text);
	if (r != BUILTIN_OK)
		return 0;
	REQUIRE(b.host[0] != '\0' && strnlen(b.host, sizeof(b.host)) <= BUILTIN_HOST_MAX);
	REQUIRE(strcspn(b.host, " \t\n'\"[];&|$/\\") == strlen(b.host));
	REQUIRE((b.port == 0) == (b.kind == BUILTIN_PING));
	REQUIRE(b.n_fingerprints <= BUILTIN_FINGERPRINTS_MAX);
	REQUIRE((b.n_fingerprints > 0) == (b.kind == BUILTIN_SSH_HOSTKEY));
	if (b.kind == BUILTIN_SSH_HOSTKEY)
		return 0;
	if (b.kind == BUILTIN_TCP)
		(void)snprintf(plain, sizeof(plain), "builtin:tcp %s %u", b.host, b.port);
	else
		(void)snprintf(plain, sizeof(plain), "builtin:ping %s", b.host);
	REQUIRE(builtin_parse(plain, &again) == BUILTIN_OK);
	REQUIRE(memcmp(&b, &again, sizeof(b)) == 0);
	return 0;
}
