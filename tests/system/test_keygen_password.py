# SPDX-License-Identifier: GPL-3.0-or-later
"""mandos-keygen --password and --passfile: the question, and the section that is printed."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import termios
import unittest

from keygen_rig import (HAVE_REFERENCE, PROGRAM, PUBKEY, SECKEY, SMALL, TLS_PRIVKEY, TLS_PUBKEY, Case,
                        Gpg, Terminal, fields_of, packet_types, read, run_reference, write)

ENTER, REPEAT, MISMATCH = b"Enter passphrase: ", b"Repeat passphrase: ", b"Passphrase mismatch"
PASSFILE_MAX = 64 * 1024

SECTION = re.compile(r"""\A\[(?P<name>.+)\]
host = (?P=name)
key_id = [0-9a-f]{64}
fingerprint = [0-9A-F]{40}
secret =
(?:    [A-Za-z0-9+/]{64}\n)*    [A-Za-z0-9+/=]{1,64}
\Z""")

key_dir = None  # keys made once, for all tests that only use some


def setUpModule():
    global key_dir
    key_dir = tempfile.mkdtemp(prefix="test-keygen-")
    subprocess.run([PROGRAM, "-d", key_dir, *SMALL], check=True, stdin=subprocess.DEVNULL)


def tearDownModule():
    shutil.rmtree(key_dir)


class PasswordCase(Case):
    def setUp(self):
        super().setUp()
        self.passfile = os.path.join(self.top, "passfile")

    def seal(self, password, *args, keys=None, **kwargs):
        """The section that --passfile prints for @password."""
        write(self.passfile, password)
        done = self.run_keygen("-F", self.passfile, "-S", "-d", keys or key_dir, *args, **kwargs)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        return done.stdout.decode()

    def assert_opens(self, section, password, keys=None):
        """CLI-KEY-14: with the secret key alone, and it is signed by the same key."""
        with Gpg(self.top) as gpg:
            plain, status = gpg.decrypt(keys or key_dir, fields_of(section)["secret"])
        self.assertEqual(plain, password)
        self.assertIn("VALIDSIG " + fields_of(section)["fingerprint"], status)

    def assert_refused(self, done, code, message):
        """D26: an error prints no section."""
        self.assertEqual((done.returncode, done.stdout), (code, b""))
        self.assertIn(message, done.stderr)

    def copy_keys(self):
        for name in os.listdir(key_dir):
            shutil.copy(os.path.join(key_dir, name), self.dir)


class Section(PasswordCase):
    def test_form(self):
        """CLI-KEY-15: the lines, in order, and nothing else."""
        section = self.seal(b"password", "-n", "client.example.org")
        self.assertRegex(section, SECTION)
        self.assertTrue(section.startswith("[client.example.org]\n"))

    def test_key_id(self):
        """CLI-KEY-15, CLI-TLS-3: SHA-256 of the SubjectPublicKeyInfo."""
        script = 'openssl pkey -pubin -in "$1" -outform der | sha256sum'
        want = subprocess.run(["sh", "-c", script, "sh", os.path.join(key_dir, TLS_PUBKEY)],
                              capture_output=True, text=True, check=True).stdout.split()[0]
        self.assertEqual(fields_of(self.seal(b"x"))["key_id"], want)

    def test_no_tls_key(self):
        """CLI-KEY-15: no tls-pubkey.pem, no key_id line."""
        self.copy_keys()
        os.unlink(self.path(TLS_PUBKEY))
        self.assertNotIn("key_id", self.seal(b"x", keys=self.dir))

    def test_keys_of_an_older_installation(self):
        """CLI-KEY-14, CLI-KEY-15: the types of before RSA, and of before TLS keys; they are only
        read."""
        self.make_keys("-t", "DSA", "-s", "ELG-E")
        for name in (TLS_PUBKEY, TLS_PRIVKEY):
            os.unlink(self.path(name))
        before = [(name, read(self.path(name)), os.stat(self.path(name))) for name in self.files()]
        section = self.seal(b"password", keys=self.dir)
        self.assert_opens(section, b"password", keys=self.dir)
        self.assertNotIn("key_id", section)
        for name, text, st in before:
            self.assertEqual(read(self.path(name)), text)
            self.assertEqual(os.stat(self.path(name)).st_mtime_ns, st.st_mtime_ns)

    def test_tls_key_that_is_none(self):
        """CLI-TLS-3: the reference prints the key ID of nothing, which no server may accept."""
        self.copy_keys()
        write(self.path(TLS_PUBKEY), "junk\n")
        write(self.passfile, "x")
        self.assert_refused(self.run_keygen("-F", self.passfile, "-S", "-d", self.dir), 1,
                            b"tls-pubkey.pem")

    def test_fingerprint(self):
        """CLI-KEY-15: of the primary key, in upper case."""
        with Gpg(self.top) as gpg:
            want = [f[9] for f in gpg.colons(os.path.join(key_dir, PUBKEY)) if f[0] == "fpr"][0]
        self.assertEqual(fields_of(self.seal(b"x"))["fingerprint"], want)

    def test_default_name(self):
        """CLI-KEY-19, CLI-KEY-1: the host's name as hostname(1) gives it."""
        for args in (["--fqdn"], []):
            done = subprocess.run(["hostname", *args], capture_output=True, text=True, check=False)
            if done.returncode == 0:
                break
        fields = fields_of(self.seal(b"x"))
        self.assertEqual((fields["[]"], fields["host"]), (done.stdout.strip(),) * 2)

    def test_message(self):
        """CLI-KEY-14, CLI-PGP-1: the packets that a client must be able to read."""
        section = self.seal(b"password")
        with Gpg(self.top) as gpg:
            gpg.run("--import", os.path.join(key_dir, SECKEY))
            listing = gpg.packets(fields_of(section)["secret"])
        self.assertEqual(packet_types(listing),
                         ["pubkey enc packet", "encrypted data packet", "compressed packet",
                          "onepass_sig packet", "literal data packet", "signature packet"])
        for text in ("version 3, algo 1,", "mdc_method: 2", "algo=2", "sigclass 0x00, digest 10",
                     'mode b (62), created', 'name=""', "raw data: 8 bytes"):
            self.assertIn(text, listing)

    def test_other_key_options_do_not_matter(self):
        """CLI-KEY-1: in password mode only the directory, the name and --no-ssh do."""
        section = self.seal(b"x", "-t", "", "-l", "5", "-x", "", "-L", "y", "-T", "z", "-f")
        self.assertRegex(section, SECTION)

    def test_name_that_would_be_more_lines(self):
        """CLI-KEY-15: no line feed gets into clients.conf; the empty name is none."""
        write(self.passfile, "x")
        for name in ("x\nchecker = evil", ""):
            done = self.run_keygen("-F", self.passfile, "-S", "-d", key_dir, "-n", name)
            self.assert_refused(done, 1, b"name")

    def test_output_that_cannot_be_written(self):
        """CLI-KEY-2"""
        write(self.passfile, "x")
        with open("/dev/full", "wb") as full:
            done = subprocess.run([PROGRAM, "-F", self.passfile, "-S", "-d", key_dir], stdout=full,
                                  stderr=subprocess.PIPE, env=self.env(), check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"No space left", done.stderr)


