# SPDX-License-Identifier: GPL-3.0-or-later
"""A pseudo-terminal whose other end the test holds, for programs that ask people."""

import fcntl
import os
import pty
import select
import termios

from mandos_test import DEADLINE, wait_for

LFLAG = 3


class Terminal:
    """@text is all that was shown so far."""

    def __init__(self, case):
        self.master, self.slave = pty.openpty()
        self.text = b""
        self.is_open = True
        case.addCleanup(self._close)

    def options(self):
        """For Case.start(): the program's controlling terminal, on standard input and error."""
        def make_controlling():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        return {"stdin": self.slave, "stderr": self.slave, "preexec_fn": make_controlling}

    def echoes(self):
        return bool(termios.tcgetattr(self.slave)[LFLAG] & termios.ECHO)

    def _read(self):
        while select.select([self.master], [], [], 0)[0]:
            self.text += os.read(self.master, 4096)

    def forget(self):
        """What has been shown so far."""
        self._read()
        self.text = b""

    def shows(self, text, times=1):
        """Waits until @text was shown that often."""
        def look():
            self._read()
            return self.text.count(text) >= times
        try:
            wait_for(look, f"{text!r} on the terminal", DEADLINE)
        except AssertionError as e:
            raise AssertionError(f"{e}; shown was {self.text!r}") from None

    def waits_silently(self):
        """Waits until the echo is off."""
        wait_for(lambda: not self.echoes(), "the echo to be off")

    def hang_up(self):
        """Nobody is at the terminal any more."""
        os.close(self.slave)
        os.close(self.master)
        self.is_open = False

    def _close(self):
        if self.is_open:
            self.hang_up()

    def type(self, text):
        os.write(self.master, text)
