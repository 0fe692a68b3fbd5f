# SPDX-License-Identifier: GPL-3.0-or-later
"""Where servers are measured: namespaces of their own, a log daemon, servers, and what they use."""

import json
import os
import pwd
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

DEADLINE = 300.0  # seconds for any one start, load or stop
TICK = os.sysconf("SC_CLK_TCK")
DEBIAN = "/usr/sbin/mandos"
PORT = 14711

# The reference listens with a backlog of 5 (SRV-NET-6): more at once only wait to be retransmitted.
AT_ONCE_DEBIAN = 5

# No checker gets in the way of what is measured.
DEFAULTS = {"checker": "true", "interval": "P1D", "timeout": "P2D"}

# Each gate has its share of the connections, and the gates do not take turns: without room to spare
# the one that is quicker would refuse the last of MANY clients that come at once.
SERVER = "[DEFAULT]\nmax_connections = 20000\n"

# Records that somebody waits for or counts, and errors of the server itself.
KEPT = re.compile(r"^<2[67]>|Now listening|is disabled now|needs approval|Configuration reloaded")

BUS_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><listen>unix:path={path}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*"/>
<allow eavesdrop="true"/></policy></busconfig>
"""


def isolate():
    """Starts this program again in namespaces of its own."""
    if os.environ.get("BENCH_ISOLATED"):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        # No record is lost, however many a server writes in one moment; systemd sets 512.
        Path("/proc/sys/net/unix/max_dgram_qlen").write_text("10000", encoding="ascii")
        return
    if os.getuid() != 0:
        print("needs root, for namespaces and because a mandos server is started by root")
        sys.exit(77)
    os.environ["BENCH_ISOLATED"] = "1"
    os.execvp("unshare", ["unshare", "--mount", "--net", "--propagation", "private", "--",
                          sys.executable, *sys.argv])


def make_private_dev(directory):
    """A /dev with the usual files and nobody's log socket."""
    def mount(*args):
        subprocess.run(["mount", *args], check=True)

    directory.mkdir()
    mount("-t", "tmpfs", "tmpfs", directory)
    for name in ("null", "zero", "full", "random", "urandom", "tty"):
        (directory / name).touch()
        mount("--bind", f"/dev/{name}", directory / name)
    (directory / "shm").mkdir(mode=0o1777)
    os.chmod(directory / "shm", 0o1777)
    (directory / "fd").symlink_to("/proc/self/fd")
    for fd, name in enumerate(("stdin", "stdout", "stderr")):
        (directory / name).symlink_to(f"/proc/self/fd/{fd}")
    mount("--move", directory, "/dev")


