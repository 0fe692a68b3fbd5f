# SPDX-License-Identifier: GPL-3.0-or-later
"""Encrypted disks, made without device mapper, loop devices or a kernel's help.

A disk's root file system has nothing but busybox and an init that proves that it was read: it prints
a hash over a random file of that file system and the kernel command line's nonce. Neither is
anywhere else, so no image and no console of an earlier boot can fake the line.
"""

import hashlib
import os
import re
import secrets
import shutil
import subprocess
from pathlib import Path

HEADER_MIB = 16
INIT = """#!/bin/busybox sh
export PATH=/bin
mount -t proc proc /proc 2>/dev/null
mount -t sysfs sysfs /sys 2>/dev/null
read -r uptime _ </proc/uptime
nonce=$(tr ' ' '\\n' </proc/cmdline | sed -n 's/^boot.nonce=//p')
prove() {
	echo "PROOF $1 $( (cat "$2"; printf %s "$nonce") | sha256sum | cut -d ' ' -f 1) at $uptime s"
}
exec >/dev/console 2>&1
echo
prove root /secret
if [ -b /dev/mapper/data_crypt ]; then
	dd if=/dev/mapper/data_crypt of=/dev/data bs=64 count=1 2>/dev/null
	prove data /dev/data
fi
for link in /sys/class/net/*; do
	echo "LINK ${link##*/} flags $(cat "$link/flags")"
done
ip address show | sed 's/^/ADDRESS /'
grep -l mandos /proc/[0-9]*/comm 2>/dev/null | sed 's/^/LEFT /'
ls -d /run/mandos* /tmp/mandos* 2>/dev/null | sed 's/^/LEFT /'
sync
echo END
reboot -f
"""


def run(*argv, **options):
    done = subprocess.run([str(word) for word in argv], stdin=subprocess.DEVNULL, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)
    if done.returncode:
        raise AssertionError(f"{argv}: status {done.returncode}:\n{done.stdout.decode()}")
    return done.stdout.decode(errors="replace")


def proof(secret, nonce):
    return hashlib.sha256(secret + nonce.encode()).hexdigest()


def make_root(folder, base, secret):
    """The files of the root file system."""
    for name in ("bin", "sbin", "etc", "proc", "sys", "dev", "run", "root", "usr/lib", "tmp"):
        (folder / name).mkdir(parents=True)
    shutil.copy(base / "bin/busybox", folder / "bin/busybox")
    for library in re.findall(r"(/\S+) \(0x", run("ldd", base / "bin/busybox")):
        target = folder / library[1:]
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(base / library[1:], target)
    for name in ("sh", "mount", "tr", "sed", "cat", "sha256sum", "cut", "dd", "ip", "grep", "ls",
                 "sync", "reboot"):
        (folder / "bin" / name).symlink_to("busybox")
    # systemd changes into no root that is not a system's.
    (folder / "etc/os-release").write_text("NAME=test\nID=test\n")
    (folder / "secret").write_bytes(secret)
    init = folder / "sbin/init"
    init.write_text(INIT)
    init.chmod(0o755)


def encrypt(raw, disk, passphrase_file, uuid, work):
    """LUKS2 over a raw image. qemu-img encrypts, as LUKS1; the header is then made anew for the same
    volume key, as both number the sectors from the start of the data."""
    old, key = work / "luks1", work / "volume-key"
    for last in (False, False, False, False, True):
        try:
            run("qemu-img", "convert", "-f", "raw", "-O", "luks", "--object",
                f"secret,id=s0,file={passphrase_file}", "-o", "key-secret=s0,iter-time=10", raw, old)
            break
        except AssertionError as error:
            # It measures its key derivation, and on a busy machine gives up now and then.
            if last or "accurate CPU usage" not in str(error):
                raise
    dump = run("cryptsetup", "luksDump", old)
    start = int(re.search(r"^Payload offset:\s*(\d+)", dump, re.M)[1]) * 512
    run("cryptsetup", "luksDump", "-q", "--dump-volume-key", "--volume-key-file", key,
        "--key-file", passphrase_file, old)
    with open(disk, "wb") as out:
        out.truncate((HEADER_MIB << 20) + raw.stat().st_size)
    # Few iterations: what is measured is Mandos, not the key derivation under emulation.
    run("cryptsetup", "luksFormat", "-q", "--type", "luks2", "--volume-key-file", key,
        "--cipher", "aes-xts-plain64", "--key-size", "512", "--sector-size", "512",
        "--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000",
        "--offset", HEADER_MIB * 2048, "--uuid", uuid, disk, passphrase_file)
    with open(old, "rb") as source, open(disk, "r+b") as out:
        source.seek(start)
        out.seek(HEADER_MIB << 20)
        shutil.copyfileobj(source, out)
    old.unlink()
    key.unlink()


class Disk:
    """An encrypted disk with a random secret in it."""

    def __init__(self, name, work, passphrase_file):
        self.name = name
        self.uuid = "%08x-6f73-4e32-8e54-657374203031" % int.from_bytes(os.urandom(4), "big")
        self.secret = secrets.token_bytes(64)
        self.path = work / f"{name}.luks"
        self._work = work
        self._passphrase_file = passphrase_file

    def make(self, base=None):
        """A root file system of the base tree's busybox; without it, just the secret."""
        raw = self._work / "raw"
        if base:
            tree = self._work / "root"
            make_root(tree, base, self.secret)
            run("mke2fs", "-q", "-t", "ext4", "-O", "^has_journal", "-d", tree, raw, "24M")
            shutil.rmtree(tree)
        else:
            raw.write_bytes(self.secret.ljust(4 << 20, b"\0"))
        encrypt(raw, self.path, self._passphrase_file, self.uuid, self._work)
        raw.unlink()
        return self

    def proof(self, nonce):
        return f"PROOF {self.name} {proof(self.secret, nonce)}"
