# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures that have a target: what checks use, stop and start, disabling, booting at once, reloading.

Each part prints its figures, their targets, and what Debian's server does in the same run.
"""

import json
import os
import re
import resource
import shutil
import signal
import subprocess
import time

from lab import DEADLINE, PORT, attempt, cpu_seconds, memory_kib, own_cpu_seconds

INTERVAL = 10  # seconds between the checks of a client: 830 clients are checked as often as 10,000
#                are with the default of two minutes
CHECKED_DEBIAN = 200
ASKED_DEBIAN = 10  # of them, at the end: it gives three passwords a second
EXPIRING = 500
EXPIRING_DEBIAN = 50  # it is busy with their checkers alone
EXPIRY = 5  # seconds after the start
MANY_DEBIAN = 2000  # clients that start; 10,000 take it most of a minute
SAVED_DEBIAN = 100  # clients that are saved and loaded: it runs GnuPG for each
BOOTING_DEBIAN = 60

CPU_TARGET = 5.0  # percent of one core
START_TARGET = 0.5  # seconds
BOOT_TARGET = 1.3  # times what bare handshakes need
RELOAD_TARGET = 0.3  # seconds


class Table:
    """Prints a line a figure; remembers whether all targets were met."""

    def __init__(self, title):
        self.ok = True
        print(f"{title:<30}{'figure':>12}  {'target':<14}{'':<8}")

    def target(self, name, value, target, is_met, remark=""):
        self.ok &= is_met
        word = "met" if is_met else "MISSED"
        print(f"{name:<30}{value:>12}  {target:<14}{word:<8}{remark}", flush=True)

    def beside(self, name, value, remark=""):
        """What is only printed for comparison."""
        print(f"{name:<30}{value:>12}  {'':<22}{remark}", flush=True)


def shell_seconds(n=200):
    """CPU of one checker that does nothing, without any server."""
    def used():
        u = resource.getrusage(resource.RUSAGE_CHILDREN)
        return u.ru_utime + u.ru_stime
    before = used()
    for _ in range(n):
        pid = os.posix_spawn("/bin/sh", ["sh", "-c", "true"], os.environ)
        os.waitpid(pid, 0)
    return (used() - before) / n


def measure_checks(lab, kind):
    """Clients with a checker that succeeds: who is disabled, and what the server itself uses."""
    seconds = lab.options.seconds // (2 if kind == "debian" else 1)
    n = CHECKED_DEBIAN if kind == "debian" else lab.options.checked
    lab.log.clear()
    server = lab.start(kind, n, {"interval": f"PT{INTERVAL}S", "timeout": f"PT{5 * INTERVAL // 2}S",
                                 "extended_timeout": "PT1S"})
    try:
        server.wait_listening()
        time.sleep(INTERVAL)  # until each has been checked for the first time
        own, whole = own_cpu_seconds(server.pid), cpu_seconds(server.pid)
        time.sleep(seconds)
        own = own_cpu_seconds(server.pid) - own
        whole = cpu_seconds(server.pid) - whole
        n_asked = ASKED_DEBIAN if kind == "debian" else n
        asked = lab.fetch(kind, n, n_asked)
    finally:
        server.stop()
    n_checks = n * seconds // INTERVAL
    if kind == "debian":
        # Its checkers are waited for by processes that end as well: what is left after the bare cost.
        own = whole - n_checks * shell_seconds()
    return {"n": n, "percent": 100 * own / seconds, "whole_percent": 100 * whole / seconds,
            "usec_each": 1e6 * own / n_checks, "n_asked": n_asked,
            "n_disabled": max(asked["failed"], lab.log.count("is disabled now"))}


def checks(lab, kinds):
    table, results = Table("checks"), {}
    for kind in kinds:
        table.ok &= attempt(results, kind, measure_checks, lab)
    for kind, r in results.items():
        name = f"{kind}, {r['n']} every {INTERVAL} s"
        cpu = f"{r['percent']:.2f} %"
        remark = (f"{r['usec_each']:.0f} us a check; with the checkers "
                  f"{r['whole_percent']:.1f} % of a core")
        disabled = f"of {r['n_asked']} asked at the end"
        if kind == "debian":
            table.beside(name, cpu, remark)
            # Disabled, or too busy to answer: it does not say which (W-53).
            table.beside("  not given", str(r["n_disabled"]), disabled)
        else:
            table.target(name, cpu, f"< {CPU_TARGET:.0f} %", r["percent"] < CPU_TARGET, remark)
            table.target("  wrongly disabled", str(r["n_disabled"]), "0", r["n_disabled"] == 0,
                         disabled)
    return table.ok


def start_and_wait(lab, kind, arguments):
    """A server that serves and is steady, and the seconds until it listened."""
    lab.log.clear()
    server = lab.start_again(kind, arguments, "INFO")
    try:
        listening = lab.log.wait_for("Now listening", server.has_ended)
        lab.wait_steady(server)
    except RuntimeError as e:
        server.stop()
        raise RuntimeError(f"{e}; {server.complaint()}") from e
    return server, listening - server.began


def measure_start(lab, kind):
    """Start without a state."""
    n = min(lab.options.many, MANY_DEBIAN) if kind == "debian" else lab.options.many
    server, seconds = start_and_wait(lab, kind, lab.configure(n))
    try:
        return {"n": n, "seconds": seconds, "pss_mib": memory_kib(server.pid, "Pss") / 1024,
                "rss_mib": memory_kib(server.pid, "Rss") / 1024}
    finally:
        server.stop()


def measure_restart(lab, kind):
    """End in an orderly way, and start with the state."""
    n = min(lab.options.many, SAVED_DEBIAN) if kind == "debian" else lab.options.many
    arguments = lab.configure(n)
    result = {"n": n}
    server, _ = start_and_wait(lab, kind, arguments)
    try:
        lab.fetch(kind, n, 10 if kind == "debian" else 200)  # there is something to save
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        result["status"] = server.wait_end()
        result["stop"] = time.monotonic() - began
    finally:
        server.stop()
    server, result["start"] = start_and_wait(lab, kind, arguments)
    server.stop()
    return result


def restart(lab, kinds):
    table, first, again = Table("start and stop"), {}, {}
    for kind in kinds:
        table.ok &= attempt(first, kind, measure_start, lab)
        table.ok &= attempt(again, kind, measure_restart, lab)
    for kind, r in first.items():
        table.beside(f"{kind}, {r['n']} clients, first", f"{r['seconds']:.2f} s",
                     f"PSS {r['pss_mib']:.1f} MiB, RSS {r['rss_mib']:.1f} MiB")
    for kind, r in again.items():
        saved = f"exit status {r['status']}"
        for what, remark in (("stop", saved), ("start", "")):
            name = f"{kind}, {r['n']} saved, {what}"
            if kind == "debian":
                table.beside(name, f"{r[what]:.2f} s", remark)
            else:
                table.target(name, f"{r[what]:.2f} s", f"< {START_TARGET} s",
                             r[what] < START_TARGET and r["status"] == 0, remark)
    return table.ok


class SyncCounter:
    """Counts what a process and those below it make durable, by strace(1)."""

    def __init__(self, server, file):
        self.file = file
        self.process = subprocess.Popen(
            ["strace", "-f", "-qq", "-ttt", "-e", "trace=fsync,fdatasync,sync_file_range,msync",
             "-o", file, "-p", str(server.pid)], stdin=subprocess.DEVNULL)
        end = time.monotonic() + DEADLINE
        while not self._is_attached(server.pid) and time.monotonic() < end:
            if self.process.poll() is not None:
                raise RuntimeError("strace cannot trace")
            time.sleep(0.01)

    @staticmethod
    def _is_attached(pid):
        with open(f"/proc/{pid}/status", encoding="ascii") as f:
            return not re.search(r"^TracerPid:\s+0$", f.read(), re.MULTILINE)

    def stop(self):
        """Ends counting; when the calls were made."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait()
        offset = time.time() - time.monotonic()
        with open(self.file, encoding="ascii") as f:
            return [float(x.split()[1]) - offset for x in f if "sync(" in x or "_range(" in x]


