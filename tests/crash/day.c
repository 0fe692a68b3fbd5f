/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "day.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/util.h"
#include "book.h"
#include "core/manager.h"
#include "core/reload.h"
#include "core/restore.h"
#include "core/turn.h"

#define MINUTE (60 * USEC_PER_SEC)

/* All that differs between the versions of clients.conf. */
enum edition {
	EDITION_MORNING,
	EDITION_NOON,	 /* read by a start */
	EDITION_EVENING, /* read by a reload */
};

struct day {
	const struct day_folders *folders;
	struct instant now;
	sd_event *event;
	struct turn turn;
	struct store *store;
	struct registry registry;
	struct keeper keeper;
	struct checkers checkers;
	struct sessions sessions;
	struct manager manager;
};

#define MUST(condition)                                                                  \
	do {                                                                             \
		if (!(condition)) {                                                      \
			(void)fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, \
				      #condition);                                       \
			_exit(EXIT_FAILURE);                                             \
		}                                                                        \
	} while (0)

/* ---- what is not there ---- */

void gates_answer(struct session *s, enum session_answer answer)
{
	s->answer = answer;
}

void checkers_run(struct checkers *k, struct client *c, struct instant now)
{
}

void checkers_abort(struct checkers *k, struct client *c, struct instant now)
{
}

static void on_turn_end(void *userdata, struct instant now)
{
}

/* ---- the server ---- */

static void write_config(struct day *d, enum edition edition)
{
	char path[512], away[520];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/clients.conf", d->folders->config);
	(void)snprintf(away, sizeof(away), "%s.new", path);
	file = fopen(away, "w");
	MUST(file);
	(void)fprintf(file, "[DEFAULT]\nchecker = true\nextended_timeout = PT15M\n");
	for (unsigned int i = 0; i < 6; i++) {
		if (edition != EDITION_MORNING && i == 5)
			continue;
		(void)fprintf(file, "[c%u]\nhost = host%u\nkey_id = %064x\nsecret = aHVudGVyMg==\n",
			      i, i, i + 1);
		(void)fprintf(file, "timeout = PT%dM\n",
			      edition != EDITION_MORNING && i == 2 ? 7 : 5);
		if (edition == EDITION_EVENING && i == 0)
			(void)fprintf(file, "enabled = no\n");
	}
	if (edition != EDITION_MORNING)
		(void)fprintf(file, "[c6]\nhost = host6\nsecret = %s\n",
			      edition == EDITION_NOON ? "b2xk" : "bmV3");
	if (edition == EDITION_EVENING)
		(void)fprintf(file, "[c7]\nhost = host7\nsecret = aHVudGVyMg==\n");
	MUST(fclose(file) == 0);
	MUST(rename(away, path) == 0);
}

static void ignore(void *userdata, enum settings_severity severity, const char *text)
{
}

static void read_config(struct day *d, struct client_file *ret)
{
	struct clients_source *source = NULL;

	MUST(clients_source_read(d->folders->config, ignore, NULL, &source) == 0);
	MUST(clients_source_interpret(source, ignore, NULL, ret) == 0);
	clients_source_free(source);
}

static void open_state(struct day *d)
{
	_cleanup_free_ char *problem = NULL;
	int r = store_open(d->folders->state, &d->store, &problem);

	if (r != STORE_OPEN_OK && r != STORE_OPEN_NEW)
		(void)fprintf(stderr, "the state does not open: %d, %s\n", r,
			      problem ? problem : "-");
	MUST(r == STORE_OPEN_OK || r == STORE_OPEN_NEW);
}

static void start(struct day *d)
{
	const struct manager_rooms rooms = { &d->registry, &d->keeper, &d->checkers, &d->sessions };
	struct client_file file = {};

	log_set_threshold(LOG_LEVEL_CRITICAL);
	open_state(d);
	registry_init(&d->registry);
	MUST(sd_event_new(&d->event) >= 0);
	MUST(turn_init(&d->turn, d->event, on_turn_end, d) >= 0);
	MUST(keeper_init(&d->keeper, d->event, &d->turn, d->store) >= 0);
	MUST(manager_init(&d->manager, d->event, &rooms) >= 0);
	MUST(sessions_init(&d->sessions, d->event, &d->registry, &d->manager) >= 0);
	read_config(d, &file);
	MUST(restore_clients(&d->manager,
			     &(struct restore_request){
				     .file = &file, .store = d->store, .load = true },
			     d->now) == 0);
	client_file_deinit(&file);
}

