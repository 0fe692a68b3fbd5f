# SPDX-License-Identifier: GPL-3.0-or-later
"""mandos-client asks a link for servers: by a question of its own that is answered at once, and by
its mDNS library, which fails and is made anew."""

import os
import re
import signal
import socket
import struct
import sys
import threading
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import boot  # noqa: E402
from boot import Case, run, wait_for  # noqa: E402

PTR, AAAA, SRV = 12, 28, 33
TYPE, INSTANCE, HOST = "_mandos._tcp.local", "Mandos._mandos._tcp.local", "server.local"
ANSWERS = r"interface \d+ answers that there is a server at \[(fe80:[0-9a-f:]+)%\d+\]:(\d+)"
HOP_LIMIT = 255


def setUpModule():
    boot.make_keys(unittest.addModuleCleanup)


def name(text):
    return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".")) + b"\0"


def record(owner, kind, data):
    return name(owner) + struct.pack(">HHIH", kind, 1, 10, len(data)) + data


def srv(port, instance=INSTANCE):
    return record(instance, SRV, struct.pack(">3H", 0, 0, port) + name(HOST))


def answer(question, *records, number=0, flags=0x8400):
    number += struct.unpack_from(">H", question)[0]
    return struct.pack(">6H", number & 0xffff, flags, 0, len(records), 0, 0) + b"".join(records)


def link_local():
    """The server's address on the switch, as a record."""
    text = run("ip", "-6", "address", "show", "dev", boot.SWITCH, "scope", "link")
    address = re.search(r"inet6 (fe80:\S+)/", text)[1]
    return record(HOST, AAAA, socket.inet_pton(socket.AF_INET6, address))


class Responder:
    """Answers on the switch, by UDP over IPv6 only, what does not come from an mDNS peer.

    answer(question, send) is called for each such question; send(data, hops, sock) answers it.
    """

    def __init__(self, case, act):
        self.act = act
        self.questions = []
        self.errors = []
        self.socket = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        self.socket.bind(("::", 5353))
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP,
                               socket.inet_pton(socket.AF_INET6, "ff02::fb")
                               + struct.pack("i", socket.if_nametoindex(boot.SWITCH)))
        self.socket.settimeout(0.1)
        self.is_over = False
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        case.addCleanup(self.close)

    def run(self):
        while not self.is_over:
            try:
                question, peer = self.socket.recvfrom(9000)
            except TimeoutError:
                continue
            if peer[1] == 5353:
                continue
            self.questions.append(question)

            def send(data, hops=HOP_LIMIT, sock=self.socket, peer=peer):
                sock.sendmsg([data], [(socket.IPPROTO_IPV6, socket.IPV6_HOPLIMIT,
                                       struct.pack("i", hops))], 0, peer)
            self.act(question, send)

    def close(self):
        self.is_over = True
        self.thread.join()
        self.socket.close()


class Inquiry(Case):
    """Without an Avahi daemon: what is found is found by the question."""

    def setUp(self):
        super().setUp()
        self.boot.add("eth0", up=True)
        self.boot.wait_address("eth0")

    def serve_unannounced(self):
        host = self.enterContext(boot.lan.Machine())
        section = boot.lan.Rig.section("boot", boot.keys, boot.keys.encrypt(boot.PASSWORD))
        return host.serve("--port=4711", clients=[section], zeroconf=False).port

    def test_answered_at_once(self):
        """CLI-DISC-1, CLI-DISC-2, CLI-CONN-2: all in one packet, and the link's scope."""
        port = self.serve_unannounced()
        responder = Responder(self, lambda question, send: send(
            answer(question, record(TYPE, PTR, name(INSTANCE)), srv(port), link_local())))
        client = self.client("--debug")
        self.assert_password(client)
        self.assertRegex(client.stderr, ANSWERS)
        self.assertEqual(responder.questions[0][2:],
                         struct.pack(">5H", 0, 1, 0, 0, 0) + name(TYPE) + b"\0\x0c\0\1")

    def test_rest_is_asked_for(self):
        """RFC 6762, section 6: only what was asked for; then the server, then its address."""
        port = self.serve_unannounced()
        kinds = []

        def act(question, send):
            kinds.append((question[5], question[-3]))
            send(answer(question, *{(1, PTR): [record(TYPE, PTR, name(INSTANCE))],
                                    (1, SRV): [srv(port)],
                                    (2, AAAA): [srv(port), link_local()]}[kinds[-1]]))
        Responder(self, act)
        self.assert_password(self.client())
        self.assertEqual(sorted(set(kinds)), [(1, PTR), (1, SRV), (2, AAAA)])

    def test_asked_again(self):
        """CLI-DISC-9: lost questions are repeated; an answer to any of them will do."""
        port = self.serve_unannounced()
        seen = []

        def act(question, send):
            seen.append(question)
            if len(seen) == 5:
                send(answer(question, srv(port), link_local()))
        Responder(self, act)
        self.assert_password(self.client())

    def test_server_that_comes_later(self):
        """CLI-DISC-7, CLI-DISC-9: also when the haste is over."""
        port = self.serve_unannounced()
        client = self.client("--debug")
        client.expect("no server answered on eth0")  # after ten seconds
        Responder(self, lambda question, send: send(answer(question, srv(port), link_local())))
        self.assert_password(client)

    def test_strange_answers(self):
        """RFC 6762, section 11: from beyond the link, from elsewhere, to others; or broken."""
        port = self.serve_unannounced()
        elsewhere = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        self.addCleanup(elsewhere.close)

        def act(question, send):
            send(answer(question, srv(1), link_local()), hops=HOP_LIMIT - 1)
            send(answer(question, srv(2), link_local()), sock=elsewhere)
            send(answer(question, srv(3), link_local(), number=1))
            send(answer(question, srv(4), link_local(), flags=0x0000))
            send(answer(question, srv(5), link_local(), flags=0x8403))
            send(answer(question, srv(6), link_local())[:-1])
            send(answer(question, srv(7), link_local()) + bytes(9000))
            send(b"")
            send(answer(question, srv(port), link_local()))
        Responder(self, act)
        client = self.client("--debug")
        self.assert_password(client)
        self.assertEqual({int(found) for _, found in re.findall(ANSWERS, client.stderr)}, {port})

    def test_too_many_servers(self):
        """At the bound: 32 until the next question."""
        self.enterContext(boot.lan.Machine())

        def act(question, send):
            for half in range(2):
                send(answer(question, *(srv(1 + 20 * half + i, f"{i}.{TYPE}") for i in range(20)),
                            link_local()))
        Responder(self, act)
        client = self.client("--debug", "--retry=1000")
        wait_for(lambda: client.stderr.count("trying again") >= 32, "the attempts")
        found = {int(port) for _, port in re.findall(ANSWERS, client.stderr)}
        self.assertEqual(found, set(range(1, 33)))
        self.end_by(client, signal.SIGTERM)


