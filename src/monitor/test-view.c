/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whole screens, of what the server says and of what is typed. */
#include "monitor/test-screen.h"

#define RULE   " ────────────────────────────────────────\n"
#define BANNER "#Mandos Monitor version " MANDOS_VERSION "\n#q: Quit  ?: Help\n"

/* MON-10, MON-11, MON-13, MON-14, MON-20, MON-22: the first entry has the focus. */
static void test_view_draw__states__by_name(void **state)
{
	struct model *m = *state;

	screen_add(m, "on");
	screen_add(m, "Off")->enabled = false;
	screen_add(m, "failing")->last_checker_status = 1;
	screen_add(m, "new")->last_checker_status = -2;
	screen_assert(m, ">Off: DISABLED\n"
			 " failing: A checker has failed! Time\n"
			 " until client gets disabled: 0:01:00\n"
			 " new: No checker has ended yet. Time\n"
			 " until client gets disabled: 0:01:00\n" RULE BANNER "\n\n\n\n");
}

/* MON-20, MON-21: the time that is left is that of the delay. */
static void test_view_draw__approval__counts_down(void **state)
{
	struct model *m = *state;
	struct admin_client *c = screen_add(m, "a");

	c->approval_pending = true;
	c->approval_delay = 90500;
	screen_set_text(&c->last_approval_request, "2026-03-04T05:06:07.089");
	screen_assert(m, ">a: Denial in 0:01:30. (a)pprove?\n\n\n\n\n" RULE BANNER "\n\n\n\n");
	c->approved_by_default = true;
	m->now += 31 * USEC_PER_SEC;
	screen_assert(m, ">a: Approval in 0:00:59. (d)eny?\n\n\n\n\n" RULE BANNER "\n\n\n\n");
	m->now += 3600 * USEC_PER_SEC;
	screen_assert(m, ">a: Approval in 0:00:00. (d)eny?\n\n\n\n\n" RULE BANNER "\n\n\n\n");
}

/* MON-10, MON-31: the log is shown for the help, if it was hidden. */
static void test_view_draw__log_hidden__list_takes_all(void **state)
{
	struct model *m = *state;

	screen_add(m, "a");
	model_resize(m, 5, 40);
	screen_type(m, "l");
	screen_assert(m, ">a: enabled\n\n\n\n" RULE);
	model_resize(m, 14, 80);
	screen_type(m, "?");
	screen_assert(m,
		      ">a: enabled\n\n\n\n\n\n"
		      " ────────────────────────────────────────"
		      "────────────────────────────────────────\n" BANNER
		      "#q: Quit  ?: Help  l: Log window toggle  TAB: Switch window  w: Wrap (log "
		      "lines)\n"
		      "# v: Toggle verbose log\n"
		      "#Clients:  +: Enable  -: Disable  R: Remove  s: Start new checker  S: Stop "
		      "checke\n"
		      "#r  C: Checker OK  a: Approve  d: Deny\n"
		      "\n");
}

/* MON-12, MON-40: the newest line is at the bottom; scrolling up, and a new line goes to the end.
 */
static void test_view_draw__log__shows_its_end(void **state)
{
	struct model *m = *state;

	model_resize(m, 6, 40);
	screen_type(m, "vwvw"); /* with a line only while verbose */
	screen_assert(m, "\n\n" RULE " 2026-03-04 05:06:07,089: Wrap mode: clip\n"
			 " 2026-03-04 05:06:07,089: Verbose mode: O\n"
			 " ff\n");
	screen_type(m, "\tkk");
	screen_assert(m, "\n\n" RULE " 2026-03-04 05:06:07,089: Verbose mode: O\n"
			 " n\n"
			 " 2026-03-04 05:06:07,089: Wrap mode: clip\n");
	screen_type(m, "g");
	screen_assert(m, "\n\n" RULE BANNER " 2026-03-04 05:06:07,089: Verbose mode: O\n");
	/* Back down from the beginning: nothing was counted beyond it. */
	screen_type(m, "kkj");
	screen_assert(m, "\n\n" RULE "#q: Quit  ?: Help\n"
			 " 2026-03-04 05:06:07,089: Verbose mode: O\n"
			 " n\n");
	screen_type(m, "v");
	screen_assert(m, "\n\n" RULE " ff\n"
			 " 2026-03-04 05:06:07,089: Verbose mode: O\n"
			 " n\n");
}

