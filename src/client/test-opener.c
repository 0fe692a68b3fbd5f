/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * CLI-PGP-1, CLI-PGP-2, CLI-PGP-4, CLI-PGP-6, CLI-PGP-7, CLI-PGP-8. The keys, and messages for
 * them, are made by gpg itself.
 *
 * To look for left-over plaintext, a test must not hold it: the pattern is kept with its bits
 * inverted, and only gpg sees it in clear.
 */
#include "client/opener.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/sandbox.h"
#include "openpgp/result.h"

#define POLL_MSEC    30000
#define MESSAGE_MAX  ((size_t)1 << 20)
#define PATTERN_SIZE 32
#define STACK_GAP    ((size_t)64 * 1024)
#define SCAN_CHUNK   ((size_t)1 << 20)

static char dir[] = "/tmp/test-opener-XXXXXX";

/* As mandos-keygen does it; small keys, since their strength is not what is tested. */
static const char make_keys[] =
	"set -e; exec 2>log; umask 077; mkdir gnupg; export GNUPGHOME=$PWD/gnupg;"
	"g() { gpg --batch --quiet --trust-model always --pinentry-mode loopback --passphrase '' "
	"\"$@\"; };"
	"g --quick-gen-key one rsa2048 sign,auth never;"
	"F=$(g --with-colons --list-keys | sed -n 's/^fpr:*\\([0-9A-F]*\\):/\\1/p' | head -n1);"
	"g --quick-add-key $F rsa2048 encr never;"
	"g --armor --export >pubkey.txt; g --armor --export-secret-keys >seckey.txt;"
	"printf hello >plain; g -r $F --sign --encrypt -o signed.gpg plain;"
	"g -r $F --encrypt -o unsigned.gpg plain;"
	": >plain; g -r $F --encrypt -o empty.gpg plain;"
	"head -c 1048000 /dev/zero >plain; g -r $F --encrypt -o most.gpg plain;"
	"head -c 1048577 /dev/zero >plain; g -r $F --encrypt -o toomuch.gpg plain;"
	"head -c 5000 signed.gpg | head -c -20 >cut.gpg;"
	"printf 'no message' >garbage.gpg; : >nothing.gpg; printf hello | g --store -o literal.gpg;"
	"head -c 32 /dev/urandom >plain; g -r $F --sign --encrypt -o pattern.gpg plain;"
	"perl -0777 -pe 's/(.)/chr(255-ord($1))/gse' plain >inverted;"
	"gpgconf --kill gpg-agent; rm -rf gnupg;"
	"mkdir gnupg; g --quick-gen-key two rsa2048 encr never; printf hello >plain;"
	"g -r two --encrypt -o stranger.gpg plain;"
	"gpg --batch --quiet --pinentry-mode loopback --passphrase x --quick-gen-key three rsa2048 "
	"encr never; gpg --batch --armor --pinentry-mode loopback --passphrase x "
	"--export-secret-keys three >protected.txt;"
	"gpgconf --kill gpg-agent; rm -rf gnupg";

static int group_setup(void **state)
{
	if (!mkdtemp(dir) || chdir(dir) < 0)
		return -1;
	return system(make_keys) == 0 ? 0 : -1;
}

static int group_teardown(void **state)
{
	char command[64];

	(void)snprintf(command, sizeof(command), "rm -rf %s", dir);
	return chdir("/") < 0 || system(command) != 0 ? -1 : 0;
}

static int setup(void **state)
{
	struct opener *o = malloc(sizeof(*o));

	*state = o;
	if (!o)
		return -1;
	opener_init(o);
	return 0;
}

static int teardown(void **state)
{
	struct opener *o = *state;

	opener_deinit(o);
	free(o);
	return 0;
}

static enum opener_state run(struct opener *o)
{
	while (opener_state(o) == OPENER_BUSY) {
		struct pollfd fd = { .fd = opener_fd(o), .events = POLLIN };

		assert_true(poll(&fd, 1, POLL_MSEC) > 0);
		opener_step(o);
	}
	assert_int_equal(opener_fd(o), -1);
	return opener_state(o);
}

