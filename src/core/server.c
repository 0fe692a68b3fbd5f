/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/server.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "core/added.h"
#include "core/bus.h"
#include "core/checkers.h"
#include "core/child.h"
#include "core/confine.h"
#include "core/dbus-door.h"
#include "core/gates.h"
#include "core/icmp.h"
#include "core/import.h"
#include "core/keeper.h"
#include "core/listen.h"
#include "core/manager.h"
#include "core/notify.h"
#include "core/reload.h"
#include "core/report.h"
#include "core/restore.h"
#include "core/sessions.h"
#include "core/turn.h"
#include "core/user.h"
#include "core/verbosity.h"
#include "core/zeroconf.h"

/* SRV-PROTO-5, tightened: an honest peer needs a fraction of a second for each. */
#define HELLO_USEC     (10 * USEC_PER_SEC)
#define HANDSHAKE_USEC (20 * USEC_PER_SEC)
#define SEND_USEC      (30 * USEC_PER_SEC)
#define BYE_USEC       (10 * USEC_PER_SEC)

struct server {
	struct server_settings *settings;
	struct daemon *daemon;
	sd_event *event;
	int listen_fd;
	int icmp_fds[ICMP_SOCKETS];
	struct clients_source *source;
	struct client_file file;
	bool file_is_absent;
	struct store *store;
	bool distrust;
	bool is_restored; /* from here on the end saves */
	bool is_imported; /* from the server before this one */

	struct registry registry;
	struct turn turn;
	struct keeper keeper;
	struct sessions sessions;
	struct checkers checkers;
	struct manager manager;
	struct added added;
	struct gates *gates;
	struct verbosity verbosity;
	struct bus bus;
	struct zeroconf *zeroconf;
	bool is_serving; /* peers */
	bool is_on_bus;	 /* or will not be for now, or never */
	bool is_ready;
};

static void on_turn_end(void *userdata, struct instant now)
{
	struct server *s = userdata;

	/* A failed commit has been logged and is tried again. Refusals go out all the same: holding
	 * them back would only keep peers waiting, and no secret passes keeper_is_durable(). */
	bool is_saved = keeper_commit(&s->keeper, false, now) == 0;

	if (is_saved)
		manager_announce(&s->manager);
	dbus_door_flush(s->manager.dbus, is_saved, now);
	if (s->gates)
		gates_flush(s->gates, now);
}

static void ask_for_turn(void *userdata)
{
	turn_request(&((struct server *)userdata)->turn);
}

/* Not being announced keeps nobody from being served (SRV-ZC-8 Fix). */
static void start_zeroconf(struct server *s)
{
	const struct zeroconf_options options = {
		.name = s->settings->service_name,
		.interface = s->settings->interface,
		.port = listen_port(s->listen_fd),
		.ipv6 = s->settings->use_ipv6,
	};
	int r = zeroconf_new(&s->bus, &options, &s->zeroconf);

	if (r < 0)
		log_error("Cannot announce the server by Zeroconf: %s", strerror(-r));
}

/* Whoever waited for the start can then use both: peers are served, and mandos-ctl finds us. */
static void get_ready(struct server *s)
{
	if (!s->is_serving || !s->is_on_bus || s->is_ready)
		return;
	s->is_ready = true;
	log_set_starting(-1);
	if (daemon_ready(s->daemon) < 0) {
		(void)sd_event_exit(s->event, EXIT_FAILURE);
		return;
	}
	notify_ready(s->listen_fd, (unsigned int)s->registry.n_clients);
	/* A socket unit keeps its own. */
	if (s->settings->socket < 0)
		notify_keep_socket(s->listen_fd);
}

static void on_bus_settled(void *userdata)
{
	struct server *s = userdata;

	s->is_on_bus = true;
	get_ready(s);
}

static void on_gates_ready(void *userdata)
{
	struct server *s = userdata;

	listen_announce(s->listen_fd);
	if (s->settings->zeroconf)
		start_zeroconf(s);
	s->is_serving = true;
	get_ready(s);
}

static void on_gates_fatal(void *userdata)
{
	(void)sd_event_exit(((struct server *)userdata)->event, EXIT_FAILURE);
}

/* ---- step by step ---- */

static void use_null_for_stdin(void)
{
	_cleanup_fd_ int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (fd >= 0 && dup2(fd, STDIN_FILENO) < 0)
		log_warning("Cannot point standard input at /dev/null: %s", strerror(errno));
}

/* A state directory that is missing is made, as the package would have; an existing one is left. */
static int make_state_dir(const char *path, const struct server_user *user)
{
	if (mkdir(path, 0700) < 0)
		return errno == EEXIST ? 0 : -errno;
	if (geteuid() == 0 && chown(path, user->uid, user->gid) < 0)
		return -errno;
	return 0;
}