class Secfile(PasswordCase):
    """--secfile, which the reference does not have; SRV-CLNT-9 is what the server makes of it."""

    def setUp(self):
        super().setUp()
        self.out = os.path.join(self.top, "out")
        os.mkdir(self.out)
        self.secfile = os.path.join(self.out, "web1.secret")

    def refused(self, path, message, *args, code=1):
        """With a password that cannot be read: the file is what is looked at first."""
        done = self.run_keygen("-F", "/nonexistent", "-S", "-d", key_dir, "--secfile", path, *args,
                               cwd=self.out)
        self.assert_refused(done, code, message)

    def assert_file_opens(self, password):
        with Gpg(self.top) as gpg:
            plain, status = gpg.decrypt(key_dir, read(self.secfile, "rb"))
        self.assertEqual(plain, password)
        self.assertIn("VALIDSIG", status)

    def test_file_and_section(self):
        """The message in binary, mode 0600 whatever the umask, and its name in the section."""
        section = self.seal(b"one", "-n", "web1", "--secfile", self.secfile, umask=0)
        self.assertRegex(section, r"\A\[web1\]\nhost = web1\nkey_id = [0-9a-f]{64}\n"
                                  r"fingerprint = [0-9A-F]{40}\nsecfile = (.+)\n\Z")
        self.assertEqual(fields_of(section)["secfile"], self.secfile)
        self.assertEqual(os.listdir(self.out), ["web1.secret"])
        self.assertEqual(os.stat(self.secfile).st_mode & 0o7777, 0o600)
        self.assert_file_opens(b"one")

    def test_relative_name(self):
        """It is said in full, since the server has another working directory."""
        section = self.seal(b"x", "--secfile", "web1.secret", cwd=self.out)
        self.assertEqual(fields_of(section)["secfile"], self.secfile)
        self.assert_file_opens(b"x")

    def test_force(self):
        """A file that is there stays; with --force it becomes a numbered backup."""
        self.seal(b"one", "--secfile", self.secfile)
        old = read(self.secfile, "rb")
        self.refused(self.secfile, b"--force")
        self.assertEqual((os.listdir(self.out), read(self.secfile, "rb")), (["web1.secret"], old))
        self.seal(b"two", "--secfile", self.secfile, "--force")
        self.assertEqual(sorted(os.listdir(self.out)), ["web1.secret", "web1.secret.~1~"])
        self.assertEqual(read(self.secfile + ".~1~", "rb"), old)
        self.assert_file_opens(b"two")

    def test_implies_password_mode(self):
        """It never makes keys; without a terminal there is nobody to ask."""
        done = self.run_keygen("-d", key_dir, "-S", "--secfile", self.secfile)
        self.assert_refused(done, 1, b"no terminal")
        self.assertEqual(os.listdir(self.out), [])

    def test_names_that_clients_conf_cannot_say(self):
        """SRV-CLNT-9: $NAME is expanded there, white space stripped; "~" is harmless in a full
        name, and a percent sign is doubled."""
        for name in ("$HOME", "a${x}", "x ", "a\nchecker = evil", "", "x/", "x" * 234):
            self.refused(name, b"--secfile")
        section = self.seal(b"x", "--secfile", "~root %(host)s", cwd=self.out)
        self.assertEqual(fields_of(section)["secfile"], self.out + "/~root %%(host)s")

    def test_longest_name(self):
        self.seal(b"x", "--secfile", "x" * 233, cwd=self.out)
        self.seal(b"x", "--secfile", "x" * 233, "-f", cwd=self.out)
        self.assertEqual(sorted(os.listdir(self.out)), ["x" * 233, "x" * 233 + ".~1~"])

    def test_directory_that_cannot_be_written(self):
        self.refused("/nonexistent/x", b"name another with --secfile")
        self.refused(self.passfile + "/x", b"--secfile")
        os.mkdir(self.secfile)
        self.refused(self.secfile, b"exists")

    def test_failure_leaves_nothing(self):
        """No password, no file."""
        done = self.run_keygen("-F", "/nonexistent", "-S", "-d", key_dir, "--secfile", self.secfile)
        self.assert_refused(done, 1, b"/nonexistent")
        self.assertEqual(os.listdir(self.out), [])


