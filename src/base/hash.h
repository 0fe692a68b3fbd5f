/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * uthash with a hash function that compiles without a warning: the default one falls through switch
 * labels. FNV-1a is as good for what is kept here, digests and numbers of our own.
 */

#define HASH_FUNCTION HASH_FNV
#include <uthash.h>
