# SPDX-License-Identifier: GPL-3.0-or-later
"""plugin-runner with plugins that are shell scripts.

Compatible holds what mandos 1.8.16 does too; with MANDOS_REFERENCE set it runs against that, and
nothing else runs.
"""

import glob
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from mandos_test import Case, locked_kib, memory_holds, program, wait_for  # noqa: E402
from pseudo_terminal import Terminal  # noqa: E402
from root_directory import RootCase, enter_namespace_for_roots  # noqa: E402

REFERENCE = os.environ.get("MANDOS_REFERENCE")
RUNNER = glob.glob("/usr/lib/*/mandos/plugin-runner")[0] if REFERENCE else program("plugin-runner")
USAGE, UNAVAILABLE, OSERR, IOERR, CONFIG = 64, 69, 71, 74, 78
SECRET = b"correct horse battery"
# Ends within a minute even if a failing test forgets it; "exec" so that a signal hits the sleep.
STUCK = "exec sleep 60"


class RunnerCase(Case):
    def setUp(self):
        super().setUp()
        # Plugins run as user 65534.
        self.tmp.chmod(0o777)
        self.plugins = self.tmp / "plugins.d"
        self.plugins.mkdir()
        self.plugins.chmod(0o755)

    def plugin(self, name, script, mode=0o755):
        path = self.plugins / name
        path.write_text("#!/bin/sh\n" + script + "\n")
        path.chmod(mode)

    def runner(self, *words, prefix=(), **options):
        # A session of its own: without a controlling terminal standard input is asked.
        if "preexec_fn" not in options:
            options.setdefault("start_new_session", True)
        return self.start(*prefix, RUNNER, "--config-file=/nonexistent", "--plugin-dir", self.plugins,
                          *words, **options)

    def answer(self, text):
        """Standard input with @text and then the end."""
        read, write = os.pipe()
        os.write(write, text)
        os.close(write)
        self.addCleanup(os.close, read)
        return read

    def assert_gives(self, expected, *words, status=0, **options):
        process = self.runner(*words, **options)
        self.assertEqual(process.wait(), status, process.stderr)
        self.assertEqual(process.stdout, expected, process.stderr)
        return process

    def said(self, name):
        """What a plugin wrote into the file of that name, once it is complete."""
        return wait_for(lambda: (self.tmp / name).exists() and (self.tmp / name).read_text(), name)


