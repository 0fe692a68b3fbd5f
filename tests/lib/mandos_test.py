# SPDX-License-Identifier: GPL-3.0-or-later
"""What system tests share: the build directory, temporary directories, processes with deadlines,
client keys, encrypted passwords, and a server to talk to.

Nothing here sleeps a fixed time: wait_for() polls a condition until DEADLINE. Whatever a test
starts through Case is ended, and every directory removed, when the test is over.
"""

import base64
import hashlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

DEADLINE = 30.0  # seconds; only ever reached by a failing test
SERVER = "/usr/sbin/mandos"  # Debian's, with which ours must get along


def build_dir():
    """The build directory under test; meson sets the variable."""
    return Path(os.environ["MANDOS_BUILD"])


def program(name):
    return str(build_dir() / name)


def wait_for(condition, what, deadline=DEADLINE):
    """The first true value of condition()."""
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"timed out waiting for {what}")
        time.sleep(0.01)


def run(*argv, **options):
    """A tool that must succeed; returns its standard output as bytes."""
    done = subprocess.run([str(a) for a in argv], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          stdin=options.pop("stdin", subprocess.DEVNULL), check=False,
                          timeout=4 * DEADLINE, **options)
    if done.returncode:
        raise AssertionError(f"{argv}: status {done.returncode}: {done.stderr.decode()}")
    return done.stdout


class Process:
    """A program whose standard output and error are kept in files, which never fill up."""

    def __init__(self, argv, directory, **options):
        self.files = {name: tempfile.TemporaryFile(dir=directory) for name in ("stdout", "stderr")}
        options = {"stdin": subprocess.DEVNULL, **self.files, **options}
        self.started = time.monotonic()
        self.popen = subprocess.Popen([str(a) for a in argv], **options)
        self.pid = self.popen.pid

    def _read(self, name):
        size = os.fstat(self.files[name].fileno()).st_size
        return os.pread(self.files[name].fileno(), size, 0)

    @property
    def stdout(self):
        return self._read("stdout")

    @property
    def stderr(self):
        return self._read("stderr").decode(errors="replace")

    def wait(self, deadline=DEADLINE):
        """The exit status; -N after death by signal N."""
        try:
            return self.popen.wait(deadline)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"does not end; it said:\n{self.stderr[-2000:]}") from None

    def is_running(self):
        return self.popen.poll() is None

    def expect(self, pattern):
        """Waits until the regular expression is found in what was said on standard error."""
        def look():
            found = re.search(pattern, self.stderr)
            if not found and not self.is_running() and not re.search(pattern, self.stderr):
                raise AssertionError(f"ended without {pattern!r}; it said:\n{self.stderr[-2000:]}")
            return found
        return wait_for(look, f"{pattern!r} on standard error")

    def signal(self, number):
        self.popen.send_signal(number)

    def end(self):
        if self.is_running():
            self.popen.terminate()
            try:
                self.popen.wait(5)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()
        for f in self.files.values():
            f.close()


def memory_holds(pid, text):
    """Is @text in the writable memory of a process that runs? Root only."""
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in maps:
            start, end, rights = re.match(r"(\w+)-(\w+) (\S+)", line).groups()
            start, size = int(start, 16), int(end, 16) - int(start, 16)
            # What is larger belongs to a sanitizer.
            if "w" not in rights or size > 1 << 28:
                continue
            try:
                memory.seek(start)
                if text in memory.read(size):
                    return True
            except OSError:
                pass  # not readable: a guard page
    return False


def locked_kib(pid):
    """How much of a process's memory can never be swapped."""
    return int(re.search(r"VmLck:\s+(\d+)", Path(f"/proc/{pid}/status").read_text()).group(1))


class Case(unittest.TestCase):
    """A test with a temporary directory (self.tmp) and processes that end with it."""

    def setUp(self):
        self.tmp = Path(tempfile.mkdtemp(prefix="mandos-test-"))
        self.addCleanup(shutil.rmtree, self.tmp, ignore_errors=True)

    def start(self, *argv, **options):
        process = Process(argv, self.tmp, **options)
        self.addCleanup(process.end)
        return process


