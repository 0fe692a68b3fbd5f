# SPDX-License-Identifier: GPL-3.0-or-later
"""The Debian packages: what is in them, and what installing, upgrading and removing them does."""

import hashlib
import os
import pathlib
import re
import shutil
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "lib"))
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import chroot  # noqa: E402
from chroot import Chroot  # noqa: E402
from contents import Contents  # noqa: E402,F401
from mandos_test import wait_for  # noqa: E402
from packages import KEYS, PACKAGES, SOURCE, both, find  # noqa: E402
from rpms import CONFIGURATION, LIBRARIES, NAMES, Rpms, files_in, rpms  # noqa: E402,F401

KEY_FILES = ("dhparams.pem", "pubkey.txt", "seckey.txt", "tls-privkey.pem", "tls-pubkey.pem")
REBUILD = "update-initramfs -k all -u"
NOTHING = "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"  # SHA-256 of it
# Where a removed package may leave its traces, and where its user is.
TRACES = ("/etc/group", "/etc/gshadow", "/etc/passwd", "/etc/shadow", "/var/cache/", "/var/lib/dpkg/",
          "/var/log/")

LAYERS = {}  # chroots, by name


def setUpModule():
    """The first time; classes of the other file come between ours."""
    if LAYERS:
        return
    find(chroot.LAYERS)
    reference = LAYERS["reference"] = Chroot("reference")
    changes = [line for line in reference.run("dpkg", "--verify", "mandos", "mandos-client").splitlines()
               if " c " in line]
    found = reference.run("dpkg-query", "--show", "mandos", "mandos-client")
    if changes or found.count("\t1.8.16-") != 2:
        raise AssertionError(f"Debian's mandos 1.8.16 is not as it was installed:\n{found}{changes}")
    reference.path("/usr/sbin/policy-rc.d").unlink(missing_ok=True)
    reference.record("/usr/sbin/update-initramfs")
    reference.write("/sbin/runlevel", "#!/bin/sh\necho N 2\n", 0o755)
    clean = LAYERS["clean"] = Chroot("clean", reference)
    clean.run("dpkg", "--purge", "mandos", "mandos-client")
    clean.run("deluser", "--system", "_mandos")
    clean.recorded()
    installed = LAYERS["installed"] = Chroot("installed", clean)
    installed.install(*both())
    installed.stop()


class Case(unittest.TestCase):
    """A test with a chroot."""

    maxDiff = None

    def chroot(self, below):
        made = Chroot(self.id().replace("__main__.", ""), LAYERS[below])
        self.addCleanup(made.close)
        return made

    def assert_calls(self, found, wanted):
        """Each of the calls was made, in this order; there may be others between them."""
        left = list(wanted)
        for call in found:
            if left and call == left[0]:
                left.pop(0)
        self.assertEqual(left, [], found)