class Compatible(RunnerCase):
    def test_output__any_bytes__unchanged(self):
        """CLI-RUN-24, CLI-RUN-25"""
        self.plugin("p", r"printf 'a\000b\n\377\n'")
        self.assert_gives(b"a\0b\n\xff\n")

    def test_output__none__success(self):
        """CLI-RUN-24, D35"""
        self.plugin("p", "exit 0")
        self.assert_gives(b"")

    def test_output__three_megabytes__unchanged(self):
        """CLI-RUN-25"""
        self.plugin("p", "head -c 3000000 /dev/zero; printf end")
        self.assert_gives(bytes(3000000) + b"end")

    def test_failures__discarded(self):
        """CLI-RUN-24"""
        self.plugin("a", "printf wrong; exit 1")
        self.plugin("b", "printf wrong; kill -9 $$")
        self.plugin("c", "read x; printf right")
        self.assert_gives(b"right", stdin=self.answer(b"\n"))

    def test_descendant__keeps_output_open__waited_for(self):
        """CLI-RUN-23"""
        self.plugin("p", "printf early; (sleep 1; printf late) & exit 0")
        self.assert_gives(b"earlylate")

    def test_first_success__others_get_sigterm(self):
        """CLI-RUN-27"""
        self.plugin("a", f"trap 'echo yes >{self.tmp}/term; exit 1' TERM; echo x >{self.tmp}/ready;"
                         "sleep 60 & wait")
        self.plugin("b", f"until [ -s {self.tmp}/ready ]; do sleep 0.05; done; printf pw")
        self.assert_gives(b"pw")
        self.assertEqual(self.said("term"), "yes\n")

    def test_two_at_the_same_moment__one_of_them(self):
        """CLI-RUN-26: either, and whole."""
        for name in "ab":
            self.plugin(name, f"head -c 50000 /dev/zero | tr '\\0' {name}; "
                              f"until [ -e {self.tmp}/go ]; do :; done")
        runner = self.runner()
        runner_children = Path(f"/proc/{runner.pid}/task/{runner.pid}/children")
        wait_for(lambda: len(runner_children.read_text().split()) == 2, "both plugins")
        (self.tmp / "go").touch()
        self.assertEqual(runner.wait(), 0)
        self.assertIn(runner.stdout, (50000 * b"a", 50000 * b"b"))

    def test_arguments__in_order(self):
        """CLI-RUN-2, CLI-RUN-7, CLI-RUN-8, CLI-RUN-20"""
        config = self.tmp / "config"
        config.write_text("# first\n-o p:a,b # two\n--global-options\n g#h\n\n--config-file=/x")
        config.chmod(0o644)
        self.plugin("p", 'for x in "$0" "$@"; do printf "<%s>" "$x"; done')
        given = self.runner("--config-file", config, "-o", "p:c,,d:e", "-g", "f", "-o", "q:no")
        self.assertEqual(given.wait(), 0, given.stderr)
        self.assertRegex(given.stdout.decode(), r"^<[^>]*><a><b><c><><d:e><g><f>$")

    def test_environment__first_definition_wins(self):
        """CLI-RUN-4, CLI-RUN-20"""
        self.plugin("p", 'printf "%s|" "$A" "$B" "$C" "$MANDOSPLUGINHELPERDIR"')
        self.assert_gives(b"3|global|old|/helpers|", "-E", "p:A=1", "-E", "p:A=3", "-G", "A=no",
                          "-G", "B=global", "-G", "MANDOSPLUGINHELPERDIR=/no",
                          "--plugin-helper-dir=/helpers",
                          env={**os.environ, "A": "old", "B": "old", "C": "old"})

    def test_files_that_are_no_plugins__not_started(self):
        """CLI-RUN-17, CLI-RUN-18, CLI-RUN-19"""
        for name in (".p", "#p#", "p~", "p.dpkg-new", "p.dpkg-old", "p.dpkg-bak", "p.dpkg-divert",
                     "disabled"):
            self.plugin(name, f"echo {name} >>{self.tmp}/wrong; printf wrong")
        self.plugin("not-executable", "printf wrong", 0o644)
        (self.plugins / "directory").mkdir()
        os.symlink("/dev/null", self.plugins / "device")
        self.plugin("x.dpkg-dist y", "printf right; exit 0")
        self.assert_gives(b"right", "-d", "disabled", "-d", "x.dpkg-dist y", "-e", "x.dpkg-dist y")
        self.assertFalse((self.tmp / "wrong").exists())

    def test_user_and_group(self):
        """CLI-RUN-14"""
        self.plugin("p", "echo $(id -u) $(id -g) $(id -ru) $(id -rg)")
        self.assert_gives(b"65534 65534 65534 65534\n")
        self.assert_gives(b"12345 23456 12345 23456\n", "--userid=12345", "--groupid=23456")

    def test_bad_id__ignored(self):
        """CLI-RUN-5, D34"""
        self.plugin("p", "id -u")
        self.assert_gives(b"65534\n", "--userid=garbage")

    def test_no_plugins__prompt(self):
        """CLI-RUN-33, CLI-RUN-35, CLI-RUN-38"""
        process = self.assert_gives(b"typed \t", stdin=self.answer(b"typed \t\nmore\n"))
        self.assertIn("Password: ", process.stderr)
        self.assert_gives(b"no newline", stdin=self.answer(b"no newline"))
        self.assert_gives(b"", stdin=self.answer(b""))

    def test_all_failed__prompt(self):
        """CLI-RUN-33"""
        self.plugin("a", "exit 1")
        self.plugin("b", "exit 2")
        self.assert_gives(b"typed", stdin=self.answer(b"typed\n"))

    def test_errors__prompt_and_status(self):
        """CLI-GEN-6, CLI-RUN-3, CLI-RUN-6, CLI-RUN-12, CLI-RUN-16, CLI-RUN-38"""
        self.plugin("p", "printf wrong")
        bad = self.tmp / "bad"
        bad.write_text("--nonsense\n")
        bad.chmod(0o644)
        for status, *words in ((USAGE, "--nonsense"), (USAGE, "-o", "x"), (USAGE, "word"),
                               (CONFIG, "--config-file", bad),
                               (UNAVAILABLE, "--plugin-dir=/nonexistent"),
                               (OSERR, "--userid=99999999999999999999")):
            with self.subTest(words=words):
                self.assert_gives(b"typed", *words, status=status, stdin=self.answer(b"typed\n"))

    def test_empty_operand__ignored(self):
        """CLI-RUN-6"""
        self.plugin("p", "printf pw")
        self.assert_gives(b"pw", "", "--debug", "")

    def test_output_that_cannot_be_written__status(self):
        """CLI-RUN-38"""
        self.plugin("p", "printf pw")
        with open("/dev/full", "wb") as full:
            process = self.runner(stdout=full, stdin=self.answer(b"typed\n"))
            self.assertEqual(process.wait(), IOERR)

    def test_broken_pipe__dies_of_it(self):
        """CLI-RUN-38"""
        self.plugin("p", "printf pw")
        read, write = os.pipe()
        os.close(read)
        process = self.runner(stdout=write)
        os.close(write)
        self.assertEqual(process.wait(), -signal.SIGPIPE)

    def test_help__status_0_and_no_prompt(self):
        """CLI-GEN-2, CLI-GEN-3, CLI-RUN-38"""
        for option in ("--help", "--usage", "-?"):
            self.assertEqual(self.runner(option).wait(), 0)
        self.assertRegex(self.runner("--version").stdout.decode() or self._version(),
                         r"^plugin-runner [0-9.]+\n$")

    def _version(self):
        process = self.runner("-V")
        self.assertEqual(process.wait(), 0)
        return process.stdout.decode()