static void stop(struct day *d)
{
	MUST(keeper_finish(&d->keeper, d->now) == 0);
	manager_deinit(&d->manager);
	sessions_deinit(&d->sessions);
	keeper_deinit(&d->keeper);
	turn_deinit(&d->turn);
	registry_deinit(&d->registry);
	d->store = store_close(d->store);
	d->event = sd_event_unref(d->event);
}

static void pass(struct day *d, usec_t time)
{
	d->now.boot += time;
	d->now.real += time;
}

static void end_turn(struct day *d)
{
	MUST(keeper_commit(&d->keeper, false, d->now) == 0);
	manager_announce(&d->manager);
	pass(d, USEC_PER_SEC);
}

static void end_batch(struct day *d)
{
	MUST(keeper_commit(&d->keeper, true, d->now) == 0);
	pass(d, USEC_PER_SEC);
}

static struct client *client(struct day *d, const char *name)
{
	struct client *c = registry_find_name(&d->registry, name);

	MUST(c);
	return c;
}

static void apply(struct day *d, const char *name, struct client_event event)
{
	manager_apply(&d->manager, client(d, name), &event, d->now);
}

static void check_all(struct day *d, int16_t status)
{
	struct client *c;

	TAILQ_FOREACH (c, &d->registry.clients, link) {
		manager_apply(&d->manager, c,
			      &(struct client_event){ .type = CLIENT_EVENT_CHECKER_START }, d->now);
		manager_apply(&d->manager, c,
			      &(struct client_event){ .type = CLIENT_EVENT_CHECKER_EXITED,
						      .status = status },
			      d->now);
	}
}

static void disable(struct day *d, const char *name)
{
	apply(d, name,
	      (struct client_event){ .type = CLIENT_EVENT_DISABLE,
				     .cause = DISABLE_ADMINISTRATOR });
}

static void set_host(struct day *d, const char *name, const char *host)
{
	struct client *c = client(d, name);

	MUST(registry_set_text(&c->host, host) == 0);
	keeper_note_settings(&d->keeper, c);
}

static void set_secret(struct day *d, const char *name, const char *text)
{
	struct secret *secret = secret_copy(text, strlen(text));

	MUST(secret && manager_set_secret(&d->manager, client(d, name), secret, d->now) == 0);
}

static void remove_client(struct day *d, const char *name)
{
	struct client *c = client(d, name);

	MUST(keeper_note_removed(&d->keeper, c, true) == 0);
	manager_remove(&d->manager, c, d->now);
}

static void reload(struct day *d)
{
	const struct reload_request request = { &d->manager, d->store, d->folders->config,
						d->folders->state };
	char *problem = NULL;

	MUST(reload_clients(&request, d->now, &problem) == 0);
}

/* ---- the day ---- */

static void morning(struct day *d)
{
	write_config(d, EDITION_MORNING);
	start(d);
	check_all(d, 0);
	end_batch(d);
	disable(d, "c1");
	end_turn(d);
	apply(d, "c1", (struct client_event){ .type = CLIENT_EVENT_ENABLE });
	end_turn(d);
	apply(d, "c2",
	      (struct client_event){ .type = CLIENT_EVENT_SET_TIMEOUT, .usec = 9 * MINUTE });
	end_turn(d);
	set_host(d, "c2", "moved.example.org");
	apply(d, "c3", (struct client_event){ .type = CLIENT_EVENT_SET_APPROVED_BY_DEFAULT });
	end_turn(d);
	set_secret(d, "c3", "run-time secret");
	end_turn(d);
	set_secret(d, "c4", "run-time secret of one who goes");
	end_turn(d);
	remove_client(d, "c4");
	end_turn(d);
	apply(d, "c5", (struct client_event){ .type = CLIENT_EVENT_APPROVE });
	apply(d, "c5", (struct client_event){ .type = CLIENT_EVENT_SECRET_SENT });
	apply(d, "c5", (struct client_event){ .type = CLIENT_EVENT_ASKED });
	end_batch(d);
}

