/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sessions with everything real but the gate: gates_answer() is this file's, and records.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs the four above first. */
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "core/manager.h"
#include "core/sessions.h"
#include "core/turn.h"

#define N_SESSIONS 3
#define MINUTE	   (60 * USEC_PER_SEC)

struct world {
	sd_event *event;
	struct turn turn;
	struct keeper keeper;
	struct registry registry;
	struct checkers checkers;
	struct sessions sessions;
	struct manager manager;
	struct gates_handler handler;
	struct client *client;
	struct instant now;
	struct session peers[N_SESSIONS];
};

static const struct key_id known_key = { { 0x17 } };

void gates_answer(struct session *s, enum session_answer answer)
{
	s->answer = answer;
}

static void on_turn_end(void *userdata, struct instant now)
{
}

static void add_client(struct world *w, const struct client_rules *rules)
{
	struct client_settings settings = {
		.name = strdup("web1"),
		.host = strdup("web1.example.net"),
		.checker = strdup("true"),
		.fingerprint = strdup(""),
		.has_key_id = true,
		.key_id = known_key,
		.secret = secret_copy("hunter2", 7),
		.rules = *rules,
		.enabled = true,
	};

	assert_int_equal(registry_add(&w->registry, &settings, w->now, &w->client), 0);
	free(settings.name);
	free(settings.host);
	free(settings.checker);
	free(settings.fingerprint);
}

static void apply(struct world *w, struct client_event event)
{
	manager_apply(&w->manager, w->client, &event, w->now);
}

static struct world *world_new(usec_t approval_delay, bool approved_by_default)
{
	const struct client_rules rules = {
		.timeout = 5 * MINUTE,
		.extended_timeout = 15 * MINUTE,
		.interval = 2 * MINUTE,
		.approval_delay = approval_delay,
		.approval_duration = USEC_PER_SEC,
		.approved_by_default = approved_by_default,
	};
	struct world *w = calloc(1, sizeof(*w));
	struct manager_rooms rooms;

	assert_non_null(w);
	rooms = (struct manager_rooms){ &w->registry, &w->keeper, &w->checkers, &w->sessions };
	w->now = instant_now();
	w->handler = sessions_handler();
	registry_init(&w->registry);
	assert_true(sd_event_new(&w->event) >= 0);
	assert_true(turn_init(&w->turn, w->event, on_turn_end, w) >= 0);
	assert_true(keeper_init(&w->keeper, w->event, &w->turn, NULL) >= 0);
	assert_true(manager_init(&w->manager, w->event, &rooms) >= 0);
	assert_true(sessions_init(&w->sessions, w->event, &w->registry, &w->manager) >= 0);
	add_client(w, &rules);
	apply(w, (struct client_event){ .type = CLIENT_EVENT_START, .usec = MINUTE });
	return w;
}

static struct session *arrive(struct world *w, int i, const struct key_id *id)
{
	struct session *s = &w->peers[i];

	*s = (struct session){
		.id = (uint64_t)i + 1,
		.phase = GATE_PHASE_CLAIMED,
		.peer = { .family = PEER_IPV4 },
	};
	w->handler.claim(&w->sessions, s, id, w->now);
	return s;
}

static void leave(struct world *w, struct session *s)
{
	s->phase = GATE_PHASE_ENDED;
	w->handler.end(&w->sessions, s, w->now);
}

static void world_free(struct world *w)
{
	for (int i = 0; i < N_SESSIONS; i++) {
		if (w->peers[i].phase == GATE_PHASE_CLAIMED)
			leave(w, &w->peers[i]);
	}
	assert_int_equal(w->client->life.n_pending, 0);
	manager_deinit(&w->manager);
	sessions_deinit(&w->sessions);
	keeper_deinit(&w->keeper);
	turn_deinit(&w->turn);
	registry_deinit(&w->registry);
	w->event = sd_event_unref(w->event);
	free(w);
}

/* Runs the loop until @s has an answer other than WAIT; fails after ten seconds. */
static void run_until_decided(struct world *w, const struct session *s)
{
	usec_t limit = usec_add(instant_now().boot, 10 * USEC_PER_SEC);

	while (s->answer == SESSION_ANSWER_WAIT) {
		assert_true(instant_now().boot < limit);
		assert_true(sd_event_run(w->event, USEC_PER_SEC) >= 0);
	}
}

/* SRV-PROTO-14, SRV-PROTO-25 */
static void test_claim__known_key_without_approval__given(void **state)
{
	struct world *w = world_new(0, true);
	struct session *s = arrive(w, 0, &known_key);
	const struct secret *secret;

	assert_int_equal(s->answer, SESSION_ANSWER_GIVE);
	secret = w->handler.may_send(&w->sessions, s, w->now);
	assert_ptr_equal(secret, w->client->secret);
	w->handler.sent(&w->sessions, s, w->now);
	assert_int_equal(w->client->life.expires, w->now.boot + 15 * MINUTE);
	world_free(w);
}

/* SRV-STATE-4: what cannot be refused for good is not given, from the failure to the next success.
 */
