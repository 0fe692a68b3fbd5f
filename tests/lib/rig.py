# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole servers and clients for tests: started in private folders, ended and removed afterwards.

A Rig owns a folder, keys and processes. The server under test is ours, or Debian's (the reference),
started in the same way: the test binds the listening socket and hands it over (--socket), so that
the port is known and no two tests can meet. Nothing waits for a fixed time: wait_for() returns on
the event, or fails at its deadline.
"""

import atexit
import base64
import hashlib
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

BUILD = pathlib.Path(os.environ["MANDOS_BUILD"])
DEADLINE = 30.0

REFERENCE_SERVER = "/usr/sbin/mandos"
BUS_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path={path}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_type="method_call"/>
<allow send_destination="*"/><allow receive_type="method_call"/>
<allow receive_type="signal"/><allow receive_type="method_return"/>
<allow receive_type="error"/></policy></busconfig>
"""


class TimedOut(AssertionError):
    """An event did not come before its deadline."""


def wait_for(what, condition, deadline=DEADLINE, pause=0.01):
    """Polls a condition that has no event of its own; returns its first true value."""
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= end:
            raise TimedOut(f"{what}: not within {deadline} s")
        time.sleep(pause)


class Process:
    """A child in a process group of its own, whose output lines can be waited for."""

    patience = 0.0  # seconds for those it has started, after it has ended

    def __init__(self, argv, **options):
        self.lines = []
        self._changed = threading.Condition()
        self._ended = False
        self.popen = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, start_new_session=True, **options)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.popen.stdout:
            with self._changed:
                self.lines.append(line.decode(errors="replace").rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    @property
    def pid(self):
        return self.popen.pid

    def text(self):
        with self._changed:
            return "\n".join(self.lines)

    def wait_line(self, pattern, deadline=DEADLINE, after=0):
        """The first match of a regular expression in a line from number `after` on."""
        end = time.monotonic() + deadline
        seen = after
        with self._changed:
            while True:
                while seen < len(self.lines):
                    match = re.search(pattern, self.lines[seen])
                    seen += 1
                    if match:
                        return match
                left = end - time.monotonic()
                if self._ended or left <= 0:
                    why = "the output ended" if self._ended else f"not within {deadline} s"
                    raise TimedOut(f"no line matches {pattern!r}: {why}\n" +
                                   "\n".join(self.lines[-40:]))
                self._changed.wait(left)

    def n_lines(self):
        with self._changed:
            return len(self.lines)

    def wait(self, deadline=DEADLINE):
        status = self.popen.wait(deadline)
        self._reader.join(deadline)
        if not self._reader.is_alive():
            self.popen.stdout.close()
        return status

    def stop(self, sig=signal.SIGTERM, deadline=DEADLINE):
        """Ends the process, and whatever it left behind in its group, which holds its output."""
        if self.popen.poll() is None:
            self.popen.send_signal(sig)
        try:
            self.popen.wait(deadline)
            # The spawner ends its checkers, which are in groups of their own, if it gets the time;
            # all of them hold the output.
            self._reader.join(self.patience)
        finally:
            try:
                os.killpg(self.popen.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        return self.wait(deadline)


class Keys:
    """A TLS key pair as files, and its key ID."""

    def __init__(self, folder, name, kind="ed25519"):
        self.privkey = folder / f"{name}-privkey.pem"
        self.pubkey = folder / f"{name}-pubkey.pem"
        with open(self.privkey, "wb") as file:
            subprocess.run(["certtool", "--generate-privkey", "--key-type", kind, "--no-text"],
                           check=True, stdout=file, stderr=subprocess.DEVNULL)
        subprocess.run(["certtool", "--load-privkey", self.privkey, "--pubkey-info", "--no-text",
                        "--outfile", self.pubkey], check=True, stderr=subprocess.DEVNULL)
        body = "".join(line for line in self.pubkey.read_text().splitlines()
                       if not line.startswith("-"))
        self.key_id = hashlib.sha256(base64.b64decode(body)).hexdigest()


class Answer:
    """What one question to a server came to: given, refused or failed."""

    def __init__(self, status, data, words):
        self.data = data
        self.words = words
        self.kind = {0: "given", 1: "refused"}.get(status, "failed")

    def __repr__(self):
        return f"<{self.kind} {self.data!r} {self.words!r}>"


class Rig:
    """One server with its folders; use as a context manager, or call close()."""

    def __init__(self, reference=False, ipv6=True, zeroconf=False, dbus=False):
        self.reference = reference
        self.dbus = dbus
        self.ipv6 = ipv6
        self.zeroconf = zeroconf
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mandos-test-"))
        atexit.register(self.close)
        # The server gives up its privileges: what it must reach, others may reach.
        self.folder.chmod(0o755)
        self.config = self.folder / "config"
        self.config.mkdir()
        self.state = self.folder / "state"
        self.state.mkdir(mode=0o777)
        self.state.chmod(0o777)
        # Where the reference makes folders that it leaves when it is killed.
        self.temporary = self.folder / "tmp"
        self.temporary.mkdir()
        self.temporary.chmod(0o1777)
        self.server = None
        self.port = None
        self.socket = None
        self.bus = None
        self._processes = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        atexit.unregister(self.close)
        for process in reversed(self._processes):
            process.stop(signal.SIGKILL)
        self._processes = []
        if self.socket:
            self.socket.close()
            self.socket = None
        shutil.rmtree(self.folder, ignore_errors=True)

    def spawn(self, argv, **options):
        process = Process([str(word) for word in argv], **options)
        self._processes.append(process)
        return process

    def forget(self, process):
        """It has been ended by whoever started it."""
        self._processes.remove(process)

    def keys(self, name="client", kind="ed25519"):
        return Keys(self.folder, name, kind)

    @staticmethod
    def section(name, keys=None, secret=b"hunter2", **settings):
        """One section of clients.conf; `secret` None leaves the key out."""
        lines = [f"[{name}]"]
        if keys is not None:
            lines.append(f"key_id = {keys.key_id}")
        lines.append("fingerprint = 0123456789ABCDEF0123456789ABCDEF01234567")
        if secret is not None:
            lines.append("secret = " + base64.b64encode(secret).decode())
        lines += [f"{key} = {value}" for key, value in settings.items()]
        return "\n".join(lines) + "\n"

    def write_clients(self, *sections, default=""):
        (self.config / "clients.conf").write_text(f"[DEFAULT]\n{default}\n" + "\n".join(sections))

    def write_server(self, text):
        (self.config / "mandos.conf").write_text("[DEFAULT]\n" + text)

    def open_socket(self):
        """A bound socket whose port stays the same over restarts of the server."""
        family = socket.AF_INET6 if self.ipv6 else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.bind(("::1" if self.ipv6 else "127.0.0.1", 0))
        self.socket.set_inheritable(True)
        self.port = self.socket.getsockname()[1]

    def argv(self, *options):
        # The reference leaves agents behind that outlive it and eat a CPU each, once their folder is
        # gone; as the first process of a namespace it takes them with it.
        program = [BUILD / "mandos"]
        if self.reference:
            program = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc",
                       REFERENCE_SERVER]
        family = [] if self.ipv6 else ["--no-ipv6"]
        announce = [] if self.zeroconf else ["--no-zeroconf"]
        bus = [] if self.dbus else ["--no-dbus"]
        return [*program, "--foreground", *bus, *announce, "--configdir", self.config,
                "--statedir", self.state, *family, *options]

    def environment(self):
        """Ours needs no bus. The reference needs one even to do without (DBUS-BUS-3)."""
        environment = dict(os.environ)
        if self.reference:
            environment["TMPDIR"] = str(self.temporary)
        if self.reference and not self.dbus:
            environment["DBUS_SYSTEM_BUS_ADDRESS"] = self.own_bus()
        return environment

    def own_bus(self):
        """The address of a private bus, which is started with the first call."""
        path = self.folder / "bus"
        if not self.bus:
            path.unlink(missing_ok=True)
            config = self.folder / "bus.conf"
            config.write_text(BUS_CONFIG.format(path=path))
            self.bus = self.spawn(["dbus-daemon", f"--config-file={config}", "--nofork",
                                   "--nopidfile"])
            wait_for("the bus", path.exists)
        return f"unix:path={path}"

    def start(self, *options, ready=True, environment=None):
        """Starts the server in debug mode and waits until it listens."""
        if not self.socket:
            self.open_socket()
        self.server = self.spawn(self.argv("--debug", "--socket", self.socket.fileno(), *options),
                                 pass_fds=[self.socket.fileno()],
                                 env={**self.environment(), **(environment or {})})
        # The reference's are in a name space of their own, which ends with the first of them.
        self.server.patience = 0.0 if self.reference else 2.0
        if ready:
            self.server.wait_line(r"Now listening on address")
        return self.server

    def stop(self, sig=signal.SIGTERM):
        """Ends the server; the socket stays, so that start() serves the same port again."""
        status = self.server.stop(sig)
        self._processes.remove(self.server)
        return status

    def address(self):
        return "::1" if self.ipv6 else "127.0.0.1"

    def connect(self):
        """A bare TCP connection to the server."""
        return socket.create_connection((self.address(), self.port), timeout=DEADLINE)

    def asking(self, keys, deadline=DEADLINE):
        """A question under way, as a Process-like Popen; see finish()."""
        return subprocess.Popen([BUILD / "tests/lib/test-ask", self.address(), str(self.port), keys.pubkey,
                                 keys.privkey, str(int(deadline))],
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)

    @staticmethod
    def finish(question):
        with question:
            data, words = question.communicate(timeout=2 * DEADLINE)
        return Answer(question.returncode, data, words.decode())

    def ask(self, keys, deadline=DEADLINE):
        """Asks once, as a client with these keys would."""
        return self.finish(self.asking(keys, deadline))