class Terminals(RunnerCase):
    """CLI-RUN-35: the prompt on a terminal."""

    def test_prompt__echo_off_and_back(self):
        terminal = Terminal(self)
        process = self.runner(**terminal.options())
        terminal.shows(b"Password: ")
        self.assertFalse(terminal.echoes())
        terminal.type(b"typed\n")
        self.assertEqual(process.wait(), 0)
        self.assertEqual(process.stdout, b"typed")
        self.assertTrue(terminal.echoes())
        self.assertNotIn(b"typed", terminal.text)

    def test_prompt__signal__echo_back(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
            terminal = Terminal(self)
            process = self.runner(**terminal.options())
            terminal.shows(b"Password: ")
            process.signal(number)
            self.assertEqual(process.wait(), -number)
            self.assertTrue(terminal.echoes())

    def test_typed_ahead__is_the_answer(self):
        terminal = Terminal(self)
        terminal.type(b"ahead\n")
        process = self.runner(**terminal.options())
        self.assertEqual(process.wait(), 0)
        self.assertEqual(process.stdout, b"ahead")

    def test_plugin_restarting__answer_is_taken(self):
        """A plugin that will be started again does not keep people from typing."""
        self.plugin("p", f"echo x >>{self.tmp}/runs; exit 75")
        terminal = Terminal(self)
        process = self.runner(**terminal.options())
        terminal.shows(b"Password: ")
        terminal.type(b"typed\n")
        self.assertEqual(process.wait(), 0)
        self.assertEqual(process.stdout, b"typed")

    def test_plugin_succeeds_during_prompt__echo_back(self):
        self.plugin("p", f"[ -e {self.tmp}/now ] && printf pw && exit 0; exit 75")
        terminal = Terminal(self)
        process = self.runner(**terminal.options())
        terminal.shows(b"Password: ")
        (self.tmp / "now").touch()
        self.assertEqual(process.wait(), 0)
        self.assertEqual(process.stdout, b"pw")
        self.assertTrue(terminal.echoes())


class Typed(RunnerCase):
    """Nothing delays or disturbs a passphrase that is typed."""

    PROMPT = ("printf 'Enter passphrase: ' >&2; stty -echo; read -r x; stty echo;"
              "printf %s \"$x\"")

    def type_it(self, terminal, network, **options):
        """The password comes while the plugin of the network is there, and stdout ends with it."""
        self.plugin("mandos-client", f"echo $$ >{self.tmp}/pid\n" + network)
        self.plugin("password-prompt", self.PROMPT)
        read, write = os.pipe()
        process = self.runner(stdout=write, **{**terminal.options(), **options})
        os.close(write)
        terminal.waits_silently()
        pid = int(self.said("pid"))
        terminal.type(SECRET + b"\n")
        with open(read, "rb") as stdout:
            self.assertEqual(stdout.read(), SECRET)
        # Ends by SIGKILL after ten seconds at most; here and now it must still be there.
        self.assertTrue(process.is_running())
        self.assertTrue(Path(f"/proc/{pid}").exists())
        return process, pid

    def assert_ends(self, process, pid):
        self.assertEqual(process.wait(), 0)
        wait_for(lambda: not Path(f"/proc/{pid}").exists(), "the plugin to be gone")

    def test_network_plugin_ignores_sigterm(self):
        """D17, CLI-RUN-28, CLI-RUN-29"""
        terminal = Terminal(self)
        process, pid = self.type_it(terminal, "trap '' TERM; while :; do sleep 1; done")
        self.assertNotIn(SECRET, terminal.text)
        # CLI-RUN-25's bytes are erased, though the program is still there.
        wait_for(lambda: not memory_holds(process.pid, SECRET), "the password to be erased")
        self.assertTrue(process.is_running())
        self.assert_ends(process, pid)

    def test_network_plugin_floods_a_console_that_nobody_reads(self):
        terminal = Terminal(self)
        read, write = os.pipe()
        self.addCleanup(os.close, read)
        process, pid = self.type_it(
            terminal, "trap '' TERM; while :; do echo a line of many >&2; done", stderr=write)
        os.close(write)
        self.assert_ends(process, pid)

    def test_network_plugin_has_closed_its_output(self):
        """D16: the runner sleeps meanwhile."""
        self.plugin("mandos-client", f"exec >&-; echo x >{self.tmp}/pid; {STUCK}")
        self.plugin("password-prompt", self.PROMPT)
        terminal = Terminal(self)
        process = self.runner(**terminal.options())
        terminal.waits_silently()
        self.said("pid")
        before = self.cpu_ticks(process.pid)
        time.sleep(1)  # the time that is measured, not a wait
        self.assertLess(self.cpu_ticks(process.pid) - before, 50)
        terminal.type(SECRET + b"\n")
        self.assertEqual(process.wait(), 0)
        self.assertEqual(process.stdout, SECRET)

    @staticmethod
    def cpu_ticks(pid):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])

    def test_network_plugin_has_left_a_process(self):
        """A descendant that holds the output of a plugin that has failed holds up nothing."""
        self.plugin("mandos-client", f"sleep 60 & echo $! >{self.tmp}/pid; exit 1")
        terminal = Terminal(self)
        process = self.runner(**terminal.options())
        self.addCleanup(lambda: os.kill(int(self.said("pid")), signal.SIGKILL))
        terminal.shows(b"Password: ")
        terminal.type(SECRET + b"\n")
        self.assertEqual(process.wait(), 0)
        self.assertEqual(process.stdout, SECRET)


