# SPDX-License-Identifier: GPL-3.0-or-later
"""mandos-dispatch on a real bus, with this server and with a played one."""

import json
import os
import pwd
import re
import shlex
import signal
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from bus import (CLIENT, MANAGER, NAME, OLD_NAME, POLICY, PROPERTIES, Bus, Failed,  # noqa: E402
                 Peer, Variant)
from rig import BUILD, DEADLINE, Rig, wait_for  # noqa: E402

DISPATCH = str(BUILD / "mandos-dispatch")
CTL = str(BUILD / "mandos-ctl")
INTEGRATION = Path(__file__).resolve().parents[2] / "integration"
# Some user that is there everywhere, and is neither root nor the server's.
USER = "daemon"
UID = pwd.getpwnam(USER).pw_uid
SERVER = NAME + ".Server"
QUIET = {"checker": "true", "interval": "P20D", "timeout": "P40D"}

RECORDER = """import json, os, sys
status = dict(line.split(":\\t") for line in open("/proc/self/status") if ":\\t" in line)
told = dict(os.environ, INPUT=sys.stdin.read(), UID=str(os.getuid()), GROUPS=str(os.getgroups()),
            ARGV=json.dumps(sys.argv[2:]), NNP=status["NoNewPrivs"].strip(),
            CAPS=status["CapEff"].strip("0\\n"), CWD=os.getcwd())
with open(sys.argv[1], "a") as file:
    file.write(json.dumps(told) + "\\n")
"""


class Case(unittest.TestCase):
    """A bus with both policies, a folder for what hooks were told, and the program."""

    def setUp(self):
        self.rig = self.enterContext(Rig(dbus=True))
        policy = self.rig.folder / "policy.conf"
        ours = self.rig.folder / "dispatch-policy.conf"
        ours.write_text((INTEGRATION / "dbus/mandos-dispatch.conf").read_text()
                        .replace("_mandos-dispatch", USER))
        policy.write_text(f"<busconfig><include>{POLICY}</include><include>{ours}</include>"
                          "</busconfig>")
        self.bus = Bus(self.rig, policy)
        self.out = self.rig.folder / "out"
        self.out.mkdir()
        self.out.chmod(0o777)
        self.recorder = self.rig.folder / "record.py"
        self.recorder.write_text(RECORDER)
        self.record = self.out / "record"
        self.config = self.rig.config / "mandos-dispatch.conf"
        self.dispatch = None

    def command(self, *words):
        return f"/usr/bin/python3 -I {self.recorder} {self.record} {shlex.join(words)}"

    def hook(self, name="all", command=None, **settings):
        lines = [f"[{name}]", f"command = {command or self.command()}"]
        return "\n".join(lines + [f"{key} = {value}" for key, value in settings.items()]) + "\n"

    def configure(self, *hooks):
        self.config.write_text("\n".join(hooks) or "[DEFAULT]\n")

    def start(self, wait="Following the Mandos server"):
        self.dispatch = self.rig.spawn(
            [DISPATCH, "--debug", "--config", self.config, "--user", USER],
            env={**os.environ, **self.bus.environment, "OF_OURS": "1"})
        if wait:
            self.dispatch.wait_line(wait)

    def told(self, n):
        """What hooks were told, once it is at least so much."""
        def lines():
            return self.record.read_text().splitlines() if self.record.exists() else []
        wait_for(f"{n} of {[json.loads(line)['MANDOS_TEXT'] for line in lines()]}",
                 lambda: len(lines()) >= n)
        return [json.loads(line) for line in lines()]

    def words(self, n):
        """In short, in any order: commands run side by side."""
        return sorted((t["MANDOS_EVENT"], t["MANDOS_CLIENT"]) for t in self.told(n))


