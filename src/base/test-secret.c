/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory for secrets: what the kernel was told about it, and that nothing stays (SRV-PROTO-31). */
#include "base/secret.h"

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define SMALL	 ((size_t)100)
#define LARGE	 ((size_t)300000)
#define NOT_ROOT 54321

static bool is_all(const uint8_t *data, size_t size, uint8_t value)
{
	for (size_t i = 0; i < size; i++) {
		if (data[i] != value)
			return false;
	}
	return true;
}

/* Runs @f in a child, because what it changes cannot be undone; true if it returned true. */
static bool in_child(bool (*f)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(f() ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* "VmFlags" of the mapping that @address is in, with a space around each of them. */
static void read_flags(const void *address, char *ret_flags, size_t size)
{
	FILE *f = fopen("/proc/self/smaps", "re");
	char line[512];
	bool is_inside = false;

	assert_non_null(f);
	ret_flags[0] = '\0';
	while (fgets(line, sizeof(line), f)) {
		uintptr_t from, to;

		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &from, &to) == 2)
			is_inside = (uintptr_t)address >= from && (uintptr_t)address < to;
		else if (is_inside && strncmp(line, "VmFlags:", 8) == 0)
			(void)snprintf(ret_flags, size, "%.*s ", (int)strcspn(line + 8, "\n"),
				       line + 8);
	}
	(void)fclose(f);
}

static void test_secret_new__any_size__is_zeroed_and_kept_from_dumps_and_swap(void **state)
{
	const size_t sizes[] = { 0, 1, SMALL, 4000, 5000, LARGE };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		_cleanup_secret_ struct secret *s = secret_new(sizes[i]);
		char flags[256];

		assert_non_null(s);
		assert_int_equal(s->size, sizes[i]);
		assert_true(is_all(s->data, s->size, 0));
		read_flags(s, flags, sizeof(flags));
		assert_non_null(strstr(flags, " dd "));
		assert_non_null(strstr(flags, " wf "));
		if (secret_unlocked_bytes() == 0)
			assert_non_null(strstr(flags, " lo "));
	}
}

static void test_secret_new__at_and_above_the_bound__is_told_apart(void **state)
{
	struct secret *s = secret_new(SECRET_SIZE_MAX);

	assert_non_null(s);
	s->data[SECRET_SIZE_MAX - 1] = 1;
	assert_null(secret_free(s));
	assert_null(secret_new(SECRET_SIZE_MAX + 1));
	assert_null(secret_new(SIZE_MAX));
	assert_null(secret_copy("", SIZE_MAX));
}

static void test_secret_copy__nothing__is_an_empty_secret(void **state)
{
	_cleanup_secret_ struct secret *s = secret_copy(NULL, 0);

	assert_non_null(s);
	assert_int_equal(s->size, 0);
}

/* The page of a small secret stays mapped for the next one, so one can look at what is left. */
static void test_secret_free__small__is_erased(void **state)
{
	uint8_t pattern[SMALL];
	struct secret *s;
	const uint8_t *where;

	memset(pattern, 0xa5, sizeof(pattern));
	s = secret_copy(pattern, sizeof(pattern));
	assert_non_null(s);
	assert_memory_equal(s->data, pattern, sizeof(pattern));
	where = s->data;
	assert_null(secret_free(s));
	assert_true(is_all(where, sizeof(pattern), 0));
	s = secret_new(sizeof(pattern));
	assert_ptr_equal(s->data, where);
	assert_true(is_all(s->data, s->size, 0));
	(void)secret_free(s);
}

static void test_secret_free__large__is_unmapped(void **state)
{
	struct secret *s = secret_new(LARGE);
	void *page = s;
	size_t size = sizeof(*s) + LARGE;

	assert_non_null(s);
	memset(s->data, 0xa5, LARGE);
	assert_int_equal(msync(page, size, MS_ASYNC), 0);
	assert_null(secret_free(s));
	assert_int_equal(msync(page, size, MS_ASYNC), -1);
	assert_int_equal(errno, ENOMEM);
	assert_null(secret_free(NULL));
}

static void test_secret_new__many_in_any_order__do_not_overlap(void **state)
{
	static struct secret *secrets[500];
	uint32_t random_state = 3;

	for (int i = 0; i < 20000; i++) {
		uint32_t at, size;

		random_state = random_state * 1664525 + 1013904223;
		at = (random_state >> 8) % 500;
		size = (random_state >> 5) % 4200;
		if (secrets[at]) {
			assert_true(is_all(secrets[at]->data, secrets[at]->size, (uint8_t)at));
			secrets[at] = secret_free(secrets[at]);
		} else {
			secrets[at] = secret_new(size);
			assert_non_null(secrets[at]);
			assert_true(is_all(secrets[at]->data, size, 0));
			memset(secrets[at]->data, (int)(uint8_t)at, size);
		}
	}
	for (size_t at = 0; at < 500; at++) {
		if (secrets[at])
			assert_true(is_all(secrets[at]->data, secrets[at]->size, (uint8_t)at));
		secrets[at] = secret_free(secrets[at]);
	}
}

static struct secret *inherited[2];

