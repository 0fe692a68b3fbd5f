# SPDX-License-Identifier: GPL-3.0-or-later
"""The same cases for every pair of server and client, ours and Debian's, and both keygens."""

import base64
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "lib"))
from rig import BUILD, DEADLINE, Rig, wait_for  # noqa: E402

PLUGINS = next(pathlib.Path("/usr/lib").glob("*/mandos/plugins.d"))
CLIENTS = {"our client": BUILD / "mandos-client", "Debian's client": PLUGINS / "mandos-client"}
KEYGENS = {"our keygen": BUILD / "mandos-keygen", "Debian's keygen": "/usr/sbin/mandos-keygen"}
SERVERS = {"our server": False, "Debian's server": True}

# What a password may hold and a text tool would spoil.
PASSWORD = b"correct horse\n\0battery \xff staple "


class Machine:
    """A client machine: keys, and a clients.conf section with a password, made by one keygen."""

    def __init__(self, keygen, folder):
        self.folder = folder
        self.pubkey = folder / "tls-pubkey.pem"
        self.privkey = folder / "tls-privkey.pem"
        folder.mkdir()
        passfile = folder / "password"
        passfile.write_bytes(PASSWORD)
        subprocess.run([keygen, "--dir", folder, "--name", "web1", "--length", "2048",
                        "--sublength", "2048"], check=True, stdout=subprocess.DEVNULL)
        self.section = subprocess.run(
            [keygen, "--dir", folder, "--name", "web1", "--passfile", passfile, "--no-ssh"],
            check=True, stdout=subprocess.PIPE, text=True).stdout

    def argv(self, program, address, port):
        return [program, f"--connect={address}:{port}", "--interface=lo", "--retry=1",
                f"--pubkey={self.folder}/pubkey.txt", f"--seckey={self.folder}/seckey.txt",
                f"--tls-pubkey={self.pubkey}", f"--tls-privkey={self.privkey}",
                f"--network-hook-dir={self.folder}"]


MACHINES = {}


def setUpModule():
    folder = tempfile.TemporaryDirectory(prefix="mandos-interop-")
    unittest.addModuleCleanup(folder.cleanup)
    for name, program in KEYGENS.items():
        MACHINES[name] = Machine(program, pathlib.Path(folder.name) / name.split()[0])


