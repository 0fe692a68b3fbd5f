# SPDX-License-Identifier: GPL-3.0-or-later
"""mandos-keygen: its command line, and the keys it makes."""

import os
import signal
import stat
import subprocess
import unittest

from keygen_rig import (HAVE_REFERENCE, KEY_FILES, PROGRAM, PUBKEY, SECKEY, SMALL, TLS_PRIVKEY,
                        TLS_PUBKEY, Case, Gpg, Terminal, packet_types, read, run_reference, wait_for,
                        write)


class CommandLine(Case):
    def test_version_and_help(self):
        """CLI-KEY-1, CLI-GEN-1: they win over everything but a bad option."""
        for args in (["-v"], ["--version"], ["--vers"], ["word", "-d", "/nonexistent", "-vh"]):
            done = self.run_keygen(*args)
            self.assertEqual(done.returncode, 0)
            self.assertRegex(done.stdout.decode(), r"^mandos-keygen \d+\.\d+\.\d+\n$")
        for args in (["-h"], ["--help"], ["--he", "word"]):
            done = self.run_keygen(*args)
            self.assertEqual(done.returncode, 0)
            self.assertIn(b"--tls-keytype", done.stdout)
            self.assertEqual(done.stderr, b"")

    def error_table(self):
        """CLI-KEY-1, CLI-KEY-2, CLI-KEY-3, CLI-GEN-1: command lines that are errors."""
        full = os.path.join(self.top, "full")
        os.mkdir(full)
        write(os.path.join(full, TLS_PUBKEY), "x")
        file = os.path.join(self.top, "file")
        write(file, "x")
        d = ("-d", self.dir)
        return [
            ["--bogus"], ["-Z"], ["--dir"], ["-d"], ["-F"], ["--passfile"], ["--na"],
            ["--su", "RSA"], ["--pass"], ["--p"], ["--force=1"], ["--password=x"], ["-v", "--bogus"],
            [*d, "operand"], ["operand", *d], ["-p", *d, "operand"], [*d, "--", "--force"],
            ["-d", "/nonexistent"], ["-d", file], ["-p", "-d", "/nonexistent"], ["-d", ""],
            [*d, "-t", ""], [*d, "-n", ""], [*d, "-l", ""], [*d, "-l", "511"], [*d, "-l", "-4096"],
            [*d, "-x", ""], ["-d", full], [*d, "--length=5"], [*d, "--len", "511"],
        ]

    def test_errors(self):
        """CLI-KEY-2, CLI-KEY-3: exit 1, say something, do nothing."""
        for args in self.error_table():
            with self.subTest(args=args):
                done = self.run_keygen(*args)
                self.assertEqual(done.returncode, 1)
                self.assertEqual(done.stdout, b"")
                self.assertRegex(done.stderr.decode(), r"^.*mandos-keygen: .+\n$")
                self.assertEqual(self.files(), [])

    @unittest.skipUnless(HAVE_REFERENCE, "the reference is not installed")
    def test_errors_as_the_reference(self):
        """CLI-KEY-2: the same exit codes as Debian's program."""
        for args in self.error_table():
            with self.subTest(args=args):
                self.assertEqual(self.run_keygen(*args).returncode,
                                 run_reference(*args).returncode)

    def test_length_that_is_no_number(self):
        """CLI-KEY-3: should be an error; the reference goes on with GnuPG's own default."""
        for length in ("abc", "1e3", "4096x", " 4096"):
            done = self.run_keygen("-d", self.dir, "-l", length)
            self.assertEqual((done.returncode, self.files()), (1, []))

    def test_order_of_the_checks(self):
        """CLI-KEY-3: operands, directory, type, name, length, expiry, existing files."""
        write(self.path(SECKEY), "x")
        faults = [(["operand"], b"argument"), (["-d", "/nonexistent"], b"/nonexistent"),
                  (["-t", ""], b"type"), (["-n", ""], b"name"), (["-l", "5"], b"length"),
                  (["-x", ""], b"expiry"), ([], b"exists")]
        for i, (_, message) in enumerate(faults):
            args = [word for fault, _ in faults[i:] for word in fault]
            done = self.run_keygen("-d", self.dir, *args)
            self.assertEqual(done.returncode, 1)
            self.assertIn(message, done.stderr)

    def test_permissions_of_the_directory(self):
        """CLI-KEY-3: not readable, and, in key mode, not writable."""
        os.chmod(self.top, 0o755)
        os.chmod(self.tmp, 0o1777)
        for mode, args, code, message in ((0o333, [], 1, b"cannot be read"),
                                          (0o333, ["-p"], 1, b"cannot be read"),
                                          (0o555, [], 1, b"cannot be written"),
                                          (0o555, ["-p"], 2, b"pubkey.txt")):
            os.chmod(self.dir, mode)
            done = self.run_keygen("-d", self.dir, *args, user="nobody")
            self.assertEqual(done.returncode, code)
            self.assertIn(message, done.stderr)

    def test_control_characters_are_refused(self):
        """CLI-KEY-5: a line feed would be another line of GnuPG's parameter block."""
        done = self.run_keygen("-d", self.dir, "-c", "x\nPassphrase: x", *SMALL)
        self.assertEqual((done.returncode, self.files()), (1, []))

    def test_default_directory(self):
        """CLI-KEY-1: /etc/keys/mandos if it is a directory, else /etc/mandos/keys."""
        for made, used in (("/etc/keys/mandos", b"/etc/keys/mandos"),
                           ("/etc/keys", b"/etc/mandos/keys"),
                           ("/etc/mandos/keys", b"/etc/mandos/keys")):
            script = f'mount -t tmpfs none /etc && mkdir -p {made} && exec "$@"'
            done = subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", PROGRAM, "-p", "-n",
                                   "x"], capture_output=True, env=self.env(), check=False)
            self.assertIn(used, done.stderr)


