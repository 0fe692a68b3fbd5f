# SPDX-License-Identifier: GPL-3.0-or-later
"""What is in a boot image, with which modes; and what its script makes of the kernel command line."""

import re
import shutil
import stat
import subprocess
import unittest

import images
from scene import ADMINISTRATORS, BootCase, note, run, scene

RUNNER_CONF = "conf/conf.d/mandos/plugin-runner.conf"


def mode(path):
    return stat.S_IMODE(path.lstat().st_mode)


class ImageCase(BootCase):
    def assert_names(self, folder, names):
        self.assertEqual({path.name for path in folder.iterdir()}, set(names))

    def assert_keys(self, folder):
        """BOOT-HOOK-13: closed to all but the client's user, and no backups."""
        self.assert_names(folder, {"pubkey.txt", "seckey.txt", "tls-pubkey.pem", "tls-privkey.pem",
                                   "dhparams.pem"} | ({"plugin-runner.conf"} & {
                                       path.name for path in folder.iterdir()}))
        for path in folder.iterdir():
            if path.name != "plugin-runner.conf":
                self.assertEqual((mode(path), path.stat().st_uid, path.stat().st_gid),
                                 (0o600, self.uid, self.gid), path)

    def find_user(self):
        line = (self.tree.root / "etc/passwd").read_text()
        self.uid, self.gid = map(int, re.search(r"^_mandos:x:(\d+):(\d+):", line, re.M).groups())

    def conf_head(self, folder):
        return ([f"--options-for=mandos-client:--dh-params={folder}/dhparams.pem",
                 f"--groupid={self.gid}", f"--userid={self.uid}"])


