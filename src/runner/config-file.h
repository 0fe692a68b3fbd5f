/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * plugin-runner.conf: words for the command line.
 *
 * Bounds: CONFIG_FILE_MAX bytes, SETTINGS_WORDS_MAX words.
 */

#include "runner/settings.h"

#define CONFIG_FILE_MAX ((size_t)1 << 20)

/**
 * config_file_split() - the words of @text, without comments
 * @words: appended to
 *
 * Pure. Errors: -ENOMEM, -EOVERFLOW. Source: CLI-RUN-8, CLI-RUN-9.
 */
int config_file_split(const char *text, struct words *words);

/**
 * config_file_read() - the words of a file; none if it cannot be read
 *
 * Errors: -ENOMEM, -EMFILE and -ENFILE, which say nothing about the file; -EFBIG; -EOVERFLOW.
 * Source: CLI-RUN-10.
 */
int config_file_read(const char *path, struct words *words);
