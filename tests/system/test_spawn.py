# SPDX-License-Identifier: GPL-3.0-or-later
"""mandos-spawn on a socket pair; the test plays the core.  Usage: test_spawn.py MANDOS-SPAWN"""

import errno
import os
import resource
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest

PROGRAM = ""
DEADLINE = 60.0  # seconds; only ever reached by a failing test

RUN, KILL, EXITED = 1, 2, 3
STATUS, SIGNALLED, NOT_STARTED = 1, 2, 3
COMMAND_MAX = 32 * 1024


def wait_for(condition, what):
    """Polls something that has no event, such as the disappearance of an orphan."""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        select.select([], [], [], 0.01)
    raise AssertionError(f"timed out waiting for {what}")


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
            return f.read().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def cpu_ticks(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
        fields = f.read().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


class Spawner:
    """The program, its channel, and the core's side of the protocol."""

    def __init__(self, *args, program=None, prepare=None, stdout=None, stderr=None, env=None):
        self.channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        theirs_fd = theirs.fileno()

        def in_child():
            os.dup2(theirs_fd, 3)
            os.set_inheritable(3, True)
            if prepare:
                prepare()

        with theirs:
            self.process = subprocess.Popen([program or PROGRAM, *args], preexec_fn=in_child,
                                            pass_fds=(3,), stdout=stdout, stderr=stderr, env=env)
        self.channel.settimeout(DEADLINE)
        self.last_run = 0

    def run(self, command):
        self.last_run += 1
        if isinstance(command, str):
            command = command.encode()
        self.channel.send(struct.pack(">BQ", RUN, self.last_run) + command)
        return self.last_run

    def kill(self, run):
        self.channel.send(struct.pack(">BQ", KILL, run))

    def exited(self):
        """The next EXITED as (run, outcome, value)."""
        message = self.channel.recv(65536)
        if not message:
            raise AssertionError("the spawner closed the channel")
        kind, run, outcome, value = struct.unpack(">BQBI", message)
        assert kind == EXITED
        return run, outcome, value

    def close(self):
        """Ends as when the core dies; returns the exit status."""
        self.channel.close()
        return self.process.wait(DEADLINE)


class SpawnTest(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="spawn-")
        self.addCleanup(shutil.rmtree, self.dir)

    def spawner(self, *args, **kwargs):
        s = Spawner(*args, **kwargs)

        def clean_up():
            s.channel.close()
            try:
                s.process.wait(DEADLINE)
            finally:
                if s.process.poll() is None:
                    s.process.kill()
                    s.process.wait()

        self.addCleanup(clean_up)
        return s

    def path(self, name):
        return os.path.join(self.dir, name)

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as f:
            return f.read()

    def pids(self, name, number):
        """Waits until a command has written this many process IDs, one a line."""

        def look():
            try:
                lines = self.read(name).splitlines()
            except FileNotFoundError:
                return None
            return [int(x) for x in lines] if len(lines) >= number else None

        return wait_for(look, name)


class Outcome(SpawnTest):
    """SRV-CHK-1, SRV-CHK-10, SRV-CHK-13"""

    def outcome(self, command):
        s = self.spawner()
        run = s.run(command)
        got = s.exited()
        self.assertEqual(got[0], run)
        self.assertEqual(s.close(), 0)
        return got[1:]

    def test_exit_0(self):
        self.assertEqual(self.outcome("exit 0"), (STATUS, 0))

    def test_exit_255(self):
        self.assertEqual(self.outcome("exit 255"), (STATUS, 255))

    def test_empty_command_is_run_like_any_other(self):
        """SRV-CHK-1: /bin/sh -c ''"""
        self.assertEqual(self.outcome(""), (STATUS, 0))

    def test_unknown_command_is_the_shells_business(self):
        self.assertEqual(self.outcome("/nonexistent/checker"), (STATUS, 127))

    def test_shell_killed_by_signal(self):
        self.assertEqual(self.outcome("kill -KILL $$"), (SIGNALLED, signal.SIGKILL))

    def test_program_in_the_shell_killed_by_signal(self):
        """SRV-CHK-10: 128 + n is an ordinary failure."""
        self.assertEqual(self.outcome("sh -c 'kill -USR1 $$'; exit $?"),
                         (STATUS, 128 + signal.SIGUSR1))

    def test_quotes_newlines_and_percent_signs_reach_the_shell(self):
        out = self.path("out")
        self.assertEqual(self.outcome(f"printf '%s\\n' 'o'\"'\"'neill' \"a b\" >'{out}'\n"
                                      f"echo \"zwei\nZeilen\" >>'{out}'; exit 3"), (STATUS, 3))
        self.assertEqual(self.read("out"), "o'neill\na b\nzwei\nZeilen\n")

    def test_bytes_that_are_not_utf8(self):
        out = self.path("out").encode()
        self.assertEqual(self.outcome(b"printf '\xff\xfe' >" + out), (STATUS, 0))
        with open(out, "rb") as f:
            self.assertEqual(f.read(), b"\xff\xfe")

    def test_longest_command(self):
        head = "exit 4 #"
        self.assertEqual(self.outcome(head + "x" * (COMMAND_MAX - len(head))), (STATUS, 4))

    def test_no_process_left(self):
        """SRV-CHK-13: reported, and the program goes on."""
        if os.getuid() != 0:
            self.skipTest("needs root to become a user without other processes")
        os.chmod(self.dir, 0o755)

        def become_limited():
            os.setgroups([])
            os.setgid(54321)
            os.setuid(54321)
            resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))

        s = self.spawner(program=shutil.copy(PROGRAM, self.dir), prepare=become_limited)
        for _ in range(2):
            run = s.run("exit 0")
            self.assertEqual(s.exited(), (run, NOT_STARTED, errno.EAGAIN))
        self.assertEqual(s.close(), 0)


