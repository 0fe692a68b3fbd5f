# SPDX-License-Identifier: GPL-3.0-or-later
"""What mandos-client does as root, and what it does not: hooks, identities, what it leaves behind."""

import os
import re
import signal
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import boot  # noqa: E402
from boot import Case, wait_for  # noqa: E402

# A hook that tells what it is given; `log` is in the test's folder.
TELL = """
{ echo "$(basename "$0") $# $1 $MODE"; echo "id $(id -u) $(id -g) $(id -G)"
  echo "DEVICE=$DEVICE"; echo "CONNECT=${CONNECT-unset}"; echo "DELAY=$DELAY"
  echo "VERBOSITY=$VERBOSITY"; echo "DIR=$MANDOSNETHOOKDIR"; echo "stdin $(cat | wc -c)"
} >>%s/log
echo "to standard output"
"""


def setUpModule():
    boot.make_keys(unittest.addModuleCleanup)


class Hooks(Case):
    def setUp(self):
        super().setUp()
        self.boot.add("eth0", address="198.51.100.2/24")

    def tell(self, name):
        return self.hook(name, TELL % self.tmp)

    def log(self):
        return (self.tmp / "log").read_text()

    def test_start_and_stop(self):
        """CLI-HOOK-1, CLI-HOOK-3, CLI-HOOK-4, CLI-HOOK-5, CLI-HOOK-6, CLI-HOOK-8, CLI-PRIV-7, D10:
        in the order of bytes both times, as root, never into the pipe of the password."""
        server = self.serve(ipv6=False)
        self.tell("b-hook")
        option = self.tell("B.hook")
        with open(__file__, "rb") as source:
            client = self.client(option, "--interface=eth0", "--interface=eth9", "--delay=1.25",
                                 f"--connect=198.51.100.1:{server.port}", stdin=source)
            self.assert_password(client)
        words = re.findall(r"^(\S+ 1 (?:start|stop)) (\w+)$", self.log(), re.M)
        self.assertEqual([f"{first} {mode}" for first, mode in words],
                         ["B.hook 1 start start", "b-hook 1 start start",
                          "B.hook 1 stop stop", "b-hook 1 stop stop"])
        for line in ("id 0 0 0", "DEVICE=eth0,eth9", f"CONNECT=198.51.100.1:{server.port}",
                     "DELAY=1.250000", "VERBOSITY=0", f"DIR={self.tmp}/hooks", "stdin 0"):
            self.assertEqual(self.log().splitlines().count(line), 4, line)
        self.assertEqual(client.stderr.count("to standard output"), 4)

    def test_without_options(self):
        """CLI-HOOK-4: DEVICE empty, CONNECT unset, the usual delay, VERBOSITY with --debug."""
        option = self.tell("hook")
        client = self.client(option, "--debug")
        client.expect("OpenPGP keys .* are good")
        self.end_by(client, signal.SIGTERM)
        for line in ("DEVICE=", "CONNECT=unset", "DELAY=2.500000", "VERBOSITY=1"):
            self.assertEqual(self.log().splitlines().count(line), 2, line)

    def test_signals(self):
        """CLI-HOOK-4: none is ignored or blocked that the client was not started with."""
        option = self.hook("hook", f"grep Sig /proc/self/status >>{self.tmp}/log\n")
        client = self.client(option, "--debug")
        client.expect("OpenPGP keys .* are good")
        self.end_by(client, signal.SIGTERM)
        self.assertEqual(re.findall(r"SigBlk:\t(\w+)", self.log()), ["0" * 16] * 2)
        for ignored in re.findall(r"SigIgn:\t(\w+)", self.log()):
            self.assertFalse(int(ignored, 16) & 1 << signal.SIGPIPE - 1)

    def test_which_files(self):
        """CLI-HOOK-2: names, executable, regular; links are followed."""
        option = self.tell("good")
        for name in ("bad~", "bad hook", "bad+", "#bad#"):
            self.tell(name)
        self.tell(".dot")
        self.tell("not-executable")
        folder = self.tmp / "hooks"
        (folder / "not-executable").chmod(0o644)
        (folder / "directory").mkdir()
        (folder / "link").symlink_to("good")
        (folder / "dangling").symlink_to("nothing")
        client = self.client(option, "--debug")
        client.expect("OpenPGP keys .* are good")
        self.end_by(client, signal.SIGTERM)
        self.assertEqual(re.findall(r"^(\S+) 1 start", self.log(), re.M), [".dot", "good", "link"])

    def test_failures(self):
        """CLI-HOOK-3: a warning, and the next one runs."""
        option = self.hook("a-fails", "exit 3\n")
        self.hook("b-dies", "kill -9 $$\n")
        (self.tmp / "hooks" / "c-no-program").write_text("#!/no/such/interpreter\n")
        (self.tmp / "hooks" / "c-no-program").chmod(0o755)
        self.tell("d-good")
        client = self.client(option, "--debug")
        client.expect("a-fails failed with status 3")
        client.expect("b-dies died of signal 9")
        client.expect("cannot run .*c-no-program")
        client.expect("OpenPGP keys .* are good")
        self.assertIn("d-good", self.log())
        self.end_by(client, signal.SIGTERM)

    def test_hook_that_makes_an_interface(self):
        """CLI-HOOK-7, CLI-NET-1, D11: a name that only exists after the hook is used."""
        self.serve()
        option = self.hook("bridge", 'case "$MODE,$DEVICE" in\n'
                           'start,br7) ip link add br7 type bridge; ip link set eth0 up master br7;;\n'
                           'stop,br7) ip link delete br7;;\nesac\n')
        client = self.client(option, "--interface=br7", "--debug")
        self.assert_password(client)
        self.assertIn("set interface br7 up", client.stderr)
        self.assertNotIn("there is no interface", client.stderr)
        self.assertNotIn("br7", self.boot.ip("link", "show"))

    def test_signal_during_a_start_hook(self):
        """CLI-HOOK-9, D9: the hook ends by itself, the others do not begin, the stop hooks run."""
        os.mkfifo(self.tmp / "fifo")
        option = self.hook("a", f'echo "a $MODE" >>{self.tmp}/log\n'
                           f'[ $MODE = stop ] || {{ read x <{self.tmp}/fifo; echo done >>{self.tmp}/log; }}\n')
        self.hook("b", f'echo "b $MODE" >>{self.tmp}/log\n')
        client = self.client(option)
        with open(self.tmp / "fifo", "w", encoding="ascii") as fifo:  # opens when the hook does
            client.signal(signal.SIGTERM)
            wait_for(lambda: self.pending(client) or not client.is_running(), "the signal")
            self.assertTrue(client.is_running())
            fifo.write("\n")
        self.assertEqual(client.wait(), -signal.SIGTERM)
        self.assertEqual(self.log(), "a start\ndone\na stop\nb stop\n")

    @staticmethod
    def pending(client):
        status = Path(f"/proc/{client.pid}/status").read_text()
        masks = re.findall(r"^(?:SigPnd|ShdPnd|SigCgt):\s+(\S+)", status, re.M)
        return int(masks[2], 16) & 1 << signal.SIGTERM - 1

    def test_killed(self):
        """CLI-EXIT-1: a client that is killed is cleaned up behind: stop hooks, then the interface."""
        option = self.hook("hook", f'echo "$MODE $(cat /sys/class/net/eth0/flags)" >>{self.tmp}/log\n')
        client = self.client(option, "--debug")
        client.expect("OpenPGP keys .* are good")
        client.signal(signal.SIGKILL)
        client.wait()
        wait_for(lambda: not self.boot.is_up("eth0"), "eth0 to be set down")
        self.assertEqual(self.log(), "start 0x1002\nstop 0x1003\n")

    def test_order_of_work(self):
        """CLI-MC-5, CLI-EXIT-1, CLI-EXIT-2, CLI-HOOK-10: hooks, then the interface; the password before
        any clean-up; hooks, then the interface again; and no other mode."""
        server = self.serve(ipv6=False)
        option = self.hook("hook", f"echo $MODE $(ip -o link show eth0 | grep -c '[<,]UP[,>]') "
                                   f">>{self.tmp}/log\n[ $MODE = start ] || "
                                   f"until [ -e {self.tmp}/release ]; do sleep 0.05; done\n")
        client = self.client(option, f"--connect=198.51.100.1:{server.port}",
                             stdout=subprocess.PIPE)
        self.assertEqual(client.popen.stdout.read(len(boot.PASSWORD)), boot.PASSWORD)
        wait_for(lambda: self.log().endswith("stop 1\n"), "the hook to stop")
        self.assertTrue(client.is_running())
        (self.tmp / "release").touch()
        self.assertEqual(client.wait(), boot.OK)
        client.popen.stdout.close()
        self.assertEqual(self.log(), "start 0\nstop 1\n")
        self.assertFalse(self.boot.is_up("eth0"))

    def test_missing_and_unreadable_directory(self):
        """CLI-HOOK-1."""
        client = self.client("--connect=198.51.100.1:1", "--debug")
        client.expect("there are no network hooks")
        self.end_by(client, signal.SIGTERM)
        (self.tmp / "file").write_text("")
        client = self.client(f"--network-hook-dir={self.tmp}/file")
        client.expect("cannot open network hook directory .*/file: Not a directory")
        self.end_by(client, signal.SIGTERM)


