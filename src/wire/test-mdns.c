/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CLI-DISC-1, CLI-DISC-2; against what avahi-daemon sent, and what none should send. */
#include "wire/mdns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"

#define ID 0x03e8

/* What avahi-daemon 0.8 answers: the question, PTR, TXT, SRV and AAAA, compressed. */
static const uint8_t real[] =
	"\x03\xe8\x84\0\0\1\0\4\0\0\0\0\7_mandos\4_tcp\5local\0\0\x0c\0\1\xc0\x0c\0\x0c\0\1\0\0\0\n"
	"\0\t\6Mandos\xc0\x0c\xc0\x30\0\x10\0\1\0\0\0\n\0\1\0\xc0\x30\0!\0\1\0\0\0\n\0\x0f\0\0\0\0"
	"\xa5\xdf\6server\xc0\x19\xc0X\0\x1c\0\1\0\0\0\n\0\x10\xfe\x80\0\0\0\0\0\0\x90\x13\xc5\xff"
	"\xfe\xec\xd9\x61";
#define REAL_SIZE (sizeof(real) - 1)

#define OWNER "\6Mandos\7_mandos\4_tcp\5local\0"
#define HOST  "\6server\5local\0"

/** struct packet - one that a test writes record by record */
struct packet {
	uint8_t data[MDNS_DATAGRAM_MAX + 1];
	struct writer w;
};

static void begin(struct packet *p, uint16_t n_records)
{
	p->w = WRITER(p->data, sizeof(p->data));
	put_u16(&p->w, ID);
	put_u16(&p->w, 0x8400);
	put_u16(&p->w, 0);
	put_u16(&p->w, n_records);
	put_u32(&p->w, 0);
}

static void put_record(struct packet *p, const struct reader *owner, uint16_t type,
		       const struct reader *data)
{
	put_bytes(&p->w, owner->data, owner->size);
	put_u16(&p->w, type);
	put_u16(&p->w, 0x8001);
	put_u32(&p->w, 120);
	put_u16(&p->w, (uint16_t)data->size);
	put_bytes(&p->w, data->data, data->size);
}

/* Literals, whose last byte is the compiler's. */
#define TEXT(text)	(&READER((const uint8_t *)(text), sizeof(text) - 1))
#define SRV(port, host) TEXT("\0\0\0\0" port host)
#define PORT		"\x12\x67"

static bool is_open(const struct packet *p, struct mdns_answer *ret)
{
	assert_false(p->w.failed);
	return mdns_open(p->data, p->w.used, ID, ret);
}

static size_t count(struct packet *p, enum peer_family family)
{
	struct mdns_answer a;
	struct mdns_service s;
	size_t n = 0;

	assert_true(is_open(p, &a));
	while (mdns_next(&a, family, &s))
		n++;
	return n;
}

static void test_mdns_next__real_answer__server(void **state)
{
	static const uint8_t address[] = "\xfe\x80\0\0\0\0\0\0\x90\x13\xc5\xff\xfe\xec\xd9\x61";
	struct mdns_answer a;
	struct mdns_service s;

	(void)state;
	assert_true(mdns_open(real, REAL_SIZE, ID, &a));
	assert_true(mdns_next(&a, PEER_IPV6, &s));
	assert_int_equal(s.instance.size, sizeof(OWNER) - 1);
	assert_memory_equal(s.instance.data, OWNER, s.instance.size);
	assert_int_equal(s.host.size, sizeof(HOST) - 1);
	assert_memory_equal(s.host.data, HOST, s.host.size);
	assert_true(s.has_address);
	assert_int_equal(s.server.family, PEER_IPV6);
	assert_int_equal(s.server.port, 0xa5df);
	assert_int_equal(s.server.scope_id, 0);
	assert_memory_equal(s.server.address, address, 16);
	assert_false(mdns_next(&a, PEER_IPV6, &s));
}

static void test_mdns_next__other_family__no_address(void **state)
{
	struct mdns_answer a;
	struct mdns_service s;

	(void)state;
	assert_true(mdns_open(real, REAL_SIZE, ID, &a));
	assert_true(mdns_next(&a, PEER_IPV4, &s));
	assert_false(s.has_address);
	assert_int_equal(s.host.size, sizeof(HOST) - 1);
	assert_false(mdns_next(&a, PEER_IPV4, &s));
}

