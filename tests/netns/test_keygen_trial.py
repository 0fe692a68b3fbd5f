# SPDX-License-Identifier: GPL-3.0-or-later
"""mandos-keygen --test on a machine whose network is in use: it finds a server there, and leaves all
as it was."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(1, str(Path(__file__).resolve().parents[1] / "system"))
import boot  # noqa: E402
import lan  # noqa: E402
from boot import run, wait_for  # noqa: E402
from keygen_rig import PROGRAM, SMALL, etc_prefix, write  # noqa: E402

NO_PASSWORD = 3

folder = None


def setUpModule():
    global folder
    boot.make_keys(unittest.addModuleCleanup)
    folder = Path(tempfile.mkdtemp(prefix="test-keygen-trial-"))
    unittest.addModuleCleanup(shutil.rmtree, folder)
    (folder / "keys").mkdir()
    run(PROGRAM, "-d", folder / "keys", *SMALL)
    write(folder / "password", "hushhush")
    with open(folder / "disk", "wb") as f:
        f.truncate(20 << 20)
    run("cryptsetup", "luksFormat", "--batch-mode", "--type=luks2", "--pbkdf=pbkdf2",
        "--pbkdf-force-iterations=1000", folder / "disk", folder / "password")


class Monitor:
    """What the kernel tells of links, addresses and routes in a namespace, between two marks."""

    def __init__(self, case):
        self.machine = machine = case.boot
        self.file = tempfile.TemporaryFile()
        case.addCleanup(self.file.close)
        process = subprocess.Popen(["ip", "-n", machine.netns, "monitor", "link", "address", "route"],
                                   stdout=self.file)
        case.addCleanup(process.wait)
        case.addCleanup(process.terminate)
        machine.add("mark", plugged=False)
        self.start = self.mark()

    def text(self):
        return os.pread(self.file.fileno(), 1 << 20, 0).decode()

    def mark(self):
        """Until an event of this moment has been seen: all earlier ones have been, too."""
        def seen():
            size = len(self.text())
            for mtu in ("1400", "1500"):
                self.machine.ip("link", "set", "mark", "mtu", mtu)
            return "mark" in self.text()[size:] and len(self.text())
        return wait_for(seen, "an event")

    def events(self):
        """Since the last call, but for the marks themselves."""
        start, self.start = self.start, self.mark()
        return [line for line in self.text()[start:self.start].splitlines()
                if ": mark" not in line and not line.startswith((" ", "\t"))]


class Trial(boot.Case):
    def serve_web1(self):
        section = run(PROGRAM, "-F", folder / "password", "-S", "-n", "web1", "-d", folder / "keys")
        server = self.host().serve(clients=[section])
        server.wait_established()
        return server

    def trial(self, *words, conf="", wait="30"):
        etc = etc_prefix(self.tmp, {"mandos/plugin-runner.conf": conf})
        return subprocess.run(
            ["ip", "netns", "exec", self.boot.netns, *etc, PROGRAM, "--test", "-d", folder / "keys",
             "--device", folder / "disk", "--wait", wait, *words], stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=120, check=False)

    def assert_opens(self, done):
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn(f"Keyslot: {folder}/disk opens with it.\n", done.stdout)

    def add_eth0(self):
        self.boot.add("eth0", up=True)
        self.boot.wait_address("eth0")

    def test_server_is_found(self):
        """CLI-DISC-1: by Zeroconf, on an interface that is up."""
        self.add_eth0()
        server = self.serve_web1()
        self.assert_opens(self.trial())
        server.server.wait_line("Sending secret to web1")

    def test_beside_an_avahi_daemon(self):
        """The machine's own has the port of multicast DNS, and goes on."""
        self.add_eth0()
        self.serve_web1()
        own = self.enterContext(lan.Machine(name="web1", netns=self.boot.netns))
        own.interface = "eth0"
        own.start_bus()
        own.start_avahi()
        before = own.wait_names({"Mandos"})
        self.assert_opens(self.trial())
        self.assertEqual(own.wait_names({"Mandos"}), before)
        self.assertIsNone(own.avahi.popen.poll())

    def test_interfaces_are_left_alone(self):
        """CLI-NET-4, CLI-NET-8: one that is down stays so, whatever the options; one that is up is
        used. The kernel says that nothing happened."""
        self.add_eth0()
        self.boot.add("eth1")
        self.serve_web1()
        monitor = Monitor(self)
        for conf, words in (("", []), ("-o mandos-client:--interface=eth1", []),
                            ("-o mandos-client:--interface=eth1,--interface=eth0", ["--", "-i", "eth1"])):
            done = self.trial(*words, conf=conf, wait="30" if "eth0" in conf or not conf else "3")
            if conf.endswith("=eth1"):
                self.assertEqual(done.returncode, NO_PASSWORD, done)
            else:
                self.assert_opens(done)
            self.assertEqual(monitor.events(), [])
        self.assertFalse(self.boot.is_up("eth1"))

    def test_monitor_sees_what_a_boot_does(self):
        """The test above can fail: this is what the client does without those precautions."""
        self.boot.add("eth1")
        monitor = Monitor(self)
        client = self.client("--interface=eth1")
        wait_for(lambda: any("eth1" in line for line in monitor.events()), "eth1 to come up")
        self.end_by(client, signal.SIGTERM)


if __name__ == "__main__":
    boot.main()
