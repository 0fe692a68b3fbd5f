# SPDX-License-Identifier: GPL-3.0-or-later
"""The move from Debian's server to ours, on the same configuration and state directory."""

import pathlib
import sqlite3
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "lib"))
from reference import ReferenceRig  # noqa: E402
from rig import Rig  # noqa: E402

DATA = pathlib.Path(__file__).parent.parent / "data" / "pickle"


def rows(rig):
    """The saved state of a server that has ended: a dict of columns for each name."""
    connection = sqlite3.connect(f"file:{rig.state / 'clients.db'}?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    try:
        return {row["name"]: dict(row) for row in connection.execute("SELECT * FROM client")}
    finally:
        connection.close()


class FromTheReference(unittest.TestCase):
    """Debian's server runs, is changed, ends; ours goes on."""

    def test_what_was_changed_stays_changed(self):
        """SRV-PKG-9, SRV-PKL-1, SRV-PKL-3, SRV-PKL-4, SRV-PKL-5, SRV-PKL-6, SRV-STATE-10,
        SRV-STATE-13, SRV-STATE-18: refusals first of all."""
        names = ("plain", "off", "tuned", "secret", "gone", "byfile", "edited")

        def change(rig):
            rig.client("plain", "CheckedOK")
            rig.client("off", "Disable")
            rig.set("tuned", "Timeout", "t", "540000")
            rig.set("tuned", "Host", "s", "tuned.example.net")
            rig.set("edited", "Timeout", "t", "540000")
            rig.set("edited", "Interval", "t", "60000")
            rig.set("secret", "Secret", "ay", "3", *map(str, b"new"))
            rig.call("/", "se.recompile.Mandos", "RemoveClient", "o", "/clients/gone")

        def sections(**edited):
            return [rig.section(name, keys[name], b"secret of " + name.encode(), checker="true",
                                interval="PT1H",
                                **({"enabled": "no"} if name == "byfile" else {}),
                                **(edited if name == "edited" else {})) for name in names]

        with ReferenceRig() as rig:
            keys = {name: rig.keys(name) for name in names}
            rig.write_clients(*sections())
            rig.write_state(change)
            rig.write_clients(*sections(timeout="PT11M"))
            server = rig.start()
            for name in ("plain", "tuned", "edited"):
                self.assertEqual(rig.ask(keys[name]).data, b"secret of " + name.encode())
            for name in ("off", "gone", "byfile"):
                self.assertEqual(rig.ask(keys[name]).kind, "refused", name)
            server.wait_line("INFO: Imported the state of 7 clients")
            self.assertEqual(rig.ask(keys["secret"]).data, b"new")
            self.assertIn("INFO: The secret of client secret was changed at run time, and is "
                          "carried over", server.text())
            self.assertNotIn("client plain was changed", server.text())
            self.assertNotIn("could not be read", server.text())
            self.assertFalse((rig.state / "clients.pickle").exists())
            self.assertTrue((rig.state / "clients.pickle.imported").exists())
            self.assertEqual(rig.stop(), 0)
            saved = rows(rig)
            self.assertNotIn(b"new", saved["secret"]["sealed"])
            self.assertEqual(saved["tuned"]["current_host"], "tuned.example.net")
            self.assertEqual(saved["tuned"]["current_timeout"], 540_000_000)
            self.assertEqual(saved["edited"]["current_timeout"], 660_000_000)
            self.assertEqual(saved["edited"]["current_interval"], 60_000_000)
            self.assertEqual(saved["gone"]["removed"], 1)
            self.assertEqual(saved["off"]["enabled"], 0)
            # A disabled one stays disabled, and the file is not looked for any more.
            server = rig.start()
            self.assertEqual(rig.ask(keys["off"]).kind, "refused")
            self.assertNotIn("clients.pickle", server.text())

    def test_expiry_goes_on(self):
        """SRV-STATE-13, SRV-LIFE-3: the client is the old one, and gets what any start gives."""
        with ReferenceRig() as rig:
            keys = rig.keys()
            rig.write_clients(rig.section("web1", keys, checker="false", timeout="PT1H",
                                          interval="PT5M"))
            rig.write_state(lambda rig: None)
            before = rig.state / "clients.pickle"
            ended = before.stat().st_mtime
            rig.start()
            self.assertEqual(rig.stop(), 0)
            row = rows(rig)["web1"]
            self.assertLess(row["expires"], (time.time() + 3600) * 1_000_000)
            self.assertLess(row["created"], ended * 1_000_000)


class WithAFile(unittest.TestCase):
    """A file that the reference has written before: tests/data/README.md."""

    def rig_with(self, data):
        rig = Rig()
        self.addCleanup(rig.close)
        (rig.state / "clients.pickle").write_bytes(data)
        (rig.state / "clients.pickle").chmod(0o644)
        return rig

    def test_key_id_that_the_old_server_did_not_know(self):
        """SRV-STATE-11, W-33: the configured one counts."""
        rig = self.rig_with((DATA / "one.pickle").read_bytes().replace(b"key_id", b"key_ix"))
        keys = rig.keys()
        rig.write_clients(rig.section("plain", keys, checker="true"))
        rig.start()
        rig.stop()
        self.assertEqual(rows(rig)["plain"]["current_key_id"].hex(), keys.key_id)

    def test_damaged_file(self):
        """SRV-STATE-5, SRV-PKL-1: left as it is, and nobody is trusted."""
        for data in (b"", b"no pickle", (DATA / "one.pickle").read_bytes()[:-1]):
            with self.subTest(data[:10]):
                rig = self.rig_with(data)
                keys = rig.keys()
                rig.write_clients(rig.section("plain", keys, checker="true"))
                server = rig.start()
                server.wait_line("ERROR: .*/clients.pickle, the state of the server before this "
                                 "one, cannot be used .* to try again with a good copy")
                self.assertEqual(rig.ask(keys).kind, "refused")
                self.assertEqual((rig.state / "clients.pickle").read_bytes(), data)
                rig.stop()
                # The next start still trusts nobody.
                server = rig.start()
                self.assertEqual(rig.ask(keys).kind, "refused")
                server.wait_line("WARNING: .*/clients.pickle is ignored")

    def test_without_restore(self):
        """SRV-STATE-4: --no-restore looks at no old state, and leaves it."""
        rig = self.rig_with(b"no pickle")
        keys = rig.keys()
        rig.write_clients(rig.section("plain", keys, checker="true"))
        rig.start("--no-restore")
        self.assertEqual(rig.ask(keys).kind, "given")
        self.assertTrue((rig.state / "clients.pickle").exists())

    def test_secret_that_was_changed_in_the_file_too(self):
        """SRV-STATE-12, SRV-PKL-7: no damage; the file counts."""
        rig = self.rig_with((DATA / "one.pickle").read_bytes())
        rig.write_clients(rig.section("plain", rig.keys(), b"another"))
        server = rig.start()
        server.wait_line("DEBUG: Failed to decrypt plain old secret")

    def test_client_that_is_not_configured_any_more(self):
        """SRV-STATE-17: forgotten, so that it is new when it comes again."""
        rig = self.rig_with((DATA / "changed.pickle").read_bytes())
        keys = rig.keys()
        rig.write_clients(rig.section("other", keys, checker="true"))
        rig.start()
        rig.stop()
        self.assertEqual(list(rows(rig)), ["other"])


if __name__ == "__main__":
    unittest.main()
