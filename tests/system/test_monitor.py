# SPDX-License-Identifier: GPL-3.0-or-later
"""mandos-monitor in a real terminal, with a real bus, and this server as well as Debian's."""

import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "lib"))
from reference import OwnRig, ReferenceRig  # noqa: E402
from rig import BUILD, DEADLINE, Rig  # noqa: E402
from terminal import Terminal  # noqa: E402

MONITOR = BUILD / "mandos-monitor"
RULE = "─" * 80


def monitor(rig, locale="C.UTF-8", **options):
    """The program, in a terminal, on the bus of the rig."""
    return Terminal(rig.folder, [MONITOR], DBUS_SYSTEM_BUS_ADDRESS=rig.own_bus(), LC_ALL=locale,
                    TZ="UTC0", ASAN_OPTIONS="detect_leaks=0", **options)


class WithOurs(unittest.TestCase):
    """With this server."""

    make_rig = OwnRig

    def setUp(self):
        self.rig = self.make_rig()
        self.addCleanup(self.rig.close)
        # The first checker of a client comes at a random time within the interval.
        quiet = {"checker": "true", "interval": "PT3S", "timeout": "P2D"}
        self.keys = self.rig.keys("web")
        self.rig.write_clients(
            self.rig.section("web1.lan", self.keys, b"open", approval_delay="PT50S",
                             approved_by_default="False", host="localhost", **quiet),
            self.rig.section("app", enabled="False", key_id="0" * 64, **quiet))

    def test_list_keys_and_end(self):
        """MON-2, MON-10, MON-14, MON-15, MON-20: what is asked of the server happens there."""
        self.rig.start()
        with monitor(self.rig) as terminal:
            rows = terminal.wait_text("web1.lan: enabled")
            self.assertEqual(rows[:2], ["app: DISABLED", "web1.lan: enabled"])
            self.assertEqual(rows[11], RULE)
            self.assertRegex(rows[12], r"^Mandos Monitor version \d")
            self.assertEqual(rows[13], "q: Quit  ?: Help")
            terminal.type("+")
            terminal.wait_text("app: enabled")
            terminal.type("Down", "-")
            terminal.wait_text("web1.lan: DISABLED")
            terminal.type("v", "s")
            terminal.wait_text('Client web1.lan started checker "true"')
            terminal.wait_text('Checker for client web1.lan (command "true") succeeded')
            terminal.type("C", "Enter")
            terminal.wait_text("Last checker status    0 (good)")
            terminal.type("Enter", "F1")
            terminal.wait_text("l: Log window toggle")
            terminal.resize(40, 11)
            rows = terminal.wait("the new size", lambda rows: len(rows) == 11
                                 and rows[5] == "─" * 40)
            self.assertEqual(rows[1], "web1.lan: DISABLED")
            terminal.resize(1, 1)
            terminal.resize(80, 24)
            terminal.wait("the old size", lambda rows: rows[11] == RULE)
            terminal.type("m", "k", "m", "R")
            terminal.wait_text("Remove from the server 2 marked clients? (y/n)")
            terminal.type("y")
            terminal.wait("an empty list", lambda rows: rows[0] == "" and rows[11] == RULE)
            terminal.type("q")
            self.assertEqual(terminal.wait_status(), 0)

    def test_approval(self):
        """MON-20, MON-45, MON-46: who waits is seen, and let in by one key."""
        self.rig.start()
        with monitor(self.rig) as terminal:
            terminal.wait_text("web1.lan: enabled")
            question = self.rig.asking(self.keys)
            terminal.wait("a question", lambda rows: any(
                re.match(r"web1\.lan: Denial in 0:00:[45]\d\. \(a\)pprove\?$", row)
                for row in rows))
            terminal.wait_text("Client web1.lan needs approval within 50")
            terminal.type("F", "F", "a")
            terminal.wait_text("Client web1.lan received its secret")
            terminal.wait("nobody waits", lambda rows: rows[0] == "")
            self.assertEqual(self.rig.finish(question).data, b"open")
            os.kill(terminal.pid(), signal.SIGINT)
            self.assertEqual(terminal.wait_status(), 0)

    def test_server_comes_and_goes(self):
        """MON-4, MON-41: it stays, follows, and never lists anybody twice."""
        with monitor(self.rig) as terminal:
            terminal.wait_text("Note: No Mandos server running.")
            self.rig.start()
            terminal.wait_text("web1.lan: enabled")
            self.rig.stop(signal.SIGKILL)
            rows = terminal.wait_text("The Mandos server has gone without a goodbye.")
            self.assertEqual(rows[0], "")
            self.rig.start()
            rows = terminal.wait_text("web1.lan: enabled")
            self.assertEqual(rows[:3], ["app: DISABLED", "web1.lan: enabled", ""])
            self.rig.end()
            rows = terminal.wait("an empty list", lambda rows: rows[0] == "")
            self.assertEqual("\n".join(rows).count("goodbye"), 1)
            # The bus goes, and comes back with the next server.
            self.rig.bus.stop()
            terminal.wait_text("The connection to the system bus is lost; trying again")
            self.rig.bus = None
            self.rig.start()
            terminal.wait_text("web1.lan: enabled")
            os.kill(terminal.pid(), signal.SIGTERM)
            self.assertEqual(terminal.wait_status(), 128 + signal.SIGTERM)


