# SPDX-License-Identifier: GPL-3.0-or-later
"""One message to its password: the client's opener and gpg, in time and in bytes of a boot image.

Each number is the median of ROUNDS runs. gpg is measured as a client has to use it, with a home of its
own that is made and removed, and with an agent that is there already.
"""

import argparse
import os
import re
import shutil
import statistics
import subprocess
import tempfile
import time
import zlib
from pathlib import Path

ROUNDS = 15
GPG_PROGRAMS = ("gpg", "gpg-agent", "gpgconf")  # what GPGME starts, by itself or by gpg
PASSWORD = b"correct horse battery staple"


def library(name):
    """The file of a library, as the dynamic linker finds it."""
    lines = subprocess.run(["ldconfig", "-p"], stdout=subprocess.PIPE, check=True).stdout.decode()
    return re.search(rf"^\s*{re.escape(name)}[^\n]* => (\S+)$", lines, re.M).group(1)


def with_libraries(program):
    """A program or library, and all that it links, as real files."""
    lines = subprocess.run(["ldd", program], stdout=subprocess.PIPE, check=True).stdout.decode()
    return {Path(program).resolve()} | {Path(p).resolve() for p in re.findall(r"(/\S+) \(0x", lines)}


def sizes(files):
    """In bytes: as they are, and each compressed (zlib, level 9)."""
    data = [path.read_bytes() for path in files]
    return sum(map(len, data)), sum(len(zlib.compress(d, 9)) for d in data)


def print_sizes(client):
    """What an image needs besides the client without its OpenPGP, which is its TLS and Zeroconf."""
    without = set()
    for name in ("libgnutls.so.30", "libavahi-core.so.7", "libcap.so.2"):
        without |= with_libraries(library(name))
    ours = with_libraries(client) - without - {Path(client).resolve()}
    gpg = set().union(*(with_libraries(shutil.which(name)) for name in GPG_PROGRAMS),
                      with_libraries(library("libgpgme.so.11"))) - without
    print(f"{'in the image besides TLS and Zeroconf':44} {'KiB':>7} {'compressed':>11}")
    for name, files in (("for gpg", gpg), ("for the opener", ours)):
        for path in sorted(files):
            print(f"  {path.name:42} {sizes([path])[0] / 1024:7.0f} {sizes([path])[1] / 1024:11.0f}")
        plain, compressed = sizes(files)
        print(f"{name:44} {plain / 1024:7.0f} {compressed / 1024:11.0f}")
    print(f"the client itself: {client.stat().st_size / 1024:.0f} KiB, with what the build left in it\n")


def median_msec(action):
    times = []
    for _ in range(ROUNDS):
        started = time.monotonic()
        action()
        times.append(1000 * (time.monotonic() - started))
    return statistics.median(times)


def gpg(home, *argv):
    done = subprocess.run(["gpg", "--homedir", home, "--batch", "--quiet", "--trust-model=always",
                           "--skip-verify", "--pinentry-mode=loopback", "--passphrase=", *argv],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True)
    return done.stdout


def end_agent(home):
    subprocess.run(["gpgconf", "--homedir", home, "--kill", "gpg-agent"], check=True)


def gpg_from_nothing(directory, message):
    home = tempfile.mkdtemp(dir=directory)
    gpg(home, "--import", directory / "pubkey.txt")
    gpg(home, "--import", directory / "seckey.txt")
    assert gpg(home, "--decrypt", message) == PASSWORD
    end_agent(home)
    shutil.rmtree(home, ignore_errors=True)  # the agent removes its sockets meanwhile


def open_once(build, directory, message):
    done = subprocess.run([build / "tests/lib/test-opener", directory / "seckey.txt", message],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True)
    assert done.stdout.decode().endswith(f"= {len(PASSWORD)}\n")


def measure(build, primary, subkey, directory):
    home = directory / "gnupg"
    home.mkdir(mode=0o700)
    gpg(home, "--quick-gen-key", "client", primary, "sign,auth", "never")
    listing = gpg(home, "--with-colons", "--list-keys").decode()
    fingerprint = re.search(r"^fpr:+([0-9A-F]+):", listing, re.M).group(1)
    gpg(home, "--quick-add-key", fingerprint, subkey, "encr", "never")
    (directory / "pubkey.txt").write_bytes(gpg(home, "--armor", "--export"))
    (directory / "seckey.txt").write_bytes(gpg(home, "--armor", "--export-secret-keys"))
    (directory / "plain").write_bytes(PASSWORD)
    message = directory / "message"
    gpg(home, "--output", message, "-r", fingerprint, "--sign", "--encrypt", directory / "plain")
    row = (median_msec(lambda: open_once(build, directory, message)),
           median_msec(lambda: gpg(home, "--decrypt", message)),
           median_msec(lambda: gpg_from_nothing(directory, message)))
    end_agent(home)
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, required=True)
    build = parser.parse_args().build.resolve()
    print_sizes(build / "mandos-client")
    print(f"{'milliseconds from exec to password':36} {'opener':>8} {'gpg, agent runs':>16} "
          f"{'gpg, from key files':>20}")
    for primary, subkey in (("rsa4096", "rsa4096"), ("ed25519", "cv25519")):
        with tempfile.TemporaryDirectory(prefix="bench-decrypt-",
                                         ignore_cleanup_errors=True) as directory:
            row = measure(build, primary, subkey, Path(directory))
        print(f"{subkey:36} {row[0]:8.1f} {row[1]:16.1f} {row[2]:20.1f}")


if __name__ == "__main__":
    os.umask(0o077)
    main()
