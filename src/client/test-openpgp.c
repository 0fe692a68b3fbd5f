/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * CLI-PGP-1, CLI-PGP-4, CLI-PGP-6, CLI-PGP-7, CLI-PGP-8. The keys, and messages for them, are made
 * by gpg itself.
 *
 * To look for left-over plaintext, a test must not hold it: the pattern is kept with its bits
 * inverted, and only gpg sees it in clear.
 */
#include "client/openpgp.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"
#include "base/file.h"
#include "client/gpg-home.h"

#define POLL_MSEC    30000
#define MESSAGE_MAX  ((size_t)1 << 20)
#define PATTERN_SIZE 32
#define STACK_GAP    ((size_t)64 * 1024)
#define SCAN_CHUNK   ((size_t)1 << 20)

static char dir[] = "/tmp/test-openpgp-XXXXXX";

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
	"head -c 1048576 /dev/zero >plain; g -r $F --encrypt -o most.gpg plain;"
	"head -c 1048577 /dev/zero >plain; g -r $F --encrypt -o toomuch.gpg plain;"
	"head -c 5000 signed.gpg | head -c -20 >cut.gpg;"
	"printf 'no message' >garbage.gpg; : >nothing.gpg; printf hello | g --store -o literal.gpg;"
	"head -c 32 /dev/urandom >plain; g -r $F --sign --encrypt -o pattern.gpg plain;"
	"perl -0777 -pe 's/(.)/chr(255-ord($1))/gse' plain >inverted;"
	"gpgconf --kill gpg-agent; rm -r gnupg;"
	"mkdir gnupg; g --quick-gen-key two rsa2048 encr never; printf hello >plain;"
	"g -r two --encrypt -o stranger.gpg plain; gpgconf --kill gpg-agent; rm -r gnupg";

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

struct fixture {
	struct gpg_home home;
	struct openpgp *openpgp;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	const char *error;

	*state = f;
	if (gpg_home_make_under(&f->home, "/tmp", "/tmp") < 0)
		return -1;
	return openpgp_new(f->home.path, &f->openpgp, &error);
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	int r;

	(void)openpgp_free(f->openpgp);
	r = gpg_home_remove(&f->home);
	free(f);
	return r;
}

static enum openpgp_state run(struct openpgp *o)
{
	while (openpgp_state(o) == OPENPGP_BUSY) {
		struct pollfd fds[OPENPGP_FDS_MAX];
		nfds_t n = openpgp_poll_set(o, fds);

		assert_true(poll(fds, n, POLL_MSEC) > 0);
		openpgp_dispatch(o, fds, n);
	}
	return openpgp_state(o);
}

static enum openpgp_state import(struct openpgp *o, const char *path, enum openpgp_key kind)
{
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	enum openpgp_state state;

	assert_true(fd >= 0);
	(void)openpgp_import_start(o, fd, kind);
	state = run(o);
	assert_null(openpgp_take(o));
	return state;
}

static void import_both(struct openpgp *o)
{
	assert_int_equal(import(o, "pubkey.txt", OPENPGP_KEY_PUBLIC), OPENPGP_DONE);
	assert_int_equal(import(o, "seckey.txt", OPENPGP_KEY_SECRET), OPENPGP_DONE);
}

static enum openpgp_state decrypt(struct openpgp *o, const char *path, struct secret **ret)
{
	_cleanup_free_ char *data = NULL;
	enum openpgp_state state;
	size_t size;

	assert_int_equal(file_read(path, MESSAGE_MAX, &data, &size), 0);
	(void)openpgp_decrypt_start(o, data, size);
	state = run(o);
	if (state == OPENPGP_FAILED)
		assert_true(strlen(openpgp_error_text(o)) > 0);
	*ret = openpgp_take(o);
	assert_int_equal(openpgp_state(o), OPENPGP_IDLE);
	return state;
}

static void test_openpgp_decrypt__signed_unsigned_empty__plaintext(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *path;
		const char *plaintext;
	} cases[] = { { "signed.gpg", "hello" }, { "unsigned.gpg", "hello" }, { "empty.gpg", "" } };

	import_both(f->openpgp);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_secret_ struct secret *s = NULL;

		assert_int_equal(decrypt(f->openpgp, cases[i].path, &s), OPENPGP_DONE);
		assert_non_null(s);
		assert_int_equal(s->size, strlen(cases[i].plaintext));
		assert_memory_equal(s->data, cases[i].plaintext, s->size);
	}
}

static void test_openpgp_decrypt__no_message_for_us__failed_and_usable(void **state)
{
	struct fixture *f = *state;
	static const char *const paths[] = { "garbage.gpg", "nothing.gpg", "cut.gpg", "literal.gpg",
					     "stranger.gpg" };
	_cleanup_secret_ struct secret *s = NULL;

	import_both(f->openpgp);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		print_message("%s\n", paths[i]);
		assert_int_equal(decrypt(f->openpgp, paths[i], &s), OPENPGP_FAILED);
		assert_null(s);
	}
	assert_int_equal(decrypt(f->openpgp, "signed.gpg", &s), OPENPGP_DONE);
}

