# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian's server, talked to over a private bus and ended so that it writes its state."""

import os
import pwd
import signal
import subprocess

from rig import REFERENCE_SERVER, Rig, wait_for

SERVICE = "se.recompile.Mandos"
CLIENT = "se.recompile.Mandos.Client"
ATTEMPTS = 5

# Its GnuPG and its own clean-up race for the sockets in a temporary home (W-03); with a run-time
# directory for its user there is no such home. The mount is the namespace's own.
RUN_TIME_DIRECTORY = """mount -t tmpfs tmpfs /run/user && mkdir -m 700 /run/user/$1 &&
chown $1:$2 /run/user/$1 && shift 2 && exec "$@"
"""


class ReferenceRig(Rig):
    """A Rig that can run Debian's server with its bus, and then ours on the same folders."""

    def __init__(self):
        super().__init__(reference=True)

    def argv(self, *options):
        if not self.reference:
            return super().argv(*options)
        user = pwd.getpwnam("_mandos")
        return ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-ec",
                RUN_TIME_DIRECTORY, "sh", str(user.pw_uid), str(user.pw_gid),
                REFERENCE_SERVER, "--foreground", "--no-zeroconf", "--configdir", self.config,
                "--statedir", self.state, *options]

    def call(self, path, interface, method, *arguments):
        """One method call; returns what busctl(1) prints."""
        environment = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={self.folder / 'bus'}"}
        return subprocess.run(["busctl", "--system", "call", SERVICE, path, interface, method,
                               *arguments], check=True, env=environment, text=True, timeout=60,
                              stdout=subprocess.PIPE).stdout

    def client(self, name, method, *arguments):
        return self.call("/clients/" + name, CLIENT, method, *arguments)

    def set(self, name, setting, signature, *value):
        return self.call("/clients/" + name, "org.freedesktop.DBus.Properties", "Set", "ssv",
                         CLIENT, setting, signature, *value)

    def end(self):
        """SIGTERM; true if the state was written."""
        (self.state / "clients.pickle").unlink(missing_ok=True)
        # The first process of the namespace is a grandchild: unshare itself does not pass it on.
        children = subprocess.run(["pgrep", "-P", str(self.server.pid)], text=True, check=True,
                                  stdout=subprocess.PIPE).stdout.split()
        os.kill(int(children[0]), signal.SIGTERM)
        self.server.wait()
        self._processes.remove(self.server)
        return (self.state / "clients.pickle").exists()

    def write_state(self, change, attempts=ATTEMPTS):
        """Runs the reference, lets change(rig) work on it, and ends it until it saves."""
        self.reference = True
        for _ in range(attempts):
            self.start()
            wait_for("the service on the bus", lambda: self._is_on_bus())
            change(self)
            if self.end():
                self.reference = False
                return
        raise AssertionError("the reference never wrote its state\n" + self.server.text())

    def _is_on_bus(self):
        try:
            self.call("/", "org.freedesktop.DBus.Peer", "Ping")
        except subprocess.CalledProcessError:
            return False
        return True


class OwnRig(Rig):
    """This server with a bus, used as ReferenceRig is."""

    def __init__(self):
        super().__init__(dbus=True)

    def environment(self):
        return {**super().environment(), "DBUS_SYSTEM_BUS_ADDRESS": self.own_bus()}

    def end(self):
        self.stop()