static enum opener_state check(struct opener *o, const char *public, const char *secret)
{
	_cleanup_fd_ int public_fd = open(public, O_RDONLY | O_CLOEXEC);
	_cleanup_fd_ int secret_fd = open(secret, O_RDONLY | O_CLOEXEC);

	assert_true(public_fd >= 0 && secret_fd >= 0);
	assert_int_equal(opener_check_start(o, public_fd, secret_fd), 0);
	return run(o);
}

static void assert_refused(struct opener *o, const char *public, const char *secret, int culprit,
			   int result)
{
	print_message("%s %s\n", public, secret);
	assert_int_equal(check(o, public, secret), OPENER_FAILED);
	assert_int_equal(opener_culprit(o), culprit);
	assert_string_equal(opener_error_text(o), openpgp_result_text(result));
	assert_null(opener_take(o));
	assert_int_equal(opener_state(o), OPENER_IDLE);
}

static void start(struct opener *o, const char *path)
{
	_cleanup_fd_ int fd = open("seckey.txt", O_RDONLY | O_CLOEXEC);
	_cleanup_free_ char *data = NULL;
	size_t size;

	assert_true(fd >= 0);
	/* Where another reader has left it. */
	assert_int_equal(lseek(fd, 0, SEEK_END) > 0, 1);
	assert_int_equal(file_read(path, MESSAGE_MAX, &data, &size), 0);
	assert_int_equal(opener_decrypt_start(o, fd, data, size), 0);
}

static enum opener_state decrypt(struct opener *o, const char *path, struct secret **ret)
{
	enum opener_state state;

	start(o, path);
	state = run(o);
	if (state == OPENER_FAILED)
		assert_true(strlen(opener_error_text(o)) > 0);
	*ret = opener_take(o);
	assert_int_equal(*ret != NULL, state == OPENER_DONE);
	assert_int_equal(opener_state(o), OPENER_IDLE);
	return state;
}

static void test_opener_decrypt__signed_unsigned_empty__plaintext(void **state)
{
	struct opener *o = *state;
	static const struct {
		const char *path;
		const char *plaintext;
	} cases[] = { { "signed.gpg", "hello" }, { "unsigned.gpg", "hello" }, { "empty.gpg", "" } };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_secret_ struct secret *s = NULL;

		assert_int_equal(decrypt(o, cases[i].path, &s), OPENER_DONE);
		assert_non_null(s);
		assert_int_equal(s->size, strlen(cases[i].plaintext));
		assert_memory_equal(s->data, cases[i].plaintext, s->size);
	}
}

static void test_opener_decrypt__no_message_for_us__failed_and_usable(void **state)
{
	struct opener *o = *state;
	static const char *const paths[] = { "garbage.gpg", "nothing.gpg", "cut.gpg", "literal.gpg",
					     "stranger.gpg" };
	_cleanup_secret_ struct secret *s = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		print_message("%s\n", paths[i]);
		assert_int_equal(decrypt(o, paths[i], &s), OPENER_FAILED);
		assert_null(s);
	}
	assert_int_equal(decrypt(o, "signed.gpg", &s), OPENER_DONE);
}

static void test_opener_decrypt__at_the_bound__kept_and_beyond_failed(void **state)
{
	struct opener *o = *state;
	struct secret *s;

	assert_int_equal(decrypt(o, "most.gpg", &s), OPENER_DONE);
	assert_int_equal(s->size, 1048000);
	(void)secret_free(s);
	assert_int_equal(decrypt(o, "toomuch.gpg", &s), OPENER_FAILED);
	assert_null(s);
}

