# SPDX-License-Identifier: GPL-3.0-or-later
"""A network of this process's own, for checks: hosts that answer, that lie, and that are not there.

enter() runs the calling file again in network and mount namespaces of its own: with an empty /run,
its own /etc/hosts and /etc/resolv.conf, and the network 198.51.100.0/24 and 2001:db8:1::/64 behind
a TUN device, where nobody is but what the test plays. All of it ends with the process.
"""

import fcntl
import os
import select
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from rig import DEADLINE, Process, wait_for

SILENT = "198.51.100.7"  # nobody, unless a test plays it
SILENT6 = "2001:db8:1::7"

RUN, KILL, EXITED = 1, 2, 3
STATUS, SIGNALLED, NOT_STARTED = 1, 2, 3
(ALIVE, NO_ANSWER, NO_ADDRESS, REFUSED, OTHER_KEY, NO_PROOF, NO_SSH, FAULT) = range(8)

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000


def run(*argv):
    subprocess.run([str(word) for word in argv], check=True, stdin=subprocess.DEVNULL)


def enter():
    """Call it first; it returns inside."""
    if "MANDOS_TEST_PROBE" not in os.environ:
        os.environ["MANDOS_TEST_PROBE"] = "1"
        os.execvp("unshare", ["unshare", "--net", "--mount", "--propagation", "private", "--",
                              sys.executable, *sys.argv])
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (("hosts", "127.0.0.1 localhost\n::1 localhost\n"),
                           ("resolv.conf", "nameserver 127.0.0.53\n")):
            path = Path(folder, name)
            path.write_text(text)
            path.chmod(0o644)
            run("mount", "--bind", path, Path("/etc", name).resolve())
        # The files stay mounted after their names are gone.
    run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run")
    os.mkdir("/run/sshd", 0o755)
    run("ip", "link", "set", "lo", "up")
    Path("/proc/sys/net/ipv6/conf/default/accept_dad").write_text("0")


def write_hosts(*lines):
    Path("/etc/hosts").write_text("127.0.0.1 localhost\n" + "".join(f"{x}\n" for x in lines))


def allow_ping_sockets(allowed):
    """For group 0; inside, the sysctl is this namespace's own."""
    Path("/proc/sys/net/ipv4/ping_group_range").write_text("0 0" if allowed else "1 0")


class Tun:
    """The other end of a network: reads the packets, answers as its player says."""

    def __init__(self, name="tun0"):
        self.fd = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
        fcntl.ioctl(self.fd, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TUN | IFF_NO_PI))
        run("ip", "addr", "add", "198.51.100.1/24", "dev", name)
        run("ip", "addr", "add", "2001:db8:1::1/64", "dev", name, "nodad")
        run("ip", "addr", "add", "fe80::1/64", "dev", name, "nodad")
        run("ip", "link", "set", name, "up")
        self.name = name
        self.player = lambda packet: []
        self.n_seen = 0
        self.lock = threading.Lock()
        self.wake, self.woken = os.pipe()
        self.thread = threading.Thread(target=self._play, daemon=True)
        self.thread.start()

    def _play(self):
        while True:
            ready, _, _ = select.select([self.fd, self.wake], [], [])
            if self.wake in ready:
                return
            packet = os.read(self.fd, 65536)
            with self.lock:
                self.n_seen += 1
                player = self.player
            for answer in player(packet):
                os.write(self.fd, answer)

    def play(self, player):
        """What becomes of each packet from now on: a function to a list of packets."""
        with self.lock:
            self.player = player

    def close(self):
        os.write(self.woken, b"x")
        self.thread.join(DEADLINE)
        for fd in (self.fd, self.wake, self.woken):
            os.close(fd)


def checksum(data):
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def echo_reply(packet, source=None, change=lambda body: body):
    """The reply to an IPv4 echo request, from @source, with its ICMP body changed; [] to others."""
    head = 4 * (packet[0] & 15)
    if packet[0] >> 4 != 4 or packet[9] != 1 or packet[head] != 8:
        return []
    body = change(b"\0\0\0\0" + packet[head + 4:])
    body = body[:2] + struct.pack(">H", checksum(body)) + body[4:]
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(body), 0, 0, 64, 1, 0,
                     socket.inet_aton(source) if source else packet[16:20], packet[12:16])
    return [ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:] + body]


def echo_reply6(packet):
    """The same for IPv6, without changes."""
    if packet[0] >> 4 != 6 or packet[6] != 58 or packet[40] != 128:
        return []
    body = b"\x81\0\0\0" + packet[44:]
    pseudo = packet[24:40] + packet[8:24] + struct.pack(">II", len(body), 58)
    body = body[:2] + struct.pack(">H", checksum(pseudo + body)) + body[4:]
    return [packet[:8] + packet[24:40] + packet[8:24] + body]


