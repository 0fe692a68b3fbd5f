# SPDX-License-Identifier: GPL-3.0-or-later
"""The packages under test, built once."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import chroot

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD_DEADLINE = 900.0  # seconds, for a whole build on a busy machine

KEYS = "/etc/keys/mandos"
PACKAGES = {}  # by name; "changes" is the file that lists them


def version():
    return re.search(r"^ +version: '([^']+)'", (SOURCE / "meson.build").read_text(), re.M)[1]


def build(folder):
    """The source and all packages of a copy of this tree, in a new folder."""
    tree = folder / f"mandos-{version()}"

    def left_out(directory, names):
        top = pathlib.Path(directory) == SOURCE
        return [n for n in names if n in (".git", "__pycache__") or top and n.startswith("build")]

    shutil.copytree(SOURCE, tree, ignore=left_out)
    subprocess.run(["tar", "--create", "--gzip", f"--file=mandos_{version()}.orig.tar.gz",
                    f"--exclude={tree.name}/debian", tree.name], cwd=folder, check=True)
    done = subprocess.run(["dpkg-buildpackage", "--no-sign"], cwd=tree, text=True, check=False,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=BUILD_DEADLINE,
                          env={**os.environ, "DEB_BUILD_OPTIONS": f"nocheck parallel={os.cpu_count()}"})
    if done.returncode:
        raise AssertionError(f"dpkg-buildpackage: status {done.returncode}\n{done.stdout[-8000:]}")


def find():
    """Fills PACKAGES, the first time."""
    if PACKAGES:
        return
    folder = os.environ.get("MANDOS_PACKAGES")
    if folder:
        folder = pathlib.Path(folder)
    else:
        folder = pathlib.Path(tempfile.mkdtemp(dir=chroot.LAYERS))
        build(folder)
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