/* Everybody fails; who has no extended time-out expires. */
static void noon(struct day *d)
{
	check_all(d, 1);
	end_turn(d);
	pass(d, 6 * MINUTE);
	for (const char *const *name = (const char *const[]){ "c0", "c1", NULL }; *name; name++)
		apply(d, *name, (struct client_event){ .type = CLIENT_EVENT_TICK });
	end_turn(d);
	apply(d, "c0", (struct client_event){ .type = CLIENT_EVENT_ENABLE });
	apply(d, "c2", (struct client_event){ .type = CLIENT_EVENT_CHECKED_OK });
	apply(d, "c3", (struct client_event){ .type = CLIENT_EVENT_CHECKED_OK });
	end_turn(d);
	/* An end with changes that nobody has saved yet. */
	check_all(d, 0);
	stop(d);
	write_config(d, EDITION_NOON);
	pass(d, 20 * MINUTE);
	start(d);
	check_all(d, 0);
	end_batch(d);
}

static void evening(struct day *d)
{
	set_secret(d, "c6", "soon overridden");
	end_turn(d);
	write_config(d, EDITION_EVENING);
	reload(d);
	end_turn(d);
	MUST(!client(d, "c6")->configured);
	set_secret(d, "c3", "run-time secret, the second");
	apply(d, "c3",
	      (struct client_event){ .type = CLIENT_EVENT_SET_INTERVAL, .usec = 3 * MINUTE });
	end_turn(d);
	/* Three in one turn: all or none. */
	disable(d, "c2");
	disable(d, "c3");
	disable(d, "c7");
	end_turn(d);
	/* With a refusal in the same turn. */
	manager_set_lockdown(&d->manager, true, d->now);
	disable(d, "c0");
	end_turn(d);
	remove_client(d, "c7");
	apply(d, "c2", (struct client_event){ .type = CLIENT_EVENT_ENABLE });
	end_turn(d);
	/* The configured one again: nothing is sealed any more. */
	set_secret(d, "c3", "hunter2");
	end_turn(d);
	set_secret(d, "c3", "run-time secret, the third");
	end_turn(d);
	stop(d);
	pass(d, MINUTE);
	start(d);
	MUST(manager_is_locked_down(&d->manager));
	manager_set_lockdown(&d->manager, false, d->now);
	end_turn(d);
	stop(d);
}

static struct day *day_new(const struct day_folders *folders)
{
	struct day *d = calloc(1, sizeof(*d));

	MUST(d);
	d->folders = folders;
	d->now = (struct instant){ .boot = 1000 * MINUTE, .real = 29000000 * MINUTE };
	return d;
}

void day_run(const struct day_folders *folders)
{
	struct day *d = day_new(folders);

	morning(d);
	noon(d);
	evening(d);
	free(d);
}

void day_run_long(const struct day_folders *folders)
{
	struct day *d = day_new(folders);
	char *text = malloc(STORE_TEXT_MAX);

	MUST(text);
	memset(text, 'a', STORE_TEXT_MAX);
	text[STORE_TEXT_MAX - 1] = '\0';
	write_config(d, EDITION_MORNING);
	start(d);
	for (int i = 0; i < 80; i++) {
		text[0] = (char)('a' + i % 26);
		set_host(d, i % 2 ? "c0" : "c1", text);
		if (i % 7 == 0)
			disable(d, "c2");
		if (i % 7 == 4)
			apply(d, "c2", (struct client_event){ .type = CLIENT_EVENT_ENABLE });
		end_turn(d);
	}
	stop(d);
	free(text);
	free(d);
}

/* ---- after the crash ---- */

static bool starts_with(const struct secret *s, const char *text)
{
	return s->size >= strlen(text) && memcmp(s->data, text, strlen(text)) == 0;
}

static void check_client(struct day *d, const struct book_entry *before)
{
	const struct client *c = registry_find_name(&d->registry, before->name);

	MUST(!c || !before->removed);
	if (!c)
		return;
	/* No edition of the file enables anybody. */
	MUST(before->life.enabled || !c->life.enabled);
	MUST(before->life.last_checker_status == 0 || c->life.last_checker_status != 0);
	if (before->sealed[0] && c->configured)
		MUST(starts_with(c->secret, "run-time") || starts_with(c->secret, "soon"));
	/* Only c6 has another secret in the file at some time. */
	if (before->sealed[0] && strcmp(before->name, "c6") != 0)
		MUST(c->configured && starts_with(c->configured, "hunter2"));
	if (!before->sealed[0])
		MUST(!c->configured);
}

void day_restart(const struct day_folders *folders)
{
	struct day *d = day_new(folders);
	struct book before = books->kept;

	/* After all that happened. */
	pass(d, 60 * MINUTE);
	start(d);
	for (size_t i = 0; i < before.n; i++)
		check_client(d, &before.entries[i]);
	stop(d);
	free(d);
}
