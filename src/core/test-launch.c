/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The launcher, asked by a core that has been conquered: what it does not start. */
#include "core/launch.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"

#define DEADLINE_MSEC 30000

static struct {
	int fd;
	pid_t pid;
} launcher;

static int32_t receive_answer(void)
{
	struct pollfd p = { .fd = launcher.fd, .events = POLLIN };
	int32_t answer = 0;

	assert_int_equal(poll(&p, 1, DEADLINE_MSEC), 1);
	assert_int_equal(channel_receive(launcher.fd, &answer, sizeof(answer)), sizeof(answer));
	return answer;
}

static int set_up(void **state)
{
	const struct server_user us = { .uid = getuid(), .gid = getgid() };
	int pair[2];

	if (channel_pair(pair) < 0)
		return -1;
	launcher.fd = pair[0];
	launcher.pid = fork();
	if (launcher.pid == 0)
		launch_serve(pair[1], &us);
	pair[1] = fd_close(pair[1]);
	return launcher.pid < 0 || receive_answer() != 0 ? -1 : 0;
}

/* It ends with its channel. */
static int tear_down(void **state)
{
	int status = -1;

	launcher.fd = fd_close(launcher.fd);
	if (waitpid(launcher.pid, &status, 0) != launcher.pid)
		return -1;
	return status;
}

static int32_t ask(const void *request, size_t size, unsigned int n_fds)
{
	int fds[CHANNEL_FDS_MAX];

	for (unsigned int i = 0; i < CHANNEL_FDS_MAX; i++)
		fds[i] = STDERR_FILENO;
	if (n_fds == 0)
		assert_int_equal(channel_send(launcher.fd, request, size, NULL, 0), 0);
	else
		assert_int_equal(channel_send_fds(launcher.fd, request, size, fds, n_fds), 0);
	return receive_answer();
}

static int32_t ask_for(int helper, uint8_t debug, unsigned int n_fds)
{
	const struct launch_request request = { .helper = (uint8_t)helper, .debug = debug };

	return ask(&request, sizeof(request), n_fds);
}

static void test_launch_find__table__holds_three(void **state)
{
	assert_true(launch_find("mandos-gate") >= 0);
	assert_true(launch_find("mandos-spawn") >= 0);
	assert_true(launch_find("mandos-probe") >= 0);
	assert_int_equal(launch_find("sh"), -ENOENT);
	assert_int_equal(launch_find(""), -ENOENT);
	assert_int_equal(launch_find("../mandos-gate"), -ENOENT);
}

static void test_launch_serve__bad_requests__are_eproto(void **state)
{
	const int gate = launch_find("mandos-gate"), spawn = launch_find("mandos-spawn");

	assert_int_equal(ask_for(3, 0, 5), -EPROTO);
	assert_int_equal(ask_for(255, 0, 5), -EPROTO);
	assert_int_equal(ask_for(gate, 1, 5), -EPROTO);
	assert_int_equal(ask_for(spawn, 2, 4), -EPROTO);
	assert_int_equal(ask_for(gate, 0, 0), -EPROTO);
	assert_int_equal(ask_for(gate, 0, LAUNCH_FDS_STANDARD), -EPROTO);
	assert_int_equal(ask_for(gate, 0, LAUNCH_FDS_MAX + 1), -EPROTO);
	assert_int_equal(ask("", 1, 5), -EPROTO);
}

static void test_launch_serve__message_too_large__ends(void **state)
{
	struct pollfd p = { .fd = launcher.fd, .events = POLLIN };
	char byte;

	assert_int_equal(channel_send(launcher.fd, "four", 4, NULL, 0), 0);
	assert_int_equal(poll(&p, 1, DEADLINE_MSEC), 1);
	assert_int_equal(channel_receive(launcher.fd, &byte, 1), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_launch_find__table__holds_three),
		TEST(test_launch_serve__bad_requests__are_eproto),
		TEST(test_launch_serve__message_too_large__ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
