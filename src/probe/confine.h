/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * What the prober gives up before it hears of its first probe: all capabilities and new privileges,
 * all system calls but those of its work, writing to files, and other processes. What an attacker
 * would try next ends it at once. Reading stays below /etc and /run, where it is written how names
 * are looked up.
 */

/**
 * confine_prober() - for good
 *
 * Not dumpable either: checkers are the same user, and one that could trace the prober could vouch
 * for every client that has a built-in checker (W-26).
 * Errors: errno of what the kernel refused; nothing may be probed.
 */
int confine_prober(void);
