# SPDX-License-Identifier: GPL-3.0-or-later
"""Every header compiles alone, with the flags of this build."""

import itertools
import json
import shlex
import subprocess

import house


def flags(commands):
    """Warnings and language of the first compilation, include paths of all of them."""
    own, paths = [], []
    for index, entry in enumerate(commands):
        words = shlex.split(entry["command"])
        skip = False
        for position, word in enumerate(words):
            if skip:
                skip = False
            elif word in ("-o", "-MF", "-MQ", "-MT"):
                skip = True
            elif word == "-include":
                skip = True
                if index == 0:
                    own += [word, words[position + 1]]
            elif word.startswith(("-I", "-isystem")):
                if word not in paths:
                    paths.append(word)
            elif word.startswith("-") and not word.startswith("-M") and word != "-c" and index == 0:
                own.append(word)
    return own + paths


def complaint(compiler, options, cwd, include):
    """What the compiler says about a file that is nothing but @include; empty if it is fine."""
    run = subprocess.run(
        [*compiler, *options, "-Werror", "-Wno-unused-macros", "-fdiagnostics-color=never",
          "-fsyntax-only", "-x", "c", "-"],
        input=f'#include "{include}"\n', capture_output=True, text=True, cwd=cwd, check=False)
    return run.stderr if run.returncode else ""


if __name__ == "__main__":
    build = house.build_dir()
    database = json.loads((build / "compile_commands.json").read_text())
    database = [entry for entry in database if "/src/" in "/" + entry["file"]]
    # A compiler cache stands in front of the compiler.
    cc = list(itertools.takewhile(lambda word: not word.startswith("-"),
                                  shlex.split(database[0]["command"])))
    options = flags(database)
    problems = []
    if not complaint(cc, options, build, "base/no-such-header.h"):
        problems.append("the check itself is broken: a header that does not exist compiled")
    headers = [p for p in house.files("*.h") if p.is_relative_to(house.ROOT / "src")]
    for path in headers:
        text = complaint(cc, options, build, path.relative_to(house.ROOT / "src"))
        if text:
            problems.append(f"{house.name_of(path)} does not compile alone:\n{text}")
    house.finish(len(headers), problems)