def measure_disabling(lab, kind):
    """Many clients whose time-out is over in the same moment."""
    n = EXPIRING_DEBIAN if kind == "debian" else EXPIRING
    lab.log.clear()
    server = lab.start(kind, n, {"checker": "false", "interval": "PT1S",
                                 "timeout": f"PT{EXPIRY}S"})
    try:
        server.wait_listening()
        counter = SyncCounter(server, lab.directory / "syncs")
        try:
            if kind == "debian":
                time.sleep(2 * EXPIRY)  # it does not say when (W-53)
                first = last = time.monotonic()
            else:
                first, last = lab.log.wait_count("is disabled now", n, server.has_ended)
        finally:
            syncs = counter.stop()
        given = lab.fetch(kind, n, 5)["good"]
    finally:
        server.stop()
    early = first - (2 * EXPIRY if kind == "debian" else 1)
    return {"n": n, "n_syncs": sum(early < when <= last for when in syncs), "seconds": last - first,
            "given": given}


def disabling(lab, kinds):
    table, results = Table("disabling"), {}
    if not shutil.which("strace"):
        print("strace is not installed: tools/setup --tests")
        return False
    for kind in kinds:
        table.ok &= attempt(results, kind, measure_disabling, lab)
    for kind, r in results.items():
        name = f"{kind}, {r['n']} in one moment"
        value = f"{r['n_syncs']} syncs"
        if kind == "debian":
            table.beside(name, value, f"nothing is written; {r['given']} of 5 given afterwards")
        else:
            # A commit is a sync; the log is started anew at times, which is two more.
            table.target(name, value, f"1 to {EXPIRING // 10}",
                         1 <= r["n_syncs"] <= EXPIRING // 10 and r["given"] == 0,
                         f"all told of within {1000 * r['seconds']:.0f} ms")
    return table.ok