class InitramfsTools(ImageCase):
    def setUp(self):
        super().setUp()
        self.tree = self.scene.tree
        self.find_user()

    def test_image(self):
        """BOOT-FILE-1, BOOT-UMASK-1, BOOT-UMASK-2, BOOT-UMASK-3, BOOT-HOOK-1, BOOT-HOOK-3,
        BOOT-HOOK-4, BOOT-HOOK-5, BOOT-HOOK-6, BOOT-HOOK-7, BOOT-HOOK-8, BOOT-HOOK-10, BOOT-HOOK-11,
        BOOT-HOOK-12, BOOT-HOOK-13, BOOT-ADM-4, BOOT-ADM-5, BOOT-HOOK-15, BOOT-HOOK-16, BOOT-HOOK-17, BOOT-NH-1, BOOT-NH-2, BOOT-NH-3, BOOT-NH-4."""
        image = self.scene.image
        said = self.scene.said["ours"]
        self.assertEqual(mode(image), 0o640)
        self.assertRegex(said, r"mandos: adds \d+ KiB of programs and \d+ KiB of network drivers")
        self.assertRegex(said, r"W: mandos: .*hook needs /nonesuch")
        top = self.tree.unpack(image)
        lib = top / "usr/lib/mandos"
        self.assert_names(lib, {"plugin-runner", "mandos-to-cryptroot-unlock", "plugins.d",
                                "plugin-helpers", "network-hooks.d"})
        # BOOT-HOOK-7: the packaged plymouth is masked by a file that cannot be executed.
        self.assert_names(lib / "plugins.d", {"mandos-client", "password-prompt", "usplash", "splashy",
                                              "askpass-fifo", "plymouth", "mine"})
        self.assertEqual((lib / "plugins.d/plymouth").stat().st_size, 0)
        self.assertEqual(mode(lib / "plugins.d/mandos-client"), 0o4755)
        self.assert_names(lib / "plugin-helpers", {"mandos-client-iprouteadddel"})
        self.assert_names(lib / "network-hooks.d", {"hook", "hook.conf"})
        for directory in (lib / "plugins.d", lib / "plugin-helpers"):
            # Nobody else gets at set-user-ID programs, and only root puts one there.
            found = directory.stat()
            self.assertEqual((mode(directory), found.st_uid, found.st_gid), (0o750, 0, self.gid))
        self.assert_keys(top / "conf/conf.d/mandos")
        self.assertEqual((top / RUNNER_CONF).read_text(),
                         "\n".join(self.conf_head("/conf/conf.d/mandos")) + "\n" + ADMINISTRATORS)
        for path in (top, top / "conf", top / "conf/conf.d/mandos", top / "usr/bin", top / "etc", lib,
                     *(top / "usr/lib").glob("*/libc.so.6"), *(top / "usr/lib").glob("*/libgnutls*")):
            self.assertEqual(path.stat().st_mode & 0o004, 0o004, path)
        self.assertTrue((top / "usr/bin/env").exists())
        self.assertEqual((top / "etc/name-of-machine").read_text(), images.NAME + "\n")
        self.assertEqual({"ipv6", "dummy"} - set((top / "conf/modules").read_text().split()), set())
        self.assertEqual(list(top.glob("usr/**/gpg*")) + list(top.glob("usr/**/libgpgme*")), [])
        self.assertNotIn("keyscript", (top / "cryptroot/crypttab").read_text())

    def test_without_keys(self):
        """BOOT-HOOK-2."""
        keys = self.tree.root / "etc/keys/mandos"
        self.tree.encrypt_disks(self.scene.root)
        keys.rename(keys.with_name("away"))
        self.addCleanup(keys.with_name("away").rename, keys)
        with self.assertRaisesRegex(AssertionError, "there are no keys"):
            self.tree.initramfs_tools()

    def test_file_in_the_way(self):
        """A setting in a file of this name would be packed where the client's directory goes."""
        self.tree.encrypt_disks(self.scene.root)
        self.tree.write("etc/initramfs-tools/conf.d/mandos", "DEVICE=eth0\n")
        self.addCleanup((self.tree.root / "etc/initramfs-tools/conf.d/mandos").unlink)
        with self.assertRaisesRegex(AssertionError, "mandos: rename .*conf.d/mandos"):
            self.tree.initramfs_tools()

    def test_drivers_of_present_interfaces(self):
        """MANDOS_NETWORK_DRIVERS=present: those of the network cards in /sys, or all if there are none."""
        tree = self.new_tree("drivers")
        tree.write("etc/initramfs-tools/conf.d/mandos-drivers", "MANDOS_NETWORK_DRIVERS=present\n")
        image, said = tree.initramfs_tools()
        self.assertIn("adding all network drivers", said)
        self.assertIn("vmxnet3", self.drivers(tree, image))
        device = tree.root / "sys/devices/virtio0"
        device.mkdir(parents=True)
        (device / "modalias").write_text("virtio:d00000001v00001AF4\n")
        (tree.root / "sys/class/net/eth0").mkdir(parents=True)
        (tree.root / "sys/class/net/eth0/device").symlink_to("../../../devices/virtio0")
        image, said = tree.initramfs_tools()
        drivers = self.drivers(tree, image)
        self.assertIn("virtio_net", drivers)
        self.assertNotIn("vmxnet3", drivers)
        note(f"image with the drivers of one card: {image.stat().st_size / 1e6:.1f} MB")

    def test_device(self):
        """BOOT-HOOK-9: from initramfs.conf and conf.d, for the network hooks. BOOT-HOOK-14: an empty
        directory of keys is no error."""
        tree = self.new_tree("device")
        keys = tree.root / "etc/keys/mandos"
        shutil.rmtree(keys)
        keys.mkdir(mode=0o700)
        conf = (tree.root / "etc/initramfs-tools/initramfs.conf").read_text()
        tree.write("etc/initramfs-tools/initramfs.conf",
                   re.sub("(?m)^DEVICE=.*", "", conf) + "DEVICE=eth6\n")
        for name, device in (("10.device", "eth7"), (".20", "eth8"), ("30 device", "eth9"),
                             ("40.dpkg-old", "eth10"), ("50~", "eth11")):
            tree.write(f"etc/initramfs-tools/conf.d/{name}", f"DEVICE={device}\n")
        tree.write("etc/mandos/network-hooks.d/hook",
                   '#!/bin/sh\n[ "$MODE" != files ] || echo /etc/hostname "/etc/on-$DEVICE"\n', 0o755)
        top = tree.unpack(tree.initramfs_tools()[0])
        self.assertEqual([path.name for path in top.glob("etc/on-*")], ["on-eth7"])

    def test_added_size(self):
        """What the client adds to an image is less than what Debian's adds."""
        without = self.scene.image_without.stat().st_size
        ours, debians = (image.stat().st_size - without
                         for image in (self.scene.image, self.scene.debians_image))
        note(f"added to an image: {ours / 1e6:.1f} MB, by Debian's {debians / 1e6:.1f} MB")
        self.assertLess(ours, debians)

    def new_tree(self, name):
        """With the client and new keys."""
        tree = images.Tree(self.tmp, name)
        self.addCleanup(tree.close)
        tree.install(self.scene.ours)
        tree.encrypt_disks(self.scene.root)
        return tree

    def drivers(self, tree, image):
        return {path.name.split(".")[0] for path in
                tree.unpack(image).glob("usr/lib/modules/*/kernel/drivers/net/**/*.ko*")}