class WithServer(Case):
    """With this server."""

    def setUp(self):
        super().setUp()
        self.bus.start()
        self.peer = self.enterContext(self.bus.peer())

    def clients(self, *sections, default=""):
        self.rig.write_clients(*sections, default=default)

    def section(self, name, keys=None, **settings):
        return self.rig.section(name, keys, **{**QUIET, **settings})

    def serve(self):
        self.rig.start(environment=self.bus.environment)
        wait_for("the server", self.peer.has_owner)

    def disable(self, name):
        self.peer.set("/clients/" + name, "Enabled", "b", False)

    def enable(self, name):
        self.peer.set("/clients/" + name, "Enabled", "b", True)

    def test_answer_to_a_question(self):
        """DBUS-SIG-3, DBUS-SIG-4: what is told of a client that asks lets it in as it stands."""
        keys = self.rig.keys()
        name = "-it's $(a) client"
        self.clients(self.section(name, keys, approval_delay="PT50S", approved_by_default="False"),
                     self.section("it's", approved_by_default="False"))
        self.configure(self.hook())
        self.serve()
        self.start()
        question = self.rig.asking(keys)
        told = self.told(1)[0]
        self.assertEqual(told["MANDOS_EVENT"], "need-approval")
        self.assertEqual(told["MANDOS_CLIENT"], name)
        self.assertEqual(told["MANDOS_KEY_ID"], keys.key_id.upper())
        self.assertEqual(told["MANDOS_COUNT"], "1")
        self.assertRegex(told["MANDOS_TEXT"], r"asks for its password, and is refused in \d+ seconds")
        self.assertEqual(told["INPUT"].splitlines(),
                         [told["MANDOS_TEXT"], "To approve: " + told["MANDOS_ANSWER"],
                          "To deny: " + told["MANDOS_ANSWER_DENY"]])
        answer = shlex.split(told["MANDOS_ANSWER"])
        self.assertEqual(answer[0], "mandos-ctl")
        subprocess.run([CTL, *answer[1:]], check=True, timeout=DEADLINE,
                       env={**os.environ, **self.bus.environment})
        self.assertEqual(self.rig.finish(question).data, b"hunter2")
        self.assertEqual(self.words(2), [("got-secret", name), ("need-approval", name)])

    def test_every_event_of_clients(self):
        """DBUS-SRV-12, DBUS-SIG-5, DBUS-CHG-4: and what is no event."""
        keys, stranger = self.rig.keys(), self.rig.keys("stranger")
        self.clients(self.section("web1", keys), self.section("off", enabled="False"),
                     self.section("goes"))
        self.configure(self.hook())
        self.serve()
        self.start()
        self.peer.server("RemoveClient", "o", "/clients/goes")
        self.enable("off")
        self.disable("web1")
        told = self.told(1)[0]
        self.assertEqual((told["MANDOS_EVENT"], told["MANDOS_REASON"]),
                         ("disabled", "administrator"))
        self.assertIn(": an administrator said so.", told["MANDOS_TEXT"])
        self.assertEqual(self.rig.ask(keys).kind, "refused")
        self.rig.ask(stranger)
        told = {t["MANDOS_EVENT"]: t for t in self.told(3)}
        self.assertEqual(told["rejected"]["MANDOS_REASON"], "Disabled")
        self.assertEqual(told["rejected"]["MANDOS_CLIENT"], "web1")
        self.assertEqual(told["client-not-found"]["MANDOS_KEY_ID"], stranger.key_id.upper())
        self.assertIn("::1", told["client-not-found"]["MANDOS_ADDRESS"])
        self.assertEqual(told["client-not-found"]["MANDOS_CLIENT"], "")
        self.assertEqual(self.words(3), [("client-not-found", ""), ("disabled", "web1"),
                                         ("rejected", "web1")])

    def test_what_a_command_gets(self):
        """No root, no environment but the documented one, the words as they are written."""
        self.clients(self.section("web1"))
        words = ["50%", "$HOME", "a  b", "", "*"]
        self.configure(self.hook(command=self.command(*words)))
        self.serve()
        self.start()
        self.disable("web1")
        told = self.told(1)[0]
        self.assertEqual(json.loads(told.pop("ARGV")), words)
        self.assertEqual((told.pop("UID"), told.pop("GROUPS")), (str(UID), "[]"))
        self.assertEqual((told.pop("CAPS"), told.pop("CWD")), ("", "/"))
        self.assertEqual(told.pop("NNP"), "0", "sendmail may be set-group-ID")
        told.pop("INPUT")
        told.pop("LC_CTYPE", None)  # Python's own
        self.assertEqual(sorted(told), [
            "LANG", "MANDOS_ADDRESS", "MANDOS_ANSWER", "MANDOS_ANSWER_DENY", "MANDOS_CLIENT",
            "MANDOS_COUNT", "MANDOS_EVENT", "MANDOS_KEY_ID", "MANDOS_REASON", "MANDOS_TEXT", "PATH"])

    def test_hooks_choose(self):
        """Events and clients that a hook wants; a shell only for the one that asks for it."""
        self.clients(self.section("web1"), self.section("db"))
        self.configure(
            self.hook("web", events="disabled", clients="web*"),
            self.hook("none", self.command("none"), events="got-secret"),
            self.hook("shell", f'cat | {self.command()} "$MANDOS_CLIENT" $(echo x)', shell="yes",
                      clients="db"))
        self.serve()
        self.start()
        self.disable("web1")
        self.disable("db")
        told = sorted(self.told(2), key=lambda t: t["MANDOS_CLIENT"])
        self.assertEqual([json.loads(t["ARGV"]) for t in told], [["db", "x"], []])
        self.assertEqual(told[0]["INPUT"], told[0]["MANDOS_TEXT"] + "\n")

    def test_lockdown(self):
        """Its begin and its end; who asks meanwhile is refused because of it."""
        keys = self.rig.keys()
        self.clients(self.section("web1", keys))
        self.configure(self.hook())
        self.serve()
        self.start()
        self.peer.set("/", "Lockdown", "b", True, interface=SERVER)
        self.assertEqual(self.told(1)[0]["MANDOS_REASON"], "on")
        self.assertEqual(self.rig.ask(keys).kind, "refused")
        self.assertEqual(self.told(2)[1]["MANDOS_REASON"], "Lockdown")
        # It outlives the server; that it is still there is no news.
        self.rig.stop()
        self.dispatch.wait_line("The Mandos server is gone")
        after = self.dispatch.n_lines()
        self.serve()
        self.dispatch.wait_line("Following the Mandos server", after=after)
        self.peer.set("/", "Lockdown", "b", False, interface=SERVER)
        self.assertEqual([(t["MANDOS_EVENT"], t["MANDOS_REASON"]) for t in self.told(3)],
                         [("lockdown", "on"), ("rejected", "Lockdown"), ("lockdown", "off")])

    def test_server_restarted(self):
        """DBUS-BUS-6: an end is no removal, a start repeats nothing; what differs then is told."""
        self.clients(self.section("stays"), self.section("off"),
                     self.section("late", checker="false", interval="PT1S",
                                  timeout="PT15S"))
        self.configure(self.hook())
        self.serve()
        self.start()
        self.disable("off")
        self.told(1)
        for sig in (signal.SIGTERM, signal.SIGKILL):
            after = self.dispatch.n_lines()
            self.rig.stop(sig)
            self.dispatch.wait_line("The Mandos server is gone", after=after)
            self.serve()
            self.dispatch.wait_line("Following the Mandos server", after=after)
        # It expires while the server runs, or was away: once, whichever.
        self.assertEqual(self.words(2), [("disabled", "late"), ("disabled", "off")])
        self.disable("stays")
        self.assertEqual(self.words(3), [("disabled", "late"), ("disabled", "off"),
                                         ("disabled", "stays")])

    def test_disabled_while_the_server_was_away(self):
        """SRV-STATE-10: a server that was stopped comes back, and has disabled a client meanwhile."""
        self.clients(self.section("web1"), self.section("web2"), self.section("new"))
        self.configure(self.hook())
        self.serve()
        self.start()
        self.rig.stop()
        self.dispatch.wait_line("The Mandos server is gone")
        self.clients(self.section("web1", enabled="False"), self.section("web2"),
                     self.section("other", enabled="False"))
        after = self.dispatch.n_lines()
        self.serve()
        self.dispatch.wait_line("Following the Mandos server", after=after)
        self.assertEqual(self.words(1), [("disabled", "web1")])
        self.assertEqual(self.told(1)[0]["MANDOS_REASON"], "configuration")
        self.disable("web2")
        self.assertEqual(self.words(2), [("disabled", "web1"), ("disabled", "web2")])

    def test_disabled_while_the_bus_was_away(self):
        """DBUS-BUS-5: nobody could hear it, and it is told all the same, once."""
        self.clients(self.section("off", enabled="False"), self.section("other"),
                     self.section("late", checker="false", interval="PT1S",
                                  timeout="PT12S"))
        self.configure(self.hook())
        self.serve()
        self.start()
        after = self.dispatch.n_lines()
        self.bus.stop()
        self.dispatch.wait_line("The system bus is gone", after=after)
        self.rig.server.wait_line("Client late is disabled now")
        self.bus.start()
        self.peer = self.enterContext(self.bus.peer())
        self.dispatch.wait_line("Following the Mandos server", after=after)
        self.assertEqual(self.words(1), [("disabled", "late")])
        wait_for("the server", self.peer.has_owner)
        self.disable("other")
        self.assertEqual(self.words(2), [("disabled", "late"), ("disabled", "other")])

    def test_reload(self):
        """SIGHUP: a good one is in force, a bad one is not."""
        self.clients(self.section("a"), self.section("b"), self.section("c"))
        self.configure(self.hook(command=self.command("old")))
        self.serve()
        self.start()
        self.disable("a")
        self.told(1)
        self.configure(self.hook(), "[bad]\ncomand = x\n")
        self.dispatch.popen.send_signal(signal.SIGHUP)
        self.dispatch.wait_line(r"mandos-dispatch.conf:\d+: there is no setting 'comand'")
        self.dispatch.wait_line("the old one stays in force")
        self.disable("b")
        self.told(2)
        self.configure(self.hook(command=self.command("new")))
        self.dispatch.popen.send_signal(signal.SIGHUP)
        self.dispatch.wait_line("The configuration was read anew: 1 hooks")
        self.disable("c")
        self.assertEqual([json.loads(t["ARGV"]) for t in self.told(3)], [["old"], ["old"], ["new"]])

    def test_policy(self):
        """DBUS-BUS-7: the user of hooks may listen and read; nothing that it starts may do more."""
        self.clients(self.section("web1"))
        self.serve()
        with self.bus.peer(uid=UID) as listener:
            listener.subscribe()
            self.assertIn("/clients/web1",
                          listener.call(NAME, "/", MANAGER, "GetManagedObjects")[0])
            for path, interface, member, signature, *arguments in (
                    ("/clients/web1", CLIENT, "Approve", "b", True),
                    ("/clients/web1", CLIENT, "Disable", ""),
                    ("/clients/web1", PROPERTIES, "Set", "ssv", CLIENT, "Enabled",
                     Variant("b", False)),
                    ("/clients/web1", PROPERTIES, "Get", "ss", CLIENT, "Checker"),
                    ("/", PROPERTIES, "Set", "ssv", SERVER, "Lockdown", Variant("b", False)),
                    ("/", NAME, "RemoveClient", "o", "/clients/web1")):
                with self.subTest(member), self.assertRaises(Failed) as caught:
                    listener.call(NAME, path, interface, member, signature, *arguments)
                self.assertEqual(caught.exception.name, "org.freedesktop.DBus.Error.AccessDenied")
            for name in (NAME, OLD_NAME):
                with self.assertRaises(Failed):
                    listener.bus("RequestName", "su", name, 0)
            self.disable("web1")
            listener.signals_until("PropertiesChanged", path="/clients/web1")

    def test_nothing_stays(self):
        """No zombie, and no descriptor, of many commands that end in all ways."""
        keys = self.rig.keys()
        self.clients(self.section("web1"))
        self.configure(self.hook(limit="1000/PT1S"),
                       self.hook("fails", "false", limit="1000/PT1S"),
                       self.hook("missing", "/nonexistent", limit="1000/PT1S"),
                       self.hook("slow", "sleep 60", timeout="PT1S", limit="1000/PT1S"))
        self.serve()
        self.start()

        def children():
            return Path(f"/proc/{self.dispatch.pid}/task/{self.dispatch.pid}/children").read_text()

        def descriptors():
            return len(os.listdir(f"/proc/{self.dispatch.pid}/fd"))

        before = descriptors()
        for _ in range(8):
            self.rig.ask(keys)
        self.told(8)
        self.dispatch.wait_line("Hook fails: the command failed with exit status 1")
        self.dispatch.wait_line("Hook missing: the command could not be started: No such file")
        self.dispatch.wait_line("Hook slow: the command took longer than its time")
        wait_for("the last command", lambda: not children())
        self.assertEqual(descriptors(), before)

    def test_end(self):
        """SIGTERM: commands under way get a moment, what waits is left out, and said."""
        keys = self.rig.keys()
        self.clients(self.section("web1"))
        self.configure(self.hook(command=f"echo >{self.out}/begun$$; exec sleep 60", shell="yes"))
        self.serve()
        self.start()
        for _ in range(6):
            self.rig.ask(keys)
        wait_for("four commands", lambda: len(list(self.out.iterdir())) == 4)
        wait_for("six events", lambda: self.dispatch.text().count("Somebody at") == 6)
        self.dispatch.popen.send_signal(signal.SIGTERM)
        self.dispatch.wait_line("2 commands that waited are not run any more")
        self.dispatch.wait_line("Hook all: the command was ended together with this program")
        self.assertEqual(self.dispatch.wait(), 0)


