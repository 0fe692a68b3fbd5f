# SPDX-License-Identifier: GPL-3.0-or-later
"""The server as a process: daemon and foreground, PID file, user, signals, exit status."""

import contextlib
import os
import pathlib
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "lib"))
import machine  # noqa: E402
from rig import BUILD, DEADLINE, Rig, wait_for  # noqa: E402

PID_FILE = pathlib.Path("/run/mandos.pid")


def status_of(pid):
    """The fields of /proc/PID/status."""
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return {key: value.split() for key, value in (line.split(":", 1) for line in lines)}


def processes(name):
    """Process IDs of the live processes of this name."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if (path / "comm").read_text() == name + "\n" and (path / "cmdline").read_bytes():
                found.append(int(path.name))
        except OSError:
            pass
    return found


def helpers():
    return processes("mandos-gate") + processes("mandos-spawn")


def nothing_runs():
    """Helpers end a moment after a server that was killed."""
    return not processes("mandos") and not helpers()


def fd_of(pid, number):
    return os.readlink(f"/proc/{pid}/fd/{number}")


class Case(unittest.TestCase):
    """A rig, a log, and a daemon that is ended afterwards."""

    def setUp(self):
        self.log = machine.LogDaemon()
        self.addCleanup(self.log.close)
        self.rig = Rig()
        self.addCleanup(self.rig.close)
        self.addCleanup(PID_FILE.unlink, missing_ok=True)
        self.addCleanup(self.end_all)
        self.rig.open_socket()
        self.rig.write_clients(self.rig.section("web1", self.rig.keys(), checker="true"))

    @staticmethod
    def end_all():
        """In this machine every server is ours."""
        for pid in processes("mandos"):
            os.kill(pid, signal.SIGKILL)
        wait_for("their end", nothing_runs)

    def argv(self, *options):
        return [BUILD / "mandos", "--no-dbus", "--no-zeroconf", "--configdir", self.rig.config,
                "--statedir", self.rig.state, "--socket", str(self.rig.socket.fileno()), *options]

    def options(self):
        return {"pass_fds": [self.rig.socket.fileno()], "stdin": subprocess.DEVNULL}

    def start(self, *options, argv=None, **more):
        """The process that an administrator starts, when it has ended."""
        return subprocess.run(argv or self.argv(*options), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, universal_newlines=True, check=False,
                              timeout=2 * DEADLINE, **{**self.options(), **more})

    def start_daemon(self, *options, **more):
        """The daemon's process ID."""
        done = self.start(*options, **more)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        return int(PID_FILE.read_text())


