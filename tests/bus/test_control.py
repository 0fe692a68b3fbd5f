# SPDX-License-Identifier: GPL-3.0-or-later
"""What this server offers on D-Bus and the reference does not: the server itself, and reasons."""

import os
import signal
import stat
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from bus import ERROR, NAME, PROPERTIES, SERVER, STATUS, Bus, Failed  # noqa: E402
from rig import Rig, wait_for  # noqa: E402

QUIET = "checker = true\ninterval = P20D\ntimeout = P40D\n"
STAMP = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$"


class Case(unittest.TestCase):
    def setUp(self):
        self.rig = self.enterContext(Rig(dbus=True))
        self.bus = Bus(self.rig)
        self.bus.start()
        self.n_keys = 0
        self.keys = self.new_keys()

    def new_keys(self):
        self.n_keys += 1
        return self.rig.keys(f"client{self.n_keys}")

    def write(self, *sections):
        self.rig.write_clients(*sections, default=QUIET)

    def start(self, *options):
        server = self.rig.start(*options, environment=self.bus.environment)
        self.peer = self.enterContext(self.bus.peer())
        wait_for("the bus name", self.peer.has_owner)
        self.peer.subscribe()
        return server

    def restart(self, sig=signal.SIGTERM):
        self.rig.stop(sig)
        return self.start()

    def get(self, name):
        return self.peer.get("/", name, SERVER)

    def ask(self):
        return self.rig.ask(self.keys).kind

    def assert_fails(self, error, words, call, *arguments):
        with self.assertRaises(Failed) as caught:
            call(*arguments)
        self.assertEqual(caught.exception.name, ERROR + error, caught.exception)
        self.assertRegex(caught.exception.args[1], words)


class Lockdown(Case):
    """Nothing is given until it is lifted: a switch that outlives everything."""

    def lock(self, on):
        self.peer.set("/", "Lockdown", "b", on, SERVER)

    def changes(self):
        """What was announced of the server's properties."""
        self.peer.server("GetAllClients")
        signals, self.peer.signals = self.peer.signals, []
        return {name: value for s in signals
                if (s.interface, s.path) == (PROPERTIES, "/") and s.body[0] == SERVER
                for name, value in s.body[1].items()}

    def test_begun_and_lifted(self):
        self.write(self.rig.section("web1", self.keys))
        server = self.start()
        self.assertEqual((self.get("Lockdown"), self.get("LockdownTime")), (False, ""))
        self.assertEqual(self.ask(), "given")
        self.changes()
        self.lock(True)
        told = self.changes()
        self.assertEqual(told["Lockdown"], True)
        self.assertRegex(told["LockdownTime"], STAMP)
        server.wait_line("WARNING: Lockdown: no client is given its password")
        self.assertEqual(self.ask(), "refused")
        rejected = [s for s in self.peer.signals_until("Rejected") if s.member == "Rejected"]
        self.assertEqual(rejected[0].body, ("Lockdown",))
        self.assertTrue(self.peer.get("/clients/web1", "Enabled"))
        self.lock(True)
        self.assertEqual(self.changes(), {}, "nothing new")
        self.lock(False)
        self.assertEqual(self.changes(), {"Lockdown": False, "LockdownTime": ""})
        self.assertEqual(self.ask(), "given")

    def test_outlives_everything(self):
        """kill -9, an orderly end, a reload, and a start that wants no other state."""
        self.write(self.rig.section("web1", self.keys))
        self.start()
        self.lock(True)
        since = self.get("LockdownTime")
        for restart in (lambda: self.restart(signal.SIGKILL), self.restart,
                        lambda: (self.rig.stop(), self.start("--no-restore")),
                        lambda: self.peer.server("Reload", interface=SERVER)):
            restart()
            self.assertEqual((self.get("Lockdown"), self.get("LockdownTime")), (True, since))
            self.assertEqual(self.ask(), "refused")
        self.rig.server.wait_line("WARNING: A lockdown is in force")
        self.lock(False)
        self.restart(signal.SIGKILL)
        self.assertEqual(self.ask(), "given")

    def test_whoever_waits_is_refused_at_once(self):
        self.write(self.rig.section("web1", self.keys, approval_delay="PT1H"))
        self.start()
        question = self.rig.asking(self.keys)
        self.peer.signals_until("NeedApproval")
        self.lock(True)
        self.assertEqual(self.rig.finish(question).kind, "refused")
        self.peer.client("/clients/web1", "Approve", "b", True)
        self.assertEqual(self.ask(), "refused", "no approval helps")

    def test_not_seen_meanwhile(self):
        """A client that times out then may have waited for its password: that is its reason."""
        self.write(self.rig.section("web1", self.keys, timeout="PT3S", interval="PT1S",
                                    checker="false"))
        self.start()
        self.lock(True)
        wait_for("the timeout", lambda: not self.peer.get("/clients/web1", "Enabled"))
        self.assertEqual(self.peer.get("/clients/web1", "DisabledReason", STATUS), "lockdown")
        self.rig.server.wait_line("is disabled now: it was not seen for its timeout during a lock")
        self.lock(False)
        self.assertEqual(self.ask(), "refused", "for it was not seen")

    def test_wrong_value(self):
        self.write()
        self.start()
        self.assert_fails("InvalidArgs", "boolean", self.peer.set, "/", "Lockdown", "s", "yes",
                          SERVER)
        self.assert_fails("PropertyReadOnly", "Version", self.peer.set, "/", "Version", "s", "9",
                          SERVER)


