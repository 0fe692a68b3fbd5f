# SPDX-License-Identifier: GPL-3.0-or-later
"""mandos-keygen and the host's SSH key: a stand-in for ssh-keyscan, and a real sshd.

The latter runs in a network namespace of its own, since ssh-keyscan looks at port 22 of localhost.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

from keygen_rig import (HAVE_REFERENCE, PROGRAM, SMALL, Case, fields_of, read, run_reference,
                        wait_for, write)

TYPES = ["ecdsa-sha2-nistp256", "ed25519", "rsa"]  # in the order they are tried
CHECKER = ("checker = ssh-keyscan -t TYPE %%(host)s 2>/dev/null | grep --fixed-strings "
           "--line-regexp --quiet --regexp=%%(host)s\" %(ssh_fingerprint)s\"")

key_dir = None


def setUpModule():
    global key_dir
    key_dir = tempfile.mkdtemp(prefix="test-keygen-")
    subprocess.run([PROGRAM, "-d", key_dir, *SMALL], check=True, stdin=subprocess.DEVNULL)


def tearDownModule():
    shutil.rmtree(key_dir)


class StandIn(Case):
    """ssh-keyscan replaced by a script that logs its arguments."""

    def setUp(self):
        super().setUp()
        self.bin, self.log = os.path.join(self.top, "bin"), os.path.join(self.top, "log")
        self.passfile = os.path.join(self.top, "passfile")
        os.mkdir(self.bin)
        write(self.log, "")
        write(self.passfile, "x")

    def scan_env(self, script):
        path = os.path.join(self.bin, "ssh-keyscan")
        write(path, f'#!/bin/sh\necho "$*" >>{self.log}\n{script}\n')
        os.chmod(path, 0o755)
        return self.env(PATH=self.bin + ":" + os.environ["PATH"])

    def lines_behind_secret(self, script, *args):
        done = self.run_keygen("-F", self.passfile, "-d", key_dir, *args, env=self.scan_env(script))
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        lines = done.stdout.decode().splitlines()
        return [line for line in lines[lines.index("secret =") + 1:] if line[0] != " "]

    def test_first_type(self):
        """CLI-KEY-16, CLI-KEY-17: the type as tried, the key without the host."""
        lines = self.lines_behind_secret('echo "localhost ecdsa-sha2-nistp256 AAAA+/="')
        self.assertEqual(lines, [CHECKER.replace("TYPE", TYPES[0]),
                                 "ssh_fingerprint = ecdsa-sha2-nistp256 AAAA+/="])
        self.assertEqual(read(self.log), f"-t {TYPES[0]} localhost\n")

    def test_order(self):
        """CLI-KEY-16: on to the next type after a failure or an empty answer."""
        script = ('case $2 in ec*) echo "localhost x AAAA"; exit 1;; ed*) exit 0;; esac\n'
                  'echo "localhost ssh-rsa BBBB"; echo noise >&2')
        lines = self.lines_behind_secret(script)
        self.assertEqual(lines, [CHECKER.replace("TYPE", "rsa"), "ssh_fingerprint = ssh-rsa BBBB"])
        self.assertEqual(read(self.log), "".join(f"-t {t} localhost\n" for t in TYPES))

    def test_all_fail(self):
        """CLI-KEY-16: silent."""
        for script in ("exit 1", "exit 0", "kill -9 $$", "echo 'otherhost ssh-rsa AAAA'"):
            self.assertEqual(self.lines_behind_secret(script), [])

    def test_no_ssh(self):
        """CLI-KEY-16: --no-ssh does not even ask."""
        self.assertEqual(self.lines_behind_secret('echo "localhost ssh-rsa AAAA"', "--no-ssh"), [])
        self.assertEqual(read(self.log), "")

    def test_comment_lines(self):
        """CLI-KEY-18: OpenSSH 9.8 prints them on standard output."""
        comment = "echo '# localhost:22 SSH-2.0-OpenSSH_9.8'\n"
        self.assertEqual(self.lines_behind_secret(comment), [])
        lines = self.lines_behind_secret(comment + "echo 'localhost ssh-rsa AAAA'\n" + comment)
        self.assertEqual(lines[1], "ssh_fingerprint = ssh-rsa AAAA")

    def test_endless_output(self):
        """CLI-KEY-16: cut off at the bound, and no key."""
        self.assertEqual(self.lines_behind_secret("exec cat /dev/zero"), [])

    def test_signal_while_it_hangs(self):
        """CLI-KEY-10: it is ended too; if it does not listen, killed."""
        for script in ("exec sleep 1000", "trap '' TERM; exec sleep 1000"):
            self.end_while_it_hangs(script)

    def end_while_it_hangs(self, script):
        write(self.log, "")
        process = subprocess.Popen([PROGRAM, "-F", self.passfile, "-d", key_dir],
                                   env=self.scan_env(script), stdout=subprocess.PIPE,
                                   start_new_session=True)
        wait_for(lambda: read(self.log), "ssh-keyscan")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.communicate(timeout=30)[0], b"")
        self.assertEqual(process.returncode, -signal.SIGTERM)
        self.assert_nothing_left()


class InNamespace:
    """What runs inside: an sshd for each set of keys; prints what went wrong, if anything."""

    def __init__(self, top, keys):
        self.top, self.keys = top, keys
        self.passfile = os.path.join(top, "passfile")
        write(self.passfile, "x")
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        # sshd wants /run/sshd; this mount is nobody else's.
        subprocess.run(["mount", "-t", "tmpfs", "none", "/run"], check=True)
        os.mkdir("/run/sshd", 0o755)

    def host_key(self, kind):
        path = os.path.join(self.top, kind)
        if not os.path.exists(path):
            subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", path], check=True)
        return path

    def tail(self):
        out = subprocess.run([PROGRAM, "-F", self.passfile, "-d", self.keys], check=True,
                             capture_output=True, text=True, stdin=subprocess.DEVNULL).stdout
        return fields_of(out)

    def tail_of_the_reference(self):
        done = run_reference("-F", self.passfile, "-d", self.keys)
        done.check_returncode()
        return fields_of(done.stdout.decode())

    @staticmethod
    def is_listening():
        done = subprocess.run(["ssh-keyscan", "localhost"], capture_output=True, check=False)
        return done.stdout

    def check_by(self, fields, key):
        """The server's two expansions, then its shell."""
        command = fields["checker"].replace("%(ssh_fingerprint)s", key).replace("%%", "%")
        command = command.replace("%(host)s", "localhost")
        return subprocess.run(["/bin/sh", "-c", command], check=False).returncode

    def one_server(self, kinds, tried, key_type):
        config = os.path.join(self.top, "sshd_config")
        lines = ["Port 22", f"PidFile {self.top}/sshd.pid", "UsePAM no"]
        lines += [f"HostKey {self.host_key(kind)}" for kind in kinds]
        write(config, "\n".join(lines) + "\n")
        with subprocess.Popen(["/usr/sbin/sshd", "-D", "-f", config],
                              stderr=subprocess.DEVNULL) as sshd:
            try:
                wait_for(self.is_listening, "sshd")
                ours = self.tail()
                key = ours["ssh_fingerprint"]
                with open(self.host_key(kinds[0]) + ".pub") as f:
                    assert key == " ".join(f.read().split()[:2]), key
                assert key.startswith(key_type + " "), key
                assert ours["checker"].startswith(f"ssh-keyscan -t {tried} "), ours["checker"]
                assert self.check_by(ours, key) == 0
                assert self.check_by(ours, key[:-4] + "AAAA") != 0
                if HAVE_REFERENCE:
                    theirs = self.tail_of_the_reference()
                    for name in ("checker", "ssh_fingerprint"):
                        assert ours[name] == theirs[name], (ours[name], theirs[name])
            finally:
                sshd.terminate()

    def run(self):
        assert "checker" not in self.tail()  # no server yet
        self.one_server(["ecdsa", "ed25519", "rsa"], TYPES[0], "ecdsa-sha2-nistp256")
        self.one_server(["ed25519", "rsa"], TYPES[1], "ssh-ed25519")
        self.one_server(["rsa"], TYPES[2], "ssh-rsa")


class RealServer(Case):
    def test_real_sshd(self):
        """CLI-KEY-16, CLI-KEY-17: with each kind of key, as the reference; the checker works."""
        done = subprocess.run(["unshare", "-n", "-m", sys.executable, __file__, "--in-namespace",
                               self.top, key_dir], env=self.env(), capture_output=True, text=True,
                              timeout=240, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--in-namespace"]:
        InNamespace(*sys.argv[2:]).run()
    else:
        unittest.main()
