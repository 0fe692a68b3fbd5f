/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the server says, and what is said of it. */
#include "monitor/test-screen.h"

#define STAMP "2026-03-04 05:06:07,089: "

/* The latest line of the log, which must be the only new one since @n_before. */
static void assert_said(struct model *m, size_t n_before, const char *text, bool bold)
{
	const struct logbook_line *line;

	assert_int_equal(m->log.n_lines, n_before + (text != NULL));
	if (!text)
		return;
	line = logbook_line(&m->log, m->log.n_lines - 1);
	assert_string_equal(line->text, text);
	assert_int_equal(line->bold, bold);
}

static void assert_event(struct model *m, struct admin_event event, const char *text)
{
	size_t n = m->log.n_lines;

	screen_happen(m, event);
	assert_said(m, n, text, false);
}

/* MON-40, MON-44, MON-45, MON-46, MON-47, MON-48, whether verbose or not. */
static void test_happen__always__logged(void **state)
{
	struct model *m = *state;
	struct admin_client *c = screen_add(m, "a");

	for (int i = 0; i < 2; i++) {
		assert_event(m,
			     (struct admin_event){ .type = ADMIN_EVENT_CLIENT_NOT_FOUND,
						   .address = "::1",
						   .text = "ABC" },
			     STAMP "Client with address ::1 and key ID ABC could not be found");
		assert_event(m, (struct admin_event){ .type = ADMIN_EVENT_GOT_SECRET, .client = c },
			     STAMP "Client a received its secret");
		assert_event(m,
			     (struct admin_event){ .type = ADMIN_EVENT_NEED_APPROVAL,
						   .client = c,
						   .timeout = 8000 },
			     STAMP "Client a needs approval within 8.000000 seconds");
		assert_event(m,
			     (struct admin_event){ .type = ADMIN_EVENT_NEED_APPROVAL,
						   .client = c,
						   .timeout = 500,
						   .by_default = true },
			     STAMP "Client a will get its secret in 0.500000 seconds");
		assert_event(m,
			     (struct admin_event){ .type = ADMIN_EVENT_REJECTED,
						   .client = c,
						   .text = "Approval timed out" },
			     STAMP "Client a was rejected; reason: Approval timed out");
		m->is_verbose = true;
	}
}

/* MON-49, MON-50, MON-52, MON-60: both forms of a death by a signal. */
static void test_happen__checker_completed__by_wait_status(void **state)
{
	static const struct {
		int64_t status;
		const char *always, *verbose;
	} cases[] = {
		{ 0, NULL, "succeeded" },
		{ 1 << 8, "failed with exit code 1", NULL },
		{ 255 << 8, "failed with exit code 255", NULL },
		{ 9, "was killed by signal 9", NULL },
		{ 9 - 256, "was killed by signal 9", NULL },
		{ 15 | 0x80, "was killed by signal 15", NULL },
	};
	struct model *m = *state;
	struct admin_event e = { .type = ADMIN_EVENT_CHECKER_COMPLETED,
				 .client = screen_add(m, "a"),
				 .text = "fping b" };
	char line[256];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		for (int verbose = 0; verbose < 2; verbose++) {
			const char *words = cases[i].always;

			if (!words && verbose)
				words = cases[i].verbose;
			m->is_verbose = verbose;
			e.wait_status = cases[i].status;
			(void)snprintf(line, sizeof(line),
				       STAMP "Checker for client a (command \"fping b\") %s",
				       words ? words : "");
			assert_event(m, e, words ? line : NULL);
		}
	}
}

/* MON-51, MON-53, and MON-40: what is not kept is not there later either. */
static void test_happen__verbose_only__else_not_kept(void **state)
{
	struct model *m = *state;
	struct admin_client *c = screen_add(m, "a"), *fresh;
	struct admin_event e = { .type = ADMIN_EVENT_CHECKER_STARTED, .client = c, .text = "x" };

	assert_event(m, e, NULL);
	fresh = admin_clients_add(&m->clients, "/clients/b");
	assert_event(m, (struct admin_event){ .type = ADMIN_EVENT_ADDED, .client = fresh }, NULL);
	m->is_verbose = true;
	assert_event(m, e, STAMP "Client a started checker \"x\"");
	fresh = admin_clients_add(&m->clients, "/clients/c");
	screen_set_text(&fresh->name, "c");
	assert_event(m, (struct admin_event){ .type = ADMIN_EVENT_ADDED, .client = fresh },
		     STAMP "Created client c");
	/* MON-4: announced again, it is the same entry. */
	assert_event(m, (struct admin_event){ .type = ADMIN_EVENT_ADDED, .client = fresh }, NULL);
	assert_int_equal(m->roster.n_rows, 3);
}

