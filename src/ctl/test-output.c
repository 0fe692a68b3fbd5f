/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Everything that is printed about clients: table, JSON, figures, events; and who is selected. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "ctl/json.h"
#include "ctl/metrics.h"
#include "ctl/select.h"
#include "ctl/stream.h"
#include "ctl/table.h"

struct fixture {
	struct admin_clients clients;
	struct selection all;
	struct admin_client *web, *db;
	char *text; /* what was printed last */
	size_t size;
};

static void set(char **text, const char *value)
{
	*text = strdup(value);
	assert_non_null(*text);
}

static struct admin_client *add(struct fixture *f, const char *path, const char *name)
{
	struct admin_client *client = admin_clients_add(&f->clients, path);

	assert_non_null(client);
	set(&client->name, name);
	client->known = UINT32_MAX;
	return client;
}

static int set_up(void **state)
{
	static struct fixture f;
	const char *unknown;

	f = (struct fixture){ 0 };
	f.db = add(&f, "/clients/db_lan", "db.lan");
	f.db->timeout = 300000;
	f.db->last_checker_status = -2;
	f.web = add(&f, "/clients/web1_lan", "web1.lan");
	f.web->enabled = true;
	f.web->timeout = 86400000;
	set(&f.web->last_checked_ok, "2024-05-06T07:08:09.123456");
	*state = &f;
	return select_clients(&f.clients, NULL, 0, &f.all, &unknown);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	select_deinit(&f->all);
	admin_clients_clear(&f->clients);
	free(f->text);
	return 0;
}

static FILE *begin(struct fixture *f)
{
	free(f->text);
	f->text = NULL;
	return open_memstream(&f->text, &f->size);
}

static const char *end(struct fixture *f, FILE *out)
{
	assert_int_equal(fclose(out), 0);
	return f->text;
}

