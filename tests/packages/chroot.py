# SPDX-License-Identifier: GPL-3.0-or-later
"""Chroots for packages: the root file system of this machine below, a layer in memory on top.

Call machine.enter() first; then nothing here is seen outside, and nothing of it stays.
"""

import os
import pathlib
import stat
import subprocess

import machine

# All layers are in here; the mount vanishes with the namespace.
LAYERS = pathlib.Path("/mnt")
COMMAND_DEADLINE = 300.0  # seconds, for dpkg on a busy machine
RECORD = "/var/log/calls"
# A program that only writes down how it was called.
RECORDER = f"""#!/bin/sh
echo "${{0##*/}}${{*:+ }}$*" >>{RECORD}
"""


def enter():
    """machine.enter(), and room for layers."""
    machine.enter()
    machine.run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", LAYERS)


class Failed(AssertionError):
    """A command in a chroot ended with another status than 0."""

    def __init__(self, argv, done):
        super().__init__(f"{argv}: status {done.returncode}\n{done.stdout}")
        self.status = done.returncode


class Chroot:
    """One more layer, on those of another chroot or on this machine's root file system."""

    def __init__(self, name, below=None):
        self.layers = [*(below.layers if below else ["/"])]
        self.upper, work, self.root = (LAYERS / name / part for part in ("upper", "work", "root"))
        for folder in (self.upper, work, self.root):
            folder.mkdir(parents=True)
        machine.run("mount", "-t", "overlay", "overlay", "-o",
                    f"lowerdir={':'.join(self.layers)},upperdir={self.upper},workdir={work}",
                    self.root)
        self.layers.insert(0, str(self.upper))
        for folder in ("run", "tmp"):
            machine.run("mount", "-t", "tmpfs", "-o", "mode=1777" if folder == "tmp" else "mode=755",
                        "tmpfs", self.root / folder)
        machine.run("mount", "-t", "proc", "proc", self.root / "proc")
        machine.run("mount", "--rbind", "/dev", self.root / "dev")

    def close(self):
        """Ends what still runs in it."""
        for pid in self.pids():
            try:
                os.kill(pid, 9)
            except ProcessLookupError:
                pass
        machine.run("umount", "--lazy", "--recursive", self.root)

    def pids(self, program=None):
        """Of the processes in it; of one program, if there is one given."""
        found = []
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                inside = os.readlink(entry / "root") == str(self.root)
                if inside and (not program
                               or os.readlink(entry / "exe") == str(self.path(program))):
                    found.append(int(entry.name))
            except OSError:
                continue
        return found

    def path(self, name):
        return self.root / name.lstrip("/")

    def run(self, *argv, **environment):
        """A command in it, without a terminal; what it printed, with standard error."""
        done = subprocess.run(
            ["chroot", self.root, *argv], stdin=subprocess.DEVNULL, text=True, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=COMMAND_DEADLINE,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/root",
                 "DEBIAN_FRONTEND": "noninteractive", **environment})
        if done.returncode:
            raise Failed(argv, done)
        return done.stdout

    def status(self, *argv):
        """The exit status of a command in it."""
        try:
            self.run(*argv)
        except Failed as error:
            return error.status
        return 0

    def install(self, *packages, options=()):
        """dpkg --install; a question is a failure, since nobody is there to answer it."""
        for package in packages:
            self.path("/tmp/" + package.name).write_bytes(package.read_bytes())
        return self.run("dpkg", *options, "--install", *("/tmp/" + p.name for p in packages))

    def stop(self):
        """Ends what was started in it, as a machine that is shut down does."""
        if self.path("/etc/init.d/mandos").exists():
            self.run("/etc/init.d/mandos", "stop")

    def write(self, name, text, mode=0o644):
        """A new file in the place of what was there, which may be a link."""
        path = self.path(name)
        path.unlink(missing_ok=True)
        path.write_text(text)
        path.chmod(mode)

    def append(self, name, text):
        with open(self.path(name), "a") as file:
            file.write(text)

    def contents(self, names):
        return {name: self.path(name).read_bytes() for name in names}

    def record(self, program):
        """From now on the calls of a program are only written down."""
        self.write(program, RECORDER, 0o755)

    def recorded(self):
        """The calls since the last look."""
        path = self.path(RECORD)
        calls = path.read_text().splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return calls

    def mode(self, name):
        """As text: owner:group mode."""
        return self.run("stat", "--format=%U:%G %04a", name).strip()

    def questions(self):
        """What debconf knows: the record of each question by its name."""
        text = self.path("/var/cache/debconf/config.dat").read_text()
        return {record.split("\n", 1)[0].removeprefix("Name: "): record
                for record in text.split("\n\n")}

    def changed(self):
        """What differs from the layers below: names of files, links and new directories."""
        found = set()
        for folder, folders, files in os.walk(self.upper):
            for name in folders + files:
                path = pathlib.Path(folder, name)
                inside = "/" + str(path.relative_to(self.upper))
                below = next((pathlib.Path(layer + inside) for layer in self.layers[1:]
                              if os.path.lexists(layer + inside)), None)
                if below and same(path, below):
                    continue
                found.add(inside)
        return found


def same(path, below):
    """One directory with the same owner and mode, or one file with the same contents too."""
    one, other = path.lstat(), below.lstat()
    if (one.st_mode, one.st_uid, one.st_gid) != (other.st_mode, other.st_uid, other.st_gid):
        return False
    if stat.S_ISREG(one.st_mode):
        return path.read_bytes() == below.read_bytes()
    if stat.S_ISLNK(one.st_mode):
        return os.readlink(path) == os.readlink(below)
    return stat.S_ISDIR(one.st_mode)
