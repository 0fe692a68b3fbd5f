# SPDX-License-Identifier: GPL-3.0-or-later
"""tools/demo --boot: machines boot on the terminal of whoever watches. The boot tests run it too."""

import io
import sys
import threading
import unittest

import scene
from scene import BootCase
from vm import BOOT_DEADLINE


def say(*lines):
    print("", *(f"*** {line}" for line in lines), "", sep="\n", flush=True)


class Show(BootCase):
    def watch(self, machine):
        """Prints its console until it ends."""
        watcher = threading.Thread(target=self.print_all, args=(machine.console,), daemon=True)
        watcher.start()
        return watcher

    @staticmethod
    def print_all(console):
        for text in console.follow():
            sys.stdout.write(text)
            sys.stdout.flush()

    def test_show_1_reboot(self):
        """A machine reboots unattended."""
        server = self.serve_client()
        image = self.scene.image
        say("A machine with an encrypted root disk is switched on. Nobody is at its keyboard.")
        machine = self.start(image)
        watcher = self.watch(machine)
        self.assert_unlocked(machine, server)
        watcher.join()
        say("It found the server by itself, and its disk is open: the line with PROOF comes from there.")

    def test_show_2_stolen(self):
        """The same machine, after the server has missed it for too long."""
        server = self.serve_client("enabled = False")
        say("The machine has been away for too long, so the server has disabled it; it is switched on.")
        machine = self.start(self.scene.image)
        watcher = self.watch(machine)
        server.server.wait_line("Client vm1 is disabled", deadline=BOOT_DEADLINE)
        server.server.wait_line("Client vm1 is disabled", deadline=BOOT_DEADLINE,
                                after=server.server.n_lines())
        self.assertTrue(machine.is_locked(self.scene.root))
        self.doCleanups()
        watcher.join()
        say("It asked twice and was refused twice. Without the passphrase it is a brick.")


if __name__ == "__main__":
    scene.enter()
    scene.note("making a disk, keys, and a boot image with the client in it")
    result = unittest.TextTestRunner(stream=io.StringIO()).run(
        unittest.defaultTestLoader.loadTestsFromTestCase(Show))
    for _, why in result.failures + result.errors:
        print(f"demo: FAILED: {why}", file=sys.stderr)
    sys.exit(not result.wasSuccessful())
