#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares servers: CPU and time per password, memory per connection, and start with many clients.

Runs everything in a mount and a network namespace of its own, with its own /dev/log, so that it
neither disturbs nor needs anything of the machine. Needs root, as a mandos server does.
"""

import argparse
import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
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
DEFAULTS = "[DEFAULT]\nchecker = true\ninterval = P1D\ntimeout = P2D\n"

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
        threading.Thread(target=self.receive, daemon=True).start()

    def receive(self):
        while True:
            text = self.socket.recv(65536).decode(errors="replace").rstrip("\0")
            with self.news:
                # What strangers cause is not kept: there is very much of it.
                if "Now listening" in text or re.match(r"<2[67]>", text):
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


def cpu_seconds(pid):
    """Of the whole tree, with the children that have ended and been waited for."""
    ticks = 0
    for one in descendants(pid):
        try:
            with open(f"/proc/{one}/stat", encoding="utf-8", errors="replace") as f:
                fields = f.read().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        ticks += sum(map(int, fields[11:15]))
    return ticks / TICK


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


class Bench:
    def __init__(self, options, directory):
        self.options = options
        self.programs = Path(options.build)
        self.directory = directory
        self.log = Log()
        self.n_servers = 0
        self.bus = None
        self.sections = {}

    def load_program(self):
        return str(self.programs / "bench" / "load")

    def clients_conf(self, n):
        if n not in self.sections:
            self.sections[n] = subprocess.run([self.load_program(), "--clients-conf", str(n)],
                                              check=True, capture_output=True, text=True).stdout
        return self.sections[n]

    def configure(self, n_clients, extra):
        """A configuration and a state folder, both new; as command line options."""
        self.n_servers += 1
        config = self.directory / f"config-{self.n_servers}"
        state = self.directory / f"state-{self.n_servers}"
        config.mkdir()
        state.mkdir(mode=0o700)
        try:
            user = pwd.getpwnam("_mandos")
            os.chown(state, user.pw_uid, user.pw_gid)
        except KeyError:
            os.chown(state, 65534, 65534)
        (config / "mandos.conf").write_text("[DEFAULT]\n", encoding="ascii")
        (config / "clients.conf").write_text(DEFAULTS + extra + self.clients_conf(n_clients),
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

    def start(self, kind, n_clients, extra="", level="WARNING"):
        if kind.startswith("bare"):
            copies = kind.partition("-")[2]
            program = str(self.programs / "bench" / "bare-handshake")
            return Server(kind, [program, copies, str(PORT)])
        arguments = self.configure(n_clients, extra) + ["--debuglevel", level]
        if kind == "debian":
            return Server(kind, [DEBIAN, *arguments], self.bus_environment())
        return Server(kind, [str(self.programs / "mandos"), *arguments])

    def close(self):
        if self.bus:
            self.bus.terminate()
            self.bus.wait()
            self.bus.stdout.close()

    def fetch(self, kind, n_clients, total):
        at_once = AT_ONCE_DEBIAN if kind == "debian" else self.options.at_once
        done = subprocess.run(
            [self.load_program(), "--port", str(PORT), "--total", str(total),
             "--clients", "1" if kind.startswith("bare") else str(n_clients),
             "--at-once", str(min(total, at_once)),
             "--sources", str(self.options.at_once)],
            capture_output=True, text=True, timeout=DEADLINE, check=False)
        return json.loads(done.stdout)

    def measure_passwords(self, kind):
        """CPU and time per password."""
        n_clients = self.options.clients
        total = self.options.total // (30 if kind == "debian" else 1)
        server = self.start(kind, n_clients)
        try:
            server.wait_listening()
            self.fetch(kind, n_clients, max(total // 10, 1))  # everything is warm
            before = cpu_seconds(server.pid)
            result = self.fetch(kind, n_clients, total)
            used = cpu_seconds(server.pid) - before
        finally:
            server.stop()
        result["cpu_usec"] = used * 1e6 / max(result["good"], 1)
        return result

    def measure_held(self, kind, state, extra):
        """PSS per connection held in @state, in KiB."""
        n = self.options.held // (20 if kind == "debian" else 1)
        server = self.start(kind, n, extra)
        try:
            server.wait_listening()
            self.fetch_nothing()
            before = memory_kib(server.pid, "Pss")
            holder = subprocess.Popen([self.load_program(), "--port", str(PORT), "--clients", str(n),
                                       "--at-once", str(n), "--sources", str(n), "--hold", state],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            try:
                said = holder.stdout.readline()
                self.wait_steady(server)
                after = memory_kib(server.pid, "Pss")
            finally:
                holder.communicate()
        finally:
            server.stop()
        held = int(re.match(r"holding (\d+)", said)[1])
        return {"n": held, "each_kib": (after - before) / max(held, 1), "said": said.strip()}

    def fetch_nothing(self):
        """One connection there and back, so that the first one's cost is not counted."""
        subprocess.run([self.load_program(), "--port", str(PORT), "--hold", "greeted"],
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False,
                       timeout=DEADLINE)

    @staticmethod
    def wait_steady(server):
        """Until the server has used no CPU for a while: it has dealt with what was held."""
        last, since, end = -1.0, time.monotonic(), time.monotonic() + DEADLINE
        while time.monotonic() - since < 0.5 and time.monotonic() < end:
            now = cpu_seconds(server.pid)
            if now != last:
                last, since = now, time.monotonic()
            time.sleep(0.05)

    def measure_start(self, kind):
        n = self.options.start_clients
        self.clients_conf(n)
        self.log.clear()
        server = self.start(kind, n, level="INFO")
        try:
            listening = self.log.wait_for("Now listening", server.has_ended)
            self.wait_steady(server)
            return {"n": n, "seconds": listening - server.began,
                    "pss_mib": memory_kib(server.pid, "Pss") / 1024,
                    "rss_mib": memory_kib(server.pid, "Rss") / 1024}
        except RuntimeError as e:
            raise RuntimeError(f"{e}; {server.complaint()}") from e
        finally:
            server.stop()