/* MON-15: no size may crash it, or write beyond what is there. */
static void test_view_draw__any_size__draws(void **state)
{
	struct model *m = *state;
	struct cells cells = { 0 };

	screen_add(m, "läng\x1b[2Jer\xff")->last_checker_status = 1;
	screen_add(m, "b");
	for (unsigned rows = 0; rows < 26; rows++) {
		for (unsigned columns = 0; columns < 90; columns += 1 + columns / 8) {
			model_resize(m, rows, columns);
			assert_int_equal(cells_resize(&cells, rows, columns), 0);
			for (const char *key = "jk\thx?mMFFFFoOen/b\rl\r\r\t \tl+n"; *key; key++) {
				struct step_actions a = { 0 };

				screen_press(m, (unsigned char)*key, &a);
				step_actions_deinit(&a);
				view_draw(m, &cells);
			}
			screen_type(m, "n");
		}
	}
	cells_deinit(&cells);
}

/* MON-11: the focus stays on the screen, and the list does not scroll without need. */
static void test_view_draw__many__scrolls(void **state)
{
	struct model *m = *state;
	char name[8];

	for (int i = 10; i < 40; i++) {
		(void)snprintf(name, sizeof(name), "c%d", i);
		screen_add(m, name);
	}
	model_resize(m, 8, 40);
	screen_assert(m, ">c10: enabled\n c11: enabled\n c12: enabled\n" RULE BANNER "\n\n");
	screen_type(m, "jjj");
	screen_assert(m, " c11: enabled\n c12: enabled\n>c13: enabled\n" RULE BANNER "\n\n");
	screen_type(m, "k");
	screen_assert(m, " c11: enabled\n>c12: enabled\n c13: enabled\n" RULE BANNER "\n\n");
	screen_type(m, "G");
	screen_assert(m, " c37: enabled\n c38: enabled\n>c39: enabled\n" RULE BANNER "\n\n");
	screen_type(m, "b");
	screen_assert(m, ">c37: enabled\n c38: enabled\n c39: enabled\n" RULE BANNER "\n\n");
	/* The focused one is taken away: the next one is focused. */
	model_remove(m, admin_clients_find(&m->clients, "/clients/c37"));
	screen_assert(m, " c36: enabled\n>c38: enabled\n c39: enabled\n" RULE BANNER "\n\n");
	/* One that comes before all moves nothing. */
	screen_add(m, "a");
	screen_assert(m, " c36: enabled\n>c38: enabled\n c39: enabled\n" RULE BANNER "\n\n");
	screen_type(m, "g");
	screen_assert(m, ">a: enabled\n c10: enabled\n c11: enabled\n" RULE BANNER "\n\n");
}

/* A terminal gets nothing of what a name or a command holds but characters. */
static void test_view_draw__hostile_names__escaped(void **state)
{
	struct model *m = *state;
	struct admin_client *c = screen_add(m, "a\x1b]0;x\x07\n\xe2\x80\xae\xff\xc3\xa9");

	screen_happen(m, (struct admin_event){ .type = ADMIN_EVENT_REJECTED,
					       .client = c,
					       .text = "\x9b\x1b[2J" });
	model_resize(m, 12, 70);
	screen_assert(
		m,
		">a\\x1b]0;x\\x07\\n\\u202e\\xffé: enabled\n\n\n\n\n"
		" ──────────────────────────────────────────────────────────────────────\n" BANNER
		" 2026-03-04 05:06:07,089: Client a\\x1b]0;x\\x07\\n\\u202e\\xffé was rejecte\n"
		" d; reason: \\x9b\\x1b[2J\n\n\n");
}

