/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "keygen/crypttab.h"

static char line[512];

static bool parse(const char *text, struct crypttab_entry *ret)
{
	(void)snprintf(line, sizeof(line), "%s", text);
	return crypttab_parse(line, ret);
}

static void test_crypttab_parse__no_entry__false(void **state)
{
	static const char *const texts[] = { "", "  \t", "# a b c", "#a b", "  # a b", "a", "a  " };
	struct crypttab_entry e;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_false(parse(texts[i], &e));
}

static void test_crypttab_parse__opened_by_a_password__tried(void **state)
{
	static const char *const texts[] = {
		"root /dev/vda5",
		"root /dev/vda5 none",
		" root\t/dev/vda5 none\tluks,discard",
		"root /dev/vda5 -",
		"root /dev/vda5 none tmpfoo,swappiness",
		"root /dev/vda5 /some/argument luks,keyscript=/lib/mandos/plugin-runner",
		"root /dev/vda5 none keyscript=plugin-runner",
	};
	struct crypttab_entry e;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		assert_true(parse(texts[i], &e));
		assert_string_equal(e.name, "root");
		assert_string_equal(e.source, "/dev/vda5");
		assert_null(e.header);
		assert_null(e.slot);
		assert_null(e.why_not);
	}
}

static void test_crypttab_parse__opened_otherwise__not_tried(void **state)
{
	static const char *const texts[] = {
		"swap /dev/vda6 /dev/urandom swap,cipher=aes-xts-plain64",
		"x /dev/vda6 /etc/key luks",
		"x /dev/vda6 /etc/key luks,keyscript=/lib/cryptsetup/scripts/decrypt_derived",
		"x /dev/vda6 none keyscript=/usr/bin/plugin-runner-not",
		"x /dev/vda6 none plain",
		"x /dev/vda6 none tmp=ext4",
		"x /dev/vda6 none tcrypt-hidden,veracrypt",
		"x /dev/vda6 none discard,bitlk",
	};
	struct crypttab_entry e;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		assert_true(parse(texts[i], &e));
		assert_non_null(e.why_not);
	}
}

static void test_crypttab_parse__header_and_keyslot__given(void **state)
{
	struct crypttab_entry e;

	assert_true(parse("root UUID=1-2 none luks,header=/boot/h,key-slot=3", &e));
	assert_string_equal(e.header, "/boot/h");
	assert_string_equal(e.slot, "3");
	assert_true(parse("root UUID=1-2 none keyslot=0,luks", &e));
	assert_string_equal(e.slot, "0");
}

static void test_crypttab_device__tags__names_below_dev_disk(void **state)
{
	static const char *const pairs[][2] = {
		{ "/dev/vda5", "/dev/vda5" },
		{ "UUID=1-2", "/dev/disk/by-uuid/1-2" },
		{ "PARTUUID=1-2", "/dev/disk/by-partuuid/1-2" },
		{ "LABEL=x", "/dev/disk/by-label/x" },
		{ "PARTLABEL=x", "/dev/disk/by-partlabel/x" },
	};
	char path[PATH_MAX], endless[PATH_MAX + 1];

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		assert_int_equal(crypttab_device(pairs[i][0], path), 0);
		assert_string_equal(path, pairs[i][1]);
	}
	memset(endless, 'x', sizeof(endless) - 1);
	endless[PATH_MAX] = '\0';
	assert_int_equal(crypttab_device(endless, path), -ENAMETOOLONG);
	endless[PATH_MAX - 1] = '\0';
	assert_int_equal(crypttab_device(endless, path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_crypttab_parse__no_entry__false),
		cmocka_unit_test(test_crypttab_parse__opened_by_a_password__tried),
		cmocka_unit_test(test_crypttab_parse__opened_otherwise__not_tried),
		cmocka_unit_test(test_crypttab_parse__header_and_keyslot__given),
		cmocka_unit_test(test_crypttab_device__tags__names_below_dev_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