class Reasons(Case):
    """Why a client is disabled, and since when: kept with the state."""

    def status(self, name):
        found = self.peer.get_all(f"/clients/{name}", STATUS)
        return found["DisabledReason"], found["DisabledTime"]

    def test_each(self):
        self.write(self.rig.section("conf", enabled="no"), self.rig.section("admin"),
                   self.rig.section("time", timeout="PT1S", interval="PT1S", checker="false"),
                   self.rig.section("fine"))
        self.start()
        self.assertEqual(self.status("fine"), ("", ""))
        self.peer.client("/clients/admin", "Disable")
        wait_for("the timeout", lambda: not self.peer.get("/clients/time", "Enabled"))
        before = {name: self.status(name) for name in ("conf", "admin", "time")}
        self.assertEqual([before[name][0] for name in before],
                         ["configuration", "administrator", "timeout"])
        for reason, when in before.values():
            self.assertRegex(when, STAMP, reason)
        self.restart(signal.SIGKILL)
        self.assertEqual({name: self.status(name) for name in before}, before)
        self.peer.client("/clients/admin", "Enable")
        self.assertEqual(self.status("admin"), ("", ""))

    def test_told(self):
        """With the change of Enabled; and in each listing."""
        self.write(self.rig.section("web1"))
        self.start()
        self.peer.client("/clients/web1", "Disable")
        found = {}
        for s in self.peer.signals_until("PropertyChanged", path="/clients/web1"):
            del s
        while "DisabledTime" not in found:
            s = self.peer.next_signal()
            if s.interface == PROPERTIES and s.body[0] == STATUS:
                found |= s.body[1]
        self.assertEqual(found["DisabledReason"], "administrator")
        managed, = self.peer.call(NAME, "/", "org.freedesktop.DBus.ObjectManager",
                                  "GetManagedObjects")
        self.assertEqual(managed["/clients/web1"][STATUS], found)