class Daemon(Case):
    """Without --foreground."""

    def test_forks_twice_and_lets_go_of_the_terminal(self):
        """SRV-PROC-2: new session that it does not lead, directory /, null descriptors, its umask;
        SRV-PROC-1: it serves when the process that was started has ended."""
        pid = self.start_daemon(umask=0o027)
        with self.rig.connect():
            pass
        leader = os.getsid(pid)
        self.assertNotIn(leader, (pid, os.getsid(0)))
        self.assertFalse(pathlib.Path(f"/proc/{leader}").exists())
        self.assertEqual(status_of(pid)["PPid"], ["1"])
        self.assertEqual(os.readlink(f"/proc/{pid}/cwd"), "/")
        self.assertEqual(status_of(pid)["Umask"], ["0027"])
        for process in [pid, *helpers()]:
            self.assertEqual([fd_of(process, n) for n in range(3)], ["/dev/null"] * 3)
        for process in helpers():
            self.assertEqual(status_of(process)["PPid"], [str(pid)])
        self.assertEqual(self.rig.ask(self.rig.keys("other")).kind, "refused")

    def test_ends_in_an_orderly_way(self):
        """SRV-PROC-8, SRV-PROC-4: nothing is left but the PID file."""
        pid = self.start_daemon()
        whole = [pid, *helpers()]
        self.assertGreaterEqual(len(whole), 3)
        os.kill(pid, signal.SIGTERM)
        for process in whole:
            wait_for("its end", lambda p=process: not pathlib.Path(f"/proc/{p}").exists())
        self.assertEqual(PID_FILE.read_text(), f"{pid}\n")

    def test_pid_file(self):
        """SRV-PROC-4: of the starting user, mode 0644 under the umask, and no others' business."""
        pid = self.start_daemon(umask=0o022)
        found = PID_FILE.stat()
        self.assertEqual((found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)), (0, 0, 0o644))
        self.assertEqual(PID_FILE.read_text(), f"{pid}\n")
        self.assertEqual(status_of(pid)["Name"], ["mandos"])
        self.assertEqual(list(PID_FILE.parent.glob("*mandos*")), [PID_FILE])

    def test_pid_file_is_written_in_one_step(self):
        """SRV-PROC-4 Fix, W-51: whoever reads it meanwhile finds the old one or the new one."""
        PID_FILE.write_text("4194304\n")
        seen, ended = set(), threading.Event()

        def read():
            while not ended.is_set():
                seen.add(PID_FILE.read_text())
        reader = threading.Thread(target=read)
        reader.start()
        try:
            pid = self.start_daemon()
        finally:
            ended.set()
            reader.join()
        self.assertLessEqual(seen, {"4194304\n", f"{pid}\n"})

    def test_pid_file_cannot_be_written(self):
        """SRV-PROC-4, SRV-LOG-8 L4: an error, not fatal."""
        PID_FILE.mkdir()
        try:
            done = self.start()
        finally:
            PID_FILE.rmdir()
        self.assertEqual(done.returncode, 0)
        self.assertIn("Could not open file '/run/mandos.pid'", done.stderr)
        self.log.wait_record(r"^<27>Mandos \[\d+\]: ERROR: Could not open file '/run/mandos.pid'")
        self.assertEqual(len(processes("mandos")), 1)

    def test_relative_directories(self):
        """SRV-PROC-2: the configuration from where it was started, the state from /; SRV-CLNT-9: a
        secret file from / as well."""
        keys = self.rig.keys("filed")
        secret = self.rig.folder / "secret"
        secret.write_bytes(b"from a file")
        secret.chmod(0o644)
        self.rig.write_clients(self.rig.section("filed", keys, secret=None, checker="true",
                                                secfile=str(secret).lstrip("/")))
        done = self.start(argv=[*self.argv("--configdir", "config"), "--statedir",
                                str(self.rig.state).lstrip("/")], cwd=self.rig.folder)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertTrue((self.rig.state / "clients.db").exists())
        self.assertEqual(self.rig.ask(keys).data, b"from a file")

    def test_standard_descriptors_that_are_closed(self):
        """SRV-PROC-2: nothing of ours gets their numbers and is lost with them."""
        shell = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *self.argv()]
        done = self.start(argv=shell)
        self.assertEqual(done.returncode, 0)
        pid = int(PID_FILE.read_text())
        self.assertEqual([fd_of(pid, n) for n in range(3)], ["/dev/null"] * 3)
        self.assertEqual(self.rig.ask(self.rig.keys("other")).kind, "refused")


class NoRun(Case):
    """A system without /run."""

    def test_pid_file_in_var_run(self):
        """SRV-PROC-4: /var/run if /run is no directory."""
        root = pathlib.Path(tempfile.mkdtemp(prefix="mandos-root-"))
        self.addCleanup(root.rmdir)
        machine.run("mount", "-t", "tmpfs", "tmpfs", root)
        self.addCleanup(machine.run, "umount", "--recursive", "--lazy", root)
        (root / "var/run").mkdir(parents=True)
        for path in [*pathlib.Path("/").iterdir(), *pathlib.Path("/var").iterdir()]:
            inside = root / path.relative_to("/")
            if path in (pathlib.Path("/run"), pathlib.Path("/var"), pathlib.Path("/var/run")):
                continue
            if path.is_symlink():
                inside.symlink_to(os.readlink(path))
            elif path.is_dir():
                inside.mkdir()
                machine.run("mount", "--rbind", path, inside)
        done = self.start(argv=["chroot", root, *self.argv()])
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(int((root / "var/run/mandos.pid").read_text()), processes("mandos")[0])
        self.end_all()