def print_passwords(results, floor):
    print(f"{'passwords':<14}{'good':>7}{'failed':>7}{'CPU us':>9}{'x bare':>8}{'per s':>8}"
          f"{'x bare':>8}{'p50 ms':>9}{'p99 ms':>9}{'load us':>9}")
    for kind, r in results.items():
        print(f"{kind:<14}{r['good']:>7}{r['failed']:>7}{r['cpu_usec']:>9.0f}"
              f"{r['cpu_usec'] / max(floor['cpu_usec'], 1):>8.2f}{r['per_second']:>8.0f}"
              f"{r['per_second'] / max(floor['per_second'], 0.1):>8.2f}{r['p50_ms']:>9.1f}"
              f"{r['p99_ms']:>9.1f}{r['own_cpu_usec_each']:>9.0f}"
              + (f"  {r['first_error']}" if r["failed"] else ""))


def attempt(results, kind, measure, *args):
    """One measurement; what fails is reported in its place and ends nothing else."""
    try:
        results[kind] = measure(kind, *args)
        return True
    except (RuntimeError, subprocess.SubprocessError, ValueError, TypeError) as e:
        print(f"{kind}: {e}")
        return False


def median(results):
    """The round whose CPU per password is in the middle, whole."""
    return sorted(results, key=lambda r: r["cpu_usec"])[len(results) // 2]


def run_all(bench, kinds, parts):
    n_cpus = len(os.sched_getaffinity(0))
    ok = True
    if "passwords" in parts:
        rounds = []
        # In turn, so that what else the machine does meets all of them.
        for i in range(bench.options.rounds):
            rounds.append({})
            for kind in [f"bare-{n}" for n in sorted({1, n_cpus})] + kinds:
                if kind != "debian" or i == 0:  # it takes minutes, and differs by far more
                    ok &= attempt(rounds[-1], kind, bench.measure_passwords)
        results = {kind: median([r[kind] for r in rounds if kind in r]) for kind in rounds[0]}
        if f"bare-{n_cpus}" in results:
            print_passwords(results, results[f"bare-{n_cpus}"])
            ok &= all(r["good"] > 0 for r in results.values())
    if "memory" in parts:
        print(f"\n{'memory':<14}{'connection':>12}{'held':>8}{'KiB PSS each':>14}")
        for state, extra in (("silent", ""), ("waiting", "approval_delay = PT1H\n")):
            results = {}
            for kind in kinds:
                ok &= attempt(results, kind, bench.measure_held, state, extra)
            for kind, r in results.items():
                print(f"{kind:<14}{state:>12}{r['n']:>8}{r['each_kib']:>14.1f}"
                      + (f"  {r['said']}" if "failed 0" not in r["said"] else ""))
    if "start" in parts:
        print(f"\n{'start':<14}{'clients':>12}{'seconds':>9}{'PSS MiB':>9}{'RSS MiB':>9}")
        results = {}
        for kind in kinds:
            ok &= attempt(results, kind, bench.measure_start)
        for kind, r in results.items():
            print(f"{kind:<14}{r['n']:>12}{r['seconds']:>9.2f}{r['pss_mib']:>9.1f}"
                  f"{r['rss_mib']:>9.1f}")
    return ok


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True, help="build directory, with -Dbench=true")
    parser.add_argument("--servers", default="ours,debian", help="of: ours, debian")
    parser.add_argument("--parts", default="passwords,memory,start")
    parser.add_argument("--rounds", type=int, default=3, help="of measuring passwords")
    parser.add_argument("--total", type=int, default=3000, help="passwords; debian: a thirtieth")
    parser.add_argument("--clients", type=int, default=500)
    parser.add_argument("--at-once", type=int, default=64)
    parser.add_argument("--held", type=int, default=1000, help="connections; debian: a twentieth")
    parser.add_argument("--start-clients", type=int, default=10000)
    options = parser.parse_args()
    options.build = os.path.abspath(options.build)
    isolate()
    kinds = [k for k in options.servers.split(",") if k]
    if "ours" in kinds and not os.access(f"{options.build}/mandos", os.X_OK):
        print("ours: there is no 'mandos' in the build directory")
        kinds.remove("ours")
    if "debian" in kinds and not (os.access(DEBIAN, os.X_OK) and shutil.which("dbus-daemon")):
        print(f"debian: {DEBIAN} or dbus-daemon is not installed")
        kinds.remove("debian")
    directory = Path(tempfile.mkdtemp(prefix="mandos-bench-"))
    os.chmod(directory, 0o755)
    try:
        make_private_dev(directory / "dev")
        bench = Bench(options, directory)
        try:
            return 0 if run_all(bench, kinds, options.parts.split(",")) else 1
        finally:
            bench.close()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
