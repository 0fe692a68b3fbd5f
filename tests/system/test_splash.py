# SPDX-License-Identifier: GPL-3.0-or-later
"""plymouth, usplash, splashy and askpass-fifo in a root directory of their own.

The splash programs are stand-ins: tests/lib/splash-daemon.c for the daemons, shell scripts for the
commands, and the test itself at the FIFOs; usplash and splashy are no longer packaged, and what plymouth
does with Plymouth's own programs is in test_plymouth.py. Compatible holds what mandos 1.8.16 does too; with
MANDOS_REFERENCE set it runs against that, and nothing else runs. The cases of usplash are left out there:
with the test at the FIFOs the reference does not always answer.
"""

import os
import re
import shutil
import signal
import sys
import threading
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from mandos_test import locked_kib, memory_holds, program, wait_for  # noqa: E402
from root_directory import (REFERENCE, PluginCase, enter_namespace_for_roots,  # noqa: E402
                            plugin_file)

FAILURE, USAGE, UNAVAILABLE, OSERR, OSFILE = 1, 64, 69, 71, 72
SECRET = b"a secret that is typed"
ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class SplashCase(PluginCase):
    def setUp(self):
        super().setUp()
        for directory in ("dev/.initramfs", "lib/cryptsetup"):
            (self.root / directory).mkdir()
        self.log = self.root / "daemon.log"

    def script(self, path, text):
        file = self.root / path
        # -p: dash gives up an effective user that is not the real one.
        file.write_text("#!/usr/bin/bash -p\nPATH=/usr/bin\n" + text + "\n")
        file.chmod(0o755)

    def daemon(self, name, *words):
        """A daemon that runs already; returns its process number."""
        # An earlier one may still be executing the file.
        (self.root / "sbin" / name).unlink(missing_ok=True)
        shutil.copy(program("tests/lib/splash-daemon"), self.root / "sbin" / name)
        process = self.start(f"/sbin/{name}", *words, preexec_fn=lambda: self.enter(0))
        # Collected at once when it ends: the reference goes on for as long as it sees a process.
        threading.Thread(target=process.popen.wait, daemon=True).start()
        if name == "plymouthd":
            process.wait()
        wait_for(lambda: self.log.exists() and self.log.read_text().endswith("\n"), "the daemon")
        pid = int(re.search(r"pid=(\d+)", self.log.read_text()).group(1))
        self.log.unlink()
        self.addCleanup(self.end_daemons, name)
        return process, pid

    def restarted(self):
        """What the daemon that was started again has written."""
        return wait_for(lambda: self.log.exists() and self.log.read_text().endswith("\n")
                        and self.log.read_text(), "the daemon to be started again")

    def said(self, name):
        file = self.root / name
        return wait_for(lambda: file.exists() and file.read_text(), name)


class Plymouth(SplashCase):
    def command(self, ask="printf pw", ping="exit 0", quit_="exit 0", show="exit 0"):
        self.script("bin/plymouth", f"""
for w in "$@"; do printf '<%s>' "$w"; done >>/calls; echo >>/calls
case $1 in
--ping) {ping};;
ask-for-password) echo $$ >/asking; {ask};;
quit) {quit_};;
show-splash) {show};;
esac""")

    def interrupt(self, number=signal.SIGTERM):
        process = self.plugin("plymouth")
        self.said("asking")
        process.signal(number)
        self.assertEqual(process.wait(), FAILURE)
        self.assertEqual(process.stdout, b"")
        self.assert_ended(int(self.said("asking")))
        return process


