/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "base/util.h"

#define HOUR (3600 * USEC_PER_SEC)
#define DAY  (24 * HOUR)

/* The world begins on some day, on a machine that has been up for an hour. */
#define BEGINNING      HOUR
#define REAL_BEGINNING (UINT64_C(1700000000) * USEC_PER_SEC)

struct options {
	uint64_t seed;
	unsigned int n_clients;
	unsigned int days;
	unsigned int interval_min; /* seconds */
	long traced;
};

struct instant sim_now(const struct sim *s)
{
	return (struct instant){
		.boot = s->t - s->booted,
		.real = REAL_BEGINNING + s->t + (uint64_t)s->real_offset,
	};
}

static void print_client(const struct sim_client *c)
{
	const struct client_life *l = &c->life;
	const struct model *m = &c->model;

	fprintf(stderr,
		"  is:        enabled %d cause %u expires %" PRIu64 " extended_until %" PRIu64
		" check_due %" PRIu64 " checker %d status %d ok %" PRIu64 " pending %u\n",
		l->enabled, l->disable_cause, l->expires, l->extended_until, l->check_due,
		l->checker_running, l->last_checker_status, l->last_checked_ok, l->n_pending);
	fprintf(stderr,
		"  should be: enabled %d cause %u expires %" PRIu64 " extended_until %" PRIu64
		" check_due %" PRIu64 " checker %d status %d ok %" PRIu64 " pending %u\n",
		m->enabled, m->cause, m->expires, m->extension_end, m->next_check, m->checker,
		m->status, m->last_ok, m->pending);
	fprintf(stderr, "  store:     enabled %d expires %" PRIu64 " status %d; unsaved %u\n",
		c->durable.enabled, c->durable.expires, c->durable.last_checker_status, c->unsaved);
}

_Noreturn void sim_fail(const struct sim *s, const struct sim_client *c, const char *what)
{
	struct instant now = sim_now(s);

	fprintf(stderr,
		"sim: FAILED: %s\n  seed %" PRIu64 ", step %" PRIu64 ", client %u, boot %" PRIu64
		", real %" PRIu64 "\n",
		what, s->seed, s->counts.steps, c->index, now.boot, now.real);
	print_client(c);
	fprintf(stderr, "  again: the same options with --seed %" PRIu64 " --trace %u\n", s->seed,
		c->index);
	exit(EXIT_FAILURE);
}

static void begin(struct sim *s, const struct options *o)
{
	rng_init(&s->rng, o->seed);
	s->seed = o->seed;
	s->interval_min = o->interval_min * USEC_PER_SEC;
	s->traced = o->traced;
	s->t = BEGINNING;
	s->next_stall = s->t + rng_around(&s->rng, 6 * HOUR);
	s->next_crash = s->t + rng_around(&s->rng, 12 * HOUR);
	s->next_clock_step = s->t + rng_around(&s->rng, 10 * DAY);
	s->next_batch = USEC_NEVER;
	for (unsigned int i = 0; i < s->n_clients; i++) {
		struct sim_client *c = &s->clients[i];
		const struct client_rules rules = world_rules(s);

		c->index = i;
		server_add(s, c, &rules, rng_chance(&s->rng, 950));
		server_start(s, c);
		world_begin(s, c);
	}
}

/* Mostly what a loaded machine does, sometimes one that was suspended. */
static void stall(struct sim *s)
{
	usec_t mean = rng_chance(&s->rng, 100) ? 6 * HOUR : 10 * USEC_PER_SEC;

	s->stalled_until = s->t + rng_around(&s->rng, mean);
	s->counts.stalls++;
	s->next_stall = s->stalled_until + rng_around(&s->rng, 6 * HOUR);
}

/* Daylight saving done wrong, a time server, or an empty battery. */
static void step_clock(struct sim *s)
{
	int64_t by = (int64_t)rng_around(&s->rng, rng_chance(&s->rng, 100) ? 400 * DAY : HOUR);

	s->real_offset += rng_chance(&s->rng, 500) ? by : -by;
	if (s->real_offset < -(int64_t)(1000 * DAY))
		s->real_offset = 0;
	s->counts.clock_steps++;
	s->next_clock_step = s->t + rng_around(&s->rng, 10 * DAY);
}

static void plan_crash(struct sim *s)
{
	s->crash_point = (enum crash_point)(CRASH_BEFORE_COMMIT + rng_below(&s->rng, 3));
	s->next_crash = s->t + rng_around(&s->rng, 12 * HOUR);
}

static void crash(struct sim *s)
{
	usec_t downtime = rng_around(&s->rng, rng_chance(&s->rng, 50) ? DAY : 5 * USEC_PER_SEC);
	bool is_reboot = rng_chance(&s->rng, 200);

	if (rng_chance(&s->rng, 100))
		step_clock(s);
	server_crash(s, downtime, is_reboot);
}

static void world_events(struct sim *s)
{
	if (s->next_stall <= s->t)
		stall(s);
	if (s->next_clock_step <= s->t)
		step_clock(s);
	if (s->next_crash <= s->t)
		plan_crash(s);
	if (MAX_OF(s->next_batch, s->stalled_until) <= s->t)
		server_batch(s);
}

