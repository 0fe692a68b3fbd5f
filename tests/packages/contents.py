# SPDX-License-Identifier: GPL-3.0-or-later
"""What is in the Debian packages; nothing is installed."""

import re
import subprocess
import unittest

import chroot
from packages import BUILD_DEADLINE, KEYS, PACKAGES, find, modes_in, multiarch, version

LANGUAGES = {"de", "en_US", "es", "fr", "nl", "pt", "pt_BR", "sv"}


def setUpModule():
    find(chroot.LAYERS)


class Contents(unittest.TestCase):
    """The packages as files."""

    def field(self, package, name):
        return subprocess.run(["dpkg-deb", "--field", PACKAGES[package], name], text=True, check=True,
                              stdout=subprocess.PIPE).stdout.strip()

    def member(self, package, name, part="--ctrl-tarfile"):
        """A file of a package, by default of those for dpkg itself."""
        tar = subprocess.run(["dpkg-deb", part, PACKAGES[package]], check=True,
                             stdout=subprocess.PIPE).stdout
        return subprocess.run(["tar", "--extract", "--to-stdout", f"./{name}"], input=tar, check=True,
                              stdout=subprocess.PIPE).stdout.decode()

    def test_lintian(self):
        """No errors, no warnings; debian/*.lintian-overrides says why some do not count."""
        done = subprocess.run(["lintian", "--allow-root", "--fail-on", "error,warning",
                               PACKAGES["changes"]], text=True, check=False, timeout=BUILD_DEADLINE,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual((done.returncode, done.stdout), (0, ""))

    def test_version(self):
        """The packages are of the version of the programs."""
        for package in ("mandos", "mandos-client"):
            self.assertEqual(self.field(package, "Version").rsplit("-", 1)[0], version())

    def test_files_of_the_server(self):
        """SRV-PKG-1 and the table before it; clients.conf is made by the installation."""
        found = modes_in("mandos")
        for name, mode in {"/usr/sbin/mandos": "-rwxr-xr-x", "/usr/sbin/mandos-ctl": "-rwxr-xr-x",
                           "/usr/sbin/mandos-monitor": "-rwxr-xr-x",
                           "/usr/sbin/mandos-dispatch": "-rwxr-xr-x",
                           "/etc/mandos/mandos-dispatch.conf": "-rw-r--r--",
                           "/etc/dbus-1/system.d/mandos-dispatch.conf": "-rw-r--r--",
                           "/lib/systemd/system/mandos-dispatch.service": "-rw-r--r--",
                           "/usr/lib/sysusers.d/mandos-dispatch.conf": "-rw-r--r--",
                           "/etc/mandos/mandos.conf": "-rw-r--r--",
                           "/etc/default/mandos": "-rw-r--r--", "/etc/init.d/mandos": "-rwxr-xr-x",
                           "/etc/dbus-1/system.d/mandos.conf": "-rw-r--r--",
                           "/lib/systemd/system/mandos.service": "-rw-r--r--",
                           "/usr/lib/tmpfiles.d/mandos.conf": "-rw-r--r--",
                           "/usr/lib/sysusers.d/mandos.conf": "-rw-r--r--"}.items():
            with self.subTest(name):
                self.assertEqual(found.get(name), "root/root " + mode)
        for page in ("man8/intro.8mandos", "man8/mandos.8", "man8/mandos-ctl.8", "man8/mandos-monitor.8",
                     "man8/mandos-dispatch.8", "man5/mandos-dispatch.conf.5",
                     "man5/mandos.conf.5", "man5/mandos-clients.conf.5"):
            self.assertIn(f"/usr/share/man/{page}.gz", found)
            self.assertIn(f"/usr/share/doc/mandos/html/{page.split('/')[1]}.html", found)
        self.assertEqual(set(self.member("mandos", "conffiles").split()),
                         {"/etc/mandos/mandos.conf", "/etc/default/mandos", "/etc/init.d/mandos",
                          "/etc/dbus-1/system.d/mandos.conf", "/etc/mandos/mandos-dispatch.conf",
                          "/etc/dbus-1/system.d/mandos-dispatch.conf"})

    def test_files_of_the_client(self):
        """BOOT-PKG-1, BOOT-PKG-2, BOOT-PKG-3."""
        library = f"/usr/lib/{multiarch()}"
        closed, directory, program = "drwx------", "drwxr-xr-x", "-rwxr-xr-x"
        examples = "/usr/share/doc/mandos-client/examples/network-hooks.d"
        found = modes_in("mandos-client")
        for name, mode in {f"{KEYS}/": closed, "/etc/mandos/plugins.d/": closed,
                           "/etc/mandos/plugin-helpers/": closed,
                           "/etc/mandos/network-hooks.d/": directory,
                           "/etc/mandos/plugin-runner.conf": "-rw-r--r--",
                           f"{library}/mandos/": directory, f"{library}/mandos/plugins.d/": closed,
                           f"{library}/mandos/plugin-helpers/": closed,
                           **{f"{library}/mandos/plugins.d/{plugin}": "-rwsr-xr-x" for plugin in (
                               "mandos-client", "plymouth", "usplash", "splashy", "askpass-fifo")},
                           f"{library}/mandos/plugins.d/password-prompt": program,
                           f"{library}/mandos/plugin-helpers/mandos-client-iprouteadddel": program,
                           f"{library}/mandos/plugin-runner": program,
                           "/usr/sbin/mandos-keygen": program,
                           **{f"{examples}/{hook}{end}": mode
                              for hook in ("bridge", "openvpn", "wireless")
                              for end, mode in (("", program), (".conf", "-rw-r--r--"))},
                           "/usr/lib/sysusers.d/mandos-client.conf": "-rw-r--r--"}.items():
            with self.subTest(name):
                self.assertEqual(found.get(name), "root/root " + mode)
        for page in ("man8/mandos-client.8mandos", "man8/plugin-runner.8mandos",
                     "man5/plugin-runner.conf.5mandos", "man8/mandos-keygen.8"):
            self.assertIn(f"/usr/share/man/{page}.gz", found)
        self.assertEqual(self.member("mandos-client", "conffiles").split(),
                         ["/etc/mandos/plugin-runner.conf"])

    def test_only_comments(self):
        """BOOT-PKG-1: plugin-runner.conf as installed says nothing."""
        text = self.member("mandos-client", "etc/mandos/plugin-runner.conf", "--fsys-tarfile")
        self.assertEqual([l for l in text.splitlines() if l and not l.startswith("#")], [])

    def test_no_trigger(self):
        """BOOT-PKG-14: there is none of their own, and none is set off: the scripts make the images."""
        for package in ("mandos", "mandos-client"):
            tar = subprocess.run(["dpkg-deb", "--ctrl-tarfile", PACKAGES[package]], check=True,
                                 stdout=subprocess.PIPE).stdout
            names = subprocess.run(["tar", "--list"], input=tar, check=True, stdout=subprocess.PIPE).stdout
            self.assertIn("./postinst", names.decode().split())
            self.assertNotIn("./triggers", names.decode().split())

    def test_relations(self):
        """SRV-PKG-1, BOOT-PKG-4: those of Debian's packages that still make sense."""
        for package, field, wanted in (
                ("mandos", "Depends", ("adduser", "avahi-daemon", "debconf", "libgnutls30")),
                ("mandos", "Recommends", ("fping | openssh-client",)),
                ("mandos-client", "Depends",
                 ("adduser", "cryptsetup-initramfs", "debconf", "gnutls-bin (>= 3.6.6)",
                  "initramfs-tools (>= 0.99) | dracut (>= 044+241-3)", "libavahi-core7",
                  "libgnutls30", "libgpgme11")),
                ("mandos-client", "Recommends", ("ssh",)),
                ("mandos-client", "Enhances", ("cryptsetup",)),
                ("mandos-client", "Conflicts", ("dracut-config-generic",))):
            with self.subTest((package, field)):
                found = self.field(package, field).split(", ")
                for relation in wanted:
                    self.assertTrue(any(r.startswith(relation) for r in found), (relation, found))
        self.assertNotIn("gnupg", self.field("mandos", "Depends"))
        self.assertNotIn("python", self.field("mandos", "Depends"))

    def test_notes(self):
        """SRV-PKG-8, BOOT-PKG-8: notes, in all the languages."""
        for package, names in (("mandos", {"mandos/key_id", "mandos/removed_bad_key_ids"}),
                               ("mandos-client", {"mandos-client/key_id"})):
            records = self.member(package, "templates").strip().split("\n\n")
            self.assertEqual({r.split("\n", 1)[0] for r in records},
                             {"Template: " + name for name in names})
            for record in records:
                self.assertIn("\nType: note\n", record)
                found = re.findall(r"^Description-(\w+)\.UTF-8: (.*)$", record, re.M)
                self.assertEqual({language for language, _ in found}, LANGUAGES)
                original = re.search(r"^Description: (.*)$", record, re.M)[1]
                self.assertNotIn(original, [title for language, title in found
                                            if language != "en_US"])
        self.assertIn("${key_id}", self.member("mandos-client", "templates"))