class Passfile(PasswordCase):
    def test_bytes_as_they_are(self):
        """CLI-KEY-13: the last line feed, NUL bytes and white space belong to the password."""
        for password in (b"", b"x", b" pass word \n\n", b"\0\xff\0\n", bytes(range(256)) * 8):
            self.assert_opens(self.seal(password), password)

    def test_name_that_looks_like_an_option(self):
        """CLI-KEY-1"""
        write(os.path.join(self.top, "-x"), b"y")
        done = self.run_keygen("-S", "-d", key_dir, "-F", "-x", cwd=self.top)
        self.assertEqual(done.returncode, 0)
        self.assert_opens(done.stdout.decode(), b"y")

    def test_standard_input(self):
        """CLI-KEY-13, observed: "-" as it is to cat(1)."""
        done = self.run_keygen("-S", "-d", key_dir, "-F", "-", stdin=b" piped \n")
        self.assertEqual(done.returncode, 0)
        self.assert_opens(done.stdout.decode(), b" piped \n")

    def test_file_that_cannot_be_read(self):
        """CLI-KEY-13, D26: an error, not the empty password."""
        for path in ("/nonexistent", self.top, ""):
            done = self.run_keygen("-S", "-d", key_dir, "-F", path)
            self.assert_refused(done, 1, b"password file " + path.encode())

    def test_bound(self):
        """CLI-KEY-13: what a client accepts, and not a byte more."""
        password = b"x" * PASSFILE_MAX
        self.assert_opens(self.seal(password), password)
        write(self.passfile, password + b"x")
        done = self.run_keygen("-S", "-d", key_dir, "-F", self.passfile)
        self.assert_refused(done, 1, b"longer than 65536")

    def test_message_beyond_the_bound(self):
        """A password that does not shrink in compression gives a message that is too long."""
        write(self.passfile, os.urandom(PASSFILE_MAX))
        done = self.run_keygen("-S", "-d", key_dir, "-F", self.passfile)
        self.assert_refused(done, 2, b"shorter password")

    def test_secret_in_no_argument_and_no_environment(self):
        """Style, sentence 7: of no program that is started, and no shell is."""
        trace = os.path.join(self.top, "trace")
        write(self.passfile, "hushhush")
        subprocess.run(["strace", "-f", "-v", "-s", "9999", "-e", "trace=execve", "-o", trace,
                        PROGRAM, "-F", self.passfile, "-d", key_dir], env=self.env(), check=True,
                       stdout=subprocess.DEVNULL)
        text = read(trace)
        self.assertIn("gpg", text)
        self.assertIn("ssh-keyscan", text)
        self.assertNotIn("hushhush", text)
        self.assertNotRegex(text, r'execve\("[^"]*/(ba|da)?sh"')


