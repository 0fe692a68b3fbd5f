# SPDX-License-Identifier: GPL-3.0-or-later
"""What the server says: to the log daemon, to the journal, on standard error."""

import contextlib
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "lib"))
import machine  # noqa: E402
from rig import BUILD, DEADLINE, Rig, wait_for  # noqa: E402

RECORD = re.compile(r"<(\d+)>Mandos (?:\((.*)\) )?\[(\d+)\]: ([A-Z]+): ([^\0]*)\0", re.DOTALL)
PRIORITIES = {"CRITICAL": "26", "ERROR": "27", "WARNING": "28", "INFO": "30", "DEBUG": "31"}
QUICK = {"timeout": "PT3S", "interval": "PT1S", "extended_timeout": "PT3S"}


class Case(unittest.TestCase):
    """A rig; the log daemon or journal is the test's to start."""

    def setUp(self):
        self.n_starts = 0
        self.rig = Rig()
        self.addCleanup(self.rig.close)
        self.rig.open_socket()
        self.keys = self.rig.keys()
        self.rig.write_clients(self.rig.section("web1", self.keys, checker="true"))

    def open_log(self, kind=machine.LogDaemon):
        log = kind()
        self.addCleanup(log.close)
        return log

    def start(self, *options, **environment):
        """A server in the foreground, not in debug mode unless told so."""
        self.n_starts += 1
        self.manager = machine.NotifySocket(self.rig.folder / f"notify{self.n_starts}")
        self.addCleanup(self.manager.close)
        process = subprocess.Popen(
            [BUILD / "mandos", "--foreground", "--no-dbus", "--no-zeroconf", "--configdir",
             self.rig.config, "--statedir", self.rig.state, "--socket",
             str(self.rig.socket.fileno()), *options],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            pass_fds=[self.rig.socket.fileno()],
            env={**os.environ, "NOTIFY_SOCKET": str(self.manager.path), **environment})
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def wait_serving(self):
        """Without the help of the log; then asks once."""
        self.manager.wait_key("READY")
        return self.rig.ask(self.keys)

    def ask_as(self, name):
        """A stranger's question; the key ID as the log has it."""
        keys = self.rig.keys(name)
        self.assertEqual(self.rig.ask(keys).kind, "refused")
        return keys.key_id.upper()

    def stop(self, process):
        process.terminate()
        errors = process.communicate(timeout=DEADLINE)[1]
        self.assertEqual(process.returncode, 0)
        return errors


