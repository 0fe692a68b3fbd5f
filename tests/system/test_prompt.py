# SPDX-License-Identifier: GPL-3.0-or-later
"""password-prompt on pseudo-terminals.

Compatible holds what mandos 1.8.16 does too; with MANDOS_REFERENCE set it runs against that, and
nothing else runs.
"""

import glob
import os
import random
import signal
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from mandos_test import (Case, enter_pid_namespace, locked_kib, memory_holds,  # noqa: E402
                         program, wait_for)
from pseudo_terminal import Terminal  # noqa: E402

REFERENCE = os.environ.get("MANDOS_REFERENCE")
PROMPT = (glob.glob("/usr/lib/*/mandos/plugins.d/password-prompt")[0] if REFERENCE
          else program("password-prompt"))
FAILURE, USAGE, UNAVAILABLE, OSFILE, IOERR = 1, 64, 69, 72, 74
QUESTION = b"Enter passphrase to unlock the disk: "
ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class PromptCase(Case):
    def setUp(self):
        super().setUp()
        self.terminal = Terminal(self)

    def prompt(self, *words, environment=None, **options):
        clean = {k: v for k, v in os.environ.items() if not k.lower().startswith("crypt")}
        return self.start(PROMPT, *words, env={**clean, **(environment or {})},
                          **{**self.terminal.options(), **options})

    def assert_gives(self, process, expected):
        self.assertEqual(process.wait(), 0)
        self.assertEqual(process.stdout, expected)
        self.assertTrue(self.terminal.echoes())


