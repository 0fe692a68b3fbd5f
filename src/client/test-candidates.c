/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CLI-DISC-2, CLI-DISC-3, CLI-DISC-5, CLI-DISC-6, CLI-DIR-2; D15, D36. */
#include "client/candidates.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define RETRY (10 * USEC_PER_SEC)
#define START (1000 * USEC_PER_SEC)

static struct candidates all;

static int clear(void **state)
{
	(void)state;
	memset(&all, 0, sizeof(all));
	all.retry_usec = RETRY;
	return 0;
}

static struct peer peer_number(uint8_t n)
{
	return (struct peer){ .family = PEER_IPV4, .address = { 192, 0, 2, n }, .port = 4711 };
}

static struct candidate *add(uint8_t n, bool is_named)
{
	struct peer p = peer_number(n);

	return candidates_add(&all, &p, 2, is_named, START);
}

static void test_candidates_take_due__new_ones__each_once(void **state)
{
	struct candidate *a = add(1, true), *b = add(2, false);

	assert_ptr_equal(add(1, false), a);
	assert_true(a->is_named);
	assert_int_equal(candidates_deadline(&all), START);
	assert_null(candidates_take_due(&all, START - 1));
	assert_ptr_equal(candidates_take_due(&all, START), a);
	assert_ptr_equal(candidates_take_due(&all, START), b);
	assert_null(candidates_take_due(&all, START));
	assert_int_equal(candidates_deadline(&all), USEC_NEVER);
}

static void test_candidates_put_back__any_chance__at_least_retry_and_a_quarter_at_most(void **state)
{
	struct candidate *a = add(1, true);
	usec_t least = USEC_NEVER, most = 0;

	for (uint32_t chance = 0; chance < 5000; chance++) {
		usec_t rest;

		a->is_busy = true;
		rest = candidates_put_back(&all, a, CANDIDATE_AWAY, START, chance);
		least = rest < least ? rest : least;
		most = rest > most ? rest : most;
		assert_int_equal(a->due, START + rest);
	}
	assert_int_equal(least, RETRY);
	assert_in_range(most, RETRY + RETRY / 5, RETRY + RETRY / 4);
}

static void test_candidates_put_back__strained__rest_grows_to_the_bound_and_never_ends(void **state)
{
	struct candidate *a = add(1, true);
	usec_t before = 0, rest = 0;

	for (unsigned int i = 0; i < 100; i++) {
		a->is_busy = true;
		rest = candidates_put_back(&all, a, CANDIDATE_STRAINED, START, 0);
		if (i < CANDIDATES_PATIENT_TRIES)
			assert_int_equal(rest, RETRY);
		assert_true(rest >= before);
		before = rest;
	}
	assert_int_equal(rest, CANDIDATES_REST_MOST * RETRY);
	assert_int_equal(candidates_put_back(&all, a, CANDIDATE_REFUSED, START, 0), RETRY);
}

static void test_candidates_put_back__retry_of_nothing__does_not_spin(void **state)
{
	struct candidate *a = add(1, true);

	all.retry_usec = 0;
	assert_int_equal(candidates_put_back(&all, a, CANDIDATE_AWAY, START, 0),
			 CANDIDATES_RETRY_MIN_USEC);
}

static void test_candidates_gone__found_ones__one_more_chance(void **state)
{
	struct candidate *found = add(1, false), *named = add(2, true);
	struct peer p = peer_number(1), q = peer_number(2);

	candidates_gone(&all, &p, 2);
	candidates_gone(&all, &q, 2);
	assert_ptr_equal(candidates_take_due(&all, START), found);
	assert_ptr_equal(candidates_take_due(&all, START), named);
	assert_int_equal(candidates_put_back(&all, found, CANDIDATE_AWAY, START, 0), USEC_NEVER);
	assert_false(found->is_used);
	assert_int_equal(candidates_put_back(&all, named, CANDIDATE_AWAY, START, 0), RETRY);
	/* Announced again before it failed: it stays. */
	found = add(1, false);
	candidates_gone(&all, &p, 2);
	(void)add(1, false);
	assert_int_equal(candidates_put_back(&all, found, CANDIDATE_AWAY, START, 0), RETRY);
}

static void test_candidates_wake__network_changed__only_those_that_were_away(void **state)
{
	struct candidate *away = add(1, true), *refused = add(2, true);

	(void)candidates_take_due(&all, START);
	(void)candidates_take_due(&all, START);
	(void)candidates_put_back(&all, away, CANDIDATE_AWAY, START, 0);
	(void)candidates_put_back(&all, refused, CANDIDATE_REFUSED, START, 0);
	candidates_wake(&all, START);
	assert_int_equal(away->due, START + CANDIDATES_WAKE_USEC);
	assert_int_equal(refused->due, START + RETRY);
	candidates_wake(&all, START + USEC_PER_SEC);
	assert_int_equal(away->due, START + CANDIDATES_WAKE_USEC); /* never later */
}

static void test_candidates_add__known_one__soon_only_if_it_was_away(void **state)
{
	struct candidate *a = add(1, true);
	struct peer p = peer_number(1);

	(void)candidates_take_due(&all, START);
	(void)candidates_put_back(&all, a, CANDIDATE_STRAINED, START, 0);
	(void)add(1, true);
	assert_int_equal(a->due, START + RETRY);
	candidates_gone(&all, &p, 2);
	(void)add(1, true);
	assert_int_equal(a->due, START + CANDIDATES_WAKE_USEC);
	a->is_busy = true;
	(void)candidates_put_back(&all, a, CANDIDATE_AWAY, START, 0);
	(void)add(1, true);
	assert_int_equal(a->due, START + CANDIDATES_WAKE_USEC);
}

static void test_candidates_add__full__the_worst_found_one_makes_room(void **state)
{
	struct candidate *named, *worst = NULL;

	named = add(0, true);
	for (uint8_t n = 1; n < CANDIDATES_MAX; n++)
		worst = add(n, false);
	assert_null(add(200, false)); /* nobody has failed yet */
	named->n_failed = 1000;
	worst->n_failed = 3;
	assert_ptr_equal(add(200, false), worst);
	assert_int_equal(worst->server.address[3], 200);
	worst->n_failed = 3;
	worst->is_busy = true;
	assert_null(add(201, false));
}

static void test_candidates_add__another_interface_or_port__another_candidate(void **state)
{
	struct peer p = peer_number(1);
	struct candidate *a = add(1, false);

	assert_ptr_not_equal(candidates_add(&all, &p, 3, false, START), a);
	p.port++;
	assert_ptr_not_equal(candidates_add(&all, &p, 2, false, START), a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_candidates_take_due__new_ones__each_once, clear),
		cmocka_unit_test_setup(
			test_candidates_put_back__any_chance__at_least_retry_and_a_quarter_at_most,
			clear),
		cmocka_unit_test_setup(
			test_candidates_put_back__strained__rest_grows_to_the_bound_and_never_ends,
			clear),
		cmocka_unit_test_setup(test_candidates_put_back__retry_of_nothing__does_not_spin,
				       clear),
		cmocka_unit_test_setup(test_candidates_gone__found_ones__one_more_chance, clear),
		cmocka_unit_test_setup(
			test_candidates_wake__network_changed__only_those_that_were_away, clear),
		cmocka_unit_test_setup(test_candidates_add__known_one__soon_only_if_it_was_away,
				       clear),
		cmocka_unit_test_setup(test_candidates_add__full__the_worst_found_one_makes_room,
				       clear),
		cmocka_unit_test_setup(
			test_candidates_add__another_interface_or_port__another_candidate, clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