END = """cd /run
end='sh /scripts/local-premount/mandos'
printf '#!/bin/sh\\nwhile [ -e /run/go-on ]; do sleep 0.1; done\\n' >plugin-runner
chmod 755 plugin-runner
: >mandos-keep-running
$end 2>&1
[ -e mandos-keep-running ] || echo at once
: >go-on
./plugin-runner &
echo $! >mandos-plugin-runner.pid
(sleep 1; rm go-on) &
$end 2>&1
[ -e go-on ] || echo waited
: >go-on
./plugin-runner &
echo $! >mandos-plugin-runner.pid
$end 2>&1
[ -e mandos-plugin-runner.pid ] || echo gone on
rm go-on
"""


# The runner's stand-in says what it finds, and that the root device is there.
UNLOCK = """cat >/lib/mandos/plugin-runner <<'RUNNER'
#!/bin/sh
stat -c 'MODE %a' /run/mandos.??????
stat -c 'MODE %a' /lib/mandos/plugins.d/dummy
sed 's/^/CONF /' /conf/conf.d/mandos/plugin-runner.conf
cp /run/mandos.?????? /kept
rm /run/mandos-keep-running
RUNNER
chmod 755 /lib/mandos/plugin-runner
/unlock
cat /kept
find /run -name 'mandos*'
"""


