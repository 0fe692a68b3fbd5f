/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Descriptors and packet channels, the hostile peer included. */
#include "base/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

struct pair {
	int ours;
	int theirs;
};

static struct pair pair;

static int set_up(void **state)
{
	int fds[2];

	if (channel_pair(fds) < 0)
		return -1;
	pair = (struct pair){ .ours = fds[0], .theirs = fds[1] };
	return 0;
}

static int tear_down(void **state)
{
	pair.ours = fd_close(pair.ours);
	pair.theirs = fd_close(pair.theirs);
	return 0;
}

static int n_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	(void)closedir(dir);
	return n;
}

static void test_fd_close__not_open__keeps_errno(void **state)
{
	errno = EXDEV;
	assert_int_equal(fd_close(-1), -1);
	assert_int_equal(fd_close(987654), -1);
	assert_int_equal(errno, EXDEV);
}

static void test_fd_closep__leaving_the_block__closes(void **state)
{
	int number;

	{
		_cleanup_fd_ int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

		assert_true(fd >= 0);
		number = fd;
	}
	assert_int_equal(fcntl(number, F_GETFD), -1);
}

static void test_fd_set__flags__are_set_and_errors_returned(void **state)
{
	assert_int_equal(fd_set_cloexec(pair.ours, 0), 0);
	assert_int_equal(fcntl(pair.ours, F_GETFD) & FD_CLOEXEC, 0);
	assert_int_equal(fd_set_cloexec(pair.ours, 1), 0);
	assert_int_not_equal(fcntl(pair.ours, F_GETFD) & FD_CLOEXEC, 0);
	assert_int_equal(fcntl(pair.ours, F_SETFL, 0), 0);
	assert_int_equal(fd_set_nonblock(pair.ours), 0);
	assert_int_not_equal(fcntl(pair.ours, F_GETFL) & O_NONBLOCK, 0);
	assert_int_equal(fd_set_cloexec(-1, 1), -EBADF);
	assert_int_equal(fd_set_nonblock(-1), -EBADF);
}

static void test_channel_pair__both_ends__are_cloexec_and_nonblocking(void **state)
{
	const int fds[] = { pair.ours, pair.theirs };

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		assert_int_not_equal(fcntl(fds[i], F_GETFD) & FD_CLOEXEC, 0);
		assert_int_not_equal(fcntl(fds[i], F_GETFL) & O_NONBLOCK, 0);
	}
}

static void test_channel_inherit__end__becomes_cloexec_and_nonblocking(void **state)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
	assert_int_equal(channel_inherit(fds[0]), 0);
	assert_int_not_equal(fcntl(fds[0], F_GETFD) & FD_CLOEXEC, 0);
	assert_int_not_equal(fcntl(fds[0], F_GETFL) & O_NONBLOCK, 0);
	assert_int_equal(fcntl(fds[1], F_GETFD) & FD_CLOEXEC, 0);
	(void)close(fds[0]);
	(void)close(fds[1]);
}

static void test_channel_inherit__anything_else__is_an_error(void **state)
{
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(channel_inherit(fds[0]), -ENOTSOCK);
	(void)close(fds[0]);
	(void)close(fds[1]);
	assert_int_equal(channel_inherit(fds[0]), -EBADF);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(channel_inherit(fds[0]), -EPROTOTYPE);
	(void)close(fds[0]);
	(void)close(fds[1]);
}

static void test_channel__two_messages__stay_two(void **state)
{
	char buffer[64];

	assert_int_equal(channel_receive(pair.theirs, buffer, sizeof(buffer)), -EAGAIN);
	assert_int_equal(channel_send(pair.ours, "one", 3, NULL, 0), 0);
	assert_int_equal(channel_send(pair.ours, "head", 4, "body", 4), 0);
	assert_int_equal(channel_receive(pair.theirs, buffer, sizeof(buffer)), 3);
	assert_memory_equal(buffer, "one", 3);
	assert_int_equal(channel_receive(pair.theirs, buffer, sizeof(buffer)), 8);
	assert_memory_equal(buffer, "headbody", 8);
}

static void test_channel_receive__message_larger_than_the_buffer__is_an_error(void **state)
{
	char buffer[4];

	assert_int_equal(channel_send(pair.ours, "12345", 5, NULL, 0), 0);
	assert_int_equal(channel_send(pair.ours, "1234", 4, NULL, 0), 0);
	assert_int_equal(channel_receive(pair.theirs, buffer, sizeof(buffer)), -EMSGSIZE);
	assert_int_equal(channel_receive(pair.theirs, buffer, sizeof(buffer)), 4);
}

static void test_channel_receive__peer_closed__is_zero(void **state)
{
	char buffer[4];

	pair.ours = fd_close(pair.ours);
	assert_int_equal(channel_receive(pair.theirs, buffer, sizeof(buffer)), 0);
}

static void test_channel_receive__peer_left_unread_messages__its_own_still_come(void **state)
{
	char buffer[4];

	assert_int_equal(channel_send(pair.ours, "last", 4, NULL, 0), 0);
	assert_int_equal(channel_send(pair.theirs, "unread", 6, NULL, 0), 0);
	pair.ours = fd_close(pair.ours);
	assert_int_equal(channel_receive(pair.theirs, buffer, sizeof(buffer)), 4);
	assert_int_equal(channel_receive(pair.theirs, buffer, sizeof(buffer)), 0);
}

/* Without SIGPIPE, which would end this test. */
static void test_channel_send__peer_closed__is_epipe(void **state)
{
	pair.theirs = fd_close(pair.theirs);
	assert_int_equal(channel_send(pair.ours, "x", 1, NULL, 0), -EPIPE);
}

