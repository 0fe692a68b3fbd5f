# SPDX-License-Identifier: GPL-3.0-or-later
"""The server under a service manager, which the test plays: readiness, watchdog, sockets."""

import fcntl
import os
import pathlib
import signal
import socket
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "lib"))
import machine  # noqa: E402
from rig import BUILD, DEADLINE, Rig, wait_for  # noqa: E402

class Case(unittest.TestCase):
    """A rig, a log, and the manager's socket."""

    def setUp(self):
        self.rig = Rig()
        self.addCleanup(self.rig.close)
        self.log = machine.LogDaemon()
        self.addCleanup(self.log.close)
        self.manager = machine.NotifySocket(self.rig.folder / "notify")
        self.addCleanup(self.manager.close)
        self.keys = self.rig.keys()
        self.rig.write_clients(self.rig.section("web1", self.keys, checker="true"))

    def start(self, *options, fds=(), argv=(), **environment):
        """A server in the foreground, as a unit starts it."""
        process = subprocess.Popen(
            [*argv, BUILD / "mandos", "--foreground", "--no-dbus", "--no-zeroconf",
             "--debuglevel=INFO", "--configdir", self.rig.config, "--statedir", self.rig.state,
             *options], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
            pass_fds=fds,
            env={**os.environ, "NOTIFY_SOCKET": str(self.manager.path), **environment})
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def start_on_socket(self, *options, **environment):
        if not self.rig.socket:
            self.rig.open_socket()
        return self.start("--socket", str(self.rig.socket.fileno()), *options,
                          fds=[self.rig.socket.fileno()], **environment)