static int switch_user(const struct server_user *user)
{
	int r = user_switch(user);

	if (r == 0) {
		log_debug("Did setuid/setgid to %u:%u", user->uid, user->gid);
		return 0;
	}
	if (r == -EPERM) {
		log_warning("Failed to setuid/setgid to %u:%u: %s", user->uid, user->gid,
			    strerror(EPERM));
		return 0;
	}
	log_critical("Failed to setuid/setgid to %u:%u: %s", user->uid, user->gid, strerror(-r));
	return r;
}

/* What needs privilege: configuration, secret files, locked memory, the socket. */
static int open_privileged(struct server *s)
{
	const struct server_settings *settings = s->settings;
	const struct rlimit unlimited = { .rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY };
	struct server_user user;
	int r;

	/* Best effort: without privilege the secrets are locked as far as the limit allows. */
	(void)setrlimit(RLIMIT_MEMLOCK, &unlimited);
	user_find(&user);
	/* With that limit, for the gates' sake, and before there is a secret to inherit. */
	r = child_launcher_start(&user);
	if (r < 0) {
		log_critical("Cannot start the launcher: %s", strerror(-r));
		return r;
	}
	r = clients_source_read(settings->config_dir, report_to_log, NULL, &s->source);
	if (r != 0) {
		if (r < 0)
			log_critical("Cannot read %s/clients.conf: %s", settings->config_dir,
				     strerror(-r));
		return r < 0 ? r : -EBADMSG;
	}
	r = listen_open(settings, &s->listen_fd);
	icmp_open(s->icmp_fds);
	if (r == 0)
		r = daemon_detach(s->daemon);
	if (r < 0)
		return r;
	r = clients_source_interpret(s->source, report_to_log, NULL, &s->file);
	if (r < 0) {
		log_critical("Cannot interpret %s/clients.conf: %s", settings->config_dir,
			     strerror(-r));
		return r;
	}
	s->file_is_absent = clients_source_is_absent(s->source);
	s->source = clients_source_free(s->source);
	r = make_state_dir(settings->state_dir, &user);
	if (r < 0) {
		log_critical("Cannot make the state directory %s: %s; make it for the server's "
			     "user, or name another with --statedir",
			     settings->state_dir, strerror(-r));
		return r;
	}
	r = switch_user(&user);
	if (r == 0)
		added_prepare(settings->state_dir);
	return r;
}

/* A first start, perhaps the first after the move from another server. */
static int fill_new_store(struct server *s)
{
	const struct import_request request = { .state_dir = s->settings->state_dir,
						.file = &s->file,
						.store = s->store };
	int r = s->settings->restore ? import_state(&request) : IMPORT_NOTHING;

	if (r < 0)
		return r;
	switch ((enum import_result)r) {
	case IMPORT_NOTHING:
		log_warning("Could not load persistent state: there is none yet in %s",
			    s->settings->state_dir);
		break;
	case IMPORT_DONE:
		s->is_imported = true;
		break;
	case IMPORT_DAMAGED:
		s->distrust = true;
		break;
	}
	return 0;
}

static int open_store(struct server *s)
{
	_cleanup_free_ char *problem = NULL;
	int r = store_open(s->settings->state_dir, &s->store, &problem);
	const char *text = problem ? problem : r < 0 ? strerror(-r) : "no details";

	if (r < 0) {
		log_critical("Could not load persistent state: %s", text);
		return r;
	}
	switch ((enum store_open_result)r) {
	case STORE_OPEN_OK:
		import_warn(s->settings->state_dir);
		return 0;
	case STORE_OPEN_NEW:
		return fill_new_store(s);
	case STORE_OPEN_DAMAGED:
		log_error("Could not load persistent state: %s", text);
		s->distrust = true;
		return 0;
	case STORE_OPEN_NEWER:
	case STORE_OPEN_FOREIGN:
	case STORE_OPEN_BUSY:
		log_critical("Could not load persistent state: %s", text);
		break;
	}
	return -EBADMSG;
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata)
{
	struct server *s = userdata;

	log_debug("Got signal %s", strsignal((int)si->ssi_signo));
	(void)sd_event_exit(s->event, EXIT_SUCCESS);
	return 0;
}

static int reload(void *userdata, char **ret_problem)
{
	struct server *s = userdata;
	const struct reload_request request = {
		.manager = &s->manager,
		.store = s->store,
		.config_dir = s->settings->config_dir,
		.state_dir = s->settings->state_dir,
	};
	int r;

	/* The end of a reload is READY=1, which a server that is still starting must not say. */
	if (s->is_ready)
		notify_reloading();
	r = reload_clients(&request, instant_now(), ret_problem);
	if (s->is_ready)
		notify_reloaded(s->listen_fd, (unsigned int)s->registry.n_clients, r == 0);
	(void)malloc_trim(0);
	return r;
}