class KeyFiles(PasswordCase):
    """CLI-KEY-14, CLI-KEY-2: keys that cannot be used; exit 2, GnuPG's own code."""

    def refused(self, message):
        write(self.passfile, "x")
        self.assert_refused(self.run_keygen("-F", self.passfile, "-S", "-d", self.dir), 2, message)

    def test_missing_or_junk(self):
        for name in (PUBKEY, SECKEY):
            for spoil in (os.unlink, lambda path: write(path, ""), lambda path: write(path, "x\n")):
                self.copy_keys()
                spoil(self.path(name))
                self.refused(name.encode())

    def test_two_different_keys(self):
        """The reference encrypts to one of them, and the client may never be able to read it."""
        self.make_keys()
        shutil.copy(os.path.join(key_dir, PUBKEY), self.dir)
        self.refused(b"different keys")

    def test_expired(self):
        """CLI-KEY-5: a key that has expired is not encrypted to."""
        self.copy_keys()
        with Gpg(self.top) as gpg:
            loopback = ["--pinentry-mode", "loopback", "--passphrase", ""]
            gpg.run(*loopback, "--faked-system-time", "20200101T000000", "--quick-gen-key", "old",
                    "rsa1024", "sign,auth", "1d")
            write(self.path(PUBKEY), gpg.run("--armor", "--export").stdout)
            write(self.path(SECKEY), gpg.run("--armor", "--export-secret-keys").stdout)
        self.refused(b"it has expired")

    def test_protected_by_a_passphrase(self):
        """CLI-PGP-2: such a key is of no use in an unattended boot. Nothing is asked."""
        self.copy_keys()
        with Gpg(self.top) as gpg:
            gpg.run("--pinentry-mode", "loopback", "--passphrase", "p", "--quick-gen-key", "k",
                    "rsa1024", "sign,auth", "never")
            fingerprint = [line.split(":")[9] for line in
                           gpg.run("--list-keys", "--with-colons").stdout.decode().splitlines()
                           if line.startswith("fpr")][0]
            gpg.run("--pinentry-mode", "loopback", "--passphrase", "p", "--quick-add-key",
                    fingerprint, "rsa1024", "encrypt")
            write(self.path(PUBKEY), gpg.run("--armor", "--export").stdout)
            write(self.path(SECKEY), gpg.run("--armor", "--pinentry-mode", "loopback",
                                             "--passphrase", "p", "--export-secret-keys").stdout)
        self.refused(b"protected by a passphrase")