class Failing(Case):
    """A start that fails is seen to fail, which the reference hides (SRV-PROC-1, Fix)."""

    @staticmethod
    def detached():
        """The process ID of a daemon in its directory, which is long before it serves."""
        for pid in processes("mandos"):
            try:
                if os.readlink(f"/proc/{pid}/cwd") == "/":
                    return pid
            except OSError:
                pass
        return None

    def fails(self, *options, word, **more):
        done = self.start(*options, **more)
        self.assertEqual(done.returncode, 1)
        self.assertIn(word, done.stderr)
        self.assertTrue(done.stderr.endswith("mandos: the server did not start\n"), done.stderr)
        self.assertFalse(PID_FILE.exists())
        wait_for("nothing to be left", nothing_runs)
        return done

    def test_syntax_of_clients(self):
        """SRV-PROC-1, SRV-PROC-10: step 4."""
        (self.rig.config / "clients.conf").write_text("no section\n")
        self.fails(word="clients.conf:1")
        self.log.wait_record(r"^<26>Mandos \[\d+\]: CRITICAL: .*clients.conf:1")

    def test_socket(self):
        """SRV-PROC-1, SRV-PROC-10: step 5."""
        with socket.socket(socket.AF_INET6) as taken:
            taken.bind(("::1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            done = self.start(argv=[BUILD / "mandos", "--no-zeroconf", "--no-dbus",
                                    "--configdir", self.rig.config, "--statedir", self.rig.state,
                                    "--address", "::1", "--port", str(port)])
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"Cannot bind to address '::1', port {port}: Address already in use",
                      done.stderr)

    def test_state(self):
        """SRV-PROC-1, SRV-PROC-10: step 11, long after the terminal was let go."""
        self.rig.state.chmod(0o500)
        self.fails(word="Could not load persistent state")
        self.log.wait_record(r"CRITICAL: Could not load persistent state")

    def test_priority(self):
        """SRV-PROC-1, SRV-PROC-10: step 16, in another process."""
        self.fails("--priority", "NONSENSE", word="Cannot use the GnuTLS priority string")

    def test_death(self):
        """SRV-PROC-1: even when the server has no words left."""
        pipe = self.rig.folder / "pipe"
        os.mkfifo(pipe)
        self.rig.write_clients(self.rig.section("web1", secret=None, secfile=pipe))
        starter = subprocess.Popen(self.argv(), stderr=subprocess.PIPE, **self.options())
        self.addCleanup(starter.stderr.close)
        server = wait_for("the daemon", self.detached)
        os.kill(server, signal.SIGKILL)
        self.assertEqual(starter.wait(DEADLINE), 1)
        self.assertEqual(starter.stderr.read(), b"mandos: the server did not start\n")
        self.assertFalse(PID_FILE.exists())

    def test_starter_is_ended(self):
        """SRV-PROC-4: without the process that writes the PID file there is no server either."""
        pipe = self.rig.folder / "pipe"
        os.mkfifo(pipe)
        self.rig.write_clients(self.rig.section("web1", secret=None, secfile=pipe))
        starter = subprocess.Popen(self.argv(), stderr=subprocess.DEVNULL, **self.options())
        server = wait_for("the daemon", self.detached)
        starter.kill()
        starter.wait()
        pipe.write_bytes(b"secret")
        self.log.wait_record("CRITICAL: Not starting: the process that would tell of it is gone")
        wait_for("its end", lambda: not pathlib.Path(f"/proc/{server}").exists())
        self.assertFalse(PID_FILE.exists())


