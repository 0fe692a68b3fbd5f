/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The other work: a password, encrypted to the client's key, as a section for clients.conf.
 *
 * Bounds: KEY_FILE_MAX bytes a key file, PASSFILE_MAX bytes a password file (its message must not
 * be longer than OPENPGP_MESSAGE_MAX either).
 */

#include "keygen/options.h"

#define KEY_FILE_MAX ((size_t)256 * 1024)
#define PASSFILE_MAX ((size_t)64 * 1024)

/**
 * make_password() - asks or reads, encrypts with the keys in @dir, prints
 *
 * Nothing is printed on standard output unless everything could be made.
 * Returns the program's exit status; failures have been reported. After a signal, that of
 * interrupt_signal() is to be died of.
 * Source: CLI-KEY-11 to CLI-KEY-19.
 */
int make_password(const struct options *o, const char *dir);