class Identities(Case):
    """However it is started."""

    def setUp(self):
        super().setUp()
        self.boot.add("eth0", address="198.51.100.2/24")
        # A place that is root's all the way, and a /run/tmp for everybody.
        self.private = ("unshare", "--mount", "--propagation", "private", "sh", "-c",
                        'mkdir -p /run/hooks && mount -t tmpfs -o mode=755 tmpfs /run/hooks && '
                        f'cp {self.tmp}/hooks/* /run/hooks/ && exec "$@"', "sh")

    def status_of(self, pid):
        return Path(f"/proc/{pid}/status").read_text()

    def assert_plain(self, client, user):
        """The process that talks to strangers has nothing of root left."""
        client.expect("OpenPGP keys .* are good")
        status = self.status_of(client.pid)
        self.assertRegex(status, rf"Uid:(\t{user}){{4}}\n")
        self.assertRegex(status, rf"Gid:(\t{user}){{4}}\n")
        for kind in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            self.assertRegex(status, rf"{kind}:\t0{{16}}\n")
        self.assertRegex(status, r"NoNewPrivs:\t1\n")

    def start(self, *words, file=None):
        option = self.hook("hook", TELL % self.tmp)
        self.assertTrue(option)
        (self.tmp / "log").write_text("")
        (self.tmp / "log").chmod(0o600)
        client = self.client("--network-hook-dir=/run/hooks", "--debug", prefix=(*self.private, *words),
                             file=file)
        return client

    def check(self, client, user):
        self.assert_plain(client, user)
        self.assertTrue(self.boot.is_up("eth0"))
        self.end_by(client, signal.SIGTERM)
        self.assertFalse(self.boot.is_up("eth0"))
        self.assertEqual((self.tmp / "log").read_text().splitlines().count("id 0 0 0"), 2)

    def test_set_user_id(self):
        """CLI-PRIV-1, CLI-PRIV-2, CLI-PRIV-3, CLI-PRIV-6, CLI-PRIV-7, D13."""
        copy, words = self.lent(boot.program("mandos-client"), self.tmp)
        self.check(self.start(*words, file=copy), 65534)

    def test_as_password_agent_starts_it(self):
        """CLI-AGT-4, CLI-PRIV-1: real user and group changed, effective and saved still root's."""
        self.check(self.start("setpriv", "--ruid=65534", "--rgid=65534", "--clear-groups"), 65534)

    def test_root(self):
        """CLI-PRIV-3: a plain root process works too, and keeps no capability."""
        self.check(self.start(), 0)

    def test_nobody_special(self):
        """CLI-PRIV-7: without root, hooks do not run (77), interfaces stay, and work goes on."""
        client = self.start("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
        client.expect("hook failed with status 77")
        client.expect("cannot bring up interface eth0: Operation not permitted")
        self.assert_plain(client, 65534)
        self.end_by(client, signal.SIGTERM)
        self.assertEqual((self.tmp / "log").read_text(), "")

    def test_lent_power_and_ones_own_hooks(self):
        """A user cannot have programs of his own run as root through the set-user-ID bit."""
        copy, words = self.lent(boot.program("mandos-client"), self.tmp)
        option = self.hook("hook", TELL % self.tmp)  # below /tmp, where others can write
        client = self.client(option, "--debug", prefix=words, file=copy)
        client.expect("hooks is not used: .*must belong to root")
        client.expect("OpenPGP keys .* are good")
        self.end_by(client, signal.SIGTERM)
        self.assertFalse((self.tmp / "log").exists())

    def test_lent_power_and_other_files(self):
        """What root's own folders lead to must be root's too: an open file of the user in /proc, a
        file of the user in a folder of root."""
        copy, words = self.lent(boot.program("mandos-client"), self.tmp)
        self.hook("hook", TELL % self.tmp)
        mine = self.tmp / "hooks" / "hook"
        os.chown(mine, 65534, 65534)
        for folder, seen in (("/proc/self/fd", r"/proc/\d+/fd/5"), ("/run/hooks", "/run/hooks/hook")):
            with self.subTest(folder=folder):
                private = (*self.private[:-2], self.private[-2].replace("cp ", "cp -p "), "sh")
                client = self.client(f"--network-hook-dir={folder}", "--debug", file=copy,
                                     prefix=(*private, *words, "sh", "-c", f'exec "$@" 5<{mine}', "sh"))
                client.expect(f"{seen} is not used: .*belong to root")
                client.expect("OpenPGP keys .* are good")
                self.end_by(client, signal.SIGTERM)
                self.assertFalse((self.tmp / "log").exists())

    def test_lent_power_and_ones_own_surroundings(self):
        """A hook that a user causes to run as root gets nothing of his: PATH, BASH_ENV, folder,
        umask; nor a symbolic link that he can turn."""
        copy, words = self.lent(boot.program("mandos-client"), self.tmp)
        self.hook("hook", f'{{ echo "$PATH $PWD $MANDOSNETHOOKDIR $(umask)"; env; }} >>{self.tmp}/log\n')
        (self.tmp / "link").symlink_to("/run/hooks")
        client = self.client(f"--network-hook-dir={self.tmp}/link", "--debug", file=copy,
                             prefix=(*self.private, "env", "BASH_ENV=/x", "SHELL=/x",
                                     "PATH=/tmp/x:" + os.environ["PATH"], *words,
                                     "sh", "-c", 'umask 0 && cd /tmp && exec "$@"', "sh"))
        client.expect("OpenPGP keys .* are good")
        self.end_by(client, signal.SIGTERM)
        log = (self.tmp / "log").read_text()
        self.assertEqual(log.count("/usr/sbin:/usr/bin:/sbin:/bin / /run/hooks 0022\n"), 2, log)
        self.assertNotIn("/x", log)

    def test_lent_power_and_the_usual_hooks(self):
        """CLI-HOOK-4: they have the environment of the client, but for what would steer them."""
        copy, words = self.lent(boot.program("mandos-client"), self.tmp)
        self.hook("hook", f"env >>{self.tmp}/log\n")
        usual = ("unshare", "--mount", "--propagation", "private", "sh", "-ec",
                 "mount -t tmpfs tmpfs /mnt && mkdir /mnt/upper /mnt/work && "
                 "mount -t overlay -o lowerdir=/usr/lib,upperdir=/mnt/upper,workdir=/mnt/work "
                 "overlay /usr/lib && mkdir -p /lib/mandos/network-hooks.d && "
                 f'cp {self.tmp}/hooks/* /lib/mandos/network-hooks.d/ && exec "$@"', "sh")
        client = self.client("--debug", "--network-hook-dir=/lib/mandos/network-hooks.d", file=copy, prefix=(
            *usual, "env", "BASH_ENV=/x", "BASH_FUNC_env%%=() { /x; }", "ENV=/x", "PERL5OPT=/x",
            "PATH=/tmp/x:" + os.environ["PATH"], "HARMLESS=kept", *words))
        client.expect("OpenPGP keys .* are good")
        self.end_by(client, signal.SIGTERM)
        log = (self.tmp / "log").read_text()
        self.assertEqual(log.count("HARMLESS=kept\n"), 2, log)
        self.assertEqual(log.count("PATH=/usr/sbin:/usr/bin:/sbin:/bin\n"), 2, log)
        self.assertNotIn("/x", log)

    def test_warden_is_root_and_deaf(self):
        """The warden keeps root, has no password pipe, and signals do not end it."""
        client = self.start()
        client.expect("OpenPGP keys .* are good")
        children = Path(f"/proc/{client.pid}/task/{client.pid}/children").read_text().split()
        wardens = [pid for pid in children
                   if Path(f"/proc/{pid}/comm").read_text() == "mandos-client\n"]
        self.assertEqual(len(wardens), 1)
        self.assertRegex(self.status_of(wardens[0]), r"Uid:(\t0){4}\n")
        links = {os.readlink(f"/proc/{wardens[0]}/fd/{fd}") for fd in (1, 2)}
        self.assertEqual(links, {os.readlink(f"/proc/{client.pid}/fd/2")})
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            os.kill(int(wardens[0]), number)
        self.end_by(client, signal.SIGTERM)
        self.assertFalse(self.boot.is_up("eth0"))


class Image(Case):
    """Files of a boot image, in a root file system that only the client sees."""

    def test_owners(self):
        """CLI-PRIV-4, CLI-PRIV-5, D31: default key files that are root's go to the user, TLS too;
        others stay; /dev/fd is made."""
        copy, words = self.lent(boot.program("mandos-client"), self.tmp)
        conf = self.tmp / "image" / "conf" / "conf.d" / "mandos"
        conf.mkdir(parents=True)
        for name in ("seckey.txt", "pubkey.txt", "tls-privkey.pem", "tls-pubkey.pem"):
            (conf / name).write_bytes((boot.keys.directory / name).read_bytes())
            (conf / name).chmod(0o600)
        (conf / "dhparams.pem").write_text("-----BEGIN DH PARAMETERS-----\n")
        (conf / "dhparams.pem").chmod(0o600)
        (conf / "other").write_text("")
        root = self.tmp / "root"
        root.mkdir()
        image = self.tmp / "image"
        (image / "client").write_bytes(copy.read_bytes())
        (image / "client").chmod(0o4755)
        for name in ("usr", "dev", "proc", "run", "tmp", "etc"):
            (image / name).mkdir()
        for name in ("bin", "lib", "lib64"):
            (image / name).symlink_to(f"usr/{name}")
        client = self.client(
            "--debug", "--dh-params=/conf/conf.d/mandos/dhparams.pem", keyed=False, file="/client",
            prefix=("unshare", "--mount", "--propagation", "private", "sh", "-c",
                    f'cd {image} && mount --bind /usr usr && mount -t tmpfs tmpfs dev && '
                    'touch dev/null dev/urandom && mount --bind /dev/null dev/null && '
                    'mount --bind /dev/urandom dev/urandom && mount --bind /proc proc && '
                    'mount --bind /etc etc && chmod 1777 tmp && exec chroot . "$@"', "sh", *words))
        client.expect("OpenPGP keys .* and /conf/conf.d/mandos/seckey.txt are good")
        for name in ("seckey.txt", "pubkey.txt", "tls-privkey.pem", "tls-pubkey.pem", "dhparams.pem"):
            self.assertEqual((conf / name).stat().st_uid, 65534, name)
            self.assertEqual((conf / name).stat().st_gid, 65534, name)
        self.assertEqual((conf / "other").stat().st_uid, 0)
        self.assertEqual(os.readlink(Path(f"/proc/{client.pid}", "root", "dev", "fd")), "/proc/self/fd")
        self.end_by(client, signal.SIGTERM)
        self.assertEqual(list((image / "tmp").iterdir()), [])


if __name__ == "__main__":
    boot.main()
