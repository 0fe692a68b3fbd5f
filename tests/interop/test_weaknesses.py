# SPDX-License-Identifier: GPL-3.0-or-later
"""Known weaknesses of Debian's server: shown there, and shown to be absent here.

Each case is one observation, made of both servers side by side. If the reference does not show a
weakness, the observation is worth nothing, and the case fails. docs/weaknesses.md has the whole list.
Root, for namespaces.
"""

import concurrent.futures
import contextlib
import functools
import os
import pathlib
import re
import resource
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "lib"))
from reference import RUN_TIME_DIRECTORY, ReferenceRig  # noqa: E402
from rig import BUILD, DEADLINE, REFERENCE_SERVER, Rig, TimedOut, wait_for  # noqa: E402

ATTEMPTS = 3  # for the reference to show what depends on its timing
STOP_LIMIT = 8.0  # seconds for an orderly stop
SETTLE = 3.0  # seconds in which what was told to end must have ended
MARK = "10000{}"  # seconds of a sleep that is found again by its argument

CALM = {"checker": "true", "timeout": "PT1H", "interval": "PT30M"}
DYING = {"checker": "false", "timeout": "PT2S", "interval": "PT1S", "extended_timeout": "PT1S"}


class Either(ReferenceRig):
    """Debian's server or ours, on folders of its own."""

    def __init__(self, reference):
        super().__init__()
        self.reference = reference
        self.prefix = []  # commands that start the server
        self.outlived = False  # the namespace goes on when its server has ended

    def argv(self, *options):
        if not self.reference:
            return [*self.prefix, *super().argv(*options)]
        words = super().argv(*options)
        if self.outlived:
            words[words.index(RUN_TIME_DIRECTORY)] = RUN_TIME_DIRECTORY.replace(
                'exec "$@"', '"$@" || true; sleep 1000')
        return [*self.prefix, *words]

    def main(self):
        """The process ID of the server itself, below what starts it."""
        program = REFERENCE_SERVER if self.reference else str(BUILD / "mandos")
        return next((pid for pid in family(self.server.pid) if program in command(pid) and
                     command(pid)[0] != "unshare" and command(pid)[0] != "sh"), None)

    def start_fails(self, keys=None):
        """Starts it: it ends, or it listens and gives @keys a password."""
        try:
            self.start()
        except TimedOut:
            self.server.wait()  # it has ended: anything else is no failure to start
            return True
        answer = self.ask(keys) if keys else None
        assert not answer or answer.kind == "given", answer
        return False

    def save(self):
        """Ends it so that the state is there afterwards; the reference may need several attempts."""
        if not self.reference:
            return self.stop() == 0
        for _ in range(5):
            if self.end():
                return True
            self.start()
        raise AssertionError("the reference never wrote its state")