class Surroundings(SpawnTest):
    """SRV-CHK-7"""

    def output(self, command, **kwargs):
        s = self.spawner(**kwargs)
        run = s.run(f"{{ {command}; }} >{self.path('out')} 2>&1")
        self.assertEqual(s.exited(), (run, STATUS, 0))
        return self.read("out")

    def test_descriptors(self):
        """Neither the channel, nor the event loop's, nor inherited ones (W-05)."""

        def leak():
            os.dup2(2, 57)
            os.set_inheritable(57, True)

        # The shell's own redirections are left out by having it replaced by ls.
        s = self.spawner(prepare=leak)
        run = s.run(f"exec ls -l /proc/self/fd >{self.path('out')} 2>/dev/null")
        self.assertEqual(s.exited(), (run, STATUS, 0))
        links = dict(line.split()[-3::2] for line in self.read("out").splitlines()[1:])
        # ls itself has the directory open, as 3.
        self.assertLessEqual(set(links), {"0", "1", "2", "3"})
        self.assertEqual(links["0"], "/dev/null")
        self.assertTrue(links.get("3", "/proc/0/fd").startswith("/proc/"), links)

    def test_output_goes_nowhere(self):
        out = self.path("terminal")
        with open(out, "w+b") as f:
            s = self.spawner(stdout=f, stderr=f)
            s.run("echo out; echo err >&2")
            s.exited()
            s.run(f"readlink /proc/self/fd/2 >{self.path('out')}")
            s.exited()
        self.assertEqual(self.read("terminal"), "")
        self.assertEqual(self.read("out"), "/dev/null\n")

    def test_output_is_the_servers_in_debug_mode(self):
        out = self.path("terminal")
        with open(out, "w+b") as f:
            s = self.spawner("--debug", stdout=f, stderr=f)
            s.run("echo out; echo err >&2")
            s.exited()
        self.assertEqual(self.read("terminal"), "out\nerr\n")

    def test_standard_input_is_empty(self):
        self.assertEqual(self.output("readlink /proc/self/fd/0; cat"), "/dev/null\n")

    def test_closed_standard_descriptors_do_not_become_others(self):
        def close_all():
            for fd in (0, 1, 2):
                os.close(fd)

        s = self.spawner("--debug", prepare=close_all)
        run = s.run(f"exec ls -l /proc/self/fd 3>{self.path('out')} >&3")
        self.assertEqual(s.exited(), (run, STATUS, 0))
        self.assertNotIn("socket:", self.read("out"))
        self.assertNotIn("anon_inode", self.read("out"))

    def test_working_directory(self):
        self.assertEqual(self.output("pwd -P"), "/\n")

    def test_environment_is_unchanged(self):
        env = {"PATH": os.environ["PATH"], "A": "1 2\n3", "NOTIFY_SOCKET": "@x", "EMPTY": ""}
        env.update((k, v) for k, v in os.environ.items() if k.endswith("SAN_OPTIONS"))
        s = self.spawner(env=env)
        run = s.run(f"exec cat /proc/self/environ >{self.path('out')}")
        self.assertEqual(s.exited(), (run, STATUS, 0))
        # The shell adds PWD (and some add OLDPWD and _).
        got = dict(x.split("=", 1) for x in self.read("out").split("\0") if x)
        for name in ("PWD", "OLDPWD", "_"):
            got.pop(name, None)
        self.assertEqual(got, env)

    def test_umask_and_user_are_the_servers(self):
        self.assertEqual(self.output("umask; id -u", prepare=lambda: os.umask(0o027)),
                         f"0027\n{os.getuid()}\n")

    def test_signals(self):
        """Whatever the server has blocked or ignored, SIGCHLD included."""

        def block():
            signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
            for number in (signal.SIGCHLD, signal.SIGHUP, signal.SIGTERM, signal.SIGUSR1):
                signal.signal(number, signal.SIG_IGN)

        s = self.spawner(prepare=block)
        run = s.run(f"exec cat /proc/self/status >{self.path('out')}")
        self.assertEqual(s.exited(), (run, STATUS, 0))
        masks = dict(line.split(":\t", 1) for line in self.read("out").splitlines())
        for name in ("SigPnd", "ShdPnd", "SigBlk", "SigIgn"):
            self.assertEqual(int(masks[name], 16), 0, name)

    def test_process_group_and_session(self):
        s = self.spawner()
        run = s.run(f"exec cut -d' ' -f1,5,6 /proc/self/stat >{self.path('out')}")
        self.assertEqual(s.exited(), (run, STATUS, 0))
        pid, group, session = map(int, self.read("out").split())
        self.assertEqual(group, pid)
        self.assertEqual(session, os.getsid(0))

    def test_file_capabilities_keep_working(self):
        """fping needs them, so no_new_privs must not be set."""
        self.assertEqual(self.output("grep NoNewPrivs /proc/self/status").split()[1],
                         self.no_new_privs_here())

    @staticmethod
    def no_new_privs_here():
        with open("/proc/self/status", encoding="ascii") as f:
            return next(x.split()[1] for x in f if x.startswith("NoNewPrivs"))

    def test_checker_cannot_look_into_the_program(self):
        """W-26: one that could take the channel could vouch for other clients."""
        if os.getuid() != 0:
            self.skipTest("needs root to run as another user")
        os.chmod(self.dir, 0o777)

        def become_other():
            os.setgroups([])
            os.setgid(54321)
            os.setuid(54321)

        s = self.spawner(program=shutil.copy(PROGRAM, self.dir), prepare=become_other)
        run = s.run(f"ls /proc/{s.process.pid}/fd >{self.path('out')} 2>&1")
        run_id, outcome, value = s.exited()
        self.assertEqual((run_id, outcome), (run, STATUS))
        self.assertNotEqual(value, 0)
        self.assertIn("Permission denied", self.read("out"))


