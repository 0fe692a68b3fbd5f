/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/warden-work.h"

#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "client/address.h"
#include "client/hooks.h"
#include "client/owners.h"
#include "client/place.h"
#include "client/privileges.h"
#include "client/program.h"
#include "client/report.h"
#include "client/selection.h"
#include "client/uplinks.h"
#include "client/wall-clock.h"
#include "client/warden.h"

#define HELPER_NAME	 "mandos-client-iprouteadddel"
#define HELPER_DIRECTORY "/lib/mandos/plugin-helpers"
#define PATH_OF_ROOT	 "/usr/sbin:/usr/bin:/sbin:/bin"

struct route {
	struct peer target;
	uint32_t index;
};

struct work {
	const struct options *options;
	int fd;
	unsigned int user;
	unsigned int group;
	struct hooks hooks;
	bool has_hooks; /* they were looked for */
	struct selection selection;
	bool has_selection;
	struct uplinks uplinks;
	size_t n_routes;
	struct route routes[WARDEN_ROUTES_MAX];
};

static bool exists(void *userdata, const char *name)
{
	(void)userdata;
	return if_nametoindex(name) != 0;
}

/* After the start hooks, and once: what comes and goes later makes no other selection of it. */
static void select_links(struct work *w)
{
	const struct options *o = w->options;

	if (!w->has_selection)
		w->selection =
			selection_make(o->interfaces, options_has_connect(o), exists, NULL, NULL);
	w->has_selection = true;
}

static int run_hook(struct work *w, enum hooks_mode mode)
{
	bool has_run;

	/* Looked for once: what start hooks put beside them are no stop hooks. */
	if (!w->has_hooks)
		hooks_init(&w->hooks, w->options);
	w->has_hooks = true;
	has_run = hooks_run_next(&w->hooks, mode);
	if (mode == HOOKS_START && !has_run)
		select_links(w);
	return has_run ? 1 : 0;
}

/* Only what the command line selects: the request comes from a process that talks to strangers. */
static int find_role(const struct work *w, uint32_t index, enum selection_role *ret)
{
	char name[IFNAMSIZ];
	uint32_t flags;
	int r = uplinks_name(index, name);

	if (r == 0)
		r = uplinks_flags(index, &flags);
	if (r == 0)
		*ret = w->has_selection ? selection_role(&w->selection, name, flags)
					: SELECTION_NOT;
	return r;
}

static int raise_link(struct work *w, uint32_t index)
{
	enum selection_role role;
	int r = find_role(w, index, &role);

	if (r < 0)
		return r;
	return role == SELECTION_RAISE ? uplinks_raise(&w->uplinks, index) : -EPERM;
}

/* Returns a wait status. */
static int run_helper(struct work *w, const char *path, const struct route *route, bool is_add)
{
	char address[PEER_ADDRESS_SIZE], name[IFNAMSIZ];
	char helper[] = HELPER_NAME, debug[] = "--debug";
	char verb[] = "delete";
	struct program p = { .path = path };
	pid_t pid;

	if (is_add)
		(void)strcpy(verb, "add");
	peer_format_address(&route->target, address);
	if (uplinks_name(route->index, name) < 0)
		return PROGRAM_STATUS(EX_OSERR);
	p.argv = w->options->debug ? (char *[]){ helper, debug, verb, address, name, NULL }
				   : (char *[]){ helper, verb, address, name, NULL };
	report_debug("%s: %s route to %s over %s", path, verb, address, name);
	pid = program_start(&p);
	if (pid < 0)
		return PROGRAM_STATUS(EX_OSERR);
	/* CLI-SIG-3; but what was added is taken back in any case (CLI-CONN-9). */
	return program_wait(pid, is_add ? w->fd : -1, WARDEN_ROUTE_USEC);
}

/* CLI-ROUTE-1, CLI-ROUTE-4. Returns a wait status. */
static int change_route(struct work *w, const struct route *route, bool is_add)
{
	const char *chosen = getenv("MANDOSPLUGINHELPERDIR");
	_cleanup_free_ char *directory = NULL;
	_cleanup_free_ char *path = NULL;
	int status;

	if (!chosen) {
		report_debug("no route is changed: MANDOSPLUGINHELPERDIR is not set");
		return PROGRAM_STATUS(EX_UNAVAILABLE);
	}
	directory = place_of_programs(chosen, HELPER_DIRECTORY);
	path = directory ? place_of_program(directory, HELPER_DIRECTORY, HELPER_NAME) : NULL;
	if (!path)
		return PROGRAM_STATUS(EX_UNAVAILABLE);
	status = run_helper(w, path, route, is_add);
	(void)program_failed(path, status);
	return status;
}

static int add_route(struct work *w, const struct route *route)
{
	enum selection_role role;
	int r = find_role(w, route->index, &role);

	if (r < 0)
		return r;
	/* CLI-CONN-1, CLI-CONN-3, CLI-DIR-4: nothing else is ever asked for. */
	if (role == SELECTION_NOT || options_has_connect(w->options) ||
	    address_is_link_local(&route->target))
		return -EPERM;
	if (w->n_routes == WARDEN_ROUTES_MAX)
		return -E2BIG;
	if (change_route(w, route, true) != 0)
		return -EHOSTUNREACH;
	w->routes[w->n_routes++] = *route;
	return 0;
}