class PlymouthCompatible(Plymouth):
    def test_answer__given(self):
        """CLI-PLY-3, CLI-PROMPT-2, CLI-PROMPT-5"""
        self.command()
        process = self.plugin("plymouth", environment={"cryptsource": "s", "crypttarget": "t"})
        self.assertEqual(process.wait(), 0)
        self.assertEqual(process.stdout, b"pw")
        self.assertEqual(self.said("calls"), "<--ping>\n<ask-for-password>"
                         "<--prompt=Unlocking the disk s (t)\nEnter passphrase>\n")

    def test_prompt_option__verbatim(self):
        """CLI-PLY-1, CLI-PLY-3"""
        self.command()
        self.assertEqual(self.plugin("plymouth", "--prompt", "Say it").wait(), 0)
        self.assertIn("<--prompt=Say it>", self.said("calls"))

    def test_not_there__status(self):
        """CLI-PLY-2"""
        self.assertEqual(self.plugin("plymouth").wait(), UNAVAILABLE)
        self.command(ping="exit 1")
        process = self.plugin("plymouth")
        self.assertEqual(process.wait(), UNAVAILABLE)
        self.assertEqual(process.stderr, "")

    def test_question_fails__status(self):
        """CLI-PLY-3"""
        self.command(ask="exit 5")
        self.assertEqual(self.plugin("plymouth").wait(), FAILURE)
        self.assertNotIn("quit", self.said("calls"))

    def test_signal_while_pinging__status(self):
        """CLI-PLY-4"""
        self.command(ping="echo $$ >/pinging; exec sleep 60")
        process = self.plugin("plymouth")
        pid = int(self.said("pinging"))
        process.signal(signal.SIGTERM)
        self.assertEqual(process.wait(), FAILURE)
        self.assert_ended(pid)
        self.assertEqual(self.said("calls"), "<--ping>\n")

    def test_signal__started_again_with_its_words(self):
        """CLI-PLY-5, CLI-PLY-6, CLI-PLY-7"""
        _, pid = self.daemon("plymouthd", "--some", "words")
        (self.root / "run/plymouth").mkdir()
        (self.root / "run/plymouth/pid").write_text(f"{pid}\n")
        self.command(ask="exec sleep 60", quit_=f"kill {pid}; id -u >/quit-uid")
        self.interrupt()
        self.assertRegex(self.restarted(),
                         r"^\S*plymouthd --some words uid=0,0 session=own cwd=/ ")
        self.assertRegex(self.said("calls"), r"<quit>\n(<show-splash>|<.?.?show-splash>)\n$")

    def test_signal__daemon_found_in_proc(self):
        """CLI-PLY-6, CLI-PROMPT-3"""
        _, pid = self.daemon("plymouthd", "--found")
        self.command(ask="exec sleep 60", quit_=f"kill {pid}")
        self.interrupt()
        self.assertIn("plymouthd --found uid=0,0", self.restarted())

    def test_signal__no_daemon__default_words(self):
        """CLI-PLY-5"""
        shutil.copy(program("tests/lib/splash-daemon"), self.root / "sbin/plymouthd")
        self.addCleanup(self.end_daemons, "plymouthd")
        self.command(ask="exec sleep 60")
        self.interrupt()
        self.assertIn("plymouthd --mode=boot --attach-to-session uid=0,0", self.restarted())

    def test_signal__quit_fails__nothing_started(self):
        """CLI-PLY-5"""
        shutil.copy(program("tests/lib/splash-daemon"), self.root / "sbin/plymouthd")
        self.command(ask="exec sleep 60", quit_="exit 1")
        self.interrupt(signal.SIGHUP)
        self.assertFalse(self.log.exists())
        self.assertNotIn("show-splash", self.said("calls"))

    def test_help(self):
        """CLI-GEN-2, CLI-GEN-3"""
        self.command()
        for option in ("--help", "--usage", "--version", "-?", "-V"):
            self.assertEqual(self.plugin("plymouth", option).wait(), 0)
        self.assertFalse((self.root / "calls").exists())


class PlymouthFixed(Plymouth):
    MERGED = True

    def test_signal__merged_usr__daemon_found_in_proc(self):
        """D24, CLI-PROMPT-3"""
        _, pid = self.daemon("plymouthd", "--found")
        self.command(ask="exec sleep 60", quit_=f"kill {pid}")
        self.interrupt()
        self.assertIn("plymouthd --found uid=0,0", self.restarted())

    def test_environment__new_names(self):
        """D25, CLI-PROMPT-1"""
        self.command()
        process = self.plugin("plymouth", environment={"CRYPTTAB_SOURCE": "s", "CRYPTTAB_NAME": "t",
                                                       "cryptsource": "old"})
        self.assertEqual(process.wait(), 0)
        self.assertIn("Unlocking the disk s (t)", self.said("calls"))

    def test_debug__says_why_nobody_is_asked(self):
        """CLI-PLY-1, CLI-PLY-2"""
        process = self.plugin("plymouth", "--debug")
        self.assertEqual(process.wait(), UNAVAILABLE)
        self.assertIn("cannot execute /bin/plymouth", process.stderr)
        self.command(ping="exit 1")
        process = self.plugin("plymouth", "--debug")
        self.assertEqual(process.wait(), UNAVAILABLE)
        self.assertIn("Plymouth does not run", process.stderr)

    def test_usage(self):
        self.assertEqual(self.plugin("plymouth", "--prefix=x").wait(), USAGE)
        self.assertEqual(self.plugin("plymouth", "word").wait(), USAGE)


