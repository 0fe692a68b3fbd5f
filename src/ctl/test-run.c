/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ctl/run.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "admin/names.h"
#include "base/util.h"

#define N_CLIENTS (3 * RUN_IN_FLIGHT_MAX + 8)

/** struct played - a server in another process, which answers in batches, the latest call first */
struct played {
	size_t n_calls, most_waiting; /* seen */
	size_t refused;		      /* number of the call, from 1, that is refused; 0: none */
	size_t leaves_after;	      /* that many calls, without an answer; 0: never */
};

struct fixture {
	struct played *played; /* shared memory */
	pid_t pid;
	sd_bus *bus;
	struct admin_clients clients;
	struct selection selection;
};

/* In the played server alone. */
static sd_bus_message *waiting[N_CLIENTS];
static size_t n_waiting;

static int on_call(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct played *p = userdata;

	if (!sd_bus_message_is_method_call(m, ADMIN_PROPERTIES_INTERFACE, "Set"))
		return 0;
	waiting[n_waiting++] = sd_bus_message_ref(m);
	p->n_calls++;
	p->most_waiting = MAX_OF(p->most_waiting, n_waiting);
	return 1;
}

static void answer_all(struct played *p)
{
	size_t number = p->n_calls;

	for (; n_waiting > 0; number--) {
		sd_bus_message *m = waiting[--n_waiting];

		if (number == p->refused)
			(void)sd_bus_reply_method_errorf(m, SD_BUS_ERROR_ACCESS_DENIED, "not %s",
							 "yours\033");
		else
			(void)sd_bus_reply_method_return(m, NULL);
		(void)sd_bus_message_unref(m);
	}
}

static void play(struct played *p, int fd)
{
	sd_bus *bus = NULL;
	int r = sd_bus_new(&bus);

	if (r >= 0)
		r = sd_bus_set_fd(bus, fd, fd);
	if (r >= 0)
		r = sd_bus_set_server(bus, 1,
				      SD_ID128_MAKE(1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5,
						    6));
	if (r >= 0)
		r = sd_bus_add_filter(bus, NULL, on_call, p);
	if (r >= 0)
		r = sd_bus_start(bus);
	while (r >= 0) {
		r = sd_bus_process(bus, NULL);
		if (r != 0)
			continue;
		/* Everything that was sent has been read. */
		if (p->leaves_after > 0 && p->n_calls >= p->leaves_after)
			_exit(EXIT_SUCCESS);
		if (n_waiting == RUN_IN_FLIGHT_MAX || p->n_calls == N_CLIENTS)
			answer_all(p);
		r = sd_bus_wait(bus, UINT64_MAX);
	}
	_exit(EXIT_SUCCESS);
}

static void add_clients(struct fixture *f)
{
	f->selection.clients = calloc(N_CLIENTS, sizeof(struct admin_client *));
	assert_non_null(f->selection.clients);
	for (; f->selection.n < N_CLIENTS; f->selection.n++) {
		char path[32];

		(void)snprintf(path, sizeof(path), "/clients/c%zu", f->selection.n);
		f->selection.clients[f->selection.n] = admin_clients_add(&f->clients, path);
	}
}

static void start(struct fixture *f, struct played played)
{
	int fds[2];

	*f = (struct fixture){ 0 };
	f->played = mmap(NULL, sizeof(*f->played), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(f->played, MAP_FAILED);
	*f->played = played;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds),
			 0);
	f->pid = fork();
	assert_true(f->pid >= 0);
	if (f->pid == 0) {
		(void)close(fds[0]);
		play(f->played, fds[1]);
	}
	(void)close(fds[1]);
	assert_true(sd_bus_new(&f->bus) >= 0);
	assert_true(sd_bus_set_fd(f->bus, fds[0], fds[0]) >= 0);
	assert_true(sd_bus_start(f->bus) >= 0);
	add_clients(f);
}

/* The played server leaves with the connection. */
static void stop(struct fixture *f)
{
	int status;

	f->bus = sd_bus_close_unref(f->bus);
	assert_int_equal(waitpid(f->pid, &status, 0), f->pid);
	assert_int_equal(status, 0);
	select_deinit(&f->selection);
	admin_clients_clear(&f->clients);
	(void)munmap(f->played, sizeof(*f->played));
}

/* Does the first @n_actions of two to all; returns what that came to, and what was said of it. */
static int run(struct fixture *f, size_t n_actions, char *ret, size_t size)
{
	struct ctl_action actions[] = { { .op = CTL_ENABLE }, { .op = CTL_BUMP_TIMEOUT } };
	const struct ctl_command command = { .actions = actions, .n_actions = n_actions };
	int before = dup(STDERR_FILENO), r;
	FILE *said = tmpfile();
	size_t n;

	assert_true(before >= 0 && said);
	(void)dup2(fileno(said), STDERR_FILENO);
	r = run_actions(f->bus, &command, &f->selection);
	(void)fflush(stderr);
	(void)dup2(before, STDERR_FILENO);
	(void)close(before);
	rewind(said);
	n = fread(ret, 1, size - 1, said);
	ret[n] = '\0';
	(void)fclose(said);
	return r;
}

/* CTL-RUN-3, CTL-RUN-7: each client once, and never more calls under way than the bound. */
static void test_run_actions__many__at_most_the_bound_under_way(void **state)
{
	struct fixture f;
	char said[4096];

	start(&f, (struct played){ 0 });
	assert_int_equal(run(&f, 1, said, sizeof(said)), 0);
	assert_string_equal(said, "");
	assert_int_equal(f.played->n_calls, N_CLIENTS);
	assert_int_equal(f.played->most_waiting, RUN_IN_FLIGHT_MAX);
	stop(&f);
}

/* CTL-RUN-9: those under way are counted, no other is made, and the next action is not tried. */
static void test_run_actions__refused__no_more_calls(void **state)
{
	struct fixture f;
	char said[4096];

	/* The latest is answered first, so that the refusal comes before any room for more. */
	start(&f, (struct played){ .refused = RUN_IN_FLIGHT_MAX });
	assert_int_equal(run(&f, 2, said, sizeof(said)), -ECANCELED);
	assert_int_equal(f.played->n_calls, RUN_IN_FLIGHT_MAX);
	assert_string_equal(
		said, "Failed to access Mandos server through D-Bus:\n"
		      "not yours\\x1b\n"
		      "The call was se.recompile.Mandos:/clients/c63:"
		      "org.freedesktop.DBus.Properties.Set('se.recompile.Mandos.Client', "
		      "'Enabled', True)\n"
		      "for client ''; it was done to 63 of 200 and failed for 1; nothing more "
		      "was tried\n");
	stop(&f);
}

/* CTL-RUN-9: the bus goes away in the middle. */
static void test_run_actions__connection_lost__said(void **state)
{
	struct fixture f;
	char said[4096];

	start(&f, (struct played){ .leaves_after = RUN_IN_FLIGHT_MAX });
	assert_int_equal(run(&f, 2, said, sizeof(said)), -ECANCELED);
	assert_int_equal(f.played->n_calls, RUN_IN_FLIGHT_MAX);
	assert_non_null(strstr(said, "it was done to 0 of 200 and failed for 64; nothing more "));
	stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run_actions__many__at_most_the_bound_under_way),
		cmocka_unit_test(test_run_actions__refused__no_more_calls),
		cmocka_unit_test(test_run_actions__connection_lost__said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
