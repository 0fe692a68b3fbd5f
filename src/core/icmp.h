/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The ICMP sockets of the built-in checker "ping", which take privilege to open and none to use.
 *
 * Bound: ICMP_SOCKETS, one for each version of IP.
 */

#define ICMP_SOCKETS 2

/**
 * icmp_open() - one socket for IPv4 and one for IPv6, as far as there may be any
 * @ret_fds: close-on-exec and non-blocking; -1 where there is none, which is no error here
 *
 * A ping socket, which cannot send or hear anything but echoes of its own, where the kernel grants
 * one (net.ipv4.ping_group_range); else a raw one, which hears echo replies only. To be called
 * while there is privilege.
 * Owner: the caller closes them.
 */
void icmp_open(int ret_fds[ICMP_SOCKETS]);
