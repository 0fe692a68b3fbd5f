#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""From exec to password: this mandos-client and Debian's, on the same links and the same server.

The server (ours, with Avahi) and the booting machine are namespaces of the test's own; needs root.
Rounds alternate between the programs, so that a busy moment of the machine meets both.
"""

import argparse
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROGRAM_LIMIT = 120.0  # seconds for one run


class Bench:
    """What cases share; stands in for a test case in the rig."""

    def __init__(self, boot, rounds):
        self.boot, self.rounds = boot, rounds
        self.cleanups = []
        self.programs = {"ours": boot.program("mandos-client")}
        debian = next(iter(Path("/usr/lib").glob("*/mandos/plugins.d/mandos-client")), None)
        if debian:
            self.programs["Debian's"] = str(debian)
        self.empty = tempfile.mkdtemp(prefix="mandos-bench-")
        self.addCleanup(os.rmdir, self.empty)

    def addCleanup(self, function, *arguments):  # the name unittest gives it
        self.cleanups.append((function, arguments))

    def close(self):
        while self.cleanups:
            function, arguments = self.cleanups.pop()
            function(*arguments)

    def run(self, program, machine, options):
        """Milliseconds until the first byte of the password, and until the end."""
        keys = self.boot.keys
        argv = ["ip", "netns", "exec", machine.netns, self.programs[program],
                f"--pubkey={keys.pubkey}", f"--seckey={keys.seckey}",
                f"--tls-pubkey={keys.tls_pubkey}", f"--tls-privkey={keys.tls_privkey}",
                f"--network-hook-dir={self.empty}", *options]
        start = time.monotonic()
        with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL) as process:
            try:
                first = process.stdout.read(1)
                got = time.monotonic()
                rest = process.stdout.read()
                process.wait(PROGRAM_LIMIT)
            finally:
                process.kill()
        if first + rest != self.boot.PASSWORD:
            raise SystemExit(f"{program} gave {first + rest!r}")
        return (got - start) * 1000

    def case(self, name, machine, options, before=lambda: None, programs=None, rounds=None):
        times = {}
        for _ in range(rounds or self.rounds):
            for program in programs or self.programs:
                before()
                times.setdefault(program, []).append(self.run(program, machine, options))
        for program, found in times.items():
            print(f"{name:<34} {program:<9} {len(found):>3} {min(found):>8.0f} "
                  f"{statistics.median(found):>8.0f} {max(found):>8.0f}", flush=True)


def cases(bench, boot, server):
    machine = boot.BootMachine(bench)
    machine.add("eth0", up=True, address="198.51.100.2/24")
    machine.wait_address("eth0")
    direct = f"--connect=198.51.100.1:{server.port}"
    bench.case("direct, link up", machine, ["--interface=eth0", direct])
    bench.case("Zeroconf, link up", machine, ["--interface=eth0"])
    bench.case("a dead and a silent one before it", machine,
               ["--interface=eth0", "--connect=198.51.100.77:4711",
                f"--connect=198.51.100.1:{silent(bench)}", direct], programs=["ours"])
    cold = boot.BootMachine(bench)
    cold.add("eth0")
    bench.case("Zeroconf, link down", cold, [])
    many = boot.BootMachine(bench)
    for number in range(20):
        many.add(f"eth{number:02}", plugged=number == 19)
    bench.case("20 links down, the last is good", many, [], rounds=max(1, bench.rounds // 10))


def silent(bench):
    """A port that accepts and says nothing."""
    sock = socket.create_server(("198.51.100.1", 0), backlog=1000)
    bench.addCleanup(sock.close)
    return sock.getsockname()[1]


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
        with boot.lan.Machine() as host:
            host.interface = boot.SWITCH
            host.start_bus()
            host.start_avahi()
            section = boot.lan.Rig.section("boot", boot.keys, boot.keys.encrypt(boot.PASSWORD))
            server = host.serve(clients=[section], ipv6=True)
            server.wait_established()
            print(f"{'exec to password, ms':<34} {'program':<9} {'n':>3} {'min':>8} {'median':>8} "
                  f"{'max':>8}")
            cases(bench, boot, server)
    finally:
        bench.close()


if __name__ == "__main__":
    main()