class Notifying(Case):
    """What a Type=notify service says."""

    def test_ready_is_said_when_it_serves(self):
        """SRV-PROC-1, W-52: after the state was loaded and when it listens, not before."""
        process = self.start_on_socket()
        self.assertEqual(self.manager.wait_key("READY"), "1")
        self.assertEqual(self.manager.wait_key("STATUS"),
                         f"Serving 1 clients on port {self.rig.port}")
        self.assertTrue((self.rig.state / "clients.db").exists())
        self.assertTrue(self.rig.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
        self.assertEqual(self.rig.ask(self.keys).data, b"hunter2")
        process.terminate()
        self.assertEqual(self.manager.wait_key("STOPPING"), "1")
        self.assertEqual(process.wait(DEADLINE), 0)

    def test_reload(self):
        """systemctl shows that it is reloading, and then what came of it."""
        process = self.start_on_socket()
        self.manager.wait_key("READY")
        good = self.rig.section("web2", self.rig.keys("web2"), checker="true")
        for section, status in ((good, f"Serving 2 clients on port {self.rig.port}"),
                                ("timeout = soon\n", f"Serving 2 clients on port {self.rig.port}; "
                                 "the new configuration is not in force, see the log")):
            with open(self.rig.config / "clients.conf", "a", encoding="ascii") as file:
                file.write(section)
            process.send_signal(signal.SIGHUP)
            self.manager.wait(status, lambda message, status=status:
                              message.get("STATUS") == status and "READY" in message)
        told = [sorted(set(message) - {"STATUS"}) for message in self.manager.all()]
        self.assertEqual([words for words in told if "FDSTORE" not in words],
                         [["READY"], ["RELOADING"], ["READY"], ["RELOADING"], ["READY"]])

    def test_failed_start_is_never_ready(self):
        """SRV-PROC-1, SRV-PROC-10, W-52."""
        process = self.start_on_socket("--priority", "NONSENSE")
        self.assertEqual(process.wait(DEADLINE), 1)
        self.assertFalse(any("READY" in message for message in self.manager.all()))

    def test_watchdog(self):
        """From the event loop, and only when the manager asks for it."""
        self.start_on_socket(WATCHDOG_USEC="200000")
        self.manager.wait_key("READY")
        n = sum("WATCHDOG" in message for message in self.manager.all())
        self.assertEqual(self.manager.wait_key("WATCHDOG"), "1")
        self.manager.wait("a second one", lambda _: sum(
            "WATCHDOG" in message for message in self.manager.messages) > n + 1)

    def test_stopped_server_misses_the_watchdog(self):
        """A server that does not answer does not feed the watchdog either."""
        process = self.start_on_socket(WATCHDOG_USEC="200000")
        self.manager.wait_key("WATCHDOG")
        process.send_signal(signal.SIGSTOP)
        wait_for("it to stop", lambda: "T (stopped)" in pathlib.Path(
            f"/proc/{process.pid}/status").read_text())
        n = len(self.manager.all())
        # Another server is the clock.
        with machine.NotifySocket(self.rig.folder / "clock") as clock:
            state = self.rig.folder / "other"
            state.mkdir()
            state.chmod(0o777)
            self.start_on_socket("--statedir", state, WATCHDOG_USEC="200000",
                                 NOTIFY_SOCKET=str(clock.path))
            clock.wait("ten beats", lambda _: sum(
                "WATCHDOG" in message for message in clock.messages) >= 10)
        self.assertEqual(len(self.manager.all()), n)
        process.send_signal(signal.SIGCONT)
        self.manager.wait("life", lambda _: len(self.manager.messages) > n)

    def test_checkers_hear_nothing_of_the_manager(self):
        """SRV-CHK-7, but for what is ours alone."""
        out = self.rig.state / "out"
        self.rig.write_clients(self.rig.section(
            "web1", checker=f"env > {out}.new; mv {out}.new {out}", interval="PT1S"))
        self.start_on_socket(WATCHDOG_USEC="10000000", MANDOS_TEST_WORD="kept")
        wait_for("the checker", out.exists)
        names = {line.split("=", 1)[0] for line in out.read_text().splitlines()}
        self.assertIn("MANDOS_TEST_WORD", names)
        self.assertFalse({"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS",
                          "LISTEN_PID"} & names)


class WithSockets(Case):
    """Descriptors 3 and up come from the manager."""

    def open_sockets(self, n):
        """Listening sockets, of which the first is the rig's."""
        self.rig.open_socket()
        sockets = [self.rig.socket, *(socket.socket(socket.AF_INET6) for _ in range(1, n))]
        for each in sockets:
            self.addCleanup(each.close)
            each.listen()
        return sockets

    def activate(self, sockets, *options, **environment):
        """Starts the server with these as descriptors 3 and up."""
        # By way of high numbers, so that none is overwritten before it is copied.
        high = [fcntl.fcntl(each, fcntl.F_DUPFD, 100) for each in sockets]
        moves = "".join(f"exec {3 + i}<&{fd} {fd}<&-; " for i, fd in enumerate(high))
        # systemd sets LISTEN_PID to the process it starts; a shell knows its own.
        shell = ["bash", "-c", moves + 'LISTEN_PID=$$ exec "$@"', "bash"]
        try:
            return self.start(*options, argv=shell, fds=high, LISTEN_FDS=str(len(high)),
                              **environment)
        finally:
            for fd in high:
                os.close(fd)


class Activated(WithSockets):
    """Sockets that the manager opened."""

    def test_first_socket_is_served(self):
        """SRV-PKG-4, SRV-CLI-8, widened: also to a peer that came before the server."""
        sockets = self.open_sockets(1)
        with self.rig.connect() as early:
            self.activate(sockets)
            early.settimeout(DEADLINE)
            early.sendall(b"1\r\n")
            self.assertEqual(early.recv(1), b"\x16")
        self.assertEqual(self.rig.ask(self.keys).data, b"hunter2")
        self.assertEqual(self.manager.wait_key("STATUS"),
                         f"Serving 1 clients on port {self.rig.port}")

    def test_further_sockets_are_closed(self):
        """Their peers are not left waiting."""
        first, second = self.open_sockets(2)
        process = self.activate([first, second])
        self.manager.wait_key("READY")
        inode = os.fstat(second.fileno()).st_ino
        held = {os.readlink(entry) for entry in pathlib.Path(f"/proc/{process.pid}/fd").iterdir()}
        self.assertNotIn(f"socket:[{inode}]", held)
        self.assertIn(f"socket:[{os.fstat(first.fileno()).st_ino}]", held)

    def test_named_port_wins(self):
        """SRV-CLI-6: what the administrator names is used."""
        sockets = self.open_sockets(1)
        with socket.socket(socket.AF_INET6) as free:
            free.bind(("::1", 0))
            port = free.getsockname()[1]
        self.activate(sockets, "--address=::1", f"--port={port}")
        self.assertEqual(self.manager.wait_key("STATUS"), f"Serving 1 clients on port {port}")

    def test_socket_of_the_wrong_family(self):
        """SRV-NET-5: said, and not served."""
        self.rig.ipv6 = False
        process = self.activate(self.open_sockets(1))
        self.assertEqual(process.wait(DEADLINE), 1)
        self.log.wait_record("CRITICAL: Cannot use the inherited socket: it is not a TCP socket "
                             "for IPv6")

    def test_it_is_not_given_back_to_keep(self):
        """The socket unit keeps it."""
        process = self.activate(self.open_sockets(1))
        self.manager.wait_key("READY")
        process.terminate()
        process.wait(DEADLINE)
        self.manager.wait_key("STOPPING")
        self.assertEqual(self.manager.kept, {})


class Kept(WithSockets):
    """The listening socket outlives the server."""

    @staticmethod
    def free_port():
        with socket.socket(socket.AF_INET6) as free:
            free.bind(("::", 0))
            return free.getsockname()[1]

    def have_new_manager(self):
        """One that has heard nothing yet."""
        self.manager = machine.NotifySocket(f"{self.manager.path}+")
        self.addCleanup(self.manager.close)

    def take_kept(self, process):
        """Ends the server; returns the socket that the manager kept."""
        self.manager.wait_key("FDSTORE")
        process.terminate()
        self.assertEqual(process.wait(DEADLINE), 0)
        return socket.socket(fileno=self.manager.kept.pop("mandos-kept"))

    def run_once(self, *options):
        self.have_new_manager()
        return self.take_kept(self.start(*options))

    def start_again(self, kept, *options):
        self.have_new_manager()
        with kept:
            return self.activate([kept], *options, LISTEN_FDNAMES="mandos-kept")

    def test_restart_refuses_nobody(self):
        """A peer that came in between included."""
        for options in (), ("--address=::1",), ("--interface=lo",):
            with self.subTest(options=options):
                options = (f"--port={self.free_port()}", *options)
                kept = self.run_once(*options)
                address = ("::1", kept.getsockname()[1])
                with socket.create_connection(address, timeout=DEADLINE) as early:
                    process = self.start_again(kept, *options)
                    early.sendall(b"1\r\n")
                    self.assertEqual(early.recv(1), b"\x16")
                self.assertIn(f"port {address[1]}", self.manager.wait_key("STATUS"))
                self.take_kept(process).close()

    def test_other_settings_win(self):
        """What is asked for now is another socket: the kept one is dropped, the new one kept."""
        port = self.free_port()
        for options in (("--no-ipv6", f"--port={port}"), ("--address=::1", f"--port={port}"),
                        ("--interface=lo", f"--port={port}"), (f"--port={self.free_port()}",)):
            with self.subTest(options=options):
                process = self.start_again(self.run_once(f"--port={port}"), *options)
                self.manager.wait_key("FDSTOREREMOVE")
                self.manager.wait_key("FDSTORE")
                self.assertIn(options[-1].replace("--port=", "port "),
                              self.manager.wait_key("STATUS"))
                self.take_kept(process).close()


if __name__ == "__main__":
    machine.enter()
    unittest.main()
