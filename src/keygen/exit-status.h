/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* Exit statuses of mandos-keygen besides those of <stdlib.h> (CLI-KEY-2). */

/* OpenPGP: what GnuPG itself exits with, which scripts saw from the reference. */
#define EXIT_OPENPGP 2

/* What --test found out. */
#define EXIT_NO_PASSWORD 3
#define EXIT_NO_KEYSLOT	 4
