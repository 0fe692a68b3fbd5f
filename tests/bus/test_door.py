# SPDX-License-Identifier: GPL-3.0-or-later
"""What only this server promises on D-Bus: any bus, any number of clients, durable before told."""

import os
import re
import signal
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from bus import (CLIENT, ERROR, INTROSPECTABLE, MANAGER, NAME, OLD_CLIENT, OLD_NAME,  # noqa: E402
                 PROPERTIES, STATUS, Bus, Failed, Variant, events)
from rig import Rig, wait_for  # noqa: E402

QUIET = "checker = true\ninterval = P20D\ntimeout = P40D\n"
# What a system bus allows one connection to wait for.
REPLIES_AT_A_TIME = 100


class Case(unittest.TestCase):
    def setUp(self):
        self.rig = self.enterContext(Rig(dbus=True))
        self.bus = Bus(self.rig)

    def clients(self, *names, default=QUIET, **settings):
        self.rig.write_clients(*[self.rig.section(name, **settings) for name in names],
                               default=default)

    def start(self, *options, bus=True, ready=True):
        if bus:
            self.bus.start()
        if self.bus.process and not self.bus.is_stopped:
            self.watch()
        return self.rig.start(*options, environment=self.bus.environment, ready=ready)

    def watch(self):
        """Who listens before the server starts misses nothing."""
        self.watcher = self.enterContext(self.bus.peer())
        self.watcher.subscribe()

    def wait_name(self):
        """The peer that has listened since the start of server or bus."""
        wait_for("the bus name", self.watcher.has_owner)
        return self.watcher

    def wait_clients(self, peer, n):
        """The name may still be that of a connection that has been given up."""
        def are_listed():
            try:
                return len(peer.server("GetAllClients")[0]) == n
            except Failed:
                return False
        wait_for("clients", are_listed)

    def told(self, peer, *paths):
        """Waits until each of these clients has been announced; the events of each."""
        seen = []
        while {event[1] for event in events(seen, "/") if event[0] == "ClientAdded"} < set(paths):
            seen += peer.signals_until("ClientAdded")
            seen += [peer.next_signal()]
        return seen


class StartAndEnd(Case):
    def test_start(self):
        """DBUS-BUS-4, DBUS-STD-11, DBUS-SRV-10, DBUS-CHG-4: what is told of each client."""
        self.clients("on", "off")
        (self.rig.config / "clients.d").mkdir()
        (self.rig.config / "clients.d/off.conf").write_text(self.rig.section("no", enabled="False"))
        self.start()
        peer = self.wait_name()
        found = peer.signals_until("ClientAdded", path="/")
        while sum(s.member == "ClientAdded" for s in found) < 6:
            found.append(peer.next_signal())
        found += peer.signals
        by_path = [event[1] for event in events(found, "/") if event[0] == "InterfacesAdded"]
        self.assertEqual(by_path, ["/clients/on", "/clients/off", "/clients/no"])
        members = [(s.member, s.body[0]) for s in found if s.path == "/" or s.path == by_path[0]]
        self.assertEqual(members[:6], [
            ("InterfacesAdded", "/clients/on"), ("ClientAdded", "/clients/on"),
            ("ClientAdded", "/clients/on"), ("PropertyChanged", "Expires"),
            ("PropertyChanged", "Expires"), ("PropertiesChanged", CLIENT)])
        added = next(s.body[1] for s in found if s.member == "InterfacesAdded")
        self.assertEqual(set(added), {CLIENT, OLD_CLIENT, STATUS, PROPERTIES, INTROSPECTABLE})
        self.assertEqual(len(added[CLIENT]), 21)
        self.assertEqual([s for s in found if s.path == "/clients/no"], [], "it does not expire")

    def test_ready_when_it_is_on_the_bus(self):
        """DBUS-BUS-4 Fix: whoever sees the name sees the objects."""
        self.clients("a")
        self.start()
        peer = self.wait_name()
        self.assertEqual(peer.server("GetAllClients"), (["/clients/a"],))

    def test_end(self):
        """DBUS-BUS-6: each client is taken leave of, then the names go; no property changes."""
        self.clients("a", "b")
        self.start()
        peer = self.wait_name()
        self.told(peer, "/clients/a", "/clients/b")
        peer.server("GetAllClients")
        peer.signals.clear()
        self.assertEqual(self.rig.stop(), 0)
        self.assertFalse(peer.has_owner())
        gone = [CLIENT, OLD_CLIENT, STATUS, PROPERTIES, INTROSPECTABLE]
        self.assertEqual(events(peer.signals), [
            ("InterfacesRemoved", "/clients/a", gone), ("ClientRemoved", "/clients/a", "a"),
            ("InterfacesRemoved", "/clients/b", gone), ("ClientRemoved", "/clients/b", "b")])

    def test_reload(self):
        """Clients that come and go with a new configuration; another key is another object."""
        self.clients("stays", "goes", "key")
        self.start()
        peer = self.wait_name()
        self.told(peer, "/clients/stays", "/clients/goes", "/clients/key")
        peer.server("GetAllClients")
        peer.signals.clear()
        self.rig.write_clients(self.rig.section("stays", host="192.0.2.9", secret=b"other"),
                               self.rig.section("key", self.rig.keys()),
                               self.rig.section("comes"), default=QUIET)
        after = self.rig.server.n_lines()
        self.rig.server.popen.send_signal(signal.SIGHUP)
        self.rig.server.wait_line("Configuration reloaded", after=after)
        found = self.told(peer, "/clients/comes", "/clients/key")
        self.assertEqual([event[:2] for event in events(found, "/")],
                         [("InterfacesRemoved", "/clients/goes"), ("ClientRemoved", "/clients/goes"),
                          ("InterfacesRemoved", "/clients/key"), ("ClientRemoved", "/clients/key"),
                          ("InterfacesAdded", "/clients/key"), ("ClientAdded", "/clients/key"),
                          ("InterfacesAdded", "/clients/comes"),
                          ("ClientAdded", "/clients/comes")])
        self.assertEqual(events(found, "/clients/stays"),
                         [("Host", "192.0.2.9"), ("invalidated", "Secret")])
        self.assertEqual(len(peer.get("/clients/key", "KeyID")), 64)