class Waiting(Case):
    """What is not there at the start."""

    def test_bus_and_server_come_later(self):
        self.configure(self.hook())
        self.start("There is no system bus: .*; waiting for it")
        self.bus.start()
        self.dispatch.wait_line("There is no Mandos server|Following the Mandos server")
        with self.bus.peer() as peer:
            self.rig.write_clients(self.rig.section("web1", **QUIET))
            self.rig.start(environment=self.bus.environment)
            wait_for("the server", peer.has_owner)
            self.dispatch.wait_line("Following the Mandos server")
            peer.set("/clients/web1", "Enabled", "b", False)
            self.assertEqual(self.words(1), [("disabled", "web1")])

    def test_policy_comes_later(self):
        """It is tried again, without a restart of server or program."""
        ours = self.rig.folder / "dispatch-policy.conf"
        good = ours.read_text()
        ours.write_text("<busconfig/>")
        self.bus.start()
        self.configure(self.hook())
        with self.bus.peer() as peer:
            self.rig.write_clients(self.rig.section("web1", **QUIET))
            self.rig.start(environment=self.bus.environment)
            wait_for("the server", peer.has_owner)
            self.start("keeps the Mandos server from this user")
            ours.write_text(good)
            peer.bus("ReloadConfig")
            self.dispatch.wait_line("Following the Mandos server")
            peer.set("/clients/web1", "Enabled", "b", False)
            self.assertEqual(self.words(1), [("disabled", "web1")])


