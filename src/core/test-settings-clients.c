/* SPDX-License-Identifier: GPL-3.0-or-later */
/* clients.conf: SRV-CLNT-1 to -6, -10 to -14, SRV-DUR and SRV-INI as clients see them. */
#include "core/test-settings-clients.h"

/* SRV-CLNT-3 */
static void test_clients_source_interpret__nothing_set__built_in_defaults(void **state)
{
	struct reading r;
	const struct client_settings *c;

	read_text("\n[web1]\nkey_id = " ID_1 "\n" HELLO, &r);
	assert_int_equal(r.n_reports, 0);
	assert_int_equal(r.file.n_clients, 1);
	c = &r.file.clients[0];
	assert_string_equal(c->name, "web1");
	assert_string_equal(c->host, "");
	assert_string_equal(c->checker, "fping -q -- %(host)s");
	assert_string_equal(c->fingerprint, ""); /* SRV-CLNT-6 */
	assert_true(c->has_key_id);
	assert_int_equal(c->key_id.bytes[0], 0x01);
	assert_int_equal(c->key_id.bytes[31], 0xef);
	assert_secret(c, "hello");
	assert_true(c->rules.timeout == 300 * USEC_PER_SEC);
	assert_true(c->rules.extended_timeout == 900 * USEC_PER_SEC);
	assert_true(c->rules.interval == 120 * USEC_PER_SEC);
	assert_true(c->rules.approval_delay == 0);
	assert_true(c->rules.approval_duration == USEC_PER_SEC);
	assert_true(c->rules.approved_by_default);
	assert_true(c->enabled);
	assert_int_equal(c->line, 2);
	client_file_deinit(&r.file);
	client_file_deinit(&r.file); /* twice is harmless */
}

/* SRV-CLNT-4 */
static void test_clients_source_interpret__unknown_key__only_serves_references(void **state)
{
	struct reading r;

	read_text("[DEFAULT]\nsite = hall-2\n"
		  "[web1]\nkey_id = " ID_1 "\n" HELLO "rack = 17\n"
		  "checker = look %(rack)s %(site)s\n",
		  &r);
	assert_int_equal(r.n_reports, 0);
	assert_int_equal(r.file.n_clients, 1);
	assert_string_equal(r.file.clients[0].checker, "look 17 hall-2");
	client_file_deinit(&r.file);
}

static void test_clients_source_interpret__every_key__arrives(void **state)
{
	struct reading r;
	const struct client_settings *c;

	read_text("[ a b ]\n"
		  "Key_ID = F123456789ABCDEF 0123456789abcdef:0123456789abcdef\n"
		  "  0123456789abcdef\n"
		  "fingerprint = 0123 4567 89ab cdef 0123 4567 89ab cdef 0123 4567\n"
		  "host = h:1 ; no comment\n"
		  "checker = first\n"
		  "\tsecond\n"
		  "timeout = P1DT12H\n"
		  "extended_timeout = 1h 30m\n"
		  "interval = PT1S\n"
		  "approval_delay = P999999999D\n"
		  "approval_duration =\n"
		  "approved_by_default = oFF\n"
		  "enabled = 0\n"
		  "secret =\n"
		  "  aGVs\n"
		  "  # a comment\n"
		  "\n"
		  "  bG8=\n",
		  &r);
	assert_int_equal(r.n_reports, 0);
	assert_int_equal(r.file.n_clients, 1);
	c = &r.file.clients[0];
	assert_string_equal(c->name, " a b ");
	assert_true(c->has_key_id);
	assert_int_equal(c->key_id.bytes[0], 0xf1);
	assert_string_equal(c->fingerprint, "0123456789ABCDEF0123456789ABCDEF01234567");
	assert_string_equal(c->host, "h:1 ; no comment");
	assert_string_equal(c->checker, "first\nsecond"); /* SRV-CLNT-10 */
	assert_true(c->rules.timeout == 36 * 3600 * USEC_PER_SEC);
	assert_true(c->rules.extended_timeout == 5400 * USEC_PER_SEC);
	assert_true(c->rules.interval == USEC_PER_SEC);
	assert_true(c->rules.approval_delay > 365 * 86400 * USEC_PER_SEC); /* SRV-DUR-6 */
	assert_true(c->rules.approval_duration == 0);			   /* SRV-DUR-5 */
	assert_false(c->rules.approved_by_default);
	assert_false(c->enabled);
	assert_secret(c, "hello");
	client_file_deinit(&r.file);
}

