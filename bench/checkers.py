# SPDX-License-Identifier: GPL-3.0-or-later
"""What a check costs: by a shell that runs nothing, and by the built-in checkers."""

import socket
import threading
import time

from lab import DEADLINE, attempt, cpu_seconds

INTERVAL = 10  # seconds in which each client has one check
CHECKERS = ("true", "builtin:tcp 127.0.0.1 {port}", "builtin:ping 127.0.0.1")


class Sink:
    """A TCP server on 127.0.0.1 that takes connections and closes them."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                self.socket.accept()[0].close()
            except OSError:
                return


def wait_checks(lab, server, n):
    end = time.monotonic() + DEADLINE
    while lab.log.n_succeeded < n:
        if time.monotonic() > end or server.has_ended():
            raise RuntimeError(f"{lab.log.n_succeeded} of {n} checks; {server.complaint()}")
        time.sleep(0.02)


def measure_checks(lab, checker):
    """CPU per check that succeeded, over one interval in which each client has one."""
    n = lab.options.many
    sink = Sink()
    lab.log.n_succeeded = 0
    server = lab.start("ours", n, {"checker": checker.format(port=sink.port),
                                   "interval": f"PT{INTERVAL}S", "timeout": "P1D"}, level="INFO")
    try:
        wait_checks(lab, server, n)  # the prober is there, and everything is warm
        first, before = lab.log.n_succeeded, cpu_seconds(server.pid)
        wait_checks(lab, server, first + n)
        used, done = cpu_seconds(server.pid) - before, lab.log.n_succeeded - first
    finally:
        server.stop()
        sink.socket.close()
    return {"n": done, "cpu_usec": used * 1e6 / done}


def compare_checkers(lab, kinds):
    """Log line included; the rows are checkers of ours."""
    ok = True
    if "ours" not in kinds:
        return ok
    print(f"{'checkers':<32}{'checks':>8}{'CPU us':>9}{'x shell':>9}")
    results = {}
    for checker in CHECKERS:
        ok &= attempt(results, checker, measure_checks, lab)
    for checker, r in results.items():
        ratio = r["cpu_usec"] / results[CHECKERS[0]]["cpu_usec"] if CHECKERS[0] in results else 0
        print(f"{checker:<32}{r['n']:>8}{r['cpu_usec']:>9.0f}{ratio:>9.3f}")
    return ok
