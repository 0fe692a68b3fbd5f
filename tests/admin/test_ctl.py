# SPDX-License-Identifier: GPL-3.0-or-later
"""mandos-ctl and Debian's, both asked the same of one server; --ours: of this project's."""

import itertools
import json
import os
import pty
import signal
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from rig import BUILD, BUS_CONFIG, DEADLINE, Rig, wait_for  # noqa: E402

CTL = str(BUILD / "mandos-ctl")
DEBIANS = "/usr/sbin/mandos-ctl"
COMPLETION = Path(__file__).resolve().parents[2] / "integration/completions/mandos-ctl.bash"
OURS = "--ours" in sys.argv
NOBODY = 65534
# More than may be under way (RUN_IN_FLIGHT_MAX, 64) and than the bus lets wait (128).
MANY = 300
AWAY = "The name se.recompile.Mandos was not provided by any .service files"

POLICY = """<policy user="nobody"><deny send_destination="se.recompile.Mandos"/></policy>
</busconfig>"""


class AdminRig(Rig):
    """A server that offers D-Bus, on a bus that nobody may reach it by."""

    def argv(self, *options):
        return [word for word in super().argv(*options) if word != "--no-dbus"]

    def environment(self):
        path = self.folder / "bus"
        if not self.bus:
            config = self.folder / "bus.conf"
            config.write_text(BUS_CONFIG.format(path=path).replace("</busconfig>", POLICY))
            self.bus = self.spawn(["dbus-daemon", f"--config-file={config}", "--nofork",
                                   "--nopidfile", "--nosyslog"])
            wait_for("the bus", path.exists)
        return {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={path}",
                "TMPDIR": str(self.temporary)}


class Done:
    """What a run of a program came to."""

    def __init__(self, program, words, environment, data=None, **options):
        run = subprocess.run([program, *words], env=environment, input=data or b"",
                             capture_output=True, check=False, timeout=4 * DEADLINE, **options)
        self.status = run.returncode
        self.out = run.stdout.decode()
        self.err = run.stderr.decode()

    def error(self):
        return [line for line in self.err.splitlines() if line.startswith("mandos-ctl: error: ")]