class Log:
    """The log daemon: knows when a message came."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("/dev/log")
        os.chmod("/dev/log", 0o666)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.news = threading.Condition()
        self.records = []
        self.n_succeeded = 0  # checks
        threading.Thread(target=self.receive, daemon=True).start()

    def receive(self):
        while True:
            text = self.socket.recv(65536).decode(errors="replace").rstrip("\0")
            with self.news:
                self.n_succeeded += text.endswith(" succeeded")
                # What strangers cause is not kept: there is very much of it.
                if KEPT.search(text):
                    self.records.append((time.monotonic(), text))
                    self.news.notify_all()

    def clear(self):
        with self.news:
            self.records.clear()

    def wait_for(self, words, is_hopeless):
        """When the message came."""
        end = time.monotonic() + DEADLINE
        with self.news:
            while time.monotonic() < end:
                for when, text in self.records:
                    if words in text:
                        return when
                if is_hopeless():
                    break
                self.news.wait(0.2)
            raise RuntimeError(f"no '{words}' in the log: {self.records[-3:]}")

    def wait_count(self, words, n, is_hopeless):
        """When the first and the last of @n messages came."""
        times = []
        end = time.monotonic() + DEADLINE
        with self.news:
            while time.monotonic() < end and not is_hopeless():
                times = [when for when, text in self.records if words in text]
                if len(times) >= n:
                    return times[0], times[n - 1]
                self.news.wait(0.2)
        raise RuntimeError(f"'{words}' came {len(times)} times, not {n}")

    def count(self, words):
        with self.news:
            return sum(words in text for _, text in self.records)


def descendants(pid):
    """@pid and all processes below it."""
    found = [pid]
    for parent in found:
        try:
            for task in os.listdir(f"/proc/{parent}/task"):
                with open(f"/proc/{parent}/task/{task}/children", encoding="ascii") as f:
                    found += map(int, f.read().split())
        except (FileNotFoundError, ProcessLookupError):
            pass
    return found


def cpu_ticks(pid, fields):
    total = 0
    for one in descendants(pid):
        try:
            with open(f"/proc/{one}/stat", encoding="utf-8", errors="replace") as f:
                total += sum(map(int, f.read().rpartition(")")[2].split()[fields]))
        except (FileNotFoundError, ProcessLookupError):
            pass
    return total


def cpu_seconds(pid):
    """Of the whole tree, with the children that have ended and been waited for."""
    return cpu_ticks(pid, slice(11, 15)) / TICK


def own_cpu_seconds(pid):
    """Of the living processes of the tree alone: without checkers, which have ended."""
    return cpu_ticks(pid, slice(11, 13)) / TICK


def memory_kib(pid, what):
    """Pss or Rss of the whole tree."""
    total = 0
    for one in descendants(pid):
        try:
            with open(f"/proc/{one}/smaps_rollup", encoding="ascii", errors="replace") as f:
                total += next((int(x.split()[1]) for x in f if x.startswith(f"{what}:")), 0)
        except (FileNotFoundError, ProcessLookupError):
            pass
    return total


class Server:
    """A process that gives passwords on 127.0.0.1, port PORT."""

    def __init__(self, name, command, env=None):
        self.name = name
        self.began = time.monotonic()
        # A group of its own, so that what it leaves behind can be ended with it.
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                        env=env, text=True, start_new_session=True)
        self.pid = self.process.pid

    def has_ended(self):
        return self.process.poll() is not None

    def wait_listening(self):
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end and not self.has_ended():
            try:
                socket.create_connection(("127.0.0.1", PORT), 1).close()
                return
            except ConnectionRefusedError:
                time.sleep(0.02)
        raise RuntimeError(f"{self.name} does not listen: {self.complaint()}")

    def complaint(self):
        if not self.has_ended():
            return "no reason known"
        return f"exit status {self.process.returncode}, {self.process.stderr.read()[-500:]!r}"

    def wait_end(self):
        """Its exit status; what it has left behind is up to stop()."""
        return self.process.wait(DEADLINE)

    def stop(self):
        members = descendants(self.pid)
        if not self.has_ended():
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            pass
        # The reference leaves processes behind that keep the port (W-05).
        for pid in members:
            try:
                if os.getsid(pid) == self.pid:
                    os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        self.process.stderr.close()


class Lab:
    """The folder, log and bus of all measurements; starts servers."""

    def __init__(self, options, directory):
        self.options = options
        self.programs = Path(options.build)
        self.directory = directory
        self.log = Log()
        self.n_servers = 0
        self.config = None  # folder of the last configure()
        self.bus = None
        self.sections = {}

    def load_program(self):
        return str(self.programs / "bench" / "load")

    def clients_conf(self, n):
        if n not in self.sections:
            self.sections[n] = subprocess.run([self.load_program(), "--clients-conf", str(n)],
                                              check=True, capture_output=True, text=True).stdout
        return self.sections[n]

    def configure(self, n_clients, defaults=None):
        """A configuration and a state folder, both new; as command line options."""
        self.n_servers += 1
        config = self.config = self.directory / f"config-{self.n_servers}"
        state = self.directory / f"state-{self.n_servers}"
        config.mkdir()
        state.mkdir(mode=0o700)
        try:
            user = pwd.getpwnam("_mandos")
            os.chown(state, user.pw_uid, user.pw_gid)
        except KeyError:
            os.chown(state, 65534, 65534)
        (config / "mandos.conf").write_text(SERVER, encoding="ascii")
        head = "".join(f"{k} = {v}\n" for k, v in {**DEFAULTS, **(defaults or {})}.items())
        (config / "clients.conf").write_text(f"[DEFAULT]\n{head}" + self.clients_conf(n_clients),
                                             encoding="ascii")
        return ["--foreground", "--no-zeroconf", "--no-dbus", "--no-ipv6",
                "--address", "127.0.0.1", "--port", str(PORT),
                "--configdir", str(config), "--statedir", str(state)]

    def bus_environment(self):
        """The reference needs a system bus even when told not to use it (W-17)."""
        path = self.directory / "bus"
        if not self.bus:
            config = self.directory / "bus.conf"
            config.write_text(BUS_CONFIG.format(path=path), encoding="ascii")
            self.bus = subprocess.Popen(["dbus-daemon", f"--config-file={config}", "--nofork",
                                         "--print-address"], stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL)
            self.bus.stdout.readline()
        return {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={path}"}

    def start(self, kind, n_clients, defaults=None, level="WARNING"):
        if kind.startswith("bare"):
            copies = kind.partition("-")[2]
            program = str(self.programs / "bench" / "bare-handshake")
            return Server(kind, [program, copies, str(PORT)])
        return self.start_again(kind, self.configure(n_clients, defaults), level)

    def start_again(self, kind, arguments, level="WARNING"):
        """On the folders of configure(), which may have been used before."""
        arguments = [*arguments, "--debuglevel", level]
        if kind == "debian":
            return Server(kind, [DEBIAN, *arguments], self.bus_environment())
        return Server(kind, [str(self.programs / "mandos"), *arguments])

    def close(self):
        if self.bus:
            self.bus.terminate()
            self.bus.wait()
            self.bus.stdout.close()

    def fetch(self, kind, n_clients, total, at_once=0):
        """The summary of bench/load; @at_once 0: as many as usual."""
        at_once = at_once or (AT_ONCE_DEBIAN if kind == "debian" else self.options.at_once)
        done = subprocess.run(
            [self.load_program(), "--port", str(PORT), "--total", str(total),
             "--clients", "1" if kind.startswith("bare") else str(n_clients),
             "--at-once", str(min(total, at_once)), "--sources", str(at_once)],
            capture_output=True, text=True, timeout=DEADLINE, check=False)
        return json.loads(done.stdout)

    @staticmethod
    def wait_steady(server):
        """Until the server has used no CPU for a while: it has dealt with what was held."""
        last, since, end = -1.0, time.monotonic(), time.monotonic() + DEADLINE
        while time.monotonic() - since < 0.5 and time.monotonic() < end:
            now = cpu_seconds(server.pid)
            if now != last:
                last, since = now, time.monotonic()
            time.sleep(0.05)


def attempt(results, kind, measure, lab, *args):
    """One measurement; what fails is reported in its place and ends nothing else."""
    try:
        results[kind] = measure(lab, kind, *args)
        return True
    except (RuntimeError, subprocess.SubprocessError, ValueError, TypeError) as e:
        print(f"{kind}: {e}")
        return False