class Fresh(Case):
    """An installation where there was none."""

    def test_what_there_is(self):
        """SRV-PKG-6, BOOT-PKG-5, BOOT-PKG-6, BOOT-PKG-7, BOOT-PKG-10, BOOT-PKG-11."""
        there = self.chroot("installed")
        self.assertRegex(there.run("getent", "passwd", "_mandos"),
                         r"^_mandos:x:(\d+):(\d+):Mandos password system,*:/nonexistent:"
                         r"/usr/sbin/nologin\n$")
        self.assertRegex(there.run("passwd", "--status", "_mandos"), r"^_mandos L ")
        self.assertEqual(there.mode("/var/lib/mandos"), "_mandos:_mandos 0700")
        self.assertEqual(there.mode("/etc/mandos/clients.conf"), "root:root 0600")
        self.assertEqual(there.path("/etc/mandos/clients.conf").read_bytes(),
                         there.path("/usr/share/mandos/clients.conf").read_bytes())
        self.assertEqual(sorted(os.listdir(there.path(KEYS))), list(KEY_FILES))
        for name in KEY_FILES:
            self.assertEqual(there.mode(f"{KEYS}/{name}"), "root:root 0600")
        self.assertTrue(there.path(KEYS + "/dhparams.pem").read_text().startswith("-----BEGIN DH"))
        wanted = there.path("/etc/systemd/system/multi-user.target.wants")
        self.assertTrue(os.path.lexists(wanted / "mandos.service"))
        # Event hooks are for who enables them. Their user is in no group that may do more.
        self.assertFalse(os.path.lexists(wanted / "mandos-dispatch.service"))
        self.assertEqual(there.run("id", "--groups", "--name", "_mandos-dispatch"),
                         "_mandos-dispatch\n")
        self.assertEqual(there.run("mandos-dispatch", "--check-config"), "0 hooks\n")
        self.assertEqual(there.recorded(), [REBUILD])

    def test_password(self):
        """The test that Debian runs with installed packages."""
        there = self.chroot("installed")
        there.write("/tmp/password", (SOURCE / "debian/tests/password").read_text(), 0o755)
        there.run("/tmp/password")

    def test_service(self):
        """SRV-PKG-6, SRV-PKG-7: it is started by the installation and stopped by the removal."""
        there = self.chroot("clean")
        there.run("/etc/init.d/dbus", "start")
        there.install(PACKAGES["mandos"])
        # The bus has learnt of the group that may own the name.
        wait_for(lambda: there.status("mandos-ctl") == 0, "the server on the bus")
        self.assertNotEqual(there.pids("/usr/sbin/mandos"), [])
        there.run("dpkg", "--remove", "mandos")
        self.assertEqual(there.pids("/usr/sbin/mandos"), [])

    def test_again(self):
        """The same version over itself: nothing that is the administrator's changes."""
        there = self.chroot("installed")
        there.append("/etc/mandos/clients.conf", "# mine\n")
        there.append("/etc/mandos/mandos.conf", "# mine\n")
        there.append("/etc/mandos/plugin-runner.conf", "# mine\n")
        watched = [f"{KEYS}/{name}" for name in KEY_FILES] + [
            f"/etc/mandos/{name}.conf" for name in ("clients", "mandos", "plugin-runner")]
        before = there.contents(watched)
        there.install(*both())
        self.assertEqual(there.contents(watched), before)

    def test_deleted_configuration(self):
        """An administrator who deleted clients.conf does not get it back by an upgrade."""
        there = self.chroot("installed")
        there.path("/etc/mandos/clients.conf").unlink()
        there.install(PACKAGES["mandos"])
        self.assertFalse(there.path("/etc/mandos/clients.conf").exists())

    def test_override(self):
        """SRV-PKG-6: a state directory with a dpkg-statoverride keeps its owner and mode."""
        there = self.chroot("installed")
        there.run("dpkg-statoverride", "--update", "--add", "root", "_mandos", "0770",
                  "/var/lib/mandos")
        there.install(PACKAGES["mandos"])
        self.assertEqual(there.mode("/var/lib/mandos"), "root:_mandos 0770")

    def test_unknown_argument(self):
        """BOOT-PKG-5: aborts do nothing, what is unknown fails."""
        there = self.chroot("installed")
        there.stop()
        there.recorded()
        for package in ("mandos", "mandos-client"):
            script = f"/var/lib/dpkg/info/{package}.postinst"
            self.assertEqual(there.status(script, "surprise"), 1)
        for argument in ("abort-upgrade", "abort-remove", "abort-deconfigure"):
            there.run("/var/lib/dpkg/info/mandos-client.postinst", argument)
        self.assertEqual(there.recorded(), [])


