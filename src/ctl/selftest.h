/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* mandos-ctl --check: the installed program proves that it reads and writes as it should. */

/** selftest_run() - runs every check, reports on stderr; returns the exit status (SRV-CLI-9) */
int selftest_run(void);
