# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole server among peers that mean it ill; the gate alone is tested in test-gate.c."""

import os
import pathlib
import re
import resource
import selectors
import signal
import socket
import statistics
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "lib"))
from rig import Rig, wait_for  # noqa: E402
from test_server import children  # noqa: E402

FLOOD = 2000


def gates(server):
    return [pid for pid, name in children(server.pid).items() if name == "mandos-gate"]


def set_up(rig, **settings):
    keys = rig.keys()
    rig.write_clients(rig.section("web1", keys, checker="true", **settings))
    return keys


def seconds_to_ask(rig, keys, times=15):
    """The median, as single questions meet whatever else the machine is doing."""
    taken = []
    for _ in range(times):
        start = time.monotonic()
        answer = rig.ask(keys)
        taken.append(time.monotonic() - start)
        assert answer.kind == "given", answer
    return statistics.median(taken)


class Flood(unittest.TestCase):
    """Thousands of connections, and one honest client."""

    @classmethod
    def setUpClass(cls):
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    def flood(self, rig, sources, greeting=b""):
        """FLOOD connections from many addresses in turn; those refused at once are closed again."""
        held = []
        self.addCleanup(lambda: [peer.close() for peer in held])
        for i in range(FLOOD):
            peer = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            held.append(peer)
            peer.bind((sources[i % len(sources)], 0))
            peer.connect(("127.0.0.1", rig.port))
            if greeting:
                try:
                    peer.sendall(greeting)
                except OSError:
                    pass  # already dropped by the server: that is what limits are for
        return held

    def check_honest_client(self, sources, greeting=b"", limits=""):
        """No honest client waits more than 100 ms longer because of the others."""
        with Rig(ipv6=False) as rig:
            keys = set_up(rig)
            rig.write_server(limits)
            rig.start("--debuglevel", "INFO")
            alone = seconds_to_ask(rig, keys)
            held = self.flood(rig, sources, greeting)
            crowded = seconds_to_ask(rig, keys)
            self.assertLess(crowded, alone + 0.1, f"alone {alone:.3f} s, {len(held)} others")

    def test_silent_peers_of_one_source(self):
        """SRV-NET-7, SRV-PROTO-5, W-04: the honest client has another address."""
        with Rig(ipv6=False) as rig:
            keys = set_up(rig)
            server = rig.start()
            self.flood(rig, ["127.0.0.2"])
            self.assertEqual(rig.ask(keys).kind, "given")
            server.wait_line("WARNING: Too many connections from one source: dropped the one "
                             r"from \('127.0.0.2', \d+\)")

    def test_silent_peers_of_many_sources(self):
        self.check_honest_client([f"127.0.{i}.{j}" for i in range(1, 5) for j in range(1, 101)])

    def test_peers_that_greet_and_stop(self):
        self.check_honest_client([f"127.1.{i}.{j}" for i in range(1, 5) for j in range(1, 101)],
                                 b"1\r\n")

    def test_full_table_makes_room(self):
        """SRV-NET-7: with all places taken, the oldest stranger of the largest source goes."""
        self.check_honest_client([f"127.2.0.{j}" for j in range(1, 21)],
                                 limits="max_connections = 200\n"
                                        "max_connections_per_source = 200\n")


