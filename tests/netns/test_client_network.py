# SPDX-License-Identifier: GPL-3.0-or-later
"""mandos-client brings a network up, finds a server on it, and leaves it as it was."""

import os
import signal
import socket
import subprocess
import sys
import threading
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import boot  # noqa: E402
from boot import Case, run, wait_for  # noqa: E402


def setUpModule():
    boot.make_keys(unittest.addModuleCleanup)


class Interfaces(Case):
    def test_brought_up_and_down(self):
        """CLI-NET-2, CLI-NET-8, CLI-NET-13, CLI-DISC-1: down before, down after; up stays up."""
        self.boot.add("eth0")
        self.boot.add("eth1", up=True)
        self.serve()
        client = self.client("--debug")
        self.assert_password(client)
        self.assertRegex(client.stderr, "set interface eth0 up")
        self.assertFalse(self.boot.is_up("eth0"))
        self.assertTrue(self.boot.is_up("eth1"))

    def test_none(self):
        """CLI-NET-4: what follows "none" is used and left alone."""
        self.boot.add("eth0", up=True)
        self.boot.add("eth1")
        self.boot.wait_address("eth0")
        self.serve()
        client = self.client("--interface=none,eth0", "--interface=eth1", "--debug")
        self.assert_password(client)
        self.assertNotIn("set interface", client.stderr)

    def test_only_none(self):
        """CLI-NET-4: alone it restricts nothing."""
        self.boot.add("eth0", up=True)
        self.boot.add("eth1")
        self.serve()
        client = self.client("--interface=none", "--debug")
        self.assert_password(client)
        self.assertNotIn("set interface", client.stderr)

    def test_unplugged_ones_cost_nothing(self):
        """CLI-NET-11: three without a carrier before the good one, and all the patience there is."""
        for name in ("eth0", "eth1", "eth2"):
            self.boot.add(name, plugged=False)
        self.boot.add("eth3")
        self.serve()
        client = self.client("--delay=100000")
        self.assert_password(client)
        for name in ("eth0", "eth1", "eth2", "eth3"):
            self.assertFalse(self.boot.is_up(name), name)

    def test_signal_while_waiting_for_a_carrier(self):
        """CLI-NET-12, D8: ends at once, and sets down what it set up."""
        self.boot.add("eth0", plugged=False)
        client = self.client("--connect=198.51.100.1:1", "--delay=100000", "--debug")
        client.expect("OpenPGP keys .* are good")
        self.end_by(client, signal.SIGTERM)
        self.assertFalse(self.boot.is_up("eth0"))

    def test_interface_that_comes_later(self):
        """CLI-NET-7, D32: no interface is no reason to end."""
        self.serve()
        client = self.client("--debug")
        client.expect("OpenPGP keys .* are good")
        self.boot.add("eth0")
        self.assert_password(client)
        self.assertFalse(self.boot.is_up("eth0"))

    def test_named_interface_that_comes_later(self):
        """CLI-NET-1: a message, and used when it appears."""
        self.serve()
        client = self.client("--interface=eth7", "--debug")
        client.expect("there is no interface eth7")
        client.expect("OpenPGP keys .* are good")
        self.boot.add("eth7")
        self.assert_password(client)

    def test_name_that_is_too_long(self):
        """CLI-NET-1: a message, for a name that no interface can have."""
        client = self.client("--interface=abcdefghijklmnop,eth0", "--debug", "--connect=198.51.100.1:1")
        client.expect("--interface=abcdefghijklmnop,eth0 has a name of more than 15 bytes")
        client.expect("there is no interface eth0; ")
        self.end_by(client, signal.SIGTERM)

    def test_no_ipv6(self):
        """CLI-NET-6, D14: nothing of IPv6 is needed."""
        run("ip", "netns", "exec", self.boot.netns, "sysctl", "-qw",
            "net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1")
        self.boot.add("eth0", address="198.51.100.2/24")
        self.serve(ipv6=False)
        client = self.client()
        self.assert_password(client)
        self.assertFalse(self.boot.is_up("eth0"))

    def detection(self, name):
        """How the kernel checks an interface's address."""
        return tuple(int(run("ip", "netns", "exec", self.boot.netns, "cat",
                             f"/proc/sys/net/ipv6/{file}"))
                     for file in (f"conf/{name}/optimistic_dad", f"neigh/{name}/retrans_time_ms"))

    def test_hasty_address(self):
        """CLI-NET-13, CLI-NET-15: what is brought up need not wait long for its address, and is then
        as it was; what is up is left alone. Also after a client that was killed, or a new name."""
        self.boot.add("eth0")
        self.boot.add("eth1", up=True)
        before = self.detection("eth0")
        self.assertEqual(before, (0, 1000))
        for number in (signal.SIGTERM, signal.SIGKILL):
            client = self.client("--debug")
            client.expect("set interface eth0 up")
            self.assertEqual(self.detection("eth0"), (1, 200))
            self.assertEqual(self.detection("eth1"), before)
            self.end_by(client, number)
            wait_for(lambda: self.detection("eth0") == before, "the settings")
            self.assertFalse(self.boot.is_up("eth0"))
        client = self.client("--debug")
        client.expect("searching on eth0 by IPv6")
        self.boot.ip("link", "set", "eth0", "down")
        self.boot.ip("link", "set", "eth0", "name", "lan0")
        self.assertEqual(self.detection("lan0"), (1, 200))
        self.end_by(client, signal.SIGTERM)
        self.assertEqual(self.detection("lan0"), before)

    def test_address_that_somebody_has(self):
        """CLI-NET-15: also in haste it is noticed, and not used."""
        self.boot.add("eth0")
        mac = self.boot.ip("link", "show", "dev", "eth0").split("link/ether ")[1].split()[0]
        octets = bytearray.fromhex(mac.replace(":", ""))
        interface = bytes([octets[0] ^ 2, *octets[1:3], 0xff, 0xfe, *octets[3:]])
        address = socket.inet_ntop(socket.AF_INET6, b"\xfe\x80" + bytes(6) + interface)
        other = boot.BootMachine(self)
        other.add("eth0", up=True)
        other.ip("address", "add", f"{address}/64", "dev", "eth0", "nodad")
        client = self.client("--debug")
        wait_for(lambda: "dadfailed" in self.boot.ip("address", "show", "dev", "eth0"),
                 "the objection")
        client.expect(r"no address on eth0 \(link up\)")
        self.end_by(client, signal.SIGTERM)

    def test_no_address_is_made(self):
        """CLI-NET-14: there is the kernel's own, and no other; nor a route."""
        self.boot.add("eth0")
        client = self.client("--debug")
        client.expect("searching on eth0 by IPv6")
        addresses = self.boot.ip("-o", "address", "show", "dev", "eth0").splitlines()
        self.assertEqual(len(addresses), 1, addresses)
        self.assertRegex(addresses[0], r"inet6 fe80:\S+/64 scope link ")
        self.assertEqual(self.boot.ip("-4", "route"), "")
        self.assertNotIn("default", self.boot.ip("-6", "route"))
        self.end_by(client, signal.SIGTERM)

    def test_console_level(self):
        """CLI-NET-8, CLI-NET-9, D7: lowered to 5 around the change, and put back to what it was."""
        self.boot.add("eth0")
        trace = self.tmp / "trace"
        before = int(Path("/proc/sys/kernel/printk").read_text().split()[0])
        client = self.client("--debug", "--connect=198.51.100.1:1",
                             prefix=("strace", "-f", "-qq", "-e", "trace=syslog,ioctl", "-o", trace))
        client.expect("set interface eth0 up")
        client.end()
        calls = [line for line in trace.read_text().splitlines()
                 if "CONSOLE_LEVEL" in line or "SIOCSIFFLAGS" in line]
        text = "\n".join(calls)
        self.assertIn("SIOCSIFFLAGS", text)
        if before > 5:
            self.assertRegex(text, r"(?s)^[^\n]*CONSOLE_LEVEL, NULL, 5\).*?SIOCSIFFLAGS.*?"
                                   rf"CONSOLE_LEVEL, NULL, {before}\)")
        else:
            self.assertNotIn("CONSOLE_LEVEL", text)

    def test_killed(self):
        """A client that is killed leaves the network as it found it, too."""
        self.boot.add("eth0")
        client = self.client("--connect=198.51.100.1:1", "--debug")
        client.expect("OpenPGP keys .* are good")
        self.assertTrue(self.boot.is_up("eth0"))
        client.signal(signal.SIGKILL)
        self.assertEqual(client.wait(), -signal.SIGKILL)
        wait_for(lambda: not self.boot.is_up("eth0"), "eth0 to be set down")


