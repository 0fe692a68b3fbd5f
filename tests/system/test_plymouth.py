# SPDX-License-Identifier: GPL-3.0-or-later
"""The plymouth plugin with the real plymouthd and plymouth, on a console that the test types on.

The console is a pseudo-terminal that plymouthd takes for a serial one: there is no display here. Its
socket is an abstract one, so the network namespace is the test's own, too. Compatible holds what mandos
1.8.16 does too; with MANDOS_REFERENCE set it runs against that, and nothing else runs.
"""

import glob
import os
import shutil
import signal
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from mandos_test import program, wait_for  # noqa: E402
from pseudo_terminal import Terminal  # noqa: E402
from root_directory import (REFERENCE, PluginCase, enter_namespace_for_roots,  # noqa: E402
                            plugin_file)

FAILURE, UNAVAILABLE = 1, 69
RUNNER = glob.glob("/usr/lib/*/mandos/plugin-runner")[0] if REFERENCE else program("plugin-runner")
QUESTION = b"Unlocking the disk\r\nEnter passphrase:"
WORDS = ("--mode=boot", "--pid-file=/run/plymouth/pid", "--kernel-command-line=splash")


class PlymouthCase(PluginCase):
    MERGED = True

    def setUp(self):
        super().setUp()
        (self.root / "bin").rmdir()
        (self.root / "bin").symlink_to("usr/bin")
        (self.root / "usr/share/plymouth").mkdir(parents=True)
        for directory in ("usr/sbin", "usr/share/plymouth"):
            self.mount("--bind", "-o", "ro", f"/{directory}", self.root / directory)
        self.terminal = Terminal(self)
        (self.root / "dev/console0").touch()
        self.mount("--bind", os.ttyname(self.terminal.slave), self.root / "dev/console0")
        (self.root / "sys/class/tty/console").mkdir(parents=True)
        (self.root / "sys/class/tty/console/active").write_text("console0\n")
        self.pid_file = self.root / "run/plymouth/pid"

    def run_as_root(self, *argv):
        return self.start(*argv, preexec_fn=lambda: self.enter(0)).wait()

    def command(self, *words):
        """Runs plymouth(1); returns its status."""
        return self.run_as_root("/bin/plymouth", *words)

    def boot(self, *words):
        """Starts plymouthd as an initramfs does; returns its process number."""
        self.addCleanup(self.end_daemons, "plymouthd")
        self.assertEqual(self.run_as_root("/sbin/plymouthd", *(words or WORDS)), 0)
        self.assertEqual(self.command("show-splash"), 0)
        return self.only_daemon()

    def only_daemon(self):
        [pid] = self.daemons("plymouthd")
        return pid

    def ask(self, *words, question=QUESTION, **options):
        """The plugin, with its question on the console."""
        self.terminal.forget()
        process = self.plugin("plymouth", *words, **options)
        self.terminal.shows(question)
        return process

    def assert_answers(self, process, typed, answer):
        self.terminal.type(typed + b"\r")
        self.assertEqual(process.wait(), 0)
        self.assertEqual(process.stdout, answer)

    def half_an_answer(self):
        """The plugin, while somebody is typing."""
        process = self.ask()
        self.terminal.type(b"half")
        self.terminal.shows(QUESTION + b"****")
        return process

    def assert_nothing_given(self, process):
        self.assertEqual(process.wait(), FAILURE)
        self.assertEqual(process.stdout, b"")

    def assert_restarted(self, before, words=WORDS):
        """Another daemon is in the place of the one that is named; returns its process number."""
        self.assert_ended(before)
        pid = self.only_daemon()
        self.assertEqual(Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[1:-1],
                         [word.encode() for word in words])
        self.assertEqual(self.command("--ping"), 0)
        return pid

    def run_plugins(self, script):
        """plugin-runner, with plymouth and a script as its plugins."""
        plugins = self.root / "plugins.d"
        plugins.mkdir()
        shutil.copy(plugin_file("plymouth"), plugins / "plymouth")
        (plugins / "plymouth").chmod(0o4755)
        (plugins / "fetch").write_text(f"#!/usr/bin/sh\n{script}\n")
        (plugins / "fetch").chmod(0o755)
        shutil.copy(RUNNER, self.root / "runner")
        return self.start("/runner", "--config-file=/nonexistent", "--plugin-dir=/plugins.d",
                          "--global-env=ASAN_OPTIONS=detect_leaks=0", start_new_session=True,
                          preexec_fn=lambda: self.enter(0))


