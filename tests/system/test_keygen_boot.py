# SPDX-License-Identifier: GPL-3.0-or-later
"""What mandos-keygen makes and what a boot does with it: real servers on the loopback interface, real
LUKS keyslots, our client and Debian's; and mandos-keygen --test, which does it all before the boot.
"""

import os
import pathlib
import pwd
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

from keygen_rig import (KEY_FILES, PROGRAM, SMALL, Case, etc_prefix, processes_of,  # noqa: E402
                        read, wait_for, write)
from rig import BUILD, REFERENCE_SERVER, Rig  # noqa: E402

PASSWORD = b"hushhush\0 and more"
NO_PASSWORD, NO_KEYSLOT = 3, 4
DEBIANS_CLIENT = next(iter(pathlib.Path("/usr/lib").glob("*/mandos/plugins.d/mandos-client")), None)

key_dirs = {}  # by the type of the OpenPGP key; made once
folder = None


def setUpModule():
    global folder
    folder = tempfile.mkdtemp(prefix="test-keygen-boot-")
    for kind, words in (("rsa", SMALL), ("curve", ("-t", "ed25519"))):
        key_dirs[kind] = os.path.join(folder, kind)
        os.mkdir(key_dirs[kind])
        subprocess.run([PROGRAM, "-d", key_dirs[kind], *words], check=True,
                       stdin=subprocess.DEVNULL)
    write(os.path.join(folder, "passfile"), PASSWORD)
    make_disk(os.path.join(folder, "disk"), PASSWORD)
    make_disk(os.path.join(folder, "other"), b"another")


def tearDownModule():
    shutil.rmtree(folder)


def make_disk(path, password):
    """A LUKS2 container with one keyslot, which is quick to try."""
    with open(path, "wb") as f:
        f.truncate(20 << 20)
    subprocess.run(["cryptsetup", "luksFormat", "--batch-mode", "--type=luks2", "--pbkdf=pbkdf2",
                    "--pbkdf-force-iterations=1000", "--key-file=-", path], input=password,
                   check=True)


