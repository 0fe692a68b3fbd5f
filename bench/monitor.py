#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What mandos-monitor costs with many clients that change: CPU, and the time until a key is answered.

A played server on a private bus (bench/fake-server) has the clients and sends the signals; the
monitor runs in a pseudo-terminal whose output is read here.
"""

import argparse
import fcntl
import os
import pty
import select
import shutil
import signal
import struct
import subprocess
import tempfile
import termios
import time
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
DEADLINE = 120.0
BUS_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path={path}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_type="method_call"/>
<allow send_destination="*"/><allow receive_type="method_call"/>
<allow receive_type="signal"/><allow receive_type="method_return"/>
<allow receive_type="error"/></policy></busconfig>
"""


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def rss_mib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return int(next(line for line in file if line.startswith("VmRSS")).split()[1]) / 1024


class Monitor:
    """The program on a terminal of 80x24."""

    def __init__(self, program, environment):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
            os.execve(program, [program], environment)
        self.n_bytes = 0

    def read(self, seconds, until=None):
        """Output for so long, or until it contains @until; returns whether it did."""
        end, text = time.monotonic() + seconds, b""
        while (left := end - time.monotonic()) > 0:
            if select.select([self.fd], [], [], left)[0]:
                text += os.read(self.fd, 65536)
                if until and until in text:
                    return True
        self.n_bytes += len(text)
        return False

    def key(self, key):
        """Milliseconds until @key, which changes the screen, is answered by anything."""
        while select.select([self.fd], [], [], 0)[0]:
            os.read(self.fd, 65536)
        began = time.monotonic()
        os.write(self.fd, key)
        assert select.select([self.fd], [], [], DEADLINE)[0]
        return (time.monotonic() - began) * 1000


def measure(options, folder, environment):
    server = subprocess.Popen([f"{options.build}/bench/fake-server", str(options.clients),
                               str(options.rate)], env=environment, stdout=subprocess.PIPE)
    monitor = None
    try:
        if not server.stdout.readline():
            raise RuntimeError("the played server has ended")
        began = time.monotonic()
        monitor = Monitor(f"{options.build}/mandos-monitor", environment)
        if not monitor.read(DEADLINE, b"client00000: "):
            raise RuntimeError("no list within the deadline")
        shown = time.monotonic() - began
        monitor.read(2)
        before, monitor.n_bytes = cpu_seconds(monitor.pid), 0
        monitor.read(options.seconds)
        used = cpu_seconds(monitor.pid) - before
        n_bytes = monitor.n_bytes
        times = []
        # Each moves the focus or the list, or draws it in another order.
        for key in [b"j", b"G", b"g", b"o", b"o", b"o", b"F", b"F", b"F", b"F"] * options.rounds:
            times.append(monitor.key(key))
            monitor.read(0.02)
        times.sort()
        print(f"{options.clients} clients, {options.rate} changes a second:")
        print(f"  list on the screen after {shown:6.2f} s, {rss_mib(monitor.pid):.0f} MiB")
        print(f"  CPU while they change   {100 * used / options.seconds:6.1f} % of a core, "
              f"{n_bytes / options.seconds:.0f} bytes a second to the terminal")
        print(f"  key answered within     {times[len(times) // 2]:6.1f} ms (median), "
              f"{times[-1]:.1f} ms (the slowest of {len(times)})")
    finally:
        if monitor:
            os.kill(monitor.pid, signal.SIGKILL)
            os.waitpid(monitor.pid, 0)
        server.kill()
        server.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True, help="build directory, with -Dbench=true")
    parser.add_argument("--clients", type=int, default=10000)
    parser.add_argument("--rate", type=int, default=100, help="changes a second")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    options.build = os.path.abspath(options.build)
    folder = Path(tempfile.mkdtemp(prefix="mandos-bench-"))
    (folder / "bus.conf").write_text(BUS_CONFIG.format(path=folder / "bus"))
    bus = subprocess.Popen(["dbus-daemon", f"--config-file={folder}/bus.conf", "--nofork",
                            "--nopidfile", "--print-address"], stdout=subprocess.PIPE)
    try:
        bus.stdout.readline()
        measure(options, folder, {**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8",
                                  "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={folder}/bus"})
    finally:
        bus.kill()
        bus.wait()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
