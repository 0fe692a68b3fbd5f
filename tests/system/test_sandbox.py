# SPDX-License-Identifier: GPL-3.0-or-later
"""What each program of the server may still do, tried from inside the running programs.

test-inject makes a process do a system call as if its own code had: that is what an attacker who
has conquered the program would do. Needs root, for the tracing.
"""

import errno
import os
import pathlib
import signal
import struct
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "lib"))
from rig import BUILD, DEADLINE, Rig, wait_for  # noqa: E402
sys.path.insert(0, str(pathlib.Path(__file__).parent))
from test_daemon import status_of  # noqa: E402
from test_server import children  # noqa: E402

SANITIZED = os.environ["MANDOS_SANITIZE"] != "none"
AT_FDCWD = -100
PROT_EXEC, PROT_READ, PROT_WRITE = 4, 1, 2
MAP_PRIVATE_ANONYMOUS = 0x22
INTERNET_ADDRESS = "x:0200003500007f000001" + "00" * 8  # a sockaddr_in; never reached

# Name, arguments: none of them has an honest use in any program but the spawner.
ATTACKS = [
    ("execve", "s:/bin/true", 0, 0),
    ("execveat", AT_FDCWD, "s:/bin/true", 0, 0, 0),
    ("ptrace", 0, 0, 0, 0),
    ("process_vm_readv", 1, 0, 0, 0, 0, 0),
    ("bind", 0, INTERNET_ADDRESS, 16),
    ("mmap", 0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE_ANONYMOUS, -1, 0),
    ("mprotect", 0x10000, 4096, PROT_READ | PROT_EXEC),
    ("memfd_create", "s:x", 0),
    ("setuid", 0),
    ("unshare", 0x40000000),
    ("mount", "s:none", "s:/mnt", "s:tmpfs", 0, 0),
    ("bpf", 0, 0, 0),
    ("io_uring_setup", 1, "z:120"),
    ("keyctl", 0, 0, 0),
    ("userfaultfd", 0),
]
FORKING = [("fork",), ("vfork",), ("clone", 17, 0, 0, 0, 0), ("clone3", "z:88", 88)]


def run_inject(pid, calls, *options):
    lines = "".join(" ".join(map(str, call)) + "\n" for call in calls)
    done = subprocess.run([BUILD / "tests/lib/test-inject", str(pid), *options],
                          input=lines.encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=DEADLINE, check=False)
    if done.returncode != 0:
        raise AssertionError(f"test-inject: {done.stderr.decode()}")
    return done


def inject(pid, *calls):
    """Lets a process do system calls: results, negative for an errno; a signal.Signals ends it."""
    done = run_inject(pid, calls)
    answers = [line.split() for line in done.stdout.decode().splitlines()]
    return [int(value) if kind == "=" else signal.Signals(int(value)) for kind, value in answers]


def named(result):
    """Readable in a failure."""
    return errno.errorcode[-result] if isinstance(result, int) and result < 0 else result


def limits_of(pid):
    """Limit -> (soft, hard)."""
    lines = pathlib.Path(f"/proc/{pid}/limits").read_text().splitlines()[1:]
    return {line[:25].strip(): tuple(line[25:67].split()) for line in lines}


class Case(unittest.TestCase):
    """A server with one client."""

    settings = "gates = 1\nmax_connections = 50\n"
    checker = "true"

    def setUp(self):
        self.rig = Rig()
        self.addCleanup(self.rig.close)
        self.keys = self.rig.keys()
        self.rig.write_server(self.settings)
        self.rig.write_clients(self.rig.section("web1", self.keys, checker=self.checker,
                                                interval="PT1S"))
        self.server = self.rig.start()

    def helper(self, name):
        return wait_for(name, lambda: [pid for pid, comm in children(self.server.pid).items()
                                       if comm == name])[0]

    def assert_serves(self):
        self.assertEqual(self.rig.ask(self.keys).kind, "given")


class Injection(unittest.TestCase):
    """The tool itself: what is refused below is not refused to everybody."""

    def test_process_without_a_sandbox(self):
        with Rig() as rig:
            victim = rig.spawn(["sleep", "1000"])
            wait_for("its wait", lambda: pathlib.Path(
                f"/proc/{victim.pid}/syscall").read_text().startswith("230 "))
            results = inject(victim.pid, ("getpid",), ("socket", 2, 1, 0), ("memfd_create", "s:x", 0),
                             ("openat", AT_FDCWD, f"s:{rig.folder}/made", os.O_CREAT | os.O_RDWR,
                              0o600), ("setuid", 65534), ("bpf", 99, 0, 0))
            self.assertEqual(results[0], victim.pid)
            self.assertGreaterEqual(min(results[1:4]), 0, list(map(named, results)))
            self.assertTrue((rig.folder / "made").exists())
            self.assertEqual(results[4], 0)
            self.assertNotIn(results[5], (0, -errno.ENOSYS))
            self.assertEqual(inject(victim.pid, ("kill", victim.pid, 9)), [signal.SIGKILL])


