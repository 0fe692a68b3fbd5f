# SPDX-License-Identifier: GPL-3.0-or-later
"""The announcement, with a real Avahi daemon on a real bus, and Debian's client that finds it."""

import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
import lan  # noqa: E402
from mandos_test import ClientKeys  # noqa: E402
from rig import DEADLINE  # noqa: E402

PASSWORD = b"correct horse\0battery\nstaple\xff"
REFERENCE_CLIENT = next(iter(Path("/usr/lib").glob("*/mandos/plugins.d/mandos-client")), None)


class Case(unittest.TestCase):
    def machine(self, bus=True, avahi=True, **settings):
        machine = self.enterContext(lan.Machine(**settings))
        if bus:
            machine.start_bus()
        if avahi:
            machine.start_avahi()
        return machine

    def assert_serves(self, server, keys):
        answer = server.ask(keys)
        self.assertEqual(answer.data, b"hunter2", answer)


class Announced(Case):
    """What is announced, and who finds it."""

    def test_avahi_browse_finds_it(self):
        """SRV-ZC-1, SRV-ZC-2, SRV-ZC-4, SRV-ZC-11: the port really listened on, no TXT, IPv6, and on
        all interfaces; gone as soon as the server is (SRV-ZC-10)."""
        machine = self.machine()
        server = machine.serve()
        server.server.wait_line("DEBUG: Adding Zeroconf service 'Mandos' of type '_mandos._tcp' ...")
        server.server.wait_line(r"DEBUG: Avahi entry group state change: 2")
        server.wait_established()
        self.assertEqual(machine.wait_names({"Mandos"}),
                         {"Mandos": {("server.local", server.port, "lan0", "IPv6")}})
        self.assertEqual(machine.txt, "")
        self.assertEqual(server.end(), 0)
        machine.wait_names(set())

    def test_options(self):
        """SRV-ZC-1: interface and protocol by the options; an odd name arrives as it is."""
        machine = self.machine()
        name = "Büro 100 %s; a.b"
        server = machine.serve("--interface", "lan0", "--servicename", name, ipv6=False)
        self.assertEqual(machine.wait_names({name}),
                         {name: {("server.local", server.port, "lan0", "IPv4")}})

    def test_interface_that_does_not_exist(self):
        """SRV-ZC-9: announced on all of them."""
        machine = self.machine()
        server = machine.serve("--interface", "nonesuch0")
        server.server.wait_line("ERROR: Interface nonesuch0 does not exist")
        self.assertEqual(set(machine.wait_names({"Mandos"})["Mandos"]),
                         {("server.local", server.port, "lan0", "IPv6")})

    @unittest.skipUnless(REFERENCE_CLIENT, "needs Debian's mandos-client")
    def test_debians_client_finds_it(self):
        """SRV-ZC-1: by its link-local address, across the link, knowing nothing but the type."""
        directory = tempfile.mkdtemp(prefix="mandos-test-keys-")
        keys = ClientKeys(directory)
        self.addCleanup(keys.remove)
        machine = self.machine()
        server = machine.serve(clients=[lan.Rig.section("web1", keys, keys.encrypt(PASSWORD))])
        done = subprocess.run(
            ["ip", "netns", "exec", lan.CLIENT, REFERENCE_CLIENT, "--interface=lan1", "--retry=1",
             f"--pubkey={keys.pubkey}", f"--seckey={keys.seckey}",
             f"--tls-pubkey={keys.tls_pubkey}", f"--tls-privkey={keys.tls_privkey}",
             f"--network-hook-dir={directory}"],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=2 * DEADLINE, check=False)
        self.assertEqual((done.returncode, done.stdout), (0, PASSWORD), done.stderr)
        server.server.wait_line("INFO: Sending secret to web1")


