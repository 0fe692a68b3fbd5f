#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""From exec to password: this mandos-client and Debian's, on the same links and the same server;
with our server, and with Debian's. And what each needs of memory and of the boot image.

The servers (with Avahi) and the booting machine are namespaces of the benchmark's own; needs root.
Rounds alternate between the programs, so that a busy moment of the machine meets both. A responder
tells everybody the same record once a second at most: each round of Zeroconf begins when the second
is over, as it would be for a machine that boots alone.
"""

import argparse
import datetime
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROGRAM_LIMIT = 120.0  # seconds for one run
PAUSE = 1.2  # seconds; RFC 6762, section 6: one second
SETTLE = 1.0  # seconds for a client to import its keys, until its memory is measured

OURS, DEBIANS = "ours", "Debian's"

# What GPGME runs of GnuPG.
GNUPG = ("gpg", "gpg-agent", "gpgconf")


class Bench:
    """What cases share; stands in for a test case in the rig."""

    def __init__(self, boot, rounds):
        self.boot, self.rounds = boot, rounds
        self.cleanups = []
        self.programs = {OURS: [boot.program("mandos-client"),
                                boot.program("mandos-client-iprouteadddel")]}
        debian = next(iter(Path("/usr/lib").glob("*/mandos/plugins.d/mandos-client")), None)
        if debian:
            helpers = debian.parents[1] / "plugin-helpers"
            self.programs[DEBIANS] = [str(debian),
                                      str(helpers / "mandos-client-iprouteadddel")]
        self.empty = tempfile.mkdtemp(prefix="mandos-bench-")
        self.addCleanup(os.rmdir, self.empty)

    def addCleanup(self, function, *arguments):  # the name unittest gives it
        self.cleanups.append((function, arguments))

    def close(self):
        while self.cleanups:
            function, arguments = self.cleanups.pop()
            function(*arguments)

    def argv(self, program, machine, options):
        keys = self.boot.keys
        return ["ip", "netns", "exec", machine.netns, self.programs[program][0],
                f"--pubkey={keys.pubkey}", f"--seckey={keys.seckey}",
                f"--tls-pubkey={keys.tls_pubkey}", f"--tls-privkey={keys.tls_privkey}",
                f"--network-hook-dir={self.empty}", *options]

    def run(self, program, machine, options):
        """When it was started and when it gave the first byte of the password, by the wall clock."""
        start = time.time()
        with subprocess.Popen(self.argv(program, machine, options), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            try:
                first = process.stdout.read(1)
                got = time.time()
                rest = process.stdout.read()
                process.wait(PROGRAM_LIMIT)
            finally:
                process.kill()
        if first + rest != self.boot.PASSWORD:
            raise SystemExit(f"{program} gave {first + rest!r}")
        return start, got

    def run_watched(self, program, machine, options):
        """The same, and when a link-local address became usable."""
        monitor = subprocess.Popen(["ip", "-ts", "-n", machine.netns, "monitor", "address"],
                                   stdout=subprocess.PIPE, text=True, env={**os.environ, "TZ": "UTC"})
        try:
            start, got = self.run(program, machine, options)
        finally:
            monitor.terminate()
            events = monitor.communicate()[0]
        usable = [datetime.datetime.fromisoformat(found[1] + "+00:00").timestamp()
                  for found in re.finditer(r"\[([^]]*)\] (?!Deleted).* inet6 fe80.*", events)
                  if "tentative" not in found[0]]
        return start, got, min((t for t in usable if start <= t <= got), default=None)

    def case(self, name, machine, options, zeroconf=False, watched=False, programs=None, rounds=None):
        """A line for each program; the first one's tells how many times sooner it was."""
        times, after = {}, {}
        for _ in range(rounds or self.rounds):
            for program in programs or self.programs:
                if zeroconf:
                    time.sleep(PAUSE)
                if watched:
                    start, got, usable = self.run_watched(program, machine, options)
                    if usable:
                        after.setdefault(program, []).append((got - usable) * 1000)
                else:
                    start, got = self.run(program, machine, options)
                times.setdefault(program, []).append((got - start) * 1000)
        for program, found in times.items():
            line = (f"{name:<32} {program:<9} {len(found):>3} {min(found):>8.0f} "
                    f"{statistics.median(found):>8.0f} {max(found):>8.0f}")
            if program == OURS and DEBIANS in times:
                line += f"  {statistics.median(times[DEBIANS]) / statistics.median(found):5.1f} x"
            if program in after:
                line += f"   {statistics.median(after[program]):.0f} ms after the address"
            print(line, flush=True)


