# SPDX-License-Identifier: GPL-3.0-or-later
"""Root directories for programs whose paths cannot be chosen: /usr is the real one, the rest is empty."""

import contextlib
import glob
import os
import shutil
import signal
from pathlib import Path

from mandos_test import Case, enter_pid_namespace, program, run, wait_for

REFERENCE = os.environ.get("MANDOS_REFERENCE")

# All roots are in here; it vanishes with the namespace, and nothing in it is ever removed.
ROOTS = Path("/mnt")


def enter_namespace_for_roots(*more):
    """enter_pid_namespace(), and room for roots in it."""
    enter_pid_namespace(*more)
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

    def assert_ended(self, pid):
        def look():
            try:
                return ") Z " in Path(f"/proc/{pid}/stat").read_text()
            except OSError:
                return True
        wait_for(look, "the process to end")


def plugin_file(name):
    """Ours, or with MANDOS_REFERENCE set that of mandos 1.8.16."""
    return glob.glob(f"/usr/lib/*/mandos/plugins.d/{name}")[0] if REFERENCE else program(name)


class PluginCase(RootCase):
    """Plugins that are set-user-ID root, and the daemons that they deal with."""

    def enter(self, real_user=65534):
        super().enter()
        # What a set-user-ID program finds.
        os.setresgid(real_user, 0, 0)
        os.setresuid(real_user, 0, 0)

    def plugin(self, name, *words, environment=None, **options):
        shutil.copy(plugin_file(name), self.root / "plugin")
        return self.start("/plugin", *words, preexec_fn=self.enter,
                          env={"ASAN_OPTIONS": "detect_leaks=0", **(environment or {})}, **options)

    @staticmethod
    def daemons(name):
        """Process numbers; in this process namespace there is nobody else's."""
        found = []
        for link in Path("/proc").glob("[0-9]*/exe"):
            try:
                if os.readlink(link).endswith(f"/sbin/{name}"):
                    found.append(int(link.parent.name))
            except OSError:
                pass
        return found

    def end_daemons(self, name):
        for pid in self.daemons(name):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            self.assert_ended(pid)