class Status(Case):
    """What the kernel says of each program."""

    def test_core_and_gates(self):
        for pid in (self.server.pid, self.helper("mandos-gate")):
            wait_for("the sandbox", lambda p=pid: status_of(p)["Seccomp"] == ["2"])
            status = status_of(pid)
            self.assertEqual(status["NoNewPrivs"], ["1"])
            for kind in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
                self.assertEqual(int(status[kind][0], 16), 0, kind)
            self.assertNotIn("0", status["Uid"])

    def test_prober(self):
        with Rig() as rig:
            rig.write_clients(rig.section("web1", rig.keys(), checker="builtin:ping ::1",
                                          interval="PT1S"))
            server = rig.start()
            pid = wait_for("the prober", lambda: [pid for pid, comm in children(server.pid).items()
                                                  if comm == "mandos-probe"])[0]
            wait_for("the sandbox", lambda: status_of(pid)["Seccomp"] == ["2"])
            self.assertEqual(status_of(pid)["NoNewPrivs"], ["1"])
            self.assertEqual(int(status_of(pid)["CapEff"][0], 16), 0)
            self.assertEqual(limits_of(pid)["Max processes"], ("0", "0"))
            self.assertEqual(os.stat(f"/proc/{pid}/environ").st_uid, 0)

    def test_limits_of_a_gate(self):
        limits = limits_of(self.helper("mandos-gate"))
        self.assertEqual(limits["Max open files"], ("66", "66"))
        self.assertEqual(limits["Max processes"], ("0", "0"))
        self.assertEqual(limits["Max core file size"], ("0", "0"))
        if not SANITIZED:
            data = str((64 << 20) + 50 * (256 << 10))
            self.assertEqual(limits["Max data size"], (data, data))

    def test_launcher_and_spawner(self):
        """SRV-CHK-7: no capability either; but what checkers execute may have some."""
        for name in ("mandos-launch", "mandos-spawn"):
            status = status_of(self.helper(name))
            self.assertEqual((status["NoNewPrivs"], status["Seccomp"]), (["0"], ["0"]))
            self.assertEqual(int(status["CapEff"][0], 16), 0)
            self.assertNotIn("0", status["Uid"])

    def test_launcher_holds_nothing(self):
        """It is a copy of the server from before it read a secret, and has one descriptor."""
        pid = self.helper("mandos-launch")
        fds = {int(path.name): os.readlink(path)
               for path in pathlib.Path(f"/proc/{pid}/fd").iterdir()}
        self.assertEqual([fds.pop(n) for n in range(3)], ["/dev/null"] * 3)
        self.assertEqual(list(fds), [3])
        self.assertTrue(fds[3].startswith("socket:"))
        self.assertEqual(os.readlink(f"/proc/{pid}/cwd"), "/")
        self.assertEqual(os.stat(f"/proc/{pid}/environ").st_uid, 0)
        with open(f"/proc/{pid}/maps", encoding="ascii") as maps, \
                open(f"/proc/{pid}/mem", "rb", 0) as memory:
            for line in maps:
                where, rights = line.split()[:2]
                start, end = (int(word, 16) for word in where.split("-"))
                if rights.startswith("rw") and end - start < 1 << 30:
                    memory.seek(start)
                    data = memory.read(end - start)
                    self.assertNotIn(b"hunter2", data, line)
                    self.assertNotIn(b"aHVudGVyMg", data, line)  # the same in base64