class Datagrams(Case):
    """To /dev/log."""

    def test_form(self):
        """SRV-LOG-1: priority, prefix, level and NUL byte of every record of a session."""
        log = self.open_log()
        process = self.start("--debuglevel=DEBUG")
        self.assertEqual(self.wait_serving().data, b"hunter2")
        self.stop(process)
        log.wait_record("DEBUG: Server exiting")
        levels = set()
        for record in log.all():
            match = RECORD.fullmatch(record)
            self.assertTrue(match, record)
            priority, name, pid, level, _ = match.groups()
            self.assertEqual((priority, name, pid), (PRIORITIES[level], None, str(process.pid)))
            levels.add(level)
        self.assertLessEqual({"DEBUG", "INFO", "WARNING"}, levels)

    def test_service_name(self):
        """SRV-LOG-2, W-41: literally, whatever it looks like."""
        log = self.open_log()
        self.start("--debuglevel=INFO", "--servicename", "100% %s%n %(x)s")
        self.wait_serving()
        log.wait_record(r"INFO: Sending secret to web1\0$")
        for record in log.all():
            self.assertEqual(RECORD.fullmatch(record)[2], "100% %s%n %(x)s")

    def levels_with(self, *options):
        """The levels of the records of a start and one refusal."""
        with machine.LogDaemon() as log:
            process = self.start(*options)
            self.wait_serving()
            self.ask_as("stranger")
            self.stop(process)
            # A datagram socket keeps the order: what comes before this has been read with it.
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as fence:
                fence.connect("/dev/log")
                fence.send(b"fence")
            log.wait_record("^fence")
            return {RECORD.fullmatch(record)[4] for record in log.all() if record != "fence"}

    def test_threshold(self):
        """SRV-LOG-3: WARNING by default, debuglevel, DEBUG in debug mode whatever that says."""
        self.rig.write_clients()  # L15: one warning at each start
        self.assertEqual(self.levels_with(), {"WARNING"})
        self.assertEqual(self.levels_with("--debuglevel=error"), set())
        self.assertEqual(self.levels_with("--debuglevel=Info"), {"WARNING", "INFO"})
        self.assertEqual(self.levels_with("--debuglevel=NOTSET"), {"WARNING", "INFO", "DEBUG"})
        self.assertEqual(self.levels_with("--debug", "--debuglevel=ERROR"),
                         {"WARNING", "INFO", "DEBUG"})

    def test_bad_level(self):
        """SRV-LOG-4 Fix, W-41: a usage error that names the value, on the command line; in the file,
        the line."""
        process = self.start("--debuglevel=loud")
        self.assertIn("mandos: error: argument --debuglevel: invalid level: 'loud'",
                      process.communicate(timeout=DEADLINE)[1])
        self.assertEqual(process.returncode, 2)
        self.rig.write_server("debuglevel = loud\n")
        process = self.start()
        self.assertIn("mandos.conf:2: debuglevel: 'loud'", process.communicate(timeout=DEADLINE)[1])
        self.assertEqual(process.returncode, 1)

    def test_missing_log(self):
        """SRV-LOG-7: no /dev/log at all."""
        process = self.start("--debuglevel=DEBUG")
        self.assertEqual(self.wait_serving().data, b"hunter2")
        self.assertEqual(self.stop(process), "")

    def test_full_log(self):
        """SRV-LOG-7: a log daemon that has stopped reading, with a socket that is full."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as stuck:
            stuck.bind("/dev/log")
            self.addCleanup(os.unlink, "/dev/log")
            os.chmod("/dev/log", 0o666)
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as filler:
                filler.connect("/dev/log")
                filler.setblocking(False)
                with self.assertRaises(BlockingIOError):
                    while True:
                        filler.send(b"filler")
            process = self.start("--debuglevel=DEBUG")
            for _ in range(3):
                self.assertEqual(self.wait_serving().data, b"hunter2")
            self.stop(process)

    def test_log_that_comes_later(self):
        """SRV-LOG-7: records go to it as soon as it is there."""
        self.start("--debuglevel=INFO")
        self.wait_serving()
        log = self.open_log()
        self.assertEqual(self.rig.ask(self.keys).data, b"hunter2")
        log.wait_record("INFO: Sending secret to web1")


class Terminal(Case):
    """On standard error."""

    def hour(self, moment):
        return subprocess.run(["date", "-d", moment, "+%Y-%m-%d %H"], text=True, check=True,
                              env={**os.environ, "TZ": "XYZ-14"},
                              stdout=subprocess.PIPE).stdout.strip()

    def test_debug_mode(self):
        """SRV-LOG-5: the same records, with the local time."""
        log = self.open_log()
        process = self.start("--debug", TZ="XYZ-14")
        self.assertEqual(self.wait_serving().data, b"hunter2")
        log.wait_record("INFO: Sending secret to web1")
        errors = self.stop(process)
        log.wait_record("DEBUG: Server exiting")
        texts = []
        for line in errors.splitlines():
            match = re.fullmatch(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),\d{3} mandos \[(\d+)\]: "
                                 r"([A-Z]+): (.*)", line)
            self.assertTrue(match, line)
            self.assertEqual(match[2], str(process.pid))
            texts.append((match[3], match[4]))
        self.assertEqual(texts, [RECORD.fullmatch(record).groups()[3:] for record in log.all()])
        # An hour may just have ended.
        self.assertIn(errors.splitlines()[-1][:13], (self.hour("now"), self.hour("1 minute ago")))

    def test_library(self):
        """SRV-LOG-6: GnuTLS at its level 11, but not the keys of the session, and never the
        secret."""
        log = self.open_log()
        process = self.start("--debug")
        self.assertEqual(self.wait_serving().data, b"hunter2")
        log.wait_record("INFO: Sending secret to web1")
        errors = self.stop(process)
        lines = re.findall("DEBUG: GnuTLS: (.*)", errors)
        self.assertTrue(any(re.match(r"HSK\[0x[0-9a-f]+\]: ", line) for line in lines), lines[:5])
        self.assertTrue(any(re.match(r"EXT\[0x[0-9a-f]+\]: ", line) for line in lines))
        # Level 11 is where it tells of single reads and writes.
        self.assertTrue(any("READ: " in line or "WRITE: " in line for line in lines))
        self.assertNotRegex(errors, "WRITE KEY|WRITE IV|KEY BLOCK")
        self.assertNotRegex(errors, "hunter2|aHVudGVyMg|68756e74657232")
        # No long number but the client's key ID and fingerprint.
        known = {self.keys.key_id.upper(), "0123456789ABCDEF0123456789ABCDEF01234567"}
        self.assertLessEqual(set(re.findall("[0-9A-Fa-f]{24,}", errors)), known)

    def test_library_is_silent_otherwise(self):
        """SRV-LOG-6: only in debug mode, whatever the level."""
        log = self.open_log()
        process = self.start("--debuglevel=DEBUG")
        self.wait_serving()
        self.stop(process)
        log.wait_record("DEBUG: Server exiting")
        self.assertFalse([record for record in log.all() if "GnuTLS: " in record])


class Events(Case):
    """SRV-LOG-8, as far as no other test stands there."""

    def test_one_session(self):
        """SRV-LOG-8: L5, L8, L14, L16, L18, L24, L25, L28, L29, L37, in this order."""
        log = self.open_log()
        process = self.start("--debuglevel=DEBUG")
        self.assertEqual(self.wait_serving().data, b"hunter2")
        log.wait_record("INFO: Sending secret to web1")
        self.stop(process)
        log.wait_record("DEBUG: Server exiting")
        expected = [r"DEBUG: Did setuid/setgid to \d+:\d+",
                    "WARNING: Could not load persistent state: .*",
                    "DEBUG: Creating client 'web1'",
                    "DEBUG:   Key ID: " + self.keys.key_id.upper(),
                    "DEBUG:   Fingerprint: 0123456789ABCDEF0123456789ABCDEF01234567",
                    "DEBUG: Starting main loop",
                    rf"INFO: Now listening on address '::1', port {self.rig.port}, flowinfo 0, "
                    "scope_id 0",
                    r"INFO: TCP connection from: \('::1', \d+, 0, 0\)",
                    "DEBUG: Protocol version: '1'",
                    "DEBUG: Handshake succeeded",
                    "DEBUG: Key ID: " + self.keys.key_id.upper(),
                    "INFO: Sending secret to web1",
                    "DEBUG: Server exiting"]
        records = iter(log.all())
        for pattern in expected:
            self.assertTrue(any(re.fullmatch(rf"<\d+>Mandos \[\d+\]: {pattern}\0", record)
                                for record in records), pattern)

    def test_interface(self):
        """SRV-LOG-8 L1: named, and the server goes on."""
        log = self.open_log()
        self.start("--interface=nonsense0")
        log.wait_record(r"^<27>Mandos \[\d+\]: ERROR: Interface nonsense0 does not exist, cannot "
                        r"bind\0$")
        self.assertEqual(self.wait_serving().data, b"hunter2")

    def test_no_clients(self):
        """SRV-LOG-8 L15."""
        self.rig.write_clients()
        log = self.open_log()
        self.start()
        log.wait_record(r"^<28>Mandos \[\d+\]: WARNING: No clients defined\0$")

    def test_bad_greeting_and_handshake(self):
        """SRV-LOG-8 L26, L27: at their levels, which are on by default."""
        log = self.open_log()
        self.start()
        self.wait_serving()
        with self.rig.connect() as peer:
            peer.sendall(b"99 bottles\r\n")
            self.assertEqual(peer.recv(1), b"")
        log.wait_record(r"^<27>Mandos \[\d+\]: ERROR: Unknown protocol version: .*99 bottles")
        with self.rig.connect() as peer:
            peer.sendall(b"1\r\n")
            self.assertEqual(peer.recv(1), b"\x16")
            peer.sendall(b"this is not TLS, not at all")
            with contextlib.suppress(ConnectionResetError):
                while peer.recv(4096):
                    pass
        log.wait_record(r"^<28>Mandos \[\d+\]: WARNING: Handshake failed: .")

    def test_changes_of_the_enabled_state(self):
        """SRV-LOG-9, W-53: with the cause, at INFO or above."""
        log = self.open_log()
        self.rig.write_clients(self.rig.section("web1", self.keys, checker="false", **QUICK))
        process = self.start("--debuglevel=INFO")
        log.wait_record("WARNING: Client web1 is disabled now: it was not seen for its timeout")
        self.stop(process)
        self.rig.write_clients(self.rig.section("web1", self.keys, checker="true", enabled="no"))
        process = self.start("--debuglevel=INFO")
        self.wait_serving()
        self.stop(process)
        self.rig.write_clients(self.rig.section("web1", self.keys, checker="true", enabled="yes"))
        self.start("--debuglevel=INFO")
        log.wait_record("INFO: Client web1 is enabled now: its configuration says so")


class Fields(Case):
    """To the journal."""

    def setUp(self):
        super().setUp()
        self.journal = self.open_log(machine.Journal)
        source = (pathlib.Path(__file__).resolve().parents[2] / "src/core/events.c").read_text()
        self.ids = dict(re.findall(r'\[EVENT_(\w+)\] = \{\s*"([0-9a-f]{32})"', source))

    def test_grant_and_refusal(self):
        """SRV-LOG-8: the message, and what it is about in fields of their own."""
        process = self.start("--debuglevel=INFO")
        self.assertEqual(self.wait_serving().data, b"hunter2")
        key_id = self.ask_as("stranger")
        granted = self.journal.wait_message("^Sending secret to web1$")
        self.assertEqual(granted, {
            "MESSAGE": "Sending secret to web1", "PRIORITY": "6", "SYSLOG_FACILITY": "3",
            "SYSLOG_IDENTIFIER": "mandos", "SYSLOG_PID": str(process.pid),
            "MESSAGE_ID": self.ids["SECRET_SENT"], "MANDOS_CLIENT": "web1",
            "MANDOS_KEY_ID": self.keys.key_id.upper(), "MANDOS_PEER": "::1"})
        refused = self.journal.wait_message("^Client not found for key ID: ")
        self.assertEqual((refused["MESSAGE_ID"], refused["MANDOS_KEY_ID"], refused["MANDOS_PEER"]),
                         (self.ids["PEER_UNKNOWN_KEY"], key_id, "::1"))
        self.assertNotIn("MANDOS_CLIENT", refused)

    def test_reason(self):
        """SRV-LOG-9: why a client is disabled."""
        self.rig.write_clients(self.rig.section("web1", self.keys, checker="false", **QUICK))
        self.start("--servicename=Second")
        record = self.journal.wait_message("^Client web1 is disabled now: ")
        self.assertEqual((record["MESSAGE_ID"], record["PRIORITY"], record["MANDOS_REASON"]),
                         (self.ids["CLIENT_DISABLED"], "4", "it was not seen for its timeout"))
        self.assertEqual(record["MANDOS_SERVICE"], "Second")

    def test_never_both(self):
        """With /dev/log as a link to the journal, as systemd has it, each record is there once."""
        os.symlink("/run/systemd/journal/dev-log", "/dev/log")
        self.addCleanup(os.unlink, "/dev/log")
        with machine.Receiver("/run/systemd/journal/dev-log") as datagrams:
            process = self.start("--debuglevel=DEBUG")
            self.wait_serving()
            self.stop(process)
            self.journal.wait_message("^Server exiting$")
            self.assertEqual(datagrams.all(), [])

    def test_another_log_daemon(self):
        """SRV-LOG-1: whoever put it at /dev/log gets the records."""
        log = self.open_log()
        process = self.start("--debuglevel=DEBUG")
        self.wait_serving()
        self.stop(process)
        log.wait_record("DEBUG: Server exiting")
        self.assertEqual(self.journal.all(), [])


class Levels(Case):
    """Another level while the server runs."""

    def connections_are_told(self, log, text):
        """Whether a stranger's visit is told by a record of this text, and not just late."""
        before = len(log.all())
        with self.rig.connect() as peer:
            peer.sendall(f"fence {before}\r\n".encode())
            self.assertEqual(peer.recv(1), b"")
        # An ERROR that is told at every level, and after all that the connection had before it.
        log.wait_record(f"ERROR: Unknown protocol version: .*fence {before}")
        return any(text in record for record in log.all()[before:])

    def change(self, process, log, number, word):
        before = len(log.all())
        process.send_signal(number)
        wait_for("the change", lambda: any(
            f"Logging {word} and above from now on" in record for record in log.all()[before:]))

    def test_signals(self):
        """SRV-LOG-3, widened: SIGUSR1 logs one level more, SIGUSR2 as configured; the gates hear of
        it. SRV-PROC-9: these two no longer end the server."""
        log = self.open_log()
        process = self.start()
        self.wait_serving()
        connected = "INFO: TCP connection from: "
        self.assertFalse(self.connections_are_told(log, connected))
        self.change(process, log, signal.SIGUSR1, "INFO")
        wait_for("the gates", lambda: self.connections_are_told(log, connected))
        self.change(process, log, signal.SIGUSR1, "DEBUG")
        self.change(process, log, signal.SIGUSR1, "DEBUG")
        wait_for("the gates", lambda: self.rig.ask(self.keys).data == b"hunter2" and any(
            "DEBUG: Handshake succeeded" in record for record in log.all()))
        self.change(process, log, signal.SIGUSR2, "WARNING")
        wait_for("the gates", lambda: not self.connections_are_told(log, connected))
        self.assertEqual(self.stop(process), "")

    def test_new_gates_begin_with_it(self):
        """A gate that takes the place of one that was killed has the level of now."""
        log = self.open_log()
        self.rig.write_server("gates = 1\n")
        process = self.start()
        self.wait_serving()
        self.change(process, log, signal.SIGUSR1, "INFO")
        gate = subprocess.run(["pidof", BUILD / "mandos-gate"], text=True, check=True,
                              stdout=subprocess.PIPE).stdout.split()[0]
        os.kill(int(gate), signal.SIGKILL)
        log.wait_record("ERROR: Gate 1 is gone")
        self.assertEqual(self.rig.ask(self.keys).data, b"hunter2")
        self.assertTrue(self.connections_are_told(log, "INFO: TCP connection from: "))


if __name__ == "__main__":
    machine.enter()
    unittest.main()
