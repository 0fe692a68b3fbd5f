/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * A process that gives up what it will not need: privileges, and system calls.
 *
 * Three answers to a system call. One that is allowed is carried out. One that is forbidden by name
 * has no honest use in the program: the rules say whether it fails or ends the process. Anything
 * else fails with ENOSYS, as on an older kernel, so that a C library that learns a new call falls
 * back to what it did before (docs/decisions/0013). Nothing here can be undone.
 *
 * Always allowed is what no program does without: memory that is not executable, time, random
 * numbers, signals to itself, its own end. In a build with sanitizers also what those need, which
 * is to read files (for the names in their reports).
 */

#include <stddef.h>
#include <stdint.h>

/* Defined in a build with the address sanitizer. */
#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define SANDBOX_WITH_SANITIZERS 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define SANDBOX_WITH_SANITIZERS 1
#endif

/** enum sandbox_when - an allowed call may depend on one of its arguments */
enum sandbox_when {
	SANDBOX_ALWAYS = 0,
	SANDBOX_IF_EQUAL, /* the argument is @value */
	SANDBOX_IF_CLEAR, /* the argument has none of the bits of @value */
	SANDBOX_IF_PAIR,  /* the argument is @value, and the one behind it @next_value */
};

/**
 * struct sandbox_call - an allowed system call
 *
 * @name: one that this machine does not have is passed over
 * @argument: counted from 0
 * A call may be named several times; one that fits is enough.
 */
struct sandbox_call {
	const char *name;
	enum sandbox_when when;
	unsigned int argument;
	uint64_t value, next_value;
};

/** enum sandbox_penalty - what a forbidden call leads to */
enum sandbox_penalty {
	SANDBOX_EPERM = 0,
	SANDBOX_KILL, /* SIGSYS for the whole process; the kernel's audit log has the number */
};

/**
 * struct sandbox_rules - what one program may do
 *
 * @forbidden: besides what is forbidden to all: to execute, fork, trace, change rights or name
 *             spaces, and whatever else talks to the kernel's administrator; no name may also be
 *             allowed
 */
struct sandbox_rules {
	const struct sandbox_call *allowed;
	size_t n_allowed;
	const char *const *forbidden;
	size_t n_forbidden;
	enum sandbox_penalty penalty;
};

/**
 * sandbox_drop_privileges() - no capability left, and none to be had by executing anything
 *
 * Errors: errno of capset(2) or prctl(2).
 */
int sandbox_drop_privileges(void);

/**
 * sandbox_no_new_privileges() - only the second half: what there is stays
 *
 * Errors: errno of prctl(2).
 */
int sandbox_no_new_privileges(void);

/**
 * sandbox_enter() - from here on the rules hold, for what is forked as well
 *
 * After sandbox_no_new_privileges() or sandbox_drop_privileges().
 * Errors: -ENOMEM; errno of seccomp(2), -EINVAL from a kernel without it.
 */
int sandbox_enter(const struct sandbox_rules *rules);
