/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whatever the bytes: it ends, names are names, a server can be connected to or be asked about. */
#include "fuzz.h"
#include "wire/mdns.h"

/* Labels that end exactly where the name does. */
static bool is_name(const struct mdns_name *n)
{
	size_t at = 0;

	while (at < n->size && n->data[at] != 0)
		at += 1 + n->data[at];
	return n->size <= MDNS_NAME_SIZE && at + 1 == n->size;
}

static void check_query(const struct mdns_service *s, enum peer_family family)
{
	uint8_t query[MDNS_QUERY_MAX];
	struct writer w = WRITER(query, sizeof(query));
	struct mdns_answer a;

	mdns_put_query(&w, 7, s, family);
	REQUIRE(!w.failed);
	/* Our own question, come back as an answer without records, is well-formed. */
	query[2] = 0x80;
	REQUIRE(mdns_open(query, w.used, 7, &a) && a.n_records == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum peer_family families[] = { PEER_IPV4, PEER_IPV6 };
	uint8_t *copy = fuzz_exact(data, size);
	struct reader r = READER(copy, size);
	uint16_t id = take_u16(&r);

	for (size_t f = 0; f < 2; f++) {
		struct mdns_answer a;
		struct mdns_service s;
		size_t n = 0;

		if (!mdns_open(copy, size, id, &a))
			break;
		REQUIRE(!mdns_open(copy, size, (uint16_t)(id + 1), &a));
		REQUIRE(mdns_open(copy, size, id, &a));
		while (mdns_next(&a, families[f], &s)) {
			REQUIRE(++n <= MDNS_RECORDS_MAX);
			REQUIRE(is_name(&s.instance) && s.instance.size > 21);
			REQUIRE(s.host.size == 0 || is_name(&s.host));
			REQUIRE(s.host.size > 0 || !s.has_address);
			REQUIRE(!s.has_address ||
				(s.server.port != 0 && s.server.family == families[f] &&
				 s.server.scope_id == 0));
			check_query(&s, families[f]);
		}
	}
	free(copy);
	return 0;
}