class ClientKeys:
    """The four key files of a client, as mandos-keygen makes them, and what encrypts to them."""

    def __init__(self, directory, primary="rsa2048", subkey="rsa2048"):
        self.directory = Path(directory)
        self.home = self.directory / "gnupg"
        self.home.mkdir(mode=0o700, parents=True)
        self.seckey = self.directory / "seckey.txt"
        self.pubkey = self.directory / "pubkey.txt"
        self.tls_privkey = self.directory / "tls-privkey.pem"
        self.tls_pubkey = self.directory / "tls-pubkey.pem"
        self._make_openpgp(primary, subkey)
        run("certtool", "--generate-privkey", "--key-type=ed25519", "--no-text",
            "--outfile", self.tls_privkey)
        run("certtool", "--load-privkey", self.tls_privkey, "--pubkey-info", "--no-text",
            "--outfile", self.tls_pubkey)
        body = self.tls_pubkey.read_text().split("-----")[2]
        self.key_id = hashlib.sha256(base64.b64decode(body)).hexdigest()

    def gpg(self, *argv, **options):
        return run("gpg", "--homedir", self.home, "--batch", "--quiet", "--trust-model=always",
                   "--pinentry-mode=loopback", "--passphrase=", *argv, **options)

    def _make_openpgp(self, primary, subkey):
        self.gpg("--quick-gen-key", "client", primary, "sign,auth", "never")
        colons = self.gpg("--with-colons", "--list-keys").decode()
        self.fingerprint = re.search(r"^fpr:+([0-9A-F]+):", colons, re.M).group(1)
        self.gpg("--quick-add-key", self.fingerprint, subkey, "encr", "never")
        self.pubkey.write_bytes(self.gpg("--armor", "--export"))
        self.seckey.write_bytes(self.gpg("--armor", "--export-secret-keys"))

    def encrypt(self, password, *options):
        """The OpenPGP message that a server keeps for this password."""
        source = self.directory / "plain"
        source.write_bytes(password)
        return self.gpg("--recipient", self.fingerprint, "--output", "-", *options,
                        *([] if options else ["--sign"]), "--encrypt", source)

    def remove(self):
        run("gpgconf", "--homedir", self.home, "--kill", "gpg-agent")

        def still_there(_function, _path, info):
            if info[0] is not FileNotFoundError:
                raise info[1]
        # The agent takes its sockets with it just now.
        shutil.rmtree(self.directory, onerror=still_there)


def enter_network_namespace():
    """Runs the calling test file again in a network namespace of its own, with lo up and an Ethernet
    link whose end "veth0" has the link-local address fe80::1.  Call it first; it returns inside."""
    if "MANDOS_TEST_NETNS" not in os.environ:
        os.environ["MANDOS_TEST_NETNS"] = "1"
        os.execvp("unshare", ["unshare", "--net", sys.executable, *sys.argv])
    run("ip", "link", "set", "lo", "up")
    run("ip", "link", "add", "veth0", "type", "veth", "peer", "name", "veth1")
    for end in ("veth0", "veth1"):
        run("ip", "link", "set", end, "up")
    run("ip", "address", "add", "fe80::1/64", "dev", "veth0", "nodad")


def enter_pid_namespace(*more):
    """Runs the calling test file again where its processes see no others, and in a mount namespace of
    its own; @more: options of unshare(1) for others.  Call it first; it returns inside."""
    if "MANDOS_TEST_PIDNS" not in os.environ:
        os.environ["MANDOS_TEST_PIDNS"] = "1"
        os.execvp("unshare", ["unshare", "--mount", "--pid", "--fork", "--kill-child",
                              "--mount-proc", *more, sys.executable, *sys.argv])


def listener(address="127.0.0.1", family=socket.AF_INET, scope=0):
    """A bound socket, so that the port is known before the server runs."""
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((address, 0) if family == socket.AF_INET else (address, 0, 0, scope))
    return sock


BUS_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path=%s</listen>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>
<allow own="*"/><allow user="*"/></policy></busconfig>
"""


def start_bus(case):
    """A private system bus that allows everything; returns its address."""
    path = case.tmp / "bus"
    config = case.tmp / "bus.conf"
    config.write_text(BUS_CONFIG % path)
    bus = case.start("dbus-daemon", f"--config-file={config}", "--nofork", "--nopidfile")
    wait_for(lambda: path.exists() or not bus.is_running(), "the bus")
    return f"unix:path={path}"


class Server:
    """A Mandos server in the foreground that keeps one client.

    @more: further lines of the client's section
    """

    def __init__(self, case, keys, secret, more="", sock=None):
        directory = Path(tempfile.mkdtemp(dir=case.tmp))
        # The server gives up root; its directories are for it to read and write.
        case.tmp.chmod(0o755)
        directory.chmod(0o755)
        (directory / "mandos.conf").write_text("[DEFAULT]\n")
        (directory / "clients.conf").write_text(
            f"[client]\nkey_id = {keys.key_id}\nfingerprint = {keys.fingerprint}\nhost = localhost\n"
            f"checker = true\nsecret = {base64.b64encode(secret).decode()}\n{more}\n")
        state = directory / "state"
        state.mkdir()
        state.chmod(0o777)
        # Where the reference makes folders that it leaves when it is killed.
        temporary = directory / "tmp"
        temporary.mkdir()
        temporary.chmod(0o1777)
        case.addCleanup(self._end_leftovers, str(directory).encode())
        self.socket = sock or listener()
        self.port = self.socket.getsockname()[1]
        self.process = case.start(
            SERVER, "--no-zeroconf", "--no-dbus", "--foreground", "--no-restore",
            "--configdir", directory, "--statedir", state, "--socket", self.socket.fileno(),
            pass_fds=[self.socket.fileno()],
            env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": start_bus(case), "TMPDIR": str(temporary)})
        wait_for(self._answers, "the server to listen")
        case.addCleanup(self.socket.close)

    @staticmethod
    def _end_leftovers(directory):
        """Its processes for connections outlive it; their command line tells whose they are."""
        for entry in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                if directory in entry.read_bytes().split(b"\0"):
                    os.kill(int(entry.parent.name), signal.SIGKILL)
            except OSError:
                pass

    def _answers(self):
        if not self.process.is_running():
            raise AssertionError(f"the server ended:\n{self.process.stderr[-2000:]}")
        return self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)

    def stop(self):
        self.process.signal(signal.SIGTERM)
        self.process.wait()
