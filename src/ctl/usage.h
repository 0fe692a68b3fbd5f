/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* Usage and help, made of the table of options. */

#include <stdio.h>

/** usage_print() - the usage lines alone, for an error (CTL-ARG-4) */
void usage_print(FILE *out);

/** usage_print_help() - usage, and every option */
void usage_print_help(FILE *out);
