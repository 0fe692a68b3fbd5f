/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CLI-RUN-25. */
#include "runner/output.h"

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

static ssize_t fill(struct output *o, size_t size)
{
	FILE *f = file_of(size);
	ssize_t n;

	do
		n = output_read(o, fileno(f), OUTPUT_PIECE);
	while (n > 0);
	(void)fclose(f);
	return n;
}

static void test_output_read__to_the_bound__all_kept(void **state)
{
	struct output o = { 0 };
	const void *data;
	size_t done = 0, n;

	assert_int_equal(fill(&o, OUTPUT_MAX), 0);
	assert_int_equal(o.size, OUTPUT_MAX);
	while ((n = output_piece(&o, done, &data)) > 0) {
		for (size_t i = 0; i < n; i++)
			if (((const uint8_t *)data)[i] != byte_at(done + i))
				fail_msg("byte %zu differs", done + i);
		done += n;
	}
	assert_int_equal(done, OUTPUT_MAX);
	output_deinit(&o);
	assert_int_equal(o.size, 0);
}

static void test_output_read__beyond_the_bound__too_big(void **state)
{
	struct output o = { 0 };

	assert_int_equal(fill(&o, OUTPUT_MAX + 1), -EFBIG);
	output_deinit(&o);
}

static void test_output_end_line__with_and_without__told(void **state)
{
	struct output o = { 0 };
	int fds[2];

	assert_false(output_end_line(&o));
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], "a\nb", 3), 3);
	assert_int_equal(output_read(&o, fds[0], 1), 1);
	assert_false(output_end_line(&o));
	assert_int_equal(output_read(&o, fds[0], 1), 1);
	assert_true(output_end_line(&o));
	assert_int_equal(o.size, 1);
	assert_false(output_end_line(&o));
	assert_int_equal(close(fds[1]), 0);
	assert_int_equal(output_read(&o, fds[0], 9), 1);
	assert_int_equal(output_read(&o, fds[0], 9), 0);
	assert_int_equal(close(fds[0]), 0);
	assert_int_equal(output_read(&o, fds[0], 9), -EBADF);
	output_deinit(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_output_read__to_the_bound__all_kept),
		cmocka_unit_test(test_output_read__beyond_the_bound__too_big),
		cmocka_unit_test(test_output_end_line__with_and_without__told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
