# SPDX-License-Identifier: GPL-3.0-or-later
"""The layer law: base <- openpgp <- wire <- tls <- program rooms, and which room may use which library.

A room that only some programs share lies between wire and those.
"""

import re
from fnmatch import fnmatch

import house

LAYERS = {"base": 0, "openpgp": 1, "wire": 2, "tls": 3}
# room: the programs that may include it; it lies above wire and knows nothing of tls.
SHARED = {"admin": ("ctl", "monitor", "dispatch")}
PROGRAMS = ("core", "gate", "spawn", "probe", "ctl", "monitor", "dispatch", "keygen",
            "client", "runner", "agent", "plugins")

# Header pattern -> files under src/ that may include it. A system header not listed is free.
LIBRARIES = {
    "gnutls/*": ("tls/*", "keygen/*"),
    "sqlite3.h": ("core/store*", "core/test-store*"),
    "systemd/sd-bus*.h": ("core/*", "admin/*", "ctl/*", "monitor/*", "dispatch/*"),
    "systemd/sd-event.h": ("core/*", "gate/*", "spawn/*", "probe/*", "ctl/*", "monitor/*",
                           "dispatch/*", "admin/link.[ch]"),
    "ares*.h": ("probe/resolve.c",),
    "systemd/sd-*.h": ("core/*", "ctl/*", "monitor/*", "dispatch/*"),
    "gpgme.h": ("keygen/*",),
    "gmp.h": ("openpgp/*", "wire/ssh-*"),
    "nettle/*": ("openpgp/*", "wire/*", "core/*", "keygen/*"),
    "zlib.h": ("openpgp/inflate.c",),
    "seccomp.h": ("base/sandbox.c",),
    "linux/landlock.h": ("base/landlock.c",),
    "avahi-*": ("client/*",),
    "ncurses*": ("monitor/*",),
    "sys/capability.h": ("client/*",),
}

INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)', re.M)


def may_use_room(user, used):
    """May a file of room @user include a header of room @used?"""
    if user == used:
        return True
    if used in SHARED:
        return user in SHARED[used]
    if used not in LAYERS:
        return False
    if user in SHARED:
        return used != "tls"
    return user not in LAYERS or LAYERS[used] < LAYERS[user]


def may_use_library(file, header):
    """May src/@file include the system header? The first pattern that fits decides."""
    for pattern, users in LIBRARIES.items():
        if fnmatch(header, pattern):
            return any(fnmatch(file, user) for user in users)
    return True


def violations(file, text, exists):
    """Problems of src/@file; @exists tells whether a header exists under src/."""
    problems = []
    room = file.split("/")[0]
    if room not in LAYERS and room not in SHARED and room not in PROGRAMS:
        problems.append(f"src/{file}: '{room}' is no room of the layer law")
    for quoted, system in INCLUDE.findall(text):
        if system:
            if not may_use_library(file, system):
                problems.append(f"src/{file}: <{system}> is not for this room")
        elif "/" not in quoted or not exists(quoted):
            problems.append(f'src/{file}: "{quoted}" is not written from src/')
        elif not may_use_room(room, quoted.split("/")[0]):
            problems.append(f'src/{file}: "{quoted}" is against the layer law')
    return problems


if __name__ == "__main__":
    src = house.ROOT / "src"
    sources = [p for p in house.files("*.c", "*.h") if p.is_relative_to(src)]
    found = []
    for path in sources:
        found += violations(str(path.relative_to(src)), house.text_of(path),
                            lambda header: (src / header).is_file())
    house.finish(len(sources), found)
