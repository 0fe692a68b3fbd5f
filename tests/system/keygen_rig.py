# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of mandos-keygen share: running it, terminals, and GnuPG to check its work with.

MANDOS_BUILD names the build directory.
"""

import fcntl
import os
import pwd
import re
import select
import shutil
import signal
import subprocess
import tempfile
import termios
import time
import unittest
from base64 import b64decode

PROGRAM = os.path.join(os.environ["MANDOS_BUILD"], "mandos-keygen")
REFERENCE = "/usr/sbin/mandos-keygen"  # Debian's, where it is installed
HAVE_REFERENCE = os.access(REFERENCE, os.X_OK)
DEADLINE = 60.0  # seconds; only ever reached by a failing test

SMALL = ("-l", "1024", "-L", "1024")  # keys that are made at once
SECKEY, PUBKEY = "seckey.txt", "pubkey.txt"
TLS_PRIVKEY, TLS_PUBKEY = "tls-privkey.pem", "tls-pubkey.pem"
KEY_FILES = [PUBKEY, SECKEY, TLS_PRIVKEY, TLS_PUBKEY]  # in the order of listdir(), sorted


def wait_for(condition, what):
    """Polls something that has no event, such as a file of another program's."""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        select.select([], [], [], 0.002)
    raise AssertionError(f"timed out waiting for {what}")


def processes_of(text):
    """Command lines of the processes that have @text in their arguments or environment."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as f:
                words = f.read()
            with open(f"/proc/{pid}/environ", "rb") as f:
                environment = f.read()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        if text.encode() in words + environment:
            found.append(words.replace(b"\0", b" ").decode(errors="replace"))
    return found


def read(path, mode="r"):
    with open(path, mode) as f:
        return f.read()


def write(path, data):
    with open(path, "wb" if isinstance(data, bytes) else "w") as f:
        f.write(data)


def etc_prefix(parent, files):
    """Words in front of a command line that give the program an /etc with @files and nothing else."""
    folder = tempfile.mkdtemp(dir=parent)
    for name, text in files.items():
        os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
        write(os.path.join(folder, name), text)
    script = 'mount -t tmpfs none /etc && cp -r "$0"/. /etc && exec "$@"'
    return ["unshare", "--mount", "sh", "-c", script, folder]


class Gpg:
    """A key ring of the test's own; with Gpg(path) as gpg: ..."""

    def __init__(self, parent):
        self.home = tempfile.mkdtemp(dir=parent)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(["gpgconf", "--homedir", self.home, "--kill", "all"], check=True)
        # That only asks the agent, which removes its sockets as its last act.
        wait_for(lambda: not processes_of(self.home), "the end of the test's gpg-agent")
        shutil.rmtree(self.home)

    def run(self, *args, data=None, check=True):
        return subprocess.run(["gpg", "--homedir", self.home, "--batch", "--quiet",
                               "--trust-model", "always", *args],
                              input=data, capture_output=True, check=check)

    def packets(self, data):
        return self.run("--list-packets", data=data).stdout.decode()

    def colons(self, path):
        lines = self.run("--show-keys", "--with-colons", path).stdout.decode().splitlines()
        return [line.split(":") for line in lines]

    def decrypt(self, key_dir, message):
        """The plaintext and GnuPG's status lines."""
        self.run("--import", os.path.join(key_dir, SECKEY))
        done = self.run("--status-fd", "2", "--decrypt", data=message)
        return done.stdout, done.stderr.decode()


def run_reference(*args, stdin=b""):
    """Debian's program, without a controlling terminal.

    Its gpg-agent ends only some time after it. As the first process of a namespace it takes what it
    has started with it; so nothing writes into its temporary directory when that is removed.
    """
    with tempfile.TemporaryDirectory(prefix="test-keygen-") as tmp:
        return subprocess.run(["unshare", "--pid", "--fork", "--kill-child", "--mount-proc",
                               REFERENCE, *args], input=stdin, capture_output=True,
                              start_new_session=True, timeout=DEADLINE, check=False,
                              env={**os.environ, "TMPDIR": tmp, "HOME": tmp})


def packet_types(listing):
    return re.findall(r"^:([a-z _]+packet)", listing, re.M)


def fields_of(section):
    """A section as a dictionary, "[]" being its name and "secret" the decoded message."""
    lines = section.splitlines()
    fields = {"[]": lines[0].strip("[]")}
    secret = []
    for line in lines[1:]:
        if line.startswith("    "):
            secret.append(line.strip())
        else:
            key, _, value = line.partition(" =")
            fields[key] = value.strip()
    fields["secret"] = b64decode("".join(secret), validate=True)
    return fields


