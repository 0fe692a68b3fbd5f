/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The surroundings in which other people's commands are started by posix_spawn(3): a process group
 * of their own, all signals as usual, no descriptor of ours, the directory /.
 */

#include <spawn.h>

/**
 * launch_occupy_standard() - opens descriptors 0 to 2 on /dev/null where they are closed
 *
 * Before anything else is opened: it would get such a number, and reach commands under it.
 * Errors: errno of open(2).
 */
int launch_occupy_standard(void);

/**
 * launch_prepare_attributes() - a process group of its own, and no signal blocked or ignored
 * @a: initialised; the caller's, also on errors
 *
 * Nothing here keeps file capabilities and set-user-ID bits from working: fping and sendmail need
 * them. Errors: negative errno; -ENOMEM.
 */
int launch_prepare_attributes(posix_spawnattr_t *a);

/**
 * launch_prepare_actions() - what becomes of descriptors and directory
 * @a:        initialised; the caller's, also on errors
 * @standard: what becomes 0, 1 and 2; -1 keeps ours. All others are closed in the command.
 *
 * Errors: negative errno; -ENOMEM, -EBADF.
 */
int launch_prepare_actions(posix_spawn_file_actions_t *a, const int standard[3]);
