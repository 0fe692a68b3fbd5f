#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Has Debian's server write the sample states in pickle/; as root, with MANDOS_BUILD set."""

import pathlib
import shutil
import sys

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "lib"))
from reference import ReferenceRig  # noqa: E402

NAMES = ("plain", "off", "tuned", "secret", "gone", "byfile", "decided")


def change(rig):
    """What an administrator does to each client, according to its name."""
    rig.client("plain", "CheckedOK")
    rig.client("off", "Disable")
    rig.set("tuned", "Timeout", "t", "540000")
    rig.set("tuned", "Host", "s", "tuned.example.net")
    rig.set("tuned", "Checker", "s", "true %(host)s")
    rig.set("tuned", "ApprovedByDefault", "b", "false")
    new = b"changed at run time"
    rig.set("secret", "Secret", "ay", str(len(new)), *map(str, new))
    rig.call("/", "se.recompile.Mandos", "RemoveClient", "o", "/clients/gone")
    rig.client("decided", "Approve", "b", "true")


def sections(rig):
    """Key IDs are made up: no key is behind them."""
    class Key:
        def __init__(self, digit):
            self.key_id = digit * 64

    return [rig.section(name, Key("%x" % number), b"made-up " + name.encode(), checker="true",
                        host=name + ".example.org", approval_duration="PT1H",
                        **({"enabled": "no"} if name == "byfile" else {}))
            for number, name in enumerate(NAMES, 1)]


def main():
    with ReferenceRig() as rig:
        rig.write_clients(*sections(rig))
        rig.write_state(change)
        shutil.copy(rig.state / "clients.pickle", HERE / "pickle" / "changed.pickle")
        rig.write_clients(sections(rig)[0])
        (rig.state / "clients.pickle").unlink()
        rig.write_state(lambda rig: None)
        shutil.copy(rig.state / "clients.pickle", HERE / "pickle" / "one.pickle")


if __name__ == "__main__":
    main()
