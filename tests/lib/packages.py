# SPDX-License-Identifier: GPL-3.0-or-later
"""The packages under test, built once."""

import os
import pathlib
import re
import subprocess
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD_DEADLINE = 900.0  # seconds, for a whole build on a busy machine

KEYS = "/etc/keys/mandos"
PACKAGES = {}  # by name; "changes" is the file that lists them


def version():
    return re.search(r"^ +version: '([^']+)'", (SOURCE / "meson.build").read_text(), re.M)[1]


def find(work):
    """Fills PACKAGES, the first time: from the folder that MANDOS_PACKAGES names, or a new one in `work`."""
    if PACKAGES:
        return
    folder = os.environ.get("MANDOS_PACKAGES")
    if not folder:
        folder = tempfile.mkdtemp(prefix="packages-", dir=work)
        subprocess.run([SOURCE / "tools/packages", folder], check=True, stdout=subprocess.DEVNULL,
                       timeout=BUILD_DEADLINE)
    folder = pathlib.Path(folder).resolve()
    PACKAGES["changes"] = next(folder.glob("mandos_*.changes"))
    for name in ("mandos", "mandos-client"):
        PACKAGES[name] = next(folder.glob(f"{name}_*.deb"))


def multiarch():
    return subprocess.run(["dpkg-architecture", "-qDEB_HOST_MULTIARCH"], text=True, check=True,
                          stdout=subprocess.PIPE).stdout.strip()


def modes_in(package):
    """Owner and mode, as ls writes it, by name."""
    listed = subprocess.run(["dpkg-deb", "--contents", PACKAGES[package]], text=True, check=True,
                            stdout=subprocess.PIPE).stdout.splitlines()
    return {words[5][1:]: f"{words[1]} {words[0]}" for words in map(str.split, listed)}


def both():
    return PACKAGES["mandos-client"], PACKAGES["mandos"]