class Usplash(SplashCase):
    def setUp(self):
        super().setUp()
        self.fifo = self.root / "dev/.initramfs/usplash_fifo"
        self.outfifo = self.root / "dev/.initramfs/usplash_outfifo"
        os.mkfifo(self.fifo)
        os.mkfifo(self.outfifo)

    def listen(self):
        """Usplash's end of its FIFO, which it keeps open."""
        fd = os.open(self.fifo, os.O_RDWR | os.O_NONBLOCK)
        self.addCleanup(os.close, fd)
        self.heard = b""
        self.fd = fd

    def hears(self, text):
        def look():
            try:
                self.heard += os.read(self.fd, 4096)
            except BlockingIOError:
                pass
            return self.heard.endswith(text)
        wait_for(look, f"{text!r}")

    def answer(self, text):
        with open(self.outfifo, "wb") as out:
            out.write(text)

    def assert_restart(self, process, pid, status):
        self.assertEqual(process.wait(), status)
        self.assert_ended(pid)
        self.assertRegex(self.restarted(), r"^\S*usplash -x y uid=0,0 session=own cwd=/ ")
        self.hears(b"PULSATE\0")
        self.assertEqual(process.stdout, b"")


class UsplashAnswers(Usplash):
    def test_answer__given_unmodified(self):
        """CLI-USP-2, CLI-PROMPT-2"""
        self.daemon("usplash")
        self.listen()
        process = self.plugin("usplash", "--ignored", environment={"crypttarget": "t"})
        self.hears(b"TIMEOUT 0\0INPUTQUIET Enter passphrase to unlock the disk (t): \0")
        self.answer(b"typed\n\0")
        self.assertEqual(process.wait(), 0)
        self.assertEqual(process.stdout, b"typed\n\0")
        self.hears(b"TIMEOUT 15\0")

    def test_no_usplash__status(self):
        """CLI-USP-1"""
        self.assertEqual(self.plugin("usplash").wait(), UNAVAILABLE)

    def test_signal_before_contact__status(self):
        """CLI-USP-3, CLI-USP-5"""
        _, pid = self.daemon("usplash")
        process = self.plugin("usplash")
        wait_for(lambda: self.is_asleep(process.pid), "the plugin to wait for the FIFO")
        process.signal(signal.SIGTERM)
        self.assertEqual(process.wait(), FAILURE)
        self.assertTrue(Path(f"/proc/{pid}").exists())

    @staticmethod
    def is_asleep(pid):
        """It has caught the signals, and waits."""
        status = Path(f"/proc/{pid}/status").read_text()
        caught = int(re.search(r"SigCgt:\s+(\w+)", status).group(1), 16)
        return "State:\tS" in status and caught & 1 << signal.SIGTERM - 1

    def test_signal__started_again(self):
        """CLI-USP-4, CLI-USP-5"""
        for number in ENDING[:2]:
            _, pid = self.daemon("usplash", "-x", "y")
            self.listen()
            process = self.plugin("usplash")
            self.hears(b"unlock the disk: \0")
            process.signal(number)
            self.assert_restart(process, pid, -number)
            self.end_daemons("usplash")
            self.log.unlink()