def without_bus():
    return {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent"}


class CommandLine(unittest.TestCase):
    """What is settled before any bus is asked."""

    def ours(self, *words, **options):
        return Done(CTL, words, without_bus(), **options)

    def test_usage_errors(self):
        """CTL-ARG-2, CTL-ARG-4, CTL-ARG-10, CTL-ARG-11, CTL-ARG-12, CTL-ARG-13, CTL-ARG-14,
        CTL-ARG-15, CTL-ARG-16, CTL-ARG-17, CTL-ARG-18: Debian's words and status."""
        cases = ["-e -d x", "--start-checker --stop-checker x", "x --approve-by-default -b --deny-by-def",
                 "-A x -D", "-e", "-v -e x", "-j -v", "-j -t PT1S x", "-jj", "-a", "-a -v", "-j -a",
                 "-V a b", "-r -e x", "-rr x", "-t", "-c", "x --approval-delay", "--ver", "--all=3",
                 "--foo", "-Z x", "-s /nonexistent x", "-s /etc x", "-v -j -e"]
        for case in cases:
            with self.subTest(case):
                mine, theirs = self.ours(*case.split()), Done(DEBIANS, case.split(), without_bus())
                self.assertEqual((theirs.status, mine.status), (2, 2), mine.err)
                # The two have their options in another order.
                self.assertEqual(sorted(mine.error()[0].replace(",", "").split()),
                                 sorted(theirs.error()[0].replace(",", "").split()))
                self.assertTrue(mine.err.startswith("usage: mandos-ctl "))
                self.assertEqual(mine.out, "")

    def test_refused_beyond_the_reference(self):
        """CTL-ARG-19."""
        for case in ("-r -D -e x", "-V -a", "-V -e x"):
            with self.subTest(case):
                self.assertEqual(self.ours(*case.split()).status, 2)

    def test_times(self):
        """CTL-TIME-1, CTL-TIME-2, CTL-TIME-3, CTL-ARG-4: what is no time never reaches a server."""
        for text in ("7 m", "pt7m", "xyz", "", "PT1H30S", "2h junk 10m"):
            with self.subTest(text):
                done = self.ours("--timeout=" + text, "x")
                self.assertEqual(done.status, 2, done.err)
                self.assertIn("argument -t/--timeout", done.error()[0])
        warning = 'Invalid RFC 3339 duration: "{}" - Parsing as pre-1.6.1 interval instead\n'
        for text in ("7m", "1h30m", "1h 30m", "1500"):
            with self.subTest(text):
                done = self.ours("--dry-run", "-t", text, "x")
                self.assertEqual(done.status, 1)
                self.assertTrue(done.err.startswith(warning.format(text)), done.err)
        for text in ("PT7M", "P1YT1H", "P60D"):
            with self.subTest(text):
                self.assertNotIn("Invalid", self.ours("-t", text, "x").err)

    def test_help_version_check(self):
        """CTL-ARG-3, SRV-CLI-9: none of them needs a bus."""
        self.assertEqual(self.ours("-h").out[:17], "usage: mandos-ctl")
        self.assertRegex(self.ours("--version").out, r"^mandos-ctl \d\S*\n$")
        done = self.ours("--foo", "--check")
        self.assertEqual((done.status, done.err.splitlines()[-1]), (0, "OK"))

    def test_no_bus(self):
        """CTL-RUN-9."""
        done = self.ours()
        self.assertEqual(done.status, 1)
        self.assertEqual(done.err.splitlines()[:2],
                         ["Failed to access Mandos server through D-Bus:", "No such file or directory"])
        metrics = self.ours("--metrics")
        self.assertEqual((metrics.status, metrics.out.splitlines()[-2:]), (1, ["mandos_up 0", "# EOF"]))
        self.assertEqual(self.ours("--lift").err.splitlines()[0], done.err.splitlines()[0])

    def complete(self, *words):
        """What bash offers for the last word, with a mandos-ctl that knows two odd clients."""
        script = """mandos-ctl() { printf '%s\\n' web1 'w $(echo pwned >&2)'; }
            source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _mandos_ctl
            printf '%s\\n' "${COMPREPLY[@]}" """
        run = subprocess.run(["bash", "-c", script, COMPLETION, "mandos-ctl", *words], check=True,
                             capture_output=True, text=True, timeout=DEADLINE)
        self.assertEqual(run.stderr, "")
        return run.stdout.splitlines()

    def test_bash_completion(self):
        self.assertEqual(self.complete("--app"), ["--approve-by-default", "--approval-delay",
                                                  "--approval-duration", "--approve"])
        self.assertEqual(self.complete("we"), ["web1"])
        self.assertEqual(self.complete("w"), ["web1", "w\\ \\$\\(echo\\ pwned\\ \\>\\&2\\)"])
        self.assertEqual(self.complete("-s", "/etc/hostn"), ["/etc/hostname"])

    def test_strict(self):
        """CTL-RUN-10."""
        self.assertEqual(self.ours("-V", "x").status, 1)
        self.assertEqual(self.ours("-V", "--strict", "x").status, 3)


class Server(unittest.TestCase):
    """One server for all; each test has a client of its own, named like the test."""

    NAMES = ("set", "remove", "secret", "order", "events", "dry", "pattern-1", "pattern-2", "db.lan",
             "debug", "many-actions")

    @classmethod
    def setUpClass(cls):
        cls.rig = AdminRig(reference=not OURS)
        cls.addClassCleanup(cls.rig.close)
        cls.keys = cls.rig.keys("secret")
        sections = [cls.rig.section(name, cls.keys if name == "secret" else None, host=name)
                    for name in cls.NAMES]
        sections.append(cls.rig.section("odd", host="räk😀\\\"", checker="a  b\tc %%(host)s"))
        sections.append(cls.rig.section("off", enabled="no"))
        sections += [cls.rig.section(f"m{number}") for number in range(MANY)]
        cls.rig.write_clients(*sections, default="checker = sleep 1000\ninterval = P20D\n"
                              "timeout = P40D\nextended_timeout = P1DT1H1M1S")
        cls.rig.start(ready=False)
        cls.environment = cls.rig.environment()
        wait_for("the server on the bus",
                 lambda: Done(CTL, [], cls.environment).status == 0, 4 * DEADLINE, 0.5)

    @classmethod
    def clients(cls, *names):
        return json.loads(Done(CTL, ["-j", *names], cls.environment).out)

    def ours(self, *words, status=0, **options):
        done = Done(CTL, words, self.environment, **options)
        self.assertEqual(done.status, status, done.err)
        return done

    def same(self, *words, status=0):
        """Both do the same, to the byte."""
        for _ in range(3):
            before, mine, after = (Done(program, words, self.environment)
                                   for program in (DEBIANS, CTL, DEBIANS))
            if before.out == after.out:  # nothing happened meanwhile
                break
        self.assertEqual((mine.out, mine.err, mine.status), (before.out, before.err, status))
        return mine

    def test_listings(self):
        """CTL-RUN-1, CTL-RUN-2, CTL-TAB-1, CTL-TAB-2, CTL-TAB-3, CTL-TAB-4, CTL-TAB-6, CTL-JSON-1, CTL-JSON-2, CTL-ARG-20."""
        some = ("off", "m7", "db.lan", "off", "set")
        # Debian's writes control characters as they are (CTL-TAB-8), and knows no patterns.
        all_but_odd = [name for name in self.clients() if name != "odd"]
        self.assertGreater(len(all_but_odd), MANY)
        for words in ((), some, ("--verb", *all_but_odd), ("-v", *some), ("-j",),
                      ("-j", "odd", *some), ("odd",)):
            with self.subTest(words):
                self.same(*words)

    def test_control_characters_are_escaped(self):
        """CTL-TAB-8."""
        self.assertIn("a  b\\tc %(host)s", self.ours("-v", "odd").out)

    def test_names_between_options(self):
        """CTL-ARG-1."""
        self.ours("order", "-t", "P30D", "m0", "-b")
        self.assertEqual({client["Timeout"] for client in self.clients("order", "m0").values()},
                         {30 * 86400000})
        self.ours("m0", "order", "-t", "P40D")

    def test_unknown_name(self):
        """CTL-RUN-2: nothing is done at all."""
        self.same("nobody", status=1)
        self.same("-d", "m1", "nobody", status=1)
        self.assertTrue(self.clients("m1")["m1"]["Enabled"])
        self.same("-V", "nobody", status=1)

    def test_is_enabled(self):
        """CTL-RUN-8."""
        self.same("-V", "set")
        self.same("-V", "off", status=1)
        self.ours("-V", "--strict", "nobody", status=3)
        self.ours("-V", "--strict", "m*", status=3)

    def test_settings(self):
        """CTL-RUN-4, CTL-RUN-5, CTL-RUN-7, CTL-TIME-4."""
        cases = [(("--checker", "echo %(host)s; sleep 1000"), "Checker", "echo %(host)s; sleep 1000"),
                 (("-c", ""), "Checker", ""), (("--host", "räk"), "Host", "räk"),
                 (("-t", "P45D"), "Timeout", 45 * 86400000),
                 (("--extended-timeout", "P30D"), "ExtendedTimeout", 30 * 86400000),
                 (("-i", "P15D"), "Interval", 15 * 86400000),
                 (("--approval-delay", "PT3S"), "ApprovalDelay", 3000),
                 (("--approval-duration", "1500"), "ApprovalDuration", 1500),
                 (("--deny-by-default",), "ApprovedByDefault", False),
                 (("--approve-by-default",), "ApprovedByDefault", True),
                 (("--disable",), "Enabled", False), (("--enable",), "Enabled", True),
                 (("--stop-checker",), "CheckerRunning", False)]
        for words, name, value in cases:
            with self.subTest(words):
                self.assertEqual(self.ours(*words, "set").out, "")
                told = json.loads(Done(DEBIANS, ["-j"], self.environment).out)["set"][name]
                self.assertEqual(told, value)
        self.ours("-c", "sleep 1000", "set")
        self.ours("--start-checker", "set")
        self.assertTrue(self.clients("set")["set"]["CheckerRunning"])

    def test_bump_timeout(self):
        """CTL-RUN-4."""
        before = self.clients("many-actions")["many-actions"]["LastCheckedOK"]
        self.ours("-bt", "P35D", "many-actions", "-b")
        client = self.clients("many-actions")["many-actions"]
        self.assertGreater(client["LastCheckedOK"], before)
        self.assertEqual(client["Timeout"], 35 * 86400000)

    def test_secret(self):
        """CTL-RUN-6: the bytes of the file, all of them; CTL-RUN-11: and nobody sees them."""
        secret = b"\0 hush \xff\n\n"
        done = self.ours("--debug", "-s", "-", "secret", data=secret)
        self.assertNotIn("hush", done.err)
        self.assertIn("'Secret', <10 secret bytes>)", done.err)
        answer = self.rig.ask(self.keys)
        self.assertEqual((answer.kind, answer.data), ("given", secret))

    def test_debug(self):
        """CTL-RUN-11: Debian's lines."""
        for words in (("-e",), ("-b", "-e"), ("--host", "h"), ("-i", "P20D"), ("-D",)):
            with self.subTest(words):
                self.same("--debug", *words, "debug")
        self.same("--debug", "-V", "debug")

    def test_remove(self):
        """CTL-RUN-3, CTL-RUN-4: deny, then remove."""
        done = self.ours("--debug", "--remove", "--deny", "remove")
        calls = [line for line in done.err.splitlines() if "Approve" in line or "Remove" in line]
        self.assertEqual([line.split(":", 3)[3] for line in calls],
                         ["se.recompile.Mandos.Client.Approve(False)",
                          "se.recompile.Mandos.RemoveClient('/clients/remove')"])
        self.same("remove", status=1)

    def test_many(self):
        """CTL-RUN-3: more calls than may be under way, and all are answered."""
        everybody = [f"m{number}" for number in range(MANY)]
        self.ours("--disable", "m*")
        self.assertEqual({c["Enabled"] for c in self.clients(*everybody).values()}, {False})
        self.ours("--enable", *everybody)
        self.assertEqual({c["Enabled"] for c in self.clients(*everybody).values()}, {True})

    def test_dry_run(self):
        """Nothing is called."""
        done = self.ours("--dry-run", "-d", "-t", "PT1S", "dry")
        call = "would call se.recompile.Mandos:/clients/dry:org.freedesktop.DBus.Properties.Set("
        self.assertEqual(done.out.splitlines(),
                         [call + "'se.recompile.Mandos.Client', 'Enabled', False)",
                          call + "'se.recompile.Mandos.Client', 'Timeout', 1000)"])
        client = self.clients("dry")["dry"]
        self.assertEqual((client["Enabled"], client["Timeout"]), (True, 40 * 86400000))

    def test_patterns_and_names(self):
        self.assertEqual(sorted(self.ours("--names", "pattern-[12]", "set").out.split()),
                         ["pattern-1", "pattern-2", "set"])
        self.ours("zzz*", status=1)

    @unittest.skipIf(OURS, "knows more calls")
    def test_older_server(self):
        """CTL-RUN-9: which call it was, and why."""
        for words, call in ((("--log-level", "DEBUG"), "SetLogLevel('DEBUG')"),
                            (("--lockdown",), "Set('se.recompile.Mandos.Server', 'Lockdown', True)")):
            done = self.ours(*words, status=1)
            self.assertEqual(done.err.splitlines()[0],
                             "Failed to access Mandos server through D-Bus:")
            self.assertIn(call + "\n", done.err)
            self.assertIn("This server is an older one, which cannot do that.", done.err)

    @unittest.skipUnless(OURS, "not in the reference")
    def test_lockdown(self):
        self.ours("--lockdown")
        self.addCleanup(self.ours, "--lift")
        self.assertIn("\nmandos_lockdown 1\n", self.ours("--metrics").out)
        self.assertEqual(self.rig.ask(self.keys).kind, "refused")
        self.ours("--lift")
        self.assertIn("\nmandos_lockdown 0\n", self.ours("--metrics").out)
        self.assertEqual(self.rig.ask(self.keys).kind, "given")
        done = self.ours("--dry-run", "--lockdown")
        self.assertEqual(done.out, "would call se.recompile.Mandos:/:org.freedesktop.DBus.Properties."
                         "Set('se.recompile.Mandos.Server', 'Lockdown', True)\n")

    @unittest.skipUnless(OURS, "not in the reference")
    def test_add(self):
        """From a file or standard input; all or none, and what is wrong is said with its line."""
        file = self.rig.folder / "new"
        file.write_text(self.rig.section("new1", self.rig.keys("new1")) +
                        self.rig.section("new2", self.rig.keys("new2")))
        self.ours("--add", str(file))
        self.addCleanup(self.ours, "-r", "new*")
        self.assertEqual(self.ours("--names", "new*").out.split(), ["new1", "new2"])
        new3 = self.rig.section("new3", self.rig.keys("new3"))
        done = self.ours("--add", "-", data=(new3 + "[new4]\n").encode(), status=1)
        self.assertRegex(done.err, r"\nnew client:\d+: \[new4\] secret: missing")
        self.assertNotIn("new3", self.ours("--names").out)
        done = self.ours("--debug", "--add", "-", data=new3.encode())
        self.assertNotIn("secret =", done.err)
        self.assertIn("AddClient(<", done.err)
        self.assertIn("new3", self.ours("--names").out)

    @unittest.skipUnless(OURS, "not in the reference")
    def test_reload_and_log_level(self):
        self.ours("--log-level", "info")
        self.ours("--log-level", "DEBUG")
        clients = self.rig.config / "clients.conf"
        good = clients.read_text()
        self.addCleanup(clients.write_text, good)
        self.ours("--reload")
        clients.write_text(good + "[bad]\nsecret = aHVudGVyMg==\ntimeout = soon\n")
        done = self.ours("--reload", status=1)
        self.assertRegex(done.err, r"clients\.conf:\d+: \[bad\] timeout: this is no duration")

    @unittest.skipUnless(OURS, "not in the reference")
    def test_why_disabled(self):
        self.ours("-d", "debug")
        self.addCleanup(self.ours, "-e", "debug")
        self.assertIn('\nmandos_client_disabled{client="debug",reason="administrator"} 1\n',
                      self.ours("--metrics").out)

    @unittest.skipIf(OURS, "has room for every time")
    def test_refused_client(self):
        """CTL-RUN-9: on which client; and what comes after it is not attempted."""
        done = self.ours("-t", "P60D", "--host", "after", "m3", "m4", status=1)
        self.assertIn("Set('se.recompile.Mandos.Client', 'Timeout', 5184000000)\nfor client 'm3'; ",
                      done.err)
        self.assertEqual({client["Host"] for client in self.clients("m3", "m4").values()}, {""})

    def test_access_refused(self):
        """CTL-RUN-9: told apart from a server that is away."""
        os.chmod(self.rig.folder / "bus", 0o777)
        done = self.ours(status=1, user=NOBODY)
        self.assertEqual(done.err.splitlines()[0], "Failed to access Mandos server through D-Bus:")
        self.assertIn("root", done.err.splitlines()[-1])

    def test_metrics(self):
        text = self.ours("--metrics").out
        self.assertIn("\nmandos_up 1\n", text)
        self.assertIn('\nmandos_client_enabled{client="off"} 0\n', text)
        self.assertRegex(text, r'\nmandos_client_expires_timestamp_seconds\{client="set"\} \d+\.\d{6}\n')
        self.assertTrue(text.endswith("# EOF\n"))

    def test_events(self):
        watch = self.rig.spawn([CTL, "--events", "-j", "events"], env=self.environment)
        marks = itertools.cycle(("P41D", "P42D"))

        def is_seen():
            self.ours("-t", next(marks), "events", "m2")
            return any('"Timeout"' in line for line in watch.lines)

        wait_for("an event", is_seen)
        self.ours("--disable", "events")
        watch.wait_line(r'"Enabled": false')
        seen = [json.loads(line) for line in watch.lines]
        self.assertEqual({event["client"] for event in seen}, {"events"})
        self.assertLessEqual({"time", "event", "client", "path", "properties"}, set(seen[0]))
        self.ours("--enable", "events")
        watch.stop(signal.SIGKILL)
        self.rig._processes.remove(watch)

    def test_full_disk(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([CTL, "-j"], env=self.environment, stdout=full, check=False,
                                  stderr=subprocess.PIPE, timeout=DEADLINE)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"No space left", done.stderr)

    def on_terminal(self, **environment):
        """What it writes to a terminal."""
        master, slave = pty.openpty()
        subprocess.run([CTL, "off"], stdout=slave, stdin=subprocess.DEVNULL, check=True,
                       env={**self.environment, "TERM": "xterm", **environment}, timeout=DEADLINE)
        os.close(slave)
        data = b""
        try:
            while chunk := os.read(master, 4096):
                data += chunk
        except OSError:  # a terminal without its other end
            pass
        os.close(master)
        return data

    def test_colours(self):
        self.assertIn(b"\x1b[1mName", self.on_terminal(NO_COLOR=""))
        self.assertNotIn(b"\x1b", self.on_terminal(NO_COLOR="1"))
        self.assertNotIn(b"\x1b", self.on_terminal(TERM="dumb", NO_COLOR=""))
        self.assertNotIn("\x1b", self.ours("off").out)


class Away(unittest.TestCase):
    """A bus, and no server on it."""

    def test_away(self):
        """CTL-RUN-9: said as Debian's says it, and then how to start it."""
        with AdminRig() as rig:
            environment = rig.environment()
            mine, theirs = (Done(program, [], environment) for program in (CTL, DEBIANS))
            self.assertEqual((theirs.status, mine.status), (1, 1))
            self.assertEqual(mine.err.splitlines()[0], theirs.err.rstrip("\n"))
            self.assertEqual(mine.err.splitlines()[0], "Could not connect to Mandos server: " + AWAY)
            self.assertIn("systemctl start mandos", mine.err)

    def test_no_clients(self):
        """CTL-TAB-7, CTL-JSON-2: a server without clients, played by a name on the bus."""
        with AdminRig() as rig:
            environment = rig.environment()
            rig.spawn([sys.executable, "-c", EMPTY], env=environment).wait_line("ready")
            self.assertEqual(Done(CTL, [], environment).out,
                             "Name Enabled Timeout Last Successful Check\n")
            self.assertEqual(Done(CTL, ["-j"], environment).out, "{}\n")

    def test_events_without_a_server(self):
        """The watch begins before the server does, and tells when it comes."""
        with AdminRig() as rig:
            environment = rig.environment()
            watch = rig.spawn([CTL, "--events"], env=environment)
            watch.wait_line("server-gone")
            rig.spawn([sys.executable, "-c", EMPTY], env=environment).wait_line("ready")
            watch.wait_line("server-came")


# A server without clients, in the bus's own protocol, for as long as its reader lives.
EMPTY = r'''
import os, socket, struct
path = os.environ["DBUS_SYSTEM_BUS_ADDRESS"].split("=", 1)[1]
s = socket.socket(socket.AF_UNIX)
s.connect(path)
s.sendall(b"\0AUTH EXTERNAL " + str(os.geteuid()).encode().hex().encode() + b"\r\n")
assert s.recv(100).startswith(b"OK")
s.sendall(b"BEGIN\r\n")
def pad(data, n):
    return data + b"\0" * (-len(data) % n)
def field(code, kind, text):
    body = text.encode()
    size = bytes([len(body)]) if kind == "g" else struct.pack("<I", len(body))
    return bytes([code, 1]) + kind.encode() + b"\0" + size + body + b"\0"
def send(kind, serial, fields, body=b""):
    array = b""
    for one in fields:
        array = pad(array, 8) + one
    head = struct.pack("<BBBBIII", 108, kind, 0, 1, len(body), serial, len(array))
    s.sendall(pad(head + array, 8) + body)
def call(serial, member, signature="", body=b""):
    fields = [field(1, "o", "/org/freedesktop/DBus"), field(2, "s", "org.freedesktop.DBus"),
              field(3, "s", member), field(6, "s", "org.freedesktop.DBus")]
    send(1, serial, fields + ([field(8, "g", signature)] if signature else []), body)
def take(n):
    data = b""
    while len(data) < n:
        more = s.recv(n - len(data))
        assert more
        data += more
    return data
call(1, "Hello")
name = b"se.recompile.Mandos"
call(2, "RequestName", "su", pad(struct.pack("<I", len(name)) + name + b"\0", 4) + struct.pack("<I", 4))
ready = False
while True:
    head = take(16)
    _, kind, _, _, size, serial, fields = struct.unpack("<BBBBIII", head)
    rest = take(fields + -fields % 8 + size)
    if kind == 2 and not ready and serial > 1:
        ready = b"NameAcquired" in rest or size == 4
        if ready:
            print("ready", flush=True)
    if kind == 1 and b"GetManagedObjects" in rest:
        at = rest.index(b"\7\1s\0") + 4
        length = struct.unpack_from("<I", rest, at)[0]
        sender = rest[at + 4:at + 4 + length].decode()
        reply = bytes([5, 1]) + b"u\0" + struct.pack("<I", serial)
        send(2, serial + 100, [reply, field(6, "s", sender), field(8, "g", "a{oa{sa{sv}}}")],
             struct.pack("<II", 0, 0))
'''

if __name__ == "__main__":
    if OURS:
        sys.argv.remove("--ours")
    unittest.main()
