# SPDX-License-Identifier: GPL-3.0-or-later
"""What ties the server into a system: the systemd unit, the init script, the first configuration."""

import os
import pathlib
import re
import shlex
import signal
import socket
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "lib"))
import machine  # noqa: E402
from rig import BUILD, DEADLINE, Rig, wait_for  # noqa: E402

SOURCE = pathlib.Path(__file__).resolve().parents[2]
INTEGRATION = SOURCE / "integration"
DEBIAN_UNIT = pathlib.Path("/lib/systemd/system/mandos.service")


class Unit:
    """A unit file: the values of each directive, in order."""

    def __init__(self, path):
        self.directives = {}
        for line in path.read_text().splitlines():
            if "=" in line and not line.startswith("#"):
                key, value = line.split("=", 1)
                self.directives.setdefault(key, []).append(value)

    def words(self, key):
        return " ".join(self.directives.get(key, [])).split()


class Case(unittest.TestCase):
    """A rig whose files say where things are."""

    def setUp(self):
        self.rig = Rig()
        self.addCleanup(self.rig.close)
        self.log = machine.LogDaemon()
        self.addCleanup(self.log.close)

    def place(self, source, name, mode=0o644):
        """A file of integration/ with the places of this test filled in, as meson does."""
        places = {"SBINDIR": BUILD, "SYSCONFDIR": self.rig.folder / "etc",
                  "CONFIG_DIR": self.rig.config, "STATE_DIR": self.rig.state}
        text = re.sub("@([A-Z_]+)@", lambda m: str(places[m[1]]),
                      (INTEGRATION / source).read_text())
        path = self.rig.folder / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(text)
        path.chmod(mode)
        return path

    def free_port(self):
        with socket.socket(socket.AF_INET6) as free:
            free.bind(("::1", 0))
            return free.getsockname()[1]


