#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""src/wire/ against Python's own library, on thousands of random texts.

The reference reads its configuration with that library, so whatever both agree on is compatible
with it. Usage: test-text.py TEXT-DUMP [SEED]. The seed is fixed, so that a failure comes again.
"""

import base64
import binascii
import configparser
import datetime
import io
import random
import shlex
import struct
import subprocess
import sys
import unittest

TOOL = sys.argv.pop(1)
SEED = int(sys.argv.pop(1)) if len(sys.argv) > 1 and sys.argv[1].isdigit() else 1


class Tool:
    """One text-dump process; ask() may be called any number of times."""

    def __init__(self):
        self.process = subprocess.Popen([TOOL], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, kind, text):
        self.process.stdin.write(kind + struct.pack("=I", len(text)) + text)
        self.process.stdin.flush()
        size, = struct.unpack("=I", self.process.stdout.read(4))
        answer = self.process.stdout.read(size)
        fields = []
        while answer:
            size, = struct.unpack("=I", answer[:4])
            fields.append(answer[4:4 + size])
            answer = answer[4 + size:]
        return fields

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        return self.process.wait(30)


class OracleTest(unittest.TestCase):
    def setUp(self):
        self.random = random.Random(SEED)
        self.tool = Tool()

    def tearDown(self):
        self.assertEqual(self.tool.close(), 0)

    def text_of(self, pieces, n_max):
        return "".join(self.random.choice(pieces) for _ in range(self.random.randint(0, n_max)))


BUILT_IN = {"built": "in %(a)s", "b": "default"}

INI_PIECES = [
    "\n", "\n", "\n", "\n", "\r\n", "\r", "\n\n", "\n ", "\n  ", "\n\t", "\n    ", " ", "\t",
    "\x0b", "\x1c", "\xa0", "\u3000", "\u2028", "\x85", "\u200b", "[", "]", "[a]\n", "\n[b]\n",
    "[DEFAULT]\n", "[default]\n", "[ a ]", "=", ":", " = ", " : ", "#", ";", "a", "b", "A", "B",
    "c = 1", "\na = ", "\nb: ", "\nc=", "key", "value", "%", "%%", "%(a)s", "%(b)s", "%(C)s",
    "%(built)s", "%(nowhere)s", "%(", ")s", ")", "s", "é", "€", "\U0001f511", "\"", "'",
]


class IniTest(OracleTest):
    """SRV-INI-1 to -13."""

    def read_by_python(self, data):
        """The sections as the tool tells them, or None for a syntax error."""
        parser = configparser.ConfigParser(defaults=BUILT_IN)
        raw = configparser.RawConfigParser()
        try:
            for p in (parser, raw):
                p.read_file(io.TextIOWrapper(io.BytesIO(data), "utf-8"))
        except configparser.Error:
            return None
        sections = []
        for name in ["DEFAULT"] + raw.sections():
            own = raw.defaults() if name == "DEFAULT" else raw._sections[name]
            keys = []
            for key, value in own.items():
                try:
                    expanded = parser.get(name, key)
                except configparser.InterpolationError:
                    expanded = "!"
                keys.append((key, value, expanded))
            sections.append((name, keys))
        return sections

    def read_by_tool(self, data):
        fields = [f.decode() for f in self.tool.ask(b"i", data)]
        if fields[:1] != ["section"]:
            return None
        sections = []
        while fields:
            if fields[0] == "section":  # no key has this name
                sections.append((fields[1], []))
                fields = fields[2:]
            else:
                sections[-1][1].append(tuple(fields[:3]))
                fields = fields[3:]
        return sections

    def check(self, text):
        data = text.encode()
        expected = self.read_by_python(data)
        got = self.read_by_tool(data)
        self.assertEqual(got, expected, "for %r" % data)
        return expected

    def test_random_files(self):
        n_good = 0
        for _ in range(6000):
            n_good += bool(self.check("[x]\n" * self.random.randint(0, 1)
                                      + self.text_of(INI_PIECES, 24)))
        # A generator whose texts are all bad would compare nothing.
        self.assertGreater(n_good, 600)

    def test_random_lines(self):
        """Mostly well-formed files, so that long ones get through."""
        n_good = 0
        for _ in range(1500):
            lines = ["[s]"]
            for i in range(self.random.randint(0, 20)):
                indent = self.random.choice(["", "", " ", "  ", "\t", "\xa0"])
                value = self.text_of(["x", " ", "%%", "%(k1)s", "%(k2)s", "%(K3)s", "=", "é"], 5)
                lines.append(indent + self.random.choice([
                    "k%d = %s" % (i, value), "k%d: %s" % (i, value), "k%d=" % i,
                    "[s%d]" % i, "[DEFAULT]", "# " + value, "", "   ", value or "x=1"]))
            end = self.random.choice(["\n", "\r\n", "\r"])
            n_good += self.check(end.join(lines) + end * self.random.randint(0, 2)) is not None
        self.assertGreater(n_good, 400)

    def test_depth(self):
        """SRV-INI-13: the bound of the reference, counted in the same way."""
        for n in range(1, 15):
            for last in ("end", "e%%nd", "%(s1)s"):
                lines = ["[s]"] + ["s%d = %%(s%d)s" % (i, i + 1) for i in range(1, n)]
                self.check("\n".join(lines + ["s%d = %s" % (n, last)]))


class Base64Test(OracleTest):
    """SRV-CLNT-8."""

    def test_random_texts(self):
        n_good = 0
        for _ in range(6000):
            text = self.text_of(["=", "=", "A", "b", "+", "/", "9", "aGk=", "aGVs", "\n", " ", "!",
                                 "-", "_", "\xff", "\0"], 14).encode("latin-1")
            try:
                expected = [binascii.a2b_base64(text)]
            except binascii.Error:
                expected = []
            self.assertEqual(self.tool.ask(b"b", text), expected, "for %r" % text)
            n_good += bool(expected)
        self.assertGreater(n_good, 300)

    def test_whole_messages(self):
        for size in list(range(100)) + [1000, 65535]:
            data = self.random.randbytes(size)
            self.assertEqual(self.tool.ask(b"b", base64.encodebytes(data)), [data])


class ExpandTest(OracleTest):
    """SRV-CHK-2, SRV-CHK-4, SRV-CHK-5."""

    def test_random_templates(self):
        n_good = 0
        for _ in range(3000):
            host = self.text_of(["a", "Z", "0", "'", "\"", " ", "\n", "$", "%", "@", "é", "\x7f",
                                 "-", "_", "=", ":", ",", ".", "/", "+", "~", "\\"], 5).encode()
            template = self.text_of(["x", " ", "%%", "%(host)s", "'", "%", "%(", "s", "\n"],
                                    6).encode()
            answer = self.tool.ask(b"e", host + b"\0" + template)
            if not answer:
                continue
            quoted = shlex.quote(host.decode()).encode()
            self.assertEqual(answer[0], template % {b"host": quoted})
            n_good += 1
        self.assertGreater(n_good, 300)

    def test_times_and_durations(self):
        epoch = datetime.datetime(1970, 1, 1)
        values = [0, 1, 999999, 10**6, 86400 * 10**6, 253402300799999999]
        values += [self.random.randrange(10**self.random.randint(1, 17)) for _ in range(1000)]
        values += [v // 10**6 * 10**6 for v in values]
        for usec in values:
            duration = datetime.timedelta(microseconds=usec)
            self.assertEqual(self.tool.ask(b"t", b"%d" % usec),
                             [str(epoch + duration).encode(), str(duration).encode()])


class ScalarTest(OracleTest):
    """SRV-INI-14, SRV-INI-15."""

    def test_random_texts(self):
        for _ in range(3000):
            text = self.text_of(["0", "1", "7", " ", "-", "+", "\n", "\xa0", "x", "yes", "NO",
                                 "tRue", "off", "On", "false"], 3)
            try:
                number = str(int(text))
            except ValueError:
                number = "!"
            truth = configparser.RawConfigParser.BOOLEAN_STATES.get(text.lower())
            truth = "!" if truth is None else "%d" % truth
            self.assertEqual(self.tool.ask(b"s", text.encode()),
                             [number.encode(), truth.encode()], "for %r" % text)


if __name__ == "__main__":
    unittest.main()
