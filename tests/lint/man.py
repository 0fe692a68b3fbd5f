# SPDX-License-Identifier: GPL-3.0-or-later
"""Man pages: mandoc finds nothing, they name the options that --help names, no more, no less, and as HTML
they lead to each other.

Skipped (77) where mandoc is missing.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import house

# program: its page
PAGES = {
    "mandos": "man/mandos.8",
    "mandos-client": "man/mandos-client.8mandos",
    "mandos-keygen": "man/mandos-keygen.8",
    "mandos-ctl": "man/mandos-ctl.8",
    "mandos-monitor": "man/mandos-monitor.8",
    "mandos-dispatch": "man/mandos-dispatch.8",
    "password-agent": "man/password-agent.8mandos",
    "password-prompt": "man/password-prompt.8mandos",
    "plugin-runner": "man/plugin-runner.8mandos",
    "plymouth": "man/plymouth.8mandos",
}

# Debian's section for pages that are of Mandos only; and what is installed beside us.
TOLERATED = ("unknown manual section: Dt ... 8mandos", "referenced manual not found")


def page_options(text):
    """Long options described in lists: '.It Fl i , Fl -interface Ar name'."""
    lines = re.findall(r"^\.It (Fl .*)$", text, re.M)
    return {"--" + name for line in lines for name in re.findall(r"Fl -([a-z][a-z0-9-]*)", line)}


def help_options(text):
    return set(re.findall(r"(?<![\w-])--[a-z][a-z0-9-]*", text))


def differences(page, options, shown):
    problems = [f"{page} lacks {option}, which --help names" for option in sorted(shown - options)]
    problems += [f"{page} has {option}, which --help lacks" for option in sorted(options - shown)]
    return problems


def html_problems(pages, folder):
    """Of the pages that man/make-html makes."""
    made = {path.name for path in folder.glob("*.html")}
    # The name under which a page of two things is installed again.
    wanted = {f"{page.name}.html" for page in pages} | {"index.html", "plugin-runner.conf.5mandos.html"}
    problems = [f"HTML: {name} is there or is missing" for name in sorted(made ^ wanted)]
    ours = {page.name for page in pages}
    linked = {}
    for name in made:
        links = re.findall(r'href="([^"#]*)', (folder / name).read_text(encoding="utf-8"))
        linked[name] = {link for link in links if link and "://" not in link}
        problems += [f"HTML: {name} links to {link}, which is not there"
                     for link in sorted(linked[name]) if not (folder / link).is_file()]
        problems += [f"HTML: {name} takes {link} for somebody else's" for link in links
                     if "://" in link and link.rsplit("/", 1)[1] in ours]
    problems += [f"HTML: index.html lacks {name}" for name in sorted(
        {f"{page.name}.html" for page in pages} - linked.get("index.html", set()))]
    return problems


def check_html(pages):
    with tempfile.TemporaryDirectory(prefix="test-html-") as folder:
        made = Path(folder, "html")
        subprocess.run([house.ROOT / "man/make-html", made, "1.0", house.ROOT / "man/style.css", *pages],
                       check=True)
        return html_problems(pages, made)


def main():
    if not shutil.which("mandoc"):
        print("mandoc is not installed")
        sys.exit(77)
    pages = [p for p in house.files("*.[1-8]", "*.[1-8]mandos") if p.parent.name == "man"]
    problems = []
    for path in pages:
        lint = subprocess.run(["mandoc", "-Tlint", str(path)], capture_output=True, text=True,
                              check=False).stdout
        problems += [line for line in lint.splitlines()
                     if not any(text in line for text in TOLERATED)]
    problems += check_html(pages)
    for program, page in PAGES.items():
        binary = house.build_dir() / program
        if not binary.is_file():
            problems.append(f"{program} is missing from the build directory")
            continue
        shown = subprocess.run([str(binary), "--help"], capture_output=True, text=True, check=False,
                               stdin=subprocess.DEVNULL, timeout=30).stdout
        if not shown:
            problems.append(f"{program} --help prints nothing")
        problems += differences(page, page_options(house.text_of(house.ROOT / page)),
                                help_options(shown))
    house.finish(len(pages), problems)


if __name__ == "__main__":
    main()