class Systemd(Case):
    """The unit, and the files of sysusers.d and tmpfiles.d."""

    def test_directives(self):
        """SRV-PKG-2: what others build on. Avahi is no longer required, but wanted."""
        unit = Unit(self.place("systemd/mandos.service.in", "mandos.service"))
        for key, words in {"After": {"network.target", "avahi-daemon.service"},
                           "Wants": {"avahi-daemon.service"},
                           "BusName": {"se.recompile.Mandos"}, "Restart": {"always"},
                           "KillMode": {"mixed"}, "PrivateTmp": {"yes"}, "PrivateDevices": {"yes"},
                           "ProtectHome": {"yes"}, "ProtectKernelTunables": {"yes"},
                           "ProtectControlGroups": {"yes"},
                           "CapabilityBoundingSet": {"CAP_SETGID", "CAP_SETUID", "CAP_NET_RAW"},
                           "WantedBy": {"multi-user.target"}}.items():
            with self.subTest(key):
                self.assertLessEqual(words, set(unit.words(key)))
        self.assertNotIn("Requisite", unit.directives)
        self.assertNotIn("NoNewPrivileges", unit.directives)
        self.assertEqual(unit.words("Type"), ["notify"])

    def test_verify(self):
        """SRV-PKG-2: systemd-analyze has nothing to say."""
        unit = self.place("systemd/mandos.service.in", "mandos.service")
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        self.assertEqual((done.returncode, done.stdout), (0, ""))

    @staticmethod
    def calls_of(word):
        """The system calls behind a word of SystemCallFilter=."""
        if not word.startswith("@"):
            return {word}
        listed = subprocess.run(["systemd-analyze", "syscall-filter", "--no-pager", word], text=True,
                                stdout=subprocess.PIPE, check=True).stdout.splitlines()[1:]
        return set().union(*(Systemd.calls_of(line.strip()) for line in listed
                             if line.strip() and not line.strip().startswith("#")))

    def allowed_by(self, path):
        """All system calls that a unit allows."""
        allowed = set()
        for line in path.read_text().splitlines():
            if not line.startswith("SystemCallFilter="):
                continue
            words = line.split("=", 1)[1].split()
            if words[0].startswith("~"):
                words[0] = words[0][1:]
                allowed = allowed.difference(*map(self.calls_of, words))
            else:
                allowed = allowed.union(*map(self.calls_of, words))
        return allowed

    def test_system_calls(self):
        """SRV-PKG-3: the unit leaves what the server needs to put itself into smaller sandboxes."""
        allowed = self.allowed_by(self.place("systemd/mandos.service.in", "mandos.service"))
        self.assertIn("read", allowed)
        self.assertNotIn("mount", allowed)
        needed = {"capget", "capset", "clone", "close_range", "execve", "landlock_add_rule",
                  "landlock_create_ruleset", "landlock_restrict_self", "mlock2", "prctl",
                  "prlimit64", "seccomp", "setgroups", "setresgid", "setresuid"}
        self.assertEqual(needed - allowed, set())

    def exposure(self, path):
        """The figure that systemd-analyze gives: 0 is the safest, 10 the least safe."""
        done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager", path],
                              text=True, stdout=subprocess.PIPE, check=True,
                              stderr=subprocess.DEVNULL)
        return float(re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)[1])

    def test_exposure(self):
        """SRV-PKG-3: directives were added; the figure is better than that of Debian's unit."""
        ours = self.exposure(self.place("systemd/mandos.service.in", "mandos.service"))
        print(f"systemd-analyze security: {ours} here", end="")
        if not DEBIAN_UNIT.exists():
            print()
            self.assertLess(ours, 4.0)
            return
        theirs = self.exposure(DEBIAN_UNIT)
        print(f", {theirs} in Debian's unit")
        self.assertLess(ours, theirs)

    def test_event_hooks(self):
        """The unit of mandos-dispatch: good, hardened, and still able to leave root and to send mail."""
        path = self.place("systemd/mandos-dispatch.service.in", "mandos-dispatch.service")
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", path], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        self.assertEqual((done.returncode, done.stdout), (0, ""))
        self.assertLess(self.exposure(path), 3.0)
        unit = Unit(path)
        self.assertEqual(set(unit.words("CapabilityBoundingSet")), {"CAP_SETGID", "CAP_SETUID"})
        for key in ("User", "NoNewPrivileges", "DynamicUser"):
            self.assertNotIn(key, unit.directives, "sendmail is set-group-ID")
        allowed = self.allowed_by(path)
        self.assertLessEqual({"setgroups", "setresgid", "setresuid", "memfd_create", "clone",
                              "close_range", "execve"}, allowed)
        self.assertNotIn("mount", allowed)
        for text in (SOURCE / "src/dispatch/options.h", INTEGRATION / "dbus/mandos-dispatch.conf",
                     INTEGRATION / "sysusers.d/mandos-dispatch.conf"):
            self.assertRegex(text.read_text(), r"\b_mandos-dispatch\b")

    def command(self, **environment):
        """ExecStart as systemd reads it: ${NAME} is one word, $NAME is split."""
        unit = Unit(self.place("systemd/mandos.service.in", "mandos.service"))
        values = dict(item.split("=", 1) for item in unit.directives["Environment"])
        values.update({"DAEMON_ARGS": "", **environment})
        argv = []
        for word in unit.directives["ExecStart"][0].split():
            if word.startswith("${"):
                argv.append(values[word[2:-1]])
            elif word.startswith("$"):
                argv += shlex.split(values[word[1:]])
            else:
                argv.append(word)
        return argv

    def test_configuration_directory(self):
        """SRV-PKG-3 Fix, W-52: CONFIGDIR counts; one in DAEMON_ARGS counts more; empty is unset."""
        good, bad = self.rig.folder / "good", self.rig.folder / "bad"
        for folder, text in ((good, "[DEFAULT]\nport = 4711\n"), (bad, "[DEFAULT]\nport = bad\n")):
            folder.mkdir()
            (folder / "mandos.conf").write_text(text)
        for status, environment in ((0, {"CONFIGDIR": str(good)}), (1, {"CONFIGDIR": str(bad)}),
                                    (0, {"CONFIGDIR": str(bad),
                                         "DAEMON_ARGS": f"--configdir {good}"})):
            with self.subTest(environment):
                done = subprocess.run([*self.command(**environment), "--check-config"], check=False,
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                self.assertEqual(done.returncode, status)
        usual = subprocess.run([BUILD / "mandos", "--check-config"], capture_output=True,
                               check=False)
        empty = subprocess.run([*self.command(CONFIGDIR=""), "--check-config"],
                               capture_output=True, check=False)
        self.assertEqual((empty.returncode, empty.stdout, empty.stderr),
                         (usual.returncode, usual.stdout, usual.stderr))
        if DEBIAN_UNIT.exists():
            self.assertNotIn("CONFIGDIR", DEBIAN_UNIT.read_text())

    def test_capabilities_are_enough(self):
        """SRV-PKG-3, SRV-PROC-6: with the unit's bounding set it becomes _mandos, reads what is not
        root's, and fping's file capabilities work."""
        unit = Unit(self.place("systemd/mandos.service.in", "mandos.service"))
        bounding = ",".join("+" + word[4:].lower() for word in unit.words("CapabilityBoundingSet"))
        self.assertEqual(unit.words("LimitMEMLOCK"), ["infinity"])
        self.rig.write_clients(self.rig.section("web1", self.rig.keys(), host="::1",
                                                interval="PT1S"))
        path = self.rig.config / "clients.conf"
        os.chown(path, 4242, 4242)
        path.chmod(0o600)
        server = self.rig.spawn(
            ["setpriv", f"--bounding-set=-all,{bounding}",
             BUILD / "mandos", "--debug", "--no-dbus", "--no-zeroconf", "--configdir",
             self.rig.config, "--statedir", self.rig.state, "--address=::1",
             f"--port={self.free_port()}"])
        server.wait_line("DEBUG: Did setuid/setgid to")
        server.wait_line("INFO: Now listening")
        server.wait_line("INFO: Starting checker 'fping -q -- ::1' for web1")
        server.wait_line("INFO: Checker for web1 succeeded")

    def test_user_and_directory(self):
        """SRV-PKG-6, in systemd's way: the user _mandos and its state directory."""
        root = self.rig.folder / "root"
        (root / "etc").mkdir(parents=True)
        done = subprocess.run(["systemd-sysusers", f"--root={root}",
                               INTEGRATION / "sysusers.d/mandos.conf"], text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual(done.returncode, 0, done.stdout)
        fields = [line.split(":") for line in (root / "etc/passwd").read_text().splitlines()
                  if line.startswith("_mandos:")][0]
        self.assertEqual(fields[4], "Mandos password system")
        text = (INTEGRATION / "tmpfiles.d/mandos.conf.in").read_text()
        config = self.rig.folder / "tmpfiles.conf"
        config.write_text(text.replace("@STATE_DIR@", "/var/lib/mandos"))
        subprocess.run(["systemd-tmpfiles", f"--root={root}", "--create", config], check=True)
        found = (root / "var/lib/mandos").stat()
        self.assertEqual((found.st_uid, found.st_gid, found.st_mode & 0o7777),
                         (int(fields[2]), int(fields[3]), 0o700))


class InitScript(Case):
    """SRV-PKG-5, with Debian's start-stop-daemon."""

    def setUp(self):
        super().setUp()
        self.port = self.free_port()
        self.rig.write_clients(self.rig.section("web1", self.rig.keys(), checker="true"))
        self.rig.write_server(f"address = ::1\nport = {self.port}\nzeroconf = no\nuse_dbus = no\n")
        self.script = self.place("sysvinit/mandos.in", "etc/init.d/mandos", 0o755)
        self.defaults = self.place("default/mandos.in", "etc/default/mandos")
        with open(self.defaults, "a") as file:
            file.write(f'CONFIGDIR="{self.rig.config}"\nDAEMON_ARGS="--statedir {self.rig.state}"\n')
        self.addCleanup(pathlib.Path("/run/mandos.pid").unlink, missing_ok=True)
        self.addCleanup(self.kill)

    def pids(self):
        """Of all processes of the program: the server, and its launcher."""
        return [int(pid) for pid in subprocess.run(
            ["pidof", BUILD / "mandos"], text=True, stdout=subprocess.PIPE,
            check=False).stdout.split()]

    def pid(self):
        """Of the server that runs, or None; it is the only one in this machine."""
        found = [pid for pid in self.pids() if self.comm(pid) not in ("mandos-launch", None)]
        self.assertLessEqual(len(found), 1)
        return found[0] if found else None

    @staticmethod
    def comm(pid):
        """The launcher is the same program, under another name."""
        try:
            return pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
        except OSError:
            return None

    def kill(self):
        if self.pid():
            os.kill(self.pid(), signal.SIGKILL)
        # The launcher ends a moment later, and the script would take it for the server.
        wait_for("its end", lambda: not self.pids())

    def do(self, action, status=0, **environment):
        done = subprocess.run([self.script, *([action] if action else [])], text=True, check=False,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=2 * DEADLINE,
                              env={**os.environ, **environment})
        self.assertEqual(done.returncode, status, done.stdout)
        return done.stdout

    def test_start_status_stop_restart(self):
        """SRV-PKG-5, SRV-PROC-4: start and stop twice are no failures."""
        self.do("status", 3)
        self.do("start")
        first = self.pid()
        socket.create_connection(("::1", self.port), DEADLINE).close()
        self.do("status")
        self.do("start")
        self.assertEqual(self.pid(), first)
        for action in ("restart", "force-reload"):
            with self.subTest(action):
                before = self.pid()
                self.do(action)
                self.assertNotIn(self.pid(), (before, None))
        self.do("stop")
        self.assertIsNone(self.pid())
        self.assertFalse(pathlib.Path("/run/mandos.pid").exists())
        self.do("status", 3)
        self.do("stop")
        self.do("restart")
        self.assertIsNotNone(self.pid())

    def test_died(self):
        """SRV-PKG-5: LSB's status 1, and a start over the PID file that was left."""
        self.do("start")
        self.kill()
        self.do("status", 1)
        self.do("start")
        self.do("status")

    def test_server_without_pid_file(self):
        """SRV-PKG-5: stop ends what remains of the same executable."""
        self.do("start")
        pathlib.Path("/run/mandos.pid").unlink()
        self.do("stop")
        self.assertIsNone(self.pid())

    def test_waits(self):
        """SRV-PKG-5: TERM, 30 s, KILL, 5 s."""
        words = self.rig.folder / "words"
        wrapper = self.rig.folder / "bin/start-stop-daemon"
        wrapper.parent.mkdir()
        wrapper.write_text(f'#!/bin/sh\necho "$@" >>{words}\nexec /sbin/start-stop-daemon "$@"\n')
        wrapper.chmod(0o755)
        self.do("start")
        self.do("stop", PATH=f"{wrapper.parent}:{os.environ['PATH']}")
        self.assertIn("--stop --quiet --retry=TERM/30/KILL/5 --pidfile /run/mandos.pid",
                      words.read_text())

    def test_failed_start(self):
        """SRV-PKG-5, SRV-PROC-1, W-52: said, with status 1."""
        self.rig.write_server("port = many\n")
        self.assertIn("mandos.conf:2", self.do("start", 1))
        self.assertIsNone(self.pid())

    def test_configuration_directory(self):
        """SRV-PKG-5: CONFIGDIR, also with a space; without it the server's own."""
        other = self.rig.folder / "other place"
        self.rig.config.rename(other)
        with open(self.defaults, "a") as file:
            file.write(f'CONFIGDIR="{other}"\n')
        self.do("start")
        self.assertIn(str(other).encode(),
                      pathlib.Path(f"/proc/{self.pid()}/cmdline").read_bytes().split(b"\0"))
        self.do("stop")
        with open(self.defaults, "a") as file:
            file.write(f'CONFIGDIR=\nDAEMON_ARGS="$DAEMON_ARGS --no-zeroconf --port {self.port}"\n')
        self.do("start")
        self.assertNotIn(b"--configdir",
                         pathlib.Path(f"/proc/{self.pid()}/cmdline").read_bytes().split(b"\0"))

    def test_usage(self):
        """SRV-PKG-5: status 3."""
        for action in ("nonsense", "status-all", None):
            with self.subTest(action):
                self.assertIn("Usage: ", self.do(action, 3))

    def test_header(self):
        """SRV-PKG-5: what insserv reads."""
        header = dict(re.findall(r"^# ([\w-]+):\s+(.*)$", self.script.read_text(), re.MULTILINE))
        self.assertEqual(header["Provides"], "mandos")
        for key in ("Required-Start", "Required-Stop"):
            self.assertEqual(set(header[key].split()), {"$remote_fs", "$syslog", "avahi-daemon"})
        self.assertEqual(header["Default-Start"], "2 3 4 5")
        self.assertEqual(header["Default-Stop"], "0 1 6")


class Examples(Case):
    """The configuration that a new installation starts with."""

    def setUp(self):
        super().setUp()
        self.server = self.place("examples/mandos.conf.in", "config/mandos.conf")
        self.clients = self.place("examples/clients.conf.in", "config/clients.conf")

    def check(self):
        return subprocess.run([BUILD / "mandos", "--check-config", "--configdir", self.rig.config],
                              text=True, capture_output=True, check=False)

    def uncomment(self):
        for path in (self.server, self.clients):
            path.write_text(re.sub("(?m)^;", "", path.read_text()))

    def test_as_installed(self):
        """SRV-CONF-1, SRV-CLNT-1: nothing is set, and there are no clients."""
        for path in (self.server, self.clients):
            lines = [line for line in path.read_text().splitlines() if line[:1] not in ("", "#", ";")]
            self.assertEqual(lines, ["[DEFAULT]"])
        done = self.check()
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertTrue(done.stdout.startswith("0 clients, "), done.stdout)

    def test_every_setting_is_there_and_good(self):
        """SRV-CONF-1, SRV-CLNT-3: without the comment signs it is a good configuration, too."""
        secret = self.rig.config / "web1.pgp"
        secret.write_bytes(b"secret")
        self.uncomment()
        done = self.check()
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertTrue(done.stdout.startswith("1 clients, 0 left out"), done.stdout)
        source = (SOURCE / "src/core/settings-server.c").read_text()
        known = re.findall(r'^\t\{ "(\w+)", ', source, re.MULTILINE)
        self.assertGreaterEqual(len(known), 14)
        self.assertEqual(sorted(re.findall(r"(?m)^(\w+) =", self.server.read_text())),
                         sorted(known))
        keys = set(re.findall(r"(?m)^(\w+) =", self.clients.read_text()))
        self.assertEqual(keys, {"timeout", "extended_timeout", "interval", "checker", "host",
                                "approval_delay", "approval_duration", "approved_by_default",
                                "enabled", "key_id", "fingerprint", "secret", "secfile"})


class Catalog(Case):
    """The message catalogue, beside the table of events."""

    def setUp(self):
        super().setUp()
        self.catalog = INTEGRATION / "systemd/mandos.catalog"
        source = (SOURCE / "src/core/events.c").read_text()
        self.rows = {message_id: (name, level, text) for name, message_id, level, text in re.findall(
            r'\[EVENT_(\w+)\] = \{\s*"([0-9a-f]{32})",\s*LOG_LEVEL_(\w+),\s*"(.*?)" \}', source, re.S)}
        header = (SOURCE / "src/core/events.h").read_text()
        self.kinds = re.findall(r"^\tEVENT_(\w+),", header, re.MULTILINE)

    def test_ids_agree_with_the_table(self):
        """SRV-LOG-8: every kind of event has its entry, under its own name, and no other is there."""
        self.assertEqual([name for name, _, _ in self.rows.values()], self.kinds)
        entries = re.findall(r"^# (\w+)\n-- ([0-9a-f]{32})$", self.catalog.read_text(), re.MULTILINE)
        self.assertEqual([(name, message_id) for message_id, (name, _, _) in self.rows.items()],
                         entries)

    def test_fields_are_those_of_the_event(self):
        """An explanation refers to what its record carries, else it would show a blank."""
        for entry in re.split(r"(?m)^-- ", self.catalog.read_text())[1:]:
            name, _, text = self.rows[entry[:32]]
            fields = set(re.findall(r"@(\w+)@", entry))
            self.assertLessEqual(fields, {"MANDOS_CLIENT", "MANDOS_KEY_ID", "MANDOS_PEER",
                                          "MANDOS_REASON"}, name)
            for field, place in (("MANDOS_CLIENT", "{client}"), ("MANDOS_REASON", "{reason}")):
                if field in fields and name != "SECRET_NOT_SENT":
                    self.assertIn(place, text, name)

    def test_journalctl_takes_it(self):
        """journalctl --update-catalog, with nothing said and nothing left out."""
        root = self.rig.folder / "root"
        place = root / "usr/lib/systemd/catalog"
        place.mkdir(parents=True)
        (root / "var/lib/systemd/catalog").mkdir(parents=True)
        (place / "mandos.catalog").write_text(self.catalog.read_text())
        for action in ("--update-catalog", "--list-catalog"):
            done = subprocess.run(["journalctl", f"--root={root}", "--no-pager", action], text=True,
                                  capture_output=True, check=False)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual({line.split()[0] for line in done.stdout.splitlines()}, set(self.rows))


if __name__ == "__main__":
    machine.enter()
    unittest.main()
