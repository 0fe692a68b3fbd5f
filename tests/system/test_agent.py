# SPDX-License-Identifier: GPL-3.0-or-later
"""password-agent: against the real systemd-ask-password, and against questions that a test makes up.

Compatible holds what mandos 1.8.16 does too; with MANDOS_REFERENCE set it runs against that, and
nothing else runs. The tests have a /run of their own.
"""

import os
import shutil
import signal
import socket
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from mandos_test import (DEADLINE, Case, enter_pid_namespace, locked_kib,  # noqa: E402
                         memory_holds, program, run, wait_for)

REFERENCE = os.environ.get("MANDOS_REFERENCE")
AGENT = ("/usr/lib/dracut/modules.d/90mandos/password-agent" if REFERENCE
         else program("password-agent"))
DIRECTORY = Path("/run/systemd/ask-password")
FAILURE, USAGE, OSFILE = 1, 64, 72
PRINTS = ("--", "/usr/bin/printf", "%b")


class Question:
    """One that is asked by this process; @name is the file's, behind "ask."."""

    def __init__(self, case, name, listens=True, publish=None, **keys):
        self.file = DIRECTORY / f"ask.{name}"
        self.path = DIRECTORY / f"sck.{name}"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.settimeout(DEADLINE)
        case.addCleanup(self.socket.close)
        if listens:
            self.listen()
        self.keys = {"PID": os.getpid(), "Socket": self.path, "Message": "x", **keys}
        (publish or self.rename)()

    def listen(self):
        self.socket.bind(str(self.path))

    def text(self):
        return "[Ask]\n" + "".join(f"{k}={v}\n" for k, v in self.keys.items() if v is not None)

    def rename(self):
        """As systemd does it."""
        temporary = DIRECTORY / f"tmp.{self.file.name}"
        temporary.write_text(self.text())
        temporary.rename(self.file)

    def write(self):
        self.file.write_text(self.text())

    def reply(self):
        return self.socket.recv(1 << 20)

    def has_reply(self):
        self.socket.setblocking(False)
        try:
            return self.socket.recv(1 << 20)
        except BlockingIOError:
            return None


def monotonic_usec():
    return int(time.clock_gettime(time.CLOCK_MONOTONIC) * 1e6)


class AgentCase(Case):
    def setUp(self):
        super().setUp()
        self.tmp.chmod(0o777)
        shutil.rmtree("/run/systemd", ignore_errors=True)
        DIRECTORY.mkdir(parents=True)

    def agent(self, *words, **options):
        return self.start(AGENT, *words, **options)

    def waiting_agent(self, *words, then="printf pw"):
        """One whose client waits until self.now() is called."""
        return self.agent(*words, "--", "/bin/sh", "-c",
                          f"echo $$ >{self.tmp}/pid; until [ -e {self.tmp}/now ]; do sleep 0.05;"
                          f"done; {then}")

    def now(self):
        (self.tmp / "now").touch()

    def client_pid(self):
        file = self.tmp / "pid"
        return int(wait_for(lambda: file.exists() and file.read_text(), "the client"))

    def assert_client_ends(self, pid):
        stat = Path(f"/proc/{pid}/stat")
        wait_for(lambda: not stat.exists() or ") Z " in stat.read_text(), "the client to end")

    def asker(self, *words):
        asker = self.start("systemd-ask-password", "--no-tty", *words, "Password?")
        self.asked = getattr(self, "asked", 0) + 1
        wait_for(lambda: len(list(DIRECTORY.glob("ask.*"))) >= self.asked, "the question")
        return asker

    def wait_for_inotify(self, process):
        """Until the agent watches the directory and has read what was there."""
        def watches():
            for info in Path(f"/proc/{process.pid}/fdinfo").iterdir():
                try:
                    if "inotify wd:" in info.read_text():
                        return True
                except OSError:
                    pass
            return False
        wait_for(watches, "the agent to watch")


