# SPDX-License-Identifier: GPL-3.0-or-later
"""A real terminal for full-screen programs: tmux on a socket of its own, read as text."""

import shlex
import subprocess

from rig import DEADLINE, wait_for


class Terminal:
    """Runs one command; then shows "status N" and keeps the screen. Ended with its Rig's folder."""

    def __init__(self, folder, argv, columns=80, rows=24, **environment):
        self.socket = folder / "tmux"
        words = ["env", "-u", "TMUX", *(f"{k}={v}" for k, v in environment.items()),
                 *map(str, argv)]
        # The status is of the command; the terminal's own modes are printed behind it.
        script = f"{shlex.join(words)}; echo status $?; stty -a; exec cat"
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(rows),
                  "sh", "-c", script)

    def tmux(self, *words):
        return subprocess.run(["tmux", "-S", self.socket, *words], check=True, timeout=DEADLINE,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True).stdout

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.tmux("kill-server")

    def screen(self):
        """The rows, without blanks at their ends."""
        return [row.rstrip() for row in self.tmux("capture-pane", "-p").split("\n")[:-1]]

    def type(self, *keys):
        """Keys by their names for tmux: single characters, Tab, Enter, Escape, PPage, C-v, F1."""
        self.tmux("send-keys", *keys)

    def resize(self, columns, rows):
        self.tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def pid(self):
        """Of the command; the shell is its parent."""
        shell = self.tmux("display-message", "-p", "#{pane_pid}").strip()
        return int(subprocess.run(["pgrep", "-P", shell], check=True, text=True,
                                  stdout=subprocess.PIPE).stdout)

    def wait(self, what, condition):
        """Until condition(rows) is true; returns the rows."""
        def look():
            rows = self.screen()
            return rows if condition(rows) else None

        try:
            return wait_for(what, look, pause=0.05)
        except AssertionError as e:
            raise AssertionError(f"{e}\n" + "\n".join(self.screen())) from e

    def wait_text(self, text):
        return self.wait(text, lambda rows: any(text in row for row in rows))

    def wait_status(self):
        """The command's exit status, once the terminal is in its usual modes again."""
        rows = self.wait("the end", lambda rows: any(r.startswith("status ") for r in rows)
                         and any("echo" in r for r in rows))
        text = " ".join(rows)
        assert " icanon" in text and " -icanon" not in text, text
        assert " -echo " not in text and " isig" in text, text
        return int(next(r for r in rows if r.startswith("status ")).split()[1])
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

    def shows(self, text, times=1):
        """Waits until @text was shown that often."""
        def look():
            while select.select([self.master], [], [], 0)[0]:
                self.text += os.read(self.master, 4096)
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
