# SPDX-License-Identifier: GPL-3.0-or-later
"""What "meson install" leaves where there was nothing, that it works from there, and what a second
time leaves alone. Nothing is installed into the machine itself.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "lib"))
import machine  # noqa: E402
from keygen_rig import SMALL, etc_prefix  # noqa: E402
from rig import BUILD, Rig, wait_for  # noqa: E402

SOURCE = pathlib.Path(__file__).resolve().parents[2]
ONCE = SOURCE / "integration/install-once"
# Where initramfs-tools and dracut look, whatever the prefix.
FIXED = ("/usr/share/initramfs-tools/", "/usr/lib/dracut/modules.d/90mandos/")
ADMINISTRATORS = ("default/mandos", "mandos/clients.conf", "mandos/mandos-dispatch.conf",
                  "mandos/mandos.conf", "mandos/plugin-runner.conf")
SERVERS = {"mandos", "mandos-ctl", "mandos-dispatch", "mandos-gate", "mandos-monitor", "mandos-probe",
           "mandos-spawn"}
CLIENTS = {"askpass-fifo", "mandos-client", "mandos-client-iprouteadddel", "mandos-keygen",
           "password-agent", "password-prompt", "plugin-runner", "plymouth", "splashy", "usplash"}
NO_KEYSLOT = 4
# Everything but the tree and meson's own log is read-only.
INSTALL = """
mount --bind "$1" "$1"
mount --bind "$2/meson-logs" "$2/meson-logs"
mount -o remount,bind,ro /
for place in / /etc /usr /var; do [ ! -w "$place" ]; done
exec meson install -C "$2" --no-rebuild --destdir "$1"
"""

folder = None


def setUpModule():
    global folder
    folder = pathlib.Path(tempfile.mkdtemp(prefix="mandos-test-install-"))
    unittest.addModuleCleanup(shutil.rmtree, folder)
    folder.chmod(0o755)
    (folder / "tree").mkdir()
    install(folder / "tree")


def install(tree):
    subprocess.run(["unshare", "--mount", "sh", "-ec", INSTALL, "sh", tree, BUILD], check=True,
                   stdout=subprocess.DEVNULL)


def options():
    """Those of the build under test."""
    listed = subprocess.run(["meson", "introspect", "--buildoptions", BUILD], check=True,
                            stdout=subprocess.PIPE).stdout
    return {option["name"]: option["value"] for option in json.loads(listed)}


def is_program(path):
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


class Case(unittest.TestCase):
    def setUp(self):
        self.tree = folder / "tree"
        prefix = self.tree / options()["prefix"].lstrip("/")
        self.programs = prefix / options()["sbindir"]
        self.helpers = prefix / options()["libdir"] / "mandos"

    def copy(self):
        """A tree of the test's own, which was not there when it was installed."""
        moved = pathlib.Path(tempfile.mkdtemp(dir=folder))
        moved.chmod(0o755)
        subprocess.run(["cp", "-a", f"{self.tree}/.", moved], check=True)
        for name in ("programs", "helpers"):
            setattr(self, name, moved / getattr(self, name).relative_to(self.tree))
        self.tree = moved


