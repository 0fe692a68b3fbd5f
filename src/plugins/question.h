/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* How a person is asked for the passphrase of a disk. */

/** enum question_style - the columns of CLI-PROMPT-2 */
enum question_style {
	QUESTION_TERMINAL,
	QUESTION_PLYMOUTH,
	QUESTION_USPLASH,
	QUESTION_SPLASHY,
};

/**
 * question_make() - the question about device @source with name @target, each of which may be NULL
 *
 * Pure. Returns NULL without memory. Owner: the caller frees it. Source: CLI-PROMPT-2.
 */
char *question_make(enum question_style style, const char *source, const char *target);

/**
 * question_source(), question_target() - from cryptsetup's environment, today's or that before 2009
 *
 * NULL if there is none. Source: CLI-PROMPT-1, D25.
 */
const char *question_source(void);
const char *question_target(void);
