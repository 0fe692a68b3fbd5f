/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CLI-RUN-25. */
#include "base/pieces.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* Bytes that differ from place to place. */
static uint8_t byte_at(size_t i)
{
	return (uint8_t)(i * 31 + i / 4096);
}

static FILE *file_of(size_t size)
{
	FILE *f = tmpfile();

	assert_non_null(f);
	for (size_t i = 0; i < size; i++)
		assert_int_not_equal(fputc(byte_at(i), f), EOF);
	assert_int_equal(fflush(f), 0);
	rewind(f);
	return f;
}

static ssize_t fill(struct pieces *o, size_t size)
{
	FILE *f = file_of(size);
	ssize_t n;

	do
		n = pieces_read(o, fileno(f), PIECES_SIZE);
	while (n > 0);
	(void)fclose(f);
	return n;
}

static void test_pieces_read__to_the_bound__all_kept(void **state)
{
	struct pieces o = { 0 };
	const void *data;
	size_t done = 0, n;

	assert_int_equal(fill(&o, PIECES_MAX), 0);
	assert_int_equal(o.size, PIECES_MAX);
	while ((n = pieces_at(&o, done, &data)) > 0) {
		for (size_t i = 0; i < n; i++)
			if (((const uint8_t *)data)[i] != byte_at(done + i))
				fail_msg("byte %zu differs", done + i);
		done += n;
	}
	assert_int_equal(done, PIECES_MAX);
	pieces_deinit(&o);
	assert_int_equal(o.size, 0);
}

static void test_pieces_are_equal__bytes_count__not_pieces(void **state)
{
	struct pieces a = { 0 }, b = { 0 };

	assert_true(pieces_are_equal(&a, &b));
	assert_int_equal(fill(&a, PIECES_FIRST_SIZE + 2), 0);
	assert_false(pieces_are_equal(&a, &b));
	assert_int_equal(fill(&b, PIECES_FIRST_SIZE + 2), 0);
	assert_true(pieces_are_equal(&a, &b));
	b.pieces[1]->data[1] ^= 1;
	assert_false(pieces_are_equal(&a, &b));
	pieces_deinit(&a);
	pieces_deinit(&b);
}

static void test_pieces_read__beyond_the_bound__too_big(void **state)
{
	struct pieces o = { 0 };

	assert_int_equal(fill(&o, PIECES_MAX + 1), -EFBIG);
	pieces_deinit(&o);
}

static void test_pieces_end_line__with_and_without__told(void **state)
{
	struct pieces o = { 0 };
	int fds[2];

	assert_false(pieces_end_line(&o));
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], "a\nb", 3), 3);
	assert_int_equal(pieces_read(&o, fds[0], 1), 1);
	assert_false(pieces_end_line(&o));
	assert_int_equal(pieces_read(&o, fds[0], 1), 1);
	assert_true(pieces_end_line(&o));
	assert_int_equal(o.size, 1);
	assert_false(pieces_end_line(&o));
	assert_int_equal(close(fds[1]), 0);
	assert_int_equal(pieces_read(&o, fds[0], 9), 1);
	assert_int_equal(pieces_read(&o, fds[0], 9), 0);
	assert_int_equal(close(fds[0]), 0);
	assert_int_equal(pieces_read(&o, fds[0], 9), -EBADF);
	pieces_deinit(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces_read__to_the_bound__all_kept),
		cmocka_unit_test(test_pieces_are_equal__bytes_count__not_pieces),
		cmocka_unit_test(test_pieces_read__beyond_the_bound__too_big),
		cmocka_unit_test(test_pieces_end_line__with_and_without__told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