class Discovery(Case):
    def test_server_that_is_there(self):
        """CLI-DISC-9: the first question has an address to come from."""
        self.boot.add("eth0")
        self.serve()
        client = self.client("--debug")
        self.assert_password(client)
        self.assertNotIn("Invalid argument", client.stderr)

    def test_server_that_comes_later(self):
        """CLI-NET-15: the search begins when duplicate address detection has ended. CLI-DISC-7: waits without
        limit, and sees it when it is announced."""
        self.boot.add("eth0")
        client = self.client("--debug")
        client.expect("searching on eth0 by IPv6")
        self.assertTrue(boot.has_link_local("eth0", ("-n", self.boot.netns)))
        self.serve()
        self.assert_password(client)

    def test_silent_impostor_beside_a_server(self):
        """CLI-DISC-8, D5: what accepts and says nothing blocks nobody."""
        host = self.host()
        sock = socket.socket(socket.AF_INET6)
        self.addCleanup(sock.close)
        sock.bind(("::", 0))
        sock.listen()
        publish = host.rig.spawn(["avahi-publish", "-s", "Impostor", "_mandos._tcp",
                                  str(sock.getsockname()[1])], env=host.env)
        publish.wait_line("Established")
        self.boot.add("eth0")
        client = self.client("--debug")
        client.expect("connected; waiting for the server's TLS handshake")
        self.serve(host)
        self.assert_password(client)

    def test_other_interfaces_are_not_asked(self):
        """CLI-NET-5, CLI-CONN-1: a server beyond an interface that is not in the list."""
        self.boot.add("eth0", up=True)
        self.boot.add("eth1", plugged=False, up=True)
        self.boot.wait_address("eth0")
        self.serve()
        client = self.client("--interface=eth1", "--debug")
        client.expect("no carrier on eth1")  # after ten seconds
        self.assertNotIn("found server", client.stderr)
        self.assertNotIn("eth0 by IPv", client.stderr)
        self.end_by(client, signal.SIGTERM)

    def test_debug_tells_it(self):
        """CLI-DBG-1: each step, and the reasons."""
        host = self.host()
        self.boot.add("eth0")
        option = self.hook("hook", "exit 0\n")
        (self.tmp / "hooks" / "README").touch()
        section = boot.lan.Rig.section("boot", boot.keys, b"this is no OpenPGP message")
        server = host.serve("--port=4711", clients=[section])
        client = self.client(option, "--debug", "--retry=1000")
        for pattern in ("README is no network hook", "hook, mode start", "set interface eth0 up",
                        "searching on eth0 by IPv6", "mDNS: ", "GnuTLS: ", "the OpenPGP keys .* are good",
                        'found server "Mandos" on host server.local, interface \\d+, port 4711',
                        r"connecting to \[fe80:.*\]:4711", "connected", "TLS handshake done",
                        "received 26 bytes from", "cannot decrypt what",
                        r"trying again in \d+ ms"):
            client.expect(pattern)
        self.assertTrue(server.pid)
        self.end_by(client, signal.SIGTERM)
        for pattern in ("hook, mode stop", "set interface eth0 down", "ending by signal 15"):
            self.assertRegex(client.stderr, pattern)

    def test_server_that_left(self):
        """CLI-DISC-5, D36: after its goodbye and a failed attempt it is forgotten; a new one counts."""
        host = self.host()
        section = boot.lan.Rig.section("other", boot.keys, b"this is no OpenPGP message")
        first = host.serve(clients=[section])
        first.wait_established()
        self.boot.add("eth0")
        client = self.client("--debug", "--retry=1")
        client.expect("cannot decrypt")
        client.expect("found server")  # by the library, which hears the goodbye
        self.assertEqual(first.end(), 0)
        client.expect("says goodbye")
        client.expect("is gone")
        self.serve(host)
        self.assert_password(client)