/* MON-10, MON-21: a list of who waits, another order, and how long each has left. */
static void test_view_draw__filter_and_order__said_in_the_rule(void **state)
{
	struct model *m = *state;

	screen_add(m, "off")->enabled = false;
	screen_add(m, "bad")->last_checker_status = 3;
	screen_add(m, "ok");
	model_resize(m, 8, 80);
	screen_type(m, "oOe");
	screen_assert(m, ">off: DISABLED\n"
			 " ok: enabled. Time until client gets disabled: 0:01:00\n"
			 " bad: A checker has failed! Time until client gets disabled: 0:01:00\n"
			 " ─ by state, reversed ───────────────────"
			 "────────────────────────────────────────\n" BANNER "\n\n");
	screen_type(m, "oeF");
	screen_assert(m, ">off: DISABLED\n\n\n"
			 " ─ 1 of 3: only disabled  by expiry, reve"
			 "rsed ───────────────────────────────────\n" BANNER "\n\n");
	screen_type(m, "F");
	screen_assert(m, "\n\n\n"
			 " ─ 0 of 3: only waiting for approval  by "
			 "expiry, reversed ───────────────────────\n" BANNER "\n\n");
	screen_type(m, "FoO");
	screen_assert(m,
		      ">bad: A checker has failed! Time until client gets disabled: 0:01:00\n\n\n"
		      " ─ 1 of 3: only failing ─────────────────"
		      "────────────────────────────────────────\n" BANNER "\n\n");
}

static void test_view_draw__detail__why_a_client_is_disabled(void **state)
{
	struct model *m = *state;
	struct admin_client *c = screen_add(m, "a");

	c->enabled = false;
	model_resize(m, 30, 100);
	screen_type(m, "\r");
	screen_assert_shows(m, "\n Enabled                no\n");
	screen_set_text(&c->disabled_reason, "timeout");
	screen_set_text(&c->disabled_time, "2026-03-04T05:06:06.089000");
	screen_assert_shows(m,
			    "\n Enabled                no: it was not seen for its timeout, since "
			    "2026-03-04 05:06:06 (0:00:01 ago)\n");
}

static void test_view_draw__detail__every_property_and_events(void **state)
{
	struct model *m = *state;
	struct admin_client *c = screen_add(m, "a");

	c->timeout = 90061001;
	c->last_checker_status = -1;
	screen_set_text(&c->last_checked_ok, "2026-03-04T04:06:07");
	screen_set_text(&c->checker, "fping -q -- %(host)s");
	screen_set_text(&c->key_id,
			"0123456789012345678901234567890123456789012345678901234567890123");
	screen_happen(m, (struct admin_event){ .type = ADMIN_EVENT_CHECKER_STARTED,
					       .client = c,
					       .text = "fping -q -- host.example" });
	screen_happen(m, (struct admin_event){ .type = ADMIN_EVENT_GOT_SECRET, .client = c });
	model_resize(m, 40, 60);
	screen_type(m, "\r");
	screen_assert(m, ">a: A checker has failed! Time until client gets disabled:\n"
			 ">0:01:00\n\n\n\n\n\n\n\n\n\n\n\n"
			 " ────────────────────────────────────────────────────────────\n"
			 "#a\n"
			 " Host                   host.example\n"
			 " Enabled                yes\n"
			 " Expires                2026-03-04 05:07:07 (in 0:01:00)\n"
			 " Last checked OK        2026-03-04 04:06:07 (1:00:00 ago)\n"
			 " Last checker status    killed by a signal\n"
			 " Checker is running     no\n"
			 " Checker                fping -q -- %(host)s\n"
			 " Interval               0:00:00\n"
			 " Timeout                1 day, 1:01:01\n"
			 " Extended timeout       0:00:00\n"
			 " Approval is pending    no\n"
			 " Approved by default    no\n"
			 " Approval delay         0:00:00\n"
			 " Approval duration      0:00:00\n"
			 " Last approval request  never\n"
			 " Last enabled           never\n"
			 " Created                never\n"
			 " Key ID       01234567890123456789012345678901234567890123456\n"
			 " 78901234567890123\n"
			 " Fingerprint\n"
			 "#Latest events\n"
			 " 2026-03-04 05:06:07,089  Client a received its secret\n"
			 " 2026-03-04 05:06:07,089  Client a started checker \"fping -q\n"
			 " -- host.example\"\n\n");
	model_resize(m, 9, 60);
	screen_type(m, "\tG");
	screen_assert(m, " a: A checker has failed! Time until client gets disabled:\n"
			 " 0:01:00\n"
			 " ────────────────────────────────────────────────────────────\n"
			 " Fingerprint\n"
			 "#Latest events\n"
			 " 2026-03-04 05:06:07,089  Client a received its secret\n"
			 " 2026-03-04 05:06:07,089  Client a started checker \"fping -q\n"
			 " -- host.example\"\n\n");
}