class Kill(SpawnTest):
    """SRV-CHK-12, W-07"""

    FAMILY = ("trap '' TERM\n"
              "echo $$ >>{out}\n"
              "sh -c 'echo $$ >>{out}; sh -c \"echo \\$\\$ >>{out}; while :; do sleep 60; done\"; :' &\n"
              "while :; do sleep 60; done")

    def test_term_ends_an_ordinary_command(self):
        s = self.spawner()
        run = s.run("exec sleep 600")
        began = time.monotonic()
        s.kill(run)
        self.assertEqual(s.exited(), (run, SIGNALLED, signal.SIGTERM))
        self.assertLess(time.monotonic() - began, 1.5)

    def test_family_that_ignores_term_is_killed_after_the_grace(self):
        s = self.spawner()
        run = s.run(self.FAMILY.format(out=self.path("pids")))
        pids = self.pids("pids", 3)
        began = time.monotonic()
        s.kill(run)
        self.assertEqual(s.exited(), (run, SIGNALLED, signal.SIGKILL))
        self.assertGreaterEqual(time.monotonic() - began, 1.9)
        for pid in pids:
            wait_for(lambda: not is_alive(pid), f"the end of {pid}")

    def test_family_that_outlives_its_shell_is_killed_before_the_report(self):
        """The shell obeys SIGTERM at once, its children do not."""
        s = self.spawner()
        run = s.run(f"sh -c 'trap \"\" TERM; echo $$ >{self.path('pids')}; "
                    "while :; do sleep 60; done' & wait")
        pids = self.pids("pids", 1)
        s.kill(run)
        self.assertEqual(s.exited(), (run, SIGNALLED, signal.SIGTERM))
        for pid in pids:
            wait_for(lambda: not is_alive(pid), f"the end of {pid}")

    def test_late_and_repeated_kills_are_ignored(self):
        s = self.spawner()
        run = s.run("exit 0")
        self.assertEqual(s.exited(), (run, STATUS, 0))
        s.kill(run)
        s.kill(run)
        run = s.run("exec sleep 600")
        s.kill(run)
        s.kill(run)
        self.assertEqual(s.exited(), (run, SIGNALLED, signal.SIGTERM))
        s.kill(run)
        run = s.run("exit 1")
        self.assertEqual(s.exited(), (run, STATUS, 1))

    def test_kill_ends_only_its_own_run(self):
        s = self.spawner()
        first, second = s.run("exec sleep 600"), s.run("exec sleep 600")
        s.kill(second)
        self.assertEqual(s.exited(), (second, SIGNALLED, signal.SIGTERM))
        s.kill(first)
        self.assertEqual(s.exited(), (first, SIGNALLED, signal.SIGTERM))

    def test_what_a_finished_shell_leaves_behind_is_left_alone(self):
        """SRV-CHK-10: the shell's exit is the outcome, and the end of the run."""
        s = self.spawner()
        run = s.run(f"sleep 600 & echo $! >{self.path('pids')}; exit 0")
        self.assertEqual(s.exited(), (run, STATUS, 0))
        (pid,) = self.pids("pids", 1)
        self.addCleanup(os.kill, pid, signal.SIGKILL)
        s.kill(run)
        run = s.run("exit 0")
        self.assertEqual(s.exited(), (run, STATUS, 0))
        self.assertTrue(is_alive(pid))

    def test_stopped_command_is_killed(self):
        s = self.spawner()
        run = s.run(f"echo $$ >{self.path('pids')}; kill -STOP $$; exit 0")
        self.pids("pids", 1)
        s.kill(run)
        self.assertEqual(s.exited(), (run, SIGNALLED, signal.SIGKILL))