class Played(Case):
    """With a server that the test plays."""

    def setUp(self):
        super().setUp()
        self.bus.start()

    def play(self):
        server = Peer(self.bus.path)
        self.addCleanup(server.close)
        self.assertEqual(server.bus("RequestName", "su", NAME, 4), (1,))
        return server

    def serve(self, server, lockdown, clients=None):
        """Answers the two questions of a program that connects, or hears of a new server."""
        asked = set()
        while asked != {"Get", "GetManagedObjects"}:
            call = server.next_call()
            asked.add(call.member)
            if call.member == "GetManagedObjects":
                server.answer(call, "a{oa{sa{sv}}}", clients or {})
            elif lockdown is None:
                server.refuse(call, "UnknownProperty")
            else:
                self.assertEqual(call.body, (SERVER, "Lockdown"))
                server.answer(call, "v", Variant("b", lockdown))

    @staticmethod
    def change(server, value):
        server.emit("/", PROPERTIES, "PropertiesChanged", "sa{sv}as", SERVER,
                    {"Lockdown": Variant("b", value)}, [])

    def reasons(self, n):
        return [(t["MANDOS_EVENT"], t["MANDOS_REASON"]) for t in self.told(n)]

    def test_lockdown(self):
        """Its begin and its end, once each; also when they were while nobody could hear it."""
        self.configure(self.hook())
        first = self.play()
        self.start("0 hooks|1 hooks")
        self.serve(first, False)
        self.dispatch.wait_line("Following the Mandos server")
        self.change(first, True)
        self.assertEqual(self.reasons(1), [("lockdown", "on")])
        self.change(first, True)
        first.close()
        self.dispatch.wait_line("The Mandos server is gone")
        self.serve(self.play(), False)
        self.assertEqual(self.reasons(2)[1:], [("lockdown", "off")])

    def test_lockdown_from_before(self):
        """One that was on at the start is no event; a server without it ends none."""
        self.configure(self.hook())
        first = self.play()
        self.start("1 hooks")
        self.serve(first, True)
        self.dispatch.wait_line("Following the Mandos server")
        first.close()
        self.dispatch.wait_line("The Mandos server is gone")
        second = self.play()
        after = self.dispatch.n_lines()
        self.serve(second, None)
        self.dispatch.wait_line("Following the Mandos server", after=after)
        self.change(second, False)
        self.assertEqual(self.reasons(1), [("lockdown", "off")])

    def add_client(self, server, name):
        server.emit("/", MANAGER, "InterfacesAdded", "oa{sa{sv}}", "/clients/x",
                    {CLIENT: {"Name": Variant("s", name), "Enabled": Variant("b", True)}})

    def test_limit(self):
        """What is too much is told as a number, and hides nothing of another kind."""
        self.configure(self.hook(limit="2/PT3S"))
        server = self.play()
        self.start("1 hooks")
        self.serve(server, False)
        self.dispatch.wait_line("Following the Mandos server")
        for _ in range(5):
            server.emit("/", NAME, "ClientNotFound", "ss", "A" * 64, "::1")
        self.change(server, True)
        counts = [(t["MANDOS_EVENT"], t["MANDOS_REASON"], t["MANDOS_COUNT"]) for t in self.told(4)]
        self.assertEqual(sorted(counts), [
            ("client-not-found", "", "1"), ("client-not-found", "", "1"), ("lockdown", "on", "1"),
            ("suppressed", "client-not-found", "3")])

    def test_hostile_values(self):
        """Whatever a name or an address holds, it is data, without control characters."""
        self.configure(self.hook("plain"),
                       self.hook("shell", self.command() + ' "$MANDOS_CLIENT" $MANDOS_ANSWER',
                                 shell="yes"))
        server = self.play()
        self.start("2 hooks")
        self.serve(server, False)
        self.dispatch.wait_line("Following the Mandos server")
        bad = f"x\n\x1b[2J$(touch {self.out}/pwned) `touch {self.out}/pwned`"
        self.add_client(server, bad)
        server.emit("/clients/x", CLIENT, "NeedApproval", "tb", 1000, False)
        server.emit("/", NAME, "ClientNotFound", "ss", bad, bad)
        # Forms that no server sends are passed over.
        server.emit("/clients/x", CLIENT, "NeedApproval", "s", "no")
        server.emit("/", PROPERTIES, "PropertiesChanged", "sa{sv}as", SERVER,
                    {"Lockdown": Variant("s", "no")}, [])
        shown = bad.replace("\n", "\\n").replace("\x1b", "\\x1b")
        for told in self.told(4):
            for value in told.values():
                self.assertIsNone(re.search(r"[\x00-\x09\x0b-\x1f\x7f]", value), told)
            self.assertEqual(told["MANDOS_ANSWER"], "")
            self.assertIn(shown, (told["MANDOS_CLIENT"], told["MANDOS_ADDRESS"]))
            self.assertEqual(told["INPUT"], told["MANDOS_TEXT"] + "\n")
        self.assertFalse((self.out / "pwned").exists())
        self.assertEqual(len(self.told(4)), 4)

    def test_example_mail(self):
        """The example as it is installed, with a sendmail that the test plays."""
        sendmail = self.rig.folder / "sendmail"
        sendmail.write_text(f"#!/bin/sh\necho \"$@\" >{self.out}/words\ncat >{self.out}/mail.new\n"
                            f"mv {self.out}/mail.new {self.out}/mail\n")
        sendmail.chmod(0o755)
        text = (INTEGRATION / "examples/mandos-dispatch.conf").read_text()
        mail = re.search(r"(?ms)^;\[mail\]\n(?:;.*?\n)+", text)[0].replace("\n;", "\n").lstrip(";")
        self.config.write_text(mail.replace("/usr/sbin/sendmail", str(sendmail)))
        server = self.play()
        self.start("1 hooks")
        self.serve(server, False)
        self.dispatch.wait_line("Following the Mandos server")
        self.add_client(server, "web1")
        server.emit("/clients/x", CLIENT, "NeedApproval", "tb", 60000, True)
        wait_for("the mail", (self.out / "mail").exists)
        self.assertEqual((self.out / "mail").read_text().splitlines(), [
            "To: root", "Subject: Mandos: need-approval web1", "",
            "Client web1 asks for its password, and gets it in 60 seconds unless somebody denies it.",
            "To approve: mandos-ctl --approve web1", "To deny: mandos-ctl --deny web1"])
        self.assertEqual((self.out / "words").read_text(), "-t\n")


