# SPDX-License-Identifier: GPL-3.0-or-later
"""mandos-client with --connect: against Debian's server, and against servers that a test plays.

The client sees a /run of its own, so that a test knows that nothing is left there.
"""

import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from mandos_test import (Case, ClientKeys, Server, enter_network_namespace,  # noqa: E402
                         listener, program, run, wait_for)

PASSWORD = b"correct horse\0battery\nstaple\xff"
PREFIX = "Mandos plugin mandos-client: "
RAW_KEYS = "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CTYPE-ALL:+CTYPE-SRV-RAWPK"
OK, FAILURE, USAGE, UNAVAILABLE, IOERR = 0, 1, 64, 69, 74

keys = None


def setUpModule():
    global keys
    keys = ClientKeys(tempfile.mkdtemp(prefix="mandos-test-keys-"))


def tearDownModule():
    keys.remove()


def processes_in(directory):
    """Processes that name the directory on their command line."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and str(directory).encode() in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
        except OSError:
            pass
    return found


class ClientCase(Case):
    def setUp(self):
        super().setUp()
        self.run_dir = self.tmp / "run"
        (self.run_dir / "tmp").mkdir(parents=True)

    def client(self, connect, *more, prefix=(), program_file=None, **options):
        """The program with this test's keys; later options win."""
        command = [program_file or program("mandos-client"), "--pubkey", keys.pubkey, "--seckey", keys.seckey,
                   "--tls-pubkey", keys.tls_pubkey, "--tls-privkey", keys.tls_privkey]
        if connect:
            command += ["--connect", connect]
        return self.start("unshare", "--mount", "--propagation", "private", "sh", "-c",
                          'mount --bind "$0" /run && exec "$@"', self.run_dir, *prefix, *command,
                          *more, **options)

    def assert_clean(self):
        self.assertEqual(list((self.run_dir / "tmp").iterdir()), [])

    def assert_gone(self):
        """No process of the client's is left: they all have its command line."""
        wait_for(lambda: not processes_in(keys.seckey), "the end of its processes")
        self.assert_clean()

    @staticmethod
    def expect_program(client):
        """Waits until it is the program, and no more what makes its surroundings."""
        wait_for(lambda: Path(f"/proc/{client.pid}/comm").read_text() == "mandos-client\n", "its start")

    def end_by(self, process, number):
        process.signal(number)
        self.assertEqual(process.wait(), -number)