/* MON-43; and a listed one goes without a word (MON-4). */
static void test_happen__removed__only_strangers_are_logged(void **state)
{
	struct model *m = *state;
	struct admin_client *c = screen_add(m, "a");
	size_t n = m->log.n_lines;

	model_mark(m, c->data, true);
	assert_event(m, (struct admin_event){ .type = ADMIN_EVENT_REMOVED, .client = c }, NULL);
	assert_int_equal(m->roster.n_rows, 0);
	assert_int_equal(m->n_marked, 0);
	screen_happen(m, (struct admin_event){ .type = ADMIN_EVENT_REMOVED, .path = "/clients/x" });
	assert_said(m, n, STAMP "Unknown client /clients/x removed", true);
}

/* MON-4 Fix: a server that dies takes its clients along, and that is said. */
static void test_happen__server_gone__list_is_empty(void **state)
{
	struct model *m = *state;
	size_t n = m->log.n_lines;

	screen_add(m, "a");
	screen_add(m, "b");
	screen_type(m, "jm");
	screen_happen(m, (struct admin_event){ .type = ADMIN_EVENT_SERVER_GONE });
	assert_said(m, n, STAMP "The Mandos server has gone without a goodbye.", true);
	model_resize(m, 6, 40);
	screen_assert(m, "\n\n"
			 " ─ no server ────────────────────────────\n"
			 "#q: Quit  ?: Help\n"
			 "#" STAMP "The Mandos serv\n"
			 "#er has gone without a goodbye.\n");
	screen_happen(m, (struct admin_event){ .type = ADMIN_EVENT_SERVER_CAME });
	assert_false(m->is_server_away);
	/* A clean stop has left nothing behind, and is not worth a line. */
	n = m->log.n_lines;
	screen_happen(m, (struct admin_event){ .type = ADMIN_EVENT_SERVER_GONE });
	assert_said(m, n, NULL, false);
}

/* MON-41, MON-42, MON-62. */
static void test_happen_trouble__at_start__noted(void **state)
{
	struct model *m = *state;
	size_t n = m->log.n_lines;

	assert_int_equal(happen_trouble(m, HAPPEN_NO_SERVER, NULL), 0);
	assert_said(m, n, STAMP "Note: No Mandos server running.", true);
	assert_int_equal(happen_trouble(m, HAPPEN_NO_ACCESS, NULL), 0);
	assert_said(m, n + 1,
		    STAMP "Note: No access to the Mandos server; "
			  "this needs the user root or _mandos",
		    true);
	assert_int_equal(happen_loaded(m, true), 0);
	assert_said(m, n + 2, STAMP "Note: Server has no clients.", true);
	assert_int_equal(happen_loaded(m, false), 0);
	assert_said(m, n + 3, NULL, false);
}

/* MON-12: a thousand lines are kept, and ROW_EVENTS_MAX of one client. */
static void test_happen__at_the_bounds__oldest_go(void **state)
{
	struct model *m = *state;
	struct admin_client *c = screen_add(m, "a");
	struct row *row = c->data;
	char line[64];

	for (int i = 0; i < MODEL_LOG_LINES_MAX + 3; i++) {
		(void)snprintf(line, sizeof(line), "r%d", i);
		screen_happen(m, (struct admin_event){
					 .type = ADMIN_EVENT_REJECTED, .client = c, .text = line });
	}
	assert_int_equal(m->log.n_lines, MODEL_LOG_LINES_MAX);
	assert_string_equal(logbook_line(&m->log, 0)->text,
			    STAMP "Client a was rejected; reason: r3");
	assert_int_equal(row->events.n_lines, ROW_EVENTS_MAX);
	assert_string_equal(logbook_line(&row->events, ROW_EVENTS_MAX - 1)->text,
			    "2026-03-04 05:06:07,089  Client a was rejected; reason: r1002");
}

/* Texts of any length are cut, never refused. */
static void test_happen__long_texts__cut(void **state)
{
	struct model *m = *state;
	static char text[70000];
	struct admin_client *c = screen_add(m, "a");

	memset(text, 'x', sizeof(text) - 1);
	screen_set_text(&c->name, text);
	screen_happen(m, (struct admin_event){ .type = ADMIN_EVENT_CHECKER_COMPLETED,
					       .client = c,
					       .wait_status = 256,
					       .text = text });
	assert_true(strlen(logbook_line(&m->log, 2)->text) < LOGBOOK_TEXT_MAX);
	assert_non_null(strstr(logbook_line(&m->log, 2)->text, "failed with exit code 1"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, screen_setup, screen_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_happen__always__logged),
		TEST(test_happen__checker_completed__by_wait_status),
		TEST(test_happen__verbose_only__else_not_kept),
		TEST(test_happen__removed__only_strangers_are_logged),
		TEST(test_happen__server_gone__list_is_empty),
		TEST(test_happen_trouble__at_start__noted),
		TEST(test_happen__at_the_bounds__oldest_go),
		TEST(test_happen__long_texts__cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