/* CLI-PGP-2, CLI-PGP-4 */
static void test_opener_check__key_files__good_or_told_why(void **state)
{
	struct opener *o = *state;

	assert_int_equal(check(o, "pubkey.txt", "seckey.txt"), OPENER_DONE);
	assert_null(opener_take(o));
	assert_refused(o, "garbage.gpg", "seckey.txt", OPENER_PUBLIC_KEY, OPENPGP_MALFORMED);
	assert_refused(o, "nothing.gpg", "seckey.txt", OPENER_PUBLIC_KEY, OPENPGP_NO_KEY);
	assert_refused(o, "stranger.gpg", "seckey.txt", OPENER_PUBLIC_KEY, OPENPGP_NO_KEY);
	assert_refused(o, "pubkey.txt", "garbage.gpg", OPENER_SECRET_KEY, OPENPGP_MALFORMED);
	assert_refused(o, "pubkey.txt", "nothing.gpg", OPENER_SECRET_KEY, OPENPGP_NO_KEY);
	assert_refused(o, "pubkey.txt", "pubkey.txt", OPENER_SECRET_KEY, OPENPGP_NO_SECRET_KEY);
	assert_refused(o, "pubkey.txt", "protected.txt", OPENER_SECRET_KEY, OPENPGP_KEY_PROTECTED);
}

static void test_opener_check__no_regular_file__unreadable(void **state)
{
	struct opener *o = *state;

	assert_int_equal(check(o, "pubkey.txt", "."), OPENER_FAILED);
	assert_int_equal(opener_culprit(o), OPENER_SECRET_KEY);
	assert_non_null(strstr(opener_error_text(o), strerror(EISDIR)));
}

static void test_opener_cancel__while_decrypting__failed_and_no_child_left(void **state)
{
	struct opener *o = *state;
	_cleanup_secret_ struct secret *s = NULL;

	start(o, "signed.gpg");
	opener_cancel(o, "too slow");
	assert_int_equal(opener_state(o), OPENER_FAILED);
	assert_string_equal(opener_error_text(o), "too slow");
	assert_int_equal(opener_culprit(o), 0);
	assert_null(opener_take(o));
	assert_int_equal(opener_fd(o), -1);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(decrypt(o, "signed.gpg", &s), OPENER_DONE);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

/* ---- openers that do not behave: a pipe, and what the test writes into it ---- */

static enum opener_state hear(struct opener *o, bool wants_plaintext, const void *data, size_t size)
{
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	opener_init(o);
	o->state = OPENER_BUSY;
	o->fd = fds[0];
	o->wants_plaintext = wants_plaintext;
	/* Byte by byte: what comes in pieces is put together. */
	for (size_t i = 0; i < size; i++) {
		assert_int_equal(write(fds[1], (const uint8_t *)data + i, 1), 1);
		opener_step(o);
	}
	(void)fd_close(fds[1]);
	opener_step(o);
	return opener_state(o);
}

static void test_opener_step__answers_of_every_kind__only_the_right_one_counts(void **state)
{
	struct opener *o = *state;
	static const struct {
		const char *bytes;
		size_t size;
		bool wants_plaintext;
		enum opener_state state;
	} cases[] = {
		{ "\2\3\0\0\0\2ab", 8, true, OPENER_DONE },
		{ "\2\3\0\0\0\0", 6, true, OPENER_DONE },
		{ "\1\1\0\0\0\0", 6, false, OPENER_DONE },
		{ "\1\1\0\0\0\2", 6, false, OPENER_FAILED }, /* a result */
		{ "\1\1\0\0\xff\xff", 6, false, OPENER_FAILED },
		{ "\3\1\0\0\0\2", 6, false, OPENER_FAILED },
		{ "\4\1\0\0\0\2", 6, false, OPENER_FAILED },
		{ "\5\1\0\0\0\0", 6, false, OPENER_FAILED },
		{ "\2\3\0\0\0\2a", 7, true, OPENER_FAILED }, /* cut off */
		{ "\2\3\0\0", 4, true, OPENER_FAILED },
		{ "", 0, true, OPENER_FAILED },
		{ "\2\3\0\0\0\2abc", 9, true, OPENER_FAILED }, /* more than it said */
		{ "\1\1\0\0\0\0a", 7, false, OPENER_FAILED },
		{ "\1\3\0\0\0\0", 6, true, OPENER_FAILED },   /* fine, but no plaintext */
		{ "\2\1\0\0\0\1a", 7, false, OPENER_FAILED }, /* plaintext of a check */
		{ "\2\3\0\20\0\1", 6, true, OPENER_FAILED },  /* more than the bound */
		{ "\11\3\0\0\0\1", 6, true, OPENER_FAILED },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_secret_ struct secret *s = NULL;

		print_message("case %zu\n", i);
		assert_int_equal(hear(o, cases[i].wants_plaintext, cases[i].bytes, cases[i].size),
				 cases[i].state);
		s = opener_take(o);
		assert_int_equal(s != NULL,
				 cases[i].wants_plaintext && cases[i].state == OPENER_DONE);
		if (s)
			assert_memory_equal(s->data, cases[i].bytes + OPENER_ANSWER_SIZE, s->size);
	}
}

static bool is_pattern(const uint8_t *at, const uint8_t inverted[PATTERN_SIZE])
{
	for (int k = 0; k < PATTERN_SIZE; k++) {
		if ((at[k] ^ inverted[k]) != 0xff)
			return false;
	}
	return true;
}

static bool is_inside(unsigned long address, const void *start, size_t size)
{
	return address >= (uintptr_t)start && address < (uintptr_t)start + size;
}

/* How often the inverted pattern, inverted, is in this process's memory. */
static unsigned int count_in_memory(const uint8_t inverted[PATTERN_SIZE])
{
	_cleanup_fd_ int mem = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	static uint8_t chunk[SCAN_CHUNK];
	FILE *maps = fopen("/proc/self/maps", "re");
	unsigned long from, to;
	unsigned int found = 0;
	char line[512], access[5];

	assert_true(mem >= 0 && maps);
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx %4s", &from, &to, access) != 3 || access[1] != 'w')
			continue;
		for (; from < to; from += SCAN_CHUNK - PATTERN_SIZE) {
			ssize_t n = pread(mem, chunk, MIN_OF(to - from, SCAN_CHUNK), (off_t)from);

			for (ssize_t i = 0; i + PATTERN_SIZE <= n; i++) {
				/* The scanner's own copy is not a place of its own. */
				if (is_pattern(chunk + i, inverted) &&
				    !is_inside(from + (unsigned long)i, chunk, SCAN_CHUNK))
					found++;
			}
		}
	}
	(void)fclose(maps);
	return found;
}