class Names(Case):
    def test_odd_names(self):
        """DBUS-PATH-2, DBUS-PATH-3, SRV-CLNT-12: every client has an object, and its own."""
        names = {"a-b": "/clients/a_b", "a.b": "/clients/a_b_2", "a b": "/clients/a_20b",
                 "å": "/clients/_c3_a5", "/x/": "/clients/_2fx_2f", "a_b": "/clients/a_b_3",
                 "s/a": "/clients/s/a", "s": "/clients/s"}
        self.clients(*names)
        self.start()
        peer = self.wait_name()
        self.assertEqual(peer.server("GetAllClients"), (list(names.values()),))
        for name, path in names.items():
            self.assertEqual(peer.get(path, "Name"), name)
        self.assertIn('<node name="a"/>', peer.introspect("/clients/s"))
        self.rig.server.wait_line(r"WARNING: Client a\.b: another client has its D-Bus object path")

    def test_path_for_checkers(self):
        """SRV-CHK-3: %(dbus_object_path)s while D-Bus is in use."""
        self.clients("a-b", checker="test %%(dbus_object_path)s = /clients/a_b")
        self.start()
        peer = self.wait_name()
        peer.client("/clients/a_b", "StartChecker")
        self.assertEqual(events(peer.signals_until("CheckerCompleted") + [peer.next_signal()],
                                "/clients/a_b")[-1][:2], ("CheckerCompleted", 0))

    def test_name_is_taken(self):
        """DBUS-BUS-2: it runs on, says why, and has neither of the names nor an object."""
        self.clients("a")
        self.bus.start()
        for name in (OLD_NAME, NAME):
            other = self.enterContext(self.bus.peer())
            self.assertEqual(other.bus("RequestName", "su", name, 4), (1,))
            server = self.start(bus=False)
            server.wait_line("ERROR: Disabling D-Bus: ")
            free = NAME if name == OLD_NAME else OLD_NAME
            wait_for("the other name", lambda name=free: not other.has_owner(name))
            self.assertEqual(self.rig.ask(self.rig.keys()).kind, "refused")
            self.assertEqual(self.rig.stop(), 0)
            # And when the name is free it takes it.
            server = self.start(bus=False)
            server.wait_line("ERROR: Disabling D-Bus: ")
            other.bus("ReleaseName", "s", name)
            self.wait_clients(self.wait_name(), 1)
            self.assertEqual(self.rig.stop(), 0)

    def test_not_permitted(self):
        """DBUS-BUS-2: a bus whose policy does not know the server."""
        self.clients("a")
        self.bus = Bus(self.rig, policy=Path("/dev/null"))
        self.bus.config.write_text(re.sub("<include>.*</include>", "", self.bus.config.read_text()))
        self.start().wait_line("ERROR: Disabling D-Bus: .*not allowed to own")
        self.assertEqual(self.rig.ask(self.rig.keys()).kind, "refused")