class Compatible(AgentCase):
    def test_systemd_ask_password__answered(self):
        """CLI-AGT-8, CLI-AGT-10, CLI-AGT-12"""
        asker = self.asker()
        self.agent(*PRINTS, "a secret")
        self.assertEqual(asker.wait(), 0)
        self.assertEqual(asker.stdout, b"a secret\n")

    def test_systemd_ask_password__several__all_answered(self):
        """CLI-AGT-8"""
        askers = [self.asker() for _ in range(5)]
        self.agent(*PRINTS, "a secret")
        for asker in askers:
            self.assertEqual(asker.wait(), 0)
            self.assertEqual(asker.stdout, b"a secret\n")

    def test_systemd_ask_password__timeout__agent_ends(self):
        """CLI-AGT-10, CLI-AGT-11: NotAfter"""
        self.asker("--timeout=1")
        self.assertEqual(self.waiting_agent().wait(), 0)

    def test_reply__bytes(self):
        """CLI-AGT-12"""
        for password, reply in (("ab", b"+ab\0"), ("", b"+\0"), (r"x\nx\0000\0377", b"+x\nx\0\xff\0")):
            question = Question(self, "q")
            agent = self.agent(*PRINTS, password)
            self.assertEqual(question.reply(), reply)
            self.assertEqual(agent.wait(), 0)
            question.path.unlink()

    def test_client__identity_and_environment(self):
        """CLI-AGT-4"""
        question = Question(self, "q")
        self.agent("-u", "123", "-g", "456", "--", "/bin/grep", "-E", "Uid|Gid", "/proc/self/status")
        self.assertEqual(question.reply(), b"+Uid:\t123\t0\t0\t0\nGid:\t456\t0\t0\t0\n\0")
        question = Question(self, "r")
        self.agent("--helper-directory=/helpers", "--", "/usr/bin/env")
        self.assertIn(b"MANDOSPLUGINHELPERDIR=/helpers\n", question.reply())

    def test_client_fails__no_reply(self):
        """CLI-AGT-7"""
        for words in (["/bin/false"], ["/bin/sh", "-c", "printf no; kill -9 $$"],
                      ["/bin/sh", "-c", "printf no; exit 2"], ["/nonexistent"]):
            question = Question(self, "q")
            agent = self.agent("--", *words)
            self.assertEqual(agent.wait(), FAILURE)
            self.assertIsNone(question.has_reply())
            self.assertTrue(question.file.exists())
            question.path.unlink()

    def test_question_removed__agent_ends(self):
        """CLI-AGT-8, CLI-AGT-17"""
        for leave in (lambda q: q.file.unlink(), lambda q: q.file.rename("/run/elsewhere")):
            question = Question(self, "q")
            agent = self.waiting_agent()
            pid = self.client_pid()
            self.wait_for_inotify(agent)
            leave(question)
            self.assertEqual(agent.wait(), 0)
            self.assert_client_ends(pid)
            self.assertIsNone(question.has_reply())
            question.path.unlink()
            (self.tmp / "pid").unlink()

    def test_question_expires__agent_ends(self):
        """CLI-AGT-11, CLI-AGT-15"""
        Question(self, "past", NotAfter=1)
        Question(self, "soon", NotAfter=monotonic_usec() + 300000)
        self.assertEqual(self.waiting_agent().wait(), 0)

    def test_bad_not_after__no_limit(self):
        """CLI-AGT-10"""
        for n, not_after in enumerate(("x", "-5", "0")):
            question = Question(self, str(n), NotAfter=not_after)
            self.agent(*PRINTS, "pw")
            self.assertEqual(question.reply(), b"+pw\0")

    def test_bad_questions__ignored(self):
        """CLI-AGT-10, CLI-AGT-17"""
        gone = self.start("true")
        gone.wait()
        Question(self, "1", Socket=None)
        Question(self, "2", Socket="")
        Question(self, "3", PID=None)
        Question(self, "4", PID="x")
        Question(self, "5", Socket="/" + 107 * "x")
        Question(self, "6", PID=gone.pid)
        (DIRECTORY / "ask.7").write_bytes(b"\0\xff\n")
        agent = self.waiting_agent()
        self.assertEqual(agent.wait(), 0)

    def test_bad_question_beside_a_good_one(self):
        """CLI-AGT-10"""
        Question(self, "1", PID="x")
        question = Question(self, "2")
        self.agent(*PRINTS, "pw")
        self.assertEqual(question.reply(), b"+pw\0")

    def test_socket_that_comes_late__answered(self):
        """CLI-AGT-11, CLI-AGT-13, CLI-AGT-14"""
        question = Question(self, "q", listens=False)
        agent = self.agent("--", "/bin/sh", "-c", f"printf pw; echo x >{self.tmp}/done")
        wait_for((self.tmp / "done").exists, "the client")
        question.listen()
        self.assertEqual(question.reply(), b"+pw\0")
        self.assertEqual(agent.wait(), 0)

    def test_second_question__written_while_the_first_waits(self):
        """CLI-AGT-8"""
        first = Question(self, "1")
        agent = self.waiting_agent()
        self.wait_for_inotify(agent)
        second = Question(self, "2", publish=lambda: None)
        second.write()
        self.now()
        self.assertEqual(first.reply(), b"+pw\0")
        self.assertEqual(second.reply(), b"+pw\0")

    def test_no_question__status(self):
        """CLI-AGT-18"""
        (DIRECTORY / "tmp.x").write_text("x")
        self.assertEqual(self.agent(*PRINTS, "pw").wait(), FAILURE)

    def test_no_directory__status(self):
        """CLI-AGT-18"""
        file = self.tmp / "file"
        file.touch()
        for directory in ("/nonexistent", file, "/" + 300 * "x"):
            self.assertEqual(self.agent("-d", directory, *PRINTS, "pw").wait(), OSFILE)

    def test_not_root__status_and_no_answer(self):
        """CLI-AGT-21: a folder of root's own cannot be watched"""
        DIRECTORY.chmod(0o700)
        question = Question(self, "1")
        agent = self.start("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", AGENT,
                           *PRINTS, "pw")
        self.assertEqual(agent.wait(), OSFILE)
        self.assertFalse(question.has_reply())

    def test_directory_that_comes_late__next_agent_answers(self):
        """CLI-AGT-17, CLI-AGT-18: the path unit starts another agent"""
        DIRECTORY.rmdir()
        self.assertEqual(self.agent(*PRINTS, "pw").wait(), OSFILE)
        asker = self.asker()  # makes the directory
        self.agent(*PRINTS, "pw")
        self.assertEqual(asker.wait(), 0)
        self.assertEqual(asker.stdout, b"pw\n")

    def test_usage(self):
        """CLI-AGT-2, CLI-AGT-3, CLI-GEN-2, CLI-GEN-3"""
        for words in (["--user=0"], ["--group=0"], ["--user=x"], ["--user=99999999999999999999"],
                      ["--nonsense"], ["/bin/true", "--nonsense"]):
            self.assertEqual(self.agent(*words).wait(), USAGE)
        for words in (["--help"], ["--usage"], ["--version"]):
            self.assertEqual(self.agent(*words).wait(), 0)
        agent = self.agent("-V")
        agent.wait()
        self.assertRegex(agent.stdout.decode(), r"^password-agent [0-9.]+\n$")


