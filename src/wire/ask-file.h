/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * A password question of systemd, as it lies in a file /run/systemd/ask-password/ask.*.
 *
 * Bounds: ASK_FILE_MAX bytes of a file, ASK_FILE_SOCKET_SIZE with the NUL byte of a socket's path,
 * ASK_FILE_ID_SIZE with that of an Id.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/clock.h"

#define ASK_FILE_MAX	     ((size_t)64 * 1024)
#define ASK_FILE_SOCKET_SIZE 108 /* what fits into a struct sockaddr_un */
#define ASK_FILE_ID_SIZE     512

enum ask_file_result {
	ASK_FILE_OK = 0,
	ASK_FILE_NO_SOCKET,   /* there is none, or it is empty or no path */
	ASK_FILE_LONG_SOCKET, /* it does not fit */
	ASK_FILE_NO_PID,      /* there is none, or it is no process number */
};

struct ask_file {
	char socket[ASK_FILE_SOCKET_SIZE];
	char id[ASK_FILE_ID_SIZE]; /* what the password is for; empty if there is none, or none that
				      fits */
	pid_t pid;		   /* of who asks */
	usec_t not_after;	   /* CLOCK_MONOTONIC; USEC_NEVER: no limit */
	bool is_bad_not_after;	   /* it is there and no number; @not_after is USEC_NEVER */
};

/**
 * ask_file_parse() - the keys of group [Ask] that matter to an agent
 * @ret: unchanged unless ASK_FILE_OK is returned
 *
 * What else is in the file, and lines that are none of a key file, are passed over; of a key that
 * comes twice the last one counts.
 * Errors: the results above. Source: CLI-AGT-10; systemd's documentation of password agents.
 */
enum ask_file_result ask_file_parse(const char *text, size_t size, struct ask_file *ret);

/** ask_file_result_text() - what is wrong, for people; static */
const char *ask_file_result_text(enum ask_file_result result);