class UsplashFixed(Usplash):
    MERGED = True

    def test_merged_usr__found(self):
        """D24, D25, CLI-PROMPT-1, CLI-PROMPT-3"""
        self.daemon("usplash")
        self.listen()
        process = self.plugin("usplash", environment={"CRYPTTAB_SOURCE": "s"})
        self.hears(b"INPUTQUIET Enter passphrase to unlock the disk s: \0")
        self.answer(b"typed")
        self.assertEqual(process.wait(), 0)
        self.assertEqual(process.stdout, b"typed")

    def test_daemon_ignores_sigterm__killed(self):
        """CLI-USP-4"""
        _, pid = self.daemon("usplash", "-x", "y", "--ignore-term")
        self.listen()
        process = self.plugin("usplash")
        self.hears(b"unlock the disk: \0")
        process.signal(signal.SIGTERM)
        self.assertEqual(process.wait(), -signal.SIGTERM)
        self.assert_ended(pid)
        self.hears(b"PULSATE\0")

    def test_failure_after_contact__started_again(self):
        """CLI-USP-4"""
        self.outfifo.unlink()
        _, pid = self.daemon("usplash", "-x", "y")
        self.listen()
        self.assert_restart(self.plugin("usplash"), pid, OSERR)


    def test_half_an_answer__locked_and_erased_before_the_restart(self):
        """CLI-USP-4"""
        _, pid = self.daemon("usplash", "-x", "y", "--ignore-term")
        self.listen()
        process = self.plugin("usplash")
        self.hears(b"unlock the disk: \0")
        with open(self.outfifo, "wb", buffering=0) as out:
            out.write(SECRET)
            wait_for(lambda: memory_holds(process.pid, SECRET), "the answer to be read")
            self.assertGreater(locked_kib(process.pid), 0)
            process.signal(signal.SIGTERM)
            # It waits two seconds for usplash to end, and two for it to start.
            wait_for(lambda: not memory_holds(process.pid, SECRET), "the answer to be erased")
        self.assertTrue(process.is_running())
        self.assertEqual(process.wait(), -signal.SIGTERM)
        self.assertEqual(process.stdout, b"")
        self.assert_ended(pid)


class Splashy(SplashCase):
    def update(self, text):
        self.script("sbin/splashy_update", "for w in \"$@\"; do printf '<%s>' \"$w\"; done >/calls;"
                                           f"echo $$ >/asking; {text}")


class SplashyCompatible(Splashy):
    def test_answer__given(self):
        """CLI-SPL-2, CLI-PROMPT-2"""
        self.daemon("splashy")
        self.update("printf 'pw\\n'")
        process = self.plugin("splashy", "--ignored",
                              environment={"cryptsource": "s", "crypttarget": "t"})
        self.assertEqual(process.wait(), 0)
        self.assertEqual(process.stdout, b"pw\n")
        self.assertEqual(self.said("calls"),
                         "<getpass Enter passphrase to unlock the disk s (t): >")

    def test_no_splashy__status(self):
        """CLI-SPL-1"""
        self.assertEqual(self.plugin("splashy").wait(), UNAVAILABLE)

    def test_command_fails__status(self):
        """CLI-SPL-2"""
        self.daemon("splashy")
        self.assertEqual(self.plugin("splashy").wait(), FAILURE)
        self.update("exit 3")
        self.assertEqual(self.plugin("splashy").wait(), FAILURE)

    def test_signal__started_again(self):
        """CLI-SPL-3"""
        _, pid = self.daemon("splashy", "-x")
        self.update("exec sleep 60")
        process = self.plugin("splashy")
        asking = int(self.said("asking"))
        process.signal(signal.SIGTERM)
        self.assertEqual(process.wait(), -signal.SIGTERM)
        self.assert_ended(pid)
        self.assert_ended(asking)
        self.assertRegex(self.restarted(), r"^\S*splashy boot uid=0,0 session=own cwd=/ ")


class SplashyFixed(Splashy):
    MERGED = True

    def test_merged_usr__found(self):
        """D24, D25"""
        self.daemon("splashy")
        self.update("printf pw")
        process = self.plugin("splashy", environment={"CRYPTTAB_NAME": "t"})
        self.assertEqual(process.wait(), 0)
        self.assertIn("unlock the disk (t): ", self.said("calls"))


class AskpassFifo(SplashCase):
    def setUp(self):
        super().setUp()
        self.fifo = self.root / "lib/cryptsetup/passfifo"