class Fixed(AgentCase):
    """Where the reference is wrong, or says nothing."""

    def test_waiting__sleeps(self):
        """D20, CLI-AGT-19"""
        Question(self, "listens")
        Question(self, "does-not-listen", listens=False)
        agent = self.waiting_agent()
        self.wait_for_inotify(agent)

        def ticks():
            fields = Path(f"/proc/{agent.pid}/stat").read_text().rpartition(")")[2].split()
            return int(fields[11]) + int(fields[12])
        before = ticks()
        time.sleep(1)  # the time that is measured, not a wait
        self.assertLess(ticks() - before, 50)

    def test_systemd_ask_password__gives_up__agent_ends(self):
        """D21, CLI-AGT-8, CLI-AGT-11, CLI-AGT-17: questions that vanish; the socket goes with the file,
        two events at once"""
        askers = [self.asker(), self.asker()]
        agent = self.waiting_agent()
        pid = self.client_pid()
        self.wait_for_inotify(agent)
        for asker in askers:
            asker.signal(signal.SIGTERM)
        self.assertEqual(agent.wait(), 0)
        self.assert_client_ends(pid)

    def test_systemd_ask_password__answered__agent_ends(self):
        """D21, CLI-AGT-17"""
        asker = self.asker()
        agent = self.agent(*PRINTS, "a secret")
        self.assertEqual(asker.wait(), 0)
        self.assertEqual(agent.wait(), 0)

    def test_systemd_ask_password__second_question__answered(self):
        """D21, CLI-AGT-9"""
        askers = [self.asker()]
        agent = self.waiting_agent()
        self.wait_for_inotify(agent)
        askers += [self.asker() for _ in range(4)]
        self.now()
        for asker in askers:
            self.assertEqual(asker.wait(), 0)
            self.assertEqual(asker.stdout, b"pw\n")
        self.assertEqual(agent.wait(), 0)

    def test_output_larger_than_a_pipe__sent(self):
        """D22, CLI-AGT-5"""
        question = Question(self, "q")
        self.agent("--", "/usr/bin/head", "-c", "100000", "/dev/zero")
        self.assertEqual(question.reply(), b"+" + bytes(100000) + b"\0")

    def test_output_larger_than_a_datagram__dropped(self):
        """CLI-AGT-13"""
        question = Question(self, "q")
        agent = self.agent("--", "/usr/bin/head", "-c", "1000000", "/dev/zero")
        self.assertEqual(agent.wait(), 0)
        self.assertIn("ask.q", agent.stderr)
        self.assertIsNone(question.has_reply())

    def test_output_beyond_the_bound__failure(self):
        question = Question(self, "q")
        agent = self.agent("--", "/usr/bin/head", "-c", str((8 << 20) + 1), "/dev/zero")
        self.assertEqual(agent.wait(), FAILURE)
        self.assertIsNone(question.has_reply())

    def test_full_socket__repeated(self):
        """CLI-AGT-6, CLI-AGT-13: would block"""
        question = Question(self, "q")
        sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(sender.close)
        sender.setblocking(False)
        n = 0
        try:
            while True:
                sender.sendto(b"x", str(question.path))
                n += 1
        except BlockingIOError:
            pass
        agent = self.agent("--", "/bin/sh", "-c", f"printf pw; echo x >{self.tmp}/done")
        wait_for((self.tmp / "done").exists, "the client")
        # Ready, and not given away: in locked memory. The file of the question keeps it there.
        wait_for(lambda: memory_holds(agent.pid, b"pw\0"), "the password")
        self.assertGreater(locked_kib(agent.pid), 0)
        for _ in range(n):
            self.assertEqual(question.reply(), b"x")
        self.assertEqual(question.reply(), b"+pw\0")
        self.assertEqual(agent.wait(), 0)

    def test_password_that_nobody_wants__erased(self):
        """CLI-AGT-6, CLI-AGT-17"""
        question = Question(self, "q")
        secret = b"a secret that nobody wants"
        # Asked to end it goes on, for as long as the agent has patience. In a file, since the agent's
        # memory holds its command line.
        script = self.tmp / "client"
        script.write_text(f"#!/bin/sh\ntrap '' TERM; printf '{secret.decode()}'\n"
                          f"until [ -e {self.tmp}/now ]; do sleep 0.05; done\n")
        script.chmod(0o755)
        agent = self.agent("--", script)
        self.addCleanup(self.now)
        wait_for(lambda: memory_holds(agent.pid, secret), "the password to be read")
        question.file.unlink()
        wait_for(lambda: not memory_holds(agent.pid, secret), "the password to be erased")
        self.assertTrue(agent.is_running())
        self.now()
        self.assertEqual(agent.wait(), 0)

    def test_written_again__new_question(self):
        """CLI-AGT-16"""
        question = Question(self, "q", NotAfter=monotonic_usec() + 300000)
        agent = self.waiting_agent()
        self.wait_for_inotify(agent)
        question.keys["NotAfter"] = 0
        question.write()
        while monotonic_usec() < question.keys["NotAfter"]:
            pass
        self.now()
        self.assertEqual(question.reply(), b"+pw\0")
        self.assertEqual(agent.wait(), 0)

    def answer(self, question, password):
        agent = self.agent(*PRINTS, password)
        self.assertEqual(question.reply(), b"+%s\0" % password.encode())
        self.assertEqual(agent.wait(), 0)
        question.file.unlink()

    def test_asked_again__left_to_people(self):
        """What was answered and is asked again by the same process, as systemd-cryptsetup does, keeps its
        other tries; other questions are answered."""
        self.answer(Question(self, "1", Id="cryptsetup:/dev/vda2"), "pw")
        again = Question(self, "2", Id="cryptsetup:/dev/vda2")
        others = [Question(self, "3", Id="cryptsetup:/dev/vda"), Question(self, "4"),
                  Question(self, "5", Id="cryptsetup:/dev/vda2",
                           PID=self.start("sleep", "1000").pid)]
        agent = self.agent(*PRINTS, "pw")
        for question in others:
            self.assertEqual(question.reply(), b"+pw\0")
        later = Question(self, "6", Id="cryptsetup:/dev/vda3")
        self.assertEqual(later.reply(), b"+pw\0")
        self.assertIsNone(again.has_reply())
        self.assertTrue(agent.is_running())
        again.file.unlink()
        self.assertEqual(agent.wait(), 0)
        self.assertIn("does not open cryptsetup:/dev/vda2: type the passphrase", agent.stderr)
        remembered = DIRECTORY / "mandos-answered"
        self.assertEqual(remembered.stat().st_mode & 0o777, 0o600)
        self.assertNotIn("pw", remembered.read_text())

    def test_asked_again__another_password__tried(self):
        """After half a minute the server has a better one."""
        self.answer(Question(self, "1", Id="x"), "old")
        again = Question(self, "2", Id="x")
        agent = self.agent("--", "/bin/sh", "-c", f"""if [ -e {self.tmp}/once ]; then
            printf new; else : >{self.tmp}/once; printf old; fi""")
        again.socket.settimeout(2 * DEADLINE)
        self.assertEqual(again.reply(), b"+new\0")
        self.assertEqual(agent.wait(), 0)

    def test_asked_again__cannot_be_remembered__answered(self):
        """A file that is in the way costs tries, and no boot."""
        (DIRECTORY / "mandos-answered").mkdir()
        self.answer(Question(self, "1", Id="x"), "pw")
        again = Question(self, "2", Id="x")
        agent = self.agent(*PRINTS, "pw")
        self.assertEqual(again.reply(), b"+pw\0")
        self.assertEqual(agent.wait(), 0)
        self.assertIn("mandos-answered", agent.stderr)

    def test_many_questions__bound(self):
        questions = [Question(self, f"{n:03}") for n in range(128)]
        agent = self.waiting_agent()
        self.wait_for_inotify(agent)
        Question(self, "too-many")
        agent.expect("ask.too-many is one too many")
        self.now()
        for question in questions:
            self.assertEqual(question.reply(), b"+pw\0")
        self.assertEqual(agent.wait(), 0)

    def test_signal__client_ends_and_agent_dies_of_it(self):
        """CLI-AGT-20"""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            Question(self, str(number))
            agent = self.waiting_agent()
            pid = self.client_pid()
            agent.signal(number)
            self.assertEqual(agent.wait(), -number)
            self.assert_client_ends(pid)
            (self.tmp / "pid").unlink()

    def test_directory_removed__agent_ends(self):
        question = Question(self, "q")
        agent = self.waiting_agent()
        self.wait_for_inotify(agent)
        question.socket.close()
        shutil.rmtree(DIRECTORY)
        self.assertEqual(agent.wait(), 0)

    def test_odd_files__ignored(self):
        """Neither a FIFO nor a link is followed."""
        os.mkfifo(DIRECTORY / "ask.fifo")
        (self.tmp / "file").write_text(f"[Ask]\nPID={os.getpid()}\nSocket=/x\n")
        (DIRECTORY / "ask.link").symlink_to(self.tmp / "file")
        (DIRECTORY / "ask.directory").mkdir()
        (DIRECTORY / "ask.huge").write_bytes(bytes(65537))
        self.assertEqual(self.waiting_agent().wait(), 0)

    def test_descendant_holds_the_output__answered(self):
        question = Question(self, "q")
        agent = self.agent("--", "/bin/sh", "-c", f"printf pw; sleep 60 & echo $! >{self.tmp}/pid")
        self.addCleanup(lambda: os.kill(self.client_pid(), signal.SIGKILL))
        self.assertEqual(question.reply(), b"+pw\0")
        self.assertEqual(agent.wait(), 0)


def load_tests(loader, tests, pattern):
    return loader.loadTestsFromTestCase(Compatible) if REFERENCE else tests


if __name__ == "__main__":
    enter_pid_namespace()
    run("mount", "-t", "tmpfs", "tmpfs", "/run")
    unittest.main()
