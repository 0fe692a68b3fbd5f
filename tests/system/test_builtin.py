# SPDX-License-Identifier: GPL-3.0-or-later
"""Built-in checkers, seen from the whole server: who stays enabled, and who does not.

Usage: in a network of the test's own (probe_rig.py). Each client has a short time-out, so that it
is alive only as long as its checks succeed.
"""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "lib"))
import probe_rig  # noqa: E402
from probe_rig import (SILENT, Listener, SshKey, SshServer, Tun, echo_reply,  # noqa: E402
                       forging_relay)
from rig import BUILD, Rig, wait_for  # noqa: E402

OFTEN = {"interval": "PT1S", "timeout": "PT6S"}
SUCCEEDED = "INFO: Checker for {} succeeded"
DISABLED = "Client {} is disabled now: it was not seen"


def stay_enabled(rig, name, checks=8):
    """Waits for so many successful checks, a second apart: more than a time-out."""
    after = rig.server.n_lines()
    for _ in range(checks):
        rig.server.wait_line(SUCCEEDED.format(name), after=after)
        lines = rig.server.lines
        after = next(i for i in range(after, len(lines)) if SUCCEEDED.format(name) in lines[i]) + 1


def child_named(pid, name):
    """The process IDs of children of @pid that run @name."""
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
        children = f.read().split()
    found = []
    for child in children:
        try:
            if pathlib.Path(f"/proc/{child}/comm").read_text().strip() == name[:15]:
                found.append(int(child))
        except FileNotFoundError:
            pass
    return found


class KeptAlive(unittest.TestCase):
    """SRV-CHK-10, SRV-LIFE: enabled while the host answers, disabled when it no longer does."""

    def live_and_die(self, rig, checker, die, reason, **settings):
        keys = rig.keys()
        rig.write_clients(rig.section("web1", keys, checker=checker, **{**OFTEN, **settings}))
        server = rig.start()
        stay_enabled(rig, "web1")
        self.assertEqual(rig.ask(keys, deadline=20).kind, "given")
        self.assertNotIn("disabled now", server.text())
        die()
        server.wait_line(f"Checker for web1 failed: {reason}")
        server.wait_line(DISABLED.format("web1"))
        self.assertEqual(rig.ask(keys).kind, "refused")

    def test_ping(self):
        for allowed in (False, True):
            probe_rig.allow_ping_sockets(allowed)
            self.addCleanup(probe_rig.allow_ping_sockets, False)
            tun = Tun()
            tun.play(echo_reply)
            with self.subTest(ping_sockets=allowed), Rig() as rig:
                self.live_and_die(rig, "builtin:ping %%(host)s", lambda: tun.play(lambda _: []),
                                  "no answer", host=SILENT, timeout="PT9S",
                                  extended_timeout="PT9S")
            tun.close()

    def test_tcp(self):
        listener = Listener(lambda connection: connection.recv(1))
        with Rig() as rig:
            self.live_and_die(rig, "builtin:tcp %%(host)s %(port)s", listener.close,
                              "the host refused the connection", host="localhost",
                              port=str(listener.port), extended_timeout="PT6S")

    def test_ssh_host_key(self):
        with Rig() as rig:
            key = SshKey(rig.folder, "ed25519")
            sshd = SshServer(rig.folder, key)
            self.live_and_die(rig, f"builtin:ssh-hostkey %%(host)s {sshd.port} {key.fingerprint}",
                              sshd.stop, "the host refused the connection", host="127.0.0.1",
                              extended_timeout="PT6S")