/*
 * The same from further down, so that the scanner's own calls do not overwrite what earlier calls
 * have left on the stack.
 */
static unsigned int __attribute__((noinline)) count_from_below(const uint8_t inverted[PATTERN_SIZE])
{
	uint8_t gap[STACK_GAP] __attribute__((uninitialized));

	__asm__ volatile("" : : "r"(gap) : "memory");
	return count_in_memory(inverted);
}

static void test_opener_take__plaintext_freed__nowhere_in_memory(void **state)
{
	struct opener *o = *state;
	_cleanup_free_ char *inverted = NULL;
	struct secret *s;
	size_t size;

#ifdef SANDBOX_WITH_SANITIZERS
	/* Its shadow is terabytes of mapped memory, and it keeps what was freed. */
	skip();
#endif
	assert_int_equal(file_read("inverted", MESSAGE_MAX, &inverted, &size), 0);
	assert_int_equal(size, PATTERN_SIZE);
	assert_int_equal(decrypt(o, "pattern.gpg", &s), OPENER_DONE);
	/* The one copy is where it should be, so the scanner sees what there is to see. */
	assert_int_equal(count_from_below((const uint8_t *)inverted), 1);
	(void)secret_free(s);
	assert_int_equal(count_from_below((const uint8_t *)inverted), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(test_opener_decrypt__signed_unsigned_empty__plaintext),
		TEST(test_opener_decrypt__no_message_for_us__failed_and_usable),
		TEST(test_opener_decrypt__at_the_bound__kept_and_beyond_failed),
		TEST(test_opener_check__key_files__good_or_told_why),
		TEST(test_opener_check__no_regular_file__unreadable),
		TEST(test_opener_cancel__while_decrypting__failed_and_no_child_left),
		TEST(test_opener_step__answers_of_every_kind__only_the_right_one_counts),
		TEST(test_opener_take__plaintext_freed__nowhere_in_memory),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