class BootCase(Case):
    def setUp(self):
        super().setUp()
        self.disk, self.other = (os.path.join(folder, name) for name in ("disk", "other"))

    def section(self, *args, kind="rsa"):
        done = self.run_keygen("-F", os.path.join(folder, "passfile"), "-S", "-n", "web1", "-d",
                               key_dirs[kind], *args)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        return done.stdout.decode()

    def serve(self, section=None, reference=False, **settings):
        """A server that knows the client; IPv6, as everywhere."""
        rig = self.enterContext(Rig(reference=reference))
        lines = "".join(f"{key} = {value}\n" for key, value in settings.items())
        rig.write_clients((section or self.section()) + "checker = true\n" + lines)
        rig.write_server("")
        rig.start()
        return rig

    @staticmethod
    def connect(rig):
        return f"--connect=[::1]:{rig.port}"

    def fetch(self, program, rig, kind):
        """What a client prints that is run by hand, as the boot image runs it."""
        keys = [f"--{option}={key_dirs[kind]}/{name}"
                for option, name in zip(("pubkey", "seckey", "tls-privkey", "tls-pubkey"),
                                        KEY_FILES)]
        done = subprocess.run([program, "--interface=none", "--network-hook-dir=/nonexistent",
                               self.connect(rig), *keys], stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout


class Kinds(BootCase):
    """Sections of each form, given to a server and fetched by a client."""

    def clients(self):
        yield str(BUILD / "mandos-client")
        if DEBIANS_CLIENT:
            yield str(DEBIANS_CLIENT)

    def test_curve25519(self):
        """CLI-PGP-1, CLI-KEY-14: a message to a key on the curve, read by our client and Debian's."""
        rig = self.serve(self.section(kind="curve"))
        for program in self.clients():
            self.assertEqual(self.fetch(program, rig, "curve"), PASSWORD)

    def secfile(self, rig_user=None):
        path = os.path.join(self.top, "web1.secret")
        section = self.section("--secfile", path)
        self.assertIn(f"secfile = {path}\n", section)
        os.chmod(self.top, 0o755)
        if rig_user:
            shutil.chown(path, rig_user)
        return section

    def test_secfile(self):
        """SRV-CLNT-9: read by the server as it is, mode 0600 and root's."""
        rig = self.serve(self.secfile())
        self.assertEqual(self.fetch(str(BUILD / "mandos-client"), rig, "rsa"), PASSWORD)

    @unittest.skipUnless(os.access(REFERENCE_SERVER, os.X_OK), "the reference is not installed")
    def test_secfile_with_the_reference(self):
        """SRV-CLNT-9, W-50: Debian's server reads it as its own user."""
        rig = self.serve(self.secfile("_mandos"), reference=True)
        self.assertEqual(self.fetch(str(BUILD / "mandos-client"), rig, "rsa"), PASSWORD)


class TrialCase(BootCase):
    """mandos-keygen --test, which the reference does not have."""

    def trial_argv(self, *args, rig=None, kind="rsa", wait="30"):
        return [PROGRAM, "--test", "-d", key_dirs[kind], "--wait", wait, *args,
                *(["--", self.connect(rig)] if rig else [])]

    def trial(self, *args, prefix=(), expect=0, user=None, **more):
        """Runs it; returns the lines of standard output, and standard error as it is."""
        kwargs = {}
        if user:
            entry = pwd.getpwnam(user)
            kwargs = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
        done = subprocess.run([*prefix, *self.trial_argv(*args, **more)], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=120, check=False,
                              env=self.env(), **kwargs)
        self.assertEqual(done.returncode, expect, (done.stdout, done.stderr))
        self.assertNotIn("hushhush", done.stdout + done.stderr)
        return done.stdout.splitlines(), done.stderr

    def assert_fetched(self, lines):
        self.assertEqual(lines[0].partition(" in ")[0], "Keys: those")
        self.assertRegex(lines[1], r"^Password: a server gave it, .*, after \d+ ms\.$")

    def start(self, *args, **more):
        """One that waits for a server that never answers."""
        process = subprocess.Popen(self.trial_argv(*args, **more), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.env(),
                                   start_new_session=True)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        return process

    @staticmethod
    def clients():
        """The clients at work with keys of this module."""
        return [line for line in processes_of(folder) if "mandos-client" in line.split()[0]]


class Keyslots(TrialCase):
    def test_opens(self):
        """A line for each step, and nothing else."""
        rig = self.serve()
        lines, err = self.trial("--device", self.disk, rig=rig)
        self.assert_fetched(lines)
        self.assertEqual(lines[0], f"Keys: those in {key_dirs['rsa']}.")
        self.assertEqual(lines[2:], [f"Keyslot: {self.disk} opens with it."])
        self.assertEqual(err, "")
        rig.server.wait_line("Sending secret to web1")

    def test_stays_shut(self):
        """It says which, and what to do; one that opens does not make up for it."""
        lines, err = self.trial("--device", self.other, "--device", self.disk, rig=self.serve(),
                                expect=NO_KEYSLOT)
        self.assert_fetched(lines)
        self.assertEqual(lines[2:], [f"Keyslot: {self.disk} opens with it."])
        self.assertRegex(err, rf"^mandos-keygen: keyslot: {self.other} does not open .*luksAddKey.*\n$")

    def test_every_byte_counts(self):
        """As in a boot: a newline too many is another password."""
        path = os.path.join(self.top, "disk")
        make_disk(path, PASSWORD + b"\n")
        _, err = self.trial("--device", path, rig=self.serve(), expect=NO_KEYSLOT)
        self.assertIn("newline", err)

    def test_long_password(self):
        """More than a pipe holds, to a reader that leaves early."""
        password = b"x" * 500000  # compressed it is a short message
        write(os.path.join(self.top, "passfile"), password[:65536])
        section = self.section("-F", os.path.join(self.top, "passfile"))
        path = os.path.join(self.top, "disk")
        make_disk(path, password[:65536])
        rig = self.serve(section)
        self.trial("--device", path, rig=rig)
        self.trial("--device", "/etc/passwd", rig=rig, expect=NO_KEYSLOT)

    def test_what_cannot_be_tried(self):
        rig = self.serve()
        for device, why in ((os.path.join(folder, "passfile"), "is not a valid LUKS device"),
                            ("/nonexistent", "No such file"), ("--help", "No such file")):
            lines, err = self.trial("--device", device, rig=rig, expect=NO_KEYSLOT)
            self.assert_fetched(lines)
            self.assertEqual(lines[2:], [])
            self.assertRegex(err, rf"^mandos-keygen: keyslot: {device} cannot be tried: .*{why}.*\n$")

    def bin(self, script=None):
        """A PATH with GnuPG, a shell's tools, and perhaps a stand-in for cryptsetup."""
        path = os.path.join(self.top, "bin")
        os.mkdir(path)
        for name in ("gpg", "gpg-agent", "gpgconf", "gpgsm", "head", "sleep", "touch"):
            os.symlink(shutil.which(name), os.path.join(path, name))
        if script:
            write(os.path.join(path, "cryptsetup"), "#!/bin/sh\n" + script)
            os.chmod(os.path.join(path, "cryptsetup"), 0o755)
        return ["env", f"PATH={path}"]

    def test_no_cryptsetup(self):
        _, err = self.trial("--device", self.disk, rig=self.serve(), expect=NO_KEYSLOT,
                            prefix=self.bin())
        self.assertIn("cryptsetup cannot be run", err)

    def test_cryptsetup_that_says_much(self):
        """Of the first line as much as there is room for; and nothing that moves a cursor."""
        script = "{ echo 'hm\033[2Jm'; head -c 200000 /dev/zero; } >&2; exit 1"
        _, err = self.trial("--device", self.disk, rig=self.serve(), expect=NO_KEYSLOT,
                            prefix=self.bin(script))
        self.assertEqual(err, f"mandos-keygen: keyslot: {self.disk} cannot be tried: hm?[2Jm\n")

    def test_signal_while_cryptsetup_hangs(self):
        """It is ended, too."""
        started = os.path.join(self.top, "started")
        argv = [*self.bin(f"touch {started}; exec sleep 1000"),
                *self.trial_argv("--device", self.disk, rig=self.serve())]
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   env=self.env(), start_new_session=True)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        wait_for(lambda: os.path.exists(started), "cryptsetup")
        process.terminate()
        self.assertEqual(process.wait(60), -signal.SIGTERM)
        self.assertEqual(processes_of(self.tmp), [])

    def test_crypttab(self):
        """The devices that a boot asks a password for; the others are named, and left alone."""
        header = os.path.join(self.top, "header")
        shutil.copy(self.disk, header)
        etc = self.etc({"crypttab": f"# name source key options\n\nroot {self.disk} none luks\n"
                                    f"swap {self.other} /dev/urandom swap\n"
                                    f"data {self.other} none luks,header={header},key-slot=0\n"})
        lines, err = self.trial(rig=self.serve(), prefix=etc)
        self.assert_fetched(lines)
        self.assertEqual(lines[2:], [f"Keyslot: {self.disk} opens with it.",
                                     f"Keyslot: {self.other} (swap) is not tried: it is not LUKS.",
                                     f"Keyslot: {self.other} opens with it."])
        self.assertEqual(err, "")

    def test_crypttab_key_slot(self):
        """Only the one that it names counts."""
        etc = self.etc({"crypttab": f"root {self.disk} none luks,key-slot=1\n"})
        _, err = self.trial(rig=self.serve(), prefix=etc, expect=NO_KEYSLOT)
        self.assertIn(self.disk, err)

    def test_nothing_to_try(self):
        """A password that was tried on nothing is no success."""
        rig = self.serve()
        for files in ({}, {"crypttab": ""}, {"crypttab": f"x {self.disk} /etc/key luks\n"},
                      {"crypttab": "root UUID=no-such-disk none\n"},
                      {"crypttab": "#" * (1 << 20) + "\n"}):
            lines, err = self.trial(rig=rig, prefix=self.etc(files), expect=NO_KEYSLOT)
            self.assert_fetched(lines)
            self.assertRegex(err, "--device|No such file")

    def etc(self, files):
        return etc_prefix(tempfile.mkdtemp(dir=self.top), files)


