# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lint rules share: which files there are, and how a rule ends."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def build_dir():
    """The build directory under test; meson sets the variable."""
    return Path(os.environ["MANDOS_BUILD"])


def is_ours(path):
    parts = path.relative_to(ROOT).parts
    return not any(
        part == "__pycache__" or part.startswith("build") and (ROOT / part).is_dir()
        or part.startswith(".") and part not in (".ci", ".clang-format", ".editorconfig", ".gitignore")
        for part in parts)


def files(*patterns):
    """All files of the tree that match one of the patterns, in order."""
    found = {path for pattern in patterns for path in ROOT.rglob(pattern)
             if is_ours(path) and path.is_file()}
    return sorted(found)


def name_of(path):
    return str(path.relative_to(ROOT))


def text_of(path):
    return path.read_text(encoding="utf-8")


def scripts():
    """Shell scripts, told by their first line."""
    found = []
    for path in files("*"):
        with path.open("rb") as f:
            first = f.readline(64)
        if first.startswith(b"#!") and first.rstrip().endswith((b"/sh", b"/bash", b" bash", b" sh")):
            found.append(path)
    return found


def finish(n_looked_at, problems):
    """Prints the problems and ends; a rule that looked at nothing has failed too."""
    for problem in problems:
        print(problem)
    print(f"{n_looked_at} looked at, {len(problems)} problems")
    sys.exit(1 if problems or not n_looked_at else 0)