class Agreement(Case):
    """With Debian's Avahi daemon."""

    def setUp(self):
        super().setUp()
        self.boot.add("eth0", up=True)
        self.boot.wait_address("eth0")

    def test_finds_what_avahi_browse_finds(self):
        """CLI-DISC-2: the same addresses and ports, whatever the names."""
        host = self.host()
        for port, title in enumerate(("Mandos", "Büro 100 %s; a.b", "x" * 63, "a\\b \"c\"", "Z"), 1):
            host.rig.spawn(["avahi-publish", "-s", title, "_mandos._tcp", str(port)],
                           env=host.env).wait_line("Established")
        host.rig.spawn(["avahi-publish", "-s", "Other", "_mandosx._tcp", "6"],
                       env=host.env).wait_line("Established")
        browsed = run("avahi-browse", "--resolve", "--parsable", "--terminate", "--no-db-lookup",
                      "_mandos._tcp", env=host.env).splitlines()
        expected = {tuple(line.split(";")[-3:-1]) for line in browsed
                    if line.startswith("=;") and ";IPv6;" in line}
        self.assertEqual({port for _, port in expected}, set("12345"))
        client = self.client("--debug", "--retry=1000")
        wait_for(lambda: client.stderr.count("trying again") >= 5, "the attempts")
        found = re.findall(ANSWERS, client.stderr)
        self.assertEqual(set(found), expected)
        self.assertEqual(client.stdout, b"")
        self.end_by(client, signal.SIGTERM)

    def test_first_is_our_question(self):
        """CLI-DISC-9: a server that was just announced has told everybody a moment ago, and may not
        tell everybody again for a second; it tells us."""
        self.serve()
        client = self.client("--debug")
        self.assert_password(client)
        before = client.stderr.split("connecting to")[0]
        self.assertRegex(before, ANSWERS)

    def test_ipv4(self):
        """CLI-DISC-1, CLI-DISC-2: the question over IPv4, and an IPv4 address."""
        self.boot.ip("address", "add", "198.51.100.2/24", "dev", "eth0")
        server = self.serve(ipv6=False)
        client = self.client("--debug")
        self.assert_password(client)
        self.assertRegex(client.stderr, rf"answers that .* at 198\.51\.100\.1:{server.port}")

    def test_other_interfaces_are_not_asked(self):
        """CLI-NET-5: nor is what comes by them an answer."""
        self.boot.add("eth1", up=True, plugged=False)
        self.serve()
        client = self.client("--interface=eth1", "--debug")
        client.expect("no carrier on eth1")
        self.assertNotRegex(client.stderr, ANSWERS)
        self.end_by(client, signal.SIGTERM)


class BrokenLibrary(Case):
    def test_browser_that_fails(self):
        """CLI-DISC-4, D3: one that cannot be made, and one that fails later, end nothing: the library
        is started again, and finds what comes."""
        self.boot.add("eth0", up=True)
        self.boot.wait_address("eth0")
        failing = Path(os.environ["MANDOS_BUILD"], "tests/lib/libfail-browser.so")
        sanitizer = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
        client = self.client("--debug", "--retry=1000",
                             prefix=("env", f"LD_PRELOAD={failing}", f"ASAN_OPTIONS={sanitizer}"))
        client.expect("(?s)mDNS is started again.*the search on interface .* failed.*"
                      "mDNS is started again.*searching on eth0 by IPv6")
        host = self.host()
        server = host.serve(clients=[boot.lan.Rig.section("boot", boot.keys, b"no OpenPGP message")])
        server.wait_established()
        client.expect(f'found server "Mandos" on host server.local, .* port {server.port}')
        self.assertEqual(client.stdout, b"")
        self.end_by(client, signal.SIGTERM)


if __name__ == "__main__":
    boot.main()