class Keys(Case):
    def test_four_files(self):
        """CLI-KEY-4, CLI-KEY-9: mode 0600 whatever the umask; nothing said without a terminal."""
        done = self.make_keys(umask=0)
        self.assertEqual((done.stdout, done.stderr), (b"", b""))
        self.assertEqual(self.files(), KEY_FILES)
        for name in KEY_FILES:
            st = os.stat(self.path(name))
            self.assertEqual((stat.S_IMODE(st.st_mode), st.st_uid), (0o600, os.getuid()))
            self.assertTrue(read(self.path(name)).startswith("-----BEGIN "))

    def test_tls_files(self):
        """CLI-KEY-4, CLI-TLS-2: plain PKCS#8 and the SubjectPublicKeyInfo of the same key."""
        self.make_keys()
        private, public = read(self.path(TLS_PRIVKEY)), read(self.path(TLS_PUBKEY))
        self.assertRegex(private, r"\A-----BEGIN PRIVATE KEY-----\n[^-]+-----END PRIVATE KEY-----\n\Z")
        self.assertRegex(public, r"\A-----BEGIN PUBLIC KEY-----\n[^-]+-----END PUBLIC KEY-----\n\Z")
        derived = subprocess.run(["openssl", "pkey", "-pubout", "-in", self.path(TLS_PRIVKEY)],
                                 capture_output=True, text=True, check=True)
        self.assertEqual(derived.stdout, public)
        text = subprocess.run(["certtool", "-k", "--infile", self.path(TLS_PRIVKEY)],
                              capture_output=True, text=True, check=True).stdout
        self.assertIn("EdDSA (Ed25519)", text)

    def test_tls_key_types(self):
        """CLI-KEY-6: as certtool names them, of the strength it calls ultra."""
        for kind, shown in (("ed448", "EdDSA (Ed448)"), ("ecdsa", "SECP384R1"),
                            ("secp256r1", "SECP256R1")):
            self.make_keys("-f", "-T", kind)
            text = subprocess.run(["certtool", "--pubkey-info", "--infile", self.path(TLS_PUBKEY)],
                                  capture_output=True, text=True, check=True).stdout
            self.assertIn(shown, text)

    def test_unknown_tls_key_type(self):
        """CLI-KEY-6, D27: the OpenPGP keys are made, exit 0, and not silent about it."""
        done = self.make_keys("-T", "bogus")
        self.assertEqual(self.files(), [PUBKEY, SECKEY])
        self.assertIn(b"bogus", done.stderr)
        write(self.path(TLS_PUBKEY), "old")
        self.make_keys("-f", "-T", "bogus")
        self.assertEqual(read(self.path(TLS_PUBKEY)), "old")
        self.assertNotIn(TLS_PUBKEY + ".~1~", self.files())

    def test_openpgp_key(self):
        """CLI-KEY-4, CLI-KEY-5: minimal export, usages, no passphrase, no expiry."""
        self.make_keys()
        with Gpg(self.top) as gpg:
            listing = gpg.packets(read(self.path(SECKEY), "rb"))
            self.assertEqual(packet_types(listing),
                             ["secret key packet", "signature packet", "secret sub key packet",
                              "signature packet"])
            self.assertEqual(listing.count(":user ID packet"), 1)
            self.assertEqual(listing.count("checksum: "), 2)  # printed for unprotected keys only
            self.assertIn("(key flags: 23)", listing)  # certify, sign, authenticate
            self.assertIn("(key flags: 0C)", listing)  # encrypt
            self.assertNotIn("key expires after", listing)
            listing = gpg.packets(read(self.path(PUBKEY), "rb"))
            self.assertEqual(packet_types(listing),
                             ["public key packet", "signature packet", "public sub key packet",
                              "signature packet"])

    def test_default_sizes(self):
        """CLI-KEY-1, CLI-KEY-5: two RSA keys of 4096 bits."""
        done = self.run_keygen("-d", self.dir)
        self.assertEqual(done.returncode, 0, done.stderr)
        with Gpg(self.top) as gpg:
            keys = [f for f in gpg.colons(self.path(PUBKEY)) if f[0] in ("pub", "sub")]
        self.assertEqual([(f[2], f[3]) for f in keys], [("4096", "1")] * 2)

    def test_names_in_the_key(self):
        """CLI-KEY-5: user name and armour header, with comment and address if given."""
        for args, uid in (([], "clíent"), (["-c", "rack 5: \"x\""], "clíent (rack 5: \"x\")"),
                          (["-e", "a@b.org"], "clíent <a@b.org>"),
                          (["-c", "c", "-e", "a@b.org"], "clíent (c) <a@b.org>")):
            self.make_keys("-f", "-n", "clíent", *args)
            for name in (SECKEY, PUBKEY):
                self.assertEqual(read(self.path(name)).splitlines()[1:3],
                                 ["Comment: Mandos client key for " + uid, ""])
            with Gpg(self.top) as gpg:
                uids = [f[9] for f in gpg.colons(self.path(PUBKEY)) if f[0] == "uid"]
                self.assertEqual(uids, [uid.replace(":", "\\x3a")])

    def test_expiry(self):
        """CLI-KEY-5: for both keys."""
        self.make_keys("-x", "2d")
        with Gpg(self.top) as gpg:
            listing = gpg.packets(read(self.path(PUBKEY), "rb"))
        self.assertEqual(listing.count("(key expires after 2d0h0m)"), 2)

    def test_other_openpgp_types(self):
        """CLI-KEY-5: the given type and length."""
        self.make_keys("-t", "DSA", "-s", "ELG-E")
        with Gpg(self.top) as gpg:
            keys = [f for f in gpg.colons(self.path(PUBKEY)) if f[0] in ("pub", "sub")]
        self.assertEqual([(f[2], f[3]) for f in keys], [("1024", "17"), ("1024", "16")])

    def test_curve25519(self):
        """CLI-KEY-5, and beyond: keys on the curve, which the reference cannot make."""
        for args in (["-t", "ed25519"], ["-t", "EDDSA", "-s", "ECDH", "-l", "256", "-x", "2d"],
                     ["-t", "ed25519", "-s", "cv25519", "-L", ""]):
            done = self.run_keygen("-f", "-d", self.dir, "-n", "client", *args)
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, b"", b""))
            with Gpg(self.top) as gpg:
                lines = gpg.colons(self.path(PUBKEY))
                listing = gpg.packets(read(self.path(SECKEY), "rb"))
            keys = [line for line in lines if line[0] in ("pub", "sub")]
            # Length, algorithm (22 is EdDSA, 18 is ECDH), usages, curve.
            self.assertEqual([(f[2], f[3], f[11], f[16]) for f in keys],
                             [("255", "22", "scaESCA", "ed25519"), ("255", "18", "e", "cv25519")])
            self.assertEqual([bool(f[6]) for f in keys], ["-x" in args] * 2)
            self.assertEqual(listing.count("checksum: "), 2)  # no passphrase

    def test_curve25519_and_rsa(self):
        """CLI-KEY-1: each key has the type that was given."""
        for args, want in ((["-t", "ed25519", "-s", "RSA", "-L", "1024"], ["22", "1"]),
                           (["-t", "RSA", "-l", "1024", "-s", "cv25519"], ["1", "18"])):
            done = self.run_keygen("-f", "-d", self.dir, *args)
            self.assertEqual((done.returncode, done.stderr), (0, b""))
            with Gpg(self.top) as gpg:
                keys = [f[3] for f in gpg.colons(self.path(PUBKEY)) if f[0] in ("pub", "sub")]
            self.assertEqual(keys, want)

    def test_length_that_gnupg_changes(self):
        """CLI-KEY-3: the sub-length is not checked; that GnuPG takes another is said."""
        done = self.run_keygen("-d", self.dir, "-l", "1024", "-L", "512")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stderr, b"warning: .*subkey of 3072 bits.*512")

    def test_openpgp_failure_leaves_nothing(self):
        """CLI-KEY-2, CLI-KEY-7, D27: GnuPG's exit code and words, no files, and a next run works."""
        for args, why in ((["-x", "garbage"], b"invalid expire date"),
                          (["-t", "BOGUS"], b"invalid algorithm")):
            done = self.run_keygen("-d", self.dir, *SMALL, *args)
            self.assertEqual(done.returncode, 2)
            self.assertIn(why, done.stderr)
            self.assertEqual(self.files(), [])
        self.make_keys()

    @unittest.skipUnless(HAVE_REFERENCE, "the reference is not installed")
    def test_openpgp_failure_as_the_reference(self):
        """CLI-KEY-2"""
        for args in (["-x", "garbage"], ["-t", "BOGUS"]):
            args = ["-f", "-d", self.dir, *SMALL, *args]
            self.assertEqual(run_reference(*args).returncode,
                             self.run_keygen(*args).returncode)

    def test_every_existing_file_refuses(self):
        """CLI-KEY-3"""
        for name in KEY_FILES:
            write(self.path(name), "old")
            done = self.run_keygen("-d", self.dir, *SMALL)
            self.assertEqual(done.returncode, 1)
            self.assertIn(name.encode(), done.stderr)
            self.assertEqual(self.files(), [name])
            os.unlink(self.path(name))

    def test_force_keeps_numbered_backups(self):
        """CLI-KEY-8: of every file, of the same mode, and no other copy of the old secret."""
        generations = []
        for _ in range(3):
            self.make_keys("-f")
            os.chmod(self.path(SECKEY), 0o400)
            generations.append({name: read(self.path(name)) for name in KEY_FILES})
        self.assertEqual(self.files(), sorted(name + end for name in KEY_FILES
                                              for end in ("", ".~1~", ".~2~")))
        for name in KEY_FILES:
            self.assertEqual(read(self.path(name + ".~1~")), generations[0][name])
            self.assertEqual(read(self.path(name + ".~2~")), generations[1][name])
            self.assertEqual(read(self.path(name)), generations[2][name])
            self.assertEqual(os.stat(self.path(name + ".~1~")).st_nlink, 1)
        self.assertEqual(stat.S_IMODE(os.stat(self.path(SECKEY + ".~1~")).st_mode), 0o400)

    def test_keep(self):
        """Beyond CLI-KEY-3 and CLI-KEY-8: pairs that are there stay, and are not backed up."""
        self.make_keys("--keep")
        self.assertEqual(self.files(), KEY_FILES)
        for missing, kept in (((TLS_PRIVKEY, TLS_PUBKEY), (PUBKEY, SECKEY)),
                              ((PUBKEY, SECKEY), (TLS_PRIVKEY, TLS_PUBKEY)), ((), KEY_FILES)):
            before = {name: (read(self.path(name)), os.stat(self.path(name))) for name in KEY_FILES}
            for name in missing:
                os.unlink(self.path(name))
            self.make_keys("--keep")
            self.assertEqual(self.files(), KEY_FILES)
            for name in kept:
                self.assertEqual(read(self.path(name)), before[name][0])
                self.assertEqual(os.stat(self.path(name)).st_ino, before[name][1].st_ino)
            for name in missing:
                self.assertNotEqual(read(self.path(name)), before[name][0])
                self.assertEqual(stat.S_IMODE(os.stat(self.path(name)).st_mode), 0o600)

    def test_keep_and_half_a_pair(self):
        """Nobody can tell which half is right."""
        for name in KEY_FILES:
            write(self.path(name), "old")
            done = self.run_keygen("-d", self.dir, "--keep", *SMALL)
            self.assertEqual((done.returncode, self.files()), (1, [name]))
            self.assertIn(name.encode(), done.stderr)
            os.unlink(self.path(name))

    def test_keep_but_the_tls_key_cannot_be_made(self):
        """CLI-KEY-6 forgives this only where there are OpenPGP keys to make."""
        self.make_keys("-T", "bogus")
        done = self.run_keygen("-d", self.dir, "--keep", "-T", "bogus")
        self.assertEqual((done.returncode, self.files()), (1, [PUBKEY, SECKEY]))
        self.assertIn(b"bogus", done.stderr)

    def test_keep_with_other_modes(self):
        for args in (["--keep", "-f"], ["--keep", "-p"], ["--keep", "--test"]):
            done = self.run_keygen("-d", self.dir, *args)
            self.assertEqual((done.returncode, self.files()), (1, []))
            self.assertIn(b"--keep", done.stderr)

    def test_as_an_ordinary_user(self):
        """CLI-KEY-4: the files are the caller's."""
        os.chmod(self.top, 0o755)
        os.chmod(self.tmp, 0o1777)
        os.chmod(self.dir, 0o1777)
        self.make_keys(user="nobody")
        self.assertEqual({os.stat(self.path(n)).st_uid for n in KEY_FILES},
                         {os.stat(self.path(SECKEY)).st_uid})
        self.assertNotEqual(os.stat(self.path(SECKEY)).st_uid, 0)

    def test_no_temporary_directory(self):
        """CLI-KEY-10: TMPDIR that does not exist is an error that names it."""
        done = self.run_keygen("-d", self.dir, *SMALL, env=self.env(TMPDIR="/nonexistent"))
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(b"/nonexistent", done.stderr)
        self.assertEqual(self.files(), [])

    def test_dates_on_a_terminal(self):
        """CLI-KEY-9"""
        with Terminal([PROGRAM, "-d", self.dir, *SMALL], self.env()) as t:
            self.assertEqual(t.report(), "exit 0")
            self.assertRegex(t.written(t.out).decode(),
                             r"(?s)\A.*patient.*\nStarted: \w.*\nFinished: \w.*\n\Z")
            self.assertEqual(t.written(t.err), b"")