/* CTL-TAB-4 */
static void test_table_duration__milliseconds__days_and_time(void **state)
{
	static const struct {
		uint64_t ms;
		const char *text;
	} cases[] = {
		{ 0, "00:00:00" },
		{ 999, "00:00:00" },
		{ 300000, "00:05:00" },
		{ 90061001, "1T01:01:01" },
		{ 86400000, "1T00:00:00" },
		{ 86399999, "23:59:59" },
		{ UINT64_MAX, "213503982334T14:25:51" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[TABLE_DURATION_SIZE];

		table_duration(cases[i].ms, text);
		assert_string_equal(text, cases[i].text);
	}
}

/* The example of CTL-TAB-5; CTL-TAB-2, CTL-TAB-3, CTL-TAB-6. */
static void test_table_print__two_clients__as_in_the_example(void **state)
{
	struct fixture *f = *state;
	FILE *out = begin(f);

	table_print(out, &f->all, false, false);
	assert_string_equal(end(f, out),
			    "Name     Enabled Timeout    Last Successful Check     \n"
			    "db.lan   No      00:05:00                             \n"
			    "web1.lan Yes     1T00:00:00 2024-05-06T07:08:09.123456\n");
}

/* CTL-TAB-7 */
static void test_table_print__no_clients__header_alone(void **state)
{
	struct fixture *f = *state;
	const struct selection none = { 0 };
	FILE *out = begin(f);

	table_print(out, &none, false, false);
	assert_string_equal(end(f, out), "Name Enabled Timeout Last Successful Check\n");
}

/* CTL-TAB-3, CTL-TAB-8: characters are counted, what a terminal acts on is escaped. */
static void test_table_print__odd_names__counted_and_escaped(void **state)
{
	struct fixture *f = *state;
	FILE *out = begin(f);

	free(f->db->name);
	set(&f->db->name, "r\xc3\xa4k");
	free(f->web->name);
	set(&f->web->name, "a\033[2J\nb");
	table_print(out, &f->all, false, false);
	assert_non_null(strstr(end(f, out), "\nr\xc3\xa4k         No      00:05:00   "));
	assert_non_null(strstr(f->text, "\na\\x1b[2J\\nb Yes     1T00:00:00 "));
}

/* Colours add nothing but colours. */
static void test_table_print__coloured__the_same_characters(void **state)
{
	struct fixture *f = *state;
	FILE *out = begin(f);

	f->web->approval_pending = true;
	table_print(out, &f->all, false, true);
	assert_string_equal(
		end(f, out),
		"\033[1mName     Enabled Timeout    Last Successful Check     \033[0m\n"
		"\033[31mdb.lan   No      00:05:00                             \033[0m\n"
		"\033[1;33mweb1.lan Yes     1T00:00:00 2024-05-06T07:08:09.123456"
		"\033[0m\n");
}

/* CTL-TAB-2 */
static void test_table_print__wide__all_columns_in_order(void **state)
{
	struct fixture *f = *state;
	const struct selection none = { 0 };
	FILE *out = begin(f);

	table_print(out, &none, true, false);
	assert_string_equal(end(f, out),
			    "Name Enabled Timeout Last Successful Check Created Interval Host "
			    "Key ID Fingerprint Check Is Running Last Enabled Approval Is Pending "
			    "Approved By Default Last Approval Request Approval Delay "
			    "Approval Duration Checker Extended Timeout Expires "
			    "Last Checker Status\n");
}

/* CTL-JSON-1, CTL-JSON-2 */
static void test_json_print__clients__layout_to_the_byte(void **state)
{
	struct fixture *f = *state;
	const struct selection none = { 0 };
	FILE *out = begin(f);

	f->all.n = 1;
	json_print(out, &f->all);
	assert_string_equal(end(f, out), "{\n"
					 "    \"db.lan\": {\n"
					 "        \"Name\": \"db.lan\",\n"
					 "        \"Enabled\": false,\n"
					 "        \"Timeout\": 300000,\n"
					 "        \"LastCheckedOK\": \"\",\n"
					 "        \"Created\": \"\",\n"
					 "        \"Interval\": 0,\n"
					 "        \"Host\": \"\",\n"
					 "        \"KeyID\": \"\",\n"
					 "        \"Fingerprint\": \"\",\n"
					 "        \"CheckerRunning\": false,\n"
					 "        \"LastEnabled\": \"\",\n"
					 "        \"ApprovalPending\": false,\n"
					 "        \"ApprovedByDefault\": false,\n"
					 "        \"LastApprovalRequest\": \"\",\n"
					 "        \"ApprovalDelay\": 0,\n"
					 "        \"ApprovalDuration\": 0,\n"
					 "        \"Checker\": \"\",\n"
					 "        \"ExtendedTimeout\": 0,\n"
					 "        \"Expires\": \"\",\n"
					 "        \"LastCheckerStatus\": -2\n"
					 "    }\n"
					 "}\n");
	out = begin(f);
	json_print(out, &none);
	assert_string_equal(end(f, out), "{}\n");
}

/* CTL-JSON-2: as Python's json writes them. */
static void test_json_string__every_kind__escaped(void **state)
{
	struct fixture *f = *state;
	FILE *out = begin(f);

	json_string(out, "a\"b\\c/d\b\f\n\r\t\x01\x1f\x7f\xc2\x80\xc3\xa4\xe2\x82\xac\xef\xbf\xbf"
			 "\xf0\x90\x80\x80\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf");
	assert_string_equal(
		end(f, out),
		"\"a\\\"b\\\\c/d\\b\\f\\n\\r\\t\\u0001\\u001f\\u007f\\u0080\\u00e4\\u20ac"
		"\\uffff\\ud800\\udc00\\ud83d\\ude00\\udbff\\udfff\"");
	/* A character that was cut is told as such. */
	out = begin(f);
	json_string(out, "a\xf0\x9f");
	assert_string_equal(end(f, out), "\"a\\ufffd\\ufffd\"");
}

static void select_names(struct fixture *f, const char *const *names, size_t n, const char *want)
{
	_cleanup_selection_ struct selection s = { 0 };
	const char *unknown = NULL;
	char got[256] = "";

	if (select_clients(&f->clients, names, n, &s, &unknown) == SELECT_UNKNOWN) {
		(void)snprintf(got, sizeof(got), "unknown %s", unknown);
	} else {
		for (size_t i = 0; i < s.n; i++)
			(void)snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s ",
				       s.clients[i]->name);
	}
	assert_string_equal(got, want);
}