class Premount(BootCase):
    """scripts/init-premount/mandos, with the boot image's own shell and a command line of ours."""

    def setUp(self):
        super().setUp()
        # The image of the boot tests would do as well; here it is in a folder.
        self.top = top()
        self.conf = self.top / RUNNER_CONF
        before = self.conf.read_text()
        self.before = before.splitlines()
        self.addCleanup(self.conf.write_text, before)
        self.started = self.top / "run/started"

    def run_script(self, command_line, prepare=""):
        """Returns what it said; `prepare` is done first, in the image."""
        self.started.unlink(missing_ok=True)
        self.conf.write_text("\n".join(self.before) + "\n")
        (self.top / "run/cmdline").write_text(command_line + "\n")
        return self.run_in_image(
            f"mount --bind /run/cmdline /proc/cmdline; {prepare}\nexport quiet=n; "
            "sh /scripts/init-premount/mandos; n=0; "
            "while [ ! -e /run/started ] && [ $n -lt 20 ]; do sleep 0.1; n=$((n + 1)); done")

    def run_in_image(self, script):
        return run("timeout", "-s", "KILL", "120", "unshare", "--kill-child", "--mount", "--pid",
                   "--fork", "chroot", self.top, "sh", "-ec", "mount -t proc proc /proc; " + script)

    def lines(self):
        return [line for line in self.conf.read_text().splitlines() if line]

    def test_interface(self):
        """BOOT-PRE-4, BOOT-PRE-5."""
        option = "--options-for=mandos-client:--interface="
        original = (self.top / "conf/initramfs.conf").read_text()
        self.addCleanup((self.top / "conf/initramfs.conf").write_text, original)
        for device, command_line, first, last in (
                ("", "quiet", "", None), ("eth5", "quiet", "eth5", None),
                ("eth5", "ip=::::host:eth9:dhcp", None, "eth9"), ("", "ip=dhcp", "", None),
                ("eth5", "ip=::::host:", None, "")):
            (self.top / "conf/initramfs.conf").write_text(f"DEVICE={device}\n")
            said = self.run_script(command_line)
            expected = [line for line in self.before if line]
            if first is not None:
                expected.insert(0, option + first)
            if last is not None:
                expected.append(option + last)
            self.assertEqual(self.lines(), expected, (device, command_line))
            self.assertTrue(self.started.exists(), said)
        (self.top / "conf/initramfs.conf").write_text("")
        self.run_script("quiet")
        self.assertEqual(self.lines(), [line for line in self.before if line])

    def test_words(self):
        """BOOT-PRE-2, BOOT-PRE-3, BOOT-PRE-6, BOOT-ADM-3."""
        fake = "configure_networking() { echo is-configured; return 1; }"
        add = f"grep -q is-configured /scripts/functions || echo '{fake}' >>/scripts/functions;"
        self.assertIn("mandos=sometimes", self.run_script("mandos=sometimes", add))
        said = self.run_script("mandos=connect:[fe80::1]:4711,debug", add)
        self.assertIn("is-configured", said)
        self.assertEqual(self.lines()[-2:], ["--debug --options-for=mandos-client:--debug",
                                             "--options-for=mandos-client:--connect=[fe80::1]:4711"])
        self.assertEqual(mode(self.top / "tmp"), 0o1777)
        self.assertIn("is-configured", self.run_script("mandos=connect", add))
        self.assertFalse(any("--connect" in line for line in self.lines()))
        for off in ("mandos=off", "mandos=connect,off", "a* mandos=off b"):
            said = self.run_script(off, add)
            self.assertNotIn("is-configured", said)
            self.assertEqual(self.conf.read_text().splitlines(), self.before)
            self.assertFalse(self.started.exists())

    def test_prerequisite(self):
        """BOOT-PRE-1: the script wants udev first, and stops at what fails."""
        self.assertEqual(self.run_in_image("sh /scripts/init-premount/mandos prereqs"), "udev\n")
        self.assertEqual(self.run_in_image("sh /scripts/local-premount/mandos prereqs"), "")
        with self.assertRaisesRegex(AssertionError, "status 1"):
            self.run_script("quiet", "mount -t tmpfs tmpfs /conf/conf.d/mandos")
        self.assertFalse(self.started.exists())

    def test_old_cryptsetup(self):
        """BOOT-PRE-7, BOOT-PRE-9."""
        file = self.top / "conf/conf.d/cryptroot"
        old = self.top / "conf/conf.d/cryptroot.mandos-old"
        key = ",keyscript=/lib/mandos/plugin-runner"
        root = "target=root_c,source=/dev/vda2,rootdev,key=none"
        swap = "target=swap_c,source=/dev/vda3,resumedev,key=none"
        data = "target=data_c,source=/dev/vda4,key=none"
        own = "target=root_c,source=/dev/vda2,rootdev,key=none,keyscript=/bin/mine"
        self.addCleanup(old.unlink, missing_ok=True)
        self.addCleanup(file.unlink)
        for before, after in (([root, swap, data], [root + key, swap, data]),
                              ([swap, data], [swap, data + key]), ([own], [own])):
            old.unlink(missing_ok=True)
            file.write_text("\n".join(before) + "\n")
            self.run_script("quiet")
            self.assertEqual(file.read_text().splitlines(), after)
            self.assertEqual(old.exists(), before != after)
            self.assertFalse(self.started.exists())

    def test_unlock(self):
        """BOOT-UNL-1: the file for the password, plugins that would fight with cryptsetup's prompt, the one
        that waits; nothing of it is left."""
        runner = self.top / "usr/lib/mandos/plugin-runner"
        before = runner.read_bytes()
        self.addCleanup(runner.write_bytes, before)
        (self.top / "run/cmdline").touch()
        self.addCleanup((self.top / "usr/lib/mandos/plugins.d/dummy").unlink)
        said = self.run_in_image(UNLOCK).splitlines()
        self.assertEqual(said, ["MODE 600", "MODE 755", *(f"CONF {line}" for line in self.before),
                                "CONF ", "CONF --disable=askpass-fifo", "CONF --disable=password-prompt",
                                "CONF --disable=plymouth"])

    def test_who_else_asks(self):
        """BOOT-UNL-1, CLI-FIFO-5: cryptsetup's askpass reads the console and its pipe; no plugin does."""
        client = self.top / "usr/lib/mandos/plugins.d/mandos-client"
        client.rename(self.top / "run/client")
        self.addCleanup(shutil.move, self.top / "run/client", client)
        self.addCleanup(client.with_name("dummy").unlink)
        client.write_text("#!/bin/sh\nprintf fetched\n")
        client.chmod(0o755)
        self.conf.write_text("\n".join([*self.before, "--debug"]) + "\n")
        said = self.run_in_image(
            "/unlock 2>&1 & until grep -qs fetched /run/mandos.*; do sleep 0.1; done; "
            "rm /run/mandos-keep-running; wait")
        for plugin in ("askpass-fifo", "password-prompt"):
            self.assertIn(f"skips '{plugin}': disabled", said)
            self.assertNotIn(f"started '{plugin}'", said)
        self.assertEqual(self.lines()[-3:], [f"--disable={plugin}" for plugin in (
            "askpass-fifo", "password-prompt", "plymouth")])
        for plugin in ("mandos-client", "dummy"):
            self.assertIn(f"started '{plugin}'", said)
        self.assertFalse(list((self.top / "run").glob("mandos*")))

    def test_end(self):
        """BOOT-WAIT-1, BOOT-WAIT-2, BOOT-WAIT-3, D30: it waits for the runner, but not for ever."""
        self.assertEqual(self.run_in_image(END).split("\n")[:-1], [
            "at once", "waited",
            "mandos: plugins still run after 30 s; the boot goes on without waiting", "gone on"])