class Gate(Case):
    """A conquered gate."""

    def attack(self, *call):
        gate = self.helper("mandos-gate")
        wait_for("the sandbox", lambda: status_of(gate)["Seccomp"] == ["2"] and
                 status_of(gate)["State"] == ["S", "(sleeping)"])
        seen = self.server.n_lines()
        run_inject(gate, [call], "leave")
        self.server.wait_line("ERROR: Gate 1 was ended by the kernel for a system call", after=seen)
        wait_for("another gate", lambda: gate not in children(self.server.pid) and
                 self.helper("mandos-gate"))

    def test_attacks_end_it(self):
        """Whatever an attacker needs next ends the gate, is logged, and costs its sessions only."""
        own = [("socket", 2, 1, 0), ("socket", 1, 1, 0), ("connect", 0, INTERNET_ADDRESS, 16),
               ("kill", self.server.pid, 0), ("prctl", 4, 1, 0, 0, 0)]
        for call in own + ATTACKS + ([] if SANITIZED else FORKING):
            with self.subTest(call):
                self.attack(*call)
        self.assert_serves()

    def test_files_and_the_rest(self):
        """No files, and no limit that could be raised; a mere refusal, and the gate serves on."""
        target = self.rig.state / "target"
        target.write_text("x")
        target.chmod(0o666)
        calls = [
            ("openat", AT_FDCWD, f"s:{self.rig.state}/new", os.O_CREAT | os.O_WRONLY, 0o600),
            ("open", f"s:{target}", os.O_WRONLY, 0),
            ("unlink", f"s:{target}"), ("rename", f"s:{target}", f"s:{target}2"),
            ("chmod", f"s:{target}", 0o4777), ("mkdir", f"s:{self.rig.state}/dir", 0o700),
            ("prlimit64", 0, 7, "x:" + "ff" * 16, 0),
            ("tgkill", self.server.pid, self.server.pid, 9),
            ("ioctl", 0, 0x5412, "s:x"),
        ]
        if not SANITIZED:
            calls += [("openat", AT_FDCWD, f"s:{target}", os.O_RDONLY, 0),
                      ("readlink", "s:/proc/self/exe", "z:64", 64),
                      ("stat", f"s:{target}", "z:144")]
        gate = self.helper("mandos-gate")
        self.assert_serves()
        for call, result in zip(calls, inject(gate, *calls)):
            self.assertEqual(named(result), "ENOSYS", call)
        self.assertEqual(target.read_text(), "x")
        self.assertEqual(inject(gate, ("getpid",)), [gate])
        self.assert_serves()
        self.assertEqual(self.helper("mandos-gate"), gate)


class Prober(Case):
    """A conquered prober."""

    checker = "builtin:ping ::1"

    def prober(self):
        pid = self.helper("mandos-probe")
        wait_for("the sandbox", lambda: status_of(pid)["Seccomp"] == ["2"] and
                 status_of(pid)["State"] == ["S", "(sleeping)"])
        return pid

    def test_attacks_end_it(self):
        """It is logged, and costs the probes under way."""
        own = [("kill", self.server.pid, 0), ("prctl", 4, 1, 0, 0, 0), ("listen", 0, 1),
               ("accept4", 0, 0, 0, 0)]
        for call in own + ATTACKS + ([] if SANITIZED else FORKING):
            with self.subTest(call):
                prober = self.prober()
                seen = self.server.n_lines()
                run_inject(prober, [call], "leave")
                self.server.wait_line("ERROR: mandos-probe was ended by the kernel for a system "
                                      "call", after=seen)
                wait_for("another prober", lambda p=prober: p not in children(self.server.pid) and
                         self.helper("mandos-probe"))
                self.server.wait_line("Checker for web1 succeeded", after=seen)

    def test_what_is_left_to_it(self):
        """It reads what names are looked up by, speaks to hosts, and goes on."""
        target = self.rig.state / "target"
        target.write_text("x")
        target.chmod(0o666)
        prober = self.prober()
        found = inject(prober, ("openat", AT_FDCWD, "s:/etc/hosts", os.O_RDONLY, 0),
                       ("socket", 2, 1, 0), ("socket", 10, 2, 0))
        self.assertGreater(min(found), 2, list(map(named, found)))
        calls = [("openat", AT_FDCWD, f"s:{target}", os.O_WRONLY, 0),
                 ("openat", AT_FDCWD, f"s:{self.rig.state}/new", os.O_CREAT | os.O_WRONLY, 0o600),
                 ("unlink", f"s:{target}"), ("rename", f"s:{target}", f"s:{target}2"),
                 ("socket", 16, 3, 0), ("socket", 17, 3, 0), ("socket", 1, 1, 0),
                 ("ioctl", 0, 0x5412, "s:x"),
                 ("prlimit64", 0, 7, "x:" + "ff" * 16, 0)]
        for call, result in zip(calls, inject(prober, *calls)):
            self.assertEqual(named(result), "ENOSYS", call)
        if not SANITIZED:
            self.assertEqual(named(inject(prober, ("openat", AT_FDCWD, f"s:{target}", os.O_RDONLY,
                                                   0))[0]), "EACCES")
        self.assertEqual(target.read_text(), "x")
        self.server.wait_line("Checker for web1 succeeded", after=self.server.n_lines())
        self.assertEqual(self.helper("mandos-probe"), prober)


