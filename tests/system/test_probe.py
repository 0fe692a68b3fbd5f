# SPDX-License-Identifier: GPL-3.0-or-later
"""mandos-probe on a socket pair; the test plays the core and the hosts.  Usage: PROGRAM"""

import ctypes
import errno
import os
import pathlib
import resource
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "lib"))
import probe_rig  # noqa: E402
from probe_rig import (ALIVE, EXITED, FAULT, NO_ADDRESS, NO_ANSWER,  # noqa: E402
                       NO_PROOF, NO_SSH, NOT_STARTED,
                       OTHER_KEY, REFUSED, RUN, SIGNALLED, SILENT, SILENT6, STATUS, Listener, Prober,
                       SshKey, SshServer, Tun, echo_reply, echo_reply6, forging_relay, free_port,
                       take_line, write_hosts)
from rig import DEADLINE, wait_for  # noqa: E402

PROGRAM = ""
ZEROES = "SHA256:" + 43 * "A"


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def become_nobody_without_capset():
    """Another user, for whom capset(2) gives EPERM."""
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
    capset = {"x86_64": 126, "aarch64": 91}[os.uname().machine]
    # Load the number; is it this one? Then an error, else all is allowed.
    code = b"".join(struct.pack("=HBBI", *line) for line in
                    ((0x20, 0, 0, 0), (0x15, 0, 1, capset), (0x06, 0, 0, 0x00050000 | errno.EPERM),
                     (0x06, 0, 0, 0x7FFF0000)))
    lines = ctypes.create_string_buffer(code)
    program = struct.pack("@HP", len(code) // 8, ctypes.addressof(lines))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(38, 1, 0, 0, 0) < 0 or libc.prctl(22, 2, program, 0, 0) < 0:
        raise OSError(ctypes.get_errno(), "seccomp")


class ProbeTest(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="probe-")
        self.addCleanup(shutil.rmtree, self.dir)

    def prober(self, **options):
        p = Prober(PROGRAM, **options)
        self.addCleanup(p.close)
        return p

    def listener(self, *args, **options):
        listener = Listener(*args, **options)
        self.addCleanup(listener.close)
        return listener

    def tun(self):
        tun = Tun()
        self.addCleanup(tun.close)
        return tun

    def check(self, text, outcome, value):
        self.assertEqual(self.prober().ask(text), (outcome, value), text)


class Ping(ProbeTest):
    def test_loopback_answers(self):
        p = self.prober()
        for host in ("127.0.0.1", "::1", "[::1]", "127.0.0.77", "localhost"):
            self.assertEqual(p.ask(f"builtin:ping {host}"), (STATUS, ALIVE), host)

    def test_both_kinds_of_sockets(self):
        probe_rig.allow_ping_sockets(True)
        self.addCleanup(probe_rig.allow_ping_sockets, False)
        for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
            p = self.prober(icmp=Prober.icmp_sockets(kind))
            tun = Tun()
            try:
                for host, player in ((SILENT, echo_reply), (SILENT6, echo_reply6)):
                    tun.play(player)
                    self.assertEqual(p.ask(f"builtin:ping {host}"), (STATUS, ALIVE), (kind, host))
            finally:
                tun.close()

    def test_nobody_there(self):
        """Asked three times, then given up."""
        requests = []

        def player(packet):
            if packet[0] >> 4 == 4 and packet[9] == 1:
                requests.append(packet)
            return []

        self.tun().play(player)
        self.check(f"builtin:ping {SILENT}", STATUS, NO_ANSWER)
        self.assertEqual(len(requests), 3)

    def test_one_answer_to_three_questions_is_enough(self):
        requests = []

        def player(packet):
            requests.append(packet)
            return echo_reply(packet) if len(requests) == 3 else []

        tun = self.tun()
        probe_rig.wait_silent(tun)
        tun.play(player)
        self.check(f"builtin:ping {SILENT}", STATUS, ALIVE)

    def test_false_answers_do_not_count(self):
        """Of another host, with another cookie, slot, number or type, cut or grown."""
        changes = (
            {"source": "198.51.100.8"},
            {"change": lambda b: b[:-1] + bytes([b[-1] ^ 1])},
            {"change": lambda b: b[:12] + bytes([b[12] ^ 0x80]) + b[13:]},
            {"change": lambda b: b[:8] + b"\0\0\0\1" + b[12:]},
            {"change": lambda b: b[:8] + b"\xff\xff\xff\xff" + b[12:]},
            {"change": lambda b: b[:6] + b"\x12\x34" + b[8:]},
            {"change": lambda b: b[:4] + bytes([b[4] ^ 1]) + b[5:]},
            {"change": lambda b: b"\x08" + b[1:]},
            {"change": lambda b: b"\0\1" + b[2:]},
            {"change": lambda b: b[:-2]},
            {"change": lambda b: b[:8]},
            {"change": lambda b: b[:4]},
            {"change": lambda b: b + b"\0\0"},
        )
        probe_rig.allow_ping_sockets(True)
        self.addCleanup(probe_rig.allow_ping_sockets, False)
        tun = self.tun()
        tun.play(lambda packet: [x for c in changes for x in echo_reply(packet, **c)])
        raw = self.prober()
        dgram = self.prober(icmp=Prober.icmp_sockets(socket.SOCK_DGRAM))
        for p in (raw, dgram):
            p.run(f"builtin:ping {SILENT}")
        self.assertEqual(raw.exited()[1:], (STATUS, NO_ANSWER))
        self.assertEqual(dgram.exited()[1:], (STATUS, NO_ANSWER))
        # The same answers with a true one among them.
        tun.play(lambda packet: [x for c in (*changes, {}) for x in echo_reply(packet, **c)])
        self.assertEqual(raw.ask(f"builtin:ping {SILENT}"), (STATUS, ALIVE))

    def test_answer_of_one_host_is_not_anothers(self):
        """Two probes at once: the one that answers does not vouch for the one that does not."""
        tun = self.tun()
        tun.play(lambda packet: echo_reply(packet) if packet[16:20] == socket.inet_aton(SILENT)
                 else [])
        p = self.prober()
        wrong = p.run("builtin:ping 198.51.100.9")
        right = p.run(f"builtin:ping {SILENT}")
        self.assertEqual(p.exited(), (right, STATUS, ALIVE))
        self.assertEqual(p.exited(), (wrong, STATUS, NO_ANSWER))

    def test_link_local_needs_its_scope(self):
        self.tun()
        p = self.prober()
        self.assertEqual(p.ask("builtin:ping fe80::1%tun0"), (STATUS, ALIVE))
        self.assertNotEqual(p.ask("builtin:ping fe80::1%nosuch0")[1], ALIVE)

    def test_without_sockets_it_could_not_be_started(self):
        """SRV-CHK-13: never alive, and no answer of the host's either."""
        p = self.prober(icmp=[])
        self.assertEqual(p.ask("builtin:ping 127.0.0.1"), (NOT_STARTED, errno.EPERM))
        port = self.listener().port
        self.assertEqual(p.ask(f"builtin:tcp 127.0.0.1 {port}"), (STATUS, ALIVE))

    def test_sockets_that_are_something_else_are_left_alone(self):
        p = self.prober(icmp=[socket.socket(), socket.socket(socket.AF_UNIX)])
        self.assertEqual(p.ask("builtin:ping 127.0.0.1"), (NOT_STARTED, errno.EPERM))

    def test_no_route(self):
        self.check("builtin:ping 203.0.113.5", STATUS, FAULT)

    def test_two_thousand_at_once(self):
        p = self.prober()
        for i in range(2000):
            p.run(f"builtin:ping 127.0.{i // 250}.{i % 250 + 1}")
        answers = {p.exited()[0]: None for _ in range(2000)}
        self.assertEqual(len(answers), 2000)


class Tcp(ProbeTest):
    def test_open_port(self):
        self.check(f"builtin:tcp 127.0.0.1 {self.listener().port}", STATUS, ALIVE)
        self.check(f"builtin:tcp ::1 {self.listener(address='::1').port}", STATUS, ALIVE)

    def test_closed_port(self):
        self.check(f"builtin:tcp 127.0.0.1 {free_port()}", STATUS, REFUSED)

    def test_nobody_there_ends_at_the_deadline(self):
        self.tun()
        self.check(f"builtin:tcp {SILENT} 22", STATUS, NO_ANSWER)

    def test_no_route(self):
        self.check("builtin:tcp 203.0.113.5 22", STATUS, FAULT)

    def test_connection_ends_without_a_reset(self):
        """Even if the other side greets, and late: it reads an end, not ECONNRESET."""
        ends = []

        def serve(connection):
            connection.sendall(b"220 hello\r\n")
            ends.append(connection.recv(10))
            connection.sendall(b"221 bye\r\n")
            ends.append(connection.recv(10))
            connection.close()
            ends.append("closed")

        port = self.listener(serve).port
        p = self.prober()
        self.assertEqual(p.ask(f"builtin:tcp 127.0.0.1 {port}"), (STATUS, ALIVE))
        wait_for("the end", lambda: "closed" in ends)
        self.assertEqual(ends, [b"", b"", "closed"])

    def test_connection_does_not_stay(self):
        """One that is not closed by the other side is closed all the same."""
        listener = self.listener(lambda connection: time.sleep(0))
        p = self.prober()
        self.assertEqual(p.ask(f"builtin:tcp 127.0.0.1 {listener.port}"), (STATUS, ALIVE))
        fds = f"/proc/{p.process.pid}/fd"
        wait_for("its descriptor to be closed",
                 lambda: not any("socket" in os.readlink(f"{fds}/{fd}") for fd in os.listdir(fds)
                                 if int(fd) > 5))

    def test_a_thousand_at_once(self):
        listener = self.listener(lambda connection: connection.recv(1), backlog=1024)
        p = self.prober()
        for _ in range(1000):
            p.run(f"builtin:tcp 127.0.0.1 {listener.port}")
        outcomes = [p.exited() for _ in range(1000)]
        self.assertEqual({x[1:] for x in outcomes}, {(STATUS, ALIVE)})
        self.assertEqual(len({x[0] for x in outcomes}), 1000)

    def test_many_that_wait_and_few_descriptors(self):
        """What there is no descriptor for waits in the channel, without load; all end, none alive."""
        self.tun()

        def few():
            resource.setrlimit(resource.RLIMIT_NOFILE, (1664, 1664))  # 400 probes

        p = self.prober(prepare=few)
        sender = threading.Thread(target=lambda: [p.run(f"builtin:tcp {SILENT} 22")
                                                  for _ in range(600)])
        sender.start()
        outcomes = [p.exited() for _ in range(600)]
        sender.join(DEADLINE)
        self.assertEqual({x[1:] for x in outcomes}, {(STATUS, NO_ANSWER)})
        # Of the twenty seconds that this takes.
        self.assertLess(cpu_seconds(p.process.pid), 5)

    def test_connected_to_itself_is_not_alive(self):
        """The kernel may give a connection to an unused port that very port; nobody listens there."""
        with open("/proc/sys/net/ipv4/ip_local_port_range", "r+", encoding="ascii") as f:
            before = f.read()
            f.seek(0)
            f.write("45000 45001")
        try:
            p = self.prober()
            for _ in range(20):
                for port in (45000, 45001):
                    outcome = p.ask(f"builtin:tcp 127.0.0.1 {port}")
                    self.assertIn(outcome, ((STATUS, REFUSED), (STATUS, FAULT)))
        finally:
            with open("/proc/sys/net/ipv4/ip_local_port_range", "w", encoding="ascii") as f:
                f.write(before)


class Names(ProbeTest):
    def tearDown(self):
        write_hosts()

    def test_hosts_file(self):
        write_hosts("127.0.0.9 web1.example.net web1")
        port = self.listener(address="127.0.0.9").port
        p = self.prober()
        for name in ("web1", "web1.example.net", "WEB1"):
            self.assertEqual(p.ask(f"builtin:tcp {name} {port}"), (STATUS, ALIVE), name)
        write_hosts("127.0.0.10 web1")
        self.assertEqual(p.ask(f"builtin:tcp web1 {port}"), (STATUS, REFUSED), "read again")

    def test_second_address_is_tried(self):
        self.tun()
        # Of the same scope as loopback, so that the order of the file is that of the answer.
        probe_rig.run("ip", "addr", "add", "169.254.9.1/24", "dev", "tun0")
        write_hosts("127.0.0.9 both", "127.0.0.10 both", "169.254.9.9 slow", "127.0.0.10 slow")
        port = self.listener(address="127.0.0.10").port
        p = self.prober()
        self.assertEqual(p.ask(f"builtin:tcp both {port}"), (STATUS, ALIVE))
        self.assertEqual(p.ask(f"builtin:tcp slow {port}"), (STATUS, ALIVE))
        self.assertEqual(p.ask("builtin:ping slow"), (STATUS, ALIVE))

    def dns(self, answer):
        """A name server at the address of resolv.conf; @answer: question -> address or None."""
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.bind(("127.0.0.53", 53))
        asked = []

        def serve():
            while True:
                query, peer = server.recvfrom(1500)
                if not query:
                    return
                end = query.index(b"\0", 12) + 5
                kind = struct.unpack(">H", query[end - 4:end - 2])[0]
                asked.append(peer[1])
                address = answer(kind)
                if address == "silence":
                    continue
                head = query[:2] + struct.pack(">HHHHH", 0x8180, 1, 1 if address else 0, 0, 0)
                record = b""
                if address:
                    record = b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 60, len(address)) + address
                server.sendto(head + query[12:end] + record, peer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()

        def stop():
            # Closing alone would not wake the thread, and the port would stay in use.
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
                last.sendto(b"", ("127.0.0.53", 53))
            thread.join(DEADLINE)
            server.close()

        self.addCleanup(stop)
        return asked

    def test_dns(self):
        asked = self.dns(lambda kind: socket.inet_aton("127.0.0.9") if kind == 1 else None)
        port = self.listener(address="127.0.0.9").port
        p = self.prober()
        for i in range(8):
            self.assertEqual(p.ask(f"builtin:tcp web{i}.example.net {port}"), (STATUS, ALIVE))
        # Who forges an answer without seeing the question must guess its port anew each time.
        self.assertGreater(len(set(asked)), 4)

    def test_dns_knows_nothing(self):
        self.dns(lambda kind: None)
        self.check("builtin:ping web1.example.net", STATUS, NO_ADDRESS)

    def test_dns_is_silent(self):
        self.dns(lambda kind: "silence")
        p = self.prober()
        slow = p.run("builtin:ping web1.example.net")
        self.assertEqual(p.ask("builtin:ping 127.0.0.1"), (STATUS, ALIVE), "others go on")
        self.assertEqual(p.exited(), (slow, STATUS, NO_ADDRESS))

    def test_no_name_server(self):
        self.check("builtin:ping web1.example.net", STATUS, NO_ADDRESS)


class Ssh(ProbeTest):
    @classmethod
    def setUpClass(cls):
        cls.keys_dir = tempfile.mkdtemp(prefix="probe-keys-")
        cls.keys = {"ed25519": SshKey(cls.keys_dir, "ed25519"),
                    "ecdsa256": SshKey(cls.keys_dir, "ecdsa", 256),
                    "ecdsa384": SshKey(cls.keys_dir, "ecdsa", 384),
                    "ecdsa521": SshKey(cls.keys_dir, "ecdsa", 521),
                    "rsa": SshKey(cls.keys_dir, "rsa", 2048)}
        cls.other = SshKey(cls.keys_dir, "ed25519", 256)
        cls.server = SshServer(cls.keys_dir, *cls.keys.values())

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()
        shutil.rmtree(cls.keys_dir)

    def ask(self, port, *fingerprints):
        return self.prober().ask(f"builtin:ssh-hostkey 127.0.0.1 {port} " + " ".join(fingerprints))

    def test_every_type_of_key(self):
        for name, key in self.keys.items():
            self.assertEqual(self.ask(self.server.port, key.fingerprint), (STATUS, ALIVE), name)

    def test_one_of_several_fingerprints(self):
        self.assertEqual(self.ask(self.server.port, ZEROES, self.other.fingerprint,
                                  self.keys["rsa"].fingerprint), (STATUS, ALIVE))

    def test_other_key(self):
        self.assertEqual(self.ask(self.server.port, self.other.fingerprint), (STATUS, OTHER_KEY))
        self.assertEqual(self.ask(self.server.port, ZEROES), (STATUS, OTHER_KEY))

    def test_only_a_type_that_is_not_wanted(self):
        server = SshServer(self.dir, self.keys["rsa"])
        self.addCleanup(server.stop)
        self.assertEqual(self.ask(server.port, self.keys["rsa"].fingerprint), (STATUS, ALIVE))
        self.assertEqual(self.ask(server.port, self.keys["ed25519"].fingerprint),
                         (STATUS, OTHER_KEY))

    def test_older_signatures_and_names(self):
        server = SshServer(self.dir, self.keys["rsa"], extra="HostKeyAlgorithms rsa-sha2-256\n"
                           "KexAlgorithms curve25519-sha256@libssh.org\n")
        self.addCleanup(server.stop)
        self.assertEqual(self.ask(server.port, self.keys["rsa"].fingerprint), (STATUS, ALIVE))

    def test_nothing_in_common(self):
        server = SshServer(self.dir, self.keys["rsa"], extra="KexAlgorithms ecdh-sha2-nistp256\n")
        self.addCleanup(server.stop)
        self.assertEqual(self.ask(server.port, self.keys["rsa"].fingerprint), (STATUS, NO_SSH))

    def test_no_login_is_tried(self):
        server = SshServer(self.dir, self.keys["ed25519"], extra="LogLevel DEBUG3\n")
        self.addCleanup(server.stop)
        self.assertEqual(self.ask(server.port, self.keys["ed25519"].fingerprint), (STATUS, ALIVE))
        server.process.wait_line("host key seen")
        self.assertNotIn("userauth-request", server.process.text())
        self.assertNotIn("reset by peer", server.process.text())

    def relay(self, forge):
        return self.listener(forging_relay(self.server.port, forge))

    def test_plain_relay_reaches_the_true_host(self):
        """Whoever passes everything on has the true host at the other end."""
        relay = self.relay(lambda packet: packet)
        self.assertEqual(self.ask(relay.port, self.keys["ed25519"].fingerprint), (STATUS, ALIVE))

    def test_right_key_without_its_proof(self):
        """A signature that is not the owner's: any bit of it changed, or of what it signs."""
        def change(at):
            def forge(packet):
                if packet[5] != 31:
                    return packet
                where = len(packet) - packet[4] - 1 if at == "signature" else at
                return packet[:where] + bytes([packet[where] ^ 1]) + packet[where + 1:]
            return forge

        key = self.keys["ed25519"].fingerprint
        # Behind the key, of 51 bytes, is the server's half of the exchange.
        for at in ("signature", 6 + 4 + 51 + 4 + 3):
            self.assertEqual(self.ask(self.relay(change(at)).port, key), (STATUS, NO_PROOF), at)

    def test_recording_of_the_true_host_played_again(self):
        """Knows the public key, and every byte that the true host has ever said."""
        recording = []

        def record(packet):
            recording.append(packet)
            return packet

        key = self.keys["ed25519"].fingerprint
        self.assertEqual(self.ask(self.relay(record).port, key), (STATUS, ALIVE))
        version = b"SSH-2.0-OpenSSH_9.2\r\n"
        with socket.create_connection(("127.0.0.1", self.server.port)) as s:
            version = take_line(s)

        def play(connection):
            connection.sendall(version + b"".join(x for x in recording if x[5] in (20, 31)))
            connection.recv(1 << 16)
            connection.recv(1 << 16)

        self.assertEqual(self.ask(self.listener(play).port, key), (STATUS, NO_PROOF))

    def test_key_that_is_not_of_the_negotiated_type(self):
        def forge(packet):
            return packet.replace(b"ssh-ed25519", b"ssh-ed25518") if packet[5] == 31 else packet

        self.assertEqual(self.ask(self.relay(forge).port, self.keys["ed25519"].fingerprint),
                         (STATUS, NO_PROOF))

    def test_silent_listener_ends_at_the_deadline(self):
        for said in (b"", b"SSH-2.0-slow\r\n"):
            listener = self.listener(lambda connection, said=said: (connection.sendall(said),
                                                                    connection.recv(1 << 16)))
            self.assertEqual(self.ask(listener.port, ZEROES), (STATUS, NO_ANSWER))

    def test_garbage(self):
        for said in (b"HTTP/1.1 400 Bad Request\r\n\r\n" * 100, os.urandom(20000),
                     b"SSH-2.0-x\r\n" + b"\xff" * 100, b"SSH-1.5-x\r\n"):
            listener = self.listener(lambda connection, said=said: connection.sendall(said))
            self.assertIn(self.ask(listener.port, ZEROES), ((STATUS, NO_SSH), (STATUS, NO_ANSWER)))
        # Ends at once.
        listener = self.listener(lambda connection: connection.close())
        self.assertIn(self.ask(listener.port, ZEROES), ((STATUS, NO_SSH), (STATUS, NO_ANSWER)))

    def test_byte_by_byte(self):
        def drip(client):
            with socket.create_connection(("127.0.0.1", self.server.port), DEADLINE) as server:
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

                def forward(a, b):
                    try:
                        while data := a.recv(65536):
                            for i in range(len(data)):
                                b.sendall(data[i:i + 1])
                    except OSError:
                        pass

                threading.Thread(target=forward, args=(client, server), daemon=True).start()
                forward(server, client)

        self.assertEqual(self.ask(self.listener(drip).port, self.keys["rsa"].fingerprint),
                         (STATUS, ALIVE))

    def test_a_hundred_at_once(self):
        p = self.prober()
        key = self.keys["ed25519"].fingerprint
        for _ in range(100):
            p.run(f"builtin:ssh-hostkey 127.0.0.1 {self.server.port} {key}")
        self.assertEqual({p.exited()[1:] for _ in range(100)}, {(STATUS, ALIVE)})


class Protocol(ProbeTest):
    def test_kill_ends_a_probe(self):
        """SRV-CHK-12; a late one is ignored."""
        self.tun()
        p = self.prober()
        for text in (f"builtin:ping {SILENT}", f"builtin:tcp {SILENT} 22"):
            number = p.run(text)
            p.kill(number)
            self.assertEqual(p.exited(), (number, SIGNALLED, signal.SIGTERM))
            p.kill(number)
        self.assertEqual(p.ask("builtin:ping 127.0.0.1"), (STATUS, ALIVE))

    def broken(self, *messages):
        p = self.prober()
        for message in messages:
            p.channel.send(message)
        self.assertEqual(p.channel.recv(65536), b"")
        self.assertEqual(p.process.wait(DEADLINE), os.EX_SOFTWARE)

    def test_what_the_core_must_not_send(self):
        good = struct.pack(">BQ", RUN, 5) + b"builtin:ping ::1"
        self.broken(b"\xff")
        self.broken(struct.pack(">BQ", RUN, 1) + b"reboot")
        self.broken(struct.pack(">BQ", RUN, 1) + b"builtin:ping a b")
        self.broken(struct.pack(">BQ", RUN, 0) + b"builtin:ping ::1")
        self.broken(struct.pack(">BQ", RUN, 1) + b"builtin:ping ::1" + b" " * 2048)
        self.broken(struct.pack(">BQBI", EXITED, 1, STATUS, 0))
        self.broken(struct.pack(">BQ", probe_rig.KILL, 1))
        p = self.prober()
        p.channel.send(good)
        p.exited()
        p.channel.send(good)
        self.assertEqual(p.channel.recv(65536), b"")
        self.assertEqual(p.process.wait(DEADLINE), os.EX_SOFTWARE)

    def test_ends_with_the_channel_and_by_signals(self):
        self.tun()
        p = self.prober()
        p.run(f"builtin:tcp {SILENT} 22")
        self.assertEqual(p.close(), 0)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            p = self.prober()
            p.run(f"builtin:tcp {SILENT} 22")
            # Once it has answered it is past its start.
            p.run("builtin:ping ::1")
            p.exited()
            p.process.send_signal(number)
            self.assertEqual(p.process.wait(DEADLINE), 0)

    def test_started_by_hand(self):
        for args in ([], ["--help"]):
            done = subprocess.run([PROGRAM, *args], capture_output=True, text=True,
                                  timeout=DEADLINE, check=False)
            self.assertEqual(done.returncode, os.EX_USAGE)
            self.assertTrue(done.stderr.startswith("mandos-probe: "), done.stderr)

    def test_has_no_privileges(self):
        """Nor can it get any, be traced or dumped by its own user; started as root here."""
        p = self.prober()
        self.assertEqual(p.ask("builtin:ping ::1"), (STATUS, ALIVE))
        with open(f"/proc/{p.process.pid}/status", encoding="ascii") as f:
            status = dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)
        for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            self.assertEqual(int(status[name], 16), 0, name)
        self.assertEqual(status["NoNewPrivs"], "1")
        self.assertEqual(status["Threads"], "1")

    def test_system_calls_that_the_unit_forbids(self):
        """SystemCallFilter=~@privileged, after the server has become another user."""
        p = self.prober(prepare=become_nobody_without_capset)
        self.assertEqual(p.ask("builtin:ping ::1"), (STATUS, ALIVE))


if __name__ == "__main__":
    probe_rig.enter()
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main()