class Fetching(TrialCase):
    def test_curve25519(self):
        self.trial("--device", self.disk, kind="curve", rig=self.serve(self.section(kind="curve")))

    def test_refused(self):
        """A client that is disabled, and one that the server does not know."""
        rig = self.serve(enabled="no")
        for kind, line in (("rsa", "Client web1 is disabled"), ("curve", "Client not found for key ID")):
            lines, err = self.trial("--device", self.disk, rig=rig, kind=kind, wait="2",
                                    expect=NO_PASSWORD)
            self.assertEqual([words.split(":")[0] for words in lines], ["Keys"])
            self.assertIn("no server gave the password within 2 s", err)
            self.assertIn("server's log", err)
            rig.server.wait_line(line)

    def test_message_that_cannot_be_decrypted(self):
        """Encrypted to other keys: it is asked again until the time is over, and said."""
        section = self.section(kind="curve")
        key_id = re.search(r"^key_id = .*$", self.section(), re.M)[0]
        rig = self.serve(re.sub(r"(?m)^key_id = .*$", key_id, section))
        _, err = self.trial("--device", self.disk, rig=rig, wait="3", expect=NO_PASSWORD)
        self.assertIn("decrypt", err)

    def test_options_of_the_configuration(self):
        """Those that the boot's plugin-runner would give it; the keys are those of --dir."""
        rig = self.serve()
        conf = (f"--options-for=mandos-client:{self.connect(rig)},--pubkey=/nonexistent # x\n"
                "--options-for=other:--bogus\n--global-options=--retry=1\n")
        etc = etc_prefix(self.top, {"mandos/plugin-runner.conf": conf})
        self.trial("--device", self.disk, prefix=etc)

    def test_configuration_that_is_wrong(self):
        for conf, why in (("--disable=mandos-client", "would not ask any server"),
                          ("--bogus", "plugin-runner.conf"),
                          ("-o mandos-client:--connect=" + "x" * 65536, "File too large"),
                          ("-o mandos-client:--bogus", "does not take its options")):
            etc = etc_prefix(tempfile.mkdtemp(dir=self.top), {"mandos/plugin-runner.conf": conf})
            _, err = self.trial("--device", self.disk, prefix=etc, expect=NO_PASSWORD)
            self.assertIn(why, err)

    def test_network_hooks_are_not_run(self):
        """Neither with an option in the configuration nor with one behind "--"."""
        hooks = os.path.join(self.top, "hooks")
        os.mkdir(hooks)
        write(os.path.join(hooks, "hook"), f"#!/bin/sh\ntouch {self.top}/hook-has-run\n")
        os.chmod(os.path.join(hooks, "hook"), 0o755)
        option = f"--network-hook-dir={hooks}"
        etc = etc_prefix(self.top, {"mandos/plugin-runner.conf": "-o mandos-client:" + option})
        rig = self.serve()
        self.trial("--device", self.disk, "--", option, self.connect(rig), prefix=etc)
        self.assertFalse(os.path.exists(f"{self.top}/hook-has-run"))
        self.assertEqual(self.fetch(str(BUILD / "mandos-client"), rig, "rsa"), PASSWORD)

    def test_missing_keys(self):
        for name in KEY_FILES:
            for other in KEY_FILES:
                shutil.copy(os.path.join(key_dirs["rsa"], other), self.dir)
            os.unlink(self.path(name))
            lines, err = self.trial("-d", self.dir, expect=1)
            self.assertEqual(lines, [])
            self.assertRegex(err, rf"{name}.*make keys first")

    def test_command_lines(self):
        """What does not go together, and times that are none."""
        for args in (["--test", "-p"], ["--test", "-F", "x"], ["--test", "--secfile", "x"],
                     ["--device", "x"], ["--wait", "5"], ["-p", "--device", "x"],
                     ["--test", "--wait", "0"], ["--test", "--wait", "86401"],
                     ["--test", "--wait", "1s"], ["--test", "--wait", ""],
                     ["--test", *["--device=x"] * 65]):
            done = self.run_keygen("-d", key_dirs["rsa"], *args)
            self.assertEqual((done.returncode, done.stdout), (1, b""), args)
            self.assertRegex(done.stderr.decode(), r"^mandos-keygen: .+\n$")

    def test_abbreviation_of_dir(self):
        """CLI-GEN-1: "--d" is what it was."""
        self.trial("--d", key_dirs["rsa"], "--dev", self.disk, rig=self.serve(), wait="30")


