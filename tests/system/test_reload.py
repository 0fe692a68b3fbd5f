# SPDX-License-Identifier: GPL-3.0-or-later
"""SIGHUP: clients.conf and clients.d again, all of it or nothing (K-04, SRV-PROC-8, SRV-STATE-10)."""

import contextlib
import pathlib
import signal
import sqlite3
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "lib"))
from rig import Rig, wait_for  # noqa: E402

CALM = {"checker": "true", "timeout": "PT1H", "interval": "PT30M"}
DONE = r"INFO: Configuration reloaded: (\d+) clients added, (\d+) changed, (\d+) removed"
KEPT = "ERROR: The configuration was not reloaded .* the old one stays in force"


def reload(rig, pattern=DONE):
    """Asks for it and waits for its end; the numbers of clients added, changed and removed."""
    after = rig.server.n_lines()
    rig.server.popen.send_signal(signal.SIGHUP)
    return tuple(int(n) for n in rig.server.wait_line(pattern, after=after).groups())


def expiries(rig):
    """What the store says, once it has been told: the server is stopped hard, so nothing is added."""
    rig.stop(signal.SIGKILL)
    with contextlib.closing(sqlite3.connect(rig.state / "clients.db")) as state:
        return dict(state.execute("SELECT name, expires FROM client"))


class Reloading(unittest.TestCase):
    """What a change in the files does, and what it leaves alone."""

    def test_added_client_is_served(self):
        with Rig() as rig:
            old, new = rig.keys("old"), rig.keys("new")
            rig.write_clients(rig.section("old", old, **CALM))
            rig.start()
            self.assertEqual(rig.ask(new).kind, "refused")
            rig.write_clients(rig.section("old", old, **CALM), rig.section("new", new, **CALM))
            self.assertEqual(reload(rig), (1, 0, 0))
            self.assertEqual(rig.ask(new).kind, "given")
            self.assertEqual(rig.ask(old).kind, "given")

    def test_nothing_changed_changes_nothing(self):
        """Timers of unchanged clients are not reset."""
        with Rig() as rig:
            rig.write_clients(rig.section("a", rig.keys(), checker="false", timeout="PT4S",
                                          interval="PT1S"))
            server = rig.start()
            # Reloads one after the other, each beginning the timeout anew, would keep it for ever.
            wait_for("its end", lambda: reload(rig) != (0, 0, 0) or
                     "Client a is disabled now: it was not seen" in server.text())
            self.assertEqual(reload(rig), (0, 0, 0))

    def test_removed_client_is_refused(self):
        """SRV-APR-9, SRV-STATE-17: also one that waits for approval right now, and for good."""
        with Rig() as rig:
            keys, other = rig.keys(), rig.keys("other")
            rig.write_clients(rig.section("web1", keys, **CALM, approval_delay="PT1H"),
                              rig.section("other", other, **CALM))
            server = rig.start()
            question = rig.asking(keys)
            server.wait_line("INFO: Client web1 needs approval")
            rig.write_clients(rig.section("other", other, **CALM))
            self.assertEqual(reload(rig), (0, 0, 1))
            self.assertEqual(rig.finish(question).kind, "refused")
            self.assertEqual(rig.ask(keys).kind, "refused")
            self.assertEqual(rig.ask(other).kind, "given")
            self.assertEqual(set(expiries(rig)), {"other"})

    def test_connections_are_not_dropped(self):
        with Rig() as rig:
            keys = rig.keys()
            rig.write_clients(rig.section("web1", keys, **CALM, approval_delay="PT2S"))
            server = rig.start()
            question = rig.asking(keys)
            server.wait_line("INFO: Client web1 needs approval")
            rig.write_clients(rig.section("web1", keys, **CALM, approval_delay="PT2S"),
                              rig.section("new", rig.keys("new"), **CALM))
            self.assertEqual(reload(rig), (1, 0, 0))
            self.assertEqual(rig.finish(question).data, b"hunter2")

    def test_changed_settings_take_effect(self):
        """SRV-LIFE-30, SRV-LIFE-35, SRV-LIFE-36, SRV-STATE-10: and are durable."""
        with Rig() as rig:
            keys = rig.keys()
            rig.write_clients(rig.section("web1", keys, b"old", **CALM))
            rig.start()
            before = expiries(rig)["web1"]
            rig.start()
            rig.write_clients(rig.section("web1", keys, b"new",
                                          **{**CALM, "timeout": "PT1H30M", "host": "moved"}))
            self.assertEqual(reload(rig), (0, 1, 0))
            self.assertAlmostEqual(expiries(rig)["web1"] - before, 1800e6, delta=60e6)
            rig.start()
            self.assertEqual(rig.ask(keys).data, b"new")
            rig.write_clients(rig.section("web1", keys, b"newer",
                                          **{**CALM, "timeout": "PT1H30M", "host": "moved"}))
            self.assertEqual(reload(rig), (0, 1, 0))
            self.assertEqual(rig.ask(keys).data, b"newer")

    def test_changed_checker_is_the_next_one(self):
        """SRV-LIFE-35, SRV-LIFE-31: the new interval starts a check at once."""
        with Rig() as rig:
            keys = rig.keys()
            rig.write_clients(rig.section("web1", keys, **CALM))
            server = rig.start()
            rig.write_clients(rig.section("web1", keys, **{**CALM, "checker": "exit 7",
                                                           "interval": "PT20M"}))
            self.assertEqual(reload(rig), (0, 1, 0))
            server.wait_line("INFO: Starting checker 'exit 7' for web1")

    def test_changed_key(self):
        """SRV-CLNT-13: the keys of two clients change places, in one reload."""
        with Rig() as rig:
            a, b = rig.keys("a"), rig.keys("b")
            rig.write_clients(rig.section("a", a, b"for a", **CALM),
                              rig.section("b", b, b"for b", **CALM))
            rig.start()
            rig.write_clients(rig.section("a", b, b"for a", **CALM),
                              rig.section("b", a, b"for b", **CALM))
            self.assertEqual(reload(rig), (0, 2, 0))
            self.assertEqual(rig.ask(a).data, b"for b")
            self.assertEqual(rig.ask(b).data, b"for a")

    def test_disabled_and_enabled_by_the_file(self):
        """SRV-STATE-10 for "enabled"; a kill directly after does not bring anybody back."""
        with Rig() as rig:
            keys = rig.keys()
            rig.write_clients(rig.section("web1", keys, **CALM))
            rig.start()
            self.assertEqual(rig.ask(keys).kind, "given")
            rig.write_clients(rig.section("web1", keys, **CALM, enabled="no"))
            self.assertEqual(reload(rig), (0, 1, 0))
            self.assertEqual(rig.ask(keys).kind, "refused")
            rig.stop(signal.SIGKILL)
            rig.start()
            self.assertEqual(rig.ask(keys).kind, "refused")
            rig.write_clients(rig.section("web1", keys, **CALM))
            self.assertEqual(reload(rig), (0, 1, 0))
            self.assertEqual(rig.ask(keys).kind, "given")

    def test_expired_client_stays_disabled(self):
        """Neither a reload without a change nor one with another change brings it back."""
        with Rig() as rig:
            keys = rig.keys()
            dying = {"checker": "false", "timeout": "PT2S", "interval": "PT1S"}
            rig.write_clients(rig.section("web1", keys, **dying))
            server = rig.start()
            server.wait_line("WARNING: Client web1 is disabled now")
            self.assertEqual(reload(rig), (0, 0, 0))
            rig.write_clients(rig.section("web1", keys, **{**dying, "timeout": "PT1H"}))
            self.assertEqual(reload(rig), (0, 1, 0))
            self.assertEqual(rig.ask(keys).kind, "refused")


