#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line of mandos(8) against Debian's program: SRV-CLI-1 to -8, SRV-CONF-3.

Only command lines that end before a socket is opened. Usage: test-cli.py MANDOS
"""

import os
import subprocess
import sys
import tempfile
import unittest

OURS = sys.argv.pop(1)
REFERENCE = "/usr/sbin/mandos"

USAGE_ERRORS = [
    "foo", "-x", "-", "--", "-- foo", "--bogus=1", "--po 1 bar", "--port=x", "-p=x", "-p",
    "-p 0x5", "--port=", "--no", "--s 3", "--deb", "--debug=1", "--vers=1", "-v=3", "-hx",
    "--priority", "--interface", "-i", "-i -x", "-i -a", "--config", "--socket=x",
    "--no-zeroconf", "--no-z -p 0", "--no-zeroconf --port=0 --no-dbus", "--no-d foo --bar",
    "--debuglevel -v",
]

EXITS = [
    "--version", "-v", "--vers", "--version foo", "--foo --version", "-ifoo -v", "-i=lo -v",
    "-p +5 -v", "-p -5 -v", "--so 3 -v", "--no-z --no-d --no-i --no-r --fore -v", "--help", "-h",
    "--h", "-hv",
]

# Text of mandos.conf; where ours names the line, the reference may show a stack trace.
BAD_FILES = [
    "[DEFAULT]\nuse_ipv6 = maybe\n", "[DEFAULT]\ndebug =\n", "[DEFAULT]\nport = x\n",
    "[DEFAULT]\nsocket = 1.5\n", "[DEFAULT]\nrestore = %(none)s\n", "[DEFAULT]\nzeroconf = %\n",
    "port = 1\n", "[DEFAULT]\nword\n", "[DEFAULT]\nport = 1\nport = 2\n", "[a]\n[a]\n",
]


def run(program, words):
    result = subprocess.run([program] + words, stdin=subprocess.DEVNULL, capture_output=True,
                            text=True, timeout=60)
    return result.returncode, result.stdout, result.stderr


@unittest.skipUnless(os.access(REFERENCE, os.X_OK), "Debian's mandos is not installed")
class CommandLine(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)

    def both(self, words):
        words = words + ["--configdir", self.directory.name]
        return run(REFERENCE, words), run(OURS, words)

    def test_usage_errors_read_the_same(self):
        for line in USAGE_ERRORS:
            with self.subTest(line):
                # An option that misses its value must stay the last word.
                words = line.split()
                reference, ours = run(REFERENCE, words), run(OURS, words)
                self.assertEqual(ours[0], 2)
                self.assertEqual(reference[0], 2)
                self.assertEqual(ours[1], "")
                theirs = reference[2].splitlines()[-1]
                # Ours has options that theirs has not; both name all of their own.
                if "ambiguous" in theirs:
                    self.assertIn("ambiguous", ours[2].splitlines()[-1])
                else:
                    self.assertEqual(ours[2].splitlines()[-1], theirs)
                self.assertTrue(ours[2].startswith("usage: mandos [-h] [-v] [-i IF] "))

    def test_exits_have_the_same_status_and_stream(self):
        for line in EXITS:
            with self.subTest(line):
                reference, ours = self.both(line.split())
                self.assertEqual(ours[0], reference[0])
                self.assertEqual(ours[0], 0)
                self.assertEqual(ours[2], "")
                self.assertEqual(ours[1].split()[0], reference[1].split()[0])

    def test_bad_files_end_both(self):
        for text in BAD_FILES:
            with self.subTest(text):
                path = os.path.join(self.directory.name, "mandos.conf")
                with open(path, "w") as f:
                    f.write(text)
                # "--debug" overrides the file, which is judged all the same.
                reference, ours = self.both(["--debug", "-p", "1", "--no-zeroconf", "--no-dbus"])
                self.assertEqual(reference[0], 1)
                self.assertEqual(ours[0], 1)
                self.assertRegex(ours[2], r"\Amandos: %s:\d+: .+\n\Z" % path)


unittest.main()
