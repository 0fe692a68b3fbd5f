# SPDX-License-Identifier: GPL-3.0-or-later
"""Machines with an encrypted root disk boot, by the password that a server gives them."""

import re
import time

from scene import ADDRESS, PORT, ROOT, BootCase, link_local, note
from vm import BOOT_DEADLINE

CLEARED = "\x1b[2J"


def without_systemd(root):
    """The command line for dracut without systemd."""
    return (f"root=/dev/mapper/luks-{root.uuid} ro rd.luks.uuid={root.uuid} rd.shell=0 "
            "rd.emergency=poweroff")


class InitramfsTools(BootCase):
    def test_zeroconf(self):
        """BOOT-PRE-5, BOOT-PRE-8, BOOT-UNL-2, BOOT-UNL-3, BOOT-WAIT-2, BOOT-ADM-1: nobody at the
        keyboard; the server is found on the link, and the network left as it was. BOOT-NH-5: the network
        hook was run before and after."""
        server = self.serve_client()
        machine = self.start(self.scene.image)
        self.assert_unlocked(machine, server)
        self.assert_left_as_found(machine)
        self.assertEqual(machine.console.text.count("Please unlock disk"), 1)
        self.assertEqual(re.findall("HOOK (.*)", machine.console.text),
                         ["start start on all", "stop stop on all"])

    def test_connect(self):
        """BOOT-PRE-2, BOOT-PRE-5, BOOT-PRE-6: the boot system configures the network, and the server
        is named on the command line."""
        server = self.serve_client(zeroconf=False)
        machine = self.start(self.scene.image, f"{ROOT} mandos=connect:{ADDRESS}:{PORT} "
                             "ip=198.51.100.2::198.51.100.1:255.255.255.0:vm1:eth0:none")
        self.assert_unlocked(machine, server)
        self.assertRegex(server.server.text(), "198.51.100.2")

    def test_off(self):
        """BOOT-PRE-2, BOOT-ADM-3: nothing is sent, and who types the passphrase is in."""
        server = self.serve_client()
        machine = self.start(self.scene.image, ROOT + " mandos=off")
        machine.console.wait("Please unlock disk root_crypt: ")
        machine.type(self.scene.passphrase + "\n")
        self.assert_unlocked(machine, server, fetched=False)
        self.assertEqual(self.sent(machine), 0)

    def test_disabled(self):
        """BOOT-WAIT-2: a refused machine stays locked while it keeps asking, and a passphrase that is
        typed meanwhile opens it."""
        server = self.serve_client("enabled = False")
        machine = self.start(self.scene.image)
        seen = 0
        for _ in range(2):
            server.server.wait_line("Client vm1 is disabled", deadline=BOOT_DEADLINE, after=seen)
            seen = server.server.n_lines()
        self.assertTrue(machine.is_locked(self.scene.root))
        machine.type(self.scene.passphrase + "\n")
        self.assert_unlocked(machine, server, fetched=False)
        self.assert_left_as_found(machine)

    def test_late_server(self):
        """The server comes when the client has long been waiting; only then is the disk opened."""
        self.scene.tree
        machine = self.start(self.scene.image)
        machine.console.wait("(?i)mandos-client: .*no server")
        self.assertTrue(machine.is_locked(self.scene.root))
        server = self.serve_client()
        there = time.monotonic()
        self.assert_unlocked(machine, server)
        opened = machine.seconds("set up successfully") + machine.started - there
        note(f"the disk was open {opened:.1f} s after the server had announced itself")
        self.assertLess(opened, 60)

    def test_two_disks(self):
        """BOOT-UNL-4, BOOT-UNL-5, D29: each disk's prompt gets the password, with the line feed at its end."""
        server = self.serve_client(section=self.scene.section_for(self.scene.passphrase + "\n"))
        root, data = self.scene.two_disks
        machine = self.start(self.scene.image_of_two, disks=[root, data])
        machine.wait_proof(data)
        self.assert_unlocked(machine, server, root=root)
        self.assert_left_as_found(machine)

    def test_wrong_password(self):
        """BOOT-UNL-5, D29: it is tried once, and a person still has the other tries."""
        server = self.serve_client(section=self.scene.section_for("not the passphrase"))
        machine = self.start(self.scene.image)
        machine.console.wait("mandos: the password that was fetched does not open root_crypt")
        self.assertTrue(machine.is_locked(self.scene.root))
        machine.type(self.scene.passphrase + "\n")
        self.assert_unlocked(machine, server)
        self.assertEqual(machine.console.text.count("bad password or options"), 1)