class Renamed(Case):
    """Two servers want one name."""

    def test_second_server_on_the_host(self):
        """SRV-ZC-5, SRV-ZC-6, SRV-LOG-2, K-16: it takes another name and says so in its log."""
        machine = self.machine()
        log = lan.Log()
        self.addCleanup(log.close)
        first = machine.serve()
        first.wait_established()
        second = machine.serve()
        second.server.wait_line("INFO: Local Zeroconf service name collision.")
        second.server.wait_line(r"INFO: Changing Zeroconf service name to 'Mandos #2' \.\.\.")
        second.wait_established()
        third = machine.serve()
        found = machine.wait_names({"Mandos", "Mandos #2", "Mandos #3"})
        for name, server in zip(sorted(found), (first, second, third)):
            self.assertEqual({entry[1] for entry in found[name]}, {server.port})
        pid = second.pid
        log.wait(rf"^<31>Mandos \[{pid}\]: DEBUG: Adding Zeroconf service 'Mandos'")
        log.wait(rf"^<30>Mandos \[{pid}\]: INFO: Changing Zeroconf service name")
        log.wait(rf"^<31>Mandos \(Mandos #2\) \[{pid}\]: DEBUG: Zeroconf service established")

    def test_server_on_another_host(self):
        """SRV-ZC-4, SRV-ZC-6: the name is taken by somebody on the network."""
        here, there = self.machine(), self.machine(name="other", netns=lan.CLIENT)
        first = there.serve()
        there.wait_names({"Mandos"})
        second = here.serve()
        second.server.wait_line("INFO: Zeroconf service name collision.")
        second.server.wait_line("INFO: Changing Zeroconf service name to 'Mandos #2'")
        found = here.wait_names({"Mandos", "Mandos #2"})
        self.assertEqual({entry[:2] for entry in found["Mandos"]}, {("other.local", first.port)})
        self.assertEqual({entry[:2] for entry in found["Mandos #2"]},
                         {("server.local", second.port)})

    def test_new_name_survives_avahi(self):
        """SRV-ZC-7: registered again under the name it has now."""
        machine = self.machine()
        first = machine.serve()
        first.wait_established()
        second = machine.serve()
        second.wait_established()
        first.end()
        machine.avahi.stop()
        second.server.wait_line("ERROR: The Avahi daemon: it has left the system bus")
        machine.start_avahi()
        self.assertEqual({entry[1] for entry in machine.wait_names({"Mandos #2"})["Mandos #2"]},
                         {second.port})


