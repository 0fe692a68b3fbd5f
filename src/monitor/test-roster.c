/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The order of the list, kept at each change, against sorting it anew. */
#include "monitor/entry.h"
#include "monitor/test-screen.h"

#define N_CLIENTS 200
#define N_CHANGES 20000

/* Repeatable on every machine; nobody's secret. */
static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

/* Returns true if it was the user who moved. */
static bool change_something(struct model *m, uint32_t *seed)
{
	char name[16];
	struct admin_client *c;

	(void)snprintf(name, sizeof(name), "/clients/c%u", next_random(seed) % N_CLIENTS);
	c = admin_clients_find(&m->clients, name);
	if (!c) {
		screen_add(m, name + strlen("/clients/"));
		return false;
	}
	switch (next_random(seed) % 8) {
	case 0:
		model_remove(m, c);
		return false;
	case 1:
		c->enabled = !c->enabled;
		break;
	case 2:
		c->approval_pending = !c->approval_pending;
		break;
	case 3:
		c->approved_by_default = !c->approved_by_default;
		break;
	case 4:
		c->last_checker_status = (int16_t)(next_random(seed) % 5) - 2;
		break;
	case 5:
		screen_set_text(&c->expires, "2026-03-04T05:06:07.5");
		c->expires[17] = (char)('0' + next_random(seed) % 6);
		break;
	default:
		roster_move(&m->roster, (long)(next_random(seed) % 7) - 3);
		return true;
	}
	assert_int_equal(model_refresh(m, c), 0);
	return false;
}

/* Whoever is focused stays focused, and the list is what a new one would be. */
static void assert_consistent(struct model *m)
{
	struct roster anew = { .filter = m->roster.filter,
			       .order = m->roster.order,
			       .is_reversed = m->roster.is_reversed };

	assert_true(m->roster.n_rows == 0 || m->roster.focus < m->roster.n_rows);
	assert_int_equal(roster_rebuild(&anew, &m->clients), 0);
	assert_int_equal(anew.n_rows, m->roster.n_rows);
	if (anew.n_rows > 0)
		assert_memory_equal(anew.rows, m->roster.rows, anew.n_rows * sizeof(struct row *));
	roster_deinit(&anew);
}

static void test_roster_place__any_change__stays_in_order(void **state)
{
	struct model *m = *state;
	uint32_t seed = 1;

	for (int i = 0; i < N_CHANGES; i++) {
		struct row *focused = roster_focused(&m->roster);
		bool is_chosen = m->roster.is_focus_chosen;
		struct admin_client *client;
		char path[32] = "";

		if (focused)
			(void)snprintf(path, sizeof(path), "%s", focused->client->path);
		if (i % 100 == 0)
			screen_type(m, (const char *[]){ "F", "o", "O" }[next_random(&seed) % 3]);
		else if (change_something(m, &seed))
			continue;
		assert_consistent(m);
		client = admin_clients_find(&m->clients, path);
		if (client && is_chosen && ((struct row *)client->data)->is_listed)
			assert_ptr_equal(roster_focused(&m->roster), client->data);
		model_settle(m);
	}
}

/* MON-11: code points, not letters of any language. */
static void test_roster_place__names__by_code_point(void **state)
{
	static const char *const sorted[] = {
		"B", "a", "z", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80"
	};
	struct model *m = *state;

	for (size_t i = ARRAY_SIZE(sorted); i-- > 0;)
		screen_add(m, sorted[i]);
	for (size_t i = 0; i < ARRAY_SIZE(sorted); i++)
		assert_string_equal(m->roster.rows[i]->client->name, sorted[i]);
}

/* Until somebody moves it, the focus is on the first; then it follows its client. */
static void test_roster_place__focus__follows_once_chosen(void **state)
{
	struct model *m = *state;
	struct admin_client *c;

	screen_add(m, "m");
	c = screen_add(m, "f");
	assert_string_equal(roster_focused(&m->roster)->client->name, "f");
	screen_type(m, "joo"); /* by expiry */
	assert_string_equal(roster_focused(&m->roster)->client->name, "m");
	screen_set_text(&c->expires, "2026-03-04T05:09:00");
	assert_int_equal(model_refresh(m, c), 0);
	assert_int_equal(m->roster.focus, 0);
	assert_string_equal(roster_focused(&m->roster)->client->name, "m");
	screen_add(m, "a");
	assert_string_equal(roster_focused(&m->roster)->client->name, "m");
}

/* MON-21: what is left, to the end of what numbers can say. */
static void test_entry_format_duration__bounds(void **state)
{
	static const struct {
		usec_t usec;
		const char *text;
	} cases[] = {
		{ 0, "0:00:00" },
		{ 59999999, "0:00:59" },
		{ UINT64_C(86399) * 1000000, "23:59:59" },
		{ UINT64_C(86400) * 1000000, "1 day, 0:00:00" },
		{ (2 * 86400 + 3661) * UINT64_C(1000000), "2 days, 1:01:01" },
		{ USEC_NEVER, "213503982 days, 8:01:49" },
	};
	char text[ENTRY_DURATION_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		entry_format_duration(cases[i].usec, text);
		assert_string_equal(text, cases[i].text);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, screen_setup, screen_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_roster_place__any_change__stays_in_order),
		TEST(test_roster_place__names__by_code_point),
		TEST(test_roster_place__focus__follows_once_chosen),
		TEST(test_entry_format_duration__bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
