# SPDX-License-Identifier: GPL-3.0-or-later
"""What each program links and imports, and what the objects of the pure rooms import.

This is the separation of the programs as the linker sees it; ARCHITECTURE.md says why.
"""

import re
import subprocess
from fnmatch import fnmatch
from pathlib import Path

import house

# The C library, what every program may link, and the run-time of the sanitizers.
ALWAYS = {"libc", "ld-linux-x86-64", "ld-linux-aarch64", "libm",
          "libasan", "libubsan", "libgcc_s", "libstdc++"}

THREADS = ("pthread_create", "thrd_create")
NAMES = ("getaddrinfo", "gethostby*", "getpw*", "getgr*")
FILES = ("open", "open64", "openat", "openat64", "creat*", "fopen*", "opendir", "rename*", "unlink*")
EXEC = ("exec*", "fexecve", "fork", "vfork", "clone*", "posix_spawn*", "system", "popen")
NETWORK = ("connect", "bind", "listen", "accept", "accept4", "getpeername", *NAMES)
CLOCKS = ("clock_gettime", "gettimeofday", "time", "times")
INPUT_OUTPUT = (*FILES, *EXEC, *NETWORK, "socket", "send*", "recv*", "read", "write", "fread",
                "fwrite", "printf", "puts", "fprintf", "getenv", "secure_getenv", "syslog",
                "nanosleep", "sleep", "usleep", "rand*", "getrandom", "arc4random*")

# program: libraries it may link besides ALWAYS, imports it must not have,
#          and the only imports it may have of a group
PROGRAMS = {
    "mandos": {
        "libraries": {"libsystemd", "libsqlite3", "libnettle", "libseccomp", "libz"},
        "never": ("gnutls_*", *THREADS, "system", "popen"),
    },
    "mandos-gate": {
        "libraries": {"libgnutls", "libsystemd", "libseccomp", "libnettle"},
        "never": ("sqlite3_*", *NAMES, *FILES, *EXEC, *THREADS),
        "only": {"sd_*": "sd_event_*"},
    },
    "mandos-spawn": {
        # No libseccomp: a filter would take the file capabilities from what checkers execute.
        "libraries": {"libsystemd"},
        "never": ("gnutls_*", "sqlite3_*", "nettle_*", *NETWORK, *THREADS),
        "only": {"sd_*": "sd_event_*"},
    },
    # Files only through c-ares, which reads /etc/hosts and /etc/resolv.conf; open() is for the two
    # directories to which the sandbox then holds it.
    "mandos-probe": {
        "libraries": {"libsystemd", "libcares", "libnettle", "libhogweed", "libgmp", "libseccomp"},
        "never": ("gnutls_*", "sqlite3_*", "bind", "listen", "accept", "accept4", *NAMES, *EXEC,
                  *(name for name in FILES if name not in ("open", "open64")), *THREADS),
        "only": {"sd_*": "sd_event_*"},
    },
    "mandos-ctl": {
        "libraries": {"libsystemd"},
        "never": ("gnutls_*", "gpgme_*", "sqlite3_*", *NETWORK, *EXEC, *THREADS),
        "only": {"sd_*": "sd_bus_*"},
    },
    "mandos-client": {
        "libraries": {"libgnutls", "libnettle", "libhogweed", "libgmp", "libz", "libseccomp", "libcap",
                      "libavahi-core", "libavahi-common"},
        "never": ("sd_*", "g_*", "sqlite3_*", *THREADS),
    },
    "mandos-monitor": {
        "libraries": {"libsystemd", "libncursesw", "libtinfo"},
        "never": ("gnutls_*", "sqlite3_*", *EXEC, *NETWORK, *THREADS),
    },
    "mandos-dispatch": {
        "libraries": {"libsystemd"},
        "never": ("gnutls_*", "sqlite3_*", "bind", "listen", "accept", "accept4", "getaddrinfo",
                  "gethostby*", "exec*", "fexecve", "fork", "vfork", "clone*", "system", "popen",
                  *THREADS),
    },
    "mandos-client-iprouteadddel": {
        "libraries": set(),
        "never": ("exec*", "fork", *THREADS),
    },
    "mandos-keygen": {
        "libraries": {"libgnutls", "libgpgme", "libgpg-error", "libnettle"},
        "never": ("sd_*", "g_*", "sqlite3_*", *THREADS),
    },
    "plugin-runner": {
        "libraries": set(),
        "never": (*NETWORK, "socket", *THREADS, "system", "popen"),
    },
    "password-agent": {
        "libraries": set(),
        "never": ("bind", "listen", "accept", "accept4", *NAMES, *THREADS, "system", "popen"),
    },
    **{name: {
        "libraries": set(),
        "never": (*NETWORK, "socket", *THREADS, "system", "popen"),
    } for name in ("askpass-fifo", "password-prompt", "plymouth", "splashy", "template", "usplash")},
}

