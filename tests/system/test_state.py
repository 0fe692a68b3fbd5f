# SPDX-License-Identifier: GPL-3.0-or-later
"""The saved state in trouble: at the start, while the server runs, and at its end.

Root, for a mount namespace of its own: the small, full and read-only file systems are seen by this
process and its children only.
"""

import contextlib
import ctypes
import os
import pathlib
import re
import signal
import sqlite3
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "lib"))
from rig import Rig, wait_for  # noqa: E402

CLONE_NEWNS = 0x20000
SMALL = "size=512k,mode=0777"
YEAR = 365 * 86400 * 1000000

BUSY = {"checker": "true", "timeout": "PT1H", "interval": "PT1S"}
CALM = {"checker": "true", "timeout": "PT1H", "interval": "PT30M"}

FAILED = "CRITICAL: Could not save persistent state: State file .*clients.db: "
AGAIN = "WARNING: Persistent state has been saved again"


def setUpModule():
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) < 0:
        raise unittest.SkipTest("needs a mount namespace: " + os.strerror(ctypes.get_errno()))
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)


@contextlib.contextmanager
def file_system(path, options=SMALL):
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", path], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", path], check=True)


def fill(path):
    """A file that takes all the room there is."""
    ballast = path / "ballast"
    with contextlib.suppress(OSError), open(ballast, "ab", buffering=0) as file:
        while True:
            file.write(b"\0" * 4096)
    return ballast


def change(rig, sql):
    """Something else writes into the state of a server that does not run."""
    with contextlib.closing(sqlite3.connect(rig.state / "clients.db")) as state:
        state.execute(sql)
        state.commit()


class Starting(unittest.TestCase):
    """What cannot be vouched for is not given, and one sentence says what to do."""

    def setUp(self):
        self.rig = self.enterContext(Rig())
        self.keys = self.rig.keys()
        self.rig.write_clients(self.rig.section("web1", self.keys, **CALM))

    def make_state(self):
        self.rig.start()
        self.assertEqual(self.rig.stop(), 0)
        return self.rig.state / "clients.db"

    def refuses(self, *words, options=()):
        """The start fails with status 1, before it serves anybody, and says so in one line."""
        server = self.rig.start(*options, ready=False)
        self.assertEqual(server.wait(), 1)
        lines = re.findall("^.*CRITICAL: .*$", server.text(), re.MULTILINE)
        self.assertEqual(len(lines), 1, server.text())
        for word in words:
            self.assertIn(word, lines[0])
        self.assertNotIn("Now listening", server.text())

    def test_state_of_another_program(self):
        """SRV-STATE-5, W-24: left alone."""
        file = self.rig.state / "clients.db"
        change(self.rig, "CREATE TABLE theirs (value)")
        file.chmod(0o666)
        before = file.read_bytes()
        self.refuses(str(file), "belongs to another program", "move it away")
        self.assertEqual(file.read_bytes(), before)

    def test_something_else_under_its_name(self):
        file = self.rig.state / "clients.db"
        file.mkdir()
        self.refuses(str(file), "is not a regular file", "move it away")

    def test_state_of_a_newer_version(self):
        """SRV-STATE-5: left alone, for the version that can read it."""
        file = self.make_state()
        change(self.rig, "PRAGMA user_version=99")
        before = file.read_bytes()
        self.refuses(str(file), "newer version", "install that version again")
        self.assertEqual(file.read_bytes(), before)

    def test_file_of_another_owner(self):
        """SRV-STATE-1, SRV-STATE-5, L9."""
        file = self.make_state()
        os.chown(file, 0, 0)
        self.refuses(str(file), "Permission denied", "must own")

    def test_directory_of_another_owner(self):
        os.chown(self.rig.state, 0, 0)
        self.rig.state.chmod(0o755)
        self.refuses(str(self.rig.state), "Permission denied", "must own")

    def test_directory_that_cannot_be_made(self):
        path = self.rig.folder / "missing" / "state"
        self.refuses(str(path), "No such file", "--statedir", options=["--statedir", path])

    def test_read_only_file_system(self):
        with file_system(self.rig.state, SMALL):
            self.make_state()
            subprocess.run(["mount", "-o", "remount,ro", self.rig.state], check=True)
            self.refuses(str(self.rig.state), "Read-only", "mount it writable")

    def test_full_disk_at_the_first_start(self):
        with file_system(self.rig.state, SMALL):
            ballast = fill(self.rig.state)
            self.refuses(str(self.rig.state), "No space left", "make room")
            ballast.unlink()
            self.rig.start()
            self.assertEqual(self.rig.ask(self.keys).kind, "given")

    def test_full_disk_with_a_state(self):
        """What yesterday's state becomes today must be durable before anybody is served."""
        with file_system(self.rig.state, SMALL):
            file = self.make_state()
            ballast = fill(self.rig.state)
            self.refuses(str(file), "No space left", "make room")
            ballast.unlink()
            self.rig.start()
            self.assertEqual(self.rig.ask(self.keys).kind, "given")

    def test_state_in_use(self):
        first = self.rig.start()
        self.refuses(str(self.rig.state), "another server uses it", "stop that one")
        self.assertIsNone(first.popen.poll())

    def test_clock_of_1970(self):
        """SRV-LIFE-39, SRV-STATE-13: what the state says of a far future is not a year of trust."""
        self.rig.write_clients(self.rig.section("web1", self.keys, checker="false",
                                                timeout="PT3S", interval="PT1S",
                                                extended_timeout="PT3S"))
        self.make_state()
        # As if it had been written under a clock that was right, and now the battery is empty.
        change(self.rig, f"UPDATE client SET saved = saved + 50 * {YEAR},"
                         f" expires = expires + 50 * {YEAR}")
        server = self.rig.start()
        server.wait_line(r"WARNING: The clock is 15\d{8} seconds before the last change")
        server.wait_line("WARNING: Client web1 is disabled now: it was not seen for its timeout")
        self.assertEqual(self.rig.ask(self.keys).kind, "refused")

    def test_time_that_no_setting_grants(self):
        """The same, where nothing tells when it was saved."""
        self.rig.write_clients(self.rig.section("web1", self.keys, checker="false",
                                                timeout="PT3S", interval="PT1S",
                                                extended_timeout="PT3S"))
        self.make_state()
        change(self.rig, f"UPDATE client SET saved = 0, expires = expires + {YEAR}")
        server = self.rig.start()
        server.wait_line("INFO: The saved expiry of web1 was further ahead")
        server.wait_line("WARNING: Client web1 is disabled now: it was not seen for its timeout")