static void test_channel_send__peer_does_not_read__is_eagain_and_then_goes_on(void **state)
{
	static char data[1024];
	int n = 0, r;

	while ((r = channel_send(pair.ours, data, sizeof(data), NULL, 0)) == 0)
		assert_true(++n < 100000);
	assert_int_equal(r, -EAGAIN);
	for (int i = 0; i < n; i++)
		assert_int_equal(channel_receive(pair.theirs, data, sizeof(data)), sizeof(data));
	assert_int_equal(channel_receive(pair.theirs, data, sizeof(data)), -EAGAIN);
	assert_int_equal(channel_send(pair.ours, data, sizeof(data), NULL, 0), 0);
}

/* The descriptors end of an overly generous peer. */
static void test_channel_receive__peer_passes_descriptors__none_arrives(void **state)
{
	char byte = 'x', buffer[4];
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { .header = { .cmsg_len = CMSG_LEN(sizeof(int)),
				  .cmsg_level = SOL_SOCKET,
				  .cmsg_type = SCM_RIGHTS } };
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	int before = n_descriptors();

	memcpy(CMSG_DATA(&control.header), &pair.ours, sizeof(int));
	assert_int_equal(sendmsg(pair.ours, &msg, 0), 1);
	assert_int_equal(channel_receive(pair.theirs, buffer, sizeof(buffer)), 1);
	assert_int_equal(n_descriptors(), before);
}

static void test_channel_fds__with_a_message__arrive_in_order(void **state)
{
	int pipes[2][2], got[CHANNEL_FDS_MAX];
	unsigned int n = 0;
	char buffer[4];

	assert_int_equal(pipe2(pipes[0], O_CLOEXEC), 0);
	assert_int_equal(pipe2(pipes[1], O_CLOEXEC), 0);
	assert_int_equal(channel_send_fds(pair.ours, "ab", 2, (int[]){ pipes[1][1], pipes[0][1] },
					  2),
			 0);
	assert_int_equal(channel_receive_fds(pair.theirs, buffer, sizeof(buffer), got, &n), 2);
	assert_memory_equal(buffer, "ab", 2);
	assert_int_equal(n, 2);
	assert_int_equal(write(got[0], "1", 1), 1);
	assert_int_equal(write(got[1], "0", 1), 1);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(fcntl(got[i], F_GETFD), FD_CLOEXEC);
		assert_int_equal(read(pipes[i][0], buffer, sizeof(buffer)), 1);
		assert_int_equal(buffer[0], '0' + i);
		(void)fd_close(got[i]);
		(void)fd_close(pipes[i][0]);
		(void)fd_close(pipes[i][1]);
	}
}

static void test_channel_send_fds__none_or_too_many__is_einval(void **state)
{
	int fds[CHANNEL_FDS_MAX + 1], got[CHANNEL_FDS_MAX], before;
	unsigned int n = 0;
	char byte;

	for (unsigned int i = 0; i <= CHANNEL_FDS_MAX; i++)
		fds[i] = pair.ours;
	assert_int_equal(channel_send_fds(pair.ours, "x", 1, fds, 0), -EINVAL);
	assert_int_equal(channel_send_fds(pair.ours, "x", 1, fds, CHANNEL_FDS_MAX + 1), -EINVAL);
	assert_int_equal(channel_send_fds(pair.ours, "x", 1, fds, CHANNEL_FDS_MAX), 0);
	before = n_descriptors();
	assert_int_equal(channel_receive_fds(pair.theirs, &byte, 1, got, &n), 1);
	assert_int_equal(n, CHANNEL_FDS_MAX);
	assert_int_equal(n_descriptors(), before + CHANNEL_FDS_MAX);
	for (unsigned int i = 0; i < n; i++)
		(void)fd_close(got[i]);
}

static void test_channel_receive_fds__message_too_large__leaves_none_open(void **state)
{
	int got[CHANNEL_FDS_MAX], before;
	unsigned int n = 0;
	char byte;

	assert_int_equal(channel_send_fds(pair.ours, "xy", 2, &pair.ours, 1), 0);
	before = n_descriptors();
	assert_int_equal(channel_receive_fds(pair.theirs, &byte, 1, got, &n), -EMSGSIZE);
	assert_int_equal(n, 0);
	assert_int_equal(n_descriptors(), before);
	assert_int_equal(channel_receive_fds(pair.theirs, &byte, 1, got, &n), -EAGAIN);
	pair.ours = fd_close(pair.ours);
	assert_int_equal(channel_receive_fds(pair.theirs, &byte, 1, got, &n), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_fd_close__not_open__keeps_errno),
		TEST(test_fd_closep__leaving_the_block__closes),
		TEST(test_fd_set__flags__are_set_and_errors_returned),
		TEST(test_channel_pair__both_ends__are_cloexec_and_nonblocking),
		TEST(test_channel_inherit__end__becomes_cloexec_and_nonblocking),
		TEST(test_channel_inherit__anything_else__is_an_error),
		TEST(test_channel__two_messages__stay_two),
		TEST(test_channel_receive__message_larger_than_the_buffer__is_an_error),
		TEST(test_channel_receive__peer_closed__is_zero),
		TEST(test_channel_receive__peer_left_unread_messages__its_own_still_come),
		TEST(test_channel_send__peer_closed__is_epipe),
		TEST(test_channel_send__peer_does_not_read__is_eagain_and_then_goes_on),
		TEST(test_channel_receive__peer_passes_descriptors__none_arrives),
		TEST(test_channel_fds__with_a_message__arrive_in_order),
		TEST(test_channel_send_fds__none_or_too_many__is_einval),
		TEST(test_channel_receive_fds__message_too_large__leaves_none_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