class Secrets(RunnerCase):
    def test_output_of_a_plugin_that_runs__locked(self):
        self.plugin("p", f"printf '{SECRET.decode()}'; {STUCK}")
        process = self.runner()
        wait_for(lambda: memory_holds(process.pid, SECRET), "the output to be read")
        self.assertGreater(locked_kib(process.pid), 0)
        self.assertRegex(Path(f"/proc/{process.pid}/limits").read_text(), r"core file size +0 +0")

    def test_output_of_a_plugin_that_failed__erased(self):
        """CLI-RUN-24"""
        self.plugin("p", f"printf '{SECRET.decode()}'; until [ -e {self.tmp}/now ]; do sleep 0.05; done;"
                         "exit 1")
        terminal = Terminal(self)
        process = self.runner(**terminal.options())
        wait_for(lambda: memory_holds(process.pid, SECRET), "the output to be read")
        (self.tmp / "now").touch()
        terminal.shows(b"Password: ")
        self.assertFalse(memory_holds(process.pid, SECRET))

    def test_typed_answer__locked_and_erased(self):
        """CLI-RUN-35: what was typed without its end yet, and after another plugin has won"""
        # The second is there when the first wins, and keeps the runner from ending.
        self.plugin("p", f"[ -e {self.tmp}/now ] || exit 75; until [ -e {self.tmp}/q ]; do sleep 0.05;"
                         "done; printf pw")
        self.plugin("q", f"[ -e {self.tmp}/now ] || exit 75; trap '' TERM; echo >{self.tmp}/q;"
                         "while :; do sleep 1; done")
        read, write = os.pipe()
        self.addCleanup(os.close, write)
        process = self.runner(stdin=read)
        os.close(read)
        process.expect("Password: ")
        os.write(write, SECRET)
        wait_for(lambda: memory_holds(process.pid, SECRET), "the answer to be read")
        self.assertGreater(locked_kib(process.pid), 0)
        (self.tmp / "now").touch()
        wait_for(lambda: process.stdout == b"pw", "the password of the plugin")
        wait_for(lambda: not memory_holds(process.pid, SECRET), "the answer to be erased")
        self.assertTrue(process.is_running())
        self.assertEqual(process.wait(), 0)


