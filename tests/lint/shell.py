# SPDX-License-Identifier: GPL-3.0-or-later
"""shellcheck has nothing to say. Skipped (77) where it is missing."""

import shutil
import subprocess
import sys

import house

if __name__ == "__main__":
    if not shutil.which("shellcheck"):
        print("shellcheck is not installed")
        sys.exit(77)
    problems = []
    scripts = house.scripts()
    for path in scripts:
        run = subprocess.run(["shellcheck", str(path)], capture_output=True, text=True, check=False)
        if run.returncode:
            problems.append(run.stdout)
        if not path.stat().st_mode & 0o100:
            problems.append(f"{house.name_of(path)}: not executable")
    house.finish(len(scripts), problems)
