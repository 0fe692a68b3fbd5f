/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The D-Bus object path of a client, made of its name, which may be any text.
 *
 * Bound: OBJECT_PATH_SIZE.
 */

#include <stddef.h>

#define OBJECT_PATH_CLIENTS "/clients"

/** OBJECT_PATH_SIZE() - room for the path of a name of so many bytes, with the NUL */
#define OBJECT_PATH_SIZE(name_length) (sizeof(OBJECT_PATH_CLIENTS) + 2 + 3 * (name_length))

/**
 * object_path_format() - "/clients/" and the name, made into a valid object path
 * @name:     NUL-terminated; any bytes
 * @ret_path: OBJECT_PATH_SIZE(strlen(name)) bytes of room
 *
 * '.' and '-' become '_'. Any other byte that cannot stand where it stands becomes '_' and two
 * lower-case hexadecimal digits. Different names may so get one path: that is the caller's to
 * solve. Source: DBUS-PATH-1, DBUS-PATH-2.
 */
void object_path_format(const char *name, char *ret_path);