class Matrix(unittest.TestCase):
    """Each test runs its case for all pairs."""

    def pairs(self, keygens=("our keygen",), ipv6=True):
        for server, reference in SERVERS.items():
            for client, program in CLIENTS.items():
                for keygen in keygens:
                    with self.subTest(server=server, client=client, keygen=keygen), \
                            Rig(reference, ipv6) as rig:
                        yield rig, program, MACHINES[keygen]

    def start_client(self, rig, program, machine):
        client = subprocess.Popen(machine.argv(program, rig.address(), rig.port),
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE)
        self.addCleanup(self.end_client, client)
        return client

    @staticmethod
    def end_client(client):
        """Politely first: a client that is killed leaves its keys and its agent behind."""
        with client:
            client.terminate()
            try:
                client.wait(DEADLINE)
            except subprocess.TimeoutExpired:
                client.kill()

    def assert_given(self, rig, program, machine, password=PASSWORD):
        client = self.start_client(rig, program, machine)
        out, words = client.communicate(timeout=2 * DEADLINE)
        self.assertEqual((client.returncode, out), (0, password), words)

    def assert_refused(self, rig, program, machine, line):
        """Twice, as the client does not give up; and it prints nothing (CLI-EXIT-3, CLI-DIR-2)."""
        client = self.start_client(rig, program, machine)
        rig.server.wait_line(line)
        rig.server.wait_line(line, after=rig.server.n_lines())
        client.send_signal(signal.SIGTERM)
        out, words = client.communicate(timeout=DEADLINE)
        self.assertEqual((client.returncode, out), (-signal.SIGTERM, b""), words)

    def test_password_is_given(self):
        """SRV-PROTO-6, SRV-PROTO-7, SRV-PROTO-25, CLI-TLS-1, CLI-TLS-5, CLI-PGP-1, CLI-CONN-5,
        CLI-CONN-6, CLI-CONN-8, CLI-KEY-14, CLI-KEY-15."""
        for rig, program, machine in self.pairs(KEYGENS):
            rig.write_clients(machine.section, default="checker = true")
            rig.start()
            self.assert_given(rig, program, machine)

    def test_over_ipv4(self):
        """SRV-NET-1, CLI-DIR-1."""
        for rig, program, machine in self.pairs(ipv6=False):
            rig.write_clients(machine.section, default="checker = true")
            rig.start()
            self.assert_given(rig, program, machine)

    def test_unknown_key_is_refused(self):
        """SRV-PROTO-20, CLI-CONN-7."""
        for rig, program, machine in self.pairs():
            rig.write_clients(rig.section("other", rig.keys()))
            rig.start()
            self.assert_refused(rig, program, machine,
                                "INFO: Client not found for key ID: [0-9A-F]{64},")

    def test_disabled_client_is_refused(self):
        """SRV-PROTO-21."""
        for rig, program, machine in self.pairs():
            rig.write_clients(machine.section, default="checker = true\nenabled = False")
            rig.start()
            self.assert_refused(rig, program, machine, "INFO: Client web1 is disabled$")

    def test_client_that_missed_its_checks_is_refused(self):
        """SRV-LIFE-5, SRV-LIFE-11: whatever it was that disabled it."""
        for rig, program, machine in self.pairs():
            rig.write_clients(machine.section, default="checker = false\ntimeout = PT2S\n"
                                                       "interval = PT1S\nextended_timeout = PT1S")
            rig.start()
            # The reference does not say when it disables, so it is asked until it has, but more
            # seldom than a password that is given extends its life (SRV-LIFE-9).
            wait_for("its end", lambda: rig.ask(machine).kind == "refused", pause=1.5)
            self.assert_refused(rig, program, machine, "INFO: Client web1 is disabled$")

    def test_approval_by_default(self):
        """SRV-APR-2, SRV-APR-8: nothing is sent for a second, and nobody minds."""
        for rig, program, machine in self.pairs():
            rig.write_clients(machine.section, default="checker = true\napproval_delay = PT1S")
            server = rig.start()
            self.assert_given(rig, program, machine)
            server.wait_line("INFO: Client web1 needs approval")

    def test_approval_denied_by_default(self):
        """SRV-PROTO-23."""
        for rig, program, machine in self.pairs():
            rig.write_clients(machine.section, default="checker = true\napproval_delay = PT1S\n"
                                                       "approved_by_default = no")
            rig.start()
            self.assert_refused(rig, program, machine,
                                "WARNING: Client web1 timed out while waiting for approval")

    def test_secret_from_a_file(self):
        """SRV-CLNT-7, SRV-CLNT-9: secfile holds the bytes that secret holds in Base64."""
        for rig, program, machine in self.pairs():
            blob = rig.folder / "blob"
            blob.write_bytes(secret_bytes(machine.section))
            blob.chmod(0o644)
            head = machine.section[:machine.section.index("secret")]
            rig.write_clients(head + f"secfile = {blob}\n", default="checker = true")
            rig.start()
            self.assert_given(rig, program, machine)

    def test_secret_that_cannot_be_decrypted(self):
        """CLI-PGP-7: counts as a failed attempt; nothing is printed, the client asks again."""
        for rig, program, machine in self.pairs():
            head = machine.section[:machine.section.index("secret")]
            rig.write_clients(head + "secret = bm90IE9wZW5QR1A=\n", default="checker = true")
            rig.start()
            self.assert_refused(rig, program, machine, "INFO: Sending secret to web1")


def secret_bytes(section):
    """The bytes of "secret" in a section, by gpg-independent means."""
    body = section[section.index("secret =") + len("secret ="):]
    return base64.b64decode("".join(line.strip() for line in body.splitlines()
                                    if not line.strip().startswith(("checker", "ssh_"))))


if __name__ == "__main__":
    unittest.main(verbosity=2)