class NoBus(Case):
    def test_not_wanted(self):
        """DBUS-BUS-3, SRV-CHK-3: no bus is touched, and checkers know no path."""
        self.rig.dbus = False
        self.clients("a", default="checker = echo %%(dbus_object_path)s\ninterval = PT1S\n")
        server = self.start(bus=False)
        server.wait_line('ERROR: Could not format string "echo %\\(dbus_object_path\\)s" for a')
        self.assertNotIn("bus (", server.text())

    def test_comes_later(self):
        """SRV-PROC-10, DBUS-BUS-5: peers are served without a bus; the interface comes with it."""
        keys = self.rig.keys()
        self.rig.write_clients(self.rig.section("a", keys), default=QUIET)
        server = self.start(bus=False)
        server.wait_line("ERROR: No connection to the system bus")
        self.assertEqual(self.rig.ask(keys).data, b"hunter2")
        self.bus.start()
        self.watch()
        self.told(self.wait_name(), "/clients/a")
        server.wait_line("INFO: The D-Bus interface is there now")

    def test_restarted(self):
        """DBUS-BUS-5 Fix: state, checkers and peers are as before; everything is told again."""
        keys = self.rig.keys()
        self.rig.write_clients(self.rig.section("a", keys), self.rig.section("b"), default=QUIET)
        self.start()
        self.wait_name().client("/clients/b", "Disable")
        for _ in range(2):
            self.bus.stop()
            self.assertEqual(self.rig.ask(keys).data, b"hunter2")
            self.bus.start()
            self.watch()
            peer = self.wait_name()
            self.told(peer, "/clients/a", "/clients/b")
            self.assertFalse(peer.get("/clients/b", "Enabled"))
            peer.client("/clients/a", "CheckedOK")

    def test_silent(self):
        """A bus that neither greets nor refuses keeps nobody waiting."""
        keys = self.rig.keys()
        self.rig.write_clients(self.rig.section("a", keys), default=QUIET)
        self.bus.start()
        self.watch()
        self.bus.freeze()
        server = self.start(bus=False)
        self.assertEqual(self.rig.ask(keys).data, b"hunter2")
        server.wait_line("ERROR: The system bus does not answer")
        self.bus.thaw()
        self.told(self.wait_name(), "/clients/a")

    def test_stuck(self):
        """A bus that stops reading: peers are served; the connection is given up, and made again."""
        keys = self.rig.keys()
        names = [f"c{n}" for n in range(200)]
        self.rig.write_clients(*[self.rig.section(name) for name in names],
                               self.rig.section("a", keys, interval="P20D", timeout="P40D"),
                               default="checker = true\ninterval = PT1S\ntimeout = PT1H\n")
        self.start()
        self.wait_name()
        self.bus.freeze()
        try:
            self.rig.server.wait_line("ERROR: The D-Bus connection is given up and made again: "
                                      "the bus does not take what is sent", deadline=240)
            self.assertEqual(self.rig.ask(keys).data, b"hunter2")
        finally:
            self.bus.thaw()
        self.wait_clients(self.wait_name(), 201)

    def test_stuck_at_the_end(self):
        """DBUS-BUS-6, SRV-PROC-10: it does not wait for a bus that does not read."""
        self.clients(*[f"c{n}" for n in range(3000)])
        self.start()
        self.wait_name().client("/clients/c1", "Disable")
        self.bus.freeze()
        try:
            self.assertEqual(self.rig.stop(), 0)
        finally:
            self.bus.thaw()