class CommandLine(Case):
    """What is settled before any bus is asked."""

    def run_it(self, *words):
        return subprocess.run([DISPATCH, *words], text=True, capture_output=True, check=False,
                              timeout=DEADLINE)

    def check(self, *words):
        return self.run_it("--check-config", "--user", USER, "--config", str(self.config), *words)

    def test_help_and_version(self):
        self.assertRegex(self.run_it("--help").stdout, r"^Usage: ")
        self.assertRegex(self.run_it("--version").stdout, r"^mandos-dispatch \d\S*\n$")

    def test_usage_errors(self):
        for words in (["--nonsense"], ["word"], ["--config"], ["--help", "--nonsense"]):
            with self.subTest(words):
                done = self.run_it(*words)
                self.assertEqual(done.returncode, os.EX_USAGE)
                self.assertNotEqual(done.stderr, "")

    def test_check_config(self):
        """Every mistake with its line; the statuses of sysexits(3)."""
        self.assertEqual(self.check().returncode, os.EX_NOINPUT)
        self.configure(self.hook(), self.hook("more"))
        done = self.check()
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "2 hooks\n", ""))
        self.config.write_text("[a]\ncommand = x | y\n[b]\nevents = no\n")
        done = self.check()
        self.assertEqual((done.returncode, done.stdout), (os.EX_CONFIG, ""))
        self.assertEqual([line.split(": ")[0] for line in done.stderr.splitlines()],
                         [f"{self.config}:{n}" for n in (2, 4, 3)])
        self.config.chmod(0)
        self.assertEqual(self.check().returncode, os.EX_NOINPUT, "root's own eyes do not count")

    def test_start_with_a_bad_configuration(self):
        """It does not start, and says why to whoever started it."""
        self.config.write_text("[a]\n")
        done = self.run_it("--user", USER, "--config", str(self.config))
        self.assertEqual(done.returncode, os.EX_CONFIG)
        self.assertIn(f"{self.config}:1: command: there is none to run", done.stderr)

    def test_capabilities_of_the_unit(self):
        """They are enough to leave root."""
        unit = (INTEGRATION / "systemd/mandos-dispatch.service.in").read_text()
        words = re.search("(?m)^CapabilityBoundingSet=(.*)$", unit)[1].split()
        bounding = ",".join("+" + word[4:].lower() for word in words)
        self.configure(self.hook())
        done = subprocess.run(
            ["setpriv", f"--bounding-set=-all,{bounding}", DISPATCH, "--check-config", "--user",
             USER, "--config", self.config], text=True, capture_output=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_never_root(self):
        """Without a user to become it does not go on."""
        self.configure(self.hook())
        for user in ("no-such-user", "root"):
            done = self.run_it("--user", user, "--config", str(self.config))
            self.assertEqual(done.returncode, os.EX_NOUSER)
            self.assertIn(f"no user {user} to become", done.stderr)

    def test_examples(self):
        """As installed there is no hook; without the comment signs all are good ones."""
        text = (INTEGRATION / "examples/mandos-dispatch.conf").read_text()
        self.config.write_text(text)
        self.assertEqual(self.check().stdout, "0 hooks\n")
        self.config.write_text(re.sub("(?m)^;", "", text))
        done = self.check()
        self.assertEqual((done.stdout, done.stderr), ("5 hooks\n", ""))


if __name__ == "__main__":
    unittest.main()