static void test_may_send__state_cannot_be_saved__refused(void **state)
{
	struct world *w = world_new(0, true);
	struct session *s = arrive(w, 0, &known_key);

	w->keeper.failed = true;
	assert_null(w->handler.may_send(&w->sessions, s, w->now));
	assert_int_equal(s->answer, SESSION_ANSWER_REFUSE);
	w->keeper.failed = false;
	s = arrive(w, 1, &known_key);
	assert_ptr_equal(w->handler.may_send(&w->sessions, s, w->now), w->client->secret);
	world_free(w);
}

/* SRV-PROTO-20 */
static void test_claim__unknown_key__refused(void **state)
{
	struct world *w = world_new(0, true);
	struct key_id other = known_key;

	other.bytes[31] = 1;
	assert_int_equal(arrive(w, 0, &other)->answer, SESSION_ANSWER_REFUSE);
	world_free(w);
}

/* SRV-PROTO-13: even if a client is configured with it. */
static void test_claim__key_of_nothing__refused(void **state)
{
	struct world *w = world_new(0, true);
	struct key_id nothing;

	assert_int_equal(key_id_parse("E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B785"
				      "2B855",
				      &nothing),
			 KEY_ID_OK);
	registry_set_key(&w->registry, w->client, &nothing);
	assert_int_equal(arrive(w, 0, &nothing)->answer, SESSION_ANSWER_REFUSE);
	world_free(w);
}

/* SRV-PROTO-21, SRV-APR-2 step 1 */
static void test_claim__disabled__refused(void **state)
{
	struct world *w = world_new(0, true);

	apply(w, (struct client_event){ .type = CLIENT_EVENT_DISABLE,
					.cause = DISABLE_ADMINISTRATOR });
	assert_int_equal(arrive(w, 0, &known_key)->answer, SESSION_ANSWER_REFUSE);
	world_free(w);
}

/* A busy server: the time is over, its timer has not been served. */
static void test_claim__past_expiry__refused(void **state)
{
	struct world *w = world_new(0, true);

	w->now.boot = w->client->life.expires;
	assert_int_equal(arrive(w, 0, &known_key)->answer, SESSION_ANSWER_REFUSE);
	world_free(w);
}

/* SRV-APR-1, SRV-APR-4, SRV-APR-8: pending is exact, whoever comes and goes. */
static void test_claim__needs_approval__waits_and_is_counted(void **state)
{
	struct world *w = world_new(MINUTE, false);
	struct session *a = arrive(w, 0, &known_key), *b = arrive(w, 1, &known_key);

	assert_int_equal(a->answer, SESSION_ANSWER_WAIT);
	assert_int_equal(b->answer, SESSION_ANSWER_WAIT);
	assert_int_equal(w->client->life.n_pending, 2);
	assert_int_equal(w->client->life.last_approval_request, w->now.real);
	leave(w, a);
	assert_int_equal(w->client->life.n_pending, 1);
	leave(w, b);
	assert_int_equal(w->client->life.n_pending, 0);
	world_free(w);
}

/* SRV-APR-5, SRV-APR-7: all that wait get it, even if the decision holds for no time at all. */
static void test_approve__duration_zero__all_waiting_are_given(void **state)
{
	struct world *w = world_new(MINUTE, false);
	struct session *a = arrive(w, 0, &known_key), *b = arrive(w, 1, &known_key);

	apply(w, (struct client_event){ .type = CLIENT_EVENT_SET_APPROVAL_DURATION, .usec = 0 });
	apply(w, (struct client_event){ .type = CLIENT_EVENT_APPROVE });
	assert_int_equal(a->answer, SESSION_ANSWER_GIVE);
	assert_int_equal(b->answer, SESSION_ANSWER_GIVE);
	w->now.boot++;
	assert_int_equal(arrive(w, 2, &known_key)->answer, SESSION_ANSWER_WAIT);
	world_free(w);
}

/* SRV-APR-5: and whoever comes while it holds. */
static void test_approve__before_anybody_came__decides_later_ones(void **state)
{
	struct world *w = world_new(MINUTE, false);

	apply(w, (struct client_event){ .type = CLIENT_EVENT_APPROVE });
	w->now.boot += USEC_PER_SEC / 2;
	assert_int_equal(arrive(w, 0, &known_key)->answer, SESSION_ANSWER_GIVE);
	world_free(w);
}

/* SRV-PROTO-22, SRV-APR-2 step 3 */
static void test_deny__waiting__refused(void **state)
{
	struct world *w = world_new(MINUTE, true);
	struct session *s = arrive(w, 0, &known_key);

	apply(w, (struct client_event){ .type = CLIENT_EVENT_DENY });
	assert_int_equal(s->answer, SESSION_ANSWER_REFUSE);
	world_free(w);
}

/* SRV-APR-6: a denial does nothing to clients without an approval delay. */
static void test_deny__no_approval_delay__given(void **state)
{
	struct world *w = world_new(0, true);

	apply(w, (struct client_event){ .type = CLIENT_EVENT_DENY });
	assert_int_equal(arrive(w, 0, &known_key)->answer, SESSION_ANSWER_GIVE);
	world_free(w);
}

