# SPDX-License-Identifier: GPL-3.0-or-later
"""What the boot tests share: the images and disks of one run, and a case with a server and machines.

All is made when the first test wants it, in memory, and vanishes with the namespaces of the run.
"""

import functools
import json
import os
import re
import secrets
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / "netns"),
                str(Path(__file__).resolve().parents[1] / "lib")]
import boot  # noqa: E402
import lan  # noqa: E402
import images  # noqa: E402
import packages  # noqa: E402
from disk import Disk, run  # noqa: E402
from vm import Machine  # noqa: E402

WORK = Path("/run/boot-test")
ADDRESS = "198.51.100.1"  # of the server's machine, which boot.py gives it
PORT = 4711  # of a server that is not announced
ADMINISTRATORS = "# mine\n--options-for=mandos-client:--retry=5\n"
HOOK = """#!/bin/sh
if [ "$MODE" = files ] && [ "$1" = files ]; then
	printf '/usr/bin/env\\n/etc/hostname /etc/name-of-machine\\n/nonesuch\\n'
elif [ "$MODE" = modules ]; then
	echo dummy
else
	echo "HOOK $MODE $1 on ${DEVICE:-all}" >/dev/console
fi
"""
WITHOUT_SYSTEMD = ("--omit", "systemd systemd-initrd dracut-systemd")
PLYMOUTH = ("plymouth", "libplymouth5", "libdrm2", "libdrm-common", "libpng16-16", "lsb-base")
ROOT = "root=/dev/mapper/root_crypt ro"
began = time.monotonic()


def note(*words):
    """A milestone, on the time line of the run."""
    print(f"[{time.monotonic() - began:6.1f} s]", *words, flush=True)


def enter():
    """Call it first; it returns inside namespaces of the run's own."""
    boot.enter()
    Path("/dev/net").mkdir()
    Path("/dev/net/tun").touch()
    run("mount", "--bind", "/run/dev/net/tun", "/dev/net/tun")
    # All that is written is on memory, and gone with the namespaces even if this is killed.
    WORK.mkdir()
    tempfile.tempdir = str(WORK)
    if not images.BASE.is_dir():
        sys.exit("there is no Debian tree to make boot images of: run tools/setup --boot")


def add_files_of_administrator(tree):
    """What may lie beside the packaged files; nothing of it may keep a machine from booting."""
    tree.write("etc/mandos/plugin-runner.conf", ADMINISTRATORS)
    tree.write("etc/mandos/plugins.d/plymouth", "")
    tree.write("etc/mandos/plugins.d/mine", "#!/bin/sh\nexit 1\n", 0o755)
    tree.write("etc/mandos/plugins.d/mine~", "#!/bin/sh\n", 0o755)
    tree.write("etc/mandos/network-hooks.d/hook", HOOK, 0o755)
    tree.write("etc/mandos/network-hooks.d/hook.conf", "x=1\n")
    tree.write("etc/mandos/network-hooks.d/no hook", HOOK, 0o755)
    tree.write("etc/keys/mandos/seckey.txt.~1~", "old", 0o600)
    tree.write("etc/keys/mandos/dhparams.pem", "DH", 0o600)