# objects under src/ (tests left out): imports that none of them may have
OBJECTS = {
    "wire/*": (*INPUT_OUTPUT, *CLOCKS),  # parsing never decides and does no I/O
    "openpgp/*": (*INPUT_OUTPUT, *CLOCKS),
    "core/client.c": (*INPUT_OUTPUT, *CLOCKS, "malloc", "calloc", "realloc", "free", "log_msg"),
    "core/policy.c": (*INPUT_OUTPUT, *CLOCKS, "malloc", "calloc", "realloc", "free", "log_msg"),
    "core/merge.c": (*INPUT_OUTPUT, *CLOCKS, "malloc", "calloc", "realloc", "free", "log_msg"),
    # What is shown, and what a key does, is a matter of the model alone.
    **{f"monitor/{noun}.c": (*INPUT_OUTPUT, *CLOCKS, "log_msg", "sd_*")
       for noun in ("bindings", "cells", "detail", "entry", "glyph", "happen", "logbook", "model",
                    "move", "roster", "search", "step", "view")},
    **{f"dispatch/{noun}.c": (*INPUT_OUTPUT, *CLOCKS, "log_msg", "sd_*")
       for noun in ("hooks", "limit", "memory", "notice")},
    "core/sealed.c": (*INPUT_OUTPUT, *CLOCKS, "log_msg"),
    "*": CLOCKS,  # only loops read clocks, and they do it through base/clock.h
}
CLOCK_READERS = ("base/clock.c", "base/log.c")


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def plain(symbol):
    """'__fprintf_chk@GLIBC_2.3.4' is fprintf, '__open64_2' is open64."""
    symbol = symbol.split("@")[0]
    return re.sub(r"^__(\w+?)_(?:chk|2)$", r"\1", symbol)


def matches(symbol, patterns):
    return any(fnmatch(symbol, pattern) for pattern in patterns)


def program_problems(name, rule, libraries, imports):
    """What is wrong with a program that links @libraries and imports @imports."""
    problems = []
    for library in sorted(libraries):
        base = library.split(".so")[0]
        if base not in ALWAYS | rule["libraries"]:
            problems.append(f"{name} links {library}")
    for symbol in sorted(imports):
        if matches(symbol, rule["never"]):
            problems.append(f"{name} imports {symbol}()")
        for group, allowed in rule.get("only", {}).items():
            if fnmatch(symbol, group) and not fnmatch(symbol, allowed):
                problems.append(f"{name} imports {symbol}(); of {group} only {allowed} is allowed")
    return problems


def hardening_problems(name, dynamic, headers):
    """From readelf -d and readelf -lW: position independent, nothing lazy, no executable stack."""
    problems = []
    if "PIE" not in dynamic:
        problems.append(f"{name} is not position independent")
    if "BIND_NOW" not in dynamic and " NOW" not in dynamic:
        problems.append(f"{name} binds lazily")
    if "GNU_RELRO" not in headers:
        problems.append(f"{name} has no read-only relocations")
    stack = re.search(r"GNU_STACK.*", headers)
    if not stack or "RWE" in stack.group():
        problems.append(f"{name} has an executable stack")
    return problems


def object_problems(source, imports):
    """@source is relative to src/."""
    problems = []
    for pattern, never in OBJECTS.items():
        if never is CLOCKS and source in CLOCK_READERS or not fnmatch(source, pattern):
            continue
        problems += [f"src/{source} uses {symbol}()" for symbol in sorted(imports)
                     if matches(symbol, never)]
    return problems


def undefined(paths, *options):
    """Path -> the symbols it imports."""
    found = {path: set() for path in paths}
    for line in run("nm", "-A", "--undefined-only", *options, *map(str, paths)).splitlines():
        path, symbol = re.match(r"(.*?):\s+\w (\S+)$", line).groups()
        found[Path(path)].add(plain(symbol))
    return found


def object_source(path):
    """'src/wire/libwire.a.p/ini.c.o' is wire/ini.c; None for tests and for what is not ours."""
    name = path.name.removesuffix(".o").split("_")[-1]
    room = next((p.name for p in path.parents if p.parent.name == "src"), None)
    if room is None or name.startswith("test-"):
        return None
    return f"{room}/{name}"


def main():
    build = house.build_dir()
    problems, n = [], 0
    for name, rule in PROGRAMS.items():
        program = build / name
        if not program.is_file():
            problems.append(f"{name} is missing from the build directory")
            continue
        n += 1
        dynamic = run("readelf", "-dW", str(program))
        libraries = set(re.findall(r"\(NEEDED\).*\[(.+)\]", dynamic))
        problems += program_problems(name, rule, libraries, undefined([program], "-D")[program])
        problems += hardening_problems(name, dynamic, run("readelf", "-lW", str(program)))
    objects = [path for path in sorted(build.glob("src/**/*.o")) if object_source(path)]
    for path, imports in undefined(objects).items():
        n += 1
        problems += object_problems(object_source(path), imports)
    house.finish(n, problems)


if __name__ == "__main__":
    main()