static void test_mdns_open__cut_anywhere__refused(void **state)
{
	struct mdns_answer a;

	(void)state;
	for (size_t size = 0; size < REAL_SIZE; size++) {
		uint8_t *copy = malloc(size + 1);

		assert_non_null(copy);
		memcpy(copy, real, size);
		assert_false(mdns_open(copy, size, ID, &a));
		free(copy);
	}
}

static void test_mdns_open__header__must_be_a_good_answer_to_us(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
	} bad[] = {
		{ 1, 0xe9 }, /* another question */
		{ 2, 0x04 }, /* a question itself */
		{ 2, 0xac }, /* opcode 5 */
		{ 3, 0x03 }, /* "no such name" */
	};
	struct mdns_answer a;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		uint8_t copy[REAL_SIZE];

		memcpy(copy, real, sizeof(copy));
		copy[bad[i].at] = bad[i].value;
		assert_false(mdns_open(copy, sizeof(copy), ID, &a));
	}
}

static void test_mdns_next__names__without_regard_to_case(void **state)
{
	struct packet p;
	struct mdns_answer a;
	struct mdns_service s;

	(void)state;
	begin(&p, 2);
	put_record(&p, TEXT("\6Mandos\7_MANDOS\4_Tcp\5LOCAL\0"), 33,
		   SRV(PORT, "\6SERVER\5local\0"));
	put_record(&p, TEXT("\6server\5Local\0"), 1, TEXT("\xc6\x33\x64\1"));
	assert_true(is_open(&p, &a));
	assert_true(mdns_next(&a, PEER_IPV4, &s));
	assert_true(s.has_address);
	assert_memory_equal(s.server.address, "\xc6\x33\x64\1", 4);
}

/* RFC 6762, section 6: what is not asked for may come along, and may be missing. */
static void test_mdns_next__only_the_name__to_be_asked(void **state)
{
	struct packet p;
	struct mdns_answer a;
	struct mdns_service s;

	(void)state;
	begin(&p, 1);
	put_record(&p, TEXT("\7_mandos\4_tcp\5local\0"), 12, TEXT(OWNER));
	assert_true(is_open(&p, &a));
	assert_true(mdns_next(&a, PEER_IPV6, &s));
	assert_int_equal(s.instance.size, sizeof(OWNER) - 1);
	assert_int_equal(s.host.size, 0);
	assert_false(s.has_address);
	assert_false(mdns_next(&a, PEER_IPV6, &s));
}

static void test_mdns_next__several__all_of_them(void **state)
{
	struct packet p;

	(void)state;
	begin(&p, 5);
	put_record(&p, TEXT("\7_mandos\4_tcp\5local\0"), 12, TEXT("\1a\7_mandos\4_tcp\5local\0"));
	put_record(&p, TEXT("\7_mandos\4_tcp\5local\0"), 12, TEXT("\1b\7_mandos\4_tcp\5local\0"));
	put_record(&p, TEXT("\1b\7_mandos\4_tcp\5local\0"), 33, SRV(PORT, HOST));
	put_record(&p, TEXT("\1c\7_mandos\4_tcp\5local\0"), 33, SRV(PORT, HOST));
	put_record(&p, TEXT(HOST), 28, TEXT("0123456789abcdef"));
	assert_int_equal(count(&p, PEER_IPV6), 3);
}

static void test_mdns_next__of_no_use__passed_over(void **state)
{
	struct packet p;

	(void)state;
	begin(&p, 6);
	put_record(&p, TEXT("\6Mandos\5_http\4_tcp\5local\0"), 33, SRV(PORT, HOST));
	put_record(&p, TEXT("\7_mandos\4_tcp\5local\0"), 33, SRV(PORT, HOST));
	put_record(&p, TEXT("\1a\1b\7_mandos\4_tcp\5local\0"), 33, SRV(PORT, HOST));
	put_record(&p, TEXT(OWNER), 33, SRV("\0\0", HOST));
	put_record(&p, TEXT("\5_http\4_tcp\5local\0"), 12, TEXT(OWNER));
	put_record(&p, TEXT("\7_mandos\4_tcp\5local\0"), 12, TEXT("\5_http\4_tcp\5local\0"));
	assert_int_equal(count(&p, PEER_IPV4), 0);
}