class Systemd(Case):
    """What the service manager is told where it runs."""

    def chroot(self, below):
        there = super().chroot(below)
        there.write("/bin/systemctl", chroot.RECORDER + "echo enabled\n", 0o755)
        there.path("/run/systemd/system").mkdir(parents=True)
        return there

    def test_upgrade(self):
        """SRV-PKG-6: restarted, when the new files are there and known."""
        there = self.chroot("installed")
        there.install(PACKAGES["mandos"])
        self.assert_calls(there.recorded(), ["systemctl --system daemon-reload",
                                             "systemctl --quiet --system restart mandos.service"])

    def test_removal(self):
        """SRV-PKG-7: stopped first, for removal and for deconfiguration."""
        there = self.chroot("installed")
        there.run("/var/lib/dpkg/info/mandos.prerm", "deconfigure", "in-favour", "other", "1")
        self.assert_calls(there.recorded(), ["systemctl stop mandos.service"])
        there.run("dpkg", "--remove", "mandos")
        self.assert_calls(there.recorded(), ["systemctl stop mandos.service",
                                             "systemctl --system daemon-reload"])


class Removal(Case):
    """Remove and purge."""

    def test_remove(self):
        """BOOT-PKG-15: images are made again without the client; keys and configuration stay."""
        there = self.chroot("installed")
        there.recorded()
        watched = [f"{KEYS}/{name}" for name in KEY_FILES] + [
            "/etc/mandos/clients.conf", "/etc/mandos/mandos.conf", "/etc/mandos/plugin-runner.conf"]
        before = there.contents(watched)
        there.run("dpkg", "--remove", "mandos", "mandos-client")
        self.assertEqual(there.recorded(), [REBUILD])
        self.assertEqual(there.contents(watched), before)
        there.install(*both())
        self.assertEqual(there.contents(watched), before)

    def test_purge(self):
        """SRV-PKG-7, BOOT-PKG-15: nothing is left, but the traces of every package and the user."""
        there = self.chroot("clean")
        there.install(*both())
        there.stop()
        # What the server has saved is told apart in the next test.
        shutil.rmtree(there.path("/var/lib/mandos"))
        there.run("dpkg", "--purge", "mandos", "mandos-client")
        self.assertEqual(there.recorded(), [REBUILD] * 3)
        self.assertEqual(sorted(name for name in there.changed() if not name.startswith(TRACES)), [])
        self.assertEqual([name for name in there.questions() if "mandos" in name], [])
        self.assertIn("_mandos", there.run("getent", "passwd", "_mandos"))

    def test_purge_with_state(self):
        """SRV-PKG-7, BOOT-PKG-15: the state, its user and backups of keys stay; no key does."""
        there = self.chroot("installed")
        there.write("/var/lib/mandos/clients.db", "state")
        there.write(KEYS + "/seckey.txt.~1~", "old")
        secret = there.path(KEYS + "/tls-privkey.pem").read_bytes()
        # A second name shows what becomes of the contents.
        os.link(there.path(KEYS + "/tls-privkey.pem"), there.path("/etc/other-name"))
        there.run("dpkg", "--purge", "mandos", "mandos-client")
        self.assertEqual(there.path("/var/lib/mandos/clients.db").read_text(), "state")
        self.assertEqual(os.listdir(there.path(KEYS)), ["seckey.txt.~1~"])
        self.assertNotIn(secret[:64], there.path("/etc/other-name").read_bytes())
        self.assertFalse(there.path("/etc/mandos").exists())


