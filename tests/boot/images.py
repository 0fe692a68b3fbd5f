# SPDX-License-Identifier: GPL-3.0-or-later
"""Boot images, made as on a machine: in a chroot of Debian packages with the client installed.

The Debian tree is made once, by `tools/setup --boot`; each Tree is an overlay over it, on memory.
"""

import re
import shutil
import subprocess
from pathlib import Path

from disk import run

SOURCE = Path(__file__).resolve().parents[2]
BOOT = SOURCE / "build-boot"  # made by tools/setup
BASE = BOOT / "base"
NAME = "vm1"
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
# What the machine of vm.py needs, besides what the client's hook adds.
MODULES = ("virtio_pci", "virtio_blk", "virtio_rng", "dm_crypt", "xts", "aesni_intel",
           "algif_skcipher", "ext4")
# Expected where the root device of the chroot is not that of a running system.
NOISE = re.compile(r"device-mapper|devicemapper|mapper/control|Failure to communicate|"
                   r"Command failed|cryptsetup: (WARNING|ERROR)|UUID=|root file system for fsck|"
                   r"setupcon")


def kernel():
    return next((BASE / "boot").glob("vmlinuz-*"))


def kernel_version():
    return kernel().name.removeprefix("vmlinuz-")


def downloaded(package):
    for file in BOOT.glob(f"{package}_*.deb"):
        return file
    raise AssertionError(f"there is no {package} in {BOOT}: run tools/setup --boot")


class Tree:
    """A Debian system with the client in it. Mounted until the namespace ends or close()."""

    def __init__(self, work, name):
        self.work = work / name
        for part in ("upper", "overlay", "root"):
            (self.work / part).mkdir(parents=True)
        self.root = self.work / "root"
        run("mount", "-t", "overlay", "-o", f"lowerdir={BASE},upperdir={self.work}/upper,"
            f"workdir={self.work}/overlay", "overlay", self.root)
        run("mount", "-t", "proc", "proc", self.root / "proc")
        run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", self.root / "run")
        self.write("etc/hostname", NAME + "\n")
        self.write("etc/fstab", "/dev/mapper/root_crypt / ext4 defaults 0 0\n")
        conf = (self.root / "etc/initramfs-tools/initramfs.conf").read_text()
        self.write("etc/initramfs-tools/initramfs.conf",
                   re.sub(r"(?m)^MODULES=.*", "MODULES=list", conf))
        self.write("etc/initramfs-tools/modules", "".join(f"{name}\n" for name in MODULES))

    def write(self, path, text, mode=0o644):
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        target.chmod(mode)

    def chroot(self, *argv, **options):
        return run("chroot", self.root, "env", "-i", f"PATH={PATH}", "LC_ALL=C.UTF-8", "HOME=/root",
                   "DEBIAN_FRONTEND=noninteractive", *argv, **options)

    def encrypt_disks(self, *disks):
        self.write("etc/crypttab", "".join(
            f"{disk.name}_crypt UUID={disk.uuid} none luks,initramfs\n" for disk in disks))

    def install(self, *packages):
        """Ours or Debian's client, which makes keys if there are none; or others."""
        for package in packages:
            shutil.copy(package, self.root / "run")
        self.chroot("dpkg", "--install", *(f"/run/{package.name}" for package in packages))

    def private(self, path):
        (self.root / path).mkdir(mode=0o700, parents=True, exist_ok=True)

    def make_section(self, passphrase_file):
        """The section of clients.conf for the passphrase."""
        shutil.copy(passphrase_file, self.root / "run/passphrase")
        return self.chroot("mandos-keygen", "--passfile=/run/passphrase", f"--name={NAME}", "--no-ssh")

    def copy_keys(self, other):
        self.private("etc/keys")
        shutil.copytree(other.root / "etc/keys/mandos", self.root / "etc/keys/mandos",
                        dirs_exist_ok=True)
        (self.root / "etc/keys/mandos").chmod(0o700)

    def initramfs_tools(self):
        """Returns the image, and what its making said."""
        said = self.chroot("mkinitramfs", "-c", "zstd", "-o", "/run/image", kernel_version())
        said = "\n".join(line for line in said.splitlines() if not NOISE.search(line))
        return self._take(), said

    def dracut(self, *options):
        said = self.chroot("dracut", "--force", "--hostonly", "--hostonly-mode=sloppy",
                           "--no-hostonly-default-device", "--nofscks", "--compress", "zstd",
                           "--add-drivers", " ".join((*MODULES, "virtio_net")),
                           "--kver", kernel_version(), *options, "/run/image")
        return self._take(), said

    def _take(self):
        image = self.work / "image"
        shutil.move(self.root / "run/image", image)
        return image

    def unpack(self, image):
        """The files of an image, in a folder."""
        folder = self.work / "unpacked"
        shutil.rmtree(folder, ignore_errors=True)
        run("unmkinitramfs", image, folder)
        main = folder / "main"
        return main if main.is_dir() else folder

    def close(self):
        for mount in ("run", "proc", ""):
            subprocess.run(["umount", self.root / mount], check=False)
        shutil.rmtree(self.work, ignore_errors=True)
