/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * File descriptors: closing by attribute, and the packet channels between our own programs.
 *
 * A channel is one end of a SOCK_SEQPACKET pair: messages arrive whole, in order, or not at all.
 * Bound: CHANNEL_FDS_MAX descriptors travel with one message.
 */

#include <stddef.h>
#include <sys/types.h>

#include "base/util.h"

#define CHANNEL_FDS_MAX 8

/** fd_close() - closes if open, keeps errno, returns -1 so that "fd = fd_close(fd)" reads well */
int fd_close(int fd);

static inline void fd_closep(int *fd)
{
	(void)fd_close(*fd);
}
#define _cleanup_fd_ _cleanup_(fd_closep)

int fd_set_nonblock(int fd);
int fd_set_cloexec(int fd, int on);

/**
 * channel_pair() - a connected SOCK_SEQPACKET pair, both ends close-on-exec and non-blocking
 *
 * Owner:  the caller closes both.
 * Errors: errno of socketpair(2).
 */
int channel_pair(int ret_fds[2]);

/**
 * channel_inherit() - makes an end that came over exec as channel_pair() makes them
 *
 * Errors: -ENOTSOCK, -EBADF or -EPROTOTYPE if @fd is no channel.
 */
int channel_inherit(int fd);

/**
 * channel_send() - one message from up to two parts, without SIGPIPE
 *
 * Two parts so that a secret need not be copied behind its header.
 * Errors: -EAGAIN when the peer is slow, -EPIPE or -ECONNRESET when it is gone, -EMSGSIZE.
 */
int channel_send(int fd, const void *head, size_t head_size, const void *body, size_t body_size);

/**
 * channel_receive() - one message
 *
 * Returns the size of the message; 0 when the peer has closed and all it had sent was received (an
 * empty message is never sent). Descriptors that a peer attaches are dropped.
 * Errors: -EAGAIN when there is none, -EMSGSIZE if it did not fit into @size (it is then lost, and
 *         the peer has broken the protocol), else errno of recvmsg(2).
 */
ssize_t channel_receive(int fd, void *buffer, size_t size);

/**
 * channel_send_fds() - one message that takes descriptors along
 *
 * Owner:  the caller keeps @fds; the receiver gets copies.
 * Errors: as channel_send(); -EINVAL for none or more than CHANNEL_FDS_MAX descriptors.
 */
int channel_send_fds(int fd, const void *data, size_t size, const int *fds, unsigned int n_fds);

/**
 * channel_receive_fds() - one message, and the descriptors that came with it
 * @ret_fds:   the first @ret_n_fds are set, and close-on-exec
 *
 * Returns as channel_receive().
 * Owner:  the caller closes @ret_fds.
 * Errors: as channel_receive(), -EMSGSIZE also for too many descriptors: none is then left open.
 */
ssize_t channel_receive_fds(int fd, void *buffer, size_t size, int ret_fds[CHANNEL_FDS_MAX],
			    unsigned int *ret_n_fds);