static void test_mdns_next__goodbye_or_other_class__passed_over(void **state)
{
	struct packet p;

	(void)state;
	for (int i = 0; i < 2; i++) {
		size_t at;

		begin(&p, 1);
		put_record(&p, TEXT(OWNER), 33, SRV(PORT, HOST));
		at = 12 + sizeof(OWNER) - 1 + 2;
		if (i == 0)
			memset(p.data + at + 2, 0, 4); /* time to live */
		else
			p.data[at + 1] = 3; /* CHAOS */
		assert_int_equal(count(&p, PEER_IPV4), 0);
	}
}

/* At the bound: the last record that is looked at, and the first that is not. */
static void test_mdns_next__many_records__bounded(void **state)
{
	struct packet p;

	(void)state;
	for (size_t n = MDNS_RECORDS_MAX; n <= MDNS_RECORDS_MAX + 1; n++) {
		begin(&p, (uint16_t)n);
		for (size_t i = 0; i < n - 1; i++)
			put_record(&p, TEXT("\1x\0"), 16, TEXT(""));
		put_record(&p, TEXT(OWNER), 33, SRV(PORT, HOST));
		assert_int_equal(count(&p, PEER_IPV4), n == MDNS_RECORDS_MAX);
	}
}

static void test_mdns_open__size__bounded(void **state)
{
	struct packet p;
	struct mdns_answer a;

	(void)state;
	begin(&p, 0);
	memset(p.data + p.w.used, 0, sizeof(p.data) - p.w.used);
	p.w.used = MDNS_DATAGRAM_MAX;
	assert_true(is_open(&p, &a));
	p.w.used++;
	assert_false(is_open(&p, &a));
}

static void test_mdns_open__compression__never_runs_in_circles(void **state)
{
	static const struct {
		const char *owner;
		size_t size;
		bool is_good;
	} cases[] = {
		{ "\1x\0", 3, true },	     { "\xc0\x0c", 2, false }, /* itself */
		{ "\xc0\x0e", 2, false },			       /* to the back */
		{ "\1x\xc0\x0c", 4, false },			       /* round and round */
		{ "\xc0\0", 2, false },				       /* into the header */
		{ "\x40x\0", 3, false },     { "\x80x\0", 3, false },  /* no kind of label */
	};
	struct packet p;
	struct mdns_answer a;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		begin(&p, 1);
		put_record(&p, &READER((const uint8_t *)cases[i].owner, cases[i].size), 16,
			   TEXT(""));
		assert_int_equal(is_open(&p, &a), cases[i].is_good);
	}
}

/* A name of @size bytes, of labels of 49 and a shorter one. */
static size_t make_name(uint8_t *at, size_t size)
{
	size_t used = 0;

	while (used < size - 1) {
		size_t label = MIN_OF(size - 1 - used, (size_t)50) - 1;

		at[used] = (uint8_t)label;
		memset(at + used + 1, 'a', label);
		used += 1 + label;
	}
	at[used] = 0;
	return size;
}

static void test_mdns_open__long_names__bounded(void **state)
{
	uint8_t name[MDNS_NAME_SIZE + 1];
	struct packet p;
	struct mdns_answer a;

	(void)state;
	for (size_t size = MDNS_NAME_SIZE; size <= MDNS_NAME_SIZE + 1; size++) {
		begin(&p, 1);
		put_record(&p, &READER(name, make_name(name, size)), 16, TEXT(""));
		assert_int_equal(is_open(&p, &a), size == MDNS_NAME_SIZE);
	}
}