def command(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_text().rstrip("\0").split("\0")
    except OSError:
        return [""]


def family(pid):
    """A process and all below it, nearest first."""
    found = [pid]
    for parent in found:
        with contextlib.suppress(OSError):
            found += map(int, pathlib.Path(
                f"/proc/{parent}/task/{parent}/children").read_text().split())
    return found


def marked(pid, mark):
    return [one for one in family(pid) if mark in command(one)]


def wait_seconds(seconds):
    end = time.monotonic() + seconds
    wait_for("the time to pass", lambda: time.monotonic() >= end, 2 * seconds + DEADLINE)


def comes(condition, seconds):
    """Whether a condition becomes true in time."""
    with contextlib.suppress(TimedOut):
        return bool(wait_for("", condition, seconds))
    return False


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


def expire(rig, keys):
    """Asks until refused, more seldom than a password extends its life."""
    wait_for("the expiry", lambda: rig.ask(keys).kind == "refused", pause=1.5)


# Observations: they return whether the weakness shows. By number.

def disabled_while_waiting(rig):
    keys = rig.keys()
    rig.write_clients(rig.section("web1", keys, **DYING, approval_delay="PT6S"))
    rig.start()
    return rig.ask(keys).kind == "given"


def enabled_by_a_crash(rig):
    keys = rig.keys()
    rig.write_clients(rig.section("web1", keys, **{**DYING, "interval": "PT3S",
                                                   "timeout": "PT3S"}))
    rig.start()
    expire(rig, keys)
    rig.stop(signal.SIGKILL)
    rig.start()
    return rig.ask(keys).kind == "given"


def greeting_without_end(rig):
    rig.write_clients()
    rig.start()
    with rig.connect() as peer:
        peer.settimeout(SETTLE)
        try:
            peer.sendall(b"1" * 100000)
            return peer.recv(1) != b""
        except ConnectionError:
            return False
        except TimeoutError:
            return True


def process_for_each_connection(rig):
    rig.write_clients()
    rig.start()
    before = len(family(rig.server.pid))
    with contextlib.ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(rig.connect())
        return comes(lambda: len(family(rig.server.pid)) >= before + 20, SETTLE)


def silent_peer_is_kept(rig):
    rig.write_clients()
    rig.start()
    with rig.connect() as peer:
        peer.settimeout(15)
        try:
            return peer.recv(1) != b""
        except TimeoutError:
            return True


def port_is_kept_by_what_is_left(rig):
    rig.write_clients()
    rig.outlived = True
    with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as free:
        free.bind(("::1", 0))
        rig.port = free.getsockname()[1]
    rig.server = rig.spawn(rig.argv("--debug", "--address", "::1", "--port", rig.port),
                           env=rig.environment())
    rig.server.wait_line("Now listening")
    with rig.connect():
        wait_seconds(0.5)  # until the reference has a process for it
        os.kill(rig.main(), signal.SIGKILL)

        def is_free():
            with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as again:
                again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    again.bind(("::1", rig.port))
                    again.listen()
                except OSError:
                    return False
                return True
        return not comes(is_free, SETTLE)


def stop_waits_for_others(rig):
    keys = rig.keys()
    rig.write_clients(rig.section("web1", keys, **CALM, approval_delay="PT1H"))
    rig.start()
    question = rig.asking(keys)
    try:
        rig.server.wait_line("needs approval")
        os.kill(rig.main(), signal.SIGTERM)
        return not comes(lambda: rig.server.popen.poll() is not None, STOP_LIMIT)
    finally:
        question.kill()
        question.communicate()


def checker_outlives_its_end(rig):
    mark = MARK.format(int(rig.reference))
    rig.write_clients(rig.section("web1", rig.keys(),
                                  **{**DYING, "checker": f"sleep {mark}; true"}))
    rig.start()
    wait_for("the checker", lambda: marked(rig.server.pid, mark))
    wait_seconds(4 + SETTLE)  # both have disabled it: two intervals, or the timeout
    return bool(marked(rig.server.pid, mark))


def long_interval_stops_the_start(rig):
    keys = rig.keys()
    rig.write_clients(rig.section("web1", keys, checker="true", timeout="P61D", interval="P60D"))
    return rig.start_fails(keys)


def enabling_in_the_file_stops_the_start(rig):
    keys = rig.keys()
    rig.write_clients(rig.section("web1", keys, **CALM, enabled="no"))
    rig.start()
    rig.save()
    rig.write_clients(rig.section("web1", keys, **CALM, enabled="yes"))
    return rig.start_fails(keys)


def state_with_a_removed_client(rig):
    """A state that the reference wrote; ours imports it, too. Returns the keys of who is left."""
    mine, other = rig.reference, rig.keys("other")
    rig.write_clients(rig.section("other", other, **CALM),
                      rig.section("web1", rig.keys(), b"in clear", **CALM))
    rig.write_state(lambda r: r.call("/", "se.recompile.Mandos", "RemoveClient", "o",
                                     "/clients/web1"))
    rig.reference = mine
    return other


def removed_and_deleted_stops_the_start(rig):
    other = state_with_a_removed_client(rig)
    rig.write_clients(rig.section("other", other, **CALM))
    return rig.start_fails(other)


def secret_of_a_removed_client_in_clear(rig):
    state_with_a_removed_client(rig)
    if rig.reference:
        return b"in clear" in (rig.state / "clients.pickle").read_bytes()
    rig.start()
    rig.stop(signal.SIGKILL)
    with contextlib.closing(sqlite3.connect(rig.state / "clients.db")) as state:
        names = {name for name, in state.execute("SELECT name FROM client")}
    assert "web1" in names or names == {"other"}, names
    return any(b"in clear" in file.read_bytes() for file in rig.state.glob("clients.db*"))


def faulty_section_stops_the_start(section, rig):
    keys = rig.keys()
    rig.write_clients(rig.section("good", keys, **CALM), section)
    return rig.start_fails(keys)


def like_names_stop_the_start(rig):
    one, two = rig.keys("one"), rig.keys("two")
    rig.write_clients(rig.section("web-1", one, **CALM), rig.section("web.1", two, **CALM))
    return rig.start_fails(one) or rig.ask(two).kind != "given"


def groups_are_kept(rig):
    rig.write_clients()
    rig.prefix = ["setpriv", "--groups", "12345"]
    rig.start()
    return any(re.search(r"^Groups:.*\b12345\b", pathlib.Path(f"/proc/{pid}/status").read_text(),
                         re.MULTILINE) for pid in family(rig.main()))


def bus_is_needed(rig):
    rig.write_clients()
    rig.open_socket()
    rig.server = rig.spawn(
        rig.argv("--debug", "--no-dbus", "--socket", rig.socket.fileno()),
        pass_fds=[rig.socket.fileno()],
        env={**rig.environment(), "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={rig.folder / 'none'}"})
    try:
        rig.server.wait_line("Now listening")
    except TimedOut:
        return True
    return False


def first_expiry_ignores_the_timeout(rig):
    keys = rig.keys()
    rig.write_clients(rig.section("web1", keys, checker="false", timeout="PT1H", interval="PT2S"))
    rig.start()
    wait_seconds(6)  # two intervals, and some more
    return rig.ask(keys).kind != "given"


def check_shortens_an_extended_life(rig):
    keys, sign = rig.keys(), rig.folder / "sign"
    sign.touch()
    rig.write_clients(rig.section("web1", keys, checker=f"test -e {sign}", timeout="PT2S",
                                  interval="PT1S", extended_timeout="PT1H"))
    server = rig.start()
    assert rig.ask(keys).kind == "given"
    server.wait_line("Checker for web1 succeeded", after=server.n_lines())
    sign.unlink()
    server.wait_line("Checker for web1 failed", after=server.n_lines())
    wait_seconds(4)
    return rig.ask(keys).kind == "refused"


def peer_that_has_left_is_given(rig):
    keys = rig.keys()
    rig.write_clients(rig.section("web1", keys, **CALM, approval_delay="PT3S"))
    server = rig.start()
    question = rig.asking(keys)
    server.wait_line("needs approval")
    question.kill()
    question.communicate()
    return comes(lambda: "Sending secret to web1" in server.text(), 3 + SETTLE)


def killed_helper_makes_it_spin(rig):
    mark = MARK.format(2 + int(rig.reference))
    rig.write_clients(rig.section("web1", rig.keys(), checker=f"sleep {mark}; true",
                                  timeout="PT1H", interval="PT10S"))
    rig.start()
    main = rig.main()
    checker = wait_for("the checker", lambda: marked(main, mark))[0]
    # The one between the server and the shell of the checker.
    middle = next(pid for pid in family(main)[1:] if checker in family(pid))
    os.kill(middle, signal.SIGKILL)
    before = cpu_seconds(main)
    wait_seconds(3)
    return cpu_seconds(main) - before > 1.0


def bad_template_ends_checks(rig):
    rig.write_clients(rig.section("web1", rig.keys(), checker="echo %%(nonsense)s",
                                  timeout="PT1H", interval="PT1S"),
                      rig.section("clock", rig.keys("clock"), checker="true", timeout="PT1H",
                                  interval="PT1S"))
    server = rig.start()
    for _ in range(4):
        server.wait_line("Checker for clock succeeded", after=server.n_lines())
    words = [line for line in server.text().splitlines() if "nonsense" in line and "web1" in line]
    return len(words) < 2


def damaged_state_stops_the_start(name, rig):
    keys = rig.keys()
    rig.write_clients(rig.section("web1", keys, **CALM))
    file = rig.state / name
    file.write_bytes(b"no state at all " * 1000)
    file.chmod(0o666)
    return rig.start_fails()


def state_is_a_program(rig):
    """What it says is run when it is read: here, touch(1)."""
    trace = rig.state / "trace"
    rig.write_clients()
    file = rig.state / "clients.pickle"
    file.write_bytes(b"cposix\nsystem\n(S'touch %s'\ntR." % os.fsencode(trace))
    file.chmod(0o666)
    rig.start_fails()
    return trace.exists()


def memory_is_dumped(rig):
    rig.write_clients()
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    assert hard != 0, "no process of this machine can be dumped"
    rig.start()
    limits = pathlib.Path(f"/proc/{rig.main()}/limits").read_text()
    return not re.search(r"Max core file size +0 +0 ", limits)


def secrets_are_swapped(rig):
    keys = rig.keys()
    rig.write_clients(rig.section("web1", keys, **CALM))
    rig.start()
    assert rig.ask(keys).kind == "given"
    return re.search(r"^VmLck:\s+0 kB", pathlib.Path(f"/proc/{rig.main()}/status").read_text(),
                     re.MULTILINE) is not None


def bare_section(rig):
    """A section without a fingerprint is no fault at all."""
    return faulty_section_stops_the_start("[bare]\nkey_id = " + "A" * 64 + "\nsecret = aGVsbG8=\n",
                                          rig)


CASES = [
    ("W-01", disabled_while_waiting),
    ("W-02", enabled_by_a_crash),
    ("W-04", greeting_without_end),
    ("W-04", process_for_each_connection),
    ("W-04", silent_peer_is_kept),
    ("W-05", port_is_kept_by_what_is_left),
    ("W-06", stop_waits_for_others),
    ("W-07", checker_outlives_its_end),
    ("W-08", long_interval_stops_the_start),
    ("W-09", enabling_in_the_file_stops_the_start),
    ("W-10", removed_and_deleted_stops_the_start),
    ("W-11", secret_of_a_removed_client_in_clear),
    ("W-12", functools.partial(faulty_section_stops_the_start,
                               "[b]\nfingerprint = A\nkey_id = B\nsecret = aGVsbG8\n")),
    ("W-12", functools.partial(faulty_section_stops_the_start,
                               "[b]\nfingerprint = A\nkey_id = B\nsecret =\ntimeout = soon\n")),
    ("W-12", functools.partial(faulty_section_stops_the_start,
                               "[b]\nfingerprint = A\nkey_id = B\n")),
    ("W-13", bare_section),
    ("W-14", like_names_stop_the_start),
    ("W-15", groups_are_kept),
    ("W-17", bus_is_needed),
    ("W-18", first_expiry_ignores_the_timeout),
    ("W-19", check_shortens_an_extended_life),
    ("W-21", peer_that_has_left_is_given),
    ("W-22", killed_helper_makes_it_spin),
    ("W-23", bad_template_ends_checks),
    ("W-24", functools.partial(damaged_state_stops_the_start, "clients.pickle")),
    ("W-25", state_is_a_program),
    ("W-57", memory_is_dumped),
    ("W-57", secrets_are_swapped),
]


def observe(reference, observation):
    with Either(reference) as rig:
        return observation(rig)


def observe_reference(observation):
    """What is a race there may need to be run more than once."""
    return any(observe(True, observation) for _ in range(ATTEMPTS))


class Weaknesses(unittest.TestCase):
    """One test for each case, made below."""

    def check(self, number, observation):
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            theirs = pool.submit(observe_reference, observation)
            ours = pool.submit(observe, False, observation)
            self.assertFalse(ours.result(), f"our server has {number}")
            self.assertTrue(theirs.result(), f"the reference does not show {number}: "
                                             "what is observed here is something else")


def add_tests():
    for i, (number, observation) in enumerate(CASES):
        plain = getattr(observation, "func", observation).__name__

        def test(self, number=number, observation=observation):
            self.check(number, observation)
        test.__doc__ = number
        setattr(Weaknesses, f"test_{number.replace('-', '')}_{plain}_{i}", test)


add_tests()

if __name__ == "__main__":
    unittest.main(verbosity=2)