class FromDebian(Case):
    """An upgrade of Debian's mandos 1.8.16."""

    def reference(self):
        """Its chroot, with keys and a section for client "here"."""
        there = self.chroot("reference")
        if not there.path(KEYS + "/tls-privkey.pem").exists():
            there.run("mandos-keygen")
        there.write("/tmp/password", "secret of here")
        there.append("/etc/mandos/clients.conf",
                     there.run("sh", "-c", "mandos-keygen --passfile=/tmp/password --name=here "
                               "2>/dev/null") + "checker = true\n")
        return there

    def start(self, there, *command):
        """Debian's server, with a bus and Avahi; two more clients, which are changed at run time."""
        section = there.path("/etc/mandos/clients.conf").read_text().split("[here]")[1]
        for name in ("off", "tuned"):
            key_id = hashlib.sha256(name.encode()).hexdigest()
            there.append("/etc/mandos/clients.conf",
                         f"[{name}]" + re.sub("key_id = .*", f"key_id = {key_id}", section))
        there.run("/etc/init.d/dbus", "start")
        there.run("avahi-daemon", "--daemonize")
        there.run(*command)
        wait_for(lambda: there.status("mandos-ctl") == 0, "Debian's server on the bus")
        there.run("mandos-ctl", "--disable", "off")
        there.run("mandos-ctl", "--timeout=PT9M", "tuned")

    def fetch(self, there):
        """BOOT-ADM-2: what the installed client gets from the installed server."""
        ports = {line.split()[1].rsplit(":", 1)[1]
                 for line in pathlib.Path("/proc/net/tcp6").read_text().splitlines()[1:]
                 if line.split()[3] == "0A"}
        self.assertEqual(len(ports), 1)
        folder = str(next(there.path("/usr/lib").glob("*/mandos"))).removeprefix(str(there.root))
        return there.run("timeout", "60", f"{folder}/plugins.d/mandos-client", "--interface=none",
                         f"--connect=[::1]:{int(ports.pop(), 16)}", f"--pubkey={KEYS}/pubkey.txt",
                         f"--seckey={KEYS}/seckey.txt", f"--tls-pubkey={KEYS}/tls-pubkey.pem",
                         f"--tls-privkey={KEYS}/tls-privkey.pem",
                         MANDOSPLUGINHELPERDIR=f"{folder}/plugin-helpers")

    def assert_taken_over(self, there, before, said):
        self.assertNotIn("WARNING", said)
        self.assertEqual(there.contents(before), before)
        self.assertEqual(there.mode("/etc/mandos/clients.conf"), "root:root 0600")
        wait_for(lambda: there.status("mandos-ctl") == 0, "the new server on the bus")
        self.assertNotEqual(there.pids("/usr/sbin/mandos"), [])
        rows = dict(re.findall(r"^(\w+) +(\w+ +\S+)", there.run("mandos-ctl"), re.M))
        self.assertEqual(rows["off"].split(), ["No", "00:05:00"])
        self.assertEqual(rows["tuned"].split(), ["Yes", "00:09:00"])
        self.assertEqual(self.fetch(there), "secret of here")
        self.assertTrue(there.path("/var/lib/mandos/clients.pickle.imported").exists())

    def test_upgrade(self):
        """SRV-PKG-9, BOOT-PKG-7: no question; keys, clients and what was changed at run time stay."""
        there = self.reference()
        self.start(there, "/etc/init.d/mandos", "start")
        before = there.contents(["/etc/mandos/clients.conf", *(
            f"{KEYS}/{name}" for name in KEY_FILES if there.path(f"{KEYS}/{name}").exists())])
        self.assertGreaterEqual(len(before), 5)
        said = there.install(*both())
        self.assert_taken_over(there, before, said)
        for name in ("/etc/init.d/mandos", "/etc/default/mandos", "/etc/mandos/mandos.conf",
                     "/etc/dbus-1/system.d/mandos.conf", "/etc/mandos/plugin-runner.conf"):
            self.assertIn(f"Installing new version of config file {name}", said)
            self.assertFalse(there.path(name + ".dpkg-old").exists())
        self.assertIn(REBUILD, there.recorded())
        self.assertEqual(os.listdir(there.path("/run/user")), [])
        there.stop()
        # Nothing of Debian's packages is left that ours would not have.
        there.run("dpkg", "--purge", "mandos", "mandos-client")
        self.assertFalse(there.path("/etc/mandos").exists())
        self.assertFalse(there.path(KEYS).exists())

    def test_sandboxed_server(self):
        """SRV-PKG-9: the old server also saves its state where it cannot reach /run/user."""
        there = self.reference()
        there.path("/run/user").mkdir()
        there.path("/tmp/empty").mkdir()
        self.start(there, "unshare", "--mount", "sh", "-ec",
                   "mount --bind -o ro /tmp/empty /run/user && mount -o remount,bind,ro /run/user && "
                   "exec /etc/init.d/mandos start")
        before = there.contents(["/etc/mandos/clients.conf"])
        self.assert_taken_over(there, before, there.install(*both()))

    def test_state_that_was_not_saved(self):
        """SRV-PKG-9: if the old server leaves no state, the administrator is told what that means."""
        there = self.reference()
        self.start(there, "/etc/init.d/mandos", "start")
        # Its user may not write there any more.
        there.run("chown", "root:root", "/var/lib/mandos")
        said = there.install(PACKAGES["mandos"])
        self.assertIn("WARNING: the old server has not written /var/lib/mandos/clients.pickle", said)
        self.assertIn("mandos-ctl --disable", said)

    def test_changed_conffile(self):
        """What was changed in a conffile stays, and the new one lies beside it."""
        there = self.reference()
        changed = ("/etc/mandos/mandos.conf", "/etc/default/mandos", "/etc/mandos/plugin-runner.conf")
        for name in changed:
            there.append(name, "# mine\n")
        before = there.contents(changed)
        there.install(*both(), options=["--force-confdef", "--force-confold"])
        self.assertEqual(there.contents(changed), before)
        for name in changed:
            self.assertTrue(there.path(name + ".dpkg-dist").exists())

    def test_stopped_server(self):
        """An old server that does not run has no state to save: nothing is said."""
        there = self.reference()
        self.assertNotIn("WARNING", there.install(*both()))

    def test_directories_are_closed(self):
        """BOOT-PKG-5: what was open is closed by the upgrade, unless it is an override."""
        there = self.reference()
        there.run("chmod", "0755", "/etc/mandos/plugins.d", "/etc/mandos/plugin-helpers")
        there.run("dpkg-statoverride", "--add", "root", "root", "0755", "/etc/mandos/plugin-helpers")
        there.install(PACKAGES["mandos-client"])
        self.assertEqual(there.mode("/etc/mandos/plugins.d"), "root:root 0700")
        self.assertEqual(there.mode("/etc/mandos/plugin-helpers"), "root:root 0755")