class RealPrompt(RunnerCase):
    """The password-prompt of this build, among others."""

    def test_typed_while_the_network_plugin_is_stuck(self):
        self.plugin("mandos-client", f"trap '' TERM; echo $$ >{self.tmp}/pid;"
                                     "while :; do echo looks for a server >&2; sleep 0.1; done")
        shutil.copy(program("password-prompt"), self.plugins)
        terminal = Terminal(self)
        read, write = os.pipe()
        process = self.runner(stdout=write, **terminal.options())
        os.close(write)
        pid = int(self.said("pid"))
        terminal.shows(b"Enter passphrase to unlock the disk: ")
        terminal.shows(b"Mandos plugin mandos-client: looks for a server\r\n")
        self.assertFalse(terminal.echoes())
        terminal.type(SECRET + b"\n")
        with open(read, "rb") as stdout:
            self.assertEqual(stdout.read(), SECRET)
        self.assertTrue(process.is_running())
        self.assertTrue(Path(f"/proc/{pid}").exists())
        self.assertEqual(process.wait(), 0)
        self.assertTrue(terminal.echoes())

    def test_other_plugin_wins__echo_back(self):
        self.plugin("mandos-client", f"until [ -e {self.tmp}/now ]; do sleep 0.05; done; printf pw")
        shutil.copy(program("password-prompt"), self.plugins)
        terminal = Terminal(self)
        process = self.runner(**terminal.options())
        terminal.shows(b"Enter passphrase to unlock the disk: ")
        terminal.type(b"half a line")
        (self.tmp / "now").touch()
        self.assertEqual(process.wait(), 0)
        self.assertEqual(process.stdout, b"pw")
        self.assertTrue(terminal.echoes())