class Scene:
    """One passphrase, one set of keys, and what is made with them."""

    def __init__(self):
        self.said = {}  # by the making of each image
        self.passphrase = secrets.token_urlsafe(18)
        self.file = WORK / "passphrase"
        self.file.write_text(self.passphrase)
        self.file.chmod(0o600)

    @functools.cached_property
    def root(self):
        disk = Disk("root", WORK, self.file).make(images.BASE)
        note("the root disk is made")
        return disk

    @functools.cached_property
    def two_disks(self):
        """The root file system and another, with a passphrase whose last byte is a line feed."""
        folder = WORK / "two"
        folder.mkdir()
        file = folder / "passphrase"
        file.write_text(self.passphrase + "\n")
        disks = [Disk("root", folder, file).make(images.BASE), Disk("data", folder, file).make()]
        note("the two disks are made")
        return disks

    @functools.cached_property
    def ours(self):
        """The package of our client, of this source."""
        packages.find(WORK)
        note("the package of the client is there")
        return packages.PACKAGES["mandos-client"]

    @functools.cached_property
    def tree(self):
        tree = images.Tree(WORK, "ours")
        tree.install(self.ours)
        self.section = tree.make_section(self.file)
        add_files_of_administrator(tree)
        note("the client is installed and has keys")
        return tree

    def section_for(self, password):
        """The client's section of clients.conf with another password in it."""
        other = WORK / "other"
        other.write_text(password)
        return self.tree.make_section(other)

    def _image(self, what, tree, disks, make):
        tree.encrypt_disks(*disks)
        image, said = make()
        self.said[what] = said
        target = WORK / f"image-{what.replace(' ', '-')}"
        image.rename(target)
        note(f"image, {what}: {target.stat().st_size / 1e6:.1f} MB",
             *re.findall(r"mandos: adds .*", said))
        return target

    @functools.cached_property
    def image(self):
        return self._image("ours", self.tree, [self.root], self.tree.initramfs_tools)

    @functools.cached_property
    def image_of_two(self):
        return self._image("ours with two disks", self.tree, self.two_disks,
                           self.tree.initramfs_tools)

    @functools.cached_property
    def dracut_tree(self):
        tree = images.Tree(WORK, "dracut")
        tree.copy_keys(self.tree)
        tree.install(self.ours)
        add_files_of_administrator(tree)
        tree.write("etc/systemd/system/ask-password-mandos.service.d/local.conf",
                   "[Service]\nEnvironment=MANDOS_CLIENT_OPTIONS=--retry=5\n")
        return tree

    @functools.cached_property
    def image_of_systemd(self):
        return self._image("dracut with systemd", self.dracut_tree, [self.root],
                           self.dracut_tree.dracut)

    @functools.cached_property
    def image_of_any_machine(self):
        """But for the drivers: all of them would take their time."""
        tree = self.dracut_tree
        setting = tree.root / "etc/dracut.conf.d/mandos.conf"
        tree.write("etc/dracut.conf.d/mandos.conf", "mandos_generic=yes\n")
        try:
            return self._image("dracut, for any machine", tree, [self.root], lambda: tree.dracut(
                "--no-hostonly", "--drivers", " ".join((*images.MODULES, "virtio_net"))))
        finally:
            setting.unlink()

    @functools.cached_property
    def image_of_dracut(self):
        return self._image("dracut without systemd", self.dracut_tree, [self.root],
                           lambda: self.dracut_tree.dracut(*WITHOUT_SYSTEMD))

    def _debians_tree(self, name):
        tree = images.Tree(WORK, name)
        tree.copy_keys(self.tree)
        (tree.root / "etc/keys/mandos/dhparams.pem").unlink()  # which it would read
        tree.install(images.downloaded("mandos-client"))
        return tree

    @functools.cached_property
    def plymouth_tree(self):
        tree = images.Tree(WORK, "plymouth")
        tree.copy_keys(self.tree)
        tree.install(self.ours, *map(images.downloaded, PLYMOUTH))
        return tree

    @functools.cached_property
    def image_with_plymouth(self):
        return self._image("with Plymouth", self.plymouth_tree, [self.root],
                           self.plymouth_tree.initramfs_tools)

    @functools.cached_property
    def image_of_dracut_with_plymouth(self):
        return self._image("dracut with Plymouth", self.plymouth_tree, [self.root],
                           lambda: self.plymouth_tree.dracut(*WITHOUT_SYSTEMD))

    @functools.cached_property
    def debians_image(self):
        tree = self._debians_tree("debians")
        return self._image("Debian's", tree, [self.root], tree.initramfs_tools)

    @functools.cached_property
    def upgraded_image(self):
        tree = self._debians_tree("upgraded")
        tree.install(self.ours)
        return self._image("Debian's, upgraded to ours", tree, [self.root], tree.initramfs_tools)

    @functools.cached_property
    def image_without(self):
        """No client in it, to see what one adds."""
        tree = images.Tree(WORK, "without")
        return self._image("without a client", tree, [self.root], tree.initramfs_tools)


def link_local():
    """The server's address on the link."""
    [link] = json.loads(run("ip", "-json", "-6", "address", "show", "dev", boot.SWITCH, "scope", "link"))
    return link["addr_info"][0]["local"]


@functools.cache
def scene():
    return Scene()


class BootCase(boot.Case):
    """A test with a server and machines that boot."""

    def setUp(self):
        note(f"-- {self.id().replace('__main__.', '')}")
        self.scene = scene()
        super().setUp()

    def serve_client(self, *lines, section=None, reference=False, zeroconf=True):
        """A server that knows the client; the lines are added to its section."""
        host = self.enterContext(lan.Machine())
        host.interface = boot.SWITCH
        if zeroconf or reference:
            host.start_bus()
        if zeroconf:
            host.start_avahi()
        self.scene.tree  # makes the keys
        section = (section or self.scene.section) + "".join(line + "\n" for line in lines)
        options = () if zeroconf else ("--port", PORT)
        server = host.serve(*options, clients=[section], zeroconf=zeroconf, reference=reference)
        if zeroconf:
            server.wait_established()
        note("the server serves")
        return server

    def start(self, image, command_line=ROOT, disks=None):
        """A machine that boots."""
        disks = disks or [self.scene.root]
        machine = Machine(boot.SWITCH, images.kernel(), image, disks, command_line)
        self.addCleanup(machine.stop)
        return machine

    def assert_unlocked(self, machine, server, fetched=True, root=None):
        """By the fetched password, or by one that was typed."""
        try:
            uptime = machine.wait_proof(root or self.scene.root)
        except AssertionError as error:
            error.add_note("The server said:\n" + server.server.text()[-4000:])
            raise
        machine.wait_end()
        self.report(machine, uptime)
        given = "Sending secret to vm1" in server.server.text()
        self.assertEqual(given, fetched, server.server.text()[-4000:])

    def report(self, machine, uptime):
        seen = {name: machine.seconds(pattern) for name, pattern in (
            ("kernel", r"Linux version"),
            ("boot image", r"Loading, please wait|Welcome to .*dracut"),
            ("prompt", r"Please unlock disk|Please enter passphrase"),
            ("disk open", r"set up successfully|Finished.*Cryptography Setup"),
            ("root proved", r"PROOF root"))}
        note(*(f"{name} {at:.1f};" for name, at in seen.items() if at is not None),
             f"machine's own clock {uptime:.1f}; load {os.getloadavg()[0]:.1f}")

    def assert_left_as_found(self, machine):
        """Interfaces down and without addresses; no process or file of the client's."""
        text = machine.console.text
        self.assertRegex(text, r"LINK eth0 flags 0x1002\n")
        self.assertNotRegex(text, r"ADDRESS .*inet.*eth0")
        self.assertNotRegex(text, r"(?m)^LEFT ")

    def sent(self, machine):
        """How many packets the machine has sent."""
        [link] = json.loads(run("ip", "-json", "-stats", "link", "show", machine.tap))
        return link["stats64"]["rx"]["packets"]