def cases(bench, boot, server):
    print(f"\n{'our server: exec to password, ms':<32} {'program':<9} {'n':>3} {'min':>8} "
          f"{'median':>8} {'max':>8}  sooner")
    machine = boot.BootMachine(bench)
    machine.add("eth0", up=True, address="198.51.100.2/24")
    machine.wait_address("eth0")
    direct = f"--connect=198.51.100.1:{server.port}"
    bench.case("direct, link up", machine, ["--interface=eth0", direct])
    bench.case("a dead and a silent one before", machine,
               ["--interface=eth0", "--connect=198.51.100.77:4711",
                f"--connect=198.51.100.1:{silent(bench)[1]}", direct], programs=[OURS])
    bench.case("Zeroconf, link up", machine, ["--interface=eth0"], zeroconf=True)
    cold = boot.BootMachine(bench)
    cold.add("eth0")
    bench.case("Zeroconf, link down", cold, [], zeroconf=True, watched=True)
    many = boot.BootMachine(bench)
    for number in range(20):
        many.add(f"eth{number:02}", plugged=number == 19)
    bench.case("20 links down, the last is good", many, [], zeroconf=True, watched=True,
               programs=[OURS])
    bench.case("the same, both", many, [], zeroconf=True, rounds=max(1, bench.rounds // 20))


def cases_of_debian(bench, boot, server):
    print(f"\n{'Debian server: exec to password, ms':<32}")
    machine = boot.BootMachine(bench)
    machine.add("eth0", up=True, address="198.51.100.2/24")
    machine.wait_address("eth0")
    direct = ["--interface=eth0", f"--connect=198.51.100.1:{server.port}"]
    bench.case("direct, Debian's server", machine, direct)
    bench.case("Zeroconf, Debian's server", machine, ["--interface=eth0"], zeroconf=True)


def silent(bench):
    """A port that accepts and says nothing."""
    sock = socket.create_server(("198.51.100.1", 0), backlog=1000)
    bench.addCleanup(sock.close)
    return sock, sock.getsockname()[1]


def family(pid):
    """A process, and all that it has started."""
    found = [pid]
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            found += family(int(child))
    return found


def kib(pid, file, key):
    return int(re.search(rf"^{key}:\s+(\d+)", Path(f"/proc/{pid}/{file}").read_text(), re.M)[1])


def memory(bench, boot):
    """While it waits for a server to answer."""
    machine = boot.BootMachine(bench)
    machine.add("eth0", up=True, address="198.51.100.2/24")
    machine.wait_address("eth0")
    print("\nmemory while waiting, KiB        program    peak RSS      PSS  processes")
    for program in bench.programs:
        sock, port = silent(bench)
        with subprocess.Popen(bench.argv(program, machine,
                                         ["--interface=eth0", f"--connect=198.51.100.1:{port}"]),
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as process:
            try:
                sock.settimeout(PROGRAM_LIMIT)
                connection = sock.accept()[0]
                time.sleep(SETTLE)
                pids = family(process.pid)
                print(f"{'':<32} {program:<9} {kib(process.pid, 'status', 'VmHWM'):>9} "
                      f"{sum(kib(pid, 'smaps_rollup', 'Pss') for pid in pids):>8} {len(pids):>10}")
                connection.close()
            finally:
                process.terminate()
                process.wait(PROGRAM_LIMIT)


def libraries(file):
    """The shared libraries that a program loads, as files."""
    listed = subprocess.run(["ldd", file], check=True, stdout=subprocess.PIPE, text=True).stdout
    return {os.path.realpath(path) for path in re.findall(r"(/\S+) \(0x", listed)}


def stripped_size(file, folder):
    copy = os.path.join(folder, "stripped")
    subprocess.run(["strip", "-o", copy, file], check=True)
    return os.path.getsize(copy)


def image(bench):
    """Files, without what a shell needs anyway."""
    basis = libraries(os.path.realpath("/bin/sh"))
    print("\nin the boot image, KiB           program     program   helper   GnuPG  libraries")
    for program, files in bench.programs.items():
        needed = set().union(*map(libraries, files))
        tools = []
        if any("libgpgme" in path for path in needed):
            tools = [path for path in map(shutil.which, GNUPG) if path]
        needed = needed.union(*map(libraries, tools)) - basis
        with tempfile.TemporaryDirectory() as folder:
            sizes = [stripped_size(file, folder) // 1024 for file in files]
        print(f"{'':<32} {program:<9} {sizes[0]:>9} {sizes[1]:>8} "
              f"{sum(os.path.getsize(os.path.realpath(t)) for t in tools) // 1024:>7} "
              f"{sum(map(os.path.getsize, needed)) // 1024:>8} in {len(needed)}")


def with_server(boot, act, bench, reference):
    """Where a log is, and little to write into it: Debian's server is slow without."""
    log = boot.lan.Log()
    try:
        with boot.lan.Machine() as host:
            host.interface = boot.SWITCH
            host.start_bus()
            host.start_avahi()
            section = boot.lan.Rig.section("boot", boot.keys, boot.keys.encrypt(boot.PASSWORD),
                                           host="localhost")
            server = host.serve("--debuglevel=INFO", clients=[section], ipv6=True,
                                reference=reference)
            host.wait_names({"Mandos"})
            act(bench, boot, server)
    finally:
        log.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True)
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    os.environ["MANDOS_BUILD"] = options.build
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "netns"))
    import boot
    boot.enter()
    bench = Bench(boot, options.rounds)
    try:
        boot.make_keys(bench.addCleanup)
        image(bench)
        memory(bench, boot)
        with_server(boot, cases, bench, reference=False)
        if DEBIANS in bench.programs:
            with_server(boot, cases_of_debian, bench, reference=True)
    finally:
        bench.close()


if __name__ == "__main__":
    main()