class Compatible(PromptCase):
    def test_line__given_without_its_newline(self):
        """CLI-PP-4, CLI-PP-5, CLI-PP-6, CLI-PROMPT-5"""
        process = self.prompt()
        self.terminal.shows(QUESTION)
        self.assertFalse(self.terminal.echoes())
        self.terminal.type(b" pass \xffphrase \n")
        self.assert_gives(process, b" pass \xffphrase ")
        self.terminal.shows(QUESTION + b"\r\n")
        self.assertNotIn(b"phrase ", self.terminal.text.replace(QUESTION, b""))

    def test_questions(self):
        """CLI-PROMPT-1, CLI-PROMPT-2, CLI-PP-5"""
        for environment, words, question in (
                ({"CRYPTTAB_NAME": "t"}, [], b"Unlocking the disk (t)\r\nEnter passphrase: "),
                ({"cryptsource": "s"}, [], b"Unlocking the disk s\r\nEnter passphrase: "),
                ({"cryptsource": "s", "CRYPTTAB_SOURCE": "n", "crypttarget": "t"}, [],
                 b"Unlocking the disk n (t)\r\nEnter passphrase: "),
                ({}, ["--prefix", "Host"], b"Host " + QUESTION),
                ({"crypttarget": "t"}, ["-p", "Host", "--prompt=Say"], b"Host Say: ")):
            with self.subTest(question=question):
                self.terminal = Terminal(self)
                process = self.prompt(*words, environment=environment)
                self.terminal.shows(question)
                self.terminal.type(b"x\n")
                self.assert_gives(process, b"x")
                self.assertTrue(self.terminal.text.startswith(question))

    def test_empty_line__empty_password(self):
        """CLI-PP-6"""
        process = self.prompt()
        self.terminal.shows(QUESTION)
        self.terminal.type(b"\n")
        self.assert_gives(process, b"")

    def test_end_of_file__asks_again(self):
        """CLI-PP-7"""
        process = self.prompt()
        for n in range(1, 4):
            self.terminal.shows(QUESTION, n)
            self.terminal.type(b"\x04")
        self.terminal.shows(QUESTION, 4)
        self.terminal.type(b"x\n")
        self.assert_gives(process, b"x")

    def test_end_of_file_behind_text__counts(self):
        """CLI-PP-6"""
        process = self.prompt()
        self.terminal.shows(QUESTION)
        self.terminal.type(b"abc\x04\x04")
        self.assert_gives(process, b"abc")

    def test_typed_ahead__discarded(self):
        """CLI-PP-4"""
        self.terminal.type(b"for somebody else\n")
        process = self.prompt()
        self.terminal.shows(QUESTION)
        self.terminal.type(b"x\n")
        self.assert_gives(process, b"x")

    def test_ignored_signals__stay_ignored(self):
        """CLI-PP-4"""
        make_controlling = self.terminal.options()["preexec_fn"]

        def ignore():
            make_controlling()
            for number in ENDING:
                signal.signal(number, signal.SIG_IGN)
        process = self.prompt(preexec_fn=ignore)
        self.terminal.shows(QUESTION)
        for number in ENDING:
            process.signal(number)
        self.terminal.type(b"x\n")
        self.assert_gives(process, b"x")

    def test_plymouth_there__conflict(self):
        """CLI-PP-2"""
        self.start("bash", "-c", "exec -a /some/plymouthd sleep 60")
        wait_for(lambda: any(p.read_bytes().startswith(b"/some/plymouthd")
                             for p in Path("/proc").glob("[0-9]*/cmdline")), "the stand-in")
        process = self.prompt(stderr=process_file(self))
        self.assertEqual(process.wait(), FAILURE)
        self.assertEqual((self.tmp / "messages").read_bytes(), b"")
        self.assertEqual(self.prompt("--nonsense").wait(), USAGE)

    def test_names_like_plymouth__no_conflict(self):
        """CLI-PP-2"""
        for name in ("plymouthd2", "my-plymouthd", "plymouthd/x"):
            self.start("bash", "-c", f"exec -a {name} sleep 60")
            wait_for(lambda name=name: any(p.read_bytes().startswith(name.encode())
                     for p in Path("/proc").glob("[0-9]*/cmdline")), "the stand-in")
        process = self.prompt()
        self.terminal.shows(QUESTION)
        self.terminal.type(b"x\n")
        self.assert_gives(process, b"x")

    def test_no_terminal(self):
        """CLI-PP-3, CLI-GEN-5"""
        for redirection in ("</dev/null", "<&-"):
            process = self.start("sh", "-c", f'"$0" {redirection}', PROMPT)
            self.assertEqual(process.wait(), UNAVAILABLE)
            self.assertRegex(process.stderr, "^Mandos plugin")

    def test_output_that_cannot_be_written(self):
        """CLI-PP-9"""
        for redirection, status in ((">/dev/full", IOERR), (">&-", OSFILE)):
            self.terminal = Terminal(self)
            process = self.start("sh", "-c", f'"$0" {redirection}', PROMPT, **self.terminal.options())
            self.terminal.shows(b"Enter passphrase")
            self.terminal.type(b"x\n")
            self.assertEqual(process.wait(), status)
            self.assertTrue(self.terminal.echoes())

    def test_usage_and_help(self):
        """CLI-GEN-2, CLI-GEN-3, CLI-PP-1"""
        for words in (["--help"], ["--usage"], ["--version"], ["-?"], ["-V"], ["word"], ["--bad"]):
            self.assertEqual(self.prompt(*words).wait(), USAGE)
        process = self.prompt("-V")
        process.wait()
        self.assertRegex(process.stdout.decode(), r"^password-prompt [0-9.]+\n$")