class Old(Case):
    """Keys and key IDs of even older versions."""

    def configure(self, there, package, old):
        return there.run(f"/var/lib/dpkg/info/{package}.postinst", "configure", old)

    def key_id(self, there):
        """What the server calls the TLS key that is there."""
        der = there.run("sh", "-c", f"certtool --password= --load-privkey={KEYS}/tls-privkey.pem "
                        "--pubkey-info --outder 2>/dev/null | sha256sum")
        return der.split()[0]

    def assert_told(self, there):
        question = there.questions()["mandos-client/key_id"]
        self.assertIn(f"key_id = {self.key_id(there)}", question)

    def test_no_tls_key(self):
        """BOOT-PKG-8, BOOT-PKG-13: one is made, and the note has the line for the server."""
        there = self.chroot("installed")
        for name in ("tls-privkey.pem", "tls-pubkey.pem"):
            there.path(f"{KEYS}/{name}").unlink()
        before = there.contents([KEYS + "/seckey.txt", KEYS + "/pubkey.txt"])
        self.configure(there, "mandos-client", "1.7.19-1")
        self.assertEqual(there.contents(before), before)
        for name in ("tls-privkey.pem", "tls-pubkey.pem"):
            self.assertEqual(there.mode(f"{KEYS}/{name}"), "root:root 0600")
        self.assertIn("Ed25519", there.run("certtool", "--password=", "--key-info",
                                           f"--infile={KEYS}/tls-privkey.pem"))
        self.assert_told(there)

    def test_no_public_tls_key(self):
        """BOOT-PKG-8: it is made of the private one, which stays."""
        there = self.chroot("installed")
        there.path(KEYS + "/tls-pubkey.pem").unlink()
        before = there.contents([KEYS + "/tls-privkey.pem"])
        self.configure(there, "mandos-client", "1.8.16-1")
        self.assertEqual(there.contents(before), before)
        self.assert_told(there)

    def test_unreadable_tls_key(self):
        """BOOT-PKG-9: of version 1.8.0, which could make a key that is none."""
        there = self.chroot("installed")
        there.write(KEYS + "/tls-privkey.pem", "", 0o600)
        self.configure(there, "mandos-client", "1.8.0-1")
        self.assert_told(there)

    def test_bad_key_ids(self):
        """SRV-PKG-6, SRV-PROTO-13: lines with the key ID of nothing are removed, and no others."""
        there = self.chroot("installed")
        good = "[a]\nkey_id = " + "ab" * 32 + "\n"
        there.append("/etc/mandos/clients.conf",
                     f"{good}[b]\nkey_id={NOTHING.lower()}\n[c]\nkey_id : {NOTHING}\n")
        self.configure(there, "mandos", "1.8.16-1")
        self.assertIn(NOTHING, there.path("/etc/mandos/clients.conf").read_text())
        self.configure(there, "mandos", "1.8.0-1")
        text = there.path("/etc/mandos/clients.conf").read_text()
        self.assertEqual(text.count(good), 1)
        self.assertNotIn(NOTHING, text.upper())
        self.assertEqual(there.mode("/etc/mandos/clients.conf"), "root:root 0600")
        self.assertIn("Value: ", there.questions()["mandos/removed_bad_key_ids"])

    def test_dh_parameters(self):
        """BOOT-PKG-10, BOOT-ADM-6: those that are there stay."""
        there = self.chroot("installed")
        there.write(KEYS + "/dhparams.pem", "mine", 0o600)
        self.configure(there, "mandos-client", "1.8.16-1")
        self.assertEqual(there.path(KEYS + "/dhparams.pem").read_text(), "mine")