static int delete_route(struct work *w, const struct route *route)
{
	for (size_t i = 0; i < w->n_routes; i++) {
		if (memcmp(&w->routes[i], route, sizeof(*route)) != 0)
			continue;
		w->routes[i] = w->routes[--w->n_routes];
		return change_route(w, route, false) == 0 ? 0 : -EIO;
	}
	return -ENOENT;
}

static int set_clock(uint64_t seconds)
{
	struct timespec when = { .tv_sec = (time_t)seconds };

	/* A clock that runs is nobody's to change. */
	if (!wall_clock_is_unset(instant_now().real))
		return -EPERM;
	return clock_settime(CLOCK_REALTIME, &when) < 0 ? -errno : 0;
}

static int carry_out(struct work *w, const struct warden_request *r)
{
	struct route route;

	/* Padding too is compared. */
	memset(&route, 0, sizeof(route));
	route.target = r->target;
	route.index = r->index;
	switch (r->kind) {
	case WARDEN_FIX_OWNERS:
		owners_fix(w->options, w->user, w->group);
		return 0;
	case WARDEN_HOOK_START:
		return run_hook(w, HOOKS_START);
	case WARDEN_HOOK_STOP:
		return run_hook(w, HOOKS_STOP);
	case WARDEN_LINK_UP:
		return raise_link(w, r->index);
	case WARDEN_LINKS_DOWN:
		uplinks_lower_all(&w->uplinks);
		return 0;
	case WARDEN_ROUTE_ADD:
		return add_route(w, &route);
	case WARDEN_ROUTE_DELETE:
		return delete_route(w, &route);
	case WARDEN_CLOCK_SET:
		return set_clock(r->seconds);
	case WARDEN_HURRY:
		break; /* has no answer */
	}
	return 0;
}

/* Returns false when there is nobody to answer to any more. */
static bool serve(struct work *w)
{
	struct pollfd fd = { .fd = w->fd, .events = POLLIN };
	uint8_t data[WARDEN_REQUEST_SIZE];
	struct warden_request request;
	struct writer answer = WRITER(data, sizeof(data));
	ssize_t size;

	if (poll(&fd, 1, -1) < 0)
		return errno == EINTR;
	size = channel_receive(w->fd, data, sizeof(data));
	if (size == -EAGAIN)
		return true;
	if (size <= 0 || !warden_request_decode(data, (size_t)size, &request))
		return false;
	if (request.kind == WARDEN_HURRY)
		return true;
	warden_answer_encode(&answer, carry_out(w, &request));
	return channel_send(w->fd, data, answer.used, NULL, 0) == 0;
}

/* Whatever was not undone by request, in the order of CLI-EXIT-1. */
static void undo(struct work *w)
{
	while (w->n_routes > 0) {
		struct route last = w->routes[w->n_routes - 1];

		(void)delete_route(w, &last);
	}
	while (w->has_hooks && run_hook(w, HOOKS_STOP) > 0)
		;
	uplinks_lower_all(&w->uplinks);
}

/* Signals are for the client: it tells the warden what follows from them. */
static void block_signals(void)
{
	sigset_t all;

	(void)sigfillset(&all);
	(void)sigdelset(&all, SIGCHLD);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
}

/* What makes a script of root's do something else, in the usual languages of scripts. */
static bool steers_scripts(const char *entry)
{
	static const char *const prefixes[] = {
		"BASH", "CDPATH=", "ENV=",   "GLOBIGNORE=", "IFS=",	  "LD_",
		"PERL", "PS4=",	   "PYTHON", "RUBY",	    "SHELLOPTS=",
	};

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		if (strncmp(entry, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	}
	return false;
}

static void take_out_what_steers(void)
{
	char **kept = environ;

	for (char **entry = environ; entry && *entry; entry++) {
		if (!steers_scripts(*entry))
			*kept++ = *entry;
	}
	if (kept)
		*kept = NULL;
	if (setenv("PATH", PATH_OF_ROOT, 1) < 0)
		abort();
}

/*
 * Hooks have the environment that the client was given (CLI-HOOK-4). But a user who lends himself
 * root's power would choose with it what root's hooks do; and more, if he chooses them himself.
 */
static void clean_environment(const struct options *o)
{
	_cleanup_free_ char *helpers = NULL;
	const char *chosen = getenv("MANDOSPLUGINHELPERDIR");

	if (!privileges_are_lent())
		return;
	if (strcmp(o->network_hook_dir, OPTIONS_HOOK_DIR) == 0) {
		take_out_what_steers();
		return;
	}
	if (chosen)
		helpers = strdup(chosen);
	if (clearenv() != 0 || setenv("PATH", PATH_OF_ROOT, 1) < 0 ||
	    (helpers && setenv("MANDOSPLUGINHELPERDIR", helpers, 1) < 0))
		abort();
}

void warden_work(int fd, const struct options *o)
{
	struct work w = { .options = o, .fd = fd, .user = getuid(), .group = getgid() };

	block_signals();
	clean_environment(o);
	(void)dup2(STDERR_FILENO, STDOUT_FILENO);
	if (!privileges_become_root())
		report_debug("not allowed to be root: interfaces and routes stay as they are");
	while (serve(&w))
		;
	undo(&w);
	hooks_deinit(&w.hooks);
}
