# SPDX-License-Identifier: GPL-3.0-or-later
"""The rpms that the spec file makes of the source, and what is in them; nothing is installed."""

import functools
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import chroot
from packages import BUILD_DEADLINE, PACKAGES, SOURCE, find, modes_in, multiarch, version

SPEC = SOURCE / "integration/rpm/mandos.spec"
MACROS = pathlib.Path(__file__).parent / "macros.rpm"
NAMES = ("mandos", "mandos-client")
LIBRARIES = "/usr/lib64/mandos"  # %{_libdir}: not where Debian has them

# What is in Debian's packages alone: for initramfs-tools, and for systems without systemd.
DEBIANS = ("/etc/init.d/", "/usr/share/initramfs-tools/", f"{LIBRARIES}/mandos-to-cryptroot-unlock",
           "/usr/share/doc/", "/usr/share/lintian/")
# What rpm adds on its own.
RPMS = ("/usr/lib/.build-id/", "/usr/share/doc/", "/usr/share/licenses/")
CONFIGURATION = {
    "mandos": {"/etc/mandos/mandos.conf", "/etc/mandos/clients.conf", "/etc/mandos/mandos-dispatch.conf",
               "/etc/default/mandos", "/etc/dbus-1/system.d/mandos.conf",
               "/etc/dbus-1/system.d/mandos-dispatch.conf"},
    "mandos-client": {"/etc/mandos/plugin-runner.conf"}}
LINKED = {"mandos": {"c", "cares", "gmp", "gnutls", "hogweed", "ncursesw", "nettle", "seccomp",
                     "sqlite3", "systemd", "tinfo", "z"},
          "mandos-client": {"avahi-common", "avahi-core", "c", "cap", "gmp", "gnutls", "gpgme", "hogweed",
                            "nettle", "seccomp", "z"}}


def setUpModule():
    find(chroot.LAYERS)


def run(*argv, **options):
    return subprocess.run(argv, text=True, check=True, stdout=subprocess.PIPE, **options).stdout


@functools.cache
def rpms():
    """The packages by name; built of the source package once, with nothing written elsewhere."""
    folder = pathlib.Path(tempfile.mkdtemp(dir=chroot.LAYERS))
    source = folder / f"mandos-{version()}.tar.gz"
    shutil.copy(PACKAGES["changes"].parent / f"mandos_{version()}.orig.tar.gz", source)
    # No package is known to be installed: rpm has no database on a Debian system.
    done = subprocess.run(
        ["rpmbuild", "-tb", "--nodeps", f"--load={MACROS}", f"--define=_topdir {folder}",
         f"--define=_tmppath {folder}/tmp", source], env={**os.environ, "HOME": str(folder)}, text=True,
        check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        timeout=BUILD_DEADLINE)
    if done.returncode:
        raise AssertionError(f"rpmbuild: status {done.returncode}\n{done.stdout[-8000:]}")
    made = {run("rpm", "--query", "--queryformat=%{NAME}", "--package", path): path
            for path in folder.glob("RPMS/*/*.rpm")}
    if sorted(made) != sorted(NAMES):
        raise AssertionError(f"rpmbuild made {sorted(made)}\n{done.stdout[-8000:]}")
    return made


def query(package, *words):
    return run("rpm", "--query", "--package", rpms()[package], *words)


def files_in(package):
    """Owner and mode, as ls writes it, and rpm's own letters: by name, without rpm's own files."""
    listed = query(package, "--queryformat=[%{FILEUSERNAME}/%{FILEGROUPNAME} %{FILEMODES:perms}"
                   "\t%{FILEFLAGS:fflags}\t%{FILENAMES}\n]").splitlines()
    return {name: (mode, letters) for mode, letters, name in (line.split("\t") for line in listed)
            if not (name + "/").startswith(RPMS)}