class Debconf(Case):
    """What commands print while debconf takes orders from the standard output of the scripts."""

    def chatty(self, package, program):
        """A chroot with a program that prints an order to debconf, and that order."""
        there = self.chroot("installed")
        order = f"SUBST {package}/key_id chatter heard"
        there.write(program, f"{chroot.RECORDER}echo '{order}'\n", 0o755)
        there.recorded()
        return there, order

    def assert_not_heard(self, package, program):
        there, order = self.chatty(package, program)
        script = f"/var/lib/dpkg/info/{package}.postinst"
        self.assertIn(order, there.run(script, "configure", "2.0.0-1").splitlines())
        self.assertNotIn("chatter", there.questions()[f"{package}/key_id"])
        # So it would be if the script gave back what confmodule has turned away.
        text = there.path(script).read_text()
        there.write(script, text.replace("\nset -e\n", "\nset -e\nexec >&3\n", 1), 0o755)
        there.status(script, "configure", "2.0.0-1")
        self.assertIn("chatter", there.questions()[f"{package}/key_id"])

    def test_client(self):
        """BOOT-PKG-13, D33: it is said to the administrator, and debconf does not hear it."""
        self.assert_not_heard("mandos-client", "/usr/sbin/update-initramfs")

    def test_server(self):
        """BOOT-PKG-13, D33: the same for the server's script."""
        self.assert_not_heard("mandos", "/usr/bin/chown")

    def test_purge(self):
        """BOOT-PKG-13, BOOT-PKG-15, D33: and when the answers are purged, which starts scripts again."""
        there, order = self.chatty("mandos-client", "/usr/sbin/update-initramfs")
        said = there.run("dpkg", "--purge", "mandos-client")
        self.assertEqual(said.splitlines().count(order), 2)
        self.assertEqual(there.recorded(), [REBUILD, REBUILD])
        self.assertEqual([name for name in there.questions() if name.startswith("mandos-client")], [])