class Compatible(PlymouthCase):
    def test_answer__given_to_the_byte(self):
        """CLI-PLY-3, CLI-PROMPT-2, CLI-PROMPT-5"""
        self.boot()
        for text in (b"typed", b" two  words ", "Übergröße €".encode(), b"a\ttab", b""):
            self.assert_answers(self.ask(), text, text)
            self.terminal.shows(QUESTION + b"*" * len(text.decode()) + b"\r\n")
            self.assertNotIn(text[1:] or b"-", self.terminal.text)

    def test_question__in_its_words(self):
        """CLI-PLY-1, CLI-PLY-3, CLI-PROMPT-2"""
        self.boot()
        for words, environment, question in (
                ((), {"cryptsource": "/dev/sda2", "crypttarget": "root"},
                 b"Unlocking the disk /dev/sda2 (root)\r\nEnter passphrase:"),
                (("--prompt", "Say it, please"), {}, b"Say it, please:")):
            process = self.ask(*words, question=question, environment=environment)
            self.assert_answers(process, b"said", b"said")

    def test_mistyped__corrected(self):
        """CLI-PROMPT-5: what was taken back is not part of it"""
        self.boot()
        self.assert_answers(self.half_an_answer(), b"\x15wholf\x7fe", b"whole")

    def test_not_running__status(self):
        """CLI-PLY-2"""
        process = self.plugin("plymouth")
        self.assertEqual(process.wait(), UNAVAILABLE)
        self.assertEqual(process.stdout, b"")
        self.assertEqual(process.stderr, "")

    def test_signal_while_pinging__status(self):
        """CLI-PLY-4: a daemon that hangs is left alone"""
        pid = self.boot()
        os.kill(pid, signal.SIGSTOP)
        process = self.plugin("plymouth")
        ping = wait_for(lambda: self.pinging(process), "the ping to be sent")
        process.signal(signal.SIGTERM)
        self.assert_nothing_given(process)
        self.assert_ended(ping)
        os.kill(pid, signal.SIGCONT)
        self.assertEqual(self.command("--ping"), 0)
        self.assertEqual(self.only_daemon(), pid)

    @staticmethod
    def pinging(process):
        """The child that waits for the daemon, and is itself waited for."""
        for child in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split():
            if b"--ping" in Path(f"/proc/{child}/cmdline").read_bytes() and all(
                    ") S " in Path(f"/proc/{pid}/stat").read_text() for pid in (child, process.pid)):
                return child
        return None

    def test_daemon_killed__status(self):
        """CLI-PLY-3: nothing is started that was not ended by the plugin"""
        pid = self.boot()
        process = self.half_an_answer()
        os.kill(pid, signal.SIGKILL)
        self.assert_nothing_given(process)
        self.assert_ended(pid)
        self.assertEqual(self.daemons("plymouthd"), [])

    def test_daemon_quits__status(self):
        """CLI-PLY-3: as a boot system has it do when the root file system is there"""
        pid = self.boot()
        process = self.half_an_answer()
        self.assertEqual(self.command("quit"), 0)
        self.assert_nothing_given(process)
        self.assert_ended(pid)
        self.assertEqual(self.daemons("plymouthd"), [])

    def test_signal__question_gone(self):
        """CLI-PLY-5, CLI-PLY-6: the next one is asked at once, and has only what was typed for it"""
        before = self.boot()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            process = self.half_an_answer()
            process.signal(number)
            self.assert_nothing_given(process)
            before = self.assert_restarted(before)
            self.assertEqual(int(self.pid_file.read_text()), before)
        self.assert_answers(self.ask("--prompt=Another", question=b"Another:"), b"typed", b"typed")

    def test_typed_while_fetching(self):
        """CLI-PLY-3, CLI-RUN-24: the runner's other plugin never has it"""
        pid = self.boot()
        runner = self.run_plugins("exec sleep 60")
        self.terminal.shows(QUESTION)
        self.assert_answers(runner, b"typed", b"typed")
        self.assertEqual(self.only_daemon(), pid)


class Fixed(PlymouthCase):
    def test_fetched_while_asking(self):
        """CLI-PLY-5, CLI-RUN-24: another plugin has the password, and somebody was just
        typing it. After Debian's no daemon is left now and then."""
        before = self.boot()
        runner = self.run_plugins("while [ ! -e /run/fetched ]; do sleep 0.1; done; printf fetched")
        self.terminal.shows(QUESTION)
        self.terminal.type(b"half")
        self.terminal.shows(QUESTION + b"****")
        (self.root / "run/fetched").touch()
        self.assertEqual(runner.wait(), 0, runner.stderr)
        self.assertEqual(runner.stdout, b"fetched")
        self.assert_restarted(before)

    def test_no_pid_file__found_in_proc(self):
        """CLI-PLY-6, CLI-PROMPT-3, D24"""
        words = [word for word in WORDS if "pid-file" not in word]
        before = self.boot(*words)
        process = self.half_an_answer()
        process.signal(signal.SIGQUIT)
        self.assert_nothing_given(process)
        self.assert_restarted(before, words)
        self.assertFalse(self.pid_file.exists())

    def test_signal__root_in_all_respects(self):
        """CLI-PLY-5: Debian's plugin leaves it the group of its user"""
        before = self.boot()
        process = self.half_an_answer()
        process.signal(signal.SIGTERM)
        self.assert_nothing_given(process)
        status = Path(f"/proc/{self.assert_restarted(before)}/status").read_text()
        self.assertRegex(status, r"Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\n")


def load_tests(loader, tests, pattern):
    return loader.loadTestsFromTestCase(Compatible) if REFERENCE else tests


if __name__ == "__main__":
    enter_namespace_for_roots("--net")
    unittest.main()