class Fixed(RunnerCase):
    """Where the reference is wrong."""

    def test_names_without_plugin__prompt(self):
        """D1, CLI-RUN-34"""
        self.plugin("p", "exit 1")
        for words in (["--disable=ghost"], ["-o", "ghost:x"], ["-E", "ghost:A=1"], ["-e", "ghost"]):
            with self.subTest(words=words):
                self.assert_gives(b"typed", *words, stdin=self.answer(b"typed\n"))

    def test_show_options__as_the_plugin_would_get_them(self):
        """CLI-RUN-2, CLI-RUN-7, CLI-RUN-8; and it is not started."""
        config = self.tmp / "config"
        config.write_text("-o p:a,,b # two\n--global-options=g --disable=q --show-options=q\n")
        self.plugin("p", f"touch {self.tmp}/started")
        for name, want in (("p", b"a\n\nb\nc\ng\n"), ("other", b"g\n")):
            self.assert_gives(want, "--show-options", name, "--config-file", config, "-o", "p:c")
        self.assertFalse((self.tmp / "started").exists())

    def test_show_options__errors__nobody_is_asked(self):
        """Unlike CLI-RUN-35: what is asked for here is no password."""
        config = self.tmp / "config"
        config.write_text("--disable=q --bogus")
        for words, status in ((["--disable=q"], UNAVAILABLE), (["--bogus"], USAGE), (["word"], USAGE),
                              (["--config-file", config], CONFIG)):
            process = self.assert_gives(b"", "--show-options=q", *words, status=status,
                                        stdin=self.answer(SECRET))
            self.assertNotEqual(process.stderr, "")

    def test_winner__not_signalled(self):
        """D18, CLI-RUN-30"""
        self.plugin("a", f"echo $$ >{self.tmp}/a; {STUCK}")
        self.plugin("b", f"echo $$ >{self.tmp}/b; until [ -s {self.tmp}/a ]; do sleep 0.05; done;"
                         "printf pw")
        self.assert_gives(b"pw", prefix=("strace", "-e", "trace=kill", "-o", self.tmp / "trace"))
        trace = (self.tmp / "trace").read_text()
        self.assertIn(f"kill({int(self.said('a'))}, SIGTERM)", trace)
        self.assertNotIn(f"kill({int(self.said('b'))},", trace)

    def test_signal__passed_on(self):
        """D19, CLI-RUN-32"""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            self.plugin("p", f"echo $$ >{self.tmp}/pid{number}; {STUCK}")
            process = self.runner()
            pid = int(self.said(f"pid{number}"))
            process.signal(number)
            self.assertEqual(process.wait(), -number)
            self.assertFalse(Path(f"/proc/{pid}").exists())

    def test_killed__plugin_ends(self):
        """D19"""
        self.plugin("p", f"echo $$ >{self.tmp}/pid; {STUCK}")
        process = self.runner()
        pid = int(self.said("pid"))
        process.signal(signal.SIGKILL)
        process.wait()
        # Its parent is gone too, so nobody may have collected it.
        stat = Path(f"/proc/{pid}/stat")
        wait_for(lambda: not stat.exists() or ") Z " in stat.read_text(), "the plugin to be gone")

    def test_supplementary_groups__cleared(self):
        """CLI-RUN-15"""
        self.plugin("p", "id -G")
        self.assert_gives(b"65534\n", preexec_fn=lambda: (os.setsid(), os.setgroups([3, 4])))

    def test_tempfail__started_again(self):
        self.plugin("p", f"echo x >>{self.tmp}/runs; [ $(wc -l <{self.tmp}/runs) = 3 ] || exit 75;"
                         "printf pw")
        self.assert_gives(b"pw")

    def test_messages__have_the_plugins_name(self):
        self.plugin("a b", "echo one >&2; echo 'Mandos plugin x: two' >&2; echo >&2; exit 1")
        self.plugin("c", r"printf 'Disk\nEnter: ' >&2; exit 1")
        process = self.assert_gives(b"", stdin=self.answer(b""))
        self.assertIn("Mandos plugin a b: one\n", process.stderr)
        self.assertRegex(process.stderr, "(?m)^Mandos plugin x: two$")
        # A question of two lines stays in one piece.
        self.assertRegex(process.stderr, "(?m)^Disk\nEnter: $")

    def test_too_much_output__failure(self):
        self.plugin("p", f"head -c {8 * 1024 * 1024 + 1} /dev/zero")
        self.assert_gives(b"typed", stdin=self.answer(b"typed\n"))

    def test_output_at_the_bound__given(self):
        self.plugin("p", f"head -c {8 * 1024 * 1024} /dev/zero")
        self.assert_gives(bytes(8 * 1024 * 1024))

    def test_descriptors_and_limits(self):
        """CLI-RUN-20: nothing leaks; no core dumps"""
        self.plugin("a", STUCK)
        self.plugin("p", "ls /proc/$$/fd; ulimit -c")
        process = self.runner()
        self.assertEqual(process.wait(), 0)
        # The shell's own descriptor of the script is the one beyond the standard ones.
        self.assertRegex(process.stdout.decode(), r"^0\n1\n(10\n)?2\n0\n$")

    def test_signal_state__as_it_was(self):
        """CLI-RUN-20"""
        self.plugin("p", "grep -E 'Sig(Blk|Ign)' /proc/self/status")
        process = self.runner()
        self.assertEqual(process.wait(), 0)
        masks = [int(mask, 16) for mask in re.findall(r"\t(\w+)", process.stdout.decode())]
        own = [int(mask, 16) for mask in re.findall(
            r"Sig(?:Blk|Ign):\t(\w+)", subprocess.run(
                ["grep", "-E", "Sig(Blk|Ign)", "/proc/self/status"], capture_output=True,
                text=True, check=True).stdout)]
        self.assertEqual(masks, own)

    def test_debug__tells_but_not_the_password(self):
        """CLI-RUN-39"""
        self.plugin("a", "exit 3")
        self.plugin("c", f"printf {SECRET.decode().split()[0]}")
        (self.plugins / "directory").mkdir()
        process = self.assert_gives(SECRET.split()[0], "--debug", "-o", "c:x1", "-G", "A=x2")
        for text in ("x1", "A=x2", "directory", "'a'"):
            self.assertIn(text, process.stderr)
        self.assertNotIn(SECRET.decode().split()[0], process.stderr)

    def test_plugin_that_cannot_be_executed__failed(self):
        """CLI-RUN-22"""
        self.plugin("p", "")
        (self.plugins / "p").write_text("#!/nonexistent/shell\n")
        process = self.assert_gives(b"typed", "--debug", stdin=self.answer(b"typed\n"))
        self.assertIn("'p' failed with status 71", process.stderr)

    def test_process_that_cannot_be_made__prompt_and_the_others_ended(self):
        """CLI-RUN-22, CLI-RUN-37, CLI-RUN-38"""
        self.plugin("a", f"echo $$ >{self.tmp}/a; {STUCK}")
        self.plugin("b", "printf wrong")

        def limit():
            os.setsid()
            # The runner and one plugin, of a user whom nobody else here has.
            resource.setrlimit(resource.RLIMIT_NPROC, (2, 2))
        process = self.runner("--userid=54321", preexec_fn=limit, stdin=self.answer(b"typed\n"))
        self.assertEqual(process.wait(), OSERR)
        self.assertEqual(process.stdout, b"typed")
        self.assertIn("cannot start 'b'", process.stderr)
        self.assertNotIn("is killed", process.stderr)

    def test_plugins_at_the_bound__more_are_reported(self):
        for n in range(65):
            self.plugin(f"p{n:02}", f"echo x >{self.tmp}/{n:02}; exit 1")
        process = self.assert_gives(b"", stdin=self.answer(b""))
        self.assertIn("'p64' is not started", process.stderr)
        self.assertTrue((self.tmp / "63").exists())
        self.assertFalse((self.tmp / "64").exists())

    def test_no_plugin_although_configured__hint(self):
        """CLI-RUN-36"""
        process = self.assert_gives(b"", "-o", "p:x", stdin=self.answer(b""))
        self.assertIn("plugin directory", process.stderr)

    def test_closed_standard_descriptors__none_taken(self):
        self.plugin("p", "printf pw")
        process = self.start("sh", "-c", '"$@" <&- 2>&-', "sh", RUNNER, "--config-file=/none",
                             "--plugin-dir", self.plugins)
        self.assertEqual(process.wait(), 0)
        self.assertEqual(process.stdout, b"pw")
        process = self.start("sh", "-c", '"$@" >&-', "sh", RUNNER, "--config-file=/none",
                             "--plugin-dir", self.plugins, start_new_session=True)
        self.assertEqual(process.wait(), IOERR)