/* SRV-APR-6: setting the delay to zero does not wake those that wait. */
static void test_set_delay_zero__waiting__goes_on_waiting(void **state)
{
	struct world *w = world_new(MINUTE, false);
	struct session *s = arrive(w, 0, &known_key);

	apply(w, (struct client_event){ .type = CLIENT_EVENT_SET_APPROVAL_DELAY, .usec = 0 });
	assert_int_equal(s->answer, SESSION_ANSWER_WAIT);
	world_free(w);
}

/* SRV-APR-9, W-01: disabling wakes and refuses those that wait, and what was decided is undone. */
static void test_disable__waiting_or_decided__refused(void **state)
{
	struct world *w = world_new(MINUTE, true);
	struct session *s = arrive(w, 0, &known_key), *given;

	apply(w, (struct client_event){ .type = CLIENT_EVENT_APPROVE });
	assert_int_equal(s->answer, SESSION_ANSWER_GIVE);
	given = s;
	w->now.boot += 2 * USEC_PER_SEC;
	apply(w, (struct client_event){ .type = CLIENT_EVENT_TICK });
	s = arrive(w, 1, &known_key);
	assert_int_equal(s->answer, SESSION_ANSWER_WAIT);
	apply(w, (struct client_event){ .type = CLIENT_EVENT_DISABLE,
					.cause = DISABLE_ADMINISTRATOR });
	assert_int_equal(s->answer, SESSION_ANSWER_REFUSE);
	assert_null(w->handler.may_send(&w->sessions, given, w->now));
	world_free(w);
}

/* SRV-APR-9: the same for removal. */
static void test_remove__waiting__refused(void **state)
{
	struct world *w = world_new(MINUTE, true);
	struct session *s = arrive(w, 0, &known_key);

	apply(w, (struct client_event){ .type = CLIENT_EVENT_REMOVE });
	assert_int_equal(s->answer, SESSION_ANSWER_REFUSE);
	assert_null(w->handler.may_send(&w->sessions, s, w->now));
	assert_int_equal(arrive(w, 1, &known_key)->answer, SESSION_ANSWER_REFUSE);
	world_free(w);
}

/* SRV-PROTO-23, SRV-APR-2 step 5 */
static void test_wait__over_and_default_is_deny__refused(void **state)
{
	struct world *w = world_new(20 * USEC_PER_MSEC, false);
	struct session *s = arrive(w, 0, &known_key);

	run_until_decided(w, s);
	assert_int_equal(s->answer, SESSION_ANSWER_REFUSE);
	world_free(w);
}

/* SRV-APR-2 step 5, SRV-LIFE-34: the default is read when the wait is over. */
static void test_wait__default_changed_meanwhile__new_default_counts(void **state)
{
	struct world *w = world_new(20 * USEC_PER_MSEC, false);
	struct session *s = arrive(w, 0, &known_key);

	apply(w,
	      (struct client_event){ .type = CLIENT_EVENT_SET_APPROVED_BY_DEFAULT, .flag = true });
	assert_int_equal(s->answer, SESSION_ANSWER_WAIT);
	run_until_decided(w, s);
	assert_int_equal(s->answer, SESSION_ANSWER_GIVE);
	world_free(w);
}

/* SRV-APR-10, W-21: a peer that left while waiting is over at once: nothing given, nothing moved.
 */
static void test_wait__peer_leaves__nothing_happens_later(void **state)
{
	struct world *w = world_new(20 * USEC_PER_MSEC, true);
	usec_t expires = w->client->life.expires;
	struct session *gone = arrive(w, 0, &known_key), *stays = arrive(w, 1, &known_key);

	leave(w, gone);
	run_until_decided(w, stays);
	assert_int_equal(gone->answer, SESSION_ANSWER_WAIT);
	assert_int_equal(w->client->life.expires, expires);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_claim__known_key_without_approval__given),
		cmocka_unit_test(test_may_send__state_cannot_be_saved__refused),
		cmocka_unit_test(test_claim__unknown_key__refused),
		cmocka_unit_test(test_claim__key_of_nothing__refused),
		cmocka_unit_test(test_claim__disabled__refused),
		cmocka_unit_test(test_claim__past_expiry__refused),
		cmocka_unit_test(test_claim__needs_approval__waits_and_is_counted),
		cmocka_unit_test(test_approve__duration_zero__all_waiting_are_given),
		cmocka_unit_test(test_approve__before_anybody_came__decides_later_ones),
		cmocka_unit_test(test_deny__waiting__refused),
		cmocka_unit_test(test_deny__no_approval_delay__given),
		cmocka_unit_test(test_set_delay_zero__waiting__goes_on_waiting),
		cmocka_unit_test(test_disable__waiting_or_decided__refused),
		cmocka_unit_test(test_remove__waiting__refused),
		cmocka_unit_test(test_wait__over_and_default_is_deny__refused),
		cmocka_unit_test(test_wait__default_changed_meanwhile__new_default_counts),
		cmocka_unit_test(test_wait__peer_leaves__nothing_happens_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