class Rights(TrialCase):
    """What needs root, and what even root's does not get."""

    def open_to_nobody(self):
        os.chmod(self.top, 0o755)
        os.chmod(self.tmp, 0o1777)
        for name in KEY_FILES:
            shutil.copy(os.path.join(key_dirs["rsa"], name), self.dir)
        os.chmod(self.dir, 0o755)
        shutil.copy(self.disk, self.top + "/disk")
        return self.top + "/disk"

    def test_ordinary_user(self):
        """With keys and a device of the user's own nothing needs root."""
        disk = self.open_to_nobody()
        for path in (self.path(name) for name in KEY_FILES):
            shutil.chown(path, "nobody")
        shutil.chown(disk, "nobody")
        lines, _ = self.trial("-d", self.dir, "--device", disk, rig=self.serve(), user="nobody")
        self.assertEqual(lines[-1], f"Keyslot: {disk} opens with it.")

    def test_root_is_asked_for_where_it_is_needed(self):
        disk = self.open_to_nobody()
        _, err = self.trial("-d", self.dir, rig=self.serve(), user="nobody", expect=1)
        self.assertRegex(err, "Permission denied; run this as root")
        for path in (self.path(name) for name in KEY_FILES):
            os.chmod(path, 0o644)
        os.chmod(disk, 0o600)
        lines, err = self.trial("-d", self.dir, "--device", disk, rig=self.serve(), user="nobody",
                                expect=NO_KEYSLOT)
        self.assert_fetched(lines)
        self.assertRegex(err, "Permission denied; run this as root")

    def test_client_has_no_capability(self):
        """So whatever its options are it changes no interface, no route and no clock."""
        process = self.start("--", "--connect=[::1]:1")
        wait_for(self.clients, "mandos-client")
        children = read(f"/proc/{process.pid}/task/{process.pid}/children").split()
        self.assertEqual(len(children), 1)
        status = read(f"/proc/{children[0]}/status")
        for field in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            self.assertRegex(status, rf"(?m)^{field}:\s0+$")
        self.assertRegex(status, r"(?m)^NoNewPrivs:\s1$")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(60), -signal.SIGTERM)


