# SPDX-License-Identifier: GPL-3.0-or-later
"""What the client's process that decrypts may still do, tried from inside it, and how it ends.

test-opener starts it and does not listen, so that it waits with a large plaintext half written.
Needs root, for the tracing.
"""

import errno
import os
import resource
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from mandos_test import Case, ClientKeys, build_dir, wait_for  # noqa: E402
sys.path.insert(0, str(Path(__file__).parent))
from test_sandbox import (ATTACKS, AT_FDCWD, FORKING, INTERNET_ADDRESS, SANITIZED, inject,  # noqa: E402
                          limits_of, named, run_inject)
from test_daemon import status_of  # noqa: E402

PLAINTEXT_SIZE = 200000  # more than a pipe holds
NOBODY = 65534
ANSWER_FD, SECRET_FD = 3, 4

keys = None


def setUpModule():
    global keys
    keys = ClientKeys(tempfile.mkdtemp(prefix="mandos-test-opener-"))
    (keys.directory / "message").write_bytes(keys.encrypt(b"x" * PLAINTEXT_SIZE))


def tearDownModule():
    keys.remove()


class Opener(Case):
    prefix = ()

    def setUp(self):
        super().setUp()
        self.client = subprocess.Popen(
            [*self.prefix, build_dir() / "tests/lib/test-opener", keys.seckey,
             keys.directory / "message"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(self.end)
        self.pid = int(self.client.stdout.readline())
        wait_for(lambda: Path(f"/proc/{self.pid}/syscall").read_text().startswith("1 0x3 "),
                 "its answer to be half written")

    def end(self):
        self.client.kill()
        self.client.stdin.close()
        self.client.stdout.close()
        self.client.wait()

    def finish(self):
        """What the client makes of it."""
        self.client.stdin.close()
        answer = self.client.stdout.read().decode()
        self.assertEqual(self.client.wait(), 0)
        return answer


class Conquered(Opener):
    """By what it was given to decrypt."""

    def test_plaintext(self):
        """The tests' own ground: left alone, it answers."""
        self.assertEqual(self.finish(), f"= {PLAINTEXT_SIZE}\n")

    def test_status(self):
        """CLI-PRIV-2, CLI-PGP-8: no capability, no way to any, a filter, locked memory, no dumps."""
        status = status_of(self.pid)
        self.assertEqual((status["NoNewPrivs"], status["Seccomp"]), (["1"], ["2"]))
        for kind in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            self.assertEqual(int(status[kind][0], 16), 0, kind)
        self.assertGreater(int(status["VmLck"][0]), PLAINTEXT_SIZE // 1024)
        limits = limits_of(self.pid)
        for limit in ("Max open files", "Max processes", "Max file size", "Max core file size"):
            self.assertEqual(limits[limit], ("0", "0"), limit)

    def test_descriptors(self):
        """The pipe and the key; neither the client's standard output nor a connection of its."""
        fds = {int(path.name): os.readlink(path) for path in Path(f"/proc/{self.pid}/fd").iterdir()}
        if SANITIZED:
            fds.pop(2)  # for their reports
        self.assertRegex(fds.pop(ANSWER_FD), "^pipe:")
        self.assertEqual(fds, {SECRET_FD: str(keys.seckey)})

    def test_attacks_end_it(self):
        """Whatever an attacker needs next is the end, the client says so, and has no plaintext."""
        own = [("socket", 2, 1, 0), ("socket", 1, 1, 0), ("connect", 0, INTERNET_ADDRESS, 16),
               ("sendto", ANSWER_FD, "s:x", 1, 0, 0, 0), ("kill", self.client.pid, 0)]
        for call in own + ATTACKS + ([] if SANITIZED else FORKING):
            with self.subTest(call):
                run_inject(self.pid, [call], "leave")
                self.assertRegex(self.finish(), "^! .*ended by the kernel")
            self.doCleanups()
            self.setUp()

    def test_files_and_the_rest(self):
        """No file, no other descriptor, no limit, no signal; a refusal, and it answers all the same."""
        target = self.tmp / "target"
        target.write_text("x")
        target.chmod(0o666)
        calls = [
            ("openat", AT_FDCWD, f"s:{self.tmp}/new", os.O_CREAT | os.O_WRONLY, 0o600),
            ("open", f"s:{target}", os.O_WRONLY, 0),
            ("unlink", f"s:{target}"), ("rename", f"s:{target}", f"s:{target}2"),
            ("chmod", f"s:{target}", 0o4777), ("mkdir", f"s:{self.tmp}/dir", 0o700),
            ("dup", ANSWER_FD), ("fcntl", ANSWER_FD, 0, 0), ("ioctl", ANSWER_FD, 0x541b, "z:8"),
            ("pwrite64", SECRET_FD, "s:x", 1, 0),
            ("prlimit64", 0, 7, "x:" + "ff" * 16, 0), ("prctl", 4, 1, 0, 0, 0),
            ("tgkill", self.client.pid, self.client.pid, 9), ("pipe2", "z:8", 0),
        ]
        if not SANITIZED:
            calls += [("openat", AT_FDCWD, f"s:{target}", os.O_RDONLY, 0),
                      ("pread64", ANSWER_FD, "z:8", 8, 0), ("read", SECRET_FD, "z:8", 8), ("write", 1, "s:x", 1), ("write", 2, "s:x", 1),
                      ("stat", f"s:{target}", "z:144")]
        for call, result in zip(calls, inject(self.pid, *calls)):
            self.assertEqual(named(result), "ENOSYS", call)
        self.assertEqual(target.read_text(), "x")
        self.assertEqual(sorted(path.name for path in self.tmp.iterdir()), ["target"])
        self.assertEqual(inject(self.pid, ("pread64", SECRET_FD, "z:8", 8, 0)), [8])
        self.assertEqual(self.finish(), f"= {PLAINTEXT_SIZE}\n")

    def test_lost_answer(self):
        """A part of an answer is none."""
        with open(f"/proc/{self.client.pid}/fd/{self.pipe_of_client()}", "rb", 0) as pipe:
            while len(pipe.read(60000)) == 60000:
                pass
            wait_for(lambda: not pipe.read(1 << 20) and
                     status_of(self.pid)["State"][0] == "Z", "its end")
        self.assertRegex(self.finish(), "^! .*without an answer")

    def pipe_of_client(self):
        """The client's end of the pipe."""
        ours = os.readlink(f"/proc/{self.pid}/fd/{ANSWER_FD}")
        return next(path.name for path in Path(f"/proc/{self.client.pid}/fd").iterdir()
                    if os.readlink(path) == ours)

    def test_killed(self):
        os.kill(self.pid, signal.SIGKILL)
        self.assertRegex(self.finish(), "^! .*without an answer")

    def test_end_of_the_client(self):
        """CLI-PGP-9: nothing of a client that was killed is left."""
        self.client.kill()
        wait_for(lambda: not Path(f"/proc/{self.pid}").exists() or
                 status_of(self.pid)["State"][0] == "Z", "its end")


class OfAUser(Opener):
    """Where the client is nobody special from the start."""

    prefix = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")

    def setUp(self):
        for path in (keys.directory, keys.seckey, keys.directory / "message"):
            path.chmod(0o755)
        super().setUp()

    def test_plaintext(self):
        status = status_of(self.pid)
        self.assertEqual(status["Uid"], [str(NOBODY)] * 4)
        self.assertEqual(status["Seccomp"], ["2"])
        self.assertEqual(self.finish(), f"= {PLAINTEXT_SIZE}\n")


class Refused(Case):
    """A kernel that does not let it give up what it must."""

    def test_no_descriptor_to_spare(self):
        """It then reads nothing, and the client is told."""
        done = subprocess.run(
            [build_dir() / "tests/lib/test-opener", keys.seckey, keys.directory / "message"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (7, 7)))
        self.assertIn(f"give up its rights: {os.strerror(errno.EMFILE)}", done.stdout.decode())


if __name__ == "__main__":
    unittest.main(verbosity=2)
