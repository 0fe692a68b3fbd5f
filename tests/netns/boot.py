# SPDX-License-Identifier: GPL-3.0-or-later
"""Machines that boot: network namespaces with interfaces, on the switch of the server's machine.

enter() makes the network of lan.py and the switch, a bridge "br0" that is always up.
"""

import itertools
import os
import shutil
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
import lan  # noqa: E402
from lan import run  # noqa: E402
from mandos_test import ClientKeys, Process, program, wait_for  # noqa: E402

SWITCH = "br0"
PASSWORD = b"correct horse\0battery\nstaple\xff"
OK, USAGE, UNAVAILABLE, OSERR = 0, 64, 69, 71

numbers = itertools.count()
keys = None


def enter():
    """Call it first; it returns inside."""
    lan.enter()
    os.chmod("/run/tmp", 0o1777)  # whatever the umask
    run("ip", "link", "add", SWITCH, "type", "bridge")
    run("ip", "link", "add", "port0", "type", "veth", "peer", "name", "port1")
    run("ip", "link", "set", "port1", "up")
    run("ip", "link", "set", "port0", "master", SWITCH, "up")
    run("ip", "link", "set", SWITCH, "up")
    run("ip", "address", "add", "198.51.100.1/24", "dev", SWITCH)
    wait_for(lambda: has_link_local(SWITCH), "the switch's address")


def make_keys(module_cleanup):
    """One set of keys for all tests; gpg takes long."""
    global keys
    keys = ClientKeys(tempfile.mkdtemp(prefix="mandos-test-keys-"))
    module_cleanup(keys.remove)
    for path in (keys.directory, keys.seckey, keys.tls_privkey):
        path.chmod(0o755)


def has_link_local(name, prefix=()):
    text = run("ip", *prefix, "-6", "address", "show", "dev", name, "scope", "link")
    return "fe80" in text and "tentative" not in text


class BootMachine:
    """A namespace with nothing but lo, which is up."""

    def __init__(self, case):
        self.netns = f"boot{next(numbers)}"
        run("ip", "netns", "add", self.netns)
        case.addCleanup(run, "ip", "netns", "delete", self.netns)
        self.ip("link", "set", "lo", "up")

    def ip(self, *words):
        return run("ip", "-n", self.netns, *words)

    def add(self, name, plugged=True, up=False, address=None):
        """An Ethernet interface, on the switch or with a cable to nowhere."""
        port = f"p{next(numbers)}"
        run("ip", "link", "add", port, "type", "veth", "peer", "name", name, "netns", self.netns)
        if plugged:
            run("ip", "link", "set", port, "master", SWITCH, "up")
        if up:
            self.ip("link", "set", name, "up")
        if address:
            self.ip("address", "add", address, "dev", name)
        return port

    def is_up(self, name):
        return ",UP" in self.ip("link", "show", "dev", name).split(">")[0]

    def wait_address(self, name):
        wait_for(lambda: has_link_local(name, ("-n", self.netns)), f"address of {name}")


class Case(unittest.TestCase):
    """A test with a folder, a server's machine with Avahi, and machines that boot."""

    def setUp(self):
        self.tmp = Path(tempfile.mkdtemp(prefix="mandos-test-"))
        self.tmp.chmod(0o755)
        self.addCleanup(shutil.rmtree, self.tmp, ignore_errors=True)
        self.boot = BootMachine(self)

    def host(self):
        machine = self.enterContext(lan.Machine())
        machine.interface = SWITCH
        machine.start_bus()
        machine.start_avahi()
        return machine

    def serve(self, host=None, password=PASSWORD, **settings):
        section = lan.Rig.section("boot", keys, keys.encrypt(password))
        server = (host or self.host()).serve(clients=[section], **settings)
        server.wait_established()
        return server

    def client(self, *options, prefix=(), file=None, keyed=True, **more):
        """mandos-client on the booting machine; later options win."""
        key_options = (f"--pubkey={keys.pubkey}", f"--seckey={keys.seckey}",
                       f"--tls-pubkey={keys.tls_pubkey}", f"--tls-privkey={keys.tls_privkey}")
        process = Process(
            ["ip", "netns", "exec", self.boot.netns, *prefix, file or program("mandos-client"),
             *(key_options if keyed else ()), f"--network-hook-dir={self.tmp}/no-hooks", *options],
            self.tmp, **more)
        self.addCleanup(process.end)
        return process

    def assert_password(self, client):
        self.assertEqual(client.wait(), OK, client.stderr)
        self.assertEqual(client.stdout, PASSWORD)

    def end_by(self, client, number):
        client.signal(number)
        self.assertEqual(client.wait(), -number, client.stderr)

    def hook(self, name, text, directory="hooks"):
        """Makes an executable script; returns the directory's option."""
        folder = self.tmp / directory
        folder.mkdir(exist_ok=True)
        path = folder / name
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)
        return f"--network-hook-dir={folder}"

    @staticmethod
    def lent(file, folder):
        """A set-user-ID copy of the program, and the words that start it as somebody else."""
        copy = folder / "mandos-client"
        shutil.copy(file, copy)
        copy.chmod(0o4755)
        return copy, ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")


def main():
    enter()
    os.environ["MANDOSPLUGINHELPERDIR"] = os.environ["MANDOS_BUILD"]
    unittest.main(verbosity=2)
