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