class WithServer(ClientCase):
    """Against the server of Debian's package."""

    def serve(self, secret=None, **options):
        return Server(self, keys, keys.encrypt(PASSWORD) if secret is None else secret, **options)

    def test_password(self):
        """CLI-CONN-8, CLI-EXIT-3: the plaintext and nothing else; a quiet standard error."""
        server = self.serve()
        client = self.client(f"127.0.0.1:{server.port}")
        self.assertEqual(client.wait(), OK)
        self.assertEqual(client.stdout, PASSWORD)
        self.assertEqual(client.stderr, "")
        self.assert_clean()

    def test_as_unprivileged_user(self):
        """CLI-PRIV-1: root is not needed; not being allowed to look into /proc/self neither."""
        server = self.serve()
        (self.run_dir / "tmp").chmod(0o1777)
        for path in (keys.directory, keys.seckey, keys.tls_privkey):
            path.chmod(0o755)
        client = self.client(f"127.0.0.1:{server.port}",
                             prefix=("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"))
        self.assertEqual(client.wait(), OK, client.stderr)
        self.assertEqual(client.stdout, PASSWORD)
        self.assert_clean()

    def test_set_user_id(self):
        """CLI-PRIV-1, CLI-PRIV-2, CLI-PRIV-6: whoever decrypts, and has the password, is the real user."""
        password = b"x" * 200000  # more than a pipe holds: the client stays until it is read
        server = self.serve(keys.encrypt(password))
        (self.run_dir / "tmp").chmod(0o1777)
        for path in (keys.directory, keys.seckey, keys.tls_privkey):
            path.chmod(0o755)
        copy = self.tmp / "mandos-client"
        shutil.copy(program("mandos-client"), copy)
        copy.chmod(0o4755)
        client = self.client(
            f"127.0.0.1:{server.port}", "--debug", program_file=copy, stdout=subprocess.PIPE,
            prefix=("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"))
        client.expect("decrypted")
        self.assertRegex(Path(f"/proc/{client.pid}/status").read_text(), r"Uid:(\t65534){4}\n")
        self.assertEqual(client.popen.stdout.read(), password)
        client.popen.stdout.close()
        self.assertEqual(client.wait(), OK, client.stderr)
        self.assert_clean()

    def test_addresses(self):
        """CLI-DIR-1, CLI-DIR-3: IPv6 with and without brackets, and link-local with its interface."""
        for address, scope, options in (("::1", 0, ()), ("fe80::1", socket.if_nametoindex("veth0"),
                                                         ("--interface=veth0",))):
            sock = listener(address, socket.AF_INET6, scope)
            server = self.serve(sock=sock)
            for text in (f"[{address}]:{server.port}", f"{address}:{server.port}"):
                with self.subTest(text):
                    client = self.client(text, *options)
                    self.assertEqual(client.wait(), OK)
                    self.assertEqual(client.stdout, PASSWORD)
            server.stop()

    def test_link_local_without_interface(self):
        """CLI-CONN-2, CLI-DIR-3: without one interface in the list, it is looked for on all."""
        sock = listener("fe80::1", socket.AF_INET6, socket.if_nametoindex("veth0"))
        server = self.serve(sock=sock)
        client = self.client(f"[fe80::1]:{server.port}", "--debug")
        self.assertEqual(client.wait(), OK, client.stderr)
        self.assertEqual(client.stdout, PASSWORD)
        for name in ("veth0", "veth1"):
            self.assertIn(f"[fe80::1%{socket.if_nametoindex(name)}]:{server.port}", client.stderr)

    def test_empty_password(self):
        """CLI-PGP-7: empty counts as success."""
        server = self.serve(keys.encrypt(b""))
        client = self.client(f"127.0.0.1:{server.port}")
        self.assertEqual(client.wait(), OK)
        self.assertEqual(client.stdout, b"")

    def test_without_gpg_and_files(self):
        """CLI-PGP-3, D2: no other program is looked for, and no directory made, for keys or anything."""
        server = self.serve()
        (self.run_dir / "tmp").rmdir()
        (self.run_dir / "tmp").write_text("not a directory")
        client = self.client(f"127.0.0.1:{server.port}", prefix=("env", "PATH=/nonexistent"))
        self.assertEqual(client.wait(), OK, client.stderr)
        self.assertEqual(client.stdout, PASSWORD)
        self.assertEqual([path.name for path in self.run_dir.iterdir()], ["tmp"])

    def test_other_keys(self):
        """CLI-PGP-1, CLI-PGP-2: Curve25519, and a message that is changed or for another key before it."""
        other = ClientKeys(self.tmp / "other", "ed25519", "cv25519")
        self.addCleanup(run, "gpgconf", "--homedir", other.home, "--kill", "gpg-agent")
        for secret, status in ((other.encrypt(PASSWORD), OK), (keys.encrypt(PASSWORD), None),
                               (other.encrypt(PASSWORD)[:-1] + b"\0", None)):
            server = self.serve(secret)
            client = self.client(f"127.0.0.1:{server.port}", "--retry=0.1",
                                 f"--pubkey={other.pubkey}", f"--seckey={other.seckey}")
            if status is None:
                client.expect("(?s)cannot decrypt.*cannot decrypt")
                self.assertEqual(client.stdout, b"")
                self.end_by(client, signal.SIGTERM)
            else:
                self.assertEqual(client.wait(), status, client.stderr)
                self.assertEqual(client.stdout, PASSWORD)
            server.stop()

    def test_large_password(self):
        """Larger than a pipe: nothing is lost on a reader that starts late."""
        password = b"0123456789abcdef" * 16384
        server = self.serve(keys.encrypt(password))
        client = self.client(f"127.0.0.1:{server.port}", "--debug", stdout=subprocess.PIPE)
        client.expect("decrypted")
        with client.popen.stdout as pipe:
            self.assertEqual(pipe.read(), password)
        self.assertEqual(client.wait(), OK)

    def test_signal_with_a_full_pipe(self):
        """CLI-SIG-2: a reader that does not read does not hold the client."""
        server = self.serve(keys.encrypt(b"x" * 200000))
        client = self.client(f"127.0.0.1:{server.port}", "--debug", stdout=subprocess.PIPE)
        client.expect("decrypted")
        self.end_by(client, signal.SIGTERM)
        self.assert_clean()
        client.popen.stdout.close()

    def test_debug_keeps_the_secret(self):
        """CLI-DBG-2."""
        server = self.serve()
        client = self.client(f"127.0.0.1:{server.port}", "--debug")
        self.assertEqual(client.wait(), OK)
        said = client.stderr.lower()
        self.assertIn("decrypted", said)
        for form in ("horse", "staple", PASSWORD.hex(), PASSWORD[:4].hex(), PASSWORD[:4].hex(" ")):
            self.assertNotIn(form, said)
        self.assertEqual([line for line in client.stderr.splitlines()
                          if not line.startswith(PREFIX)], [])

    def test_refused(self):
        """CLI-CONN-7, CLI-EXIT-3: a key that the server does not know: quiet, and again."""
        other = ClientKeys(self.tmp / "other")
        self.addCleanup(run, "gpgconf", "--homedir", other.home, "--kill", "gpg-agent")
        server = self.serve()
        client = self.client(f"127.0.0.1:{server.port}", "--retry=0.1", "--debug",
                             f"--tls-pubkey={other.tls_pubkey}", f"--tls-privkey={other.tls_privkey}")
        client.expect("(?s)gives no password.*gives no password")
        self.assertEqual(client.stdout, b"")
        self.end_by(client, signal.SIGTERM)
        self.assert_clean()

    def test_undecryptable(self):
        """CLI-PGP-7: a reason on standard error, and again."""
        server = self.serve(b"this is no OpenPGP message")
        client = self.client(f"127.0.0.1:{server.port}", "--retry=0.1")
        client.expect("(?s)cannot decrypt.*cannot decrypt.*cannot decrypt")
        self.assertEqual(client.stdout, b"")
        self.end_by(client, signal.SIGTERM)
        self.assert_clean()

    def test_server_that_comes_later(self):
        """CLI-CONN-4, CLI-DIR-2: a refused connection is silent and tried again."""
        sock = listener()
        client = self.client(f"127.0.0.1:{sock.getsockname()[1]}", "--retry=0.1")
        self.expect_program(client)
        self.serve(sock=sock)
        self.assertEqual(client.wait(), OK)
        self.assertEqual(client.stdout, PASSWORD)
        self.assertEqual(client.stderr, "")

    def test_signal_while_waiting_for_approval(self):
        """CLI-SIG-2, CLI-PGP-9."""
        server = self.serve(more="approved_by_default = False\napproval_delay = PT1H")
        client = self.client(f"127.0.0.1:{server.port}", "--debug")
        client.expect("waiting for the server's decision")
        self.end_by(client, signal.SIGTERM)
        self.assert_gone()

    def test_full_output(self):
        """CLI-CONN-8: a write error makes the attempt fail, and never looks like success."""
        server = self.serve()
        with open("/dev/full", "wb") as full:
            client = self.client(f"127.0.0.1:{server.port}", "--retry=0.1", stdout=full)
            client.expect("(?s)cannot write.*cannot write")
            self.end_by(client, signal.SIGTERM)

    def test_output_that_fails_half_way(self):
        """After a part was written, a second copy must not follow."""
        server = self.serve(keys.encrypt(b"x" * 20000))
        with open(self.tmp / "output", "wb") as output:
            client = self.client(f"127.0.0.1:{server.port}", "--retry=0.1", stdout=output,
                                 preexec_fn=lambda: (signal.signal(signal.SIGXFSZ, signal.SIG_IGN),
                                                     limit_file_size()))
            self.assertEqual(client.wait(), IOERR)
        self.assertEqual((self.tmp / "output").stat().st_size, 12000)
        self.assert_clean()