def measure_bare(lab, kind):
    """Both sides of a handshake, and nothing else, on all CPUs."""
    server = lab.start(kind, 1)
    try:
        server.wait_listening()
        lab.fetch(kind, 1, 100)
        before = cpu_seconds(server.pid)
        result = lab.fetch(kind, 1, lab.options.many)
        result["cpu"] = (cpu_seconds(server.pid) - before
                         + result["own_cpu_usec_each"] * result["good"] / 1e6)
    finally:
        server.stop()
    return result


def measure_booting(lab, kind):
    """All clients at once."""
    n = BOOTING_DEBIAN if kind == "debian" else lab.options.many
    server = lab.start(kind, n)
    try:
        server.wait_listening()
        before = cpu_seconds(server.pid)
        result = lab.fetch(kind, n, n, at_once=n)
        result["cpu"] = (cpu_seconds(server.pid) - before
                         + result["own_cpu_usec_each"] * result["good"] / 1e6)
    finally:
        server.stop()
    result["n"] = n
    return result


def booting(lab, kinds):
    table, bare, results = Table("booting at once"), [{}, {}], {}
    n_cpus = len(os.sched_getaffinity(0))
    floor = f"bare-{n_cpus}"
    # Before and after: what else the machine does is not held against one side.
    table.ok &= attempt(bare[0], floor, measure_bare, lab)
    if "ours" in kinds:
        table.ok &= attempt(results, "ours", measure_booting, lab)
    table.ok &= attempt(bare[1], floor, measure_bare, lab)
    if "debian" in kinds:
        table.ok &= attempt(results, "debian", measure_booting, lab)
    if not table.ok:
        return False
    seconds, cpu = (sum(b[floor][key] for b in bare) / 2 for key in ("seconds", "cpu"))
    # Blocking loops wait for each other: what they need is their CPU, on all cores, and no less.
    need = cpu / n_cpus
    table.beside(f"{floor}, {lab.options.many}", f"{need:.2f} s",
                 f"{cpu:.2f} s of CPU, both sides, {n_cpus} cores; took {seconds:.2f} s")
    for kind, r in results.items():
        name = f"{kind}, {r['n']}"
        failed = r["first_error"]
        if kind == "debian":
            table.beside(name, f"{r['seconds']:.2f} s",
                         f"{r['failed']} failed {failed}; {r['cpu']:.2f} s of CPU")
            continue
        ratio = r["seconds"] / need
        table.target(name, f"{ratio:.2f} x bare", f"< {BOOT_TARGET} x", ratio < BOOT_TARGET,
                     f"{r['seconds']:.2f} s; CPU {r['cpu'] / cpu:.2f} x, "
                     f"longest wait {r['max_ms'] / 1e3:.1f} s")
        table.target("  failed", str(r["failed"]), "0", r["failed"] == 0, failed)
    return table.ok


def measure_reload(lab, _):
    """One client of many has changed, while another waits for approval."""
    n = lab.options.many
    lab.log.clear()
    server = lab.start("ours", n, {"approval_delay": "PT3S"}, "INFO")
    try:
        server.wait_listening()
        waiting = subprocess.Popen([lab.load_program(), "--port", str(PORT)], text=True,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        lab.log.wait_for("needs approval", server.has_ended)
        file = lab.config / "clients.conf"
        head, section, tail = file.read_text(encoding="ascii").rpartition("host = localhost")
        file.write_text(head + section.replace("localhost", "moved") + tail, encoding="ascii")
        began = time.monotonic()
        server.process.send_signal(signal.SIGHUP)
        done = lab.log.wait_for("0 clients added, 1 changed, 0 removed", server.has_ended)
        dropped = waiting.poll() is not None
        words, _ = waiting.communicate(timeout=DEADLINE)
    finally:
        server.stop()
    return {"n": n, "seconds": done - began, "dropped": dropped or json.loads(words)["good"] != 1}


def reloading(lab, kinds):
    table, results = Table("reload"), {}
    if "ours" in kinds:
        table.ok &= attempt(results, "ours", measure_reload, lab)
    for kind, r in results.items():
        table.target(f"{kind}, 1 changed of {r['n']}", f"{r['seconds']:.2f} s",
                     f"< {RELOAD_TARGET} s", r["seconds"] < RELOAD_TARGET)
        table.target("  waiting client", "dropped" if r["dropped"] else "stays", "stays",
                     not r["dropped"])
    if "debian" in kinds:
        table.beside("debian", "-", "SIGHUP ends it: its reload is a stop and a start")
    return table.ok


FIGURES = {"checks": checks, "restart": restart, "disabling": disabling, "booting": booting,
           "reloading": reloading}
