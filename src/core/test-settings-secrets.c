/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Secrets in clients.conf, and many of them: SRV-CLNT-7, SRV-CLNT-8, SRV-CLNT-9. */
#include "core/test-settings-clients.h"

#include <time.h>

#include "core/store.h"

/* SRV-CLNT-8 */
static void test_clients_source_interpret__secret__is_decoded_leniently(void **state)
{
	static const char *const cases[][2] = {
		{ "aGVs bG8=", "hello" },
		{ "aGVs!bG8=", "hello" },
		{ "aGk=aGVsbG8=", "hi" },
		{ "aGVs\n bG8=\n", "hello" },
		{ "", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct reading r;
		char text[256];

		(void)snprintf(text, sizeof(text), "[a]\nkey_id=" ID_1 "\nsecret = %s\n",
			       cases[i][0]);
		read_text(text, &r);
		assert_int_equal(r.file.n_clients, 1);
		assert_secret(&r.file.clients[0], cases[i][1]);
		/* Legal, but hardly meant. */
		assert_int_equal(r.file.n_warnings, cases[i][1][0] == '\0');
		client_file_deinit(&r.file);
	}
}

/* SRV-CLNT-7, SRV-CLNT-9 */
static void test_clients_source_interpret__secfile__is_read_verbatim(void **state)
{
	char text[1024];
	struct reading r;

	write_config_sized("blob", "a\0b\n", 4);
	assert_int_equal(setenv("TEST_DIR", config_dir, 1), 0);
	assert_int_equal(setenv("HOME", config_dir, 1), 0);
	(void)snprintf(text, sizeof(text),
		       "[DEFAULT]\nkey_id=\n"
		       "[plain]\nsecfile = %s/blob\n"
		       "[env]\nsecfile = $TEST_DIR/blob\n"
		       "[braces]\nsecfile = ${TEST_DIR}/blob\n"
		       "[tilde]\nsecfile = ~/blob\n"
		       "[root]\nsecfile = ~root/../$TEST_DIR/blob\n"
		       "[both]\nsecfile = /nonexistent\n" HELLO,
		       config_dir);
	read_text(text, &r);
	assert_int_equal(r.file.n_clients, 6);
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(r.file.clients[i].secret->size, 4);
		assert_memory_equal(r.file.clients[i].secret->data, "a\0b\n", 4);
	}
	assert_secret(&r.file.clients[5], "hello");
	client_file_deinit(&r.file);
}

static void test_clients_source_interpret__unknown_names_in_secfile__stay(void **state)
{
	static const char *const names[] = { "$NO_SUCH_NAME", "${NO_SUCH_NAME}",   "${", "$",
					     "$$x",	      "~no-such-user-here" };
	char text[512], old[256];
	struct reading r;

	assert_non_null(getcwd(old, sizeof(old)));
	assert_int_equal(chdir(config_dir), 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		write_config(names[i], "x");
		(void)snprintf(text, sizeof(text), "[a]\nkey_id=" ID_1 "\nsecfile = %s\n",
			       names[i]);
		read_text(text, &r);
		assert_int_equal(r.n_reports, 0);
		assert_secret(&r.file.clients[0], "x");
		client_file_deinit(&r.file);
	}
	assert_int_equal(chdir(old), 0);
}

static char *repeat(const char *head, char c, size_t n, const char *tail)
{
	size_t head_size = strlen(head);
	char *text = malloc(head_size + n + strlen(tail) + 1);

	assert_non_null(text);
	memcpy(text, head, head_size);
	memset(text + head_size, c, n);
	(void)strcpy(text + head_size + n, tail);
	return text;
}

static void expect_bound(const char *key, char c, size_t max, const char *report)
{
	for (size_t extra = 0; extra < 2; extra++) {
		_cleanup_free_ char *head = NULL, *text = NULL;
		struct reading r;

		assert_true(asprintf(&head, "[a]\nkey_id=" ID_1 "\n%s%s = ",
				     strcmp(key, "secret") == 0 ? "" : HELLO, key) > 0);
		text = repeat(head, c, max + extra * (c == 'A' ? 4 : 1), "\n");
		read_text(text, &r);
		assert_int_equal(r.file.n_clients, 1 - extra);
		if (extra)
			assert_contains(r.reports[0], report);
		client_file_deinit(&r.file);
	}
}

static void test_clients_source_interpret__at_the_bounds__kept_and_beyond_left_out(void **state)
{
	_cleanup_free_ char *long_path = repeat("[a]\n"
						"secfile = /",
						'x', 5000, "\n");
	struct reading r;

	expect_bound("host", 'h', STORE_TEXT_MAX, "the text is longer than 65536 bytes");
	expect_bound("checker", 'h', STORE_TEXT_MAX, "the text is longer than 65536 bytes");
	/* The room for decoding is a little larger than what comes out. */
	expect_bound("secret", 'A', (SECRET_SIZE_MAX - 3) / 3 * 4,
		     "the secret is longer than 1048576 bytes");
	read_text(long_path, &r);
	assert_contains(r.reports[1], "secfile: the file cannot be read: File name too long");
	client_file_deinit(&r.file);
}

