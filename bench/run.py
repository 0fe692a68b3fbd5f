#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares servers: CPU and time per password, memory per connection, and start with many clients.

Runs everything in a mount and a network namespace of its own, with its own /dev/log, so that it
neither disturbs nor needs anything of the machine. Needs root, as a mandos server does.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from checkers import compare_checkers
from figures import FIGURES
from lab import (DEADLINE, DEBIAN, PORT, Lab, attempt, cpu_seconds, isolate, make_private_dev,
                 memory_kib)


def measure_passwords(lab, kind):
    """CPU and time per password."""
    n_clients = lab.options.clients
    total = lab.options.total // (30 if kind == "debian" else 1)
    server = lab.start(kind, n_clients)
    try:
        server.wait_listening()
        lab.fetch(kind, n_clients, max(total // 10, 1))  # everything is warm
        before = cpu_seconds(server.pid)
        result = lab.fetch(kind, n_clients, total)
        used = cpu_seconds(server.pid) - before
    finally:
        server.stop()
    result["cpu_usec"] = used * 1e6 / max(result["good"], 1)
    return result


def measure_held(lab, kind, state, defaults):
    """PSS per connection held in @state, in KiB."""
    n = lab.options.held // (20 if kind == "debian" else 1)
    server = lab.start(kind, n, defaults)
    try:
        server.wait_listening()
        fetch_nothing(lab)
        before = memory_kib(server.pid, "Pss")
        holder = subprocess.Popen([lab.load_program(), "--port", str(PORT), "--clients", str(n),
                                   "--at-once", str(n), "--sources", str(n), "--hold", state],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            said = holder.stdout.readline()
            lab.wait_steady(server)
            after = memory_kib(server.pid, "Pss")
        finally:
            holder.communicate()
    finally:
        server.stop()
    held = int(re.match(r"holding (\d+)", said)[1])
    return {"n": held, "each_kib": (after - before) / max(held, 1), "said": said.strip()}


def fetch_nothing(lab):
    """One connection there and back, so that the first one's cost is not counted."""
    subprocess.run([lab.load_program(), "--port", str(PORT), "--hold", "greeted"],
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False,
                   timeout=DEADLINE)


def print_passwords(results, floor):
    print(f"{'passwords':<14}{'good':>7}{'failed':>7}{'CPU us':>9}{'x bare':>8}{'per s':>8}"
          f"{'x bare':>8}{'p50 ms':>9}{'p99 ms':>9}{'load us':>9}")
    for kind, r in results.items():
        print(f"{kind:<14}{r['good']:>7}{r['failed']:>7}{r['cpu_usec']:>9.0f}"
              f"{r['cpu_usec'] / max(floor['cpu_usec'], 1):>8.2f}{r['per_second']:>8.0f}"
              f"{r['per_second'] / max(floor['per_second'], 0.1):>8.2f}{r['p50_ms']:>9.1f}"
              f"{r['p99_ms']:>9.1f}{r['own_cpu_usec_each']:>9.0f}"
              + (f"  {r['first_error']}" if r["failed"] else ""))


def median(results):
    """The round whose CPU per password is in the middle, whole."""
    return sorted(results, key=lambda r: r["cpu_usec"])[len(results) // 2]


def compare_passwords(lab, kinds):
    n_cpus = len(os.sched_getaffinity(0))
    ok = True
    rounds = []
    # In turn, so that what else the machine does meets all of them.
    for i in range(lab.options.rounds):
        rounds.append({})
        for kind in [f"bare-{n}" for n in sorted({1, n_cpus})] + kinds:
            if kind != "debian" or i == 0:  # it takes minutes, and differs by far more
                ok &= attempt(rounds[-1], kind, measure_passwords, lab)
    results = {kind: median([r[kind] for r in rounds if kind in r]) for kind in rounds[0]}
    if f"bare-{n_cpus}" in results:
        print_passwords(results, results[f"bare-{n_cpus}"])
        ok &= all(r["good"] > 0 for r in results.values())
    return ok


def compare_memory(lab, kinds):
    ok = True
    print(f"{'memory':<14}{'connection':>12}{'held':>8}{'KiB PSS each':>14}")
    for state, defaults in (("silent", {}), ("waiting", {"approval_delay": "PT1H"})):
        results = {}
        for kind in kinds:
            ok &= attempt(results, kind, measure_held, lab, state, defaults)
        for kind, r in results.items():
            print(f"{kind:<14}{state:>12}{r['n']:>8}{r['each_kib']:>14.1f}"
                  + (f"  {r['said']}" if "failed 0" not in r["said"] else ""))
    return ok


PARTS = {"passwords": compare_passwords, "memory": compare_memory, "checkers": compare_checkers,
         **FIGURES}


def run_all(lab, kinds, parts):
    ok = True
    for part in parts:
        began = time.monotonic()
        ok &= PARTS[part](lab, kinds)
        print(f"  ({part}: {time.monotonic() - began:.0f} s)\n", flush=True)
    return ok


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True, help="build directory, with -Dbench=true")
    parser.add_argument("--servers", default="ours,debian", help="of: ours, debian")
    parser.add_argument("--parts", default=",".join(PARTS), help="of: " + ", ".join(PARTS))
    parser.add_argument("--rounds", type=int, default=3, help="of measuring passwords")
    parser.add_argument("--total", type=int, default=3000, help="passwords; debian: a thirtieth")
    parser.add_argument("--clients", type=int, default=500)
    parser.add_argument("--at-once", type=int, default=64)
    parser.add_argument("--held", type=int, default=1000, help="connections; debian: a twentieth")
    parser.add_argument("--many", type=int, default=10000,
                        help="clients that start, boot, are reloaded; debian: fewer, as shown")
    parser.add_argument("--checked", type=int, default=830, help="clients that are checked")
    parser.add_argument("--seconds", type=int, default=60, help="of counting what checks use")
    options = parser.parse_args()
    options.build = os.path.abspath(options.build)
    parts = options.parts.split(",")
    if not set(parts) <= set(PARTS):
        parser.error("--parts: of " + ", ".join(PARTS))
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
        lab = Lab(options, directory)
        try:
            return 0 if run_all(lab, kinds, parts) else 1
        finally:
            lab.close()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