class Running(unittest.TestCase):
    """A commit that fails: nothing is given that could not be refused for good."""

    def setUp(self):
        self.rig = self.enterContext(Rig())
        self.enterContext(file_system(self.rig.state, SMALL))
        self.keys, self.other = self.rig.keys(), self.rig.keys("gone")

    def test_full_disk_gives_nothing_until_there_is_room(self):
        """SRV-STATE-3, SRV-STATE-4."""
        self.rig.write_clients(self.rig.section("web1", self.keys, **BUSY))
        server = self.rig.start()
        self.assertEqual(self.rig.ask(self.keys).kind, "given")
        ballast = fill(self.rig.state)
        server.wait_line(FAILED + ".*No space left on device; make room")
        self.assertEqual(self.rig.ask(self.keys).kind, "refused")
        server.wait_line("WARNING: Client web1 is refused while the state cannot be saved")
        ballast.unlink()
        server.wait_line(AGAIN)
        self.assertEqual(self.rig.ask(self.keys).kind, "given")
        self.assertEqual(self.rig.stop(), 0)

    def test_nobody_is_called_disabled_before_it_is_durable(self):
        """SRV-STATE-4, W-02: who expires on a full disk is refused, and told of when it is saved."""
        self.rig.write_clients(
            self.rig.section("web1", self.keys, **BUSY),
            self.rig.section("gone", self.other, checker="false", timeout="PT5S", interval="PT1S"))
        server = self.rig.start()
        ballast = fill(self.rig.state)
        server.wait_line(FAILED)
        wait_for("the expiry", lambda: self.rig.ask(self.other).kind == "refused" and
                 "Client gone is disabled\n" in server.text())
        self.assertNotIn("Client gone is disabled now", server.text())
        ballast.unlink()
        server.wait_line("WARNING: Client gone is disabled now: it was not seen for its timeout")
        self.rig.stop(signal.SIGKILL)
        self.rig.start()
        self.assertEqual(self.rig.ask(self.other).kind, "refused")
        self.assertEqual(self.rig.ask(self.keys).kind, "given")

    def test_state_that_is_taken_away(self):
        """SRV-STATE-3, L39: commits into a file that is gone are none."""
        self.rig.write_clients(self.rig.section("web1", self.keys, **BUSY))
        server = self.rig.start()
        file = self.rig.state / "clients.db"
        away = file.with_suffix(".away")
        file.rename(away)
        server.wait_line(FAILED + "was taken away or replaced while in use; restart")
        self.assertEqual(self.rig.ask(self.keys).kind, "refused")
        away.rename(file)
        server.wait_line(AGAIN)
        self.assertEqual(self.rig.ask(self.keys).kind, "given")
        file.rename(away)
        server.wait_line(FAILED, after=server.n_lines())
        self.assertEqual(self.rig.stop(), 0)
        self.assertRegex(server.text(), "WARNING: Could not save persistent state: State file ")

    def test_full_disk_at_the_end(self):
        """SRV-STATE-2, SRV-STATE-3: what could not be saved is no success."""
        self.rig.write_clients(self.rig.section("web1", self.keys, **BUSY))
        server = self.rig.start()
        fill(self.rig.state)
        server.wait_line(FAILED)
        self.assertEqual(self.rig.stop(), 1)
        self.assertEqual(server.text().count("CRITICAL: Could not save persistent state: "), 2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