static void test_view_draw__search__finds_while_typing(void **state)
{
	struct model *m = *state;

	screen_add(m, "a1");
	screen_add(m, "b1");
	screen_add(m, "b2");
	model_resize(m, 8, 40);
	screen_type(m, "/B2");
	screen_assert(m, " a1: enabled\n b1: enabled\n>b2: enabled\n" RULE BANNER "\n#/B2\n");
	screen_type(m, "x");
	screen_assert(m, ">a1: enabled\n b1: enabled\n b2: enabled\n" RULE BANNER
			 "\n#/B2x  (not found)\n");
	screen_type(m, "\x7f\x7f\r");
	screen_assert(m, " a1: enabled\n>b1: enabled\n b2: enabled\n" RULE BANNER "\n\n");
	screen_type(m, "nnN/\x1b");
	screen_assert(m, " a1: enabled\n b1: enabled\n>b2: enabled\n" RULE BANNER "\n\n");
}

/* 80x24 has room for all keys. */
static void test_view_draw__keys__fit_80_by_24(void **state)
{
	struct model *m = *state;

	model_resize(m, 24, 80);
	screen_type(m, "h");
	screen_assert(
		m,
		"#Keys  (any key: go back)\n"
		"\n"
		"#q Q           quit                      a             approve\n"
		"#? F1 Esc      short help, in the log    d             deny\n"
		"#h H           this table                s             start a checker\n"
		"#Up ^P k       up one line               S             stop the checker\n"
		"#Down ^N j     down one line             C             count as checked\n"
		"#PgUp M-v b    up one page               R _ ^K        remove from the server\n"
		"#PgDn ^V Spc f down one page             Enter         all about the client\n"
		"#Home g        to the first line         m             mark, or not\n"
		"#End G         to the last line          M             mark all that are listed\n"
		"#Tab           to the other pane         u             unmark all\n"
		"#l D           show or hide the log      /             search name or host\n"
		"#w i           wrap or cut log lines     n             next that was found\n"
		"#v             log more, or less         N             the one before\n"
		"#^L            redraw                    F             filter: disabled, ...\n"
		"#^Z            back to the shell         o             by name, state, expiry\n"
		"#B             bell for approvals on, of O             the other way round\n"
		"#+             enable                    e             show time until expiry\n"
		"#-             disable\n"
		"\n\n\n\n");
	screen_type(m, "h");
	assert_int_equal(m->mode, MODEL_NORMAL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, screen_setup, screen_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_view_draw__states__by_name),
		TEST(test_view_draw__approval__counts_down),
		TEST(test_view_draw__log_hidden__list_takes_all),
		TEST(test_view_draw__log__shows_its_end),
		TEST(test_view_draw__any_size__draws),
		TEST(test_view_draw__many__scrolls),
		TEST(test_view_draw__hostile_names__escaped),
		TEST(test_view_draw__filter_and_order__said_in_the_rule),
		TEST(test_view_draw__detail__why_a_client_is_disabled),
		TEST(test_view_draw__detail__every_property_and_events),
		TEST(test_view_draw__search__finds_while_typing),
		TEST(test_view_draw__keys__fit_80_by_24),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