class Route(Case):
    """CLI-CONN-3: a server that announces only a global address."""

    def setUp(self):
        super().setUp()
        run("ip", "address", "add", "2001:db8::1/128", "dev", boot.SWITCH, "nodad")
        self.addCleanup(run, "ip", "address", "delete", "2001:db8::1/128", "dev", boot.SWITCH)
        self.boot.add("eth0", up=True)
        self.boot.wait_address("eth0")

    def routes(self):
        return self.boot.ip("-6", "route", "show", "root", "2001:db8::/32")

    def start(self, helper_dir, *options):
        host = self.host()
        section = boot.lan.Rig.section("boot", boot.keys, boot.keys.encrypt(boot.PASSWORD))
        server = host.serve("--port=4711", zeroconf=False, clients=[section])
        address = host.rig.spawn(["avahi-publish", "-a", "-R", "far.local", "2001:db8::1"],
                                 env=host.env)
        address.wait_line("Established")
        service = host.rig.spawn(["avahi-publish", "-s", "-H", "far.local", "Far", "_mandos._tcp",
                                  str(server.port)], env=host.env)
        service.wait_line("Established")
        return self.client("--debug", *options,
                           env={**os.environ, "MANDOSPLUGINHELPERDIR": str(helper_dir)})

    def test_helper(self):
        """CLI-CONN-3, CLI-CONN-9, CLI-ROUTE-1, CLI-ROUTE-2: a route for the attempt, then none."""
        client = self.start(os.environ["MANDOS_BUILD"])
        self.assert_password(client)
        self.assertRegex(client.stderr, "add route to 2001:db8::1 over eth0")
        self.assertRegex(client.stderr, "delete route to 2001:db8::1 over eth0")
        self.assertEqual(self.routes(), "")

    def test_replaced_helper(self):
        """CLI-ROUTE-1: an administrator's own; root, no password pipe, nothing to read."""
        folder = self.tmp / "helpers"
        folder.mkdir()
        helper = folder / "mandos-client-iprouteadddel"
        helper.write_text(f"#!/bin/sh\necho \"$@\" $(id -u) >>{self.tmp}/calls; echo said; cat\n"
                          "[ \"$1\" != --debug ] || shift\n"
                          "[ $1 = add ] && verb=add || verb=delete\n"
                          "exec ip -6 route $verb $2/128 dev $3\n")
        helper.chmod(0o755)
        client = self.start(folder)
        self.assert_password(client)
        self.assertEqual((self.tmp / "calls").read_text(),
                         "--debug add 2001:db8::1 eth0 0\n--debug delete 2001:db8::1 eth0 0\n")

    def test_failing_helper(self):
        """CLI-ROUTE-6: the connect error counts; and again."""
        folder = self.tmp / "helpers"
        folder.mkdir()
        helper = folder / "mandos-client-iprouteadddel"
        helper.write_text("#!/bin/sh\nexit 7\n")
        helper.chmod(0o755)
        client = self.start(folder, "--retry=0.1")
        client.expect("(?s)failed with status 7.*cannot connect: Network is unreachable.*"
                      "failed with status 7")
        self.end_by(client, signal.SIGTERM)

    def test_signal_while_the_helper_runs(self):
        """CLI-SIG-3: it gets SIGTERM."""
        folder = self.tmp / "helpers"
        folder.mkdir()
        helper = folder / "mandos-client-iprouteadddel"
        helper.write_text(f"#!/bin/sh\ntrap 'echo >{self.tmp}/term; exit 1' TERM\n"
                          f"echo >{self.tmp}/ready\nsleep 1000 & wait\n")
        helper.chmod(0o755)
        client = self.start(folder)
        wait_for((self.tmp / "ready").exists, "the helper")
        self.end_by(client, signal.SIGTERM)
        self.assertTrue((self.tmp / "term").exists())

    def test_signal_while_a_route_is_used(self):
        """CLI-CONN-9, CLI-SIG-2: it is taken back."""
        sock = socket.create_server(("2001:db8::1", 4711), family=socket.AF_INET6)
        self.addCleanup(sock.close)
        host = self.host()
        host.rig.spawn(["avahi-publish", "-a", "-R", "far.local", "2001:db8::1"],
                       env=host.env).wait_line("Established")
        host.rig.spawn(["avahi-publish", "-s", "-H", "far.local", "Far", "_mandos._tcp", "4711"],
                       env=host.env).wait_line("Established")
        client = self.client("--debug", env={**os.environ,
                                             "MANDOSPLUGINHELPERDIR": os.environ["MANDOS_BUILD"]})
        client.expect("connected; waiting for the server's TLS handshake")
        self.assertNotEqual(self.routes(), "", client.stderr)
        self.end_by(client, signal.SIGTERM)
        self.assertEqual(self.routes(), "")

    def test_no_helper(self):
        """CLI-ROUTE-1, CLI-ROUTE-4."""
        client = self.start(self.tmp / "missing", "--retry=0.1")
        client.expect("failed with status 69")
        self.end_by(client, signal.SIGTERM)