/* SRV-INI-13: the example, and what DEFAULT lends. */
static void test_clients_source_interpret__default_section__is_inherited(void **state)
{
	struct reading r;

	read_text("[web1]\nhost = web1.example.net\nkey_id = " ID_1 "\n"
		  "[web2]\nkey_id = " ID_2 "\ntimeout = %(interval)s\n"
		  "[DEFAULT]\nhost = fallback.example.net\nenabled = no\n"
		  "checker = probe %(host)s %%(host)s\n" HELLO,
		  &r);
	assert_int_equal(r.n_reports, 0);
	assert_int_equal(r.file.n_clients, 2);
	/* SRV-CLNT-14: file order. */
	assert_string_equal(r.file.clients[0].name, "web1");
	assert_string_equal(r.file.clients[1].name, "web2");
	assert_string_equal(r.file.clients[0].checker, "probe web1.example.net %(host)s");
	assert_string_equal(r.file.clients[1].checker, "probe fallback.example.net %(host)s");
	assert_true(r.file.clients[1].rules.timeout == 120 * USEC_PER_SEC);
	assert_false(r.file.clients[0].enabled);
	assert_secret(&r.file.clients[1], "hello"); /* SRV-CLNT-7 */
	client_file_deinit(&r.file);
}

static const struct {
	const char *lines; /* the first is line 5 */
	const char *report;
} bad_values[] = {
	{ HELLO "enabled = XyZZy\n", "6: [bad] enabled: this is neither yes nor no" },
	{ HELLO "approved_by_default =\n",
	  "6: [bad] approved_by_default: this is neither yes nor no" },
	{ HELLO "timeout = XyZZy\n",
	  "6: [bad] timeout: this is no duration such as PT5M or P1DT12H" },
	{ HELLO "extended_timeout = P1W2D\n",
	  "6: [bad] extended_timeout: this is no duration such as PT5M or P1DT12H" },
	{ HELLO "interval = -1s\n", "6: [bad] interval: the duration is negative" },
	{ HELLO "approval_delay = P1000000000D\n",
	  "6: [bad] approval_delay: the duration is too long" },
	{ HELLO "approval_duration = 5\n",
	  "6: [bad] approval_duration: this is no duration such as PT5M or P1DT12H" },
	{ "secret = XyZZyXyZZy\n",
	  "5: [bad] secret: this is no Base64: its end or its padding is missing" },
	{ "", "4: [bad] secret: missing, and so is secfile" },
	{ "secfile = /nonexistent/XyZZy\n",
	  "5: [bad] secfile: the file cannot be read: No such file or directory" },
	{ "secfile = /proc\n", "5: [bad] secfile: the file cannot be read: Is a directory" },
	{ HELLO "checker = 100% XyZZy\n",
	  "6: [bad] checker: a percent sign must be doubled, %%, unless it begins "
	  "%(key)s" },
	{ HELLO "host = %(XyZZy)s\n",
	  "6: [bad] host: a reference names a key that is not defined" },
	{ HELLO "host = %(host)s\n",
	  "6: [bad] host: references lead to references more than ten times, or in a "
	  "circle" },
	/* SRV-CLNT-2: unknown keys too, and a secfile that is not used */
	{ HELLO "unknown = %(XyZZy\n",
	  "6: [bad] unknown: a reference that begins with %( does not end with )s" },
	{ HELLO "secfile = %(XyZZy)d\n",
	  "6: [bad] secfile: a reference ends with another letter than s" },
	{ HELLO "key_id = %\n",
	  "6: [bad] key_id: a percent sign must be doubled, %%, unless it begins "
	  "%(key)s" },
	{ HELLO "fingerprint = %\n",
	  "6: [bad] fingerprint: a percent sign must be doubled, %%, unless it begins "
	  "%(key)s" },
};

/* SRV-CLNT-11: the client is left out, the report names file, line, client and key and repeats no
 * value, and the neighbours are served. */
static void test_clients_source_interpret__bad_value__leaves_out_that_client(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad_values); i++) {
		struct reading r;
		char text[1024], want[512];
		bool has_id = strstr(bad_values[i].lines, "key_id") != NULL;

		(void)snprintf(text, sizeof(text),
			       "[one]\n" HELLO "key_id=" ID_1 "\n[bad]\n%s%s[two]\n" HELLO
			       "key_id=" ID_1 "\n",
			       bad_values[i].lines, has_id ? "" : "key_id = " ID_2 "\n");
		(void)snprintf(want, sizeof(want), "FILE:%s", bad_values[i].report);
		read_text(text, &r);
		assert_string_equal(r.reports[0], want);
		assert_int_equal(r.severities[0], SETTINGS_LEFT_OUT);
		assert_int_equal(r.file.n_left_out, 1);
		for (size_t n = 0; n < r.n_reports; n++)
			assert_null(strstr(r.reports[n], "XyZZy"));
		assert_int_equal(r.file.n_clients, 2);
		assert_string_equal(r.file.clients[0].name, "one");
		assert_string_equal(r.file.clients[1].name, "two");
		client_file_deinit(&r.file);
	}
}