class Numbers(SpawnTest):
    def test_thousand_runs_at_once(self):
        """SRV-CHK-8: no limit across clients.  All live at the same time, then all end."""
        s = self.spawner()
        fifo = self.path("fifo")
        os.mkfifo(fifo)
        runs = {s.run(f"read x <{fifo}; exit {i % 200}"): i % 200 for i in range(1000)}
        # Opened for both directions, so that it does not end when one reader does.
        fd = os.open(fifo, os.O_RDWR)
        self.addCleanup(os.close, fd)
        for _ in range(10):
            os.write(fd, b"x\n" * 100)
        for _ in range(1000):
            run, outcome, value = s.exited()
            self.assertEqual((outcome, value), (STATUS, runs.pop(run)))
        self.assertEqual(runs, {})
        self.assertEqual(self.children(s), [])

    @staticmethod
    def children(s):
        pid = s.process.pid
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
            return f.read().split()

    def test_core_that_does_not_read(self):
        """Reports wait, nothing blocks, none is lost or doubled."""
        s = self.spawner()
        s.channel.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        expected = {s.run("exit 7") for _ in range(500)}
        marker = self.path("marker")
        expected.add(s.run(f"echo done >{marker}; exit 7"))
        wait_for(lambda: os.path.exists(marker), "the last run")
        got = [s.exited() for _ in range(501)]
        self.assertEqual({x[0] for x in got}, expected)
        self.assertEqual({x[1:] for x in got}, {(STATUS, 7)})

    def test_nothing_is_left_after_many_runs(self):
        s = self.spawner()

        def round_of_runs():
            for _ in range(50):
                s.run("exit 0")
            for _ in range(50):
                s.exited()

        def descriptors():
            return len(os.listdir(f"/proc/{s.process.pid}/fd"))

        round_of_runs()
        before = descriptors()
        for _ in range(3):
            round_of_runs()
        self.assertEqual(descriptors(), before)
        self.assertEqual(self.children(s), [])

    def test_idle_while_nothing_happens(self):
        """W-22: neither while a run lasts, nor after a failure to start, nor while one is killed."""
        s = self.spawner()
        run = s.run(f"trap '' TERM; echo $$ >{self.path('pids')}; while :; do sleep 60; done")
        self.pids("pids", 1)
        before = cpu_ticks(s.process.pid)
        s.kill(run)
        self.assertEqual(s.exited(), (run, SIGNALLED, signal.SIGKILL))
        # Two seconds have passed; spinning would have cost two hundred ticks.
        self.assertLessEqual(cpu_ticks(s.process.pid) - before, 3)


