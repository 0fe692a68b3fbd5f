# SPDX-License-Identifier: GPL-3.0-or-later
"""Licence lines, room READMEs, and nothing of one developer's machine."""

import re

import house

LICENCE = "SPDX-License-Identifier: GPL-3.0-or-later"
README_LINES_MAX = 15
LINE_BYTES_MAX = 200

# Pieced together so that this file does not contain what it looks for.
FOREIGN = re.compile(r"(?<![\w.])(?:/ho" + r"me/[a-z]\w*/|/Us" + r"ers/\w+|/wo" + r"rk/\w+|/tm"
                     + r"p/wt\b|/ro" + r"ot/\w+)")


def lacks_licence(text):
    """The first line, or the second behind a '#!' line."""
    lines = text.split("\n", 2)
    first = lines[1] if lines[0].startswith("#!") and len(lines) > 1 else lines[0]
    return LICENCE not in first


def lacks_pragma_once(text):
    return "#pragma once" not in text.split("\n")[:3]


def foreign_paths(text):
    return FOREIGN.findall(text)


def readme_problem(text):
    """None if it is a room's README as the style asks for: short, with a title."""
    lines = text.rstrip("\n").split("\n")
    if len(lines) > README_LINES_MAX:
        return f"{len(lines)} lines, {README_LINES_MAX} are the bound"
    if not lines[0].startswith("# ") or len(lines) < 4:
        return "no title, or nothing said"
    return None


if __name__ == "__main__":
    problems = []
    coded = set(house.files("*.c", "*.h", "*.py", "meson.build", "meson_options.txt", "*.[1-8]",
                            "*.8mandos", "*.5mandos")) | set(house.scripts())
    for path in sorted(coded):
        if lacks_licence(house.text_of(path)):
            problems.append(f"{house.name_of(path)}: no SPDX line at the top")
        if path.suffix == ".h" and lacks_pragma_once(house.text_of(path)):
            problems.append(f"{house.name_of(path)}: no '#pragma once' at the top")
    corpora = house.ROOT / "fuzz" / "corpus"
    texts = [p for p in house.files("*") if not p.is_relative_to(corpora)]
    for path in texts:
        try:
            text = house.text_of(path)
        except UnicodeDecodeError:
            continue
        for hit in foreign_paths(text):
            problems.append(f"{house.name_of(path)}: a path of somebody's machine: {hit}")
    rooms = {p.parent for p in coded if p.suffix in (".c", ".h", ".py")
             and p.parent.relative_to(house.ROOT).parts[0] in ("src", "tests", "fuzz", "bench")}
    for room in sorted(rooms):
        readme = room / "README.md"
        problem = readme_problem(house.text_of(readme)) if readme.is_file() else "missing"
        if problem:
            problems.append(f"{house.name_of(readme)}: {problem}")
    house.finish(len(texts), problems)