#define SELECT(f, want, ...)                                  \
	select_names(f, (const char *const[]){ __VA_ARGS__ }, \
		     ARRAY_SIZE(((const char *const[]){ __VA_ARGS__ })), want)

/* CTL-RUN-2 */
static void test_select_clients__names_and_patterns__in_order_and_once(void **state)
{
	struct fixture *f = *state;

	(void)add(f, "/clients/star", "web*");
	(void)add(f, "/clients/web2", "web2.lan");
	select_names(f, NULL, 0, "db.lan web1.lan web* web2.lan ");
	SELECT(f, "web2.lan db.lan ", "web2.lan", "db.lan", "web2.lan");
	SELECT(f, "unknown nobody", "db.lan", "nobody", "neither");
	SELECT(f, "unknown ", "");
	/* A client's very name is that client, even if it could be a pattern. */
	SELECT(f, "web* ", "web*");
	SELECT(f, "web1.lan web2.lan ", "web?.lan");
	SELECT(f, "web2.lan db.lan web1.lan ", "web[2-9].lan", "*.lan");
	SELECT(f, "unknown zeb*", "*.lan", "zeb*");
}

static void test_metrics_print__clients__families_and_end(void **state)
{
	struct fixture *f = *state;
	FILE *out = begin(f);
	struct figures figures = { 0 };

	free(f->db->name);
	set(&f->db->name, "d\"b\\\n");
	f->db->known &= ~ADMIN_BIT(ADMIN_TIMEOUT);
	f->web->timeout = 1500;
	set(&f->db->disabled_reason, "timeout");
	figures.is_known[FIGURE_LOCKDOWN] = figures.is_known[FIGURE_UNKNOWN_KEYS] = true;
	figures.values[FIGURE_UNKNOWN_KEYS] = UINT64_MAX;
	metrics_print(out, &f->all, &figures);
	(void)end(f, out);
	assert_non_null(strstr(f->text, "\nmandos_up 1\n"));
	assert_non_null(strstr(f->text, "\nmandos_clients 2\n"));
	assert_non_null(strstr(f->text,
			       "# TYPE mandos_lockdown gauge\n"
			       "# HELP mandos_lockdown Whether nobody is given a password.\n"
			       "mandos_lockdown 0\n"
			       "# TYPE mandos_unknown_keys counter\n"));
	assert_non_null(strstr(f->text, "\nmandos_unknown_keys_total 18446744073709551615\n#"));
	assert_null(strstr(f->text, "mandos_passwords"));
	assert_non_null(strstr(f->text, "get its password.\nmandos_client_disabled{client=\"d\\\"b"
					"\\\\\\n\",reason=\"timeout\"} 1\n#"));
	assert_non_null(strstr(f->text,
			       "# TYPE mandos_client_enabled gauge\n"
			       "# HELP mandos_client_enabled Whether the client can get its "
			       "password.\n"
			       "mandos_client_enabled{client=\"d\\\"b\\\\\\n\"} 0\n"
			       "mandos_client_enabled{client=\"web1.lan\"} 1\n#"));
	assert_non_null(strstr(f->text, "\nmandos_client_last_checked_ok_timestamp_seconds"
					"{client=\"web1.lan\"} 1714979289.123456\n"));
	assert_non_null(strstr(f->text,
			       "The client's timeout.\n"
			       "mandos_client_timeout_seconds{client=\"web1.lan\"} 1.500\n"));
	assert_string_equal(f->text + strlen(f->text) - 6, "# EOF\n");
	out = begin(f);
	metrics_print(out, NULL, NULL);
	assert_string_equal(end(f, out), "# TYPE mandos_up gauge\n"
					 "# HELP mandos_up Whether the server could be asked.\n"
					 "mandos_up 0\n# EOF\n");
}