class Adding(Case):
    """Clients that nobody wrote into clients.conf."""

    def add(self, text):
        return self.peer.server("AddClient", "ay", text.encode(), interface=SERVER)[0]

    def paths(self):
        return self.peer.server("GetAllClients")[0]

    def files(self):
        return sorted(path.name for path in (self.rig.state / "clients.d").iterdir())

    def test_life(self):
        """Added, given its password, there after kill -9 and reload; removed, and gone for good."""
        self.write(self.rig.section("old"))
        server = self.start()
        text = self.rig.section("new-1", self.keys)
        self.assertEqual(self.add(text), ["/clients/new_1"])
        server.wait_line("INFO: Client new-1 is added: an administrator said so")
        self.peer.signals_until("ClientAdded", path="/")
        self.assertEqual(self.ask(), "given")
        self.assertEqual(self.files(), ["new-1.conf"])
        state = (self.rig.state / "clients.d/new-1.conf").stat()
        self.assertEqual(stat.S_IMODE(state.st_mode), 0o600)
        self.assertEqual(state.st_uid, (self.rig.state / "clients.db").stat().st_uid)
        self.restart(signal.SIGKILL)
        self.peer.server("Reload", interface=SERVER)
        self.assertEqual(self.ask(), "given")
        self.peer.client("/clients/new_1", "Disable")
        self.restart(signal.SIGKILL)
        self.assertEqual(self.ask(), "refused")
        self.peer.server("RemoveClient", "o", "/clients/new_1")
        self.assertEqual(self.files(), [])
        self.restart(signal.SIGKILL)
        self.assertEqual(self.paths(), ["/clients/old"])
        self.add(text)
        self.assertEqual(self.ask(), "given", "as one that nobody has seen before")

    def test_several(self):
        self.write()
        self.start()
        names = [f"c{n}" for n in range(5)]
        self.assertEqual(self.add("".join(self.rig.section(name, self.new_keys())
                                          for name in names)),
                         [f"/clients/{name}" for name in names])
        self.restart()
        self.assertEqual(set(self.paths()), {f"/clients/{name}" for name in names})

    def test_odd_values(self):
        """Whatever a section can say comes back; no DEFAULT of clients.conf has a say in it."""
        self.rig.write_clients(default=QUIET + "host = default\n")
        self.start()
        name = "näme/of: 100%%"
        self.add(f"[{name}]\nkey_id = {self.keys.key_id}\nsecret = aHVudGVyMg==\n"
                 "checker = printf '%%%%s' %%(host)s\n  second line\n"
                 "timeout = 1d 12h\ninterval = PT90S\nextended_timeout = P2W\n"
                 "approval_delay = PT7S\napproved_by_default = no\n")
        path, = self.paths()
        before = self.peer.get_all(path)
        self.assertEqual(before["Checker"], "printf '%%s' %(host)s\nsecond line")
        self.assertEqual(before["Host"], "")
        self.assertEqual(before["Timeout"], 36 * 3600 * 1000)
        self.assertEqual(before["ApprovalDelay"], 7000)
        self.restart()
        after = self.peer.get_all(path)
        for changing in ("Expires",):
            del before[changing], after[changing]
        self.assertEqual(after, before)

    def test_refused(self):
        """What is wrong is said, with its line; nothing has changed."""
        other = self.new_keys()
        self.write(self.rig.section("old", self.keys), self.rig.section("gone"))
        self.start()
        self.peer.server("RemoveClient", "o", "/clients/gone")
        before = self.paths()
        good = self.rig.section("good", other)
        for error, words, text in (
                ("InvalidArgs", "there is no client in it", ""),
                ("InvalidArgs", r"new client:1: ", "nonsense\n"),
                ("InvalidArgs", r"new client:\d+: \[x\] timeout: ",
                 good + self.rig.section("x", self.new_keys(), timeout="soon")),
                ("InvalidArgs", r"\[x\] secret: missing", good +
                 self.rig.section("x", self.new_keys(), secret=None)),
                ("InvalidArgs", r"\[x\] has no key_id", good + self.rig.section("x")),
                ("InvalidArgs", r"\[twin\] has no key_id of its own", good +
                 self.rig.section("twin", other)),
                ("FileExists", "there is a client old already", good + self.rig.section(
                    "old", self.new_keys())),
                ("FileExists", "clients.conf has a client gone, which was removed", good +
                 self.rig.section("gone", self.new_keys())),
                ("FileExists", r"the key_id of \[x\] is that of client old", good +
                 self.rig.section("x", self.keys)),
                ("Failed", "File name too long", self.rig.section("x" * 300, other))):
            with self.subTest(words):
                self.assert_fails(error, words, self.add, text)
                self.assertEqual((self.paths(), self.files()), (before, []))
        self.assertEqual(self.add(good), ["/clients/good"])

    def test_folder_that_cannot_be_written(self):
        """Neither is there a client then, nor do those that are written first stay."""
        self.write()
        self.start()
        (self.rig.state / "clients.d/b.conf").mkdir()
        self.assert_fails("FileExists", r"clients\.d/b\.conf: ", self.add, self.rig.section(
            "a", self.keys) + self.rig.section("b", self.new_keys()))
        self.assertEqual((self.paths(), self.files()), ([], ["b.conf"]))
        (self.rig.state / "clients.d/b.conf").rmdir()
        (self.rig.state / "clients.d").rename(self.rig.state / "away")
        self.assert_fails("Failed", r"clients\.d: No such file", self.add,
                          self.rig.section("a", self.keys))
        self.assertEqual(self.ask(), "refused")

    def test_configured_too(self):
        """clients.conf wins, and the other one is said to be left out."""
        self.write()
        self.start()
        self.add(self.rig.section("web1", self.new_keys()))
        self.rig.stop()
        self.write(self.rig.section("web1", self.keys))
        server = self.start()
        server.wait_line(r"ERROR: .*/clients\.d/web1\.conf:\d+: \[web1\]: clients.conf has a client "
                         "of this name too; remove the file")
        self.assertEqual(self.ask(), "given")

    def test_broken_file(self):
        """It leaves out its client only, and its refusal is not forgotten."""
        self.write(self.rig.section("old", self.keys))
        self.start()
        new = self.new_keys()
        self.add(self.rig.section("new", new))
        self.peer.client("/clients/new", "Disable")
        self.rig.stop()
        file = self.rig.state / "clients.d/new.conf"
        good = file.read_text()
        file.write_text("garbage\n" + good)
        self.start()
        self.assertEqual(self.ask(), "given")
        self.assert_fails("Failed", r"new\.conf:1: ", self.peer.call, NAME, "/", SERVER, "Reload")
        self.rig.stop()
        file.write_text(good)
        self.start()
        self.assertEqual(self.rig.ask(new).kind, "refused")

    def test_no_file_of_root(self):
        """A secfile in one is read as the server's user."""
        self.write()
        self.start()
        self.rig.stop()
        self.assertEqual(os.geteuid(), 0, "this test needs root")
        self.assertNotEqual((self.rig.state / "clients.db").stat().st_uid, 0)
        secret = self.rig.folder / "of-root"
        secret.write_text("hunter2")
        secret.chmod(0o600)
        (self.rig.state / "clients.d/x.conf").write_text(
            f"[x]\nkey_id = {self.keys.key_id}\nsecfile = {secret}\n")
        (self.rig.state / "clients.d/x.conf").chmod(0o644)
        server = self.start()
        server.wait_line(r"\[x\] secfile: the file cannot be read: Permission denied")
        self.assertEqual(self.ask(), "refused")


