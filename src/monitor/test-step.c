/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What keys ask of the server, and of this program. */
#include "monitor/test-screen.h"

/* One key that asks for exactly one thing, of the client called @name. */
static void assert_asks(struct model *m, uint32_t code, enum model_call what, const char *name)
{
	struct step_actions a = { 0 };

	screen_press(m, code, &a);
	assert_int_equal(a.n_calls, 1);
	assert_int_equal(a.calls[0].what, what);
	assert_string_equal(a.calls[0].client->name, name);
	assert_false(a.quit);
	step_actions_deinit(&a);
}

/* The table of section 9: MON-30 says that they are for the list alone. */
static void test_step_input__client_keys__ask_for_the_focused(void **state)
{
	static const struct {
		uint32_t code;
		enum model_call what;
	} keys[] = {
		{ '+', MODEL_ENABLE },	     { '-', MODEL_DISABLE },
		{ 'a', MODEL_APPROVE },	     { 'd', MODEL_DENY },
		{ 'R', MODEL_REMOVE },	     { '_', MODEL_REMOVE },
		{ 0x0b, MODEL_REMOVE },	     { 's', MODEL_START_CHECKER },
		{ 'S', MODEL_STOP_CHECKER }, { 'C', MODEL_CHECKED_OK },
	};
	struct model *m = *state;

	screen_type(m, "+-adR_sSC"); /* nobody is there */
	screen_add(m, "a");
	screen_add(m, "b");
	screen_type(m, "j");
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		assert_asks(m, keys[i].code, keys[i].what, "b");
	screen_type(m, "\t+-adR_sSC");
	screen_type(m, "l"); /* the focus goes back with the log */
	assert_asks(m, '+', MODEL_ENABLE, "b");
}

/* MON-30: and the focus does not leave the list. Every key of the table of section 9. */
static void test_step_input__moving__stays_in_the_list(void **state)
{
	static const uint32_t up[] = { INPUT_UP, INPUT_CTRL_P, 'k' },
			      down[] = { INPUT_DOWN, INPUT_CTRL_N, 'j' },
			      page_up[] = { INPUT_PAGE_UP, INPUT_META_V, 'b' },
			      page_down[] = { INPUT_PAGE_DOWN, INPUT_CTRL_V, ' ', 'f' };
	struct model *m = *state;
	struct step_actions a = { 0 };
	char name[8];

	for (int i = 10; i < 30; i++) {
		(void)snprintf(name, sizeof(name), "c%d", i);
		screen_add(m, name);
	}
	for (size_t i = 0; i < ARRAY_SIZE(up); i++) {
		m->roster.focus = 1;
		screen_press(m, up[i], &a);
		assert_int_equal(m->roster.focus, 0);
		screen_press(m, up[i], &a);
		assert_int_equal(m->roster.focus, 0);
		m->roster.focus = 18;
		screen_press(m, down[i], &a);
		assert_int_equal(m->roster.focus, 19);
		screen_press(m, down[i], &a);
		assert_int_equal(m->roster.focus, 19);
	}
	for (size_t i = 0; i < ARRAY_SIZE(page_up); i++) {
		screen_press(m, page_up[i], &a);
		assert_true(m->roster.focus < 19 && m->roster.focus > 10);
		m->roster.focus = 19;
	}
	for (size_t i = 0; i < ARRAY_SIZE(page_down); i++) {
		m->roster.focus = 0;
		screen_press(m, page_down[i], &a);
		assert_true(m->roster.focus > 1 && m->roster.focus < 10);
		for (int k = 0; k < 20; k++)
			screen_press(m, page_down[i], &a);
		assert_int_equal(m->roster.focus, 19);
	}
	assert_int_equal(a.n_calls, 0);
}

/* MON-2, and Ctrl-C in every mode. */
static void test_step_input__quit__quits(void **state)
{
	static const char *const modes[] = { "", "h", "/", "mR" };
	struct model *m = *state;

	screen_add(m, "a");
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		struct step_actions a = { 0 };

		screen_type(m, modes[i]);
		screen_press(m, INPUT_CTRL_C, &a);
		assert_true(a.quit);
		screen_type(m, "\x1b");
	}
	for (const char *key = "qQ"; *key; key++) {
		struct step_actions a = { 0 };

		m->mode = MODEL_NORMAL;
		screen_press(m, (unsigned char)*key, &a);
		assert_true(a.quit);
	}
}

static void test_step_input__redraw_and_suspend__asked_for(void **state)
{
	struct step_actions a = { 0 };

	screen_press(*state, INPUT_CTRL_L, &a);
	assert_true(a.redraw && !a.suspend);
	screen_press(*state, INPUT_CTRL_Z, &a);
	assert_true(a.suspend && !a.quit);
}