class AskpassFifoCompatible(AskpassFifo):
    def test_answer__given_unmodified(self):
        """CLI-FIFO-1, CLI-FIFO-2, CLI-GEN-4"""
        for text in (b"typed\n", b"", bytes(200000)):
            process = self.plugin("askpass-fifo", "--ignored")
            wait_for(self.fifo.is_fifo, "the FIFO")
            self.assertEqual(self.fifo.stat().st_mode & 0o7777, 0o600)
            self.assertEqual(self.fifo.stat().st_uid, 0)
            with open(self.fifo, "wb") as fifo:
                fifo.write(text)
            self.assertEqual(process.wait(), 0)
            self.assertEqual(process.stdout, text)

    def test_privileges__dropped_before_reading(self):
        """CLI-FIFO-2"""
        process = self.plugin("askpass-fifo")
        wait_for(self.fifo.is_fifo, "the FIFO")
        with open(self.fifo, "wb"):
            status = Path(f"/proc/{process.pid}/status")
            wait_for(lambda: "Uid:\t65534\t65534\t65534\t" in status.read_text(), "the drop")
            self.assertIn("Gid:\t65534\t65534\t65534\t", status.read_text())
        self.assertEqual(process.wait(), 0)

    def test_failures__status(self):
        """CLI-FIFO-4"""
        self.fifo.mkdir()
        self.assertEqual(self.plugin("askpass-fifo").wait(), UNAVAILABLE)
        self.fifo.rmdir()
        self.fifo.symlink_to("passfifo")
        self.assertEqual(self.plugin("askpass-fifo").wait(), OSFILE)
        self.fifo.unlink()
        shutil.move(self.fifo.parent, self.root / "elsewhere")
        self.assertEqual(self.plugin("askpass-fifo").wait(), UNAVAILABLE)
        self.fifo.parent.touch()
        self.assertEqual(self.plugin("askpass-fifo").wait(), OSFILE)

    def test_without_the_set_user_id_bit__status(self):
        """CLI-PROMPT-4: root's FIFO is for root to make and to open"""
        def enter():
            self.enter()
            os.setresgid(65534, 65534, 65534)
            os.setresuid(65534, 65534, 65534)
        shutil.copy(plugin_file("askpass-fifo"), self.root / "plugin")
        (self.root / "plugin").chmod(0o755)  # the package's has the bit, and it was copied too
        for status in (OSFILE, UNAVAILABLE):
            process = self.start("/plugin", preexec_fn=enter,
                                 env={"ASAN_OPTIONS": "detect_leaks=0"})
            self.assertEqual(process.wait(), status, process.stderr)
            self.assertEqual(process.stdout, b"")
            self.fifo.touch(0o600)

    def test_existing_file__read(self):
        """CLI-FIFO-1"""
        self.fifo.write_bytes(b"in a file")
        process = self.plugin("askpass-fifo")
        self.assertEqual(process.wait(), 0)
        self.assertEqual(process.stdout, b"in a file")

    def test_signal__default_action(self):
        """CLI-FIFO-3"""
        process = self.plugin("askpass-fifo")
        wait_for(self.fifo.is_fifo, "the FIFO")
        process.signal(signal.SIGTERM)
        self.assertEqual(process.wait(), -signal.SIGTERM)
        self.assertTrue(self.fifo.is_fifo())


class AskpassFifoFixed(AskpassFifo):
    def test_half_an_answer__locked(self):
        process = self.plugin("askpass-fifo")
        wait_for(self.fifo.is_fifo, "the FIFO")
        with open(self.fifo, "wb", buffering=0) as fifo:
            fifo.write(SECRET)
            wait_for(lambda: memory_holds(process.pid, SECRET), "the answer to be read")
            self.assertGreater(locked_kib(process.pid), 0)
            self.assertRegex(Path(f"/proc/{process.pid}/limits").read_text(),
                             r"core file size +0 +0")
        self.assertEqual(process.wait(), 0)
        self.assertEqual(process.stdout, SECRET)


def load_tests(loader, tests, pattern):
    if not REFERENCE:
        return tests
    suite = unittest.TestSuite()
    for case in (PlymouthCompatible, SplashyCompatible, AskpassFifoCompatible):
        suite.addTests(loader.loadTestsFromTestCase(case))
    return suite


if __name__ == "__main__":
    enter_namespace_for_roots()
    unittest.main()