class Rest(Case):
    """Reload, SetLogLevel, and what the server says of itself."""

    def test_reload(self):
        """Answered when it is in force; or with the first thing that is wrong."""
        self.write(self.rig.section("web1", self.keys))
        self.start()
        self.write(self.rig.section("web1", self.keys), self.rig.section("web2"))
        self.assertEqual(self.peer.server("Reload", interface=SERVER), ())
        self.assertEqual(self.peer.server("GetAllClients")[0], ["/clients/web1", "/clients/web2"])
        self.write(self.rig.section("web1", self.keys, timeout="soon"))
        self.assert_fails("Failed", r"clients\.conf:\d+: \[web1\] timeout: ", self.peer.call, NAME,
                          "/", SERVER, "Reload")
        self.assertEqual(len(self.peer.server("GetAllClients")[0]), 2)

    def test_log_level(self):
        """SRV-LOG-4: at run time, in any case of letters."""
        self.write()
        server = self.start()
        for level in ("error", "DEBUG"):
            self.peer.server("SetLogLevel", "s", level, interface=SERVER)
            server.wait_line(f"{level.upper()}: Logging {level.upper()} and above from now on")
            self.assertEqual(self.get("LogLevel"), level.upper())
        self.assert_fails("InvalidArgs", "CRITICAL, ERROR, WARNING, INFO or DEBUG",
                          self.peer.call, NAME, "/", SERVER, "SetLogLevel", "s", "LOUD")

    def test_counts(self):
        self.write(self.rig.section("web1", self.keys), self.rig.section("off", enabled="no"),
                   self.rig.section("slow", checker="sleep 1000"))
        self.start()
        self.peer.client("/clients/slow", "StartChecker")
        self.assertEqual(self.ask(), "given")
        self.peer.client("/clients/web1", "Disable")
        self.assertEqual(self.ask(), "refused")
        self.assertEqual(self.rig.ask(self.new_keys()).kind, "refused")
        wait_for("the checker", lambda: self.get("CheckersRunning") == 1)
        found = self.peer.get_all("/", SERVER)
        self.assertRegex(found.pop("Started"), STAMP)
        self.assertRegex(found.pop("Version"), r"^\d+\.\d+\.\d+$")
        self.assertEqual(found, {
            "Address": "", "Port": self.rig.port, "LogLevel": "DEBUG", "Lockdown": False,
            "LockdownTime": "", "Clients": 3, "EnabledClients": 1, "WaitingClients": 0,
            "CheckersRunning": 1, "CheckersWaiting": 0, "PasswordsGiven": 1,
            "PasswordsRefused": 1, "UnknownKeys": 1})


if __name__ == "__main__":
    unittest.main()
