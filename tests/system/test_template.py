# SPDX-License-Identifier: GPL-3.0-or-later
"""CLI-RUN-40: the template of docs/plugin-contract.md, alone and under plugin-runner."""

import os
import re
import shutil
import signal
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from mandos_test import Case, memory_holds, program, wait_for  # noqa: E402

USAGE, UNAVAILABLE, TEMPFAIL = 64, 69, 75
SECRET = b"a secret of the template"


class Template(Case):
    def setUp(self):
        super().setUp()
        self.file = self.tmp / "password"

    def template(self, *words, **options):
        return self.start(program("template"), *words, **options)

    def test_file__given(self):
        self.file.write_bytes(b"pass\nword\0")
        process = self.template("--debug", f"--file={self.file}")
        self.assertEqual(process.wait(), 0)
        self.assertEqual(process.stdout, b"pass\nword\0")

    def test_failures__never_status_0(self):
        self.assertEqual(self.template().wait(), USAGE)
        self.assertEqual(self.template("--help").wait(), USAGE)
        self.assertEqual(self.template(f"--file={self.file}").wait(), TEMPFAIL)
        self.assertEqual(self.template(f"--file={self.tmp}/x/y").wait(), TEMPFAIL)
        self.file.symlink_to(self.file)
        self.assertEqual(self.template(f"--file={self.file}").wait(), UNAVAILABLE)

    def test_signal__ends_it_while_it_waits(self):
        os.mkfifo(self.file)
        writer = os.open(self.file, os.O_RDWR)
        self.addCleanup(os.close, writer)
        process = self.template("--debug", f"--file={self.file}")
        os.write(writer, SECRET)
        # It has taken what was written, and waits for the end.
        wait_for(lambda: memory_holds(process.pid, SECRET), "the secret to be read")
        process.signal(signal.SIGTERM)
        self.assertEqual(process.wait(), -signal.SIGTERM)
        self.assertEqual(process.stdout, b"")

    def test_signal__ends_it_while_nobody_writes(self):
        os.mkfifo(self.file)
        process = self.template(f"--file={self.file}")
        caught = re.compile(r"SigCgt:\s+(\w+)")
        status = Path(f"/proc/{process.pid}/status")
        wait_for(lambda: int(caught.search(status.read_text())[1], 16) & 1 << signal.SIGTERM - 1,
                 "the plugin to take the signals")
        process.signal(signal.SIGTERM)
        self.assertEqual(process.wait(), -signal.SIGTERM)

    def test_fifo_with_a_late_writer__given(self):
        os.mkfifo(self.file)
        process = self.template(f"--file={self.file}")
        self.file.write_bytes(b"pw")
        self.assertEqual(process.wait(), 0)
        self.assertEqual(process.stdout, b"pw")

    def test_runner__file_that_comes_later(self):
        plugins = self.tmp / "plugins.d"
        plugins.mkdir()
        shutil.copy(program("template"), plugins)
        for directory in (self.tmp, plugins):
            directory.chmod(0o755)
        process = self.start(program("plugin-runner"), "--config-file=/nonexistent", "--debug",
                             "--plugin-dir", plugins, "-o", f"template:--file={self.file}",
                             stdin=subprocess_pipe(self), start_new_session=True)
        process.expect("asks to be started again")
        self.file.write_bytes(b"pw")
        self.assertEqual(process.wait(), 0)
        self.assertEqual(process.stdout, b"pw")


def subprocess_pipe(case):
    """A standard input on which nobody types and that does not end."""
    read, write = os.pipe()
    case.addCleanup(os.close, read)
    case.addCleanup(os.close, write)
    return read


if __name__ == "__main__":
    unittest.main()