static void test_mdns_open__data_of_wrong_size__refused(void **state)
{
	static const struct {
		uint16_t type;
		struct reader data;
	} cases[] = {
		{ 1, READER((const uint8_t *)"abc", 3) },
		{ 1, READER((const uint8_t *)"abcde", 5) },
		{ 28, READER((const uint8_t *)"abcd", 4) },
		{ 12, READER((const uint8_t *)"\1x\0y", 4) },
		{ 12, READER((const uint8_t *)"\1x", 2) }, /* the end would be beyond */
		{ 33, READER((const uint8_t *)"\0\0\0\0\0", 5) },
		{ 33, READER((const uint8_t *)"\0\0\0\0\0\1\1x\0y", 10) },
	};
	struct packet p;
	struct mdns_answer a;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		begin(&p, 2);
		put_record(&p, TEXT("\1x\0"), cases[i].type, &cases[i].data);
		put_record(&p, TEXT("\1x\0"), 16, TEXT(""));
		assert_false(is_open(&p, &a));
	}
}

static void test_mdns_put_query__each_kind__as_the_rfc_has_it(void **state)
{
	static const uint8_t first[] =
		"\x03\xe8\0\0\0\1\0\0\0\0\0\0\7_mandos\4_tcp\5local\0\0\x0c\0\1";
	static const uint8_t about_instance[] = "\x03\xe8\0\0\0\1\0\0\0\0\0\0" OWNER "\0\x21\0\1";
	static const uint8_t about_host[] =
		"\x03\xe8\0\0\0\2\0\0\0\0\0\0" OWNER "\0\x21\0\1" HOST "\0\x1c\0\1";
	uint8_t data[MDNS_QUERY_MAX];
	struct writer w = WRITER(data, sizeof(data));
	struct mdns_service s = { .instance.size = sizeof(OWNER) - 1 };

	(void)state;
	memcpy(s.instance.data, OWNER, s.instance.size);
	mdns_put_query(&w, ID, NULL, PEER_IPV6);
	assert_int_equal(w.used, sizeof(first) - 1);
	assert_memory_equal(data, first, w.used);
	w.used = 0;
	mdns_put_query(&w, ID, &s, PEER_IPV6);
	assert_int_equal(w.used, sizeof(about_instance) - 1);
	assert_memory_equal(data, about_instance, w.used);
	s.host.size = sizeof(HOST) - 1;
	memcpy(s.host.data, HOST, s.host.size);
	w.used = 0;
	mdns_put_query(&w, ID, &s, PEER_IPV6);
	assert_int_equal(w.used, sizeof(about_host) - 1);
	assert_memory_equal(data, about_host, w.used);
}

static void test_mdns_put_query__longest_names__fit(void **state)
{
	uint8_t data[MDNS_QUERY_MAX];
	struct writer w = WRITER(data, sizeof(data));
	struct mdns_service s;

	(void)state;
	s.instance.size = make_name(s.instance.data, MDNS_NAME_SIZE);
	s.host.size = make_name(s.host.data, MDNS_NAME_SIZE);
	mdns_put_query(&w, ID, &s, PEER_IPV4);
	assert_false(w.failed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mdns_next__real_answer__server),
		cmocka_unit_test(test_mdns_next__other_family__no_address),
		cmocka_unit_test(test_mdns_open__cut_anywhere__refused),
		cmocka_unit_test(test_mdns_open__header__must_be_a_good_answer_to_us),
		cmocka_unit_test(test_mdns_next__names__without_regard_to_case),
		cmocka_unit_test(test_mdns_next__only_the_name__to_be_asked),
		cmocka_unit_test(test_mdns_next__several__all_of_them),
		cmocka_unit_test(test_mdns_next__of_no_use__passed_over),
		cmocka_unit_test(test_mdns_next__goodbye_or_other_class__passed_over),
		cmocka_unit_test(test_mdns_next__many_records__bounded),
		cmocka_unit_test(test_mdns_open__size__bounded),
		cmocka_unit_test(test_mdns_open__compression__never_runs_in_circles),
		cmocka_unit_test(test_mdns_open__long_names__bounded),
		cmocka_unit_test(test_mdns_open__data_of_wrong_size__refused),
		cmocka_unit_test(test_mdns_put_query__each_kind__as_the_rfc_has_it),
		cmocka_unit_test(test_mdns_put_query__longest_names__fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