class NotFooled(unittest.TestCase):
    def refused_after_its_time(self, rig, keys, reason, level="WARNING"):
        server = rig.server
        server.wait_line(f"{level}: Checker for web1 failed: {reason}")
        server.wait_line(DISABLED.format("web1"))
        self.assertNotIn(SUCCEEDED.format("web1"), server.text())
        self.assertEqual(rig.ask(keys).kind, "refused")

    def test_wrong_host_key(self):
        with Rig() as rig:
            keys, right, wrong = rig.keys(), SshKey(rig.folder, "ed25519"), SshKey(rig.folder, "rsa")
            sshd = SshServer(rig.folder, wrong)
            self.addCleanup(sshd.stop)
            rig.write_clients(rig.section(
                "web1", keys, **OFTEN,
                checker=f"builtin:ssh-hostkey localhost {sshd.port} {right.fingerprint}"))
            rig.start()
            self.refused_after_its_time(rig, keys, "the host has another SSH host key")

    def test_right_key_without_its_proof(self):
        def forge(packet):
            at = len(packet) - packet[4] - 1
            return packet[:at] + bytes([packet[at] ^ 1]) + packet[at + 1:] if packet[5] == 31 \
                else packet

        with Rig() as rig:
            keys, key = rig.keys(), SshKey(rig.folder, "ed25519")
            sshd = SshServer(rig.folder, key)
            self.addCleanup(sshd.stop)
            relay = Listener(forging_relay(sshd.port, forge))
            self.addCleanup(relay.close)
            rig.write_clients(rig.section(
                "web1", keys, **OFTEN,
                checker=f"builtin:ssh-hostkey 127.0.0.1 {relay.port} {key.fingerprint}"))
            rig.start()
            self.refused_after_its_time(rig, keys, "the host could not prove the SSH host key")

    def test_silent_host(self):
        """SRV-CHK-12: its check is still under way when the client is disabled, and is ended."""
        listener = Listener(lambda connection: connection.recv(1))
        self.addCleanup(listener.close)
        with Rig() as rig:
            keys = rig.keys()
            rig.write_clients(rig.section(
                "web1", keys, **OFTEN,
                checker=f"builtin:ssh-hostkey 127.0.0.1 {listener.port} SHA256:{43 * 'A'}"))
            rig.start().wait_line(DISABLED.format("web1"))
            self.assertEqual(rig.ask(keys).kind, "refused")

    def test_without_icmp_sockets_nobody_is_alive(self):
        """SRV-CHK-13: said once why, and each time that the check could not be started."""
        with Rig() as rig:
            keys = rig.keys()
            rig.write_clients(rig.section("web1", keys, checker="builtin:ping 127.0.0.1", **OFTEN))
            argv = rig.argv
            rig.argv = lambda *options: ["setpriv", "--inh-caps=-net_raw",
                                         "--bounding-set=-net_raw", *argv(*options)]
            server = rig.start()
            server.wait_line("ERROR: builtin:ping cannot be used: there is no ICMP socket")
            server.wait_line("ERROR: Could not start the checker for web1: Operation not permitted")
            server.wait_line(DISABLED.format("web1"))
            self.assertEqual(server.text().count("builtin:ping cannot be used"), 1)
            self.assertEqual(rig.ask(keys).kind, "refused")


class Syntax(unittest.TestCase):
    BAD = (("builtin:pong %%(host)s", "the built-in checkers are called"),
           ("builtin:ping", "has no host"),
           ("builtin:ping %%(host)s", "has no host"),
           ("builtin:ping 192.0.2.256", "neither an address nor a name"),
           ("builtin:tcp localhost", "has no port"),
           ("builtin:tcp localhost ssh", "no number from 1 to 65535"),
           ("builtin:ssh-hostkey localhost 22", "has no fingerprint"),
           ("builtin:ssh-hostkey localhost MD5:00", "a fingerprint is not SHA256:"),
           ("builtin:ping %%(expires)s", "can refer to name, host, key_id and fingerprint only"))

    def test_bad_ones_leave_out_their_clients_only(self):
        """SRV-CLNT-11, and --check-config says the same, with file and line."""
        with Rig() as rig:
            keys = rig.keys()
            sections = [rig.section(f"bad{i}", checker=text) for i, (text, _) in enumerate(self.BAD)]
            rig.write_clients(*sections, rig.section("good", keys, checker="builtin:ping ::1"))
            check = subprocess.run([BUILD / "mandos", "--check-config", "--configdir", rig.config],
                                   capture_output=True, text=True, check=False)
            self.assertEqual(check.returncode, 1)
            server = rig.start()
            for i, (_, reason) in enumerate(self.BAD):
                pattern = rf"clients\.conf:{6 + 5 * i}: \[bad{i}\] checker: .*{re.escape(reason)}"
                self.assertRegex(check.stderr, pattern)
                server.wait_line("ERROR: .*" + pattern)
            self.assertEqual(rig.ask(keys).kind, "given")

    def test_reload_keeps_the_old_ones(self):
        with Rig() as rig:
            keys = rig.keys()
            rig.write_clients(rig.section("web1", keys, checker="builtin:ping ::1", **OFTEN))
            server = rig.start()
            stay_enabled(rig, "web1", 1)
            rig.write_clients(rig.section("web1", keys, checker="builtin:ping ::1 ::2", **OFTEN))
            server.popen.send_signal(signal.SIGHUP)
            server.wait_line(r"ERROR: .*clients\.conf:7: \[web1\] checker: .*more words")
            server.wait_line("ERROR: The configuration was not reloaded")
            stay_enabled(rig, "web1")
            self.assertEqual(rig.ask(keys).kind, "given")

    def test_reload_from_shell_to_builtin_and_back(self):
        with Rig() as rig:
            keys = rig.keys()
            server = None
            for checker in ("true", "builtin:ping ::1", "true"):
                rig.write_clients(rig.section("web1", keys, checker=checker, **OFTEN))
                if server:
                    after = server.n_lines()
                    server.popen.send_signal(signal.SIGHUP)
                    server.wait_line("Configuration reloaded: 0 clients added, 1 changed",
                                     after=after)
                else:
                    server = rig.start()
                after = server.n_lines()
                server.wait_line(f"Starting checker '{checker}' for web1", after=after)
                stay_enabled(rig, "web1", 2)