class Core(Case):
    """A conquered core keeps its own files and channels, and no more. It is never ended for it."""

    def test_attacks_fail(self):
        calls = ATTACKS + [("accept4", 0, 0, 0, 0)] + ([] if SANITIZED else FORKING)
        for call, result in zip(calls, inject(self.server.pid, *calls)):
            self.assertEqual(named(result), "EPERM", call)
        self.assert_serves()

    def test_network(self):
        """UNIX sockets are all."""
        calls = [("socket", 2, 1, 0), ("socket", 10, 2, 0), ("socket", 16, 3, 0),
                 ("socket", 17, 3, 0)]
        for call, result in zip(calls, inject(self.server.pid, *calls)):
            self.assertEqual(named(result), "ENOSYS", call)
        self.assertGreater(inject(self.server.pid, ("socket", 1, 2, 0))[0], 2)

    def test_itself_and_others(self):
        """W-57: it cannot become dumpable again, raise limits, or send more than an end."""
        calls = [("prctl", 4, 1, 0, 0, 0), ("prlimit64", 0, 4, "x:" + "ff" * 16, 0),
                 ("kill", self.helper("mandos-launch"), signal.SIGHUP), ("fcntl", 0, 8, 1),
                 ("chmod", f"s:{self.rig.state}", 0o777), ("link", "s:/a", "s:/b")]
        for call, result in zip(calls, inject(self.server.pid, *calls)):
            self.assertEqual(named(result), "ENOSYS", call)
        self.assertEqual(os.stat(f"/proc/{self.server.pid}/environ").st_uid, 0)

    def test_files(self):
        """Landlock: writing in the state directory only, whatever the permissions of others say."""
        outside = self.rig.folder / "outside"
        outside.mkdir()
        outside.chmod(0o777)
        (outside / "old").write_text("old")
        (outside / "old").chmod(0o666)
        writing = os.O_CREAT | os.O_WRONLY
        inside = inject(self.server.pid,
                        ("openat", AT_FDCWD, f"s:{self.rig.state}/new", writing, 0o600),
                        ("openat", AT_FDCWD, f"s:{outside}/old", os.O_RDONLY, 0))
        self.assertGreater(min(inside), 2, list(map(named, inside)))
        calls = [
            ("openat", AT_FDCWD, f"s:{outside}/new", writing, 0o600),
            ("openat", AT_FDCWD, f"s:{outside}/old", os.O_WRONLY, 0),
            ("openat", AT_FDCWD, f"s:{outside}/old", os.O_RDONLY | os.O_TRUNC, 0),
            ("openat", AT_FDCWD, "s:/dev/null", os.O_RDWR, 0),
            ("unlink", f"s:{outside}/old"),
            ("rename", f"s:{outside}/old", f"s:{outside}/newer"),
        ]
        for call, result in zip(calls, inject(self.server.pid, *calls)):
            self.assertEqual(named(result), "EACCES", call)
        crossing = ("rename", f"s:{self.rig.state}/new", f"s:{outside}/new")
        self.assertIn(named(inject(self.server.pid, crossing)[0]), ("EACCES", "EXDEV"))
        self.assertEqual([path.name for path in outside.iterdir()], ["old"])
        self.assertEqual((outside / "old").read_text(), "old")


class Launcher(Case):
    """Whoever starts gates and spawner."""

    def test_its_end_is_the_servers(self):
        """Nothing could be replaced without it: the service manager starts the whole again."""
        family = list(children(self.server.pid))
        os.kill(self.helper("mandos-launch"), signal.SIGKILL)
        self.server.wait_line("CRITICAL: The launcher is gone")
        self.assertEqual(self.server.wait(), 1)
        wait_for("nothing to be left", lambda: not any(
            pathlib.Path(f"/proc/{pid}").exists() for pid in family))
        self.rig.start()
        self.assert_serves()

    def test_it_outlives_other_signals(self):
        """A terminal or service manager that signals the whole group leaves the end to the core."""
        launcher = self.helper("mandos-launch")
        for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1):
            os.kill(launcher, sig)
        gate = self.helper("mandos-gate")
        os.kill(gate, signal.SIGKILL)
        wait_for("another gate", lambda: self.helper("mandos-gate") != gate)
        self.assert_serves()
        self.assertEqual(self.helper("mandos-launch"), launcher)


class Checker(unittest.TestCase):
    """What checkers execute is not in a sandbox of ours."""

    def test_file_capabilities_count(self):
        """SRV-CHK-7: fping needs the ones of its file."""
        with Rig() as rig:
            cat = rig.folder / "cat"
            cat.write_bytes(pathlib.Path("/bin/cat").read_bytes())
            cat.chmod(0o755)
            net_raw = 1 << 13
            os.setxattr(cat, "security.capability",
                        struct.pack("<5I", 0x02000001, net_raw, 0, 0, 0))
            status = rig.state / "status"
            rig.write_clients(rig.section(
                "web1", interval="PT1S",
                checker=f"{cat} /proc/self/status > {status}.new; mv {status}.new {status}"))
            rig.start()
            wait_for("the checker", status.exists)
            self.assertRegex(status.read_text(), rf"CapEff:\s+{net_raw:016x}\n")


if __name__ == "__main__":
    unittest.main(verbosity=2)