class TemporaryFiles(Case):
    """CLI-KEY-10. That nothing is left is asserted at the end of every test of this program."""

    def start(self):
        """A key that takes long, waited for until GnuPG is at work."""
        process = subprocess.Popen([PROGRAM, "-d", self.dir, "-l", "8192"], env=self.env(),
                                   start_new_session=True, stderr=subprocess.PIPE,
                                   stdin=subprocess.DEVNULL)
        self.addCleanup(process.stderr.close)
        self.wait_for_agent()
        return process

    def wait_for_agent(self):
        wait_for(lambda: any("S.gpg-agent" in files for _, _, files in os.walk(self.tmp)),
                 "the agent's socket")

    def test_signals(self):
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
            process = self.start()
            process.send_signal(number)
            self.assertEqual(process.wait(30), -number)
            self.assertEqual(process.stderr.read(), b"")
            self.assertEqual(self.files(), [])
            self.assert_nothing_left()

    def test_interrupt_key(self):
        """The whole foreground job gets the signal, GnuPG too."""
        with Terminal([PROGRAM, "-d", self.dir, "-l", "8192"], self.env()) as t:
            self.wait_for_agent()
            t.type(b"\x03")
            self.assertEqual(t.report(), f"signal {int(signal.SIGINT)}")
        self.assertEqual(self.files(), [])

    def test_gnupg_dies(self):
        """CLI-KEY-2: an error like any other."""
        process = self.start()
        children = f"/proc/{process.pid}/task/{process.pid}/children"
        for pid in read(children).split():
            os.kill(int(pid), signal.SIGKILL)
        self.assertEqual(process.wait(30), 2)
        self.assertIn(b"cannot make the OpenPGP key", process.stderr.read())
        self.assertEqual(self.files(), [])

    def test_secret_keys_are_overwritten(self):
        """D27: GnuPG's own key files too. The test holds one open and looks at what became of it."""
        process = subprocess.Popen([PROGRAM, "-d", self.dir, "-l", "1024", "-L", "3072"],
                                   env=self.env(), start_new_session=True,
                                   stdin=subprocess.DEVNULL)

        def open_key_file():
            for top, _, files in os.walk(self.tmp):
                for name in files:
                    if name.endswith(".key"):
                        return open(os.path.join(top, name), "rb")
            return None

        with wait_for(open_key_file, "GnuPG's secret key file") as f:
            self.assertEqual(process.wait(60), 0)
            data = f.read()
            self.assertEqual(os.fstat(f.fileno()).st_nlink, 0)
        self.assertGreater(len(data), 100)
        self.assertEqual(data.strip(b"\0"), b"")


if __name__ == "__main__":
    unittest.main()