class Ends(TrialCase):
    def test_signals(self):
        """It dies of the signal, and the client has ended before."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            process = self.start("--", "--connect=[::1]:1")
            wait_for(self.clients, "mandos-client")
            process.send_signal(number)
            self.assertEqual(process.wait(60), -number)
            self.assertEqual(processes_of(folder), [])

    def test_killed(self):
        """The client does not stay."""
        process = self.start("--", "--connect=[::1]:1")
        wait_for(self.clients, "mandos-client")
        process.kill()
        process.wait()
        wait_for(lambda: not processes_of(folder), "the client's end")

    def test_time_is_over(self):
        self.trial("--device", self.disk, "--", "--connect=[::1]:1", wait="1", expect=NO_PASSWORD)
        self.assertEqual(processes_of(folder), [])


class Secret(TrialCase):
    def test_goes_through_pipes_only(self):
        """Style, sentence 7: no argument, no environment, no file, no terminal, of no program."""
        trace = os.path.join(self.top, "trace")
        calls = "execve,write,writev,pwrite64,pwritev,sendto,sendmsg,sendmmsg,mmap"
        self.trial("--device", self.disk, rig=self.serve(),
                   prefix=["strace", "-f", "-v", "-y", "-s", "9999", "-e", f"trace={calls}", "-o",
                           trace])
        lines = read(trace).splitlines()
        self.assertTrue(any("cryptsetup" in line for line in lines if "execve" in line))
        said = [line for line in lines if "hushhush" in line]
        self.assertGreaterEqual(len(said), 3)  # gpg, the client, and this program
        for line in said:
            self.assertRegex(line, r"^\d+ +write\(\d+<pipe:\[\d+\]>, ")
        self.assertNotRegex(read(trace), r'execve\("[^"]*/(ba|da)?sh"')

    def test_is_in_no_swap_and_no_core(self):
        """Nothing is dumped, however it ends."""
        process = self.start("--", "--connect=[::1]:1")
        wait_for(self.clients, "mandos-client")
        self.assertEqual(resource.prlimit(process.pid, resource.RLIMIT_CORE), (0, 0))
        process.send_signal(signal.SIGTERM)
        process.wait(60)


if __name__ == "__main__":
    unittest.main()
