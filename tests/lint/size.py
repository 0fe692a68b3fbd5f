# SPDX-License-Identifier: GPL-3.0-or-later
"""Length of functions and files: what is long is reported, what is too long fails."""

import re

import house

FUNCTION_LONG, FUNCTION_MAX = 60, 80
FILE_LONG, FILE_MAX = 600, 700

# The house formatting puts a function's braces, and nobody else's, alone into the first column.
NAME = re.compile(r"(\w+)\(")


def functions(text):
    """(name, lines from the signature to the closing brace) of each function."""
    lines = text.split("\n")
    start = None
    for number, line in enumerate(lines):
        if line == "{":
            start = number
            while start > 0 and lines[start - 1].strip() and lines[start - 1][0] not in "}#/ *":
                start -= 1
                if not lines[start].startswith("\t"):
                    break
        elif line == "}" and start is not None:
            name = NAME.search(lines[start])
            yield (name.group(1) if name else f"line {start + 1}"), number - start + 1
            start = None


def lengths(path_name, text):
    """Lines 'long: ...' for the report, and the problems."""
    report, problems = [], []

    def judge(what, n, long_from, most):
        if n > most:
            problems.append(f"{what}: {n} lines, {most} are the bound")
        elif n > long_from:
            report.append(f"long: {what}: {n} lines")

    judge(path_name, text.count("\n"), FILE_LONG, FILE_MAX)
    for name, n in functions(text):
        judge(f"{path_name}: {name}()", n, FUNCTION_LONG, FUNCTION_MAX)
    return report, problems


if __name__ == "__main__":
    sources = house.files("*.c", "*.h")
    all_problems = []
    for path in sources:
        report, problems = lengths(house.name_of(path), house.text_of(path))
        all_problems += problems
        print("".join(line + "\n" for line in report), end="")
    house.finish(len(sources), all_problems)