@unittest.skipUnless(HAVE_REFERENCE, "the reference is not installed")
class Interoperation(PasswordCase):
    def test_keys_of_the_reference(self):
        """CLI-KEY-4, CLI-KEY-14: sections for keys that Debian's program made."""
        done = run_reference("-d", self.dir, *SMALL)
        self.assertEqual(done.returncode, 0, done.stderr)
        section = self.seal(b"password", keys=self.dir)
        self.assert_opens(section, b"password", keys=self.dir)

    def test_keys_of_ours(self):
        """CLI-KEY-15: the reference says the same of our keys, but for the message."""
        write(self.passfile, b"password")
        done = run_reference("-F", self.passfile, "-S", "-d", key_dir)
        self.assertEqual(done.returncode, 0, done.stderr)
        theirs, ours = done.stdout.decode(), self.seal(b"password")
        self.assert_opens(theirs, b"password")
        self.assertRegex(theirs, SECTION)
        head = slice(0, ours.index("secret ="))
        self.assertEqual(theirs[head], ours[head])
        with Gpg(self.top) as gpg:
            gpg.run("--import", os.path.join(key_dir, SECKEY))
            shapes = [packet_types(gpg.packets(fields_of(s)["secret"])) for s in (theirs, ours)]
        self.assertEqual(*shapes)

    def test_missing_keys(self):
        """CLI-KEY-2: the same exit codes."""
        write(self.passfile, b"x")
        for name in (PUBKEY, SECKEY):
            self.copy_keys()
            os.unlink(self.path(name))
            args = ["-F", self.passfile, "-S", "-d", self.dir]
            self.assertEqual(run_reference(*args).returncode,
                             self.run_keygen(*args).returncode)