static bool child_has_nothing(void)
{
	return is_all((const uint8_t *)inherited[0], SMALL, 0) &&
	       is_all((const uint8_t *)inherited[1], LARGE, 0);
}

static void test_secret__after_fork__child_has_nothing(void **state)
{
	inherited[0] = secret_new(SMALL);
	inherited[1] = secret_new(LARGE);
	assert_non_null(inherited[0]);
	assert_non_null(inherited[1]);
	memset(inherited[0]->data, 0xa5, SMALL);
	memset(inherited[1]->data, 0xa5, LARGE);
	assert_true(in_child(child_has_nothing));
	assert_true(is_all(inherited[0]->data, SMALL, 0xa5));
	inherited[0] = secret_free(inherited[0]);
	inherited[1] = secret_free(inherited[1]);
}

/* Twice the same size: the second from a cell that the first, or the parent, has left. */
static bool child_has_locked_secrets(void)
{
	secret_start_anew();
	for (int i = 0; i < 2; i++) {
		struct secret *s = secret_new(SMALL);
		char flags[256];

		if (!s || !is_all(s->data, SMALL, 0))
			return false;
		read_flags(s, flags, sizeof(flags));
		if (secret_unlocked_bytes() == 0 && !strstr(flags, " lo "))
			return false;
		memset(s->data, 0x5a, SMALL);
		(void)secret_free(s);
	}
	return true;
}

static void test_secret_start_anew__in_a_child__its_secrets_are_locked(void **state)
{
	inherited[0] = secret_new(SMALL);
	assert_non_null(inherited[0]);
	/* A cell to take again, which in the child is in memory that is not locked. */
	(void)secret_free(secret_new(SMALL));
	memset(inherited[0]->data, 0xa5, SMALL);
	assert_true(in_child(child_has_locked_secrets));
	assert_true(is_all(inherited[0]->data, SMALL, 0xa5));
	inherited[0] = secret_free(inherited[0]);
}

/* Without the privilege to exceed the limit, which root has. */
static bool locking_is_refused_and_told(void)
{
	const struct rlimit none = { .rlim_cur = 0, .rlim_max = 0 };
	size_t before = secret_unlocked_bytes();
	struct secret *s;

	if (geteuid() == 0 && setresuid(NOT_ROOT, NOT_ROOT, NOT_ROOT) < 0)
		return false;
	if (setrlimit(RLIMIT_MEMLOCK, &none) < 0)
		return false;
	s = secret_copy("x", 1);
	if (!s || s->data[0] != 'x')
		return false;
	(void)secret_free(s);
	s = secret_new(LARGE);
	if (!s)
		return false;
	(void)secret_free(s);
	return secret_unlocked_bytes() >= before + LARGE;
}

static void test_secret_new__locking_refused__works_and_is_told(void **state)
{
	assert_true(in_child(locking_is_refused_and_told));
}

static bool is_hardened(void)
{
	struct rlimit core;

	return secret_process_harden() == 0 && prctl(PR_GET_DUMPABLE) == 0 &&
	       getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_cur == 0 && core.rlim_max == 0;
}

static void test_secret_process_harden__always__forbids_dumps_and_tracing(void **state)
{
	assert_true(in_child(is_hardened));
}

static void test_secret_equal__any__compares_size_and_bytes(void **state)
{
	_cleanup_secret_ struct secret *a = secret_copy("abc", 3), *same = secret_copy("abc", 3);
	_cleanup_secret_ struct secret *other = secret_copy("abd", 3),
				       *longer = secret_copy("abcd", 4);
	_cleanup_secret_ struct secret *nothing = secret_new(0), *void_too = secret_new(0);

	assert_true(secret_equal(a, same));
	assert_false(secret_equal(a, other));
	assert_false(secret_equal(a, longer));
	assert_false(secret_equal(longer, a));
	assert_false(secret_equal(nothing, a));
	assert_true(secret_equal(nothing, void_too));
}

static void test_secret_erase__nothing__is_legal(void **state)
{
	uint8_t data[] = { 1, 2, 3 };

	secret_erase(NULL, 0);
	secret_erase(data, 2);
	assert_true(is_all(data, 2, 0));
	assert_int_equal(data[2], 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_secret_new__any_size__is_zeroed_and_kept_from_dumps_and_swap),
		cmocka_unit_test(test_secret_new__at_and_above_the_bound__is_told_apart),
		cmocka_unit_test(test_secret_copy__nothing__is_an_empty_secret),
		cmocka_unit_test(test_secret_free__small__is_erased),
		cmocka_unit_test(test_secret_free__large__is_unmapped),
		cmocka_unit_test(test_secret_new__many_in_any_order__do_not_overlap),
		cmocka_unit_test(test_secret__after_fork__child_has_nothing),
		cmocka_unit_test(test_secret_start_anew__in_a_child__its_secrets_are_locked),
		cmocka_unit_test(test_secret_new__locking_refused__works_and_is_told),
		cmocka_unit_test(test_secret_process_harden__always__forbids_dumps_and_tracing),
		cmocka_unit_test(test_secret_equal__any__compares_size_and_bytes),
		cmocka_unit_test(test_secret_erase__nothing__is_legal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