static void test_openpgp_decrypt__at_the_bound__kept_and_beyond_failed(void **state)
{
	struct fixture *f = *state;
	struct secret *s;

	import_both(f->openpgp);
	assert_int_equal(decrypt(f->openpgp, "most.gpg", &s), OPENPGP_DONE);
	assert_int_equal(s->size, OPENPGP_PLAINTEXT_MAX);
	(void)secret_free(s);
	assert_int_equal(decrypt(f->openpgp, "toomuch.gpg", &s), OPENPGP_FAILED);
	assert_null(s);
}

static void test_openpgp_import__unusable_files__failed(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(import(f->openpgp, "garbage.gpg", OPENPGP_KEY_PUBLIC), OPENPGP_FAILED);
	assert_int_equal(import(f->openpgp, "nothing.gpg", OPENPGP_KEY_PUBLIC), OPENPGP_FAILED);
	assert_int_equal(import(f->openpgp, "pubkey.txt", OPENPGP_KEY_SECRET), OPENPGP_FAILED);
	assert_string_equal(openpgp_error_text(f->openpgp), "no secret key in it");
}

static void test_openpgp_import__twice__unchanged_is_good(void **state)
{
	struct fixture *f = *state;

	import_both(f->openpgp);
	import_both(f->openpgp);
}

/* A machine without a battery: the keys seem to be made in the future (CLI-PGP-5). */
static void test_openpgp_decrypt__clock_in_1970__plaintext(void **state)
{
	struct fixture *f = *state;
	_cleanup_secret_ struct secret *s = NULL;
	char path[GPG_HOME_PATH_MAX + 16];
	FILE *conf;

	(void)snprintf(path, sizeof(path), "%s/gpg.conf", f->home.path);
	conf = fopen(path, "ae");
	assert_non_null(conf);
	assert_true(fputs("faked-system-time 19700102T000000\n", conf) >= 0);
	assert_int_equal(fclose(conf), 0);
	import_both(f->openpgp);
	assert_int_equal(decrypt(f->openpgp, "signed.gpg", &s), OPENPGP_DONE);
}

static void test_openpgp_cancel__while_decrypting__failed(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *data = NULL;
	size_t size;

	import_both(f->openpgp);
	assert_int_equal(file_read("signed.gpg", MESSAGE_MAX, &data, &size), 0);
	assert_int_equal(openpgp_decrypt_start(f->openpgp, data, size), 0);
	openpgp_cancel(f->openpgp, "too slow");
	assert_int_equal(openpgp_state(f->openpgp), OPENPGP_FAILED);
	assert_string_equal(openpgp_error_text(f->openpgp), "too slow");
	assert_null(openpgp_take(f->openpgp));
	assert_int_equal(openpgp_poll_set(f->openpgp, (struct pollfd[OPENPGP_FDS_MAX]){ 0 }), 0);
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

static unsigned int count_processes(const char *home)
{
	unsigned int n = 0;
	glob_t found;

	assert_int_equal(glob("/proc/[0-9]*/cmdline", GLOB_NOSORT, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		_cleanup_free_ char *cmdline = NULL;
		size_t size;

		/* Processes come and go. */
		if (file_read(found.gl_pathv[i], MESSAGE_MAX, &cmdline, &size) == 0 &&
		    memmem(cmdline, size, home, strlen(home)))
			n++;
	}
	globfree(&found);
	return n;
}

/* Right after the start gpg has not even executed; it must be gone all the same (CLI-PGP-9). */
static void test_openpgp_cancel__right_after_the_start__no_gpg_left(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 20; i++) {
		_cleanup_fd_ int fd = open("seckey.txt", O_RDONLY | O_CLOEXEC);

		assert_true(fd >= 0);
		assert_int_equal(openpgp_import_start(f->openpgp, fd, OPENPGP_KEY_SECRET), 0);
		openpgp_cancel(f->openpgp, "stop");
		assert_null(openpgp_take(f->openpgp));
		assert_int_equal(count_processes(f->home.path), 0);
	}
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

static void test_openpgp_take__plaintext_freed__nowhere_in_memory(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *inverted = NULL;
	struct secret *s;
	size_t size;

#ifdef __SANITIZE_ADDRESS__
	/* Its shadow is terabytes of mapped memory, and it keeps what was freed. */
	skip();
#endif
	import_both(f->openpgp);
	assert_int_equal(file_read("inverted", MESSAGE_MAX, &inverted, &size), 0);
	assert_int_equal(size, PATTERN_SIZE);
	assert_int_equal(decrypt(f->openpgp, "pattern.gpg", &s), OPENPGP_DONE);
	/* The one copy is where it should be, so the scanner sees what there is to see. */
	assert_int_equal(count_from_below((const uint8_t *)inverted), 1);
	(void)secret_free(s);
	assert_int_equal(count_from_below((const uint8_t *)inverted), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(test_openpgp_decrypt__signed_unsigned_empty__plaintext),
		TEST(test_openpgp_decrypt__no_message_for_us__failed_and_usable),
		TEST(test_openpgp_decrypt__at_the_bound__kept_and_beyond_failed),
		TEST(test_openpgp_import__unusable_files__failed),
		TEST(test_openpgp_import__twice__unchanged_is_good),
		TEST(test_openpgp_decrypt__clock_in_1970__plaintext),
		TEST(test_openpgp_cancel__while_decrypting__failed),
		TEST(test_openpgp_cancel__right_after_the_start__no_gpg_left),
		TEST(test_openpgp_take__plaintext_freed__nowhere_in_memory),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