class OtherDistributions(Case):
    """The rpms, on a system that has all they need but no list of packages."""

    def chroot(self, below):
        there = super().chroot(below)
        for name in NAMES:
            there.path("/tmp/" + name).write_bytes(rpms()[name].read_bytes())
        there.write("/bin/systemctl", chroot.RECORDER, 0o755)
        return there

    def rpm(self, there, *words):
        return there.run("rpm", "--force-debian", "--nodeps", *words)

    def test_install(self):
        """BOOT-PKG-1, BOOT-PKG-2, BOOT-ADM-2: what is there is what is listed, and it works."""
        there = self.chroot("clean")
        said = self.rpm(there, "--install", *("/tmp/" + name for name in NAMES))
        self.assertNotRegex(said, "(?i)warning|error")
        self.assertEqual(self.rpm(there, "--verify", *NAMES), "")
        for name in NAMES:
            wanted = {path: mode for path, (mode, _) in files_in(name).items()}
            found = there.run("stat", "--format=%U/%G %A", *wanted).splitlines()
            self.assertEqual(dict(zip(wanted, found)), wanted)
        self.assertRegex(there.run("getent", "passwd", "_mandos", "_mandos-dispatch"),
                         r"^_mandos:.*:Mandos password system:.*\n_mandos-dispatch:.*:Mandos event hooks:")
        self.assertEqual(there.recorded(),
                         ["systemctl --no-reload preset mandos.service mandos-dispatch.service"])
        test = (SOURCE / "debian/tests/password").read_text()
        there.write("/tmp/password", test.replace("/usr/lib/*/mandos", LIBRARIES), 0o755)
        there.run("/tmp/password")

    def test_upgrade_and_removal(self):
        """What was changed in a configuration file stays; of everything else nothing does."""
        there = self.chroot("clean")
        before = there.changed()
        self.rpm(there, "--install", *("/tmp/" + name for name in NAMES))
        changed = sorted(set.union(*CONFIGURATION.values()))
        for name in changed:
            there.append(name, "# mine\n")
        texts = there.contents(changed)
        there.recorded()
        self.rpm(there, "--upgrade", "--force", *("/tmp/" + name for name in NAMES))
        self.assertEqual(there.contents(changed), texts)
        self.assertIn("systemctl try-restart mandos.service mandos-dispatch.service", there.recorded())
        self.rpm(there, "--erase", *NAMES)
        self.assertEqual(there.recorded(),
                         ["systemctl --no-reload disable --now mandos.service mandos-dispatch.service"])
        left = {name for name in there.changed() - before
                if not name.startswith((*TRACES, "/root", "/var/lib/rpm"))}
        self.assertEqual({name for name in left if not there.path(name).is_dir() or "mandos" in name},
                         {"/etc/mandos", *(name + ".rpmsave" for name in changed)})
        self.assertEqual(there.contents(name + ".rpmsave" for name in changed),
                         {name + ".rpmsave": text for name, text in texts.items()})


class Dracut(Case):
    """BOOT-PKG-11 where there is no initramfs-tools."""

    def test_images(self):
        """BOOT-PKG-11, BOOT-PKG-15: each kernel's image is made again; an old one is closed first."""
        there = self.chroot("installed")
        there.path("/usr/sbin/update-initramfs").unlink()
        there.recorded()
        there.path("/etc/kernel/postinst.d").mkdir(parents=True, exist_ok=True)
        there.record("/etc/kernel/postinst.d/dracut")
        there.write("/boot/vmlinuz-6.1", "")
        there.write("/boot/vmlinux-5.10", "")
        there.write("/boot/initrd.img-6.1", "", 0o644)
        scripts = "/var/lib/dpkg/info/mandos-client."
        there.run(scripts + "postinst", "configure", "1.8.16-1")
        self.assertEqual(sorted(there.recorded()), ["dracut 5.10", "dracut 6.1"])
        self.assertEqual(there.mode("/boot/initrd.img-6.1"), "root:root 0600")
        there.run(scripts + "postrm", "remove")
        self.assertEqual(sorted(there.recorded()), ["dracut 5.10", "dracut 6.1"])


if __name__ == "__main__":
    chroot.enter()
    unittest.main()
