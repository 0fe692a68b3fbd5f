# SPDX-License-Identifier: GPL-3.0-or-later
"""Root directories for programs whose paths cannot be chosen: /usr is the real one, the rest is empty."""

import os
from pathlib import Path

from mandos_test import Case, enter_pid_namespace, run

# All roots are in here; it vanishes with the namespace, and nothing in it is ever removed.
ROOTS = Path("/mnt")


def enter_namespace_for_roots():
    """enter_pid_namespace(), and room for roots in it."""
    enter_pid_namespace()
    run("mount", "-t", "tmpfs", "tmpfs", ROOTS)


class RootCase(Case):
    """self.root, to be entered by a preexec_fn that calls self.enter()."""

    MERGED = False  # is /sbin a link to /usr/sbin?

    def setUp(self):
        super().setUp()
        self.root = ROOTS / self.id().replace("__main__.", "")
        for directory in ("usr/lib", "usr/lib64", "usr/bin", "bin", "lib", "proc", "dev", "run",
                          "usr/sbin" if self.MERGED else "sbin"):
            (self.root / directory).mkdir(parents=True, exist_ok=True)
        if self.MERGED:
            (self.root / "sbin").symlink_to("usr/sbin")
        (self.root / "lib64").symlink_to("usr/lib64")
        # The dynamic loader's own link goes there.
        for directory in Path("/usr/lib").glob("*-linux-gnu"):
            (self.root / "lib" / directory.name).symlink_to(directory)
        for directory in ("lib", "lib64", "bin"):
            self.mount("--bind", "-o", "ro", f"/usr/{directory}", self.root / "usr" / directory)
        self.mount("-t", "proc", "proc", self.root / "proc")
        (self.root / "dev/null").touch()
        self.mount("--bind", "/dev/null", self.root / "dev/null")

    def mount(self, *words):
        run("mount", *words)
        self.addCleanup(run, "umount", "--lazy", words[-1])

    def enter(self):
        os.chroot(self.root)
        os.chdir("/")