class Foreground(Case):
    """With --foreground, and in debug mode."""

    def spawn(self, *options, **more):
        process = subprocess.Popen(self.argv("--foreground", "--debuglevel=INFO", *options),
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   **{**self.options(), **more})
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        self.log.wait_record(rf"\[{process.pid}\]: INFO: Now listening on address '::1', port "
                             rf"{self.rig.port}, flowinfo 0, scope_id 0\0$")
        return process

    def test_stays_as_it_was_started(self):
        """SRV-PROC-3, SRV-PROC-4, SRV-LOG-5: same process, directory and descriptors; no PID file;
        not a word on the terminal."""
        with open(self.rig.folder / "input", "w+") as given:
            process = self.spawn(stdin=given, cwd=self.rig.folder)
            self.assertEqual(fd_of(process.pid, 0), given.name)
        self.assertEqual(os.readlink(f"/proc/{process.pid}/cwd"), str(self.rig.folder))
        self.assertFalse(PID_FILE.exists())
        process.terminate()
        self.assertEqual(process.communicate(timeout=DEADLINE), (b"", b""))
        self.assertEqual(process.returncode, 0)

    def test_debug_mode_reads_nothing(self):
        """SRV-PROC-3, SRV-CLI-7: standard input is /dev/null; foreground without being told so."""
        process = subprocess.Popen(self.argv("--debug"), stderr=subprocess.PIPE,
                                   **{**self.options(), "stdin": subprocess.PIPE})
        with process:
            self.addCleanup(process.kill)
            self.log.wait_record("Now listening")
            self.assertEqual(fd_of(process.pid, 0), "/dev/null")
            self.assertFalse(PID_FILE.exists())
            process.terminate()
            process.communicate(timeout=DEADLINE)
        self.assertEqual(process.returncode, 0)

    def test_ending_signals(self):
        """SRV-PROC-8, SRV-PROC-10: SIGTERM and SIGINT are orderly ends."""
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number):
                process = self.spawn()
                process.send_signal(number)
                self.assertEqual(process.wait(DEADLINE), 0)

    def test_other_signals(self):
        """SRV-PROC-9: their default action."""
        for number in (signal.SIGQUIT, signal.SIGALRM):
            with self.subTest(number):
                process = self.spawn()
                process.send_signal(number)
                self.assertEqual(process.wait(DEADLINE), -number)

    def test_usage_error_does_nothing_else(self):
        """SRV-CLI-4, SRV-PROC-10, SRV-LOG-4, W-41: status 2, no log record, no PID file."""
        for options in (("--nonsense",), ("word",), ("--port=x",), ("--debuglevel=loud",)):
            with self.subTest(options):
                done = self.start(*options)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertTrue(done.stderr.startswith("usage: mandos "))
                self.assertRegex(done.stderr, r"\nmandos: error: .*\n$")
        self.assertEqual(self.log.all(), [])
        self.assertFalse(PID_FILE.exists())

    def test_help_version_check(self):
        """SRV-CLI-5, SRV-CLI-9, SRV-CLI-10, SRV-PROC-10: status 0; every option is in the help."""
        words = {"-h", "--help", "-v", "--version", "-i", "--interface", "-a", "--address", "-p",
                 "--port", "--check", "--debug", "--debuglevel", "--priority", "--servicename",
                 "--configdir", "--no-dbus", "--no-ipv6", "--no-restore", "--socket", "--statedir",
                 "--foreground", "--no-zeroconf"}
        done = self.start(argv=[BUILD / "mandos", "--help"])
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        listing = done.stdout[done.stdout.index("options:"):].replace(",", " ").split()
        self.assertLessEqual(words, set(listing))
        done = self.start(argv=[BUILD / "mandos", "--version"])
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"\Amandos \d+(\.\d+)+\n\Z")
        done = self.start(argv=["setpriv", "--reuid", "4242", "--clear-groups", BUILD / "mandos",
                                "--check"])
        self.assertEqual(done.returncode, 0)
        self.assertEqual((done.stdout + done.stderr).splitlines()[-1], "OK")