/* An error in DEFAULT is an error of everyone who inherits it, and of nobody else. */
static void test_clients_source_interpret__bad_default__spares_who_overrides_it(void **state)
{
	struct reading r;

	read_text("[DEFAULT]\ntimeout = x\nodd = %\n[one]\nodd = 1\ntimeout = PT1M\nkey_id=" ID_1
		  "\n" HELLO "[two]\nkey_id=" ID_2 "\n" HELLO,
		  &r);
	assert_int_equal(r.file.n_clients, 1);
	assert_string_equal(r.file.clients[0].name, "one");
	assert_int_equal(r.n_reports, 2);
	assert_int_equal(r.file.n_left_out, 1);
	assert_contains(r.reports[0], "FILE:2: [two] timeout: ");
	assert_contains(r.reports[1], "FILE:3: [two] odd: ");
	client_file_deinit(&r.file);
}

/* SRV-CLNT-5, SRV-CLNT-6, SRV-LIFE-38 */
static void test_clients_source_interpret__doubtful_value__is_a_warning(void **state)
{
	static const struct {
		const char *lines; /* the first is line 3 */
		const char *report;
		bool has_key_id;
	} cases[] = {
		{ "", "1: [a] key_id: missing; nobody can be this client", false },
		{ "key_id =\n", "3: [a] key_id: missing; nobody can be this client", false },
		{ "key_id = 12\n",
		  "3: [a] key_id: this is not 64 hexadecimal digits; nobody can be this client",
		  false },
		{ "key_id = " ID_0 "\n",
		  "3: [a] key_id: this is the key ID of no key at all; nobody can be this client",
		  false },
		{ "key_id = " ID_1 "\nfingerprint = xyz\n",
		  "4: [a] fingerprint: this is not 40 hexadecimal digits", true },
		{ "key_id = " ID_1 "\ninterval = PT0S\n",
		  "4: [a] interval: less than a second; checkers will start one second apart",
		  true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct reading r;
		char text[512], want[256];

		(void)snprintf(text, sizeof(text), "[a]\n" HELLO "%s", cases[i].lines);
		(void)snprintf(want, sizeof(want), "FILE:%s", cases[i].report);
		read_text(text, &r);
		expect_report(&r, SETTINGS_WARNING, want);
		assert_int_equal(r.file.n_clients, 1);
		assert_int_equal(r.file.clients[0].has_key_id, cases[i].has_key_id);
		client_file_deinit(&r.file);
	}
}

/* SRV-CLNT-13 */
static void test_clients_source_interpret__same_key_id__the_first_keeps_it(void **state)
{
	struct reading r;

	read_text(
		"[DEFAULT]\n" HELLO "[a]\nkey_id=" ID_2 "\n[b]\nkey_id=" ID_1
		"\n[c]\nkey_id = F123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF\n"
		"[d]\nkey_id=" ID_1 "\n[e]\nkey_id=" ID_1 "\n",
		&r);
	assert_int_equal(r.file.n_clients, 5);
	assert_true(r.file.clients[0].has_key_id);
	assert_true(r.file.clients[1].has_key_id);
	assert_false(r.file.clients[2].has_key_id);
	assert_false(r.file.clients[3].has_key_id);
	assert_false(r.file.clients[4].has_key_id);
	assert_int_equal(r.n_reports, 3);
	assert_int_equal(r.file.n_warnings, 3);
	assert_string_equal(r.reports[0],
			    "FILE:9: [d] key_id: [b] at FILE:5 has the same and keeps it; "
			    "nobody can be this client");
	assert_contains(r.reports[1], "FILE:11: [e] key_id: [b] at FILE:5");
	assert_contains(r.reports[2], "FILE:7: [c] key_id: [a] at FILE:3");
	client_file_deinit(&r.file);
}

/* A client that was left out does not take a key ID with it. */
static void test_clients_source_interpret__first_of_a_key_id_left_out__second_has_it(void **state)
{
	struct reading r;

	read_text("[a]\nkey_id=" ID_1 "\n[b]\nkey_id=" ID_1 "\n" HELLO, &r);
	assert_int_equal(r.file.n_clients, 1);
	assert_true(r.file.clients[0].has_key_id);
	assert_int_equal(r.n_reports, 1);
	client_file_deinit(&r.file);
}

static void test_clients_source_interpret__too_many_clients__is_e2big(void **state)
{
	struct clients_source *source = NULL;
	struct reading r = {};
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	(void)fprintf(f, "[DEFAULT]\nsecret=\n");
	for (size_t i = 0; i <= SETTINGS_CLIENTS_MAX; i++)
		(void)fprintf(f, "[%zu]\n", i);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(clients_source_parse("FILE", text, size, keep_report, &r, &source), 0);
	interpret(source, &r);
	assert_int_equal(r.result, -E2BIG);
	assert_int_equal(r.file.n_clients, 0);

	*strrchr(text, '[') = '\0';
	assert_int_equal(clients_source_parse("FILE", text, strlen(text), keep_report, &r, &source),
			 0);
	interpret(source, &r);
	assert_int_equal(r.result, 0);
	assert_int_equal(r.file.n_clients, SETTINGS_CLIENTS_MAX);
	client_file_deinit(&r.file);
	free(text);
}

/* SRV-CLNT-1, SRV-INI-2 */
static void test_clients_source_read__no_file__is_empty(void **state)
{
	struct clients_source *source = NULL;
	struct reading r = {};

	assert_int_equal(clients_source_read(config_dir, keep_report, &r, &source), 0);
	interpret(source, &r);
	assert_int_equal(r.result, 0);
	assert_int_equal(r.n_reports, 0);
	assert_int_equal(r.file.n_clients, 0);
	client_file_deinit(&r.file);
}

static void test_clients_source_read__not_a_file__is_a_warning_and_empty(void **state)
{
	struct clients_source *source = NULL;
	struct reading r = {};
	char path[160], want[256];

	(void)snprintf(path, sizeof(path), "%s/clients.conf", config_dir);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(clients_source_read(config_dir, keep_report, &r, &source), 0);
	(void)snprintf(want, sizeof(want),
		       "%s: cannot be read: Is a directory; going on without clients", path);
	assert_string_equal(r.reports[0], want);
	assert_int_equal(r.severities[0], SETTINGS_WARNING);
	interpret(source, &r);
	assert_int_equal(r.file.n_clients, 0);
}

/* SRV-INI-12: all bad lines, with file and line. */
static void test_clients_source_read__syntax_errors__are_all_reported(void **state)
{
	struct clients_source *source = NULL;
	struct reading r = {};
	char want[256];

	write_config("clients.conf", "early = 1\n[a]\nXyZZy\n[a]\n" HELLO HELLO "= x\n");
	assert_int_equal(clients_source_read(config_dir, keep_report, &r, &source), 5);
	assert_int_equal(r.n_reports, 5);
	for (size_t i = 0; i < r.n_reports; i++) {
		assert_int_equal(r.severities[i], SETTINGS_SYNTAX);
		(void)snprintf(want, sizeof(want), "%s/clients.conf:", config_dir);
		assert_int_equal(strncmp(r.reports[i], want, strlen(want)), 0);
		assert_null(strstr(r.reports[i], "XyZZy"));
	}
	(void)snprintf(want, sizeof(want), "%s/clients.conf:1: ", config_dir);
	assert_int_equal(strncmp(r.reports[0], want, strlen(want)), 0);
	interpret(source, &r); /* still possible, for --check-config */
	assert_int_equal(r.result, 0);
	client_file_deinit(&r.file);
}

#define with_config(f) cmocka_unit_test_setup_teardown(f, setup_config, teardown_config)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clients_source_interpret__nothing_set__built_in_defaults),
		cmocka_unit_test(
			test_clients_source_interpret__unknown_key__only_serves_references),
		cmocka_unit_test(test_clients_source_interpret__every_key__arrives),
		cmocka_unit_test(test_clients_source_interpret__default_section__is_inherited),
		cmocka_unit_test(test_clients_source_interpret__bad_value__leaves_out_that_client),
		cmocka_unit_test(
			test_clients_source_interpret__bad_default__spares_who_overrides_it),
		cmocka_unit_test(test_clients_source_interpret__doubtful_value__is_a_warning),
		cmocka_unit_test(test_clients_source_interpret__same_key_id__the_first_keeps_it),
		cmocka_unit_test(
			test_clients_source_interpret__first_of_a_key_id_left_out__second_has_it),
		cmocka_unit_test(test_clients_source_interpret__too_many_clients__is_e2big),
		with_config(test_clients_source_read__no_file__is_empty),
		with_config(test_clients_source_read__not_a_file__is_a_warning_and_empty),
		with_config(test_clients_source_read__syntax_errors__are_all_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