def limit_file_size():
    resource.setrlimit(resource.RLIMIT_FSIZE, (12000, 12000))


class Strange(ClientCase):
    """Against servers that do not behave."""

    def accept(self, sock):
        sock.settimeout(30)
        connection, _ = sock.accept()
        self.addCleanup(connection.close)
        connection.settimeout(30)
        self.assertEqual(connection.recv(16), b"1\r\n")  # CLI-CONN-5: in one segment
        return connection

    def listen(self):
        sock = listener()
        sock.listen()
        self.addCleanup(sock.close)
        return sock, f"127.0.0.1:{sock.getsockname()[1]}"

    def test_silent_server_and_each_signal(self):
        """CLI-SIG-1, CLI-SIG-2, CLI-PGP-9: in the handshake, by each signal, with nothing left behind."""
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
            with self.subTest(number):
                sock, address = self.listen()
                client = self.client(address)
                connection = self.accept(sock)
                started = time.monotonic()
                self.end_by(client, number)
                self.assertLess(time.monotonic() - started, 2)
                self.assert_gone()
                self.assertEqual(connection.recv(16), b"")

    def test_signal_while_resting(self):
        client = self.client("127.0.0.1:1", "--retry=1000", "--debug")
        client.expect(r"trying again in 1\d{6} ms")
        self.end_by(client, signal.SIGTERM)
        self.assert_gone()

    def test_signals_at_any_moment(self):
        """Whatever it is doing just then, nothing stays behind."""
        for step in range(12):
            with self.subTest(step):
                client = self.client("127.0.0.1:1")
                self.expect_program(client)
                # Not a wait for something: the moments at which the signal falls are spread.
                time.sleep(step * 0.002)
                self.end_by(client, signal.SIGTERM)
                self.assert_gone()

    def test_ignored_signal_stays_ignored(self):
        """CLI-SIG-1."""
        sock, address = self.listen()
        client = self.client(address, "--retry=0.1",
                             preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        connection = self.accept(sock)
        client.signal(signal.SIGHUP)
        connection.close()
        self.accept(sock)
        self.end_by(client, signal.SIGTERM)

    def test_garbage_and_retry_interval(self):
        """CLI-TLS-8, CLI-DIR-2, D15: quiet, again after the fraction, without spinning."""
        sock, address = self.listen()
        client = self.client(address, "--retry=0.3")
        times = []
        for _ in range(4):
            connection = self.accept(sock)
            times.append(time.monotonic())
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        intervals = [b - a for a, b in zip(times, times[1:])]
        self.assertGreater(min(intervals), 0.29)
        self.assertLess(min(intervals), 5)
        self.assertEqual(client.stderr, "")
        self.end_by(client, signal.SIGTERM)

    def test_retry_of_nothing_does_not_spin(self):
        """D15."""
        client = self.client("127.0.0.1:1", "--retry=0", "--debug")
        client.expect("(?s)(trying again.*){20}")
        stat = Path(f"/proc/{client.pid}/stat").read_text().rpartition(")")[2].split()
        ticks = int(stat[11]) + int(stat[12])
        elapsed = time.monotonic() - client.started
        self.assertLess(ticks / os.sysconf("SC_CLK_TCK"), max(0.3, elapsed / 2))
        self.end_by(client, signal.SIGTERM)

    def test_broken_pipe_elsewhere(self):
        """CLI-SIG-4: SIGPIPE does not end it."""
        sock, address = self.listen()
        client = self.client(address, "--retry=0.1")
        connection = self.accept(sock)
        client.signal(signal.SIGPIPE)
        connection.close()
        self.accept(sock)
        self.end_by(client, signal.SIGTERM)

    def speak_tls(self, connection, priority, source=subprocess.DEVNULL):
        """A peer that sends what @source has, over a connection of the client's."""
        inner = listener()
        inner.listen()
        self.addCleanup(inner.close)
        self.start("gnutls-cli", f"--priority={priority}", "--no-ca-verification",
                   f"--port={inner.getsockname()[1]}", "127.0.0.1", stdin=source)
        inner.settimeout(30)
        peer, _ = inner.accept()
        self.addCleanup(peer.close)
        for pid in (relay_bytes(connection, peer), relay_bytes(peer, connection)):
            self.addCleanup(end_child, pid)

    def speak_endlessly(self, connection):
        zeros = subprocess.Popen(["cat", "/dev/zero"], stdout=subprocess.PIPE)
        self.addCleanup(zeros.wait)
        self.addCleanup(zeros.kill)
        self.speak_tls(connection, RAW_KEYS, zeros.stdout)
        zeros.stdout.close()

    def test_endless_data(self):
        """CLI-CONN-7, D6: after the handshake more than 64 KiB; the attempt fails, another follows."""
        sock, address = self.listen()
        client = self.client(address, "--retry=0.1")
        self.speak_endlessly(self.accept(sock))
        client.expect("more than 65536 bytes")
        self.accept(sock)
        self.end_by(client, signal.SIGTERM)

    def test_endless_data_from_several_at_once(self):
        """CLI-CONN-7, CLI-DISC-8, D6: the bound is each one's own, and all of them stay small."""
        listeners = [self.listen() for _ in range(4)]
        client = self.client(None, "--retry=1000",
                             *[f"--connect={address}" for _, address in listeners])
        for connection in [self.accept(sock) for sock, _ in listeners]:
            self.speak_endlessly(connection)
        for _, address in listeners:
            client.expect(f"{address}: .*more than 65536 bytes")
        peak = int(re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{client.pid}/status").read_text())[1])
        if not is_sanitized():
            self.assertLess(peak, 32768)
        self.end_by(client, signal.SIGTERM)

    def test_what_is_negotiated(self):
        """CLI-TLS-4, CLI-TLS-5: TLS 1.3 with a raw public key alone, and these ciphers and groups."""
        sock, address = self.listen()
        client = self.client(address, "--retry=0.05", "--debug")
        cases = [(True, f"{RAW_KEYS}:-CIPHER-ALL:+{cipher}") for cipher in
                 ("AES-256-GCM", "CHACHA20-POLY1305", "AES-128-GCM", "AES-128-CCM")]
        cases += [(True, f"{RAW_KEYS}:-GROUP-ALL:+GROUP-{group}") for group in
                  ("SECP256R1", "SECP384R1", "SECP521R1", "X25519", "X448", "FFDHE2048")]
        cases += [(False, f"{RAW_KEYS}:-CIPHER-ALL:+AES-128-CCM-8"),
                  (False, f"{RAW_KEYS}:-VERS-ALL:+VERS-TLS1.2"),
                  (False, "NORMAL:-VERS-ALL:+VERS-TLS1.3")]
        self.negotiate(client, sock, cases)

    def test_priority_of_openpgp_in_tls(self):
        """CLI-MC-4: raw public keys only. What asked for OpenPGP keys in TLS has no session with anyone,
        and the TLS keys are needed all the same."""
        old = "--priority=SECURE256:!CTYPE-X.509:+CTYPE-OPENPGP:!RSA:+SIGN-DSA-SHA256"
        sock, address = self.listen()
        self.assertEqual(self.client(address, old, "--tls-pubkey=/missing").wait(), UNAVAILABLE)
        client = self.client(address, "--retry=0.05", "--debug", old)
        self.negotiate(client, sock, [(False, priority) for priority in (
            RAW_KEYS, f"{RAW_KEYS}:+VERS-TLS1.2", "NORMAL", "NORMAL:-CTYPE-ALL:+CTYPE-OPENPGP")])

    def negotiate(self, client, sock, cases):
        """@cases: whether the handshake succeeds with a peer of that priority string."""
        for is_good, priority in cases:
            with self.subTest(priority):
                before = len(client.stderr)
                connection = self.accept(sock)
                self.speak_tls(connection, priority)
                said = wait_for(lambda: "trying again" in client.stderr[before:]
                                and client.stderr[before:], "the end of the attempt")
                self.assertEqual("TLS handshake done" in said, is_good, said)
        self.end_by(client, signal.SIGTERM)


def is_sanitized():
    return b"__asan_init" in Path(program("mandos-client")).read_bytes()


def relay_bytes(source, target):
    """A child that copies until one side ends."""
    pid = os.fork()
    if pid == 0:
        try:
            source.settimeout(None)
            target.settimeout(None)
            while True:
                data = source.recv(65536)
                if not data:
                    break
                target.sendall(data)
        finally:
            os._exit(0)
    return pid


def end_child(pid):
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


class Start(ClientCase):
    """What keeps the client from starting (CLI-EXIT-3, CLI-GEN-6)."""

    def setUp(self):
        super().setUp()
        self.sock = listener()
        self.sock.listen()
        self.addCleanup(self.sock.close)
        self.address = f"127.0.0.1:{self.sock.getsockname()[1]}"
        self.garbage = self.tmp / "garbage"
        self.garbage.write_text("no key\n")

    def assert_refuses(self, status, text, *more, **options):
        client = self.client(options.pop("connect", self.address), *more, **options)
        self.assertEqual(client.wait(), status)
        self.assertEqual(client.stdout, b"")
        self.assertRegex(client.stderr, f"^{PREFIX}.*{text}")
        if (self.run_dir / "tmp").is_dir():
            self.assert_clean()

    def test_key_files(self):
        """CLI-TLS-2, CLI-PGP-4: missing or useless."""
        for option in ("--pubkey", "--seckey", "--tls-pubkey", "--tls-privkey"):
            with self.subTest(option):
                self.assert_refuses(UNAVAILABLE, "/missing: No such file", f"{option}=/missing")
                self.assert_refuses(UNAVAILABLE, "garbage", f"{option}={self.garbage}")

    def test_missing_key_before_any_traffic(self):
        self.assert_refuses(UNAVAILABLE, "/missing", "--seckey=/missing")
        self.sock.setblocking(False)
        with self.assertRaises(BlockingIOError):
            self.sock.accept()

    def test_priority(self):
        """CLI-TLS-6."""
        self.assert_refuses(USAGE, "NONSENSE", "--priority=NONSENSE")

    def test_bad_command_lines(self):
        """CLI-MC-2, CLI-DIR-1: the table is in test-options.c; here the status."""
        self.assert_refuses(USAGE, "has no port", connect="127.0.0.1")
        self.assert_refuses(USAGE, "unrecognized option", "--bogus")
        self.assert_refuses(USAGE, "--retry", "--retry=-1")

    def test_help(self):
        """CLI-GEN-3: on standard output, and never with status 0."""
        for option in ("--help", "-?", "--usage", "--version", "-V"):
            client = self.client(None, option)
            self.assertEqual(client.wait(), USAGE)
            self.assertIn(b"mandos-client", client.stdout)
            self.assertEqual(client.stderr, "")

    def test_closed_output(self):
        """A socket must not become the place where the password is printed."""
        self.assert_refuses(IOERR, "standard output", prefix=("sh", "-c", 'exec "$0" "$@" >&-'))

    def test_dh_params(self):
        """CLI-TLS-7, D12: a message, and work goes on; one that can be read changes nothing."""
        client = self.client(self.address, f"--dh-params={self.garbage}", "--dh-bits=1024")
        client.expect("Diffie-Hellman")
        self.sock.settimeout(30)
        self.sock.accept()[0].close()
        self.end_by(client, signal.SIGTERM)
        good = self.tmp / "dhparams.pem"
        good.write_bytes(run("certtool", "--get-dh-params", "--bits=2048"))
        client = self.client(self.address, f"--dh-params={good}")
        self.sock.accept()[0].close()
        self.end_by(client, signal.SIGTERM)
        self.assertNotIn("cannot", client.stderr)

    def test_no_core_dumps(self):
        """CLI-PGP-8."""
        client = self.client(self.address)
        self.sock.settimeout(30)
        self.sock.accept()[0].close()
        limits = Path(f"/proc/{client.pid}/limits").read_text()
        self.assertRegex(limits, r"Max core file size +0 +0 ")
        self.end_by(client, signal.SIGTERM)


if __name__ == "__main__":
    enter_network_namespace()
    unittest.main(verbosity=2)