class User(Case):
    """Who the server becomes."""

    def assert_user(self, pid, uid, gid):
        status = status_of(pid)
        self.assertEqual(status["Uid"], [str(uid)] * 4)
        self.assertEqual(status["Gid"], [str(gid)] * 4)
        return status

    @contextlib.contextmanager
    def users(self, *names):
        """Whatever the system's users are: these and root, in /etc/passwd."""
        users = self.rig.folder / "passwd"
        users.write_text("root:x:0:0:root:/root:/bin/sh\n" + "".join(
            f"{name}:x:{uid}:{uid + 1}::/nonexistent:/bin/false\n" for name, uid in names))
        machine.run("mount", "--bind", users, "/etc/passwd")
        try:
            yield
        finally:
            machine.run("umount", "/etc/passwd")

    def test_first_user_that_exists(self):
        """SRV-PROC-5, SRV-PROC-6: _mandos, mandos, 65534; all IDs, and no group of root's."""
        for names, uid, gid in (((("mandos", 4000), ("_mandos", 5000)), 5000, 5001),
                                ((("mandos", 4000), ("nobody", 6000)), 4000, 4001),
                                ((("nobody", 6000),), 65534, 65534)):
            with self.subTest(names), self.users(*names):
                pid = self.start_daemon("--debuglevel=DEBUG")
                status = self.assert_user(pid, uid, gid)
                self.assertEqual(status["Groups"], [])
                for helper in helpers():
                    self.assertEqual(self.assert_user(helper, uid, gid)["Groups"], [])
                self.log.wait_record(rf"DEBUG: Did setuid/setgid to {uid}:{gid}\0$")
                self.end_all()
                shutil.rmtree(self.rig.state)
                self.rig.state.mkdir()
                self.rig.state.chmod(0o777)

    def test_without_privilege(self):
        """SRV-PROC-6, SRV-LOG-8 L6: a warning; it goes on as who it is."""
        done = self.start(argv=["setpriv", "--reuid=4242", "--regid=4343", "--clear-groups",
                                *self.argv()])
        self.assertEqual(done.returncode, 0)
        pid = processes("mandos")[0]
        self.assert_user(pid, 4242, 4343)
        self.log.wait_record(r"^<28>.*WARNING: Failed to setuid/setgid to \d+:\d+: "
                             "Operation not permitted")
        self.log.wait_record(r"^<27>.*ERROR: Could not open file '/run/mandos.pid'")

    def test_files_that_only_root_may_read(self):
        """SRV-PROC-7: both configuration files, and secret files too."""
        keys = self.rig.keys("filed")
        secret = self.rig.folder / "secret"
        secret.write_bytes(b"from a file")
        self.rig.write_clients(self.rig.section("filed", keys, secret=None, checker="true",
                                                secfile=secret))
        self.rig.write_server("servicename = Private\n")
        for path in (secret, self.rig.config / "clients.conf", self.rig.config / "mandos.conf"):
            path.chmod(0o600)
        pid = self.start_daemon("--debuglevel=INFO")
        self.assertNotEqual(status_of(pid)["Uid"][0], "0")
        self.assertEqual(self.rig.ask(keys).data, b"from a file")
        self.log.wait_record(r"^<30>Mandos \(Private\) \[\d+\]: INFO: Sending secret to filed\0$")


class Prompt(Case):
    """The end does not wait for anybody (SRV-PROC-10, Fix)."""

    def test_end_with_a_checker_and_peers(self):
        """SRV-PROC-10: a checker that ignores SIGTERM, a peer that waits for approval, and one that
        says nothing; the port is free for the next server."""
        keys = self.rig.keys("waiting")
        self.rig.write_clients(self.rig.section(
            "waiting", keys, approval_delay="PT1H", interval="PT1S", checker="trap '' TERM; echo > " +
            f"{self.rig.state}/runs; while :; do sleep 1; done"))
        self.rig.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        pid = self.start_daemon("--debuglevel=INFO")
        question = self.rig.asking(keys)
        self.addCleanup(self.rig.finish, question)
        self.addCleanup(question.kill)
        with self.rig.connect():
            self.log.wait_record("INFO: Client waiting needs approval")
            wait_for("the checker", (self.rig.state / "runs").exists)
            os.kill(pid, signal.SIGTERM)
            wait_for("its end", lambda: not pathlib.Path(f"/proc/{pid}").exists(), 10)
            port = self.rig.port
            self.rig.socket.close()
            self.rig.open_socket()
            done = self.start(argv=[BUILD / "mandos", "--no-zeroconf", "--no-dbus",
                                    "--configdir", self.rig.config, "--statedir", self.rig.state,
                                    "--address", "::1", "--port", str(port)])
            self.assertEqual((done.returncode, done.stderr), (0, ""))


if __name__ == "__main__":
    machine.enter()
    unittest.main()