def top():
    """The scene's image, unpacked, with a stub in the place of what would ask for the password, which is
    /unlock."""
    the_scene = scene()
    folder = the_scene.tree.work / "premount"
    if not folder.exists():
        run("cp", "-a", the_scene.tree.unpack(the_scene.image), folder)
        stub = folder / "usr/lib/mandos/mandos-to-cryptroot-unlock"
        stub.rename(folder / "unlock")
        stub.write_text("#!/bin/sh\n: >/run/started\n")
        stub.chmod(0o755)
        for name in ("dev", "proc", "run", "tmp"):  # as the image's init does
            (folder / name).mkdir(exist_ok=True)
        (folder / "run").chmod(0o755)
        run("mknod", folder / "dev/null", "c", "1", "3")
    return folder


class Dracut(ImageCase):
    def setUp(self):
        super().setUp()
        self.tree = self.scene.dracut_tree
        self.find_user()

    def test_without_systemd(self):
        """BOOT-DRA-1, BOOT-DRA-3, BOOT-DRA-4, BOOT-DRA-5, BOOT-DRA-6."""
        image = self.scene.image_of_dracut
        self.assertEqual(mode(image), 0o600)
        top = self.tree.unpack(image)
        lib = top / "usr/lib/mandos"
        self.assert_names(lib, {"plugin-runner", "plugins.d", "plugin-helpers", "network-hooks.d"})
        self.assert_names(lib / "plugins.d", {"mandos-client", "password-prompt", "usplash", "splashy",
                                              "plymouth", "mine"})
        self.assertEqual(mode(lib / "plugins.d/mandos-client"), 0o4755)
        self.assert_keys(top / "etc/mandos/keys")
        keys = "/etc/mandos/keys"
        self.assertEqual((top / "etc/mandos/plugin-runner.conf").read_text(), "\n".join([
            *self.conf_head(keys),
            f"--options-for=mandos-client:--pubkey={keys}/pubkey.txt,--seckey={keys}/seckey.txt,"
            f"--tls-pubkey={keys}/tls-pubkey.pem,--tls-privkey={keys}/tls-privkey.pem", ADMINISTRATORS]))
        self.assertEqual(mode(top / "tmp"), 0o1777)
        self.assertTrue((top / "usr/lib/dracut/hooks/cmdline/20-cmdline-mandos.sh").exists())
        self.assertTrue((top / "etc/name-of-machine").exists())
        self.assertTrue(list(top.glob("usr/lib/modules/*/kernel/drivers/net/dummy.ko*")))

    def test_with_systemd(self):
        """BOOT-DRA-11, BOOT-DRA-12, BOOT-UNIT-1, BOOT-UNIT-2, BOOT-UNIT-3."""
        image = self.scene.image_of_systemd
        top = self.tree.unpack(image)
        lib = top / "usr/lib/mandos"
        self.assert_names(lib, {"mandos-client", "password-agent", "plugin-helpers", "network-hooks.d"})
        self.assertEqual(mode(lib / "mandos-client"), 0o755)
        self.assert_keys(top / "etc/mandos/keys")
        units = top / "usr/lib/systemd/system"
        self.assertTrue((units / "sysinit.target.wants/ask-password-mandos.path").is_symlink())
        service = (units / "ask-password-mandos.service").read_text()
        self.assertIn(f"\nExecStart=/lib/mandos/password-agent --user={self.uid} --group={self.gid} "
                      "$PASSWORD_AGENT_OPTIONS -- /lib/mandos/mandos-client --pubkey=", service)
        self.assertIn(" --dh-params=/etc/mandos/keys/dhparams.pem $MANDOS_CLIENT_OPTIONS", service)
        self.assertTrue((top / "etc/systemd/system/ask-password-mandos.service.d/local.conf").exists())
        verified = subprocess.run(
            ["systemd-analyze", "verify", f"--root={top}", "ask-password-mandos.service",
             "ask-password-mandos.path"], check=False, capture_output=True, text=True)
        self.assertNotRegex(verified.stderr, "ask-password-mandos.*(Unknown|Failed|Invalid)")

    def test_generic(self):
        """BOOT-DRA-2: an image for any machine has no machine's keys in it."""
        image, said = self.tree.dracut("--no-hostonly", "--no-kernel")
        self.assertIn("mandos: left out", said)
        top = self.tree.unpack(image)
        self.assertFalse((top / "etc/mandos").exists())
        self.assertFalse((top / "usr/lib/mandos").exists())

    def test_generic_on_purpose(self):
        """What test_boot.py boots; it is as closed as others."""
        image = self.scene.image_of_any_machine
        self.assertEqual(mode(image), 0o600)
        top = self.tree.unpack(image)
        self.assert_keys(top / "etc/mandos/keys")
        # Which dracut writes into images for one machine.
        listed = "usr/lib/dracut/hostonly-files"
        self.assertFalse((top / listed).exists())
        self.assertTrue((self.tree.unpack(self.scene.image_of_systemd) / listed).exists())