class Rpms(unittest.TestCase):
    """The packages for other distributions, held against Debian's."""

    maxDiff = None

    def of_debian(self, package):
        """What is in a package of Debian's, under the names that other distributions use."""
        found = {}
        for name, mode in modes_in(package).items():
            for old, new in ((f"/usr/lib/{multiarch()}/", "/usr/lib64/"),
                             ("/usr/share/zsh/vendor-completions/", "/usr/share/zsh/site-functions/")):
                name = name.replace(old, new)
            name = re.sub(r"^(/usr/share/man/.*)\.gz$", r"\1", name)
            if not name.startswith(DEBIANS):
                found[name] = mode
        if package == "mandos":
            # The installation of Debian's makes these.
            del found["/usr/share/mandos/"], found["/usr/share/mandos/clients.conf"]
            found["/etc/mandos/clients.conf"] = "root/root -rw-------"
            found["/var/lib/mandos/"] = "_mandos/_mandos drwx------"
        return found

    def test_version(self):
        for package in NAMES:
            self.assertEqual(query(package, "--queryformat=%{VERSION}"), version())

    def test_files(self):
        """BOOT-PKG-1: the same files as in Debian's packages, with the same owners and modes."""
        for package in NAMES:
            with self.subTest(package):
                wanted = {name: mode for name, mode in self.of_debian(package).items()
                          if not name.endswith("/")}
                found = {re.sub(r"^(/usr/share/man/.*)\.gz$", r"\1", name): mode
                         for name, (mode, _) in files_in(package).items() if mode.split()[1][0] != "d"}
                self.assertEqual(found, wanted)

    def test_directories(self):
        """BOOT-PKG-2: those that are closed, or ours alone, are there, with the same modes."""
        for package in NAMES:
            with self.subTest(package):
                wanted = {name.rstrip("/"): mode for name, mode in self.of_debian(package).items()
                          if name.endswith("/") and ("mandos" in name or "---" in mode)}
                found = {name: mode for name, (mode, _) in files_in(package).items()
                         if "mandos" in name and mode.split()[1][0] == "d"}
                self.assertEqual(found, wanted)

    def test_privileges(self):
        """BOOT-PKG-1, BOOT-PKG-2: set-user-ID programs, where nobody but root gets at them."""
        self.assertEqual([name for name, (mode, _) in files_in("mandos").items() if "s" in mode.split()[1]],
                         [])
        found = files_in("mandos-client")
        self.assertEqual({name for name, (mode, _) in found.items() if mode == "root/root -rwsr-xr-x"},
                         {f"{LIBRARIES}/plugins.d/{name}" for name in (
                             "askpass-fifo", "mandos-client", "plymouth", "splashy", "usplash")})
        self.assertEqual({name for name, (mode, _) in found.items() if mode == "root/root drwx------"},
                         {"/etc/keys/mandos", "/etc/mandos/plugins.d", "/etc/mandos/plugin-helpers",
                          f"{LIBRARIES}/plugins.d", f"{LIBRARIES}/plugin-helpers"})

    def test_configuration(self):
        """What an administrator has changed is kept by an upgrade: all of /etc, and nothing else."""
        for package in NAMES:
            found = files_in(package)
            self.assertEqual({name for name, (_, letters) in found.items() if letters == "cn"},
                             CONFIGURATION[package])
            self.assertEqual({name for name, (mode, _) in found.items()
                              if name.startswith("/etc/") and mode.split()[1][0] != "d"},
                             CONFIGURATION[package])

    def test_both_installed(self):
        """No file is in both; they share directories, of which each says the same."""
        server, client = map(files_in, NAMES)
        self.assertEqual({name: server[name] for name in server.keys() & client.keys()},
                         {"/etc/mandos": ("root/root drwxr-xr-x", ""),
                          LIBRARIES: ("root/root drwxr-xr-x", "")})
        for name in server.keys() & client.keys():
            self.assertEqual(server[name], client[name])

    def test_scripts(self):
        """The users of sysusers.d are made, and systemd is told of the units; no macro is left."""
        for package, users, units in (
                ("mandos", ("mandos", "mandos-dispatch"), "mandos.service mandos-dispatch.service"),
                ("mandos-client", ("mandos-client",), None)):
            scripts = query(package, "--scripts")
            self.assertNotIn("%", scripts)
            for name in users:
                made = (SOURCE / f"integration/sysusers.d/{name}.conf").read_text().splitlines()[1:]
                self.assertEqual(re.findall(rf"sysusers\.d/{name}\.conf - <<'USERS'\n(.*?)\nUSERS$",
                                            scripts, re.M | re.S), ["\n".join(made)])
            if units:
                for action in ("preset", "disable --now", "try-restart"):
                    self.assertRegex(scripts, f"{action} {units}")
            else:
                self.assertNotIn("systemctl", scripts)

    def test_requires(self):
        """The libraries are found by rpm; the rest is said in the spec file."""
        for package, words in (("mandos", {"dbus", "systemd"}),
                               ("mandos-client", {"cryptsetup", "dracut", "systemd", "/usr/bin/gpg"})):
            needed = query(package, "--requires").splitlines()
            self.assertEqual({found[1] for found in map(re.compile(r"lib([a-z0-9-]+)\.so\.").match, needed)
                              if found}, LINKED[package])
            self.assertEqual({word for word in needed if "(" not in word and word[:5] != "/bin/"}, words)
        self.assertEqual(query("mandos", "--recommends").split(), ["avahi", "fping"])

    def test_build_requires(self):
        """What meson looks for, but for the tests' library, in the same versions."""
        text = "".join((SOURCE / name).read_text() for name in ("meson.build", "integration/meson.build"))
        wanted = {f"pkgconfig({name})": bound for name, bound in re.findall(
            r"\bdependency\('([^']+)'(?:, version: '([^']+)')?", text) if name != "cmocka"}
        listed = run("rpmspec", "--query", f"--load={MACROS}", "--buildrequires", SPEC).splitlines()
        found = {name: bound for name, _, bound in (line.partition(" ") for line in listed)
                 if name.startswith("pkgconfig(")}
        self.assertEqual(found, wanted)