class Prober:
    """mandos-probe, its channel, and the core's side of the protocol."""

    def __init__(self, program, icmp=None, prepare=None):
        self.channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        sockets = [theirs, *(self.icmp_sockets() if icmp is None else icmp)]

        def in_child():
            high = [fcntl.fcntl(s.fileno(), fcntl.F_DUPFD, 50) for s in sockets]
            for number, fd in enumerate(high):
                os.dup2(fd, 3 + number)
            os.closerange(3 + len(high), 100)
            if prepare:
                prepare()

        self.process = subprocess.Popen([program], preexec_fn=in_child, close_fds=False,
                                        stderr=subprocess.PIPE)
        for s in sockets:
            s.close()
        self.channel.settimeout(2 * DEADLINE)
        self.last_run = 0

    @staticmethod
    def icmp_sockets(kind=socket.SOCK_RAW):
        return [socket.socket(socket.AF_INET, kind, socket.IPPROTO_ICMP),
                socket.socket(socket.AF_INET6, kind, socket.IPPROTO_ICMPV6)]

    def run(self, text):
        self.last_run += 1
        self.channel.send(struct.pack(">BQ", RUN, self.last_run) + text.encode())
        return self.last_run

    def kill(self, number):
        self.channel.send(struct.pack(">BQ", KILL, number))

    def exited(self):
        """The next EXITED as (run, outcome, value)."""
        message = self.channel.recv(65536)
        if not message:
            raise AssertionError("the prober closed the channel")
        kind, number, outcome, value = struct.unpack(">BQBI", message)
        assert kind == EXITED
        return number, outcome, value

    def ask(self, text):
        """One check, to its end: (outcome, value)."""
        number = self.run(text)
        got = self.exited()
        assert got[0] == number
        return got[1:]

    def close(self):
        """Ends as when the core dies; returns the exit status."""
        self.channel.close()
        status = self.process.wait(DEADLINE)
        self.process.stderr.close()
        return status


class Listener:
    """A TCP server on a port of its own: each connection goes to a function, in a thread."""

    def __init__(self, serve=None, address="127.0.0.1", backlog=512):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.socket = socket.create_server((address, 0), family=family, backlog=backlog)
        self.port = self.socket.getsockname()[1]
        self.serve = serve
        self.held = []
        self.thread = threading.Thread(target=self._accept, daemon=True)
        if serve:
            self.thread.start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.held.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        connection.settimeout(DEADLINE)
        try:
            self.serve(connection)
        except OSError:
            pass

    def close(self):
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.socket.close()
        for connection in self.held:
            connection.close()


def free_port():
    """A port at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


class SshKey:
    def __init__(self, folder, kind, bits=None):
        self.path = Path(folder) / f"host_{kind}{bits or ''}"
        run("ssh-keygen", "-q", "-t", kind, *(["-b", bits] if bits else []), "-N", "",
            "-f", self.path)
        shown = subprocess.run(["ssh-keygen", "-l", "-f", str(self.path) + ".pub"], check=True,
                               capture_output=True, text=True)
        self.fingerprint = shown.stdout.split()[1]


class SshServer:
    """OpenSSH's, with these host keys, on loopback."""

    def __init__(self, folder, *keys, port=None, extra=""):
        self.port = port or free_port()
        config = Path(folder) / f"sshd-{self.port}.conf"
        config.write_text(f"ListenAddress 127.0.0.1\nPort {self.port}\nPidFile none\nUsePAM no\n"
                          f"MaxStartups 200\n{extra}\n"
                          + "".join(f"HostKey {key.path}\n" for key in keys))
        self.process = Process(["/usr/sbin/sshd", "-D", "-e", "-f", str(config)])
        self.process.wait_line("Server listening")

    def stop(self):
        self.process.stop()


def take(connection, size):
    data = b""
    while len(data) < size:
        more = connection.recv(size - len(data))
        if not more:
            raise OSError("the connection ended")
        data += more
    return data


def take_line(connection):
    line = b""
    while not line.endswith(b"\n"):
        line += take(connection, 1)
    return line


def take_packet(connection):
    head = take(connection, 4)
    return head + take(connection, struct.unpack(">I", head)[0])


def forging_relay(port, forge):
    """Between a client and a true server: the server's packets pass through @forge."""

    def serve(client):
        with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) as server:
            def forward():
                try:
                    while data := client.recv(65536):
                        server.sendall(data)
                except OSError:
                    pass

            threading.Thread(target=forward, daemon=True).start()
            client.sendall(take_line(server))
            while True:
                client.sendall(forge(take_packet(server)))

    return serve


def wait_silent(tun):
    """Until packets have stopped coming."""
    seen = [-1]

    def steady():
        last, seen[0] = seen[0], tun.n_seen
        return last == tun.n_seen

    wait_for("silence", steady)
