# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine for one test file: namespaces of its own, with empty /run and /dev/shm, no network but
the loopback, a small /dev, and an init that reaps. What a test leaves running ends with it.

Needs root. Call enter() before anything else; it returns inside. Log records are read by a
LogDaemon on /dev/log, or a Journal on its socket.
"""

import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time

DEADLINE = 30.0
INSIDE = "MANDOS_TEST_MACHINE"


def run(*argv, **options):
    """A tool that must succeed; its standard output as text."""
    return subprocess.run([str(word) for word in argv], check=True, stdout=subprocess.PIPE,
                          universal_newlines=True, **options).stdout


def make_dev():
    """A /dev whose names are ours: what is bound there does not show outside."""
    new = tempfile.mkdtemp(prefix="mandos-dev-")
    run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", new)
    for name in ("null", "zero", "full", "random", "urandom", "tty"):
        pathlib.Path(new, name).touch()
        run("mount", "--bind", f"/dev/{name}", f"{new}/{name}")
    os.mkdir(f"{new}/shm", 0o1777)
    for name, target in (("fd", ""), ("stdin", "/0"), ("stdout", "/1"), ("stderr", "/2")):
        os.symlink(f"/proc/self/fd{target}", f"{new}/{name}")
    run("mount", "--move", new, "/dev")
    os.rmdir(new)


def enter():
    """Runs the calling test file again inside."""
    if INSIDE not in os.environ:
        os.environ[INSIDE] = "1"
        # A shell is the init: it reaps what daemons leave to it.
        os.execvp("unshare", ["unshare", "--mount", "--pid", "--net", "--fork", "--kill-child",
                              "--mount-proc", "sh", "-c", '"$@"; exit $?', "sh", sys.executable,
                              *sys.argv])
    run("ip", "link", "set", "lo", "up")
    # A log daemon in Python may be slower than a server; a record that finds no room is lost.
    pathlib.Path("/proc/sys/net/unix/max_dgram_qlen").write_text("10000\n")
    run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run")
    make_dev()


class Receiver:
    """A datagram socket at a path, whose messages are kept and can be waited for."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.messages = []
        self._changed = threading.Condition()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self.path.chmod(0o666)
        self._thread = threading.Thread(target=self._receive, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _receive(self):
        while True:
            message, fds, _, _ = socket.recv_fds(self._socket, 1 << 16, 4)
            self.take_fds(message, fds)
            if not message:
                return
            with self._changed:
                self.messages.append(self.parse(message))
                self._changed.notify_all()

    def close(self):
        """Ends the thread by an empty message, which nobody else sends."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
            end.connect(str(self.path))
            end.send(b"")
        self._thread.join(DEADLINE)
        self._socket.close()
        self.path.unlink()

    def parse(self, message):
        return message

    def take_fds(self, message, fds):
        for fd in fds:
            os.close(fd)

    def all(self):
        with self._changed:
            return list(self.messages)

    def wait(self, what, condition):
        """The first message of which condition() is true; its value."""
        end = time.monotonic() + DEADLINE
        seen = 0
        with self._changed:
            while True:
                for message in self.messages[seen:]:
                    value = condition(message)
                    if value:
                        return value
                seen = len(self.messages)
                left = end - time.monotonic()
                if left <= 0:
                    raise AssertionError(f"no {what}; there are:\n" +
                                         "\n".join(str(message) for message in self.messages[-40:]))
                self._changed.wait(left)


class LogDaemon(Receiver):
    """The log daemon, on /dev/log; records are text, with their NUL byte."""

    def __init__(self):
        super().__init__("/dev/log")

    def parse(self, message):
        return message.decode()

    def wait_record(self, pattern):
        return self.wait(f"record {pattern!r}", lambda record: re.search(pattern, record))


class Journal(Receiver):
    """The journal's own socket; records are dictionaries of their fields."""

    def __init__(self):
        super().__init__("/run/systemd/journal/socket")

    def parse(self, message):
        return dict(line.split("=", 1) for line in message.decode().splitlines())

    def wait_message(self, pattern):
        return self.wait(f"record {pattern!r}", lambda record: re.search(
            pattern, record["MESSAGE"]) and record)


class NotifySocket(Receiver):
    """The service manager's end of sd_notify(3); messages are dictionaries.

    Keeps the descriptors it is given to keep, by their names.
    """

    def __init__(self, path):
        self.kept = {}
        super().__init__(path)

    def take_fds(self, message, fds):
        fields = self.parse(message)
        for fd in fds:
            self.kept[fields["FDNAME"]] = fd

    def close(self):
        super().close()
        for fd in self.kept.values():
            os.close(fd)

    def parse(self, message):
        return dict(line.split("=", 1) for line in message.decode().splitlines())

    def wait_key(self, key):
        return self.wait(key, lambda message: message if key in message else None)[key]