class Away(Case):
    """Avahi or the bus is away, or stuck: W-49. Clients are served all the same."""

    def setUp(self):
        self.keys_folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.keys = lan.Rig.keys(self)

    @property
    def folder(self):
        return self.keys_folder

    def serve(self, machine, *options, **settings):
        server = machine.serve(*options, clients=[lan.Rig.section("web1", self.keys)], **settings)
        self.assert_serves(server, self.keys)
        return server

    def errors(self, server):
        return [line for line in server.server.text().splitlines()
                if re.search(": (ERROR|CRITICAL): ", line)]

    def test_avahi_comes_later(self):
        """SRV-ZC-8: one line at ERROR, and announced when it is there."""
        machine = self.machine(avahi=False)
        server = self.serve(machine)
        server.server.wait_line("ERROR: No Avahi daemon on the system bus: .*not announced")
        machine.start_avahi()
        server.wait_established()
        self.assertEqual({entry[1] for entry in machine.wait_names({"Mandos"})["Mandos"]},
                         {server.port})
        self.assertEqual(len(self.errors(server)), 1, self.errors(server))

    def test_bus_comes_later(self):
        """SRV-ZC-8: one line at ERROR however often it is tried."""
        machine = self.machine(bus=False, avahi=False)
        server = self.serve(machine)
        server.server.wait_line("ERROR: No connection to the system bus: .*not announced")
        server.server.wait_line("DEBUG: No connection to the system bus")
        machine.start_bus()
        machine.start_avahi()
        server.wait_established()
        self.assertEqual(len(self.errors(server)), 1, self.errors(server))

    def test_neither_ever_comes(self):
        """SRV-ZC-8, SRV-PROC-10: served, and ended in order."""
        machine = self.machine(bus=False, avahi=False)
        server = self.serve(machine)
        server.server.wait_line("ERROR: No connection to the system bus")
        self.assert_serves(server, self.keys)
        self.assertEqual(server.end(), 0)

    def test_avahi_restarts(self):
        """SRV-ZC-7: stopped in order, and killed."""
        machine = self.machine()
        server = self.serve(machine)
        server.wait_established()
        for number in (signal.SIGTERM, signal.SIGKILL):
            after = server.server.n_lines()
            machine.avahi.stop(number)
            server.server.wait_line("ERROR: The Avahi daemon: it has left", after=after)
            self.assert_serves(server, self.keys)
            machine.start_avahi()
            server.wait_established(after)
            self.assertEqual({entry[1] for entry in machine.wait_names({"Mandos"})["Mandos"]},
                             {server.port})

    def test_bus_restarts(self):
        """SRV-ZC-7, SRV-ZC-8: connected again with back-off."""
        machine = self.machine()
        server = self.serve(machine)
        server.wait_established()
        after = server.server.n_lines()
        machine.bus.stop(signal.SIGKILL)
        server.server.wait_line("ERROR: No connection to the system bus: it was closed",
                                after=after)
        self.assert_serves(server, self.keys)
        machine.avahi.stop()
        machine.start_bus()
        machine.start_avahi()
        server.wait_established(after)
        machine.wait_names({"Mandos"})

    def test_avahi_is_stuck(self):
        """SRV-ZC-8, SRV-PROC-10: nothing waits for it, neither serving nor the end."""
        machine = self.machine()
        machine.avahi.popen.send_signal(signal.SIGSTOP)
        server = self.serve(machine)
        server.server.wait_line("ERROR: The Avahi daemon does not answer")
        self.assert_serves(server, self.keys)
        after = server.server.n_lines()
        machine.avahi.popen.send_signal(signal.SIGCONT)
        server.wait_established(after)
        machine.wait_names({"Mandos"})
        machine.avahi.popen.send_signal(signal.SIGSTOP)
        began = time.monotonic()
        self.assertEqual(server.end(), 0)
        self.assertLess(time.monotonic() - began, 5)
        machine.avahi.popen.send_signal(signal.SIGCONT)
        machine.wait_names(set())

    def test_bus_is_stuck(self):
        """SRV-ZC-8, SRV-PROC-10."""
        machine = self.machine()
        server = self.serve(machine)
        server.wait_established()
        machine.bus.popen.send_signal(signal.SIGSTOP)
        self.assert_serves(server, self.keys)
        began = time.monotonic()
        self.assertEqual(server.end(), 0)
        self.assertLess(time.monotonic() - began, 5)

    def test_host_name_changes(self):
        """SRV-ZC-3: withdrawn while Avahi registers the new one, and announced again."""
        here = self.machine()
        server = self.serve(here)
        server.wait_established()
        after = server.server.n_lines()
        lan.run("avahi-set-host-name", "renamed", env=here.env)
        server.server.wait_line("DEBUG: Avahi server state change: 1", after=after)
        server.server.wait_line("DEBUG: Avahi server state change: 2", after=after)
        server.wait_established(after)
        found = here.wait_names({"Mandos"})
        self.assertEqual({entry[:2] for entry in found["Mandos"]},
                         {("renamed.local", server.port)})


class Silent(Case):
    """--no-zeroconf --no-dbus."""

    def connections(self, **settings):
        """What a server connected to between start and end, by all of its processes."""
        machine = self.machine()
        trace = machine.rig.folder / "trace"
        server = machine.serve("--port", "4711", **settings,
                               prefix=["strace", "-f", "-qq", "-e", "trace=connect", "-o", trace])
        self.assertEqual(server.port, 4711)
        if server.zeroconf:
            server.wait_established()
        else:
            self.assertEqual(machine.browse(), {})
        self.assertEqual(server.end(), 0)
        return str(machine.bus_path), trace.read_text()

    def test_no_bus_is_touched(self):
        """DBUS-BUS-3, SRV-CLI-8: and the same trace shows it when there is reason to."""
        bus, trace = self.connections(zeroconf=False)
        self.assertNotIn(bus, trace)
        self.assertNotIn("bus_socket", trace)
        bus, trace = self.connections()
        self.assertIn(bus, trace)


if __name__ == "__main__":
    lan.enter()
    unittest.main()