class Question(PasswordCase):
    def ask(self, stdin=None, all_on_tty=False):
        return Terminal([PROGRAM, "-p", "-S", "-d", key_dir], self.env(), stdin, all_on_tty)

    def assert_printed(self, t, password):
        self.assertEqual(t.report(), "exit 0")
        section = t.written(t.out).decode()
        self.assertRegex(section, SECTION)
        self.assert_opens(section, password)

    def test_two_equal_answers(self):
        """CLI-KEY-11, CLI-KEY-12: prompts on the terminal, the section on standard output."""
        with self.ask() as t:
            self.assertEqual(t.see(ENTER), b"")
            self.assertFalse(t.echo())
            t.type(b"  pass \\word\t\n")
            self.assertEqual(t.see(REPEAT), b"\r\n")
            self.assertFalse(t.echo())
            t.type(b"pass \\word\n")
            self.assert_printed(t, b"pass \\word")
            self.assertTrue(t.echo())
            self.assertEqual(t.written(t.err), b"")
            self.assertNotIn(b"word", t.screen)

    def test_empty_answers(self):
        """CLI-KEY-11, D35: an empty password is one."""
        with self.ask() as t:
            t.see(ENTER)
            t.type(b"\n")
            t.see(REPEAT)
            t.type(b" \n")
            self.assert_printed(t, b"")

    def test_mismatch_is_asked_again(self):
        """CLI-KEY-11: from the beginning, without limit."""
        with self.ask(all_on_tty=True) as t:
            for _ in range(3):
                t.see(ENTER)
                t.type(b"one\n")
                t.see(REPEAT)
                t.type(b"two\n")
                t.see(b"\r\n" + MISMATCH + b"\r\n")
            t.see(ENTER)
            t.type(b"x\n")
            t.see(REPEAT)
            t.type(b"x\n")
            t.see(b"[")
            self.assertEqual(t.report(), "exit 0")

    def test_mismatch_without_a_terminal_as_input(self):
        """CLI-KEY-11: exit 1. The prompts are on the terminal all the same (CLI-KEY-12)."""
        with self.ask(stdin=b"one\ntwo\n") as t:
            t.see(ENTER + REPEAT)
            self.assertEqual(t.report(), "exit 1")
            self.assertEqual(t.written(t.err), MISMATCH + b"\n")
            self.assertEqual(t.written(t.out), b"")
            self.assertTrue(t.echo())

    def test_answers_from_a_pipe(self):
        """CLI-KEY-11: two lines of standard input; the last needs no line feed."""
        for answers in (b"x y\n x y\n", b"x y\nx y", b"x y\nx y\nmore"):
            with self.ask(stdin=answers) as t:
                self.assert_printed(t, b"x y")

    def test_end_of_the_input(self):
        """CLI-KEY-13, D26: no answer is not the empty one."""
        for answers in (b"", b"x\n"):
            with self.ask(stdin=answers) as t:
                self.assertEqual(t.report(), "exit 1")
                self.assertEqual(t.written(t.out), b"")
                self.assertIn(b"no passphrase", t.written(t.err))
        with self.ask() as t:
            t.see(ENTER)
            t.type(b"\x04")
            self.assertEqual(t.report(), "exit 1")
            self.assertTrue(t.echo())

    def test_bound(self):
        """CLI-KEY-11: a line of 4096 bytes, and not a byte more."""
        line = b"x" * 4096
        with self.ask(stdin=line + b"\n" + line) as t:
            self.assert_printed(t, line)
        with self.ask(stdin=line + b"x\n") as t:
            self.assertEqual(t.report(), "exit 1")
            self.assertIn(b"longer than 4096", t.written(t.err))

    def test_no_terminal(self):
        """CLI-KEY-13, D26: an error that names the way out."""
        done = self.run_keygen("-p", "-S", "-d", key_dir, stdin=b"x\nx\n")
        self.assert_refused(done, 1, b"--passfile")

    def test_interrupt_and_quit_keys(self):
        """CLI-KEY-10: echo is back, whichever question was open."""
        for key, number in ((b"\x03", signal.SIGINT), (b"\x1c", signal.SIGQUIT)):
            for n_answers in (0, 1):
                with self.ask() as t:
                    t.see(ENTER)
                    if n_answers:
                        t.type(b"x\n")
                        t.see(REPEAT)
                    self.assertFalse(t.echo())
                    t.type(key)
                    self.assertEqual(t.report(), f"signal {int(number)}")
                    self.assertTrue(t.echo())
                    self.assertEqual(t.written(t.out), b"")
                self.assert_nothing_left()

    def test_other_signals(self):
        """CLI-KEY-10"""
        for number in (signal.SIGTERM, signal.SIGHUP):
            with self.ask() as t:
                t.see(ENTER)
                os.kill(t.pid, number)
                self.assertEqual(t.report(), f"signal {int(number)}")
                self.assertTrue(t.echo())

    def test_stop_key(self):
        """CLI-KEY-10: echo is back while stopped, and off again with the question repeated."""
        with self.ask() as t:
            t.see(ENTER)
            t.type(b"half\x1a")
            self.assertEqual(t.report(), "stopped")
            self.assertTrue(t.echo())
            os.kill(t.pid, signal.SIGCONT)
            t.see(ENTER)
            self.assertFalse(t.echo())
            t.type(b"x\n")
            t.see(REPEAT)
            t.type(b"x\n")
            self.assert_printed(t, b"x")
            self.assertTrue(t.echo())

    def test_echo_that_was_off_before(self):
        """CLI-KEY-10: restored means as it was."""
        with self.ask() as t:
            t.see(ENTER)
            t.type(b"\x1a")
            self.assertEqual(t.report(), "stopped")
            mode = termios.tcgetattr(t.master)
            mode[3] &= ~termios.ECHO
            termios.tcsetattr(t.master, termios.TCSANOW, mode)
            os.kill(t.pid, signal.SIGCONT)
            t.see(ENTER)
            t.type(b"\x03")
            self.assertEqual(t.report(), f"signal {int(signal.SIGINT)}")
            self.assertFalse(t.echo())


if __name__ == "__main__":
    unittest.main()
