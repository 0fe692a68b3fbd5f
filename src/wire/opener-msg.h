/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * How the process of mandos-client that decrypts a message answers: a head, and the plaintext.
 *
 * The receiver checks it: the sender has worked on what a stranger sent, and says numbers only, so
 * that no text of a stranger's making is shown to people.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

enum opener_outcome {
	OPENER_RESULT = 1, /* @value: enum openpgp_result, of the file that was looked at */
	OPENER_PLAINTEXT,  /* @value: its size; its bytes follow */
	OPENER_UNREADABLE, /* @value: errno: the key file cannot be read */
	OPENER_UNCONFINED, /* @value: errno: the process could not give up what it must */
	OPENER_NO_MEMORY,  /* @value: 0 */
};
#define OPENER_OUTCOME_LAST OPENER_NO_MEMORY

/* Which file the outcome is about, where it is about one. */
enum opener_file {
	OPENER_SECRET_KEY = 1,
	OPENER_PUBLIC_KEY,
	OPENER_MESSAGE,
};
#define OPENER_FILE_LAST OPENER_MESSAGE

struct opener_answer {
	enum opener_outcome outcome;
	enum opener_file file;
	uint32_t value;
};

#define OPENER_ANSWER_SIZE 6
#define OPENER_VALUE_MAX   ((uint32_t)1 << 20) /* no plaintext is larger */

void opener_answer_encode(struct writer *w, const struct opener_answer *a);

/** opener_answer_decode() - false unless the bytes are exactly one head that makes sense */
bool opener_answer_decode(const uint8_t *data, size_t size, struct opener_answer *ret);
