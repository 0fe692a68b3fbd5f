# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine in QEMU, on the test's switch, with a serial console that is read and typed on.

Without KVM: every machine that tests has QEMU, few may use KVM, and times can be compared.
"""

import itertools
import os
import re
import signal
import subprocess
import threading
import time

from disk import run

BOOT_DEADLINE = 300.0  # seconds for any one thing; a boot takes 15 to 40
numbers = itertools.count()


class Console:
    """What the machine said, with the time of each piece."""

    def __init__(self, stream):
        self._stream = stream
        self._changed = threading.Condition()
        self.text = ""
        self._pieces = []  # (where it ends, when it came)
        self._ended = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        while data := os.read(self._stream.fileno(), 65536):
            with self._changed:
                self.text += data.decode(errors="replace").replace("\r", "")
                self._pieces.append((len(self.text), time.monotonic()))
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def find(self, pattern, after=0):
        return re.compile(pattern).search(self.text, after)

    def when(self, position):
        return next(at for end, at in self._pieces if end >= position)

    def wait(self, pattern, deadline=BOOT_DEADLINE, after=0):
        """The first match, from a position on."""
        end = time.monotonic() + deadline
        with self._changed:
            while not (match := self.find(pattern, after)):
                left = end - time.monotonic()
                if left <= 0 or self._ended:
                    why = "the machine ended" if self._ended else f"not within {deadline} s"
                    raise AssertionError(f"{pattern!r}: {why}; the console's end:\n"
                                         + "\n".join(self.text.splitlines()[-60:]))
                self._changed.wait(left)
        return match

    def follow(self):
        """What it says, piece by piece, until the machine ends."""
        seen = 0
        while True:
            with self._changed:
                while len(self.text) == seen and not self._ended:
                    self._changed.wait()
                text = self.text[seen:]
            if not text:
                return
            yield text
            seen += len(text)

    def join(self):
        self._reader.join(10)


class Machine:
    """Runs from its making until stop(), or until it ends by itself."""

    def __init__(self, switch, kernel, image, disks, command_line, mac=None):
        self.nonce = os.urandom(8).hex()
        self.tap = f"tap{next(numbers)}"
        self.mac = mac or "52:54:00:12:34:56"
        run("ip", "tuntap", "add", "dev", self.tap, "mode", "tap")
        run("sysctl", "-qw", f"net.ipv6.conf.{self.tap}.disable_ipv6=1")
        run("ip", "link", "set", self.tap, "master", switch, "up")
        drives = []
        for disk in disks:
            drives += ["-drive", f"file={disk.path},format=raw,if=virtio,snapshot=on"]
        self.started = time.monotonic()
        self._qemu = subprocess.Popen(
            ["qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none", "-monitor", "none",
             "-serial", "stdio", "-no-reboot", "-machine", "q35", "-accel", "tcg,tb-size=256",
             "-cpu", "max", "-smp", "1", "-m", "768", "-kernel", kernel, "-initrd", image,
             "-append", f"console=ttyS0,115200 loglevel=6 panic=-1 net.ifnames=0 "
                        f"boot.nonce={self.nonce} {command_line}",
             *drives, "-netdev", f"tap,id=n0,ifname={self.tap},script=no,downscript=no",
             "-device", f"virtio-net-pci,netdev=n0,mac={self.mac},romfile=",
             "-device", "virtio-rng-pci"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.console = Console(self._qemu.stdout)

    def type(self, text):
        """On the keyboard of the serial console."""
        self._qemu.stdin.write(text.encode())
        self._qemu.stdin.flush()

    def wait_proof(self, disk, deadline=BOOT_DEADLINE):
        """The line that only the decrypted disk can print; returns the machine's uptime then."""
        match = self.console.wait(re.escape(disk.proof(self.nonce)) + r" at ([\d.]+) s", deadline)
        return float(match[1])

    def is_locked(self, disk):
        return disk.proof(self.nonce) not in self.console.text and "PROOF" not in self.console.text

    def seconds(self, pattern):
        """When the console first said it, in seconds after the start; None if it has not."""
        match = self.console.find(pattern)
        return match and self.console.when(match.end()) - self.started

    def wait_end(self):
        self.console.wait(r"(?m)^END$")
        self._qemu.wait(60)

    def stop(self):
        if self._qemu.poll() is None:
            self._qemu.send_signal(signal.SIGKILL)
        self._qemu.wait(60)
        self.console.join()
        self._qemu.stdin.close()
        self._qemu.stdout.close()
        subprocess.run(["ip", "link", "delete", self.tap], check=False)