# In the place of mandos-probe: says that everything else is alive, and then is asked again.
FALSE_PROBER = """#!/usr/bin/python3
import socket, struct
core = socket.socket(fileno=3)
core.setblocking(True)
while True:
    run = struct.unpack(">Q", core.recv(65536)[1:9])[0]
    # Its own has failed. There is no other one yet if that is the first.
    core.send(struct.pack(">BQBI", 3, run, 1, 1))
    for other in range(1, run):
        core.send(struct.pack(">BQBI", 3, other, 1, 0))
"""


class TheProgram(unittest.TestCase):
    def test_has_no_say_in_other_checks(self):
        """One that was conquered vouches for a client that it was not asked about: it is ended."""
        with Rig() as rig:
            keys = rig.keys()
            programs = rig.folder / "programs"
            programs.mkdir()
            for name in ("mandos", "mandos-gate", "mandos-spawn"):
                shutil.copy(BUILD / name, programs)
            (programs / "mandos-probe").write_text(FALSE_PROBER)
            (programs / "mandos-probe").chmod(0o755)
            argv = rig.argv
            rig.argv = lambda *options: [programs / "mandos", *argv(*options)[1:]]
            rig.write_clients(rig.section("shell", keys, checker="sleep 1000", **OFTEN),
                              rig.section("web1", checker="builtin:ping ::1", **OFTEN))
            server = rig.start()
            server.wait_line("ERROR: The prober is gone .it broke the protocol.; starting another")
            server.wait_line(DISABLED.format("shell"))
            self.assertNotIn("succeeded", server.text())
            self.assertEqual(rig.ask(keys).kind, "refused")

    def test_is_not_there_unless_needed(self):
        with Rig() as rig:
            rig.write_clients(rig.section("web1", rig.keys(), checker="true", **OFTEN))
            server = rig.start()
            stay_enabled(rig, "web1", 2)
            self.assertEqual(child_named(server.pid, "mandos-probe"), [])
            self.assertEqual(len(child_named(server.pid, "mandos-spawn")), 1)

    def test_is_started_again(self):
        """What it was doing does not count, and goes on: the client stays enabled."""
        with Rig() as rig:
            keys = rig.keys()
            rig.write_clients(rig.section("web1", keys, checker="builtin:ping ::1", **OFTEN))
            server = rig.start()
            for _ in range(2):
                stay_enabled(rig, "web1", 1)
                first, = wait_for("it", lambda: child_named(server.pid, "mandos-probe"))
                after = server.n_lines()
                os.kill(first, signal.SIGKILL)
                server.wait_line("ERROR: The prober is gone .*; starting another", after=after)
            stay_enabled(rig, "web1", 8)
            self.assertEqual(rig.ask(keys).kind, "given")
            self.assertNotIn("The spawner is gone", server.text())

    def test_ends_with_the_server(self):
        with Rig() as rig:
            rig.write_clients(rig.section("web1", rig.keys(), checker="builtin:ping ::1", **OFTEN))
            server = rig.start()
            stay_enabled(rig, "web1", 1)
            prober, = child_named(server.pid, "mandos-probe")
            self.assertEqual(rig.stop(), 0)
            self.assertFalse(pathlib.Path(f"/proc/{prober}").exists())

    def test_runs_as_the_servers_user_with_its_own_descriptors_only(self):
        with Rig() as rig:
            rig.write_clients(rig.section("web1", rig.keys(), checker="builtin:ping ::1", **OFTEN))
            server = rig.start()
            stay_enabled(rig, "web1", 1)
            prober, = child_named(server.pid, "mandos-probe")

            def ids(pid):
                text = pathlib.Path(f"/proc/{pid}/status").read_text()
                return re.findall(r"^(?:Uid|Gid|Groups):.*$", text, re.M)

            self.assertEqual(ids(prober), ids(server.pid))
            self.assertNotIn("Uid:\t0", "".join(ids(prober)))
            fds = {int(fd) for fd in os.listdir(f"/proc/{prober}/fd")}
            kinds = [os.readlink(f"/proc/{prober}/fd/{fd}") for fd in sorted(fds) if fd > 2]
            # The channel, two ICMP sockets, and what an event loop has.
            self.assertEqual(sum(kind.startswith("socket:") for kind in kinds), 3, kinds)
            self.assertTrue(all(k.startswith(("socket:", "anon_inode:")) for k in kinds), kinds)
            environment = pathlib.Path(f"/proc/{prober}/environ").read_bytes()
            self.assertEqual(environment, b"")


if __name__ == "__main__":
    probe_rig.enter()
    unittest.main()