static void set_log_level(void *userdata, enum log_level level)
{
	verbosity_set(&((struct server *)userdata)->verbosity, level);
}

/* Deliberately no longer an end (SRV-PROC-8): see NEWS and docs/decisions. */
static int on_hangup(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata)
{
	_cleanup_free_ char *problem = NULL;

	(void)reload(userdata, &problem);
	return 0;
}

static int handle_signals(struct server *s)
{
	static const int endings[] = { SIGTERM, SIGINT };
	int hangup = sd_event_add_signal(s->event, NULL, SIGHUP | SD_EVENT_SIGNAL_PROCMASK,
					 on_hangup, s);

	if (hangup < 0)
		return hangup;

	for (size_t i = 0; i < ARRAY_SIZE(endings); i++) {
		int r = sd_event_add_signal(s->event, NULL, endings[i] | SD_EVENT_SIGNAL_PROCMASK,
					    on_signal, s);

		if (r < 0)
			return r;
	}
	return 0;
}

/* sd-event wants SIGCHLD blocked before it watches a child. */
static int block_child_signal(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	return sigprocmask(SIG_BLOCK, &set, NULL) < 0 ? -errno : 0;
}

static int make_rooms(struct server *s)
{
	const struct manager_rooms rooms = {
		.registry = &s->registry,
		.keeper = &s->keeper,
		.checkers = &s->checkers,
		.sessions = &s->sessions,
	};
	const struct checkers_options checking = {
		.event = s->event,
		.manager = &s->manager,
		.debug = s->settings->debug,
		.icmp_fds = { s->icmp_fds[0], s->icmp_fds[1] },
	};
	int r;

	s->added = (struct added){ .manager = &s->manager,
				   .store = s->store,
				   .state_dir = s->settings->state_dir };
	r = turn_init(&s->turn, s->event, on_turn_end, s);

	if (r < 0)
		return r;
	r = keeper_init(&s->keeper, s->event, &s->turn, s->store);
	if (r < 0)
		return r;
	bus_init(&s->bus, s->event);
	r = manager_init(&s->manager, s->event, &rooms);
	if (r < 0)
		return r;
	r = sessions_init(&s->sessions, s->event, &s->registry, &s->manager);
	if (r < 0)
		return r;
	return checkers_start(&s->checkers, &checking);
}

/* A bus that is not there is waited for; one that cannot even be waited for is an error. */
static int open_dbus(struct server *s)
{
	const struct dbus_options options = {
		.bus = &s->bus,
		.registry = &s->registry,
		.manager = &s->manager,
		.turn = &s->turn,
		.added = &s->added,
		.address = s->settings->address,
		.port = listen_port(s->listen_fd),
		.started = instant_now().real,
		.reload = reload,
		.set_log_level = set_log_level,
		.settled = on_bus_settled,
		.userdata = s,
	};
	int r;

	s->is_on_bus = !s->settings->use_dbus;
	if (s->is_on_bus)
		return 0;
	r = dbus_door_new(&options, &s->manager.dbus);
	if (r < 0)
		log_critical("Cannot offer the D-Bus interface: %s", strerror(-r));
	return r;
}

static unsigned int number_of_gates(const struct server_settings *settings)
{
	cpu_set_t cpus;

	if (settings->gates > 0)
		return MIN_OF(settings->gates, (unsigned int)GATES_MAX);
	if (sched_getaffinity(0, sizeof(cpus), &cpus) < 0)
		return 1;
	return MIN_OF((unsigned int)CPU_COUNT(&cpus), (unsigned int)GATES_MAX);
}

static uint32_t share(unsigned int whole, unsigned int n)
{
	return (whole + n - 1) / n;
}

static int start_gates(struct server *s)
{
	const struct server_settings *settings = s->settings;
	unsigned int n = number_of_gates(settings);
	struct gates_options options = {
		.n = n,
		.listen_fd = s->listen_fd,
		.config = {
			/* Each gate keeps its share: no gate knows of the others. */
			.max_connections = share(settings->max_connections, n),
			.max_per_source = share(settings->max_connections_per_source, n),
			.hello_usec = HELLO_USEC,
			.handshake_usec = HANDSHAKE_USEC,
			.send_usec = SEND_USEC,
			.bye_usec = BYE_USEC,
			.log_threshold = (uint8_t)log_threshold(),
			.debug = settings->debug,
		},
		.handler = sessions_handler(),
		.fatal = on_gates_fatal,
		.ready = on_gates_ready,
		.turn = ask_for_turn,
		.userdata = s,
		.handler_data = &s->sessions,
	};

	if (strlen(settings->priority) > GATE_PRIORITY_MAX) {
		log_critical("The GnuTLS priority string is longer than %d bytes",
			     GATE_PRIORITY_MAX);
		return -EINVAL;
	}
	strcpy(options.config.priority, settings->priority);
	return gates_new(s->event, &options, &s->gates);
}