/* Many at once take one question; nothing but a yes is one. */
static void test_step_input__marked__asks_once_for_all(void **state)
{
	struct model *m = *state;
	struct step_actions a = { 0 };

	screen_add(m, "a");
	screen_add(m, "b")->enabled = false;
	screen_add(m, "c");
	model_resize(m, 6, 40);
	screen_type(m, "mm-");
	screen_assert(m, " * b: DISABLED\n"
			 ">  c: enabled\n"
			 " ─ 2 marked ────────────────────────────\xe2\x94\x80\n"
			 "#Mandos Monitor version " MANDOS_VERSION "\n"
			 "#q: Quit  ?: Help\n"
			 "!Disable 2 marked clients? (y/n)\n");
	screen_type(m, "n");
	assert_int_equal(m->n_marked, 2);
	/* One of them is hidden by the filter, and one goes away while the question stands. */
	screen_type(m, "MFR");
	screen_assert(m, ">* b: DISABLED\n\n"
			 " ─ 1 of 3: only disabled  3 marked ─────\xe2\x94\x80\n"
			 "#Mandos Monitor version " MANDOS_VERSION "\n"
			 "#q: Quit  ?: Help\n"
			 "!Remove from the server 3 marked clients\n");
	model_remove(m, admin_clients_find(&m->clients, "/clients/a"));
	screen_press(m, 'y', &a);
	assert_int_equal(a.n_calls, 2);
	assert_int_equal(a.calls[0].what, MODEL_REMOVE);
	assert_string_equal(a.calls[0].client->name, "b");
	assert_string_equal(a.calls[1].client->name, "c");
	assert_int_equal(m->n_marked, 0);
	step_actions_deinit(&a);
	screen_type(m, "mmu");
	assert_asks(m, '+', MODEL_ENABLE, "b");
}

/* MON-54, MON-55, MON-56: the last two while verbose only. */
static void test_step_input__toggles__logged(void **state)
{
	static const char *const expected[] = {
		"2026-03-04 05:06:07,089: Verbose mode: On",
		"2026-03-04 05:06:07,089: Log visibility changed to: False",
		"2026-03-04 05:06:07,089: Log visibility changed to: True",
		"2026-03-04 05:06:07,089: Wrap mode: clip",
		"2026-03-04 05:06:07,089: Wrap mode: any",
		"2026-03-04 05:06:07,089: Verbose mode: Off",
	};
	struct model *m = *state;

	screen_type(m, "lDwivlDwivlDwi");
	assert_int_equal(m->log.n_lines, 2 + ARRAY_SIZE(expected));
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
		assert_string_equal(logbook_line(&m->log, 2 + i)->text, expected[i]);
}

/* MON-31: by each of its keys. */
static void test_step_input__help__two_bold_lines(void **state)
{
	static const uint32_t keys[] = { '?', INPUT_F1, INPUT_ESCAPE };
	struct model *m = *state;
	struct step_actions a = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		screen_press(m, keys[i], &a);
		assert_int_equal(m->log.n_lines, 4 + 2 * i);
		assert_true(logbook_line(&m->log, 2)->bold && logbook_line(&m->log, 3)->bold);
	}
}

/* A click focuses the entry under it; the wheel moves. */
static void test_step_input__mouse__focuses(void **state)
{
	struct model *m = *state;
	struct step_actions a = { 0 };

	screen_add(m, "a")->last_checker_status = 1; /* two rows */
	screen_add(m, "b");
	screen_add(m, "c");
	assert_int_equal(step_input(m, (struct input){ .code = INPUT_CLICK, .row = 2 }, &a), 0);
	assert_int_equal(m->roster.focus, 1);
	assert_int_equal(step_input(m, (struct input){ .code = INPUT_CLICK, .row = 1 }, &a), 0);
	assert_int_equal(m->roster.focus, 0);
	assert_int_equal(step_input(m, (struct input){ .code = INPUT_CLICK, .row = 4 }, &a), 0);
	assert_int_equal(m->roster.focus, 0);
	assert_int_equal(step_input(m, (struct input){ .code = INPUT_WHEEL_DOWN }, &a), 0);
	assert_int_equal(m->roster.focus, 2);
	assert_int_equal(step_input(m, (struct input){ .code = INPUT_CLICK, .row = 9 }, &a), 0);
	assert_true(m->is_lower_focused);
}

/* At the bound of what can be searched for, characters are left out whole. */
static void test_search_input__at_the_bound__nothing_more(void **state)
{
	struct model *m = *state;
	struct step_actions a = { 0 };

	screen_type(m, "/");
	for (int i = 0; i < MODEL_SEARCH_MAX; i++)
		screen_press(m, 0x20ac, &a);
	assert_int_equal(strlen(m->search), (MODEL_SEARCH_MAX - 1) / 3 * 3);
	screen_press(m, INPUT_BACKSPACE, &a);
	assert_int_equal(strlen(m->search), (MODEL_SEARCH_MAX - 1) / 3 * 3 - 3);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, screen_setup, screen_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_step_input__client_keys__ask_for_the_focused),
		TEST(test_step_input__moving__stays_in_the_list),
		TEST(test_step_input__quit__quits),
		TEST(test_step_input__redraw_and_suspend__asked_for),
		TEST(test_step_input__marked__asks_once_for_all),
		TEST(test_step_input__toggles__logged),
		TEST(test_step_input__help__two_bold_lines),
		TEST(test_step_input__mouse__focuses),
		TEST(test_search_input__at_the_bound__nothing_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