RUNNER = """#!/bin/sh
for word; do echo "ARG $word"; done >/run/called
export -p >>/run/called
printf 'from the server'
"""
QUESTION = """. /lib/dracut-lib.sh
. /lib/dracut/hooks/cmdline/20-cmdline-mandos.sh
. /lib/dracut-crypt-lib.sh
ask_for_password --tries 1 --unknown --tty-echo-off --ply-prompt 'Disk, please' --tty-prompt Disk \\
	--ply-cmd "/open luksOpen -T1 /dev/vda2 root_crypt" --tty-cmd /bin/false </run/typed
echo "status $? name ${name-unset} device ${device-unset}"
"""


class Question(BootCase):
    """cmdline-mandos.sh in an image of dracut without systemd, with that image's own shell."""

    def setUp(self):
        super().setUp()
        tree = self.scene.dracut_tree
        self.top = self.tmp / "top"
        run("cp", "-a", tree.unpack(self.scene.image_of_dracut), self.top)  # with its devices
        (self.top / "usr/lib/mandos/plugin-runner").write_text(RUNNER)
        for name in ("dev", "proc", "run", "tmp"):
            (self.top / name).mkdir(exist_ok=True)
        if not (self.top / "dev/null").exists():
            run("mknod", self.top / "dev/null", "c", "1", "3")
        self.called = self.top / "run/called"

    def ask(self, command_line, opens):
        (self.top / "run/cmdline").write_text(command_line + "\n")
        (self.top / "run/typed").write_text("typed")
        (self.top / "open").write_text(f"#!/bin/sh\n[ \"$(cat)\" = '{opens}' ] && echo OPENED\n")
        (self.top / "open").chmod(0o755)
        return run("timeout", "-s", "KILL", "60", "unshare", "--kill-child", "--mount", "--pid",
                   "--fork", "chroot", self.top, "sh", "-ec", "mount -t proc proc /proc; "
                   f"mount --bind /run/cmdline /proc/cmdline; set +e\n{QUESTION}")

    def test_question(self):
        """BOOT-DRA-7, BOOT-DRA-8, BOOT-DRA-9, BOOT-DRA-10, D28."""
        said = self.ask("quiet", "from the server")
        self.assertRegex(said, r"OPENED\nstatus 0 name unset device unset")
        called = re.sub("[\"']|export (?=.*=)", "", self.called.read_text()).splitlines()
        self.assertEqual([line for line in called if line.startswith("ARG")],
                         ["ARG --config-file=/etc/mandos/plugin-runner.conf",
                          "ARG --options-for=password-prompt:--prompt=Disk",
                          "ARG --options-for=plymouth:--prompt=Disk  please"])
        self.assertEqual({line for line in called if line.startswith(("CRYPT", "crypt"))},
                         {"CRYPTTAB_SOURCE=/dev/vda2", "cryptsource=/dev/vda2",
                          "CRYPTTAB_NAME=root_crypt", "crypttarget=root_crypt"})

    def test_wrong_password(self):
        """D28: a person is asked as without Mandos; here the command for the terminal always fails."""
        self.assertIn("status 1", self.ask("quiet", "another"))
        self.assertTrue(self.called.exists())

    def test_off(self):
        """BOOT-DRA-7: dracut's own question is left as it is."""
        library = self.top / "usr/lib/dracut-crypt-lib.sh"
        before = library.read_text()
        for off in ("mandos=off", "mandos=0", "mandos=no"):
            self.ask(off, "from the server")
            self.assertEqual(library.read_text(), before)
            self.assertFalse(self.called.exists())

    def test_options(self):
        """mandos=connect:ADDRESS:PORT and mandos=debug reach the client."""
        self.ask("mandos=connect:[fe80::1]:4711,debug", "from the server")
        self.assertEqual((self.top / "etc/mandos/plugin-runner.conf").read_text().split()[-2:],
                         ["--options-for=mandos-client:--connect=[fe80::1]:4711",
                          "--options-for=mandos-client:--debug"])