class Dracut(BootCase):
    def command_line(self):
        return f"{ROOT} rd.luks.name={self.scene.root.uuid}=root_crypt rd.shell=0 rd.emergency=poweroff"

    def test_with_systemd(self):
        """BOOT-DRA-11, BOOT-DRA-12, BOOT-UNIT-1, BOOT-UNIT-2: password-agent answers systemd."""
        server = self.serve_client()
        machine = self.start(self.scene.image_of_systemd, self.command_line())
        self.assert_unlocked(machine, server)

    def test_generic(self):
        """mandos_generic=yes: an image that is not host-only."""
        server = self.serve_client()
        self.assert_unlocked(self.start(self.scene.image_of_any_machine, self.command_line()), server)

    def test_connect_with_systemd(self):
        """BOOT-UNIT-5, and beyond it: mandos=connect:ADDRESS:PORT names the server here, too."""
        server = self.serve_client(zeroconf=False)
        machine = self.start(self.scene.image_of_systemd, self.command_line() +
                             f" mandos=connect:[{link_local()}]:{PORT}")
        self.assert_unlocked(machine, server)

    def test_wrong_password_with_systemd(self):
        """BOOT-UNIT-4: the path unit starts the agent again when the disk asks again; the agent leaves the
        other tries to a person."""
        server = self.serve_client(section=self.scene.section_for("not the passphrase"))
        machine = self.start(self.scene.image_of_systemd, self.command_line())
        seen = 0
        for _ in range(2):
            server.server.wait_line("Sending secret to vm1", deadline=BOOT_DEADLINE, after=seen)
            seen = server.server.n_lines()
        self.assertTrue(machine.is_locked(self.scene.root))
        machine.type(self.scene.passphrase + "\n")
        self.assert_unlocked(machine, server)

    def test_without_systemd(self):
        """BOOT-DRA-5, BOOT-DRA-6, BOOT-DRA-7, BOOT-DRA-8: plugin-runner is asked in dracut's place."""
        server = self.serve_client()
        machine = self.start(self.scene.image_of_dracut, without_systemd(self.scene.root))
        self.assert_unlocked(machine, server)


class WithPlymouth(BootCase):
    """Plymouth is in the image, and asks people on the serial console."""

    def start_initramfs_tools(self):
        """The machine, and the question."""
        return self.start(self.scene.image_with_plymouth), "Please unlock disk root_crypt:"

    def start_dracut(self):
        return self.start(self.scene.image_of_dracut_with_plymouth, without_systemd(self.scene.root)), \
            r"Password \(/dev/vda\):"

    def check_fetched(self, machine, question):
        """The server comes when Plymouth asks already."""
        machine.console.wait(question)
        self.assertTrue(machine.is_locked(self.scene.root))
        self.assert_unlocked(machine, self.serve_client())

    def check_typed(self, machine, question):
        """The server is there, and does not help."""
        server = self.serve_client("enabled = False")
        server.server.wait_line("Client vm1 is disabled", deadline=BOOT_DEADLINE)
        machine.console.wait(question)
        self.assertTrue(machine.is_locked(self.scene.root))
        machine.type(self.scene.passphrase + "\r")
        self.assert_unlocked(machine, server, fetched=False)
        self.assertRegex(machine.console.text, question + r"\*")
        self.assertNotIn(self.scene.passphrase, machine.console.text)

    def test_initramfs_tools__fetched(self):
        """BOOT-PRE-8, BOOT-UNL-5"""
        machine, question = self.start_initramfs_tools()
        self.check_fetched(machine, question)
        self.assert_left_as_found(machine)

    def test_initramfs_tools__typed(self):
        """BOOT-PRE-8, BOOT-WAIT-2"""
        machine, question = self.start_initramfs_tools()
        self.check_typed(machine, question)
        self.assert_left_as_found(machine)

    def test_dracut__fetched(self):
        """CLI-PLY-5, BOOT-DRA-8: the plugin has plymouthd started again, whose screen is empty."""
        machine, question = self.start_dracut()
        self.check_fetched(machine, question)
        self.assertRegex(machine.console.text, rf"(?s){question}.*{re.escape(CLEARED)}")

    def test_dracut__typed(self):
        """CLI-PLY-3, BOOT-DRA-8"""
        self.check_typed(*self.start_dracut())


class WithDebians(BootCase):
    """Debian's mandos 1.8.16 is one side, or was there before."""

    def test_our_client_debians_server(self):
        server = self.serve_client(reference=True)
        self.assert_unlocked(self.start(self.scene.image), server)

    def test_debians_client_our_server(self):
        """Once in some 25 boots on a busy machine it stays at the prompt, without a word, where ours has
        never been seen to: it has a second boot, and what the server saw of the first is shown."""
        server = self.serve_client()
        machine = self.start(self.scene.debians_image)
        try:
            machine.wait_proof(self.scene.root, 100)
        except AssertionError:
            note("Debian's client did not get on; the server said:\n" + server.server.text()[-4000:])
            machine.stop()
            machine = self.start(self.scene.debians_image)
        self.assert_unlocked(machine, server)

    def test_upgrade(self):
        """Debian's package and its keys, then ours over it."""
        server = self.serve_client()
        self.assert_unlocked(self.start(self.scene.upgraded_image), server)