static void test_stream_print__events__a_line_each(void **state)
{
	struct fixture *f = *state;
	const usec_t now = 1714979289123456;
	const struct {
		struct admin_event event;
		const char *text, *json;
	} cases[] = {
		{ { .type = ADMIN_EVENT_CHANGED,
		    .client = f->web,
		    .path = f->web->path,
		    .changed = ADMIN_BIT(ADMIN_ENABLED) | ADMIN_BIT(ADMIN_TIMEOUT) |
			       ADMIN_BIT(ADMIN_EXPIRES) },
		  "web1.lan changed Enabled=true Timeout=1T00:00:00 Expires=\"\"\n",
		  "\"changed\", \"client\": \"web1.lan\", \"path\": \"/clients/web1_lan\", "
		  "\"properties\": {\"Enabled\": true, \"Timeout\": 86400000, \"Expires\": "
		  "\"\"}}\n" },
		{ { .type = ADMIN_EVENT_CHECKER_COMPLETED,
		    .client = f->web,
		    .exit_status = -1,
		    .wait_status = 9,
		    .text = "fping x" },
		  "web1.lan checker-completed status=-1 wait-status=9 \"fping x\"\n",
		  "\"checker-completed\", \"client\": \"web1.lan\", \"status\": -1, "
		  "\"wait-status\": 9, \"command\": \"fping x\"}\n" },
		{ { .type = ADMIN_EVENT_NEED_APPROVAL,
		    .client = f->web,
		    .timeout = 8000,
		    .by_default = true },
		  "web1.lan need-approval seconds=8.000 default=approve\n",
		  "\"need-approval\", \"client\": \"web1.lan\", \"milliseconds\": 8000, "
		  "\"default\": true}\n" },
		{ { .type = ADMIN_EVENT_REJECTED, .client = f->web, .text = "Denied" },
		  "web1.lan rejected Denied\n",
		  "\"rejected\", \"client\": \"web1.lan\", \"reason\": \"Denied\"}\n" },
		{ { .type = ADMIN_EVENT_CLIENT_NOT_FOUND, .text = "AB12", .address = "::1" },
		  "- client-not-found AB12 ::1\n",
		  "\"client-not-found\", \"key-id\": \"AB12\", \"address\": \"::1\"}\n" },
		{ { .type = ADMIN_EVENT_REMOVED, .path = "/clients/x" },
		  "/clients/x removed\n",
		  "\"removed\", \"path\": \"/clients/x\"}\n" },
		{ { .type = ADMIN_EVENT_SERVER_GONE }, "- server-gone\n", "\"server-gone\"}\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char text_start[] = "2024-05-06T07:08:09.123456Z ";
		const char json_start[] = "{\"time\": \"2024-05-06T07:08:09.123456Z\", \"event\": ";
		FILE *out = begin(f);

		stream_print(out, &cases[i].event, now, false);
		assert_memory_equal(end(f, out), text_start, strlen(text_start));
		assert_string_equal(f->text + strlen(text_start), cases[i].text);
		out = begin(f);
		stream_print(out, &cases[i].event, now, true);
		assert_memory_equal(end(f, out), json_start, strlen(json_start));
		assert_string_equal(f->text + strlen(json_start), cases[i].json);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		TEST(test_table_duration__milliseconds__days_and_time),
		TEST(test_table_print__two_clients__as_in_the_example),
		TEST(test_table_print__no_clients__header_alone),
		TEST(test_table_print__odd_names__counted_and_escaped),
		TEST(test_table_print__coloured__the_same_characters),
		TEST(test_table_print__wide__all_columns_in_order),
		TEST(test_json_print__clients__layout_to_the_byte),
		TEST(test_json_string__every_kind__escaped),
		TEST(test_select_clients__names_and_patterns__in_order_and_once),
		TEST(test_metrics_print__clients__families_and_end),
		TEST(test_stream_print__events__a_line_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