class Helper(Case):
    """The route helper by itself, ours and Debian's."""

    def programs(self):
        debian = next(iter(Path("/usr/lib").glob("*/mandos/plugin-helpers/mandos-client-*")), None)
        ours = boot.program("mandos-client-iprouteadddel")
        return [ours] + ([debian] if debian else [])

    def status(self, program, *words):
        done = subprocess.run(["ip", "netns", "exec", self.boot.netns, program, *words],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                              timeout=30)
        return done.returncode

    def test_table(self):
        """CLI-ROUTE-2, CLI-ROUTE-3, CLI-ROUTE-4, CLI-ROUTE-5."""
        self.boot.add("eth0", up=True, address="198.51.100.2/24")
        self.boot.wait_address("eth0")
        for program in self.programs():
            for words, status in (
                    (("add", "2001:db8::7", "eth0"), 0),
                    (("add", "2001:db8::7", "eth0"), 71),
                    (("--debug", "DeLete", "2001:db8::7", "eth0"), 0),
                    (("delete", "2001:db8::7", "eth0"), 71),
                    (("ADD", "203.0.113.7", "eth0"), 0),
                    (("delete", "203.0.113.7", "eth0"), 0),
                    (("add", "2001:db8:1::/48", "eth0"), 0),
                    (("delete", "2001:db8:1::/48", "eth0"), 0),
                    (("add", "2001:db8::7", "eth9"), 71),
                    (("add", "nonsense", "eth0"), 64),
                    (("change", "2001:db8::7", "eth0"), 64),
                    (("add", "2001:db8::7"), 64),
                    (("add", "2001:db8::7", "eth0", "more"), 64),
                    (("--help",), 0), (("--usage",), 0), (("--version",), 0)):
                with self.subTest(program=program, words=words):
                    self.assertEqual(self.status(program, *words), status)

    def test_same_route(self):
        """CLI-ROUTE-3: main table, protocol boot, scope link, no gateway; as the reference makes it."""
        self.boot.add("eth0", up=True, address="198.51.100.2/24")
        self.boot.wait_address("eth0")
        seen = set()
        for program in self.programs():
            for address, family in (("2001:db8::7", "-6"), ("203.0.113.7", "-4")):
                self.assertEqual(self.status(program, "add", address, "eth0"), 0)
                seen.add((family, self.boot.ip("-d", family, "route", "show", address)))
                self.assertEqual(self.status(program, "delete", address, "eth0"), 0)
        self.assertEqual(len(seen), 2, seen)
        self.assertIn("unicast 203.0.113.7 dev eth0 proto boot scope link", str(seen))


