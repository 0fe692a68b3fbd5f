# SPDX-License-Identifier: GPL-3.0-or-later
"""clang-format has nothing to change. Skipped (77) where it is missing or another version."""

import shutil
import subprocess
import sys

import house

# Its output differs from version to version; Debian 12 has this one.
VERSION = "version 14."

if __name__ == "__main__":
    if not shutil.which("clang-format"):
        print("clang-format is not installed")
        sys.exit(77)
    version = subprocess.run(["clang-format", "--version"], capture_output=True, text=True,
                             check=True).stdout
    if VERSION not in version:
        print(f"needs clang-format {VERSION}x, this is: {version}")
        sys.exit(77)
    sources = house.files("*.c", "*.h")
    run = subprocess.run(["clang-format", "--dry-run", "-Werror", *map(str, sources)],
                         capture_output=True, text=True, check=False)
    house.finish(len(sources), [run.stderr + "run clang-format -i"] if run.returncode else [])
