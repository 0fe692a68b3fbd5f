# SPDX-License-Identifier: GPL-3.0-or-later
"""The example network hooks, as mandos-client runs them; root, for a network of the test's own."""

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

HOOKS = Path(__file__).resolve().parents[2] / "integration/network-hooks.d"
DEADLINE = 60
# Two cards, each with a far end that is none of the hook's.
NETWORK = """mount -t sysfs sysfs /sys
ip link add eth0 address 00:00:5e:00:53:10 type veth peer name far0
ip link add eth1 address 00:00:5e:00:53:1a type veth peer name far1
"""


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="test-hooks-")))
        for name in ("bridge", "openvpn"):
            shutil.copy2(HOOKS / name, self.folder)
        self.environment = {"PATH": os.environ["PATH"], "MANDOSNETHOOKDIR": str(self.folder),
                            "DEVICE": "", "DELAY": "0.500000", "VERBOSITY": "0"}

    def hook(self, name, mode, **more):
        """Not in a network of its own: for what needs none."""
        return subprocess.run([self.folder / name, mode], check=True, timeout=DEADLINE, text=True,
                              stdout=subprocess.PIPE,
                              env={**self.environment, "MODE": mode, **more}).stdout.split()

    def in_network(self, script, **more):
        run = subprocess.run(["unshare", "--net", "--mount", "--propagation", "private", "sh", "-ec",
                              NETWORK + script], check=False, timeout=DEADLINE, text=True,
                             capture_output=True, env={**self.environment, **more})
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        return run.stdout


class Bridge(Case):
    SETTINGS = ('BRIDGE=br7\nPORT_ADDRESSES="00:00:5e:00:53:10 00:00:5E:00:53:1A"\n'
                'IPADDRS="192.0.2.3/24"\nROUTES="198.51.100.0/24"\n')

    def write(self, text=SETTINGS):
        (self.folder / "bridge.conf").write_text(text)

    def test_start_and_stop(self):
        """BOOT-EX-2, CLI-HOOK-4."""
        self.write()
        before, after = self.in_network(f"""MODE=start {self.folder}/bridge start
            ip -br link show master br7; ip -br address show br7; ip route show dev br7
            echo ----; MODE=stop {self.folder}/bridge stop; ip -br link
            """).split("----\n")
        self.assertEqual({line.split("@")[0] for line in before.splitlines()[:2]}, {"eth0", "eth1"})
        self.assertIn("192.0.2.3/24", before)
        self.assertIn("198.51.100.0/24 ", before)
        self.assertNotIn("br7", after)
        self.assertNotIn("master", after)
        self.assertEqual({line.split()[0].split("@")[0] for line in after.splitlines()},
                         {"lo", "eth0", "eth1", "far0", "far1"})
        self.assertNotRegex(after, r"eth[01]\S* +(UP|LOWERLAYERDOWN)")

    def test_mode_as_argument(self):
        """BOOT-EX-1: where nobody sets MODE."""
        self.write()
        self.assertIn("br7", self.in_network(f"{self.folder}/bridge start; ip -br link"))

    def test_for_the_builder_of_the_image(self):
        """BOOT-EX-2, BOOT-NH-3, BOOT-NH-4."""
        self.write()
        self.assertEqual(self.hook("bridge", "files"), [shutil.which("ip")])
        self.assertEqual(self.hook("bridge", "modules"), ["bridge"])

    def test_not_meant(self):
        """BOOT-EX-1: nothing without settings, nor for another interface."""
        self.assertEqual(self.hook("bridge", "files"), [])
        shutil.copy(HOOKS / "bridge.conf", self.folder)
        self.assertEqual(self.hook("bridge", "modules"), [])
        self.write()
        self.assertEqual(self.hook("bridge", "modules", DEVICE="eth0,br70"), [])
        self.assertEqual(self.hook("bridge", "modules", DEVICE="eth0,br7"), ["bridge"])


class OpenVpn(Case):
    """With a program in the place of openvpn that tells how it was called."""

    def setUp(self):
        super().setUp()
        program = self.folder / "openvpn-program" / "openvpn"
        program.parent.mkdir()
        program.write_text(f"""#!/bin/sh
            echo "$@" >{self.folder}/called
            sleep 1000 & echo $! >/run/openvpn-mandos.pid
            """)
        program.chmod(0o755)
        self.program = program
        self.environment["PATH"] = f"{program.parent}:{self.environment['PATH']}"
        (self.folder / "openvpn.conf").write_text("# dev tap9\nclient\n  dev tun7 # a remark\n")

    def test_start_and_stop(self):
        """BOOT-EX-3."""
        self.in_network(f"""mount -t tmpfs tmpfs /run
            MODE=start {self.folder}/openvpn start; read -r pid </run/openvpn-mandos.pid
            kill -0 $pid; MODE=stop {self.folder}/openvpn stop
            [ ! -e /run/openvpn-mandos.pid ]
            case $(cat /proc/$pid/stat 2>/dev/null) in *') Z '* | '') ;; *) exit 1 ;; esac
            MODE=stop {self.folder}/openvpn stop 2>/dev/null
            """)
        self.assertEqual((self.folder / "called").read_text().split(), [
            "--cd", str(self.folder), "--daemon", "openvpn(Mandos)", "--writepid",
            "/run/openvpn-mandos.pid", "--config", str(self.folder / "openvpn.conf")])

    def test_for_the_builder_of_the_image(self):
        self.assertEqual(self.hook("openvpn", "files"), [str(self.program)])
        self.assertEqual(self.hook("openvpn", "modules"), ["tun"])

    def test_not_meant(self):
        """BOOT-EX-1."""
        self.assertEqual(self.hook("openvpn", "modules", DEVICE="tun70"), [])
        self.assertEqual(self.hook("openvpn", "modules", DEVICE="eth0,tun7"), ["tun"])
        shutil.copy(HOOKS / "openvpn.conf", self.folder)
        self.assertEqual(self.hook("openvpn", "modules"), [])
        (self.folder / "openvpn.conf").unlink()
        self.assertEqual(self.hook("openvpn", "files"), [])


if __name__ == "__main__":
    unittest.main()
