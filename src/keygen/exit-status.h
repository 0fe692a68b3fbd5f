/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* Exit statuses of mandos-keygen besides those of <stdlib.h> (CLI-KEY-2). */

/* OpenPGP: what GnuPG itself exits with, which scripts saw from the reference. */
#define EXIT_OPENPGP 2
