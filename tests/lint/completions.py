# SPDX-License-Identifier: GPL-3.0-or-later
"""The completions of three shells are what mandos-ctl's table of options makes of them, and parse.

A shell that is not installed cannot judge its file; that its text is up to date is checked anyway.
"""

import shutil
import subprocess

import house

SHELLS = ("bash", "zsh", "fish")


def problems_of(shell, maker, path):
    made = subprocess.run([str(maker), shell], capture_output=True, text=True, check=True).stdout
    name = house.name_of(path)
    if not path.is_file() or house.text_of(path) != made:
        return [f"{name} is old: make-completions {shell} > {name}"]
    if not shutil.which(shell):
        return []
    run = subprocess.run([shell, "-n", str(path)], capture_output=True, text=True, check=False)
    return [f"{name}: {run.stderr}"] if run.returncode or run.stderr else []


if __name__ == "__main__":
    folder = house.ROOT / "integration" / "completions"
    program = house.build_dir() / "src" / "ctl" / "make-completions"
    found = []
    for each in SHELLS:
        found += problems_of(each, program, folder / f"mandos-ctl.{each}")
    house.finish(len(SHELLS), found)
