# SPDX-License-Identifier: GPL-3.0-or-later
"""Both monitors with both servers, in a real terminal: the same keys, the same screens.

What only ours can do is tested in tests/system/test_monitor.py, with both servers as well.
"""

import pathlib
import re
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "lib"))
from reference import OwnRig, ReferenceRig  # noqa: E402
from rig import BUILD  # noqa: E402
from terminal import Terminal  # noqa: E402

OURS = BUILD / "mandos-monitor"
DEBIANS = "/usr/sbin/mandos-monitor"
RULE = "─" * 80


class DebiansWithOurs(unittest.TestCase):
    """Debian's monitor, this server."""

    program = DEBIANS
    make_rig = OwnRig

    def setUp(self):
        self.rig = self.make_rig()
        self.addCleanup(self.rig.close)
        quiet = {"checker": "true", "interval": "PT3S", "timeout": "P2D"}
        self.keys = self.rig.keys("web")
        self.rig.write_clients(
            self.rig.section("web1.lan", self.keys, b"open", approval_delay="PT50S",
                             approved_by_default="False", host="localhost", **quiet),
            self.rig.section("app", enabled="False", key_id="0" * 64, **quiet))
        self.rig.start()
        self.terminal = self.enterContext(Terminal(
            self.rig.folder, [self.program], DBUS_SYSTEM_BUS_ADDRESS=self.rig.own_bus(),
            LC_ALL="C.UTF-8", TZ="UTC0", PYTHONDONTWRITEBYTECODE="1"))
        self.terminal.wait_text("web1.lan: enabled")

    def test_screen_and_keys(self):
        """MON-10, MON-11, MON-14, MON-20, MON-51, MON-52: what is asked happens at the server."""
        rows = self.terminal.screen()
        self.assertEqual(rows[:2], ["app: DISABLED", "web1.lan: enabled"])
        self.assertEqual(rows[11], RULE)
        self.assertRegex(rows[12], r"^Mandos Monitor version \d")
        self.assertEqual(rows[13], "q: Quit  ?: Help")
        self.terminal.type("+")
        # Debian's calls a client failed whose first check is still due (MON-22).
        self.terminal.wait("app is not disabled", lambda rows: rows[0].startswith("app: ")
                           and rows[0] != "app: DISABLED")
        self.terminal.type("Down", "-")
        self.terminal.wait_text("web1.lan: DISABLED")
        self.terminal.type("v")
        self.terminal.wait_text("Verbose mode: On")
        self.terminal.type("s")
        self.terminal.wait_text('Client web1.lan started checker "true"')
        self.terminal.wait_text('Checker for client web1.lan (command "true") succeeded')
        self.terminal.type("?")
        self.terminal.wait_text("l: Log window toggle")
        self.terminal.type("q")
        self.assertEqual(self.terminal.wait_status(), 0)

    def test_approval(self):
        """MON-20, MON-45, MON-46: who waits is seen, and let in by one key."""
        question = self.rig.asking(self.keys)
        self.terminal.wait("a question", lambda rows: any(
            re.match(r"web1\.lan: Denial in 0:00:[45]\d\. \(a\)pprove\?$", row) for row in rows))
        self.terminal.wait_text("Client web1.lan needs approval within 50")
        self.terminal.type("Down", "a")
        self.terminal.wait_text("Client web1.lan received its secret")
        self.assertEqual(self.rig.finish(question).data, b"open")

    def test_denial(self):
        """MON-48."""
        question = self.rig.asking(self.keys)
        self.terminal.wait_text("(a)pprove?")
        self.terminal.type("Down", "d")
        self.terminal.wait_text("Client web1.lan was rejected; reason: Denied")
        self.assertEqual(self.rig.finish(question).kind, "refused")


class OursWithOurs(DebiansWithOurs):
    """This monitor, this server."""

    program = OURS


class OursWithDebians(DebiansWithOurs):
    """This monitor, Debian's server."""

    program = OURS
    make_rig = ReferenceRig


class DebiansWithDebians(DebiansWithOurs):
    """So the cases are known to be right."""

    make_rig = ReferenceRig


if __name__ == "__main__":
    unittest.main()
