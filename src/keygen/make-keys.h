/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* The default work: new TLS and OpenPGP keys, then all four files at once. */

#include "keygen/options.h"

/**
 * make_keys() - into @dir, which has been checked
 *
 * A TLS key that cannot be made is a warning: the OpenPGP files are installed all the same.
 * Returns the program's exit status; failures have been reported. After a signal, that of
 * interrupt_signal() is to be died of.
 * Source: CLI-KEY-4 to CLI-KEY-10.
 */
int make_keys(const struct options *o, const char *dir);