static void log_unlocked(void)
{
	size_t n = secret_unlocked_bytes();

	if (n > 0)
		log_warning("%zu bytes of secrets could not be locked in memory and may be "
			    "swapped out; raise the limit on locked memory",
			    n);
}

static int start(struct server *s)
{
	int r = open_privileged(s);

	if (r < 0)
		return r;
	r = secret_process_harden();
	if (r < 0) {
		log_critical("Cannot protect the secrets from core dumps: %s", strerror(-r));
		return r;
	}
	/* As early as can be: the state is read, and perhaps imported, under the rules. */
	r = confine_core(s->settings->state_dir);
	if (r < 0) {
		log_critical("Cannot give up what the server does not need: %s", strerror(-r));
		return r;
	}
	/* As the server's user, whom they belong to: never as root, which could read any secfile.
	 */
	r = added_read(s->settings->state_dir, report_to_log, NULL, &s->file);
	if (r == 0)
		r = open_store(s);
	if (r < 0)
		return r;
	r = sd_event_default(&s->event);
	if (r >= 0)
		r = block_child_signal();
	if (r >= 0)
		r = child_launcher_watch(s->event);
	if (r >= 0)
		r = make_rooms(s);
	if (r >= 0)
		r = handle_signals(s);
	if (r >= 0)
		r = verbosity_start(&s->verbosity, s->event, &s->gates);
	if (r >= 0)
		r = notify_watch(s->event);
	if (r < 0) {
		log_critical("Cannot start: %s", strerror(-r));
		return r;
	}
	r = restore_clients(&s->manager,
			    &(struct restore_request){ .file = &s->file,
						       .store = s->store,
						       .load = s->settings->restore,
						       .keep_all = s->file_is_absent ||
								   s->file.n_left_out > 0,
						       .distrust = s->distrust },
			    instant_now());
	client_file_deinit(&s->file);
	if (r < 0)
		return r;
	s->is_restored = true;
	if (s->is_imported)
		import_finish(s->settings->state_dir);
	log_unlocked();
	r = open_dbus(s);
	if (r < 0)
		return r;
	/* The text of a large clients.conf has been freed; give its pages back. */
	(void)malloc_trim(0);
	r = listen_start(s->listen_fd);
	return r < 0 ? r : start_gates(s);
}

/*
 * Peers first, so that nothing is given any more; then the state; then the checkers, which may take
 * a moment to die. Bounded: no step waits for a peer (SRV-PROC-10). Negative if the state was lost.
 */
static int stop(struct server *s)
{
	struct instant now = instant_now();
	int r = 0;

	notify_stopping();
	s->gates = gates_free(s->gates);
	if (s->is_restored)
		r = keeper_finish(&s->keeper, now);
	if (keeper_is_durable(&s->keeper))
		manager_announce(&s->manager);
	s->zeroconf = zeroconf_free(s->zeroconf);
	s->manager.dbus = dbus_door_free(s->manager.dbus, keeper_is_durable(&s->keeper));
	bus_deinit(&s->bus);
	checkers_stop(&s->checkers);
	child_launcher_stop();
	manager_deinit(&s->manager);
	sessions_deinit(&s->sessions);
	keeper_deinit(&s->keeper);
	turn_deinit(&s->turn);
	registry_deinit(&s->registry);
	s->store = store_close(s->store);
	client_file_deinit(&s->file);
	s->source = clients_source_free(s->source);
	s->event = sd_event_unref(s->event);
	s->listen_fd = fd_close(s->listen_fd);
	for (size_t i = 0; i < ICMP_SOCKETS; i++)
		s->icmp_fds[i] = fd_close(s->icmp_fds[i]);
	return r;
}

int server_run(struct server_settings *settings, struct daemon *daemon)
{
	struct server s = {
		.settings = settings,
		.daemon = daemon,
		.listen_fd = -1,
		.icmp_fds = { -1, -1 },
	};
	int r, stopped;

	registry_init(&s.registry);
	if (settings->use_dbus)
		registry_use_paths(&s.registry);
	if (settings->debug)
		use_null_for_stdin();
	r = start(&s);
	if (r == 0) {
		log_debug("Starting main loop");
		r = sd_event_loop(s.event);
		log_debug("Server exiting");
	}
	stopped = stop(&s);
	daemon_end(daemon);
	return r == 0 && stopped == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