class Persistence(unittest.TestCase):
    """One peer at a time, at its worst."""

    def test_silence_ends_at_the_deadline(self):
        """SRV-PROTO-5: within 10 seconds for the greeting; one byte a second does not help."""
        with Rig() as rig:
            keys = set_up(rig)
            rig.start()
            start = time.monotonic()
            with rig.connect() as silent, rig.connect() as slow, selectors.DefaultSelector() as s:
                s.register(silent, selectors.EVENT_READ)
                s.register(slow, selectors.EVENT_READ)
                ended = {}
                while len(ended) < 2 and time.monotonic() - start < 20:
                    for key, _ in s.select(1.0):
                        try:
                            self.assertEqual(key.fileobj.recv(1), b"")
                        except ConnectionResetError:
                            pass
                        s.unregister(key.fileobj)
                        ended[key.fileobj] = time.monotonic() - start
                    if slow not in ended:
                        try:
                            slow.send(b" ")
                        except OSError:
                            pass
            self.assertEqual(len(ended), 2)
            for seconds in ended.values():
                self.assertTrue(9 < seconds < 15, ended)
            self.assertEqual(rig.ask(keys).kind, "given")

    def test_garbage_instead_of_tls(self):
        """SRV-PROTO-10: closed, logged, forgotten."""
        with Rig() as rig:
            keys = set_up(rig)
            server = rig.start()
            with rig.connect() as peer:
                peer.sendall(b"1\r\n")
                self.assertEqual(peer.recv(1), b"\x16")
                peer.sendall(os.urandom(4096))
                while True:
                    try:
                        if not peer.recv(4096):
                            break
                    except ConnectionResetError:
                        break
            server.wait_line("WARNING: Handshake failed: ")
            self.assertEqual(rig.ask(keys).kind, "given")

    def test_log_lines_are_limited_and_clean(self):
        """W-56, SRV-LOG-1: strangers cannot flood the log, nor write lines of their own."""
        with Rig() as rig:
            keys = set_up(rig)
            server = rig.start()
            for _ in range(500):
                with rig.connect() as peer:
                    peer.sendall(b"2\x1b[2J\rMandos: CRITICAL: forged\n")
                    peer.recv(1)
            self.assertEqual(rig.ask(keys).kind, "given")
            server.wait_line("Sending secret")
            text = server.text()
            self.assertNotIn("\x1b", text)
            self.assertFalse(re.search("^Mandos: CRITICAL", text, re.MULTILINE))
            self.assertLess(text.count("Unknown protocol version"), 400)


class Killing(unittest.TestCase):
    """kill -9 of what helps the core."""

    def test_killed_gates_are_replaced(self):
        """The core goes on; sessions of that gate end, later ones are served."""
        with Rig() as rig:
            keys = set_up(rig)
            server = rig.start()
            for _ in range(3):
                before = gates(server)
                self.assertTrue(before)
                for pid in before:
                    os.kill(pid, signal.SIGKILL)
                wait_for("new gates", lambda: len(gates(server)) == len(before) and
                         not set(gates(server)) & set(before))
                self.assertEqual(rig.ask(keys).kind, "given")
            self.assertIn("ERROR: Gate 1 is gone", server.text())

    def test_killed_while_a_client_waits(self):
        """SRV-APR-1: the wait ends with its gate, and is not counted any more."""
        with Rig() as rig:
            keys = set_up(rig, approval_delay="PT3S")
            server = rig.start()
            question = rig.asking(keys)
            server.wait_line("INFO: Client web1 needs approval")
            for pid in gates(server):
                os.kill(pid, signal.SIGKILL)
            self.assertEqual(rig.finish(question).kind, "failed")
            self.assertEqual(rig.ask(keys).kind, "given")
            server.wait_line("Sending secret")
            self.assertEqual(server.text().count("Sending secret"), 1)

    def test_processes_cannot_be_dumped(self):
        """SRV-PROTO-31, W-57: no core dumps, no tracing by the same user."""
        with Rig() as rig:
            keys = set_up(rig)
            server = rig.start()
            rig.ask(keys)
            for pid in [server.pid, *gates(server)]:
                limits = pathlib.Path(f"/proc/{pid}/limits").read_text()
                self.assertRegex(limits, r"Max core file size +0 +0 ")
                # Files of a process that is not dumpable belong to root, whoever it runs as.
                self.assertEqual(os.stat(f"/proc/{pid}/environ").st_uid, 0)
                self.assertNotEqual(os.stat(f"/proc/{pid}").st_uid, 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