class Installed(Case):
    """The files."""

    def test_modes(self):
        """BOOT-PKG-1, BOOT-PKG-2: set-user-ID programs, where nobody but root gets at them."""
        for directory in (self.helpers / "plugins.d", self.helpers / "plugin-helpers",
                          self.tree / "etc/keys/mandos", self.tree / "etc/mandos/plugins.d",
                          self.tree / "etc/mandos/plugin-helpers"):
            self.assertEqual(directory.stat().st_mode & 0o7777, 0o700, directory)
        for plugin in (self.helpers / "plugins.d").iterdir():
            self.assertEqual(plugin.stat().st_mode & 0o7777,
                             0o755 if plugin.name == "password-prompt" else 0o4755, plugin)
        self.assertEqual((self.tree / "etc/mandos/clients.conf").stat().st_mode & 0o7777, 0o600)
        for name in ("mandos.conf", "plugin-runner.conf"):
            self.assertEqual((self.tree / "etc/mandos" / name).stat().st_mode & 0o7777, 0o644)

    def test_places(self):
        """All is below the prefix, in /etc, or where another program looks and nowhere else."""
        systemds = [subprocess.run(["pkg-config", f"--variable={kind}", "systemd"], check=True, text=True,
                                   stdout=subprocess.PIPE).stdout.strip() + "/"
                    for kind in ("systemdsystemunitdir", "sysusersdir", "tmpfilesdir", "catalogdir")]
        places = (options()["prefix"] + "/", "/etc/", *systemds, *FIXED)
        found = [path for path in self.tree.rglob("*") if not path.is_dir()]
        for path in found:
            self.assertTrue(str(path).removeprefix(str(self.tree)).startswith(places), path)
        self.assertEqual({str(path.relative_to(self.tree / "etc")) for path in found
                          if "/etc/" in str(path)} - {"init.d/mandos"},
                         {*ADMINISTRATORS, "dbus-1/system.d/mandos.conf",
                          "dbus-1/system.d/mandos-dispatch.conf"})

    def test_nothing_of_the_build(self):
        """No program of a test, no path that leads into the build, and no placeholder."""
        programs = [path for path in self.tree.rglob("*") if is_program(path)]
        self.assertEqual(sorted(path.name for path in programs), sorted(SERVERS | CLIENTS))
        for path in programs:
            words = subprocess.run(["readelf", "--dynamic", "--wide", path], check=True, text=True,
                                   stdout=subprocess.PIPE).stdout
            self.assertIn("(NEEDED)", words, path)
            self.assertNotRegex(words, r"\((RPATH|RUNPATH)\)|libcmocka")
        for path in self.tree.rglob("*"):
            if path.is_file() and path not in programs:
                text = path.read_text()
                self.assertNotIn(str(BUILD), text, path)
                self.assertNotIn(str(SOURCE), text, path)
                self.assertNotRegex(text, r"@[A-Z]+_?DIR@", path)

    def test_scripts_name_what_is_there(self):
        """For boot images and systemd."""
        helpers = str(self.helpers).removeprefix(str(self.tree))
        for path in (self.tree / FIXED[0].strip("/") / "hooks/mandos",
                     self.tree / FIXED[1].strip("/") / "module-setup.sh"):
            self.assertIn(f"\nprograms={helpers}\n", path.read_text())
        for name, program in (("mandos.service", "mandos"), ("mandos-dispatch.service", "mandos-dispatch")):
            unit, = self.tree.rglob(name)
            started = re.search(r"^ExecStart=(\S+)", unit.read_text(), re.M)[1]
            self.assertEqual(self.tree / started.lstrip("/"), self.programs / program)


class Running(Case):
    """The programs, from a tree that was moved: each finds its helpers there and only there."""

    def rig(self):
        """A rig whose server is the one of the tree."""
        self.copy()
        rig = self.enterContext(Rig())
        argv = rig.argv
        rig.argv = lambda *words: [self.programs / "mandos", *argv(*words)[1:]]
        return rig

    def started(self, pid):
        """What a process and its children are."""
        children = [int(child) for path in pathlib.Path(f"/proc/{pid}/task").glob("*/children")
                    for child in path.read_text().split()]
        return {os.readlink(f"/proc/{pid}/exe")}.union(*map(self.started, children))

    def test_server_and_client(self):
        """The server starts its gate, spawner and prober, mandos-keygen the client and its runner."""
        rig = self.rig()
        keygen = [self.programs / "mandos-keygen", "--dir", rig.folder]
        (rig.folder / "password").write_text("hushhush")
        subprocess.run([*keygen, *SMALL], stdin=subprocess.DEVNULL, check=True)
        section = subprocess.run([*keygen, "--passfile", rig.folder / "password", "--no-ssh"], text=True,
                                 stdout=subprocess.PIPE, check=True).stdout
        rig.write_clients(section + "checker = builtin:ping ::1\ninterval = PT2S\n")
        server = rig.start()
        wanted = {str(self.programs / "mandos"), *(str(self.helpers / name) for name in (
            "mandos-gate", "mandos-probe", "mandos-spawn"))}
        wait_for("all of them", lambda: self.started(server.pid) == wanted)
        done = subprocess.run(
            [*etc_prefix(rig.folder, {"mandos/plugin-runner.conf": ""}), *keygen, "--test", "--device",
             rig.folder / "password", "--", f"--connect=[::1]:{rig.port}"], stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=False)
        # A file is no encrypted disk, but that is asked only with a password in hand.
        self.assertEqual(done.returncode, NO_KEYSLOT, done)
        self.assertRegex(done.stdout, "(?m)^Password: ")
        server.wait_line("Sending secret to ")

    def test_helper_is_missing(self):
        """None of another installation is taken, though there is one in BUILD."""
        rig = self.rig()
        (self.helpers / "mandos-gate").unlink()
        rig.write_clients()
        server = rig.start(ready=False)
        server.wait_line("mandos-gate")
        self.assertNotEqual(server.wait(), 0)


