/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * clients.conf and the files of clients.d, syntax checked: between reading and interpreting.
 *
 * Bound: SOURCE_FILES_MAX files, INI_FILE_MAX bytes each.
 */

#include <stdbool.h>
#include <stddef.h>

#include "core/settings.h"
#include "wire/ini.h"

#define SOURCE_FILES_MAX ((size_t)4096)

struct source_file {
	char *path;
	struct ini *ini;
};

/** struct clients_source - clients.conf first, then the drop-in files in byte order of their names
 */
struct clients_source {
	struct source_file *files;
	size_t n_files;
	bool is_missing; /* clients.conf is not there */
	bool absent;	 /* no file was there, or clients.conf may not be read */
};