class End(SpawnTest):
    """The channel's end, signals, and a core that breaks the protocol."""

    def live_family(self, s):
        s.run(Kill.FAMILY.format(out=self.path("pids")))
        return self.pids("pids", 3)

    def assert_gone(self, pids):
        for pid in pids:
            wait_for(lambda: not is_alive(pid), f"the end of {pid}")

    def test_core_dies(self):
        s = self.spawner()
        obedient = [s.run(f"echo $$ >>{self.path('more')}; exec sleep 600") for _ in range(20)]
        pids = self.live_family(s) + self.pids("more", len(obedient))
        self.assertEqual(s.close(), 0)
        self.assert_gone(pids)

    def test_core_dies_while_reports_wait(self):
        s = self.spawner()
        for _ in range(50):
            s.run("exit 0")
        self.assertEqual(s.close(), 0)

    def test_core_dies_with_nothing_running(self):
        s = self.spawner()
        began = time.monotonic()
        self.assertEqual(s.close(), 0)
        self.assertLess(time.monotonic() - began, 1.5)

    def test_signals_end_it_in_order_and_without_reports(self):
        """A checker killed because the server stops says nothing about its client."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            with self.subTest(number):
                name = f"pids-{number}"
                s = self.spawner()
                s.run(f"echo $$ >{self.path(name)}; exec sleep 600")
                pids = self.pids(name, 1)
                s.process.send_signal(number)
                self.assertEqual(s.channel.recv(65536), b"")
                self.assertEqual(s.process.wait(DEADLINE), 0)
                self.assert_gone(pids)

    def test_invalid_messages(self):
        run_1 = struct.pack(">BQ", RUN, 1)
        for name, messages in {
                "unknown type": [b"\x09" + bytes(8)],
                "too short": [b"\x01\0"],
                "NUL in the command": [run_1 + b"exit\0 0"],
                "command too long": [run_1 + b"x" * (COMMAND_MAX + 1)],
                "larger than any message": [run_1 + b"x" * (COMMAND_MAX + 4096)],
                "EXITED": [struct.pack(">BQBI", EXITED, 1, STATUS, 0)],
                "KILL with a tail": [run_1 + b"exit 0", struct.pack(">BQ", KILL, 1) + b"x"],
                "KILL of a run that never was": [struct.pack(">BQ", KILL, 1)],
                "number used twice": [run_1 + b"exit 0", run_1 + b"exit 0"],
                "number 0": [struct.pack(">BQ", RUN, 0) + b"exit 0"],
        }.items():
            with self.subTest(name):
                s = self.spawner()
                for message in messages:
                    s.channel.send(message)
                self.assertEqual(s.process.wait(DEADLINE), os.EX_SOFTWARE)

    def test_invalid_message_ends_the_checkers_too(self):
        s = self.spawner()
        pids = self.live_family(s)
        s.channel.send(b"\xff")
        self.assertEqual(s.channel.recv(65536), b"")
        self.assertEqual(s.process.wait(DEADLINE), os.EX_SOFTWARE)
        self.assert_gone(pids)

    def test_started_by_hand(self):
        for args, fds in (([], ()), (["--help"], ())):
            done = subprocess.run([PROGRAM, *args], pass_fds=fds, capture_output=True, text=True,
                                  timeout=DEADLINE, check=False)
            self.assertEqual(done.returncode, os.EX_USAGE)
            self.assertTrue(done.stderr.startswith("mandos-spawn: "), done.stderr)


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main()