class Again(Case):
    """What "meson install" does with files that are the administrator's."""

    def test_second_time(self):
        """What was changed stays. What is ours is as it was, and closed."""
        self.copy()
        etc = self.tree / "etc"
        for name in ADMINISTRATORS:
            (etc / name).write_text("mine\n")
            (etc / name).chmod(0o640)
        (etc / "keys/mandos/seckey.txt").write_text("key")
        (etc / "mandos/plugins.d").chmod(0o755)
        program = self.helpers / "plugins.d/mandos-client"
        program.unlink()
        install(self.tree)
        for name in ADMINISTRATORS:
            self.assertEqual(((etc / name).read_text(), (etc / name).stat().st_mode & 0o7777),
                             ("mine\n", 0o640))
        self.assertEqual((etc / "keys/mandos/seckey.txt").read_text(), "key")
        self.assertEqual((etc / "mandos/plugins.d").stat().st_mode & 0o7777, 0o700)
        self.assertEqual(program.stat().st_mode & 0o7777, 0o4755)

    def install_once(self, **environment):
        source = self.tree / "new"
        source.write_text("new\n")
        return subprocess.run([ONCE, source, "/etc/mandos", "clients.conf", "0600"], text=True, check=True,
                              env={**os.environ, **environment}, stdout=subprocess.PIPE).stdout

    def test_install_once(self):
        """Nothing is lost, not even an empty file; a package's folder gets a new one."""
        self.tree = pathlib.Path(tempfile.mkdtemp(dir=folder))
        target = self.tree / "etc/mandos/clients.conf"
        self.assertIn("Installing", self.install_once(DESTDIR=str(self.tree)))
        self.assertEqual((target.read_text(), target.stat().st_mode & 0o7777), ("new\n", 0o600))
        for text in ("[web1]\n", ""):
            target.write_text(text)
            self.assertIn(f"Leaving {target} as it is", self.install_once(DESTDIR=str(self.tree)))
            self.assertEqual(target.read_text(), text)


class Elsewhere(unittest.TestCase):
    """Another prefix, with all that belongs below it, as other systems have it. Nothing is compiled."""

    def test_places(self):
        build = folder / "elsewhere"
        subprocess.run(["meson", "setup", "--prefix=/opt/mandos", "--libdir=lib64", "--sysconfdir=etc",
                        "--localstatedir=var", "-Dtests=false",
                        *(f"-D{kind}=/opt/mandos/lib/systemd" for kind in (
                            "systemdsystemunitdir", "sysusersdir", "tmpfilesdir", "catalogdir")),
                        build, SOURCE], check=True, stdout=subprocess.DEVNULL)
        listed = subprocess.run(["meson", "introspect", "--installed", build], check=True,
                                stdout=subprocess.PIPE).stdout
        installed = set(json.loads(listed).values())
        self.assertIn("/opt/mandos/lib64/mandos/plugins.d/mandos-client", installed)
        self.assertEqual([name for name in installed if not name.startswith(("/opt/mandos/", *FIXED))], [])
        header = (build / "config.h").read_text()
        for name, value in (("CONFIG_DIR", "/opt/mandos/etc/mandos"),
                            ("KEY_DIR", "/opt/mandos/etc/keys/mandos"),
                            ("STATE_DIR", "/opt/mandos/var/lib/mandos"),
                            ("SBIN_TO_PKGLIB", "../lib64/mandos")):
            self.assertIn(f'#define {name} "{value}"\n', header)
        made = build / "integration"
        service = (made / "mandos.service").read_text()
        for line in ("Environment=CONFIGDIR=/opt/mandos/etc/mandos",
                     "EnvironmentFile=-/opt/mandos/etc/default/mandos"):
            self.assertIn(line + "\n", service)
        self.assertIn("d /opt/mandos/var/lib/mandos ", (made / "tmpfiles.d-mandos.conf").read_text())
        module = (made / "dracut/module-setup.sh").read_text()
        for line in ("programs=/opt/mandos/lib64/mandos", "config=/opt/mandos/etc/mandos"):
            self.assertIn(line + "\n", module)


if __name__ == "__main__":
    machine.enter()
    unittest.main()