class Refusing(unittest.TestCase):
    """An error keeps the old configuration, and says where it is."""

    def check_kept(self, spoil, pattern):
        with Rig() as rig:
            keys = rig.keys()
            rig.write_clients(rig.section("web1", keys, **CALM))
            server = rig.start()
            spoil(rig, keys)
            reload(rig, KEPT)
            self.assertRegex(server.text(), pattern)
            self.assertEqual(rig.ask(keys).kind, "given")

    def test_syntax_error(self):
        """SRV-INI-12"""
        self.check_kept(lambda rig, keys: rig.write_clients("[web1]\nbare word\n"),
                        r"clients\.conf:4: ")

    def test_bad_value_in_another_section(self):
        """SRV-CLNT-11: at the start it would leave out that client; a reload is all or nothing."""
        self.check_kept(lambda rig, keys: rig.write_clients(rig.section("b", timeout="soon")),
                        r"clients\.conf:\d+: \[b\] timeout: ")

    def test_unreadable_after_privileges_were_dropped(self):
        """Not taken for an empty file, which would drop everybody."""
        def spoil(rig, _):
            (rig.config / "clients.conf").chmod(0o600)
        self.check_kept(spoil, "give it to the server's group with mode 0640")

    def test_unreadable_drop_in(self):
        def spoil(rig, _):
            (rig.config / "clients.d").mkdir()
            (rig.config / "clients.d/a.conf").touch(0o600)
        self.check_kept(spoil, r"clients\.d/a\.conf: cannot be read: Permission denied")


class DroppingIn(unittest.TestCase):
    """clients.d/*.conf"""

    def test_files_are_joined(self):
        """SRV-INI-5: DEFAULT of clients.conf counts for all, a file's own for itself and first."""
        with Rig() as rig:
            keys = [rig.keys(str(i)) for i in range(3)]
            folder = rig.config / "clients.d"
            folder.mkdir()
            rig.write_clients(rig.section("zero", keys[0], b"0"), default="checker = echo main\n"
                              "interval = PT1S\nhost = shared")
            (folder / "a.conf").write_text("[DEFAULT]\nchecker = echo own %%(host)s\n" +
                                           rig.section("one", keys[1], b"1"))
            (folder / "b.conf").write_text(rig.section("two", keys[2], b"2"))
            (folder / "ignored").write_text("not a drop-in, so never read")
            (folder / ".hidden.conf").write_text("nor this")
            server = rig.start()
            for i in range(3):
                self.assertEqual(rig.ask(keys[i]).data, str(i).encode())
            server.wait_line("Starting checker 'echo main' for zero")
            server.wait_line("Starting checker 'echo own shared' for one")
            server.wait_line("Starting checker 'echo main' for two")
            (folder / "a.conf").unlink()
            self.assertEqual(reload(rig), (0, 0, 1))
            self.assertEqual(rig.ask(keys[1]).kind, "refused")

    def test_one_name_in_two_files(self):
        """SRV-INI-6: an error over files too; both places are named."""
        with Rig() as rig:
            (rig.config / "clients.d").mkdir()
            rig.write_clients(rig.section("web1", **CALM))
            (rig.config / "clients.d/x.conf").write_text(rig.section("web1", **CALM))
            server = rig.start(ready=False)
            self.assertEqual(server.wait(), 1)
            self.assertRegex(server.text(),
                             r"clients\.d/x\.conf:1: .*\[web1\].*clients\.conf:\d+")


if __name__ == "__main__":
    unittest.main(verbosity=2)
