# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian's mandos-ctl, as it is installed, administers this server."""

import json
import os
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from bus import Bus  # noqa: E402
from rig import DEADLINE, Rig, wait_for  # noqa: E402

CTL = "/usr/sbin/mandos-ctl"


class Ctl(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.rig = Rig(dbus=True)
        cls.addClassCleanup(cls.rig.close)
        cls.bus = Bus(cls.rig)
        cls.bus.start()
        cls.keys = {name: cls.rig.keys(name) for name in ("web1", "ask")}
        cls.rig.write_clients(
            cls.rig.section("web1", cls.keys["web1"]), cls.rig.section("db-1.lan"),
            cls.rig.section("ask", cls.keys["ask"], approval_delay="PT1H",
                            approved_by_default="False", approval_duration="PT0S"),
            cls.rig.section("gone"), default="checker = sleep 1000\ninterval = P20D\ntimeout = P40D")
        cls.rig.start(environment=cls.bus.environment)
        with cls.bus.peer() as peer:
            wait_for("the bus name", peer.has_owner)

    def ctl(self, *words, status=0, data=None):
        done = subprocess.run([CTL, *words], env={**os.environ, **self.bus.environment},
                              input=data, capture_output=True, timeout=2 * DEADLINE, check=False)
        self.assertEqual(done.returncode, status, done.stderr.decode())
        return done.stdout.decode()

    def client(self, name):
        return json.loads(self.ctl("--dump-json"))[name]

    def test_list(self):
        """CTL-TAB-1, CTL-TAB-2, CTL-TAB-6: a line for each client, in file order."""
        header, *lines = self.ctl().splitlines()
        self.assertEqual(header.split(), ["Name", "Enabled", "Timeout", "Last", "Successful", "Check"])
        self.assertEqual([line.split()[0] for line in lines][:3], ["web1", "db-1.lan", "ask"])
        self.assertEqual(lines[0].split()[1:3], ["Yes", "40T00:00:00"])

    def test_verbose(self):
        """CTL-TAB-2."""
        header = self.ctl("--verbose").splitlines()[0]
        for word in ("Key ID", "Extended Timeout", "Last Checker Status"):
            self.assertIn(word, header)

    def test_json(self):
        """CTL-JSON-1: the twenty properties."""
        found = self.client("ask")
        self.assertEqual(len(found), 20)
        self.assertEqual((found["ApprovalDelay"], found["ApprovedByDefault"], found["KeyID"]),
                         (3600000, False, self.keys["ask"].key_id.upper()))

    def test_settings(self):
        """CTL-RUN-4, CTL-RUN-7, DBUS-SET-10: all of them at once."""
        self.assertEqual(self.ctl(
            "--checker", "test -n %(host)s", "--timeout", "PT7M", "--extended-timeout", "PT8M",
            "--interval", "PT9M", "--approve-by-default", "--approval-delay", "PT10S",
            "--approval-duration", "PT11S", "--host", "192.0.2.7", "db-1.lan"), "")
        found = self.client("db-1.lan")
        self.assertEqual(
            [found[name] for name in ("Checker", "Timeout", "ExtendedTimeout", "Interval",
                                      "ApprovedByDefault", "ApprovalDelay", "ApprovalDuration",
                                      "Host")],
            ["test -n %(host)s", 420000, 480000, 540000, True, 10000, 11000, "192.0.2.7"])

    def test_enable_and_disable(self):
        """CTL-RUN-8: the exit status says whether it is enabled."""
        self.ctl("--is-enabled", "web1")
        self.ctl("--disable", "web1")
        self.ctl("--is-enabled", "web1", status=1)
        self.assertEqual(self.rig.ask(self.keys["web1"]).kind, "refused")
        self.ctl("--enable", "web1")
        self.ctl("--is-enabled", "web1")
        self.assertEqual(self.rig.ask(self.keys["web1"]).data, b"hunter2")

    def test_checker(self):
        """CTL-RUN-4."""
        self.ctl("--start-checker", "web1")
        self.assertTrue(self.client("web1")["CheckerRunning"])
        self.ctl("--stop-checker", "web1")
        self.assertFalse(self.client("web1")["CheckerRunning"])
        self.ctl("--bump-timeout", "web1")
        self.assertNotEqual(self.client("web1")["LastCheckedOK"], "")

    def test_secret(self):
        """CTL-RUN-6."""
        self.ctl("--secret", "-", "web1", data=b"\0other\xff")
        self.assertEqual(self.rig.ask(self.keys["web1"]).data, b"\0other\xff")
        self.ctl("--secret", "-", "web1", data=b"hunter2")

    def test_approve_and_deny(self):
        """CTL-RUN-4: for a client that waits."""
        for word, kind in (("--approve", "given"), ("--deny", "refused")):
            question = self.rig.asking(self.keys["ask"])
            wait_for("the question", lambda: self.client("ask")["ApprovalPending"])
            self.ctl(word, "ask")
            self.assertEqual(self.rig.finish(question).kind, kind)
            wait_for("the end", lambda: not self.client("ask")["ApprovalPending"])

    def test_remove(self):
        """CTL-RUN-2, CTL-RUN-9, CTL-RUN-4."""
        self.ctl("--remove", "gone")
        self.ctl("--disable", "gone", status=1)
        self.assertNotIn("gone", json.loads(self.ctl("--dump-json")))

    def test_all(self):
        """CTL-RUN-2."""
        self.ctl("--all", "--bump-timeout")
        self.assertTrue(all(client["LastCheckedOK"]
                            for client in json.loads(self.ctl("--dump-json")).values()))


if __name__ == "__main__":
    unittest.main()