class Several(Case):
    """More than one server."""

    def silent(self, address="198.51.100.1"):
        sock = socket.create_server((address, 0))
        self.addCleanup(sock.close)
        return sock, f"{address}:{sock.getsockname()[1]}"

    def test_dead_and_silent_first(self):
        """CLI-DISC-8, D5: a dead one and a silent one before the good one cost nothing."""
        self.boot.add("eth0", address="198.51.100.2/24")
        server = self.serve(ipv6=False)
        silent = self.silent()[1]
        client = self.client("--connect=198.51.100.77:4711", f"--connect={silent}",
                             f"--connect=198.51.100.1:{server.port}")
        self.assert_password(client)

    def test_named_beside_zeroconf(self):
        """--server adds one, and the search goes on."""
        self.boot.add("eth0", address="198.51.100.2/24")
        silent = self.silent()[1]
        self.serve()
        client = self.client(f"--server={silent}", "--debug")
        self.assert_password(client)
        self.assertIn(f"connecting to {silent}", client.stderr)
        self.assertIn("answers that there is a server at", client.stderr)

    def test_name(self):
        """A name, which the C library looks up."""
        self.boot.add("eth0", address="198.51.100.2/24")
        server = self.serve(ipv6=False)
        hosts = self.tmp / "hosts"
        hosts.write_text("198.51.100.1 mandos.example\n")
        client = self.client(
            f"--connect=mandos.example:{server.port}",
            prefix=("unshare", "--mount", "--propagation", "private", "sh", "-c",
                    'mount --bind "$0" /etc/hosts && exec "$@"', hosts))
        self.assert_password(client)

    def test_name_by_the_leases_resolver(self):
        """Without /etc/resolv.conf the name servers of the lease are asked (RFC 1035, A record)."""
        self.boot.add("eth0", address="198.51.100.2/24")
        server = self.serve(ipv6=False)
        dns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(dns.close)
        dns.bind(("198.51.100.1", 53))
        threading.Thread(target=answer_dns, args=(dns, "198.51.100.1"), daemon=True).start()
        lease = self.tmp / "net-eth0.conf"
        lease.write_text("DEVICE='eth0'\nIPV4DNS0='198.51.100.1'\nIPV4DNS1='0.0.0.0'\n")
        etc = self.tmp / "etc"
        etc.mkdir()
        (etc / "hosts").write_text("127.0.0.1 localhost\n")
        (etc / "nsswitch.conf").write_text("hosts: files dns\n")
        client = self.client(
            f"--connect=mandos.example:{server.port}", "--debug",
            prefix=("unshare", "--mount", "--propagation", "private", "sh", "-c",
                    'mount -t tmpfs tmpfs /run && mkdir /run/tmp && cp "$0" /run/ && '
                    f'mount --bind {etc} /etc && exec "$@"', lease))
        self.assert_password(client)

    def test_sentence_after_ten_seconds(self):
        """One sentence for whoever stands before the machine, once."""
        self.boot.add("eth0")
        self.boot.add("eth1", plugged=False)
        client = self.client("--debug")
        client.expect(r"no server answered on eth0 \(link up, fe80::[0-9a-f:]+\), "
                      r"no carrier on eth1: type the passphrase, or ")
        self.end_by(client, signal.SIGTERM)
        self.assertEqual(client.stderr.count("type the passphrase"), 1)


def answer_dns(sock, address):
    """Answers every question for an A record with the address, and others with nothing."""
    while True:
        try:
            query, peer = sock.recvfrom(4096)
        except OSError:
            return
        end = query.index(b"\0", 12) + 5
        is_a = query[end - 4:end - 2] == b"\0\1"
        answer = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + socket.inet_aton(address) if is_a else b""
        sock.sendto(query[:2] + b"\x81\x80\0\1" + (b"\0\1" if is_a else b"\0\0") + b"\0\0\0\0"
                    + query[12:end] + answer, peer)


if __name__ == "__main__":
    boot.main()
