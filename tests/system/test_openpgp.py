# SPDX-License-Identifier: GPL-3.0-or-later
"""The reader of OpenPGP against gpg: what gpg makes is read, and what is read is what gpg reads."""

import base64
import random
import re
import subprocess
import sys
import tempfile
import unittest
import zlib
from itertools import cycle, product
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from mandos_test import Case, build_dir, run  # noqa: E402

PROGRAM = str(build_dir() / "tests/lib/test-openpgp")
DEBIAN_KEYGEN = "/usr/sbin/mandos-keygen"
CHANGES = 1500  # of each message
SEED = 20260101

ring = None


class Ring:
    """A gpg home, with keys of every kind that are exported to files "NAME.sec"."""

    KINDS = {"rsa": ("rsa2048", "sign,auth", "rsa2048"), "curve": ("ed25519", "sign,auth", "cv25519"),
             "long": ("rsa3072", "sign,auth", "rsa4096"), "one": ("rsa2048", "sign,encr", None),
             "stranger": ("rsa2048", "sign", "rsa2048"), "elgamal": ("dsa1024", "sign", "elg1024"),
             "nist": ("nistp256", "sign", "nistp256")}

    def __init__(self):
        self.directory = Path(tempfile.mkdtemp(prefix="mandos-test-openpgp-"))
        self.home = self.directory / "gnupg"
        self.home.mkdir(mode=0o700)
        for name, (primary, usage, subkey) in self.KINDS.items():
            self.gpg("--quick-gen-key", name, primary, usage, "never")
            if subkey:
                self.gpg("--quick-add-key", self.fingerprint(name), subkey, "encr", "never")
            self.secret(name).write_bytes(self.gpg("--armor", "--export-secret-keys", name))

    def gpg(self, *argv, **options):
        return run("gpg", "--homedir", self.home, "--batch", "--quiet", "--yes", "--no-options",
                   "--trust-model=always", "--pinentry-mode=loopback", "--passphrase=", *argv, **options)

    def fingerprint(self, name):
        lines = self.gpg("--with-colons", "--list-keys", name).decode().splitlines()
        return next(line.split(":")[9] for line in lines if line.startswith("fpr:"))

    def secret(self, name):
        return self.directory / f"{name}.sec"

    def gpg_reads(self, message):
        """What gpg gives out, whatever it thinks of signatures; None if it takes it for no message."""
        done = subprocess.run(
            ["gpg", "--homedir", self.home, "--batch", "--quiet", "--skip-verify", "--status-fd=2",
             "--output", "-", "--decrypt", message],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        is_good = b"DECRYPTION_OKAY" in done.stderr and b"ERROR proc_pkt.plaintext" not in done.stderr
        return done.stdout if is_good else None

    def remove(self):
        run("gpgconf", "--homedir", self.home, "--kill", "gpg-agent")
        run("rm", "-rf", self.directory)  # the agent removes its sockets meanwhile


def setUpModule():
    global ring
    ring = Ring()


def tearDownModule():
    ring.remove()


class ReaderCase(Case):
    def ours(self, key, message):
        """Our plaintext, or the words of a refusal; a crash is neither."""
        done = subprocess.run([PROGRAM, "open", key, message], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=False)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        if done.returncode:
            self.assertEqual(done.stdout, b"")
        return done.stderr.decode() if done.returncode else done.stdout

    def make(self, plaintext, *options, name="message"):
        """A message by gpg."""
        (self.tmp / "plain").write_bytes(plaintext)
        message = self.tmp / name
        ring.gpg("--output", message, *options, self.tmp / "plain")
        return message

    def assert_reads(self, key, message, plaintext):
        self.assertEqual(self.ours(ring.secret(key), message), plaintext)
        self.assertEqual(ring.gpg_reads(message), plaintext)


class WhatGpgMakes(ReaderCase):
    RECIPIENTS = {
        "one": lambda key: ("-r", key),
        "second": lambda key: ("-r", "stranger", "-r", key),
        "first": lambda key: ("-r", key, "-r", "elgamal", "-r", "nist"),
        "hidden": lambda key: ("-R", key),
        "among hidden": lambda key: ("-R", "stranger", "-R", key, "-R", "elgamal"),
        "or passphrase": lambda key: ("-r", key, "-c", "--passphrase=x"),
    }

    def test_matrix(self):
        """CLI-PGP-1, CLI-PGP-6: keys, ciphers, compression; and with each of these something of all else."""
        rng = random.Random(SEED)
        plaintexts = cycle([b"hello", b"", b"\0", rng.randbytes(8191), rng.randbytes(20000),
                            bytes(60000), rng.randbytes(8192), "Grüße\r\n".encode() * 2000, b"\n"])
        recipients = cycle(self.RECIPIENTS.items())
        signing = cycle([(), ("--sign", "-u", "rsa"), ("--sign", "-u", "curve"),
                         ("--sign", "-u", "rsa", "-u", "curve", "-u", "one")])
        forms = cycle([(), ("--armor",), ("--rfc4880",), ("--throw-keyids",), ("--openpgp",)])
        for key, cipher, compression in product(
                ("rsa", "curve", "long", "one"), ("AES", "AES192", "AES256", "3DES"),
                ("none", "zip", "zlib")):
            name, to = next(recipients)
            options = (*next(forms), *next(signing), *to(key), "--encrypt",
                       f"--cipher-algo={cipher}", f"--compress-algo={compression}")
            plaintext = next(plaintexts)
            with self.subTest(key=key, recipients=name, options=options, size=len(plaintext)):
                self.assert_reads(key, self.make(plaintext, *options), plaintext)

    def test_by_default(self):
        """CLI-PGP-1: without any option, from a pipe, whose size gpg does not know."""
        for key in ("rsa", "curve", "long", "one"):
            for size in (0, 5, 511, 512, 8192, 30000):
                plaintext = random.Random(size).randbytes(size)
                message = self.tmp / "piped"
                message.write_bytes(ring.gpg("-r", key, "--sign", "--encrypt", stdin=None,
                                             input=plaintext))
                with self.subTest(key=key, size=size):
                    self.assert_reads(key, message, plaintext)

    def test_text_mode(self):
        """A line's end is then what gpg makes of it."""
        for text in (b"a\nb\n", b"a\r\nb", b"\r\r\n", b"no end", b"trailing \t \n"):
            message = self.make(text, "--textmode", "-r", "rsa", "--sign", "-u", "rsa", "--encrypt")
            with self.subTest(text):
                self.assert_reads("rsa", message, ring.gpg_reads(message))

    def test_refused_by_name(self):
        """What gpg makes only if it is told to, and what it made long ago."""
        for options, words in (
                (("--compress-algo=bzip2",), "bzip2"),
                (("--rfc2440",), "not protected against changes"),
                (("--cipher-algo=CAST5",), "algorithm"), (("--cipher-algo=BLOWFISH",), "algorithm"),
                (("--cipher-algo=TWOFISH",), "algorithm"), (("--cipher-algo=CAMELLIA256",), "algorithm")):
            message = self.make(b"hello" * 100, *options, "-r", "rsa", "--encrypt")
            with self.subTest(options):
                self.assertIn(words, self.ours(ring.secret("rsa"), message))
        message = self.make(b"hello", "-r", "stranger", "--encrypt")
        self.assertIn("not encrypted for this key", self.ours(ring.secret("rsa"), message))
        self.assertIn("not encrypted for this key",
                      self.ours(ring.secret("rsa"), self.make(b"hello", "-c", "--passphrase=x")))
        message = self.make(b"hello", "--sign", "-u", "rsa")
        self.assertIn("not supported", self.ours(ring.secret("rsa"), message))

    def test_keys(self):
        """CLI-PGP-2: every form in which gpg exports a key; and those that are of no use."""
        message = self.make(b"hello", "-r", "rsa", "--encrypt")
        curve = self.make(b"hello", "-r", "curve", "--encrypt", name="curve")
        file = self.tmp / "key"
        for options in ((), ("--armor",), ("--export-options=export-minimal",),
                        ("--armor", "--comment=Mandos client key for x (y) <z>")):
            for command in ("--export-secret-keys", "--export-secret-subkeys"):
                file.write_bytes(ring.gpg(*options, command, "rsa"))
                self.assertEqual(self.ours(file, message), b"hello")
        file.write_bytes(ring.gpg("--export-secret-keys", "stranger", "curve", "elgamal", "rsa"))
        self.assertEqual(self.ours(file, message), b"hello")
        self.assertEqual(self.ours(file, curve), b"hello")
        for name in ("elgamal", "nist"):
            self.assertIn("mandos-keygen", self.ours(ring.secret(name), message))
        file.write_bytes(ring.gpg("--export", "rsa"))
        self.assertIn("no secret key", self.ours(file, message))

    def test_key_with_a_passphrase(self):
        """CLI-PGP-6: nobody could be asked for it."""
        home = self.tmp / "home"
        home.mkdir(mode=0o700)
        gpg = ("gpg", "--homedir", home, "--batch", "--quiet", "--pinentry-mode=loopback",
               "--passphrase=secret")
        message = self.make(b"hello", "-r", "rsa", "--encrypt")
        try:
            for kind in ("rsa2048", "future-default"):
                run(*gpg, "--quick-gen-key", kind, kind, "default", "never")
                (self.tmp / kind).write_bytes(run(*gpg, "--armor", "--export-secret-keys", kind))
                self.assertIn("passphrase", self.ours(self.tmp / kind, message))
        finally:
            run("gpgconf", "--homedir", home, "--kill", "gpg-agent")

    def test_what_keygen_makes(self):
        """CLI-PGP-1, CLI-PGP-2, CLI-KEY-5, CLI-KEY-14: keys and messages of mandos-keygen, Debian's too."""
        rsa = ("--length=2048", "--sublength=2048")
        for program, options in ((DEBIAN_KEYGEN, rsa), (build_dir() / "mandos-keygen", rsa),
                                 (build_dir() / "mandos-keygen", ("--type=ed25519",))):
            directory = Path(tempfile.mkdtemp(dir=self.tmp))
            run(program, "--dir", directory, *options, "--name=client")
            for password in (b"correct horse\0\xff\n", bytes(9000), b""):
                (self.tmp / "password").write_bytes(password)
                section = run(program, "--dir", directory, "--passfile", self.tmp / "password",
                              "--no-ssh").decode()
                message = self.tmp / "message"
                message.write_bytes(base64.b64decode(re.search(
                    r"^secret =\n((?: +\S+\n)+)", section, re.M).group(1)))
                with self.subTest(program=program, options=options, password=password[:20]):
                    self.assertEqual(self.ours(directory / "seckey.txt", message), password)


class Changed(ReaderCase):
    """Of a message that was changed comes the plaintext, where the change is none, or nothing."""

    def test_changed_messages(self):
        for number, (key, options) in enumerate((
                ("rsa", ()), ("curve", ()), ("curve", ("--sign", "-u", "curve")),
                ("rsa", ("--armor", "-r", "stranger")), ("curve", ("-R", "rsa", "-R", "curve")),
                ("curve", ("--compress-algo=none", "--cipher-algo=3DES")))):
            plaintext = random.Random(number).randbytes(20000 if number == 2 else 100)
            message = self.make(plaintext, "-r", key, *options, "--encrypt")
            with self.subTest(key=key, options=options):
                # Not by run(): the reason of a failure is what matters.
                done = subprocess.run(
                    [PROGRAM, "change", ring.secret(key), message, str(SEED + number), str(CHANGES)],
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertLess(int(done.stdout), CHANGES)
                for kept in self.tmp.glob("message.*"):
                    self.assertIn(ring.gpg_reads(kept), (plaintext, None), kept)
                    kept.unlink()


def packet(tag, body, form="new"):
    """A packet with a length of some form."""
    if form == "old":
        return bytes([0x80 | tag << 2 | 2]) + len(body).to_bytes(4, "big") + body
    if form == "to the end":
        return bytes([0x80 | tag << 2 | 3]) + body
    if form == "pieces" and len(body) > 512:
        return bytes([0xc0 | tag, 0xe0 | 9]) + body[:512] + bytes([0xff]) + \
            (len(body) - 512).to_bytes(4, "big") + body[512:]
    return bytes([0xc0 | tag, 0xff]) + len(body).to_bytes(4, "big") + body


def literal(data, mode=b"b", name=b"", form="new"):
    return packet(11, mode + bytes([len(name)]) + name + bytes(4) + data, form)


def compressed(content, algorithm=2, form="new"):
    if algorithm == 1:
        deflater = zlib.compressobj(wbits=-15)
        return packet(8, b"\1" + deflater.compress(content) + deflater.flush(), form)
    return packet(8, bytes([algorithm]) + (zlib.compress(content) if algorithm == 2 else content), form)


ONE_PASS = packet(4, bytes([3, 0, 10, 1]) + b"keykeyke" + b"\1")
SIGNATURE = packet(2, bytes.fromhex("040010080000") + bytes(2) + b"ab" + b"\0\x08\xff")
DATA = b"the secret\r\n" * 100

CONTENTS = {
    "literal": literal(DATA), "old": literal(DATA, form="old"), "to the end": literal(DATA, form="to the end"),
    "pieces": literal(DATA, form="pieces"), "name": literal(DATA, name=b"a" * 255),
    "console": literal(DATA, name=b"_CONSOLE"), "text": literal(DATA, b"t"), "utf-8": literal(DATA, b"u"),
    "local": literal(DATA, b"l"), "strange mode": literal(DATA, b"\0"), "mime": literal(DATA, b"m"),
    "empty": literal(b""), "zlib": compressed(literal(DATA)), "zip": compressed(literal(DATA), 1),
    "stored": compressed(literal(DATA), 0), "zlib to the end": compressed(literal(DATA), form="to the end"),
    "zip in pieces": compressed(literal(bytes(range(256)) * 4), 0, "pieces"),
    "twice": compressed(compressed(literal(DATA))), "marker": packet(10, b"PGP") + literal(DATA),
    "signed": ONE_PASS + literal(DATA) + SIGNATURE, "signed before": SIGNATURE + literal(DATA),
    "signed, compressed": compressed(ONE_PASS + literal(DATA) + SIGNATURE),
    "signed around": ONE_PASS + compressed(literal(DATA)) + SIGNATURE,
    "half signed": ONE_PASS + literal(DATA), "two": literal(DATA) + literal(b"another"),
    "compressed and literal": compressed(literal(DATA)) + literal(b"another"),
    "nothing": b"", "no literal": ONE_PASS, "rubbish behind": literal(DATA) + b"\0\0",
    "rubbish in front": b"\0" + literal(DATA), "experimental": packet(60, b"x") + literal(DATA),
    "user ID": packet(13, b"x") + literal(DATA), "encrypted": packet(18, b"\1" + bytes(50)),
    "cut": literal(DATA)[:-1], "cut zlib": packet(8, b"\2" + zlib.compress(literal(DATA))[:-6]),
    "behind zlib": packet(8, b"\2" + zlib.compress(literal(DATA)) + b"more"),
    "wrong check of zlib": packet(8, b"\2" + zlib.compress(literal(DATA))[:-1] + b"!"),
}


class Content(ReaderCase):
    """What an attacker with the public key can make: any content, rightly encrypted."""

    def setUp(self):
        super().setUp()
        message = self.make(b"x", "-r", "curve", "--compress-algo=none", "--encrypt").read_bytes()
        shown = subprocess.run(
            ["gpg", "--homedir", ring.home, "--batch", "--show-session-key", "--output", "-",
             "--decrypt", self.tmp / "message"], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
            check=True).stderr.decode()
        self.session_key = shown[shown.index("session key:"):].split("'")[1]
        self.assertEqual(message[0], 0x84)  # an old packet with one byte of length
        self.for_key = message[:2 + message[1]]

    def seal(self, content):
        (self.tmp / "content").write_bytes(content)
        message = self.tmp / "sealed"
        message.write_bytes(self.for_key + run(PROGRAM, "seal", self.session_key, self.tmp / "content"))
        return message

    def compare(self, content):
        """Ours, if it is a plaintext, which must be gpg's; and gpg's."""
        message = self.seal(content)
        ours, theirs = self.ours(ring.secret("curve"), message), ring.gpg_reads(message)
        if isinstance(ours, bytes):
            self.assertEqual(ours, theirs)
        return isinstance(ours, bytes), theirs is not None

    def test_contents(self):
        """What gpg reads and we do not: only what it never makes."""
        refused = set()
        for name, content in CONTENTS.items():
            with self.subTest(name):
                ours, theirs = self.compare(content)
                if theirs and not ours:
                    refused.add(name)
        self.assertLessEqual(refused, {
            "twice", "signed around", "marker", "encrypted", "rubbish behind", "behind zlib", "experimental", "user ID",
            "cut zlib", "wrong check of zlib", "compressed and literal", "two", "no literal", "nothing",
            "cut", "rubbish in front"})

    def test_changed_contents(self):
        rng = random.Random(SEED)
        base = list(CONTENTS.values())
        n_read = 0
        for number in range(250):
            content = bytearray(base[number % len(base)])
            for _ in range(rng.randrange(1, 4)):
                if content:
                    at = rng.randrange(min(len(content), 40 if rng.random() < 0.7 else len(content)))
                    content[at] = rng.choice((content[at] ^ 1 << rng.randrange(8), rng.randrange(256)))
            with self.subTest(number):
                n_read += self.compare(bytes(content))[0]
        self.assertGreater(n_read, 10)  # or it shows nothing


if __name__ == "__main__":
    unittest.main(verbosity=2)
