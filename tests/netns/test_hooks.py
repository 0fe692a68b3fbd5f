# SPDX-License-Identifier: GPL-3.0-or-later
"""The example network hooks, as mandos-client runs them; root, for a network of the test's own."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

HOOKS = Path(__file__).resolve().parents[2] / "integration/network-hooks.d"
DEADLINE = 120
# Two cards, each with a far end that is none of the hook's.
NETWORK = """mount -t sysfs sysfs /sys
ip link add eth0 address 00:00:5e:00:53:10 type veth peer name far0
ip link add eth1 address 00:00:5e:00:53:1a type veth peer name far1
"""
# The same with the far ends on another machine, that has hostapd. wpa_cli's sockets in /tmp are named by
# its PID.
DISTANT = """mount -t sysfs sysfs /sys
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /tmp
ip netns add far
for n in 0:10 1:1a; do
    ip link add eth${n%:*} address 00:00:5e:00:53:${n#*:} type veth peer name far${n%:*} netns far
    ip -n far link set dev far${n%:*} up
done
ip -n far address add 192.0.2.1/24 dev far0
ip netns exec far hostapd -B hostapd0 hostapd1 >hostapd.log
hook() { PATH=$HOOK_PATH MODE=$1 $HOOK_SHELL ./wireless "$1"; }
supplicants() { ps -o stat=,comm= -C wpa_supplicant | grep -v ^Z || :; }
settle() { while [ "$(supplicants)" ]; do sleep 0.1; done; }
see() { ip -br link; ip -br address; ip route; ls /run; supplicants; }
status() { wpa_cli -p /run/wpa_supplicant -i "$1" status; }
"""


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="test-hooks-",
                                                                       dir="/var/tmp")))
        for name in ("bridge", "openvpn", "wireless"):
            shutil.copy2(HOOKS / name, self.folder)
        self.environment = {"PATH": os.environ["PATH"], "MANDOSNETHOOKDIR": str(self.folder),
                            "DEVICE": "", "DELAY": "0.500000", "VERBOSITY": "0"}

    def hook(self, name, mode, **more):
        """Not in a network of its own: for what needs none."""
        return subprocess.run([self.folder / name, mode], check=True, timeout=DEADLINE, text=True,
                              stdout=subprocess.PIPE,
                              env={**self.environment, "MODE": mode, **more}).stdout.split()

    def in_network(self, script, network=NETWORK, **more):
        """With what it starts, all ends."""
        run = subprocess.run(["unshare", "--net", "--mount", "--propagation", "private", "--pid",
                              "--fork", "--kill-child", "--mount-proc", "sh", "-ec", network + script],
                             check=False, timeout=DEADLINE, text=True, capture_output=True,
                             cwd=self.folder, env={**self.environment, **more})
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


class Radio(Case):
    """wpa_supplicant on cables, against hostapd: for it, 802.1X on a cable is a network like others."""

    SHELL = "/bin/dash"
    NETWORK_OF = """
        wpa_interface_{0}() {{
            wpa_cli_set key_mgmt IEEE8021X
            wpa_cli_set eap MD5
            wpa_cli_set eapol_flags 0
            wpa_cli_set identity '"card{0}"'
            wpa_cli_set password '"secret of {0}"'
        }}
        WPA_DRIVER_{0}=wired DELAY_{0}=60
        """
    SETTINGS = (NETWORK_OF.format(0) + "ADDRESS_0=00:00:5E:00:53:10 MODULE_0=driver0\n"
                "IPADDRS_0='192.0.2.3/24 2001:db8::3/64' ROUTES_0=198.51.100.0/24\n")
    SECOND = NETWORK_OF.format("b_2") + "ADDRESS_b_2=00:00:5e:00:53:1a MODULE_b_2='driver1 cipher'\n"

    def setUp(self):
        super().setUp()
        (self.folder / "users").write_text('"card0" MD5 "secret of 0"\n"cardb_2" MD5 "secret of b_2"\n')
        for n in range(2):
            (self.folder / f"hostapd{n}").write_text(
                f"interface=far{n}\ndriver=wired\nieee8021x=1\neap_server=1\neap_user_file=users\n"
                "use_pae_group_addr=1\n")
        self.programs = self.folder / "bin"
        self.programs.mkdir()
        self.fill(self.programs)
        (self.programs / "ipconfig").symlink_to("/usr/lib/klibc/bin/ipconfig")
        self.environment.update(HOOK_SHELL=self.SHELL, HOOK_PATH=self.hook_path())

    def fill(self, programs):
        """Nothing: the hook finds its programs where this machine has them."""

    def hook_path(self):
        return f"{self.programs}:{os.environ['PATH']}"

    def write(self, text=SETTINGS):
        (self.folder / "wireless.conf").write_text(text)

    def with_hostapd(self, script, **more):
        return self.in_network(script, DISTANT, **more)

    def call(self, mode, **more):
        return self.with_hostapd(f"hook {mode}", **more).split()


class Wireless(Radio):
    def test_start_and_stop(self):
        """BOOT-EX-4: by an address in any case; the network, addresses, routes; all is put back."""
        self.write()
        before, during, after = self.with_hostapd("""see; echo ----; hook start >/dev/null
            status eth0; cat /sys/class/net/eth0/operstate; ip address show dev eth0
            ip route show dev eth0; stat -c '%n %F' /run/*
            echo ----; hook stop; settle; see""").split("----\n")
        for wanted in ("wpa_state=COMPLETED\n", "EAP state=SUCCESS\n", "\nup\n", "192.0.2.3/24",
                       "2001:db8::3/64", "198.51.100.0/24 ", "/run/wpa_supplicant-global socket",
                       "/run/wpa_supplicant directory", "/run/wpa_supplicant-mandos.pid regular file"):
            self.assertIn(wanted, during)
        self.assertNotIn("wpa_supplicant-mandos.conf", during)
        self.assertEqual(before, after)

    def test_two_cards(self):
        """BOOT-EX-4: groups with suffixes, one supplicant."""
        self.write(self.SETTINGS + self.SECOND)
        during, after = self.with_hostapd("""hook start >/dev/null; status eth0; status eth1
            supplicants; echo ----; hook stop; settle; see""").split("----\n")
        self.assertEqual(during.count("wpa_state=COMPLETED\n"), 2)
        self.assertEqual(during.count(" wpa_supplicant\n"), 1)
        self.assertNotIn(" wpa_supplicant\n", after)
        self.assertNotRegex(after, r"(?m)^eth\d\S* +UP")

    def test_dhcp(self):
        """BOOT-EX-4: ipconfig of klibc, and a server of DHCP."""
        (self.folder / "leases").touch()
        (self.folder / "udhcpd.conf").write_text(
            "interface far0\nstart 192.0.2.50\nend 192.0.2.59\nmax_leases 10\n"
            "option router 192.0.2.1\noption subnet 255.255.255.0\n"
            f"lease_file {self.folder}/leases\npidfile {self.folder}/udhcpd.pid\n")
        self.write(self.SETTINGS + "IPADDRS_0=dhcp ROUTES_0=\n")
        before, during, after = self.with_hostapd("""
            ip netns exec far busybox udhcpd udhcpd.conf 2>/dev/null; see; echo ----
            hook start >/dev/null; ip address show dev eth0; ip route
            echo ----; hook stop; settle; see""").split("----\n")
        self.assertRegex(during, r"inet 192\.0\.2\.5\d/24 ")
        self.assertIn("default via 192.0.2.1 dev eth0", during)
        self.assertEqual(before, after)

    def test_wrong_password(self):
        """BOOT-EX-4: it ends, and well, also without an answer to DHCP; what can be done is done."""
        self.write(self.SETTINGS.replace("secret of 0", "wrong") +
                   "DELAY_0=1 IPADDRS_0='dhcp 192.0.2.3/24'\n")
        before, during, after = self.with_hostapd("""see; echo ----; hook start 2>&1
            ip address show dev eth0; echo ----; hook stop; settle; see""").split("----\n")
        self.assertRegex(during, r"(?s)eth0 has no network yet: see wpa_interface_0, DELAY_0\n.*"
                         r"no response after \d+ secs.*inet 192\.0\.2\.3/24")
        self.assertEqual(before, after)

    def test_mode_as_argument(self):
        """BOOT-EX-1: where nobody sets MODE."""
        self.write()
        self.assertIn("driver0", self.with_hostapd("PATH=$HOOK_PATH $HOOK_SHELL ./wireless modules"))

    def test_for_the_builder_of_the_image(self):
        """BOOT-EX-4, BOOT-NH-3, BOOT-NH-4."""
        self.write(self.SETTINGS + self.SECOND)
        self.assertEqual(self.call("files"), [shutil.which(name, path=self.hook_path())
                                              for name in ("wpa_supplicant", "wpa_cli", "ip")])
        self.assertEqual(self.call("modules"), ["driver0", "driver1", "cipher"])
        self.write(self.SETTINGS + "IPADDRS_0=dhcp\n")
        self.assertEqual(self.call("modules"), ["driver0", "af_packet"])

    def test_not_meant(self):
        """BOOT-EX-1: nothing without settings, nor for another interface."""
        for mode in ("start", "stop", "files", "modules"):
            self.assertEqual(self.call(mode), [])
        shutil.copy(HOOKS / "wireless.conf", self.folder)
        for mode in ("start", "stop", "files", "modules"):
            self.assertEqual(self.call(mode), [])
        self.write(self.SETTINGS + self.SECOND)
        self.assertEqual(self.call("modules", DEVICE="eth9,eth1"), ["driver1", "cipher"])
        before, after = self.with_hostapd(
            "see; echo ----; hook start; hook files; hook modules; hook stop; see",
            DEVICE="eth10").split("----\n")
        self.assertEqual(before, after)


class WirelessInBusybox(Wireless):
    """As in a boot image: what all have, of busybox, and what the hook asks for."""

    SHELL = "/bin/busybox sh"

    def fill(self, programs):
        for name in ("ip", "rm", "sed", "sleep"):
            (programs / name).symlink_to(shutil.which("busybox"))
        for name in ("wpa_supplicant", "wpa_cli"):
            (programs / name).symlink_to(shutil.which(name))

    def hook_path(self):
        return str(self.programs)


class WirelessTrouble(Radio):
    def logged(self, what):
        """What wpa_supplicant was given, in its own words of -dd -K."""
        found = re.search(rf"^{what} - hexdump\w*\(len=(\d+)\):((?:\s+[0-9a-f]{{2}}\b.*)+)",
                          (self.folder / "log").read_text(), re.M)
        self.assertIsNotNone(found, what)
        digits = "".join(re.findall(r"(?m)^ *((?:[0-9a-f]{2} )+)", found[2] + " "))
        return bytes.fromhex(digits)[:int(found[1])]

    def test_passphrase(self):
        """BOOT-EX-4: ssid and psk as they are, and neither is an argument; a key of 64 digits."""
        name, phrase, key = 'my "net" #1', """ a 'b' "c" #d $e \\n* """, "0123456789abcdef" * 4
        (self.folder / "secret").write_text(phrase + "\n")
        self.write(f"""{self.SETTINGS}{self.SECOND}
            wpa_interface_0() {{
                wpa_cli_set ssid '{name}'; IFS= read -r phrase <{self.folder}/secret
                wpa_cli_set psk "$phrase"
            }}
            wpa_interface_b_2() {{ wpa_cli_set ssid other; wpa_cli_set psk {key}; }}
            DELAY_0=0 DELAY_b_2=0 WPAS_OPTIONS='-dd -K -f {self.folder}/log'
            """)
        self.with_hostapd("""strace -f -v -s 9999 -o trace -e trace=execve sh -c '
                MODE=start ./wireless 2>/dev/null; MODE=stop ./wireless'""")
        self.assertEqual(self.logged("ssid"), name.encode())
        self.assertEqual(self.logged(r"PSK \(ASCII passphrase\)"), phrase.encode())
        self.assertEqual(self.logged("PSK"), bytes.fromhex(key))
        trace = (self.folder / "trace").read_text()
        self.assertIn('"interface_add", "eth0", ', trace)
        for part in ("my", "#1", "'b'", "#d", "0123456789"):
            self.assertFalse(part in trace, part)  # which is long

    def test_drivers(self):
        """BOOT-EX-4: wext, if not said otherwise; and one that does not exist."""
        self.write(self.SETTINGS + self.SECOND +
                   "WPA_DRIVER_0= DELAY_0=0 WPA_DRIVER_b_2=odd DELAY_b_2=0\n")
        self.assertIn("wireless: wpa_supplicant refuses eth1: see WPA_DRIVER_b_2, wpa_interface_b_2\n",
                      self.with_hostapd("strace -f -o trace -e trace=execve sh -c '"
                                      "MODE=start ./wireless start 2>&1; MODE=stop ./wireless stop'"))
        self.assertRegex((self.folder / "trace").read_text(),
                         '"interface_add", "eth0", "[^"]*", "wext"')

    def test_late_card(self):
        """It gets its address while the hook waits."""
        self.write(self.SETTINGS.replace(":53:10", ":53:77"))
        (self.programs / "sleep").write_text(
            "#!/bin/sh\nip link set dev eth0 address 00:00:5e:00:53:77 && exec /bin/sleep \"$@\"\n")
        (self.programs / "sleep").chmod(0o755)
        self.assertIn("wpa_state=COMPLETED\n",
                      self.with_hostapd("hook start >/dev/null; status eth0; hook stop"))

    def test_no_card(self):
        self.write(self.SETTINGS.replace(":53:10", ":53:77") + "DELAY_0=1\n")
        self.assertEqual(self.with_hostapd("hook start 2>&1; supplicants; hook stop"),
                         "wireless: no card has the address 00:00:5e:00:53:77\n")
        self.assertEqual(self.call("modules"), ["driver0"])
        self.assertEqual(self.call("modules", DEVICE="eth0"), [])

    def test_supplicant_that_does_not_end(self):
        self.write()
        self.assertEqual(self.with_hostapd("""hook start >/dev/null
            kill -STOP $(cat /run/wpa_supplicant-mandos.pid); hook stop; settle
            ip address show dev eth0 up; echo /run/*mandos*"""), "/run/*mandos*\n")

    def test_missing_programs(self):
        """BOOT-NH-3: the builder of the image says which."""
        self.write()
        for name in ("sed", "ip"):
            (self.programs / name).symlink_to(shutil.which(name))
        self.assertEqual(self.call("files", HOOK_PATH=str(self.programs)),
                         ["/usr/sbin/wpa_supplicant", "/usr/sbin/wpa_cli", f"{self.programs}/ip"])


if __name__ == "__main__":
    unittest.main()