static void test_clients_source_interpret__secret_file_at_the_bound__and_beyond(void **state)
{
	_cleanup_free_ char *blob = repeat("", 'b', SECRET_SIZE_MAX + 1, "");
	char text[256];
	struct reading r;

	(void)snprintf(text, sizeof(text), "[a]\nkey_id=" ID_1 "\nsecfile = %s/blob\n", config_dir);
	write_config_sized("blob", blob, SECRET_SIZE_MAX);
	read_text(text, &r);
	assert_int_equal(r.file.n_clients, 1);
	assert_int_equal(r.file.clients[0].secret->size, SECRET_SIZE_MAX);
	client_file_deinit(&r.file);
	write_config_sized("blob", blob, SECRET_SIZE_MAX + 1);
	read_text(text, &r);
	assert_int_equal(r.file.n_clients, 0);
	assert_contains(r.reports[0], "secfile: the file cannot be read: File too large");
}

/* Values are erased before their memory goes: nothing of the file is left in the heap. */
static bool memory_holds(const char *needle)
{
	_cleanup_fd_ int fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[256];
	bool found = false;

	assert_true(fd >= 0);
	assert_non_null(maps);
	while (!found && fgets(line, sizeof(line), maps)) {
		unsigned long start, end;
		char *copy;

		if (sscanf(line, "%lx-%lx rw-p", &start, &end) != 2 || !strstr(line, "[heap]"))
			continue;
		copy = mmap(NULL, end - start, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);
		assert_true(copy != MAP_FAILED);
		assert_true(pread(fd, copy, end - start, (off_t)start) > 0);
		found = memmem(copy, end - start, needle, strlen(needle)) != NULL;
		(void)munmap(copy, end - start);
	}
	(void)fclose(maps);
	return found;
}

static void test_clients_source_interpret__afterwards__no_secret_is_left_in_the_heap(void **state)
{
	/* "not-to-be-found-anywhere" in Base64, put together so that it is no constant here. */
	static const char half[] = "bm90LXRvLWJlLWZv", other[] = "dW5kLWFueXdoZXJl";
	struct clients_source *source = NULL;
	struct reading *r = calloc(1, sizeof(*r));
	char needle[64], text[256];

	assert_non_null(r);
	(void)snprintf(text, sizeof(text),
		       "[a]\nkey_id=" ID_1 "\nsecret = %s%s\nextra = %%(secret)s\n", half, other);
	write_config("clients.conf", text);
	assert_int_equal(clients_source_read(config_dir, keep_report, r, &source), 0);
	interpret(source, r);
	assert_secret(&r->file.clients[0], "not-to-be-found-anywhere");
	(void)snprintf(needle, sizeof(needle), "%s%s", half + 4, other);
	assert_false(memory_holds(needle));
	assert_false(memory_holds("-to-be-found-anywhere"));
	client_file_deinit(&r->file);
	free(r);
}

static double cpu_seconds(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Ten thousand clients with secrets of 1.1 KiB. It takes a quarter of a second, ten times that
 * under sanitizers; reading a file in quadratic time would take minutes. */
static void test_clients_source_interpret__ten_thousand_clients__is_quick(void **state)
{
	struct clients_source *source = NULL;
	struct reading r = {};
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);
	double start;

	assert_non_null(f);
	for (unsigned int i = 0; i < 10000; i++) {
		(void)fprintf(f,
			      "[client%05u]\nkey_id = %064x\nhost = client%05u.example.org\n"
			      "secret =\n",
			      i, i + 1, i);
		for (int line = 0; line < 25; line++)
			(void)fprintf(f, "    %s\n",
				      "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9w"
				      "cXJz");
	}
	assert_int_equal(fclose(f), 0);
	write_config_sized("clients.conf", text, size);
	free(text);
	start = cpu_seconds();
	assert_int_equal(clients_source_read(config_dir, keep_report, &r, &source), 0);
	interpret(source, &r);
	start = cpu_seconds() - start;
	print_message("%zu bytes, 10000 clients: %.3f s\n", size, start);
	assert_int_equal(r.file.n_clients, 10000);
	assert_int_equal(r.n_reports, 0);
	assert_true(r.file.clients[9999].secret->size == 25 * 45);
	assert_true(start < 5);
	client_file_deinit(&r.file);
}

#define with_config(f) cmocka_unit_test_setup_teardown(f, setup_config, teardown_config)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clients_source_interpret__secret__is_decoded_leniently),
		with_config(test_clients_source_interpret__secfile__is_read_verbatim),
		with_config(test_clients_source_interpret__unknown_names_in_secfile__stay),
		cmocka_unit_test(
			test_clients_source_interpret__at_the_bounds__kept_and_beyond_left_out),
		with_config(test_clients_source_interpret__secret_file_at_the_bound__and_beyond),
		with_config(
			test_clients_source_interpret__afterwards__no_secret_is_left_in_the_heap),
		with_config(test_clients_source_interpret__ten_thousand_clients__is_quick),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