class WithDebians(WithOurs):
    """With Debian's server."""

    make_rig = ReferenceRig


class Edges(unittest.TestCase):
    """What has nothing to do with a server."""

    def setUp(self):
        self.rig = Rig()
        self.addCleanup(self.rig.close)

    def test_ascii_terminal(self):
        """MON-10: a line that this terminal can show."""
        with monitor(self.rig, locale="C") as terminal:
            terminal.wait("the rule", lambda rows: rows[11] == "_ no server ".ljust(80, "_"))
            terminal.type("Q")
            self.assertEqual(terminal.wait_status(), 0)

    def test_command_line(self):
        """MON-1: words are ignored; what is no option is told before anything is touched."""
        for words, status, out, err in ((["x"], 1, "", "cannot use the system bus"),
                                        (["x", "--no-bell", "--mouse"], 1, "", "system bus"),
                                        (["x", "--version"], 0, "mandos-monitor ", ""),
                                        (["-h"], 0, "Usage: mandos-monitor ", ""),
                                        (["--help", "--foo"], 2, "", "unrecognized option")):
            with self.subTest(words):
                run = subprocess.run(
                    [MONITOR, *words], stdin=subprocess.DEVNULL, timeout=60, check=False,
                    env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent"},
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                self.assertEqual((run.returncode, run.stdout[:len(out)]), (status, out))
                self.assertIn(err, run.stderr)
                self.assertEqual(bool(run.stdout), bool(out))

    def test_no_bus(self):
        """MON-62: an error, and the terminal as it was."""
        with Terminal(self.rig.folder, [MONITOR],
                      DBUS_SYSTEM_BUS_ADDRESS=f"unix:path={self.rig.folder}/nothing") as terminal:
            terminal.wait_text("mandos-monitor: cannot use the system bus: No such file")
            self.assertEqual(terminal.wait_status(), 1)

    def test_silent_bus(self):
        """MON-61, MON-2: a bus that takes connections and says nothing freezes no key."""
        address = self.rig.own_bus()
        with monitor(self.rig) as terminal, socket.socket(socket.AF_UNIX) as silent:
            terminal.wait_text("Note: No Mandos server running.")
            self.rig.bus.stop()
            path = pathlib.Path(address.removeprefix("unix:path="))
            path.unlink(missing_ok=True)
            silent.bind(str(path))
            silent.listen()
            silent.settimeout(DEADLINE)
            terminal.wait_text("The connection to the system bus is lost; trying again")
            connection = silent.accept()[0]
            self.addCleanup(connection.close)
            terminal.type("v")
            terminal.wait_text("Verbose mode: On")
            connection.close()
            rows = terminal.wait("the second loss", lambda rows: 2 == sum(
                "is lost; trying again" in row for row in rows))
            self.assertNotIn("does not list", "\n".join(rows))  # it was never asked
            terminal.type("q")
            self.assertEqual(terminal.wait_status(), 0)

    def test_no_terminal(self):
        """MON-2: without one, nothing is written that is meant for one."""
        environment = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": self.rig.own_bus()}
        run = subprocess.run([MONITOR], env=environment, stdin=subprocess.DEVNULL, timeout=60,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        self.assertEqual((run.returncode, run.stdout), (1, b""))
        self.assertIn(b"needs a terminal", run.stderr)


if __name__ == "__main__":
    unittest.main()