class BootImage(RootCase):
    """In a root of its own, for what is at fixed places there."""

    def setUp(self):
        super().setUp()
        self.plugins = self.root / "lib/mandos/plugins.d"
        self.plugins.mkdir(parents=True)
        shutil.copy(RUNNER, self.root / "runner")

    def plugin(self, name, script):
        path = self.plugins / name
        path.write_text("#!/usr/bin/sh\nPATH=/usr/bin\n" + script + "\n")
        path.chmod(0o755)

    def output(self, *words):
        # Without a controlling terminal nobody is asked if it goes wrong.
        process = self.start("/runner", *words, preexec_fn=self.enter, start_new_session=True,
                             env={"ASAN_OPTIONS": "detect_leaks=0"})
        self.assertEqual(process.wait(), 0, process.stderr)
        return process.stdout

    def owner(self):
        st = self.plugins.stat()
        return st.st_uid, st.st_gid, st.st_mode & 0o7777

    def test_defaults__plugins_and_their_environment(self):
        """CLI-RUN-1"""
        self.plugin("p", 'echo $(id -u) $(id -g) "$MANDOSPLUGINHELPERDIR"')
        self.assertEqual(self.output(), b"65534 65534 /lib/mandos/plugin-helpers\n")

    def test_configuration__read_as_root(self):
        """CLI-RUN-1, CLI-RUN-11"""
        config = self.root / "conf/conf.d/mandos/plugin-runner.conf"
        config.parent.mkdir(parents=True, mode=0o700)
        config.write_text("--userid=123\n")
        config.chmod(0o600)
        self.plugin("p", "id -u")
        self.assertEqual(self.output(), b"123\n")

    def test_plugin_directory_of_root__may_be_entered_but_not_changed(self):
        """CLI-RUN-13; weaknesses, 5: no plugin puts its own program in the place of another"""
        self.plugin("p", "(echo >/lib/mandos/plugins.d/other) 2>/dev/null && echo changed;"
                         "chmod 0777 /lib/mandos/plugins.d 2>/dev/null && echo opened;"
                         "ls /lib/mandos/plugins.d")
        for mode, expected in ((0o700, 0o750), (0o755, 0o755), (0o770, 0o750)):
            with self.subTest(mode=oct(mode)):
                os.chown(self.plugins, 0, 0)
                self.plugins.chmod(mode)
                self.assertEqual(self.output("--userid=123", "--groupid=456"), b"p\n")
                self.assertEqual(self.owner(), (0, 456, expected))

    def test_plugin_directory_of_others__left_alone(self):
        """CLI-RUN-13: as images have it that were built for mandos 1.8.16"""
        self.plugin("p", "echo pw")
        for user, group in ((123, 456), (123, 0), (0, 456)):
            with self.subTest(user=user, group=group):
                os.chown(self.plugins, user, group)
                self.plugins.chmod(0o770)
                self.output("--userid=123", "--groupid=456", "--plugin-dir=/lib/mandos/plugins.d")
                self.assertEqual(self.owner(), (user, group, 0o770))

    def test_plugin_directory_elsewhere__its_owner_is_kept(self):
        """CLI-RUN-13: the literal path, whatever --plugin-dir says"""
        self.plugin("p", "echo pw")
        elsewhere = self.plugins.rename(self.root / "elsewhere")
        self.assertEqual(self.output("--plugin-dir=/elsewhere"), b"pw\n")
        self.assertEqual((elsewhere.stat().st_uid, elsewhere.stat().st_gid), (0, 0))

    def test_dev_fd__made(self):
        """CLI-RUN-13, CLI-RUN-21"""
        self.plugin("p", "readlink /dev/fd")
        self.assertEqual(self.output(), b"/proc/self/fd\n")
        (self.root / "dev/fd").unlink()
        (self.root / "dev/fd").symlink_to("/own")
        self.assertEqual(self.output(), b"/own\n")


def load_tests(loader, tests, pattern):
    return loader.loadTestsFromTestCase(Compatible) if REFERENCE else tests


if __name__ == "__main__":
    # A Plymouth of another test must not be seen here.
    enter_namespace_for_roots()
    unittest.main()
