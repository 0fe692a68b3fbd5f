/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* mandos --check: the installed program proves that its judgements are what they should be. */

/** selftest_run() - runs every check, reports on stderr; returns the exit status (SRV-CLI-9) */
int selftest_run(void);