class Fixed(PromptCase):
    """Where the reference is wrong, or says nothing. It loses a signal now and then (CLI-PP-8)."""

    def test_signal__echo_back_and_death(self):
        """CLI-PP-8"""
        for number in ENDING:
            self.terminal = Terminal(self)
            process = self.prompt()
            self.terminal.shows(QUESTION)
            process.signal(number)
            self.assertEqual(process.wait(), -number)
            self.assertTrue(self.terminal.echoes())
            self.terminal.shows(QUESTION + b"\r\n")
            self.assertEqual(process.stdout, b"")

    def test_keys_that_make_signals(self):
        """CLI-PP-8"""
        process = self.prompt()
        self.terminal.shows(QUESTION)
        self.terminal.type(b"\x03")
        self.assertEqual(process.wait(), -signal.SIGINT)
        self.assertTrue(self.terminal.echoes())

    def test_signal_at_any_moment__never_lost(self):
        """CLI-PP-8: weaknesses, 4, the race between check and read"""
        for _ in range(40):
            self.terminal = Terminal(self)
            process = self.prompt()
            until = time.monotonic() + random.uniform(0, 0.08)
            while time.monotonic() < until:
                pass
            process.signal(signal.SIGTERM)
            self.assertEqual(process.wait(), -signal.SIGTERM)
            self.assertTrue(self.terminal.echoes())

    def test_quit_key__echo_back(self):
        process = self.prompt()
        self.terminal.shows(QUESTION)
        self.terminal.type(b"\x1c")
        self.assertEqual(process.wait(), -signal.SIGQUIT)
        self.assertTrue(self.terminal.echoes())

    def test_stop_key__echo_back_while_stopped(self):
        # Not the leader of an orphaned session, whose members the key cannot stop.
        process = self.prompt()
        self.terminal.shows(QUESTION)
        process.signal(signal.SIGTSTP)
        self.assertEqual(os.waitpid(process.pid, os.WUNTRACED), (process.pid, 0x137f))
        self.assertTrue(self.terminal.echoes())
        process.signal(signal.SIGCONT)
        self.terminal.shows(QUESTION, 2)
        self.assertFalse(self.terminal.echoes())
        self.terminal.type(b"x\n")
        self.assert_gives(process, b"x")

    def test_hang_up_that_is_ignored__ends(self):
        make_controlling = self.terminal.options()["preexec_fn"]

        def ignore():
            make_controlling()
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
        process = self.prompt(preexec_fn=ignore, stderr=process_file(self))
        wait_for(lambda: not self.terminal.echoes(), "the echo to be off")
        self.terminal.hang_up()
        self.assertEqual(process.wait(), IOERR)

    def test_longest_line__given(self):
        process = self.prompt()
        self.terminal.shows(QUESTION)
        self.terminal.type(b"x" * 4000 + b"\n")
        self.assert_gives(process, b"x" * 4000)

    def test_slow_reader__signal_ends(self):
        """CLI-PP-8: also while the passphrase is written"""
        read, write = os.pipe()
        self.addCleanup(os.close, read)
        os.set_blocking(write, False)
        try:
            while True:
                os.write(write, bytes(65536))
        except BlockingIOError:
            os.set_blocking(write, True)
        process = self.prompt(stdout=write)
        os.close(write)
        self.terminal.shows(QUESTION)
        self.terminal.type(b"a secret that is not read\n")
        wait_for(lambda: memory_holds(process.pid, b"a secret that is not read"), "the passphrase")
        self.assertGreater(locked_kib(process.pid), 0)
        process.signal(signal.SIGTERM)
        self.assertEqual(process.wait(), -signal.SIGTERM)
        self.assertTrue(self.terminal.echoes())

    def test_debug__says_why_nobody_is_asked(self):
        """CLI-PP-1"""
        self.start("bash", "-c", "exec -a plymouthd sleep 60")
        wait_for(lambda: any(p.read_bytes().startswith(b"plymouthd")
                             for p in Path("/proc").glob("[0-9]*/cmdline")), "the stand-in")
        process = self.prompt("--debug")
        self.assertEqual(process.wait(), FAILURE)
        self.terminal.shows(b"Plymouth is there")

    def test_no_core_dumps(self):
        process = self.prompt()
        self.terminal.shows(QUESTION)
        self.assertRegex(Path(f"/proc/{process.pid}/limits").read_text(), r"core file size +0 +0")
        process.signal(signal.SIGTERM)
        process.wait()


def process_file(case):
    f = open(case.tmp / "messages", "wb")
    case.addCleanup(f.close)
    return f


def load_tests(loader, tests, pattern):
    return loader.loadTestsFromTestCase(Compatible) if REFERENCE else tests


if __name__ == "__main__":
    enter_pid_namespace()
    unittest.main()