class Durable(Case):
    def test_told_is_saved(self):
        """SRV-STATE-4: what a caller was answered survives kill -9."""
        self.clients("a", "b", "c")
        self.start()
        peer = self.wait_name()
        peer.client("/clients/a", "Disable")
        peer.set("/clients/b", "Host", "s", "192.0.2.77")
        peer.server("RemoveClient", "o", "/clients/c")
        self.rig.stop(signal.SIGKILL)
        self.start(bus=False)
        peer = self.wait_name()
        self.assertEqual(peer.server("GetAllClients"), (["/clients/a", "/clients/b"],))
        self.assertFalse(peer.get("/clients/a", "Enabled"))
        self.assertEqual(peer.get("/clients/b", "Host"), "192.0.2.77")

    def test_many_at_once(self):
        """500 calls in flight: all are answered, each client's signals in order, none lost."""
        names = [f"c{n}" for n in range(500)]
        self.clients(*names)
        self.start()
        watcher = self.wait_name()
        self.told(watcher, *[f"/clients/{name}" for name in names])
        watcher.server("GetAllClients")
        watcher.signals.clear()
        peers = [self.enterContext(self.bus.peer()) for _ in range(500 // REPLIES_AT_A_TIME)]
        calls = []
        for at, name in enumerate(names):
            peer = peers[at % len(peers)]
            calls.append((peer, peer.send(NAME, f"/clients/{name}", PROPERTIES, "Set", "ssv",
                                          CLIENT, "Enabled", Variant("b", False))))
        for peer, serial in calls:
            peer.reply(serial)
        watcher.server("GetAllClients")
        for name in names:
            self.assertEqual(events(watcher.signals, f"/clients/{name}"),
                             [("Expires", ""), ("Enabled", False)], name)

    def test_not_saved(self):
        """A state that cannot be written: the caller is told; no signal before it is saved."""
        self.clients("a", "b")
        server = self.start()
        peer = self.wait_name()
        self.told(peer, "/clients/a", "/clients/b")
        peer.server("GetAllClients")
        peer.signals.clear()
        for file in self.rig.state.iterdir():
            file.rename(self.rig.folder / file.name)
        with self.assertRaises(Failed) as caught:
            peer.client("/clients/a", "Disable")
        self.assertEqual(caught.exception.name, ERROR + "IOError")
        self.assertFalse(peer.get("/clients/a", "Enabled"), "in force all the same")
        self.assertEqual(peer.signals, [])
        for file in self.rig.folder.glob("clients.db*"):
            file.rename(self.rig.state / file.name)
        found = peer.signals_until("PropertiesChanged") + peer.signals_until("PropertiesChanged")
        self.assertEqual(events(found), [("Expires", ""), ("Enabled", False)])
        server.wait_line("Client a is disabled now")

    def test_removal_that_is_not_saved(self):
        """The log, too, hears of it only when it is saved."""
        self.clients("a", "b")
        server = self.start()
        peer = self.wait_name()
        self.told(peer, "/clients/a", "/clients/b")
        for file in self.rig.state.iterdir():
            file.rename(self.rig.folder / file.name)
        with self.assertRaises(Failed):
            peer.server("RemoveClient", "o", "/clients/a")
        self.assertEqual(peer.server("GetAllClients")[0], ["/clients/b"])
        self.assertNotIn("is removed", server.text())
        for file in self.rig.folder.glob("clients.db*"):
            file.rename(self.rig.state / file.name)
        server.wait_line("Client a is removed: an administrator said so")

    def test_not_saved_at_the_end(self):
        """Nor does a server that ends say that it is done: the next one will not know of it."""
        self.clients("a")
        server = self.start()
        peer = self.wait_name()
        self.told(peer, "/clients/a")
        os.kill(server.pid, signal.SIGSTOP)
        for file in self.rig.state.iterdir():
            file.rename(self.rig.folder / file.name)
        call = peer.send(NAME, "/clients/a", CLIENT, "Disable")
        peer.call("org.freedesktop.DBus", "/", "org.freedesktop.DBus", "GetNameOwner", "s", NAME)
        os.kill(server.pid, signal.SIGTERM)
        os.kill(server.pid, signal.SIGCONT)
        with self.assertRaises(Failed):
            peer.reply(call)
        self.assertNotIn("Enabled", [signal.body[0] for signal in peer.signals if signal.body])


class Many(Case):
    def test_listing(self):
        """DBUS-SRV-3, DBUS-STD-10: thousands of clients in one message, for many who ask at once."""
        self.clients(*[f"c{n}" for n in range(3000)])
        self.start()
        peer = self.wait_name()
        calls = [peer.send(NAME, "/", MANAGER, "GetManagedObjects") for _ in range(5)]
        for serial in calls:
            self.assertEqual(len(peer.reply(serial)[0]), 3000)
        self.assertEqual(len(peer.server("GetAllClientsWithProperties")[0]), 3000)

    def test_larger_than_the_bus_allows(self):
        """Above 32 MiB the bus would disconnect the server: the twin is left out, then all."""
        checker = "true " + "x" * 60000
        for n, expected in ((300, {CLIENT}), (600, None)):
            self.clients(*[f"c{i}" for i in range(n)], checker=checker)
            self.start(bus=self.bus.process is None)
            peer = self.wait_name()
            if expected:
                managed, = peer.call(NAME, "/", MANAGER, "GetManagedObjects")
                self.assertEqual(len(managed), n)
                self.assertEqual(set(managed["/clients/c7"]) & {CLIENT, OLD_CLIENT}, expected)
            else:
                for interface, member in ((MANAGER, "GetManagedObjects"),
                                          (NAME, "GetAllClientsWithProperties")):
                    with self.assertRaises(Failed) as caught:
                        peer.call(NAME, "/", interface, member)
                    self.assertEqual(caught.exception.name, ERROR + "LimitsExceeded")
                self.assertEqual(len(peer.server("GetAllClients")[0]), n)
            self.rig.stop()


if __name__ == "__main__":
    unittest.main()