class Case(unittest.TestCase):
    """A temporary directory with an empty key directory, home and TMPDIR.

    However a test used the program: nothing may be left in TMPDIR, in the home, or running.
    """

    def setUp(self):
        self.top = tempfile.mkdtemp(prefix="test-keygen-")
        self.addCleanup(shutil.rmtree, self.top)
        self.dir, self.tmp, self.home = (os.path.join(self.top, n) for n in ("keys", "t", "home"))
        for path in (self.dir, self.tmp, self.home):
            os.mkdir(path)
        self.addCleanup(self.assert_nothing_left)

    def assert_nothing_left(self):
        self.assertEqual(os.listdir(self.tmp), [])
        self.assertEqual(os.listdir(self.home), [])
        self.assertEqual(processes_of(self.tmp), [])

    def env(self, **more):
        return {**os.environ, "TMPDIR": self.tmp, "HOME": self.home, "LC_ALL": "C.UTF-8",
                "GNUPGHOME": os.path.join(self.home, "not-to-be-made"), **more}

    def run_keygen(self, *args, stdin=b"", env=None, user=None, **kwargs):
        """Without a controlling terminal."""
        if user:
            entry = pwd.getpwnam(user)
            kwargs |= {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
        return subprocess.run([PROGRAM, *args], input=stdin, capture_output=True,
                              start_new_session=True, timeout=DEADLINE, check=False,
                              env=env or self.env(), **kwargs)

    def make_keys(self, *args, **kwargs):
        done = self.run_keygen("-d", self.dir, *SMALL, *args, **kwargs)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def path(self, name):
        return os.path.join(self.dir, name)

    def files(self):
        return sorted(os.listdir(self.dir))


# A session leader that does what a shell with job control does, and reports on a descriptor.
SHELL = r"""
import fcntl, os, signal, sys
report = int(sys.argv[1])
tty = os.open("/dev/tty", os.O_RDWR)
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
start, go = os.pipe()
pid = os.fork()
if pid == 0:
    os.close(go)
    os.read(start, 1)
    os.set_inheritable(report, False)
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    os.execv(sys.argv[2], sys.argv[2:])
os.setpgid(pid, pid)
os.tcsetpgrp(tty, pid)
os.write(report, b"pid %d\n" % pid)
os.close(go)
while True:
    _, status = os.waitpid(pid, os.WUNTRACED)
    if os.WIFSTOPPED(status):
        os.write(report, b"stopped\n")
    elif os.WIFSIGNALED(status):
        os.write(report, b"signal %d\n" % os.WTERMSIG(status))
        break
    else:
        os.write(report, b"exit %d\n" % os.WEXITSTATUS(status))
        break
"""


class Terminal:
    """A program as the foreground job of a pseudo-terminal, and the person in front of it.

    @stdin: bytes to give it on a pipe instead of the terminal
    Standard output and standard error are files, so that only what is written to /dev/tty (and what
    is echoed) is seen on the screen; with @all_on_tty they are on the terminal too.
    """

    def __init__(self, argv, env, stdin=None, all_on_tty=False):
        self.master, slave = os.openpty()
        self.reports, report_end = os.pipe()
        self.out, self.err = tempfile.TemporaryFile(), tempfile.TemporaryFile()
        self.screen, self.buffer = b"", b""
        self.read_end = None
        if stdin is not None:
            self.read_end, write_end = os.pipe()
            os.write(write_end, stdin)
            os.close(write_end)

        self.ended = False
        self.process = subprocess.Popen(
            ["/usr/bin/python3", "-c", SHELL, str(report_end), *argv], env=env,
            start_new_session=True, stdin=slave if stdin is None else self.read_end,
            stdout=slave if all_on_tty else self.out, stderr=slave if all_on_tty else self.err,
            preexec_fn=lambda: fcntl.ioctl(slave, termios.TIOCSCTTY, 0), pass_fds=[report_end])
        os.close(slave)
        os.close(report_end)
        self.pid = int(self.report().split()[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if not self.ended:
            os.kill(self.pid, signal.SIGTERM)  # it then takes GnuPG's processes with it
        try:
            self.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            os.kill(self.pid, signal.SIGKILL)
            self.process.wait()
        for fd in (self.master, self.reports, self.read_end):
            if fd is not None:
                os.close(fd)
        self.out.close()
        self.err.close()

    def _pump(self):
        """Waits for something to happen: more on the screen, or a report."""
        ready, _, _ = select.select([self.master, self.reports], [], [], DEADLINE)
        if not ready:
            raise AssertionError(f"nothing happens; on the screen: {self.screen!r}")
        if self.master in ready:
            try:
                self.screen += os.read(self.master, 4096)
            except OSError:  # EIO: the session is over
                ready = [self.reports]
        if self.reports in ready:
            self.buffer += os.read(self.reports, 4096)

    def see(self, text):
        """Waits until the screen, from where the last call ended, shows @text."""
        while text not in self.screen:
            self._pump()
        before, _, self.screen = self.screen.partition(text)
        return before

    def report(self):
        while b"\n" not in self.buffer:
            self._pump()
        line, _, self.buffer = self.buffer.partition(b"\n")
        self.ended = line.startswith((b"exit", b"signal"))
        return line.decode()

    def type(self, data):
        os.write(self.master, data)

    def echo(self):
        return bool(termios.tcgetattr(self.master)[3] & termios.ECHO)

    def written(self, which):
        which.seek(0)
        return which.read()