static void live_until(struct sim *s, usec_t end)
{
	while (s->t < end) {
		struct heap_node *first = heap_first(&s->heap);
		struct sim_client *c = container_of(first, struct sim_client, node);
		usec_t world =
			MIN_OF(MIN_OF(s->next_stall, s->next_crash),
			       MIN_OF(s->next_clock_step, MAX_OF(s->next_batch, s->stalled_until)));

		if (world <= first->when) {
			s->t = MAX_OF(s->t, world);
			world_events(s);
			continue;
		}
		if (first->when < s->stalled_until) {
			world_set_node(s, c);
			continue;
		}
		s->t = MAX_OF(s->t, first->when);
		world_wake(s, c);
		if (s->crash_point != CRASH_NONE)
			crash(s);
	}
}

/* SRV-CHK-8: each start is matched by exactly one end. */
static void check_runs(struct sim *s)
{
	const struct sim_counts *n = &s->counts;
	uint64_t running = 0;

	for (unsigned int i = 0; i < s->n_clients; i++)
		running += s->clients[i].has_run;
	SIM_CHECK(s, &s->clients[0],
		  n->checkers_started ==
			  n->checkers_ended + n->checkers_stopped + n->checkers_lost + running,
		  "checkers started and ended do not match");
	/* A world in which nothing of the kind happens tests nothing. */
	SIM_CHECK(s, &s->clients[0],
		  n->expiries_on_time > 0 && n->grants > 0 && n->refusals > 0 && n->crashes > 0 &&
			  n->stalls > 0 && n->disables > n->expiries,
		  "too quiet a world; take more clients or days");
}

/* A server that was behind when a client expired is rarer; in a year of a thousand it happens. */
static void check_judged(const struct sim *s, const struct options *o)
{
	if (o->n_clients >= 1000 && o->days >= 60)
		SIM_CHECK(s, &s->clients[0],
			  s->counts.judged_dead > 0 && s->counts.judged_alive > 0,
			  "nobody was judged after a pause of the server");
}

static void report(const struct sim *s, const struct options *o, double seconds)
{
	const struct sim_counts *n = &s->counts;

	printf("sim: %u clients, %u days, %" PRIu64 " steps in %.2f s\n", o->n_clients, o->days,
	       n->steps, seconds);
	printf("     checkers %" PRIu64 " started, %" PRIu64 " ended, %" PRIu64 " stopped, %" PRIu64
	       " lost\n",
	       n->checkers_started, n->checkers_ended, n->checkers_stopped, n->checkers_lost);
	printf("     %" PRIu64 " grants, %" PRIu64 " refusals, %" PRIu64 " disables, %" PRIu64
	       " expiries (%" PRIu64 " on time)\n",
	       n->grants, n->refusals, n->disables, n->expiries, n->expiries_on_time);
	printf("     judged after a pause: %" PRIu64 " dead, %" PRIu64 " alive\n", n->judged_dead,
	       n->judged_alive);
	printf("     %" PRIu64 " crashes, %" PRIu64 " stalls, %" PRIu64 " clock steps\n",
	       n->crashes, n->stalls, n->clock_steps);
}

static unsigned int number(const char *text, unsigned long max)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*text == '\0' || *end != '\0' || n == 0 || n > max) {
		fprintf(stderr, "sim: not a number from 1 to %lu: %s\n", max, text);
		exit(EXIT_FAILURE);
	}
	return (unsigned int)n;
}

static uint64_t seed_from(const char *text)
{
	uint64_t seed;

	if (text != NULL)
		return strtoull(text, NULL, 0);
	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		exit(EXIT_FAILURE);
	return seed;
}

static void read_options(int argc, char *argv[], struct options *o)
{
	static const struct option longs[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "clients", required_argument, NULL, 'c' },
		{ "days", required_argument, NULL, 'd' },
		{ "interval-min", required_argument, NULL, 'i' },
		{ "trace", required_argument, NULL, 't' },
		{ 0 },
	};
	const char *seed = getenv("MANDOS_SIM_SEED");
	int c;

	*o = (struct options){ .n_clients = 100, .days = 30, .interval_min = 120, .traced = -1 };
	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == 's')
			seed = optarg;
		else if (c == 'c')
			o->n_clients = number(optarg, SIM_CLIENTS_MAX);
		else if (c == 'd')
			o->days = number(optarg, 36500);
		else if (c == 'i')
			o->interval_min = number(optarg, 86400);
		else if (c == 't')
			o->traced = atol(optarg);
		else
			exit(EXIT_FAILURE);
	}
	o->seed = seed_from(seed);
}

static void sim_deinit(struct sim *s)
{
	heap_deinit(&s->heap);
	free(s->clients);
	free(s->soon);
}

int main(int argc, char *argv[])
{
	_cleanup_(sim_deinit) struct sim s = { 0 };
	struct options o;
	clock_t began = clock();

	read_options(argc, argv, &o);
	printf("sim: seed %" PRIu64 "\n", o.seed);
	fflush(stdout);
	s.n_clients = o.n_clients;
	s.clients = calloc(s.n_clients, sizeof(*s.clients));
	s.soon = calloc(s.n_clients, sizeof(struct sim_client *));
	if (s.clients == NULL || s.soon == NULL)
		return EXIT_FAILURE;
	begin(&s, &o);
	live_until(&s, BEGINNING + o.days * DAY);
	check_runs(&s);
	check_judged(&s, &o);
	report(&s, &o, (double)(clock() - began) / CLOCKS_PER_SEC);
	return EXIT_SUCCESS;
}
