# SPDX-License-Identifier: GPL-3.0-or-later
"""A small network that nobody else sees: this process's namespaces are one machine, the server's; a
second network namespace behind an Ethernet link is another, the client's.

enter() runs the calling file again in network, mount and process namespaces of its own, with an empty
/run, a /dev without /dev/log, and the link "lan0". All that is started in them ends with them.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

from rig import DEADLINE, Rig, wait_for

CLIENT = "client"  # the other machine's namespace, for `ip netns exec`
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")

# The rules of Debian's system bus, and of its Avahi package.
BUS_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path={path}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><deny own="*"/><deny send_type="method_call"/>
<allow send_type="signal"/><allow send_requested_reply="true" send_type="method_return"/>
<allow send_requested_reply="true" send_type="error"/><allow receive_type="method_call"/>
<allow receive_type="method_return"/><allow receive_type="error"/><allow receive_type="signal"/>
<allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus"/></policy>
<include>/usr/share/dbus-1/system.d/avahi-dbus.conf</include></busconfig>
"""

AVAHI_CONFIG = """[server]
host-name={host}
allow-interfaces=lan0
use-ipv4=yes
use-ipv6=yes
enable-dbus=yes
[wide-area]
enable-wide-area=no
[publish]
publish-hinfo=no
publish-workstation=no
"""


def run(*argv, **options):
    return subprocess.run([str(word) for word in argv], check=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, text=True, timeout=4 * DEADLINE,
                          **options).stdout


def enter():
    """Call it first; it returns inside."""
    if "MANDOS_TEST_LAN" not in os.environ:
        os.environ["MANDOS_TEST_LAN"] = "1"
        os.execvp("unshare", ["unshare", "--net", "--mount", "--propagation", "private", "--pid",
                              "--fork", "--kill-child", "--mount-proc", sys.executable, *sys.argv])
    run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run")
    os.makedirs("/run/tmp", mode=0o1777)
    os.makedirs("/run/dev")
    run("mount", "--rbind", "/dev", "/run/dev")
    run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/dev")
    for name in DEVICES:
        Path("/dev", name).touch()
        run("mount", "--bind", f"/run/dev/{name}", f"/dev/{name}")
    os.symlink("/proc/self/fd", "/dev/fd")
    run("ip", "link", "set", "lo", "up")
    run("ip", "netns", "add", CLIENT)
    run("ip", "link", "add", "lan0", "type", "veth", "peer", "name", "lan1", "netns", CLIENT)
    run("ip", "link", "set", "lan0", "up")
    run("ip", "address", "add", "192.0.2.1/24", "dev", "lan0")
    for words in (("link", "set", "lo", "up"), ("link", "set", "lan1", "up"),
                  ("address", "add", "192.0.2.2/24", "dev", "lan1")):
        run("ip", "-n", CLIENT, *words)
    wait_for("link-local addresses", lambda: all(
        "fe80" in text and "tentative" not in text
        for text in (run("ip", *where, "-6", "address", "show", "scope", "link", "up")
                     for where in ((), ("-n", CLIENT)))))


def plain_name(escaped):
    """An instance name from avahi-browse, which writes odd bytes as \\DDD and dots as \\.."""
    def plain(match):
        return bytes([int(match[1])]) if match[1].isdigit() else match[1]
    return re.sub(rb"\\(\d{3}|.)", plain, escaped.encode()).decode()


class Log:
    """The log daemon of the machine: every record, as sent to /dev/log."""

    def __init__(self):
        self.records = []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("/dev/log")
        os.chmod("/dev/log", 0o666)
        # At once: the kernel queues ten records, and a server does not wait for the log.
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        while record := self.socket.recv(65536):
            self.records.append(record.rstrip(b"\0").decode())

    def close(self):
        self.socket.shutdown(socket.SHUT_RD)
        self.reader.join(DEADLINE)
        self.socket.close()
        os.unlink("/dev/log")

    def wait(self, pattern):
        try:
            wait_for(f"a record {pattern!r}",
                     lambda: any(re.search(pattern, record) for record in self.records))
        except AssertionError as error:
            raise AssertionError("\n".join([str(error), *self.records[-40:]])) from None


