/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* Whether a checker can work, as far as that is seen before it runs. */

#include "core/settings.h"

/**
 * checker_problem() - what is wrong with a built-in checker, in half a sentence; NULL if nothing
 * @c: with name, host, checker, fingerprint and key ID; the rest is not looked at
 *
 * Shell commands are not looked at: what is wrong with one is seen when it runs (SRV-CHK-6).
 */
const char *checker_problem(const struct client_settings *c);