class Machine:
    """A machine on the network with a log, and with a bus and an Avahi daemon when a test starts
    them; here, or in the namespace `netns` with a bus of its own."""

    def __init__(self, name="server", netns=None):
        self.name = name
        self.rig = Rig(zeroconf=True)  # for its folder and its processes
        self.prefix = ("ip", "netns", "exec", netns) if netns else ()
        self.interface = "lan1" if netns else "lan0"
        self.bus_path = self.rig.folder / "bus"
        self.env = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={self.bus_path}"}
        self.run_dir = Path("/run/avahi-daemon")
        self.bus = self.avahi = None
        self.servers = []
        self.txt = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for server in self.servers:
            server.close()
        self.rig.close()
        shutil.rmtree(self.run_dir, ignore_errors=True)

    def start_bus(self):
        config = self.rig.folder / "bus.conf"
        config.write_text(BUS_CONFIG.format(path=self.bus_path))
        self.bus_path.unlink(missing_ok=True)
        self.bus = self.rig.spawn(["dbus-daemon", f"--config-file={config}", "--nofork",
                                   "--nopidfile", "--nosyslog"])
        wait_for("the bus", self.bus_path.exists)

    def start_avahi(self, wait=True):
        config = self.rig.folder / "avahi.conf"
        config.write_text(AVAHI_CONFIG.format(host=self.name).replace("lan0", self.interface))
        # Its PID file and socket have fixed names: each daemon sees a /run of its own.
        self.avahi = self.rig.spawn(
            [*self.prefix, "unshare", "--mount", "--propagation", "private", "sh", "-c",
             'mkdir -p "$0" && mount -t tmpfs tmpfs "$0" && exec "$@"', self.run_dir,
             "avahi-daemon", "--no-drop-root", "--no-chroot", "--no-rlimits", "--debug", "-f",
             config], env=self.env)
        if wait:
            self.avahi.wait_line("Server startup complete")

    def browse(self):
        """What avahi-browse finds: name -> set of (host, port, interface, protocol)."""
        found = {}
        for line in run("avahi-browse", "--resolve", "--parsable", "--terminate",
                        "--no-db-lookup", "_mandos._tcp", env=self.env).splitlines():
            field = line.split(";")
            if field[0] == "=":
                entry = (field[6], int(field[8]), field[1], field[2])
                found.setdefault(plain_name(field[3]), set()).add(entry)
                self.txt = field[9]
        return found

    def wait_names(self, names):
        """Browses until exactly these names are announced; returns what is known of them."""
        def look():
            found = self.browse()
            return (found,) if set(found) == set(names) else None
        return wait_for(f"announcement of {names}", look)[0]

    def serve(self, *options, **settings):
        server = Server(self, *options, **settings)
        self.servers.append(server)
        return server


class Server(Rig):
    """A server on the machine, which chooses its port itself."""

    def __init__(self, machine, *options, zeroconf=True, clients=(), env=None, prefix=(), **more):
        super().__init__(zeroconf=zeroconf, **more)
        self.machine = machine
        self.write_clients(*clients, default="checker = true")
        self.server = self.spawn([*prefix, *self.argv("--debug", *options)],
                                 env={**machine.env, "TMPDIR": str(self.temporary), **(env or {})})
        line = self.server.wait_line(
            r"mandos \[(\d+)\]: INFO: Now listening on address '[^']*', port (\d+)")
        self.pid, self.port = int(line[1]), int(line[2])

    def wait_established(self, after=0):
        self.server.wait_line("DEBUG: Zeroconf service established", after=after)

    def end(self):
        """Told to the server itself, also if another program runs it."""
        os.kill(self.pid, signal.SIGTERM)
        return self.server.wait()
